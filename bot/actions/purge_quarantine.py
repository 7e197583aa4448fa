"""Removing what a finished request keeps in the quarantine: after long enough, by two approvals, and for good.

`Purge` turns a request's name into its operations, which the log knows and the database doesn't.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.actions.restore_reading import UNCHANGED, RestoreReading
from bot.adapters.postgres import ledger
from bot.adapters.postgres.carrying import carry_out, find
from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.quarantine import purge, read_kept
from bot.adapters.postgres.session import SqlError, connected
from bot.core.checks import CheckResult, Verdict
from bot.core.errors import BotError, Refused
from bot.core.plan import Facts, Step
from bot.core.quarantine import ACTION, Kept, PurgeFacts, purge_facts, refusal_to_purge
from bot.core.request import ChangeRequest
from bot.core.runbook.tables import Database
from bot.core.secret import Secret
from bot.core.table import Name

DEADLINE = timedelta(minutes=3)
CHECK_SECONDS, HELD_SECONDS = 10.0, 30.0
_CHECK = "Quarantine removed"


class PurgeQuarantine:
    """The action `purge_quarantine`."""

    name = ACTION
    takes_long = True

    def __init__(
        self, url: Secret, database: Database, reading: RestoreReading, *, clock: Callable[[], datetime]
    ) -> None:
        self._url, self._database, self._reading, self._clock = url, database, reading, clock

    def kept(self) -> tuple[Kept, ...]:
        """What is kept now, the newest first. Raises Refused or Unavailable."""
        with self._reading.look("quarantine") as session:
            return read_kept(session, self._database.quarantine_schema)

    def targets(self, params: Facts) -> tuple[str, ...]:
        """The request whose quarantine it is."""
        return (f"quarantine:{params['request']}",)

    def plan(self, params: Facts) -> Step:
        """The purge of what `params["request"]` keeps; `params["runs"]` has the request of each operation."""
        request, told = str(params["request"]), params.get("runs")
        runs = told if isinstance(told, Mapping) else {}
        schema = self._database.quarantine_schema
        with self._reading.look("plan") as session:
            server = self._reading.writable(session)
            everything = read_kept(session, schema)
            kept = [replace(one, run=str(runs.get(one.op_id, ""))) for one in everything]
            if refusal := refusal_to_purge(kept, request, self._clock(), self._database.quarantine_keep):
                raise Refused(refusal.rule, f"{refusal.text} {UNCHANGED}")
        mine = [one for one in kept if one.run == request]
        return PurgeFacts(
            database=server.database,
            request=request,
            kept_since=max(one.at for one in mine).astimezone(UTC).isoformat(),
            op_ids=tuple(one.op_id for one in mine),
            tables=tuple(table for one in mine for table in one.tables),
            quarantine_schema=schema,
        ).as_step()

    def recheck(self, step: Step) -> str:
        """Whether a table of the plan is gone; the rest is read under the lock."""
        facts = purge_facts(step)
        try:
            with self._reading.look("recheck") as session:
                self._reading.writable(session)
                names = [Name(facts.quarantine_schema, table.name) for table in facts.tables]
                gone = [str(name) for name in names if read_table(session, name) is None]
        except Refused as refusal:
            return refusal.text
        return f"No longer there: {', '.join(gone)}." if gone else ""

    def execute(self, step: Step, op_id: str, reason: str) -> Facts:  # noqa: ARG002  # the ledger keeps no people's text
        """Drop the tables in one transaction; the report that the ledger keeps."""
        facts = purge_facts(step)
        return carry_out(
            self._url,
            facts.quarantine_schema,
            op_id,
            seconds=HELD_SECONDS,
            work=lambda session: purge(session, facts),
        )

    def reconcile(self, step: Step, op_id: str, *, at_deadline: bool) -> Facts:  # noqa: ARG002  # the ledger is exact
        """Look into the ledger, once a COMMIT in progress has ended."""
        return find(self._url, purge_facts(step).quarantine_schema, op_id)

    def verify(self, step: Step, op_id: str) -> tuple[CheckResult, ...]:
        """That the ledger has it and that no table is left."""
        facts = purge_facts(step)
        names = [Name(facts.quarantine_schema, table.name) for table in facts.tables]
        try:
            with connected(self._url, "rollback-bot verify") as session, session.reading(CHECK_SECONDS):
                is_committed = ledger.committed(session, facts.quarantine_schema, op_id) is not None
                left = [str(name) for name in names if read_table(session, name)]
        except (BotError, SqlError) as error:
            seen = error.text if isinstance(error, BotError) else f"PostgreSQL refused a reading ({error})"
            return (CheckResult(_CHECK, Verdict.FAILED, required=True, expected="committed, and gone", seen=seen),)
        seen = f"still there: {', '.join(left)}" if left else "gone" if is_committed else "not in the ledger"
        verdict = Verdict.PASSED if is_committed and not left else Verdict.FAILED
        return (CheckResult(_CHECK, verdict, required=True, expected="committed, and gone", seen=seen),)

    def undo(self, step: Step, op_id: str) -> Step:  # noqa: ARG002  # there is no way back
        """Raises Refused: it is gone."""
        request = purge_facts(step).request
        raise Refused("no_undo", f"What {request} kept was removed for good: there is nothing to put back. {UNCHANGED}")

    def deadline(self) -> timedelta:
        """How long reconcile may wait for the database to answer."""
        return DEADLINE


class Purge:
    """Plans a purge by a request's name; `runs_of` tells which requests operations belong to."""

    def __init__(
        self,
        action: PurgeQuarantine,
        *,
        read: Callable[[str], ChangeRequest],
        runs_of: Callable[[Collection[str]], Mapping[str, str]],
    ) -> None:
        self._action, self._read, self._runs_of = action, read, runs_of

    def targets(self, params: Facts) -> tuple[str, ...]:
        """What the request was about, so that its undo and its purge are never open at once."""
        return self._finished(params).targets

    def plan(self, params: Facts) -> Step:
        """The step of the action; raises Refused or Unavailable."""
        request = self._finished(params)
        runs = dict(self._runs_of([one.op_id for one in self._action.kept()]))
        return self._action.plan({"request": request.id, "runs": runs})

    def _finished(self, params: Facts) -> ChangeRequest:
        """Raises Refused where the request goes on."""
        request = self._read(str(params["request"]))
        if not request.is_final:
            text = f"{request.id} is still open: {request.state}. Its quarantine can be removed when it has ended."
            raise Refused("open", f"{text} {UNCHANGED}")
        return request
