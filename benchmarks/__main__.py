"""All figures, as a table in Markdown; each line as soon as it is measured."""

from benchmarks import acknowledgement, idle, open_incidents, open_requests, restart, restore, rollback, timeline
from benchmarks.figure import HEAD

print(HEAD)
for family in (acknowledgement, rollback, restore, restart, idle, open_requests, open_incidents, timeline):
    for figure in family.figures():
        print(figure, flush=True)
