"""The one transaction that puts dropped columns back: their definitions, then the values that were copied, by key.

A column is added without its default, so that no row is written but those that get a value; readers wait meanwhile.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from bot.adapters.postgres.alone import hold_alone, limit
from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.columns import read_definitions
from bot.adapters.postgres.comparison import checksum
from bot.adapters.postgres.dropping import matching
from bot.adapters.postgres.holding import LADDER_SECONDS, give_way
from bot.adapters.postgres.restoring import WRITING
from bot.adapters.postgres.session import Session, columns, identifier
from bot.core.columns import ColumnDefinition, Grant, ReturnFacts, TableReturn, changed
from bot.core.errors import Drifted, StepFailed
from bot.core.plan import Facts
from bot.core.table import Name, Table

_PATH = "SELECT set_config('search_path', %s, true)"


def count_rows(session: Session, live: Name, copy: Name, key: Sequence[str]) -> tuple[int, int, int]:
    """The rows that both have, those of the copy alone, and those of the table alone. Raises SqlError."""
    first = Identifier("q", key[0]), Identifier("l", key[0])
    query = SQL(
        "SELECT count(*) FILTER (WHERE {q} IS NOT NULL AND {l} IS NOT NULL), count(*) FILTER (WHERE {l} IS NULL),"
        " count(*) FILTER (WHERE {q} IS NULL) FROM {copy} AS q FULL JOIN ONLY {live} AS l ON {match}"
    ).format(q=first[0], l=first[1], copy=identifier(copy), live=identifier(live), match=matching(key))
    both, gone, newer = session.row(query)
    return both, gone, newer


def add_columns(session: Session, facts: ReturnFacts, ladder: Sequence[float] = LADDER_SECONDS) -> Facts:
    """Put back what was approved, inside the operation's transaction; its report. Raises SqlError, Drifted, StepFailed.

    Ordinary triggers are off for these rows, so that nothing else of them changes.
    """
    children_first = [table.live for table in reversed(facts.tables)]
    copies = {table.live: _held_copy(session, facts, table) for table in facts.tables}
    give_way(session, children_first)
    attempts = hold_alone(session, children_first, ladder)
    until = time.monotonic() + facts.limit_seconds
    done = {table.name: _put_back(session, table, copies[table.live], until) for table in facts.tables}
    return {"returned": done, "attempts": attempts}


def _held_copy(session: Session, facts: ReturnFacts, table: TableReturn) -> Name:
    copy = Name(facts.quarantine_schema, table.copy)
    session.run(SQL("LOCK TABLE {} IN SHARE MODE").format(identifier(copy)))
    if checksum(session, copy) != table.copy_checksum:
        raise Drifted(f"The rows of the copy {copy} have changed since the plan.")
    return copy


def _put_back(session: Session, table: TableReturn, copy: Name, until: float) -> dict[str, int | list[str]]:
    live = read_table(session, table.live)
    if live is None or live.fingerprint != table.fingerprint:
        raise Drifted(changed(table.live))
    _alter(session, table, (part for column in table.columns for part in _made(column)))
    _alter(session, table, (part for column in table.columns for part in _settings(column)))
    _alter(session, table, _switches(live, on=False))
    session.rows(_PATH, WRITING["search_path"])  # checks and indexes call functions that name things without a schema
    limit(session, until)
    filled = _fill(session, table, copy)
    limit(session, until)
    defaulted = _fill_newer(session, table, copy)
    limit(session, until)
    session.rows(_PATH, "pg_catalog, pg_temp")
    session.run("SET CONSTRAINTS ALL IMMEDIATE")
    _alter(session, table, _switches(live, on=True))
    nullable = [column for column in table.columns if column.is_required and _has_null(session, table, column)]
    _alter(
        session, table, (_required(column) for column in table.columns if column.is_required and column not in nullable)
    )
    for column in table.columns:
        for statement in _belongings(table.live, column):
            session.run(statement)
    limit(session, until)
    _verify(session, table, copy, [column.name for column in nullable])
    return {"filled": filled, "defaulted": defaulted, "left_nullable": [column.name for column in nullable]}


def _alter(session: Session, table: TableReturn, parts: Iterator[Composed]) -> None:
    if all_ := list(parts):
        session.run(SQL("ALTER TABLE ONLY {} {}").format(identifier(table.live), SQL(", ").join(all_)))


def _made(column: ColumnDefinition) -> Iterator[Composed]:
    collation = SQL(" COLLATE {}").format(_text(column.collation)) if column.collation else SQL("")
    yield SQL("ADD COLUMN {} {}{}").format(Identifier(column.name), _text(column.type), collation)


def _settings(column: ColumnDefinition) -> Iterator[Composed]:
    alter = SQL("ALTER COLUMN {} ").format(Identifier(column.name))
    if column.default:
        yield alter + SQL("SET DEFAULT {}").format(_text(column.default))
    if column.storage:
        yield alter + SQL("SET STORAGE {}").format(_text(column.storage))
    if column.compression:
        yield alter + SQL("SET COMPRESSION {}").format(_text(column.compression))
    if column.statistics is not None:
        yield alter + SQL("SET STATISTICS {}").format(Literal(column.statistics))
    for option in column.options:
        name, _, value = option.partition("=")
        yield alter + SQL("SET ({} = {})").format(Identifier(name), Literal(value))


def _switches(live: Table, *, on: bool) -> Iterator[Composed]:
    """Each by its name and back into its own state: DISABLE TRIGGER USER forgets which were off (measured)."""
    for trigger in live.triggers:
        verb = SQL("DISABLE" if not on else "ENABLE ALWAYS" if trigger.is_always else "ENABLE")
        yield SQL("{} TRIGGER {}").format(verb, Identifier(trigger.name))


def _fill(session: Session, table: TableReturn, copy: Name) -> int:
    sets = [SQL("{} = {}").format(Identifier(c.name), Identifier("q", c.name)) for c in table.columns]
    return session.run(
        SQL("UPDATE ONLY {} AS l SET {} FROM {} AS q WHERE {}").format(
            identifier(table.live), SQL(", ").join(sets), identifier(copy), matching(table.key)
        )
    )


def _fill_newer(session: Session, table: TableReturn, copy: Name) -> int:
    """Rows created since get what the column's default says."""
    sets = [SQL("{} = DEFAULT").format(Identifier(c.name)) for c in table.columns if c.default]
    if not sets or not table.newer:
        return 0
    return session.run(
        SQL("UPDATE ONLY {} AS l SET {} WHERE NOT EXISTS (SELECT FROM {} AS q WHERE {})").format(
            identifier(table.live), SQL(", ").join(sets), identifier(copy), matching(table.key)
        )
    )


