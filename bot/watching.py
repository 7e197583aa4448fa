"""A watch, look by look: each is written down when it was taken, so a restart goes on with the next one.

A look that a dying process took is not known, and is missing. The database is read at the begin and at the end.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Protocol

from bot.core.change import Kind
from bot.core.checks import CheckResult
from bot.core.event import Draft
from bot.core.performance import Reading, reading_from_json
from bot.core.request import ChangeRequest
from bot.core.watch import sample_facts, summary, under_way
from bot.journal import Journal


class Reads(Protocol):
    """How the database is read."""

    def read(self, first: Reading | None) -> Reading:
        """What it is busy with now, and since a first reading; what can't be read is said in the reading."""


class Watching:
    """Carries watches on. `look` asks the site once; `performance` is None where there is no database."""

    def __init__(
        self,
        *,
        journal: Journal[ChangeRequest],
        look: Callable[[], Sequence[CheckResult]],
        performance: Reads | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._journal, self._look, self._performance, self._clock = journal, look, performance, clock

    def go_on(self, request: ChangeRequest) -> None:
        """The next thing of its watch: read the database, look at the site, or end it."""
        watch = under_way(request)
        if watch is None:
            return
        is_over = bool(request.stop_ordered_by) or watch.is_over(self._clock())
        if self._performance and len(request.readings) <= is_over:
            first = reading_from_json(request.readings[0]) if request.readings else None
            self._note(request, Draft(Kind.DATABASE_READ, {"reading": self._performance.read(first).as_json()}))
        elif is_over and request.running:
            came_to = asdict(summary(watch, self._clock()))
            self._note(request, Draft(Kind.STEP_FINISHED, {"step": request.running.index, "facts": came_to}))
        else:
            at = self._clock()
            self._note(request, Draft(Kind.SITE_SAMPLED, sample_facts(at, self._look())))

    def _note(self, request: ChangeRequest, draft: Draft) -> None:
        """Also where a click was noted meanwhile: the look was taken."""
        self._journal.record_while(request.id, lambda now: under_way(now) is not None, draft)
