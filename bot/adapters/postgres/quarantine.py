"""What is kept in the quarantine schema, by the operations that the ledger knows, and its removal.

Only what a report in the ledger names is the bot's to remove: whatever else lies in that schema is somebody's own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.sql import SQL

from bot.adapters.postgres import ledger
from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.comparison import rows_of
from bot.adapters.postgres.session import Session, identifier
from bot.core.errors import Drifted
from bot.core.plan import Facts
from bot.core.quarantine import Kept, KeptTable, PurgeFacts, kept_names
from bot.core.restore import LEDGER
from bot.core.table import Name

COUNTED = 10  # operations, the newest: counting reads every row
PATIENCE_SECONDS = 2.0
_PURGED = "purged_operations"
_BYTES = """
SELECT pg_total_relation_size(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s
"""


def read_kept(session: Session, schema: str, *, counted: int = COUNTED) -> tuple[Kept, ...]:
    """The operations that keep something, the newest first; rows are counted of `counted`. Raises SqlError."""
    found: list[Kept] = []
    for op_id, at, report in _operations(session, schema):
        names = kept_names(report)
        tables = [_table(session, Name(schema, name), is_counted=len(found) < counted) for name in names]
        if there := tuple(table for table in tables if table):
            found.append(Kept(op_id, at, there))
    return tuple(found)


def purge(session: Session, facts: PurgeFacts) -> Facts:
    """Drop exactly the tables of the facts, inside the operation's transaction; its report.

    Raises SqlError; Drifted where one isn't what was approved.
    """
    schema = facts.quarantine_schema
    reports = [ledger.committed(session, schema, op_id) or {} for op_id in facts.op_ids]
    named = {name for report in reports for name in kept_names(report)}
    session.limit("lock_timeout", PATIENCE_SECONDS)
    for table in facts.tables:
        name = Name(schema, table.name)
        if read_table(session, name) is None:
            raise Drifted(f"{name} is no longer there.")
        session.run(SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(identifier(name)))
        there = read_table(session, name)
        if table.name not in named or there is None or there.kind != "r" or not there.is_owned:
            raise Drifted(f"{name} is no longer a table that the ledger says the bot made.")
        if table.rows is not None and rows_of(session, name) != table.rows:
            raise Drifted(f"The rows of {name} have changed since the plan.")
    dropped = SQL(", ").join([identifier(Name(schema, table.name)) for table in facts.tables])
    session.run(SQL("DROP TABLE {} RESTRICT").format(dropped))
    return {"dropped": [table.name for table in facts.tables], _PURGED: list(facts.op_ids)}


def was_purged(session: Session, schema: str, op_id: str) -> bool:
    """Whether a purge removed what an operation kept. Raises SqlError."""
    return any(op_id in report.get(_PURGED, ()) for _, _, report in _operations(session, schema))


def _operations(session: Session, schema: str) -> Sequence[tuple[str, datetime, Mapping[str, Any]]]:
    if not ledger.exists(session, schema):
        return ()
    query = SQL("SELECT op_id, committed_at, report FROM {} ORDER BY committed_at DESC, op_id")
    rows = session.rows(query.format(identifier(Name(schema, LEDGER))))
    return [(str(UUID(str(op_id))), at, report) for op_id, at, report in rows]


def _table(session: Session, name: Name, *, is_counted: bool) -> KeptTable | None:
    """The table of that name where it is one; a view or another's table isn't the bot's."""
    there = read_table(session, name)
    if there is None or there.kind != "r" or not there.is_owned:
        return None
    rows = rows_of(session, name) if is_counted else None
    others = tuple(sorted({*there.readers, *there.writers}))
    return KeptTable(name.name, rows, int(session.row(_BYTES, *name)[0]), others)
