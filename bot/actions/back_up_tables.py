"""Taking a backup of every table of the runbook, all of one moment, into the bot's private schema.

The whole set is one transaction, so it was taken or it wasn't, and the ledger beside the backups tells which. It only
adds tables, so nobody has to approve it; how large it is and what it costs is read first.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.actions.restore_reading import UNCHANGED, RestoreReading
from bot.adapters.postgres import ledger
from bot.adapters.postgres.backing_up import BackingUp, hold_sets, read_manifest, read_names, read_size
from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.comparison import rows_of
from bot.adapters.postgres.session import ConnectionLostError, Session, SqlError, connected
from bot.core.backup import Backup
from bot.core.backup_set import (
    ACTION,
    LONGEST_SECONDS,
    BackupSet,
    TableBackup,
    moment_of,
    refusal_of_set,
    refusal_so_soon,
    set_in,
)
from bot.core.checks import CheckResult, Verdict
from bot.core.errors import BotError, OutcomeUnknown, Refused, StepFailed, Unavailable
from bot.core.plan import Facts, Step
from bot.core.restore import session_of
from bot.core.runbook.tables import Database
from bot.core.secret import Secret
from bot.core.table import Name, Table, refusal_to_copy

DEADLINE = timedelta(seconds=LONGEST_SECONDS + 60)
LEDGER_WAIT_SECONDS = 10.0  # for a COMMIT that is still in progress, at each look
ENDING_SECONDS = 10.0  # of COMMIT, where the server answers nothing any more
CHECK_SECONDS = 30.0
_TAKEN, _WHOLE, _APART = "Backup set committed", "Backups whole", "Backups kept apart"
_REASONS = {
    "57014": f"It took longer than {LONGEST_SECONDS:g} s.",
    "55P03": "A table is held by somebody: a migration, TRUNCATE or VACUUM FULL of it may be under way.",
    "53100": "The database's disk is full.",
    "25006": "The database is in read-only mode.",
    "42501": "The bot's role lacks a right that a backup needs: docs/database.md.",
    "42P01": "A table of the set is no longer there.",
    "42P07": "A backup of that name is there already.",
}


class BackUpTables:
    """The action `back_up_tables`."""

    name = ACTION
    takes_long = True

    def __init__(
        self, url: Secret, database: Database, reading: RestoreReading, *, clock: Callable[[], datetime]
    ) -> None:
        self._url, self._database, self._reading, self._clock = url, database, reading, clock

    def targets(self, params: Facts) -> tuple[str, ...]:  # noqa: ARG002  # a set has every table
        """The set, and none of its tables: a restore of them may be asked for and carried out beside it."""
        return (f"backups:{self._database.quarantine_schema}",)

    def plan(self, params: Facts) -> Step:  # noqa: ARG002  # a set has every table
        """The set of now."""
        return self.measure().as_step()

    def measure(self) -> BackupSet:
        """The set that would be taken now, with its size. Raises Refused or Unavailable."""
        with self._reading.look("backup set") as session:
            server = self._reading.writable(session)
            _demand(refusal_so_soon(self._newest(session), self._clock()))
            date = moment_of(self._clock())
            taken = BackupSet(
                database=server.database,
                schema=self._database.quarantine_schema,
                date=date,
                tables=tuple(self._measured(session, name, date) for name in self._reading.tables),
                makes_schema=not server.has_schema,
                publishes_copies=server.publishes_everything,
            )
            _demand(refusal_of_set(taken, read_names(session, taken.schema)))
        return taken

    def recheck(self, step: Step) -> str:
        """Whether something stands in its way since the plan. What the tables hold may change until it is taken."""
        taken = set_in(step)
        try:
            with self._reading.look("recheck") as session:
                self._reading.writable(session)
                _demand(refusal_so_soon(self._newest(session), self._clock()))
                for table in taken.tables:
                    self._copiable(session, table.name)
                _demand(refusal_of_set(taken, read_names(session, taken.schema)))
        except Refused as refusal:
            return refusal.text
        return ""

    def execute(self, step: Step, op_id: str, reason: str) -> Facts:  # noqa: ARG002  # the ledger keeps no people's text
        """Take the set in one transaction; the report that the ledger keeps."""
        with (
            connected(self._url, session_of(op_id)) as session,
            session.within(LONGEST_SECONDS + ENDING_SECONDS),
        ):
            return _carry_out(BackingUp(session, set_in(step), op_id))

    def reconcile(self, step: Step, op_id: str, *, at_deadline: bool) -> Facts:  # noqa: ARG002  # the ledger is exact
        """Look into the ledger, once a COMMIT in progress has ended."""
        try:
            report = self._committed(set_in(step), op_id)
        except (Unavailable, Refused) as error:
            raise OutcomeUnknown(f"Whether the backup set was committed can't be seen. {error.text}") from None
        except SqlError as error:
            raise OutcomeUnknown(f"Whether the backup set was committed can't be seen yet ({error}).") from None
        if report is None:
            raise StepFailed("The backup set was not committed: the ledger in the database doesn't have it.")
        return report

    def verify(self, step: Step, op_id: str) -> tuple[CheckResult, ...]:
        """That the ledger has it, that every backup is as its manifest says, and that no other role may read one."""
        taken = set_in(step)
        try:
            with connected(self._url, "rollback-bot verify") as session, session.reading(CHECK_SECONDS):
                is_committed = ledger.committed(session, taken.schema, op_id) is not None
                seen = "in the ledger" if is_committed else "not in the ledger"
                committed = _result(_TAKEN, "in the ledger", seen, is_so=is_committed)
                return (committed, _whole(session, taken, op_id), _apart(session, taken))
        except (BotError, SqlError) as error:
            seen = error.text if isinstance(error, BotError) else f"PostgreSQL refused a reading ({error})"
            return (_result(_TAKEN, "in the ledger", seen, is_so=False),)

    def undo(self, step: Step, op_id: str) -> Step:  # noqa: ARG002  # there is no way back to plan
        """Refused: a set changed nothing that was there."""
        taken = set_in(step)
        kept = ", ".join(str(taken.copy_of(table)) for table in taken.tables)
        text = "A backup set changed nothing that was there, so there is nothing to undo. Removing it is dropping its"
        raise Refused("only_added", f"{text} tables, which whoever runs the database does: {kept}. {UNCHANGED}")

    def deadline(self) -> timedelta:
        """How long reconcile may wait for the database to answer."""
        return DEADLINE

    def _copiable(self, session: Session, name: str) -> Table:
        """A table of the runbook. Raises Refused where there is none, or not all of its rows can be copied."""
        where, whole = Name(self._database.schema, name), "A set has every table of the runbook, or it is none."
        table = read_table(session, where)
        if table is None:
            raise Refused("no_table", f"Table {where} does not exist. {whole} Correct the runbook. {UNCHANGED}")
        if refusal := refusal_to_copy(table):
            raise Refused(refusal.rule, f"{refusal.text} {whole} {UNCHANGED}")
        return table

    def _measured(self, session: Session, name: str, date: str) -> TableBackup:
        rows, size = read_size(session, self._copiable(session, name))
        return TableBackup(self._database.schema, name, rows, size, self._database.backup.format(table=name, date=date))

    def _newest(self, session: Session) -> Backup | None:
        """Of the bot's own backups the newest one."""
        schema = self._database.quarantine_schema
        found = [backup for name in self._reading.tables for backup in self._reading.find(session, name)]
        inside = sorted((b for b in found if b.name.schema == schema), key=lambda b: b.made_at, reverse=True)
        return next((backup for backup in inside if read_manifest(session, backup.name)), None)

    def _committed(self, taken: BackupSet, op_id: str) -> Facts | None:
        with connected(self._url, f"rollback-bot look {op_id[:8]}") as session, session.within(2 * LEDGER_WAIT_SECONDS):
            session.run("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY")
            session.settle(statement_timeout="60s")
            hold_sets(session, taken.schema, seconds=LEDGER_WAIT_SECONDS)
            return ledger.committed(session, taken.schema, op_id)


