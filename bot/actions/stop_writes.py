"""Stopping writes to tables, for everybody, until they are resumed: one transaction, and the ledger tells of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.actions.writes_reading import WritesReading
from bot.adapters.postgres import ledger
from bot.adapters.postgres.carrying import carry_out, find
from bot.adapters.postgres.holding import LADDER_SECONDS
from bot.adapters.postgres.session import SqlError, connected
from bot.adapters.postgres.stopping import (
    HELD_SECONDS,
    REMOVAL_SECONDS,
    find_drift,
    read_trigger,
    remove,
    resumed_since,
    stop,
)
from bot.core.checks import CheckResult, Verdict
from bot.core.errors import BotError, Refused
from bot.core.plan import Facts, Step
from bot.core.secret import Secret
from bot.core.table import Name
from bot.core.writes import RESUME, STOP, STOPPED, WritesFacts, reported, writes_facts

DEADLINE = timedelta(minutes=3)
CHECK_SECONDS = 10.0


class StopWrites:
    """The action `stop_writes`."""

    name = STOP
    takes_long = True

    def __init__(self, url: Secret, reading: WritesReading, *, ladder: Sequence[float] = LADDER_SECONDS) -> None:
        self._url, self.reading, self._ladder = url, reading, ladder

    def targets(self, params: Facts) -> tuple[str, ...]:
        """The writes to each of the tables."""
        return self.reading.targets(params)

    def plan(self, params: Facts) -> Step:
        """The stop of `params["tables"]`; those that are stopped already stay so."""
        names = self.reading.tables(params)
        if not names:
            raise Refused("no_table", "A stop of writes names its tables, or `all`. Nothing was changed.")
        return self.reading.plan(STOP, names).as_step()

    def recheck(self, step: Step) -> str:
        """The drift since the plan; it is read once more while the tables are held."""
        return self.reading.drift(writes_facts(step))

    def execute(self, step: Step, op_id: str, reason: str) -> Facts:  # noqa: ARG002  # the ledger keeps no people's text
        """Stop writes in one transaction; the report that the ledger keeps."""
        facts = writes_facts(step)
        schema = facts.quarantine_schema
        report = carry_out(
            self._url,
            schema,
            op_id,
            seconds=HELD_SECONDS,
            work=lambda session: stop(session, facts, op_id, self._ladder),
        )
        remove(self._url, schema, REMOVAL_SECONDS)  # what earlier resumes had to leave
        return report

    def reconcile(self, step: Step, op_id: str, *, at_deadline: bool) -> Facts:  # noqa: ARG002  # the ledger is exact
        """Look into the ledger, once a COMMIT in progress has ended."""
        return find(self._url, writes_facts(step).quarantine_schema, op_id)

    def verify(self, step: Step, op_id: str) -> tuple[CheckResult, ...]:
        """That each table refuses writes, by whatever way, unless an operation has resumed them since."""
        facts = writes_facts(step)
        try:
            with connected(self._url, "rollback-bot verify") as session, session.reading(CHECK_SECONDS):
                states = {table: read_trigger(session, table.live) for table in facts.tables}
                refusing = tuple(table for table, seen in states.items() if seen and seen.is_on)
                drift = find_drift(session, replace(facts, tables=refusing))  # it may be a partition by now
                resumed = resumed_since(session, facts.quarantine_schema, op_id)
        except (BotError, SqlError) as error:
            return (unreadable("Writes stopped", error),)
        others = [str(table.live) for table in states if table not in refusing]
        verdict = Verdict.PASSED if resumed.issuperset(others) and not drift else Verdict.FAILED
        since = f"; {len(resumed.intersection(others))} resumed since" if resumed.intersection(others) else ""
        seen = f"{len(refusing)} of {len(states)} tables refuse them{since}{f'; but {drift}' if drift else ''}"
        return (CheckResult("Writes stopped", verdict, required=True, expected="until they are resumed", seen=seen),)

    def undo(self, step: Step, op_id: str) -> Step:
        """The resume of writes to the tables that this operation stopped them to."""
        why_none = "Writes to these tables were stopped before, by another request"
        mine = changed_by(self._url, writes_facts(step), op_id, STOPPED, why_none=why_none)
        return self.reading.plan(RESUME, mine).as_step()

    def deadline(self) -> timedelta:
        """How long reconcile may wait for the database to answer."""
        return DEADLINE


def changed_by(url: Secret, facts: WritesFacts, op_id: str, key: str, *, why_none: str) -> list[Name]:
    """Those of the tables that an operation changed, by the ledger.

    Raises Unavailable, or Refused, where it changed none with `why_none`.
    """
    try:
        with connected(url, "rollback-bot undo") as session, session.reading(CHECK_SECONDS):
            report = ledger.committed(session, facts.quarantine_schema, op_id)
    except SqlError as error:
        raise Refused("database", f"The ledger can't be read ({error}). Nothing was changed.") from None
    names = reported(report or {}, key)
    mine = [table.live for table in facts.tables if str(table.live) in names]
    if not mine:
        raise Refused("nothing_done", f"{why_none}: there is nothing to take back. Nothing was changed.")
    return mine


def unreadable(name: str, error: BotError | SqlError) -> CheckResult:
    """The check of a database that didn't answer."""
    seen = error.text if isinstance(error, BotError) else f"PostgreSQL refused a reading ({error})"
    return CheckResult(name, Verdict.FAILED, required=True, expected="readable", seen=seen)