def _has_null(session: Session, table: TableReturn, column: ColumnDefinition) -> bool:
    query = SQL("SELECT EXISTS (SELECT FROM ONLY {} AS l WHERE {} IS NOT DISTINCT FROM NULL)")
    return bool(session.row(query.format(identifier(table.live), Identifier("l", column.name)))[0])


def _required(column: ColumnDefinition) -> Composed:
    """Its NOT NULL, by its own name where PostgreSQL keeps one."""
    if column.required_by:
        return SQL("ADD CONSTRAINT {} NOT NULL {}").format(Identifier(column.required_by), Identifier(column.name))
    return SQL("ALTER COLUMN {} SET NOT NULL").format(Identifier(column.name))


def _belongings(live: Name, column: ColumnDefinition) -> Iterator[Composed]:
    """Its comment, the rights on it, and the sequences that belong to it."""
    of_table = Identifier(live.schema, live.name, column.name)
    if column.comment:
        yield SQL("COMMENT ON COLUMN {} IS {}").format(of_table, Literal(column.comment))
    for grant in column.grants:
        yield _grant(live, column.name, grant)
    for sequence in column.sequences:
        yield SQL("ALTER SEQUENCE {} OWNED BY {}").format(identifier(sequence), of_table)


def _grant(live: Name, column: str, grant: Grant) -> Composed:
    whom: Composable = SQL("PUBLIC") if grant.role == "PUBLIC" else Identifier(grant.role)
    option = SQL(" WITH GRANT OPTION" if grant.is_grantable else "")
    return SQL("GRANT {} ({}) ON {} TO {}{}").format(
        _text(grant.privilege), Identifier(column), identifier(live), whom, option
    )


def _verify(session: Session, table: TableReturn, copy: Name, nullable: Sequence[str]) -> None:
    """Every value is the copied one, byte for byte, and every definition the one that was dropped."""
    names = [column.name for column in table.columns]
    query = SQL(
        "SELECT count(*) FROM ONLY {} AS l JOIN {} AS q ON {}"
        " WHERE ROW({})::record OPERATOR(pg_catalog.*<>) ROW({})::record"
    ).format(identifier(table.live), identifier(copy), matching(table.key), columns(names, "l"), columns(names, "q"))
    if differing := session.row(query)[0]:
        raise StepFailed(f"{differing} rows of {table.live} differ from their copy. Everything was rolled back.")
    wanted = {
        replace(column, is_required=False, required_by="") if column.name in nullable else column
        for column in table.columns
    }
    if set(read_definitions(session, table.live, names)) != wanted:
        raise StepFailed(f"A column of {table.live} did not come back as it was. Everything was rolled back.")


def _text(spelled: str) -> SQL:
    """A part of a statement that PostgreSQL itself spelled when the column was dropped."""
    return SQL(spelled)