def _carry_out(backing_up: BackingUp) -> Facts:
    """Everything up to COMMIT, then COMMIT. What fails before it was sent has added nothing."""
    try:
        if (done_before := backing_up.begin()) is not None:
            return done_before
        backing_up.copy()
        report = backing_up.close()
    except SqlError as error:
        raise StepFailed(_reason(error)) from None
    try:
        backing_up.commit()
    except ConnectionLostError:
        raise OutcomeUnknown("The connection broke while COMMIT was under way; the ledger tells.") from None
    except SqlError as error:
        raise StepFailed(_reason(error)) from None
    return report


def _reason(error: SqlError) -> str:
    """Why a set was rolled back, as sentences without any value."""
    lost = "The connection to the database broke before COMMIT was sent."
    told = _REASONS.get(error.state, f"PostgreSQL refused it ({error}).")
    return f"{lost if isinstance(error, ConnectionLostError) else told} Everything was rolled back."


def _whole(session: Session, taken: BackupSet, op_id: str) -> CheckResult:
    """Whether each backup of the set is there, with as many rows as its manifest says."""
    wrong = []
    for table in taken.tables:
        copy = taken.copy_of(table)
        manifest = read_manifest(session, copy)
        if manifest is None or manifest.operation != op_id or rows_of(session, copy) != manifest.rows:
            wrong.append(table.copy)
    names = f"; not {', '.join(wrong)}" if wrong else ""
    seen = f"{len(taken.tables) - len(wrong)} of {len(taken.tables)}{names}"
    return _result(_WHOLE, "every backup there, with as many rows as its manifest says", seen, is_so=not wrong)


def _apart(session: Session, taken: BackupSet) -> CheckResult:
    copies = [read_table(session, taken.copy_of(table)) for table in taken.tables]
    roles = sorted({role for copy in copies if copy for role in (*copy.readers, *copy.writers)})
    seen = f"{', '.join(roles)} can read or change them" if roles else "no right for another role"
    return _result(_APART, "no right for another role", seen, is_so=not roles)


def _result(name: str, expected: str, seen: str, *, is_so: bool) -> CheckResult:
    verdict = Verdict.PASSED if is_so else Verdict.FAILED
    return CheckResult(name, verdict, required=True, expected=expected, seen=seen)


def _demand(refusal: Refused | None) -> None:
    """Raise a rule's no as the person who asked reads it."""
    if refusal:
        raise Refused(refusal.rule, f"{refusal.text} {UNCHANGED}")
