"""Putting dropped columns back: the undo of `drop_columns`, with the definitions that were approved and its copies."""

from collections.abc import Sequence
from datetime import timedelta

from bot.actions.drop_columns import CHECK_SECONDS, DEADLINE, DropColumns
from bot.actions.restore_reading import RestoreReading
from bot.adapters.postgres import ledger
from bot.adapters.postgres.carrying import carry_out, find
from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.columns import read_definitions
from bot.adapters.postgres.comparison import checksum
from bot.adapters.postgres.holding import LADDER_SECONDS
from bot.adapters.postgres.returning import add_columns
from bot.adapters.postgres.session import Session, SqlError, connected
from bot.core.checks import CheckResult, Verdict
from bot.core.columns import ADD_BACK, ReturnFacts, TableReturn, changed, return_facts
from bot.core.errors import BotError, Refused
from bot.core.plan import Facts, Step
from bot.core.secret import Secret
from bot.core.table import Name

_CHECK = "Columns put back"


class AddColumnsBack:
    """The action `add_columns_back`; its own undo is the drop, planned anew by `drop`."""

    name = ADD_BACK
    takes_long = True

    def __init__(
        self, url: Secret, reading: RestoreReading, drop: DropColumns, *, ladder: Sequence[float] = LADDER_SECONDS
    ) -> None:
        self._url, self._reading, self._drop, self._ladder = url, reading, drop, ladder

    def targets(self, params: Facts) -> tuple[str, ...]:
        """Nothing: it is asked for as the undo of a drop."""
        raise _only_as_undo(params)

    def plan(self, params: Facts) -> Step:
        """Raises Refused: it is asked for as the undo of a drop, which plans it."""
        raise _only_as_undo(params)

    def recheck(self, step: Step) -> str:
        """The drift since the plan; it is read once more under the lock."""
        facts = return_facts(step)
        try:
            with self._reading.look("recheck") as session:
                self._reading.writable(session)
                return next((found for one in facts.tables if (found := _drift(session, one, facts))), "")
        except Refused as refusal:
            return refusal.text

    def execute(self, step: Step, op_id: str, reason: str) -> Facts:  # noqa: ARG002  # the ledger keeps no people's text
        """Add and fill in one transaction; the report that the ledger keeps."""
        facts = return_facts(step)
        return carry_out(
            self._url,
            facts.quarantine_schema,
            op_id,
            seconds=facts.limit_seconds,
            work=lambda session: add_columns(session, facts, self._ladder),
        )

    def reconcile(self, step: Step, op_id: str, *, at_deadline: bool) -> Facts:  # noqa: ARG002  # the ledger is exact
        """Look into the ledger, once a COMMIT in progress has ended."""
        return find(self._url, return_facts(step).quarantine_schema, op_id)

    def verify(self, step: Step, op_id: str) -> tuple[CheckResult, ...]:
        """That the ledger has it and that the columns are there."""
        facts = return_facts(step)
        try:
            with connected(self._url, "rollback-bot verify") as session, session.reading(CHECK_SECONDS):
                is_committed = ledger.committed(session, facts.quarantine_schema, op_id) is not None
                missing = [name for one in facts.tables for name in _missing(session, one)]
        except (BotError, SqlError) as error:
            seen = error.text if isinstance(error, BotError) else f"PostgreSQL refused a reading ({error})"
            return (CheckResult(_CHECK, Verdict.FAILED, required=True, expected="committed, and there", seen=seen),)
        seen = f"missing: {', '.join(missing)}" if missing else "there" if is_committed else "not in the ledger"
        verdict = Verdict.PASSED if is_committed and not missing else Verdict.FAILED
        return (CheckResult(_CHECK, verdict, required=True, expected="committed, and there", seen=seen),)

    def undo(self, step: Step, op_id: str) -> Step:  # noqa: ARG002  # planned from production as it is
        """The drop of the same columns, where the runbook still lists them."""
        pairs = [[table.name, column.name] for table in return_facts(step).tables for column in table.columns]
        return self._drop.plan({"columns": pairs})

    def deadline(self) -> timedelta:
        """How long reconcile may wait for the database to answer."""
        return DEADLINE


def _only_as_undo(_: Facts) -> Refused:
    return Refused("only_as_undo", "Columns are put back by `/rollback undo` and the request that dropped them.")


def _drift(session: Session, table: TableReturn, facts: ReturnFacts) -> str:
    live, copy = read_table(session, table.live), Name(facts.quarantine_schema, table.copy)
    if live is None or live.fingerprint != table.fingerprint:
        return changed(table.live)
    if read_table(session, copy) is None or checksum(session, copy) != table.copy_checksum:
        return f"The copy {copy} has changed since the plan."
    return ""


def _missing(session: Session, table: TableReturn) -> list[str]:
    there = {column.name for column in read_definitions(session, table.live, [c.name for c in table.columns])}
    return [column.name for column in table.columns if column.name not in there]
