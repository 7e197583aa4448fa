"""Restoring tables in place from their backups.

The whole restore is one transaction, so it happened or it didn't, and the ledger beside the data tells which. What is
read for it is in `restore_reading.py`, what is written in `adapters/postgres/restoring.py`.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from bot.actions.restore_checks import checks, not_seen
from bot.actions.restore_planning import Order, plan_restore, plan_undo
from bot.actions.restore_reading import RestoreReading
from bot.adapters.postgres import ledger
from bot.adapters.postgres.holding import LADDER_SECONDS
from bot.adapters.postgres.restoring import Restoration, analyze
from bot.adapters.postgres.session import ConnectionLostError, SqlError, connected
from bot.core.checks import CheckResult
from bot.core.errors import BotError, OutcomeUnknown, Refused, StepFailed, Unavailable
from bot.core.plan import Facts, Step
from bot.core.restore import ACTION, Mode, RestoreFacts, restore_facts, session_of
from bot.core.runbook.tables import Database
from bot.core.secret import Secret

ALL = "all"
DEADLINE = timedelta(minutes=3)
LEDGER_WAIT_SECONDS = 10.0  # for a COMMIT that is still in progress, at each look
CHECK_SECONDS = 10.0
BEFORE_HELD_SECONDS = (
    120.0  # for the sum of the backups and the lock attempts, where the server answers nothing any more
)


class RestoreTables:
    """The action `restore_tables`."""

    name = ACTION
    takes_long = True

    def __init__(
        self,
        url: Secret,
        database: Database,
        reading: RestoreReading,
        *,
        ladder: Sequence[float] = LADDER_SECONDS,
    ) -> None:
        self._url, self._database, self.reading, self._ladder = url, database, reading, ladder

    def targets(self, params: Facts) -> tuple[str, ...]:
        """The tables, each by itself: a table may be in one open request at a time."""
        return tuple(f"table:{self._database.schema}.{name}" for name in self._names(params))

    def plan(self, params: Facts) -> Step:
        """The restore of `params["tables"]` from the backup of `params["from"]` ("" = the newest that all have).

        With `params["exact"]`, rows that the backup doesn't have are deleted.
        """
        mode = Mode.EXACT if params.get("exact") is True else Mode.KEEP
        named, long_block = str(params.get("from") or ""), params.get("long_block") is True
        return plan_restore(self.reading, Order(self._names(params), named, mode, long_block)).as_step()

    def recheck(self, step: Step) -> str:
        """The drift since the plan; it is read once more under the lock."""
        try:
            return self.reading.drift(restore_facts(step))
        except Refused as refusal:
            return refusal.text

    def execute(self, step: Step, op_id: str, reason: str) -> Facts:  # noqa: ARG002  # the ledger keeps no people's text
        """Restore in one transaction; the report that the ledger keeps."""
        facts = restore_facts(step)
        with (
            connected(self._url, session_of(op_id)) as session,
            session.within(BEFORE_HELD_SECONDS + facts.longest_seconds),
        ):
            report = _carry_out(Restoration(session, facts, op_id, self._ladder))
            with suppress(SqlError):
                analyze(session, [table.live for table in facts.tables])
            return report

    def reconcile(self, step: Step, op_id: str, *, at_deadline: bool) -> Facts:  # noqa: ARG002  # the ledger is exact
        """Look into the ledger, once a COMMIT in progress has ended."""
        try:
            report = self._committed(restore_facts(step), op_id)
        except (Unavailable, Refused) as error:
            raise OutcomeUnknown(f"Whether the restore was committed can't be seen. {error.text}") from None
        except SqlError as error:
            raise OutcomeUnknown(f"Whether the restore was committed can't be seen yet ({error}).") from None
        if report is None:
            raise StepFailed("The restore was not committed: the ledger in the database doesn't have it.")
        return report

    def verify(self, step: Step, op_id: str) -> tuple[CheckResult, ...]:
        """That the ledger has it and that the old rows are kept apart (required); then the rows there are now."""
        facts = restore_facts(step)
        try:
            with connected(self._url, "rollback-bot verify") as session, session.reading(CHECK_SECONDS):
                return tuple(checks(session, facts, op_id))
        except (BotError, SqlError) as error:
            return (not_seen(error.text if isinstance(error, BotError) else f"PostgreSQL refused a reading ({error})"),)

    def undo(self, step: Step, op_id: str) -> Step:
        """The restore of what the operation changed, by its change set; an undo is taken back in the same way."""
        return plan_undo(self.reading, restore_facts(step), op_id).as_step()

    def deadline(self) -> timedelta:
        """How long reconcile may wait for the database to answer."""
        return DEADLINE

    def _names(self, params: Facts) -> tuple[str, ...]:
        known = [table.name for table in self._database.tables]
        asked = params.get("tables")
        names = [str(name) for name in asked] if isinstance(asked, Sequence) and not isinstance(asked, str) else []
        names = known if names == [ALL] and ALL not in known else list(dict.fromkeys(names))
        if not names or not set(names) <= set(known):
            unknown = ", ".join(name[:60] for name in names if name not in known) or "no table"
            raise Refused("unknown_table", f"{unknown}: only the runbook's tables can be restored: {', '.join(known)}.")
        return tuple(names)

    def _committed(self, facts: RestoreFacts, op_id: str) -> Facts | None:
        with connected(self._url, f"rollback-bot look {op_id[:8]}") as session, session.within(2 * LEDGER_WAIT_SECONDS):
            session.run("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY")
            session.settle(statement_timeout="60s")
            ledger.lock(session, facts.quarantine_schema, seconds=LEDGER_WAIT_SECONDS)
            return ledger.committed(session, facts.quarantine_schema, op_id)


def _carry_out(restoration: Restoration) -> Facts:
    """Everything up to COMMIT, then COMMIT. What fails before it was sent has changed nothing."""
    try:
        if (done_before := restoration.begin()) is not None:
            return done_before
        restoration.prepare()
        restoration.hold()
        restoration.copy()
        restoration.write()
        restoration.verify()
        report = restoration.close()
    except SqlError as error:
        raise StepFailed(reason(error)) from None
    try:
        restoration.commit()
    except ConnectionLostError:
        raise OutcomeUnknown("The connection broke while COMMIT was under way; the ledger tells.") from None
    except SqlError as error:
        raise StepFailed(reason(error)) from None
    return report


def reason(error: SqlError) -> str:
    """Why a restore was rolled back, as sentences without any value."""
    about = f" ({error.constraint})" if error.constraint else ""
    where = error.table or "a table"
    clash = f"A restored row of {where} clashes with another row{about}."
    rule = f"A row of the backup breaks a rule of {where}{about}."
    stopped = f"Writes to {error.table} are stopped, and a foreign key would carry on to there what is deleted here."
    told = {
        "23505": clash,
        "23P01": clash,
        "23503": f"A foreign key of {where} would point nowhere{about}.",
        "23514": rule if error.constraint else f"No partition of {where} takes a row of the backup.",
        "23502": f"A row of the backup has no value for {error.column or 'a column'} of {where}, which needs one.",
        "57014": "A reading took too long, or the tables were held for longer than was accepted.",
        "55P03": "A lock could not be had in time.",
        "53100": "The database's disk is full.",
        "25006": f"{stopped} Restore both, or resume writes." if error.table else "The database is in read-only mode.",
        "42501": "The bot's role lacks a right that a restore needs: docs/database.md.",
    }
    lost = "The connection to the database broke before COMMIT was sent."
    text = (
        lost if isinstance(error, ConnectionLostError) else told.get(error.state, f"PostgreSQL refused it ({error}).")
    )
    return f"{text} Everything was rolled back."
