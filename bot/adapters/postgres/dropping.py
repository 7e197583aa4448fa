"""The one transaction that drops columns: their values are copied while nobody waits, then they go in an instant.

No lock that keeps writers out is held while the table is waited for: whoever has read in a transaction and then writes
would be ended by PostgreSQL, which sees a deadlock there at once (measured). So the copy is brought up to date by what
was written since, once nobody else is in the table.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict

from psycopg.sql import SQL, Composed, Identifier, Literal

from bot.adapters.postgres import ledger
from bot.adapters.postgres.alone import hold_alone, limit
from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.columns import read_definitions, read_dependents
from bot.adapters.postgres.comparison import rows_of
from bot.adapters.postgres.holding import LADDER_SECONDS, give_way
from bot.adapters.postgres.session import Session, columns, identifier
from bot.core.columns import ALONE_SECONDS, DropFacts, TableDrop, changed, refusal_of_dependents
from bot.core.errors import Drifted, StepFailed
from bot.core.plan import Facts
from bot.core.table import Name

_OLDEST = "SELECT pg_snapshot_xmin(pg_current_snapshot())::xid::text"


def drop_columns(session: Session, facts: DropFacts, op_id: str, ladder: Sequence[float] = LADDER_SECONDS) -> Facts:
    """Drop what was approved, inside the operation's transaction; its report. Raises SqlError, Drifted, StepFailed."""
    children_first = [table.live for table in reversed(facts.tables)]
    give_way(session, children_first)
    oldest = str(session.row(_OLDEST)[0])  # whatever was written by an older transaction is in the copies
    for table in facts.tables:
        _copy(session, facts, table, op_id)
    attempts = hold_alone(session, children_first, ladder)
    until, rows = time.monotonic() + ALONE_SECONDS, {}
    for table in facts.tables:
        limit(session, until)
        rows[table.live] = _catch_up(session, table, Name(facts.quarantine_schema, table.quarantine), oldest)
        limit(session, until)
        if refusal := refusal_of_dependents(table.live, read_dependents(session, table.live, table.names)):
            raise Drifted(refusal.text)
        _drop(session, table)
    return {
        "tables": {
            table.name: {
                "quarantine": table.quarantine,
                "rows": rows[table.live],
                "dropped": [asdict(column) for column in table.columns],
            }
            for table in facts.tables
        },
        "attempts": attempts,
    }


def _copy(session: Session, facts: DropFacts, table: TableDrop, op_id: str) -> None:
    """Copy key and columns into a table that only its owner can read, where the definition is as approved."""
    live = read_table(session, table.live)
    if live is None or live.fingerprint != table.fingerprint:
        raise Drifted(changed(table.live))
    aside = Name(facts.quarantine_schema, table.quarantine)
    kept = columns([*table.key, *table.names])
    session.run(SQL("CREATE TABLE {} AS SELECT {} FROM ONLY {}").format(identifier(aside), kept, identifier(live.name)))
    definitions = "; ".join(column.told for column in table.columns)
    ledger.keep_apart(session, aside, f"Columns of {table.live} before operation {op_id} dropped them: {definitions}")


def _catch_up(session: Session, table: TableDrop, copy: Name, oldest: str) -> int:
    """Bring a copy up to date while nobody writes; its rows. Rows of transactions since `oldest` are copied anew."""
    kept, live, aside = columns([*table.key, *table.names]), identifier(table.live), identifier(copy)
    recent = SQL("age(l.xmin) OPERATOR(pg_catalog.<=) age({}::xid)").format(Literal(oldest))
    match = matching(table.key)
    session.run(SQL("DELETE FROM {} AS q USING ONLY {} AS l WHERE {} AND {}").format(aside, live, match, recent))
    session.run(SQL("INSERT INTO {} SELECT {} FROM ONLY {} AS l WHERE {}").format(aside, kept, live, recent))
    rows = rows_of(session, table.live)
    if rows_of(session, copy) != rows:  # some were deleted since
        gone = SQL("DELETE FROM {} AS q WHERE NOT EXISTS (SELECT FROM ONLY {} AS l WHERE {})")
        session.run(gone.format(aside, live, match))
        if rows_of(session, copy) != rows:
            raise StepFailed(f"The copy of {table.live} does not have its rows. Everything was rolled back.")
    return rows


def _drop(session: Session, table: TableDrop) -> None:
    """Never IF EXISTS, which hides a wrong name; never CASCADE, which takes along what nobody approved."""
    for column in table.columns:
        for sequence in column.sequences:  # it would go too, with its number and its rights
            session.run(SQL("ALTER SEQUENCE {} OWNED BY NONE").format(identifier(sequence)))
    drops = SQL(", ").join([SQL("DROP COLUMN {} RESTRICT").format(Identifier(name)) for name in table.names])
    session.run(SQL("ALTER TABLE ONLY {} {}").format(identifier(table.live), drops))
    if read_definitions(session, table.live, table.names):
        raise StepFailed(f"Columns of {table.live} are still there. Everything was rolled back.")


def matching(key: Sequence[str]) -> Composed:
    """That a row `l` of the table and a row `q` of the copy have the same key."""
    equal = [SQL("{} OPERATOR(pg_catalog.=) {}").format(Identifier("l", k), Identifier("q", k)) for k in key]
    return SQL(" AND ").join(equal)
