"""Stopping writes to tables and resuming them: what people approve of it, and what the log knows to be stopped.

A stop is a trigger that refuses every statement that writes; rows, rights and definitions stay as they are. It lasts
until a resume: a request that left writes stopped is remembered as such until a later one has resumed them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from bot.core.errors import Refused
from bot.core.plan import Facts, Step
from bot.core.request import ChangeRequest, StepRun
from bot.core.restore import Holder
from bot.core.table import Name

STOP, RESUME = "stop_writes", "resume_writes"
STOPPED, RESUMED = "stopped", "resumed"  # what each of them reports: the tables that were otherwise before
TRIGGER = "000_rollback_bot_stops_writes"  # by name: triggers fire in the order of their names, and digits come first
FUNCTION = "refuse_write"


@dataclass(frozen=True)
class TableWrites:
    """One table: which one it was, and whether writes to it were stopped already."""

    schema: str
    name: str
    oid: int
    is_stopped: bool

    @property
    def live(self) -> Name:
        """The table."""
        return Name(self.schema, self.name)


@dataclass(frozen=True)
class WritesFacts:
    """A stop or a resume, by its `action`; `sessions` are those that the stop waits for where they write.

    `subscriptions` replicate rows to the tables, which a trigger for statements doesn't see.
    """

    action: str
    database: str
    tables: tuple[TableWrites, ...]
    sessions: tuple[Holder, ...]
    quarantine_schema: str
    makes_schema: bool
    subscriptions: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The tables, as people read them."""
        return tuple(str(table.live) for table in self.tables)

    def as_step(self) -> Step:
        """The step that people approve; `writes_facts` reads it back."""
        before: Facts = {
            "database": self.database,
            "tables": [asdict(table) for table in self.tables],
            "sessions": [asdict(one) for one in self.sessions],
            "subscriptions": list(self.subscriptions),
        }
        after: Facts = {
            "writes": STOPPED if self.action == STOP else RESUMED,
            "quarantine_schema": self.quarantine_schema,
            "makes_schema": self.makes_schema,
        }
        return Step(self.action, ", ".join(self.names), before, after)


def writes_facts(step: Step) -> WritesFacts:
    """The facts that `WritesFacts.as_step` wrote; KeyError or TypeError where another version did."""
    before: dict[str, Any] = dict(step.before)
    after: dict[str, Any] = dict(step.after)
    return WritesFacts(
        action=step.action,
        database=before["database"],
        tables=tuple(TableWrites(**table) for table in before["tables"]),
        sessions=tuple(Holder(**one) for one in before["sessions"]),
        quarantine_schema=after["quarantine_schema"],
        makes_schema=after["makes_schema"],
        subscriptions=tuple(before.get("subscriptions", ())),  # the version before didn't look for them
    )


def drift(planned: TableWrites, oid: int | None, refusal: Refused | None) -> str:
    """Why the table is not as the plan saw it, as a sentence; "" = it is. `refusal` is what forbids it now."""
    if oid != planned.oid:
        gone = "is no longer there" if oid is None else "is another table of the same name"
        return f"{planned.live} {gone} since the plan."
    return refusal.text if refusal else ""


@dataclass(frozen=True)
class Stopped:
    """Tables that nobody can write to since a moment, by what the log knows, and the request that did it."""

    request: ChangeRequest
    tables: tuple[str, ...]
    since: datetime


@dataclass(frozen=True)
class Resumed:
    """The tables of a resume that is done, and of which the requests that stopped them don't know yet."""

    index: int
    tables: tuple[str, ...]
    at: datetime


def stopped_by(request: ChangeRequest, *, at_its_end: bool = False) -> Stopped | None:
    """What a request stopped and nobody resumed; with `at_its_end` whatever others have resumed since it ended."""
    moments: dict[str, datetime] = {}
    for run, facts in _done(request):
        if facts.action == RESUME:
            moments = {name: at for name, at in moments.items() if name not in facts.names}
        elif run.ended_at:
            moments |= dict.fromkeys(_changed(run, facts), run.ended_at)
    left = {name: at for name, at in moments.items() if at_its_end or name not in request.resumed}
    return Stopped(request, tuple(left), min(left.values())) if left else None


def stopped_writes(requests: Iterable[ChangeRequest]) -> tuple[Stopped, ...]:
    """What these requests left stopped, the longest first."""
    found = [stopped for request in requests if (stopped := stopped_by(request))]
    return tuple(sorted(found, key=lambda stopped: stopped.since))


def may_be_stopped(requests: Iterable[ChangeRequest]) -> bool:
    """Whether one of these began to stop or to resume writes: what the log says of it may not be so in the database."""
    return any(request.step(run.index).action in (STOP, RESUME) for request in requests for run in request.runs)


def steps_that_stopped(request: ChangeRequest) -> tuple[int, ...]:
    """The steps of a request that stopped writes, by their places."""
    return tuple(run.index for run, facts in _done(request) if facts.action == STOP)


def changed_nothing(request: ChangeRequest, run: StepRun) -> bool:
    """Whether a step about writes that is done found every table as it was to be, so that nothing can be taken back."""
    facts = _facts(request.step(run.index))
    if facts is None or run.facts is None:
        return False
    return not reported(run.facts, STOPPED if facts.action == STOP else RESUMED)


def untold_resumes(request: ChangeRequest) -> tuple[Resumed, ...]:
    """The resumes of a request that the requests which stopped those writes are still to learn of."""
    return tuple(
        Resumed(run.index, facts.names, run.ended_at)
        for run, facts in _done(request)
        if facts.action == RESUME and run.index not in request.resumes_told and run.ended_at
    )


def _done(request: ChangeRequest) -> list[tuple[StepRun, WritesFacts]]:
    """The steps about writes that are done, in their order."""
    found = [(run, _facts(request.step(run.index))) for run in request.done]
    return [(run, facts) for run, facts in found if facts]


def _facts(step: Step) -> WritesFacts | None:
    try:
        return writes_facts(step) if step.action in (STOP, RESUME) else None
    except (KeyError, TypeError):  # written by another version
        return None


def _changed(run: StepRun, facts: WritesFacts) -> tuple[str, ...]:
    """The tables that a stop stopped: those it reported; all of them where a person said that it happened."""
    return reported(run.facts, STOPPED) if run.facts is not None else facts.names


def reported(report: Mapping[str, object], key: str) -> tuple[str, ...]:
    """The tables that a report names under STOPPED or RESUMED."""
    names = report.get(key)
    return tuple(str(name) for name in names) if isinstance(names, (list, tuple)) else ()
