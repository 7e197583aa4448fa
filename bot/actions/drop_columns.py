"""Dropping the columns that the runbook lists as added: only where nothing hangs on them, and their values are kept.

One transaction, so it happened or it didn't, and the ledger beside the data tells which.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.actions.restore_reading import UNCHANGED, RestoreReading
from bot.adapters.postgres import ledger
from bot.adapters.postgres.carrying import carry_out, find
from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.columns import count_values, read_definitions, read_dependents, read_readers
from bot.adapters.postgres.comparison import checksum
from bot.adapters.postgres.dropping import drop_columns
from bot.adapters.postgres.holding import LADDER_SECONDS
from bot.adapters.postgres.quarantine import was_purged
from bot.adapters.postgres.returning import count_rows
from bot.adapters.postgres.session import Session, SqlError, connected
from bot.core.checks import CheckResult, Verdict
from bot.core.columns import (
    ALONE_SECONDS,
    DROP,
    DropFacts,
    ReturnFacts,
    TableDrop,
    TableReturn,
    changed,
    copy_name,
    drop_facts,
    refusal_of_dependents,
    refusal_of_drop,
)
from bot.core.errors import BotError, Refused
from bot.core.plan import Facts, Step
from bot.core.runbook.tables import Database
from bot.core.secret import Secret
from bot.core.table import Name, Table
from bot.core.table_order import parents_first

ALL = "all"
DEADLINE = timedelta(minutes=3)
CHECK_SECONDS = 10.0


class DropColumns:
    """The action `drop_columns`."""

    name = DROP
    takes_long = True

    def __init__(
        self,
        url: Secret,
        database: Database,
        reading: RestoreReading,
        *,
        clock: Callable[[], datetime],
        ladder: Sequence[float] = LADDER_SECONDS,
    ) -> None:
        self._url, self._database, self._reading = url, database, reading
        self._clock, self._ladder = clock, ladder

    def targets(self, params: Facts) -> tuple[str, ...]:
        """The tables, each by itself: a table may be in one open request at a time."""
        return tuple(f"table:{self._database.schema}.{name}" for name in self._asked(params))

    def plan(self, params: Facts) -> Step:
        """The drop of `params["columns"]`, pairs of table and column; else of all that is listed for its "tables"."""
        asked = self._asked(params)
        mark = f"{self._clock():%Y%m%d_%H%M%S}_{secrets.token_hex(2)}"
        with self._reading.look("plan") as session:
            server = self._reading.writable(session)
            lives = parents_first([self._reading.restorable(session, name) for name in asked])
            tables = [
                self._table(session, live, asked[live.name.name], f"{mark}_{number}")
                for number, live in enumerate(lives, 1)
            ]
        if not any(table.columns for table in tables):
            gone = ", ".join(f"{table.live}.{name}" for table in tables for name in table.missing)
            raise Refused("nothing_to_do", f"There is nothing to drop: {gone} does not exist. {UNCHANGED}")
        return DropFacts(
            database=server.database,
            tables=tuple(table for table in tables if table.columns),
            quarantine_schema=self._database.quarantine_schema,
            makes_schema=not server.has_schema,
            publishes_copies=server.publishes_everything,
        ).as_step()

    def recheck(self, step: Step) -> str:
        """The drift since the plan; it is read once more under the lock."""
        try:
            with self._reading.look("recheck") as session:
                self._reading.writable(session)
                return next((found for one in drop_facts(step).tables if (found := _drift(session, one))), "")
        except Refused as refusal:
            return refusal.text

    def execute(self, step: Step, op_id: str, reason: str) -> Facts:  # noqa: ARG002  # the ledger keeps no people's text
        """Copy and drop in one transaction; the report that the ledger keeps."""
        facts = drop_facts(step)
        return carry_out(
            self._url,
            facts.quarantine_schema,
            op_id,
            seconds=ALONE_SECONDS,
            work=lambda session: drop_columns(session, facts, op_id, self._ladder),
        )

    def reconcile(self, step: Step, op_id: str, *, at_deadline: bool) -> Facts:  # noqa: ARG002  # the ledger is exact
        """Look into the ledger, once a COMMIT in progress has ended."""
        return find(self._url, drop_facts(step).quarantine_schema, op_id)

    def verify(self, step: Step, op_id: str) -> tuple[CheckResult, ...]:
        """That the ledger has it, the columns are gone, and their values are kept apart: all required."""
        facts = drop_facts(step)
        try:
            with connected(self._url, "rollback-bot verify") as session, session.reading(CHECK_SECONDS):
                is_committed = ledger.committed(session, facts.quarantine_schema, op_id) is not None
                left = [c.name for t in facts.tables for c in read_definitions(session, t.live, t.names)]
                copies = [read_table(session, Name(facts.quarantine_schema, t.quarantine)) for t in facts.tables]
        except (BotError, SqlError) as error:
            seen = error.text if isinstance(error, BotError) else f"PostgreSQL refused a reading ({error})"
            return (_check("Columns dropped", "committed, and gone", seen, is_so=False),)
        gone = f"still there: {', '.join(left)}" if left else "gone" if is_committed else "not in the ledger"
        return (
            _check("Columns dropped", "committed, and gone", gone, is_so=is_committed and not left),
            _copied(copies),
        )

    def undo(self, step: Step, op_id: str) -> Step:
        """The step that puts the columns back with the values that were copied."""
        facts = drop_facts(step)
        with self._reading.look("plan") as session:
            server = self._reading.writable(session)
            if ledger.committed(session, facts.quarantine_schema, op_id) is None:
                raise Refused("nothing_done", f"The ledger in the database doesn't have this drop. {UNCHANGED}")
            tables = tuple(self._return(session, table, facts.quarantine_schema, op_id) for table in facts.tables)
        longest = self._database.write_block_limit.total_seconds()
        return ReturnFacts(server.database, tables, facts.quarantine_schema, longest).as_step()

    def deadline(self) -> timedelta:
        """How long reconcile may wait for the database to answer."""
        return DEADLINE

    def _asked(self, params: Facts) -> dict[str, list[str]]:
        """By table, the listed columns that are meant. Raises Refused where one isn't listed."""
        listed = {table.name: list(table.added_columns) for table in self._database.tables if table.added_columns}
        pairs = params.get("columns")
        if isinstance(pairs, Sequence) and not isinstance(pairs, str):
            wanted: dict[str, list[str]] = {}
            for table, column in (tuple(map(str, pair)) for pair in pairs if isinstance(pair, Sequence)):
                wanted.setdefault(table, []).append(column)
        else:
            named = params.get("tables")
            names = [str(name) for name in named] if isinstance(named, Sequence) and not isinstance(named, str) else []
            wanted = {name: listed.get(name, []) for name in (listed if names == [ALL] else names)}
        unknown = [
            name for name, columns in wanted.items() if not columns or not set(columns) <= set(listed.get(name, ()))
        ]
        if not wanted or unknown:
            which = ", ".join(name[:60] for name in unknown) or "no table"
            raise Refused("unknown_column", f"{which}: only columns in added_columns of the runbook can be dropped.")
        return {name: list(dict.fromkeys(columns)) for name, columns in wanted.items()}

    def _table(self, session: Session, live: Table, columns: Sequence[str], mark: str) -> TableDrop:
        """Raises Refused where something stands in the way."""
        if live.is_partitioned:
            raise Refused("partition", f"{live.name} is partitioned: the bot drops no column of it. {UNCHANGED}")
        definitions = read_definitions(session, live.name, columns)
        names = [column.name for column in definitions]
        rows, values = count_values(session, live.name, names) if names else (0, {})
        readers = read_readers(session, live.name, names)
        table = TableDrop(
            schema=live.name.schema,
            name=live.name.name,
            key=live.key,
            rows=rows,
            columns=definitions,
            values=values,
            missing=tuple(name for name in columns if name not in names),
            whole=readers.whole if names else (),
            mentioning=readers.mentioning,
            fingerprint=live.fingerprint,
            quarantine=copy_name(live.name.name, mark),
        )
        dependents = read_dependents(session, live.name, names)
        sticky = self._reading.tables[live.name.name].sticky
        if refusal := refusal_of_drop(table, sticky) or refusal_of_dependents(live.name, dependents):
            raise Refused(refusal.rule, f"{refusal.text} {UNCHANGED}")
        return table

    def _return(self, session: Session, table: TableDrop, schema: str, op_id: str) -> TableReturn:
        """Raises Refused where the values or the place for them are gone."""
        copy = Name(schema, table.quarantine)
        there = read_table(session, copy)
        if there is None or not there.is_owned or there.kind != "r":
            why = "a purge removed it" if was_purged(session, schema, op_id) else "somebody removed or changed it"
            text = f"The copy of the values of {table.live}, {copy}, is gone: {why}. They can't be put back"
            raise Refused("no_copy", f"{text} by the bot. {UNCHANGED}")
        live = self._reading.restorable(session, table.name)
        if again := [name for name in table.names if live.column(name)]:
            raise Refused("column_exists", f"{table.live} has {', '.join(again)} again. {UNCHANGED}")
        if not set(table.key) <= {column.name for column in live.columns}:
            raise Refused("no_key", f"{table.live} no longer has its key {', '.join(table.key)}. {UNCHANGED}")
        matching, gone, newer = count_rows(session, table.live, copy, table.key)
        return TableReturn(
            schema=table.schema,
            name=table.name,
            key=table.key,
            columns=table.columns,
            copy=table.quarantine,
            copy_checksum=checksum(session, copy),
            matching=matching,
            gone=gone,
            newer=newer,
            fingerprint=live.fingerprint,
        )


def _drift(session: Session, table: TableDrop) -> str:
    live = read_table(session, table.live)
    if live is None or live.fingerprint != table.fingerprint:
        return changed(table.live)
    refusal = refusal_of_dependents(table.live, read_dependents(session, table.live, table.names))
    return refusal.text if refusal else ""


def _check(name: str, expected: str, seen: str, *, is_so: bool) -> CheckResult:
    return CheckResult(name, Verdict.PASSED if is_so else Verdict.FAILED, required=True, expected=expected, seen=seen)


def _copied(copies: Sequence[Table | None]) -> CheckResult:
    readers = sorted({role for copy in copies if copy for role in (*copy.readers, *copy.writers)})
    missing = sum(copy is None for copy in copies)
    seen = f"{len(copies) - missing} of {len(copies)} there"
    seen += f", and {', '.join(readers)} can read them" if readers else ", with no right for another role"
    expected = "there, with no right for another role"
    return _check("Values copied aside", expected, seen, is_so=not missing and not readers)
