"""The one transaction that drops columns: their values are copied while only writers wait, then they go in an instant.

An attempt that can't have the table to itself lets go of everything, the copy too: whoever reads in a transaction and
then writes would wait for us, and we for them.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict

from psycopg.sql import SQL, Composed, Identifier

from bot.adapters.postgres import ledger
from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.columns import read_definitions, read_dependents
from bot.adapters.postgres.operation import give_way, in_attempts, limit
from bot.adapters.postgres.restoring import FURTHER_TABLE_SECONDS, LADDER_SECONDS
from bot.adapters.postgres.session import Session, columns, identifier
from bot.core.columns import DropFacts, TableDrop, changed, refusal_of_dependents
from bot.core.errors import Drifted, StepFailed
from bot.core.plan import Facts
from bot.core.table import Name

READERS_WAIT_SECONDS = 0.2  # at each attempt, for all the tables together
ALONE_SECONDS = 2.0  # the longest statement while readers wait; each takes milliseconds


def drop_columns(session: Session, facts: DropFacts, op_id: str, ladder: Sequence[float] = LADDER_SECONDS) -> Facts:
    """Drop what was approved, inside the operation's transaction; its report. Raises SqlError, Drifted, StepFailed."""
    names = [table.live for table in reversed(facts.tables)]  # children first, as whoever writes takes them
    give_way(session, names)
    copied, attempts = in_attempts(
        session, names, lambda patience: _copy_and_hold(session, facts, op_id, patience), ladder
    )
    for table in facts.tables:
        if refusal := refusal_of_dependents(table.live, read_dependents(session, table.live, table.names)):
            raise Drifted(refusal.text)
        _drop(session, table)
    return {
        "tables": {
            table.name: {
                "quarantine": table.quarantine,
                "rows": copied[table.live],
                "dropped": [asdict(column) for column in table.columns],
            }
            for table in facts.tables
        },
        "attempts": attempts,
    }


def _copy_and_hold(session: Session, facts: DropFacts, op_id: str, patience: float) -> dict[Name, int]:
    """Keep writers out, copy, and have the tables to ourselves; how many rows were copied of each."""
    children_first = list(reversed(facts.tables))
    for number, table in enumerate(children_first):
        session.limit("lock_timeout", min(patience, FURTHER_TABLE_SECONDS) if number else patience)
        session.run(SQL("LOCK TABLE ONLY {} IN EXCLUSIVE MODE").format(identifier(table.live)))
    until = time.monotonic() + facts.limit_seconds
    copied = {table.live: _copy(session, facts, table, op_id, until=until) for table in facts.tables}
    session.limit("lock_timeout", min(patience, READERS_WAIT_SECONDS) / len(children_first))
    for table in children_first:
        session.run(SQL("LOCK TABLE ONLY {} IN ACCESS EXCLUSIVE MODE").format(identifier(table.live)))
    session.limit("statement_timeout", ALONE_SECONDS)
    return copied


def _copy(session: Session, facts: DropFacts, table: TableDrop, op_id: str, *, until: float) -> int:
    """Copy key and columns into a table that only its owner can read, where the definition is as approved."""
    live = read_table(session, table.live)
    if live is None or live.fingerprint != table.fingerprint:
        raise Drifted(changed(table.live))
    aside = Name(facts.quarantine_schema, table.quarantine)
    limit(session, until)
    made = SQL("CREATE TABLE {} AS SELECT {} FROM ONLY {}").format(
        identifier(aside), columns([*table.key, *table.names]), identifier(table.live)
    )
    rows = session.run(made)
    definitions = "; ".join(column.told for column in table.columns)
    ledger.keep_apart(session, aside, f"Columns of {table.live} before operation {op_id} dropped them: {definitions}")
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
