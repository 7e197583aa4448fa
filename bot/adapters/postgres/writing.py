"""The one statement that writes rows and keeps what it did to each; and the sequences behind what was inserted.

Foreign keys are looked at where a statement ends. As one statement writes all tables, rows may refer to each other in
any way: inside a table, and around a cycle of NOT NULL keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from bot.adapters.postgres.comparison import new_value
from bot.adapters.postgres.pair import Pair, found, marks_of, row_hash, whole
from bot.adapters.postgres.session import Session, columns, identifier
from bot.core.table import Counter, Name, Table

_WHOLE = ("smallint", "integer", "bigint", "numeric")


@dataclass(frozen=True)
class Write:
    """What is written to one table: what `difference` says, kept in `changes`."""

    pair: Pair
    difference: Name
    changes: Name


@dataclass(frozen=True)
class Written:
    """What was written to one table, in rows."""

    deleted: int
    updated: int
    inserted: int


def make_change_set(session: Session, live: Table, changes: Name) -> None:
    """An empty table for what will be done to each row: what, the hash of the row as it was left, the row before."""
    op, left = map(Identifier, marks_of(live))
    statement = SQL("CREATE TABLE {} AS SELECT ''::text AS {}, 0::bigint AS {}, l.* FROM {} AS l WITH NO DATA")
    session.run(statement.format(identifier(changes), op, left, whole(live)))


def write_differences(session: Session, writes: Sequence[Write]) -> tuple[Written, ...]:
    """Delete, update and insert what the differences say; what was done to each table.

    In this order, in which PostgreSQL takes them up: so a unique value is free again before it is taken.
    """
    parts = [part for number, write in enumerate(writes) for part in _parts(write, number)]
    rows = [
        SQL("(SELECT count(*) FROM {})").format(_part(what, number))
        for what in ("deleted", "updated", "inserted")
        for number in range(len(writes))
    ]
    counted = session.row(SQL("WITH {} SELECT {}").format(SQL(", ").join(parts), SQL(", ").join(rows)))
    each = len(writes)
    return tuple(Written(*of) for of in zip(counted[:each], counted[each : 2 * each], counted[2 * each :], strict=True))


def move_forward(session: Session, live: Table, counter: Counter) -> None:
    """Let a sequence go on after the highest number there is; RESTART is undone by ROLLBACK, and setval isn't.

    A table that is held does not hold its sequence: a number taken between reading it and RESTART would be given twice.
    """
    column = live.column(counter.column)
    if column is None or column.type.split("(")[0].removeprefix("pg_catalog.") not in _WHOLE:
        return
    sequence, filled = identifier(counter.name), Identifier(counter.column)
    behind = SQL(
        "SELECT p.seqcache, (m.most + p.seqincrement)::bigint FROM {} AS s, (SELECT max({}) AS most FROM {}) AS m,"
        " pg_sequence AS p WHERE p.seqrelid = s.tableoid AND p.seqincrement > 0"
        " AND m.most >= s.last_value + CASE WHEN s.is_called THEN p.seqincrement ELSE 0 END"
        " AND m.most <= p.seqmax - p.seqincrement"  # somebody's own number at the end of the type stays so
    ).format(sequence, filled, whole(live))
    alter = SQL("ALTER SEQUENCE {} {} {}")
    for cache, _ in session.rows(behind):
        session.run(alter.format(sequence, SQL("CACHE"), Literal(cache)))  # as it was: LOCK TABLE takes no sequence
        for _, start in session.rows(behind):
            session.run(alter.format(sequence, SQL("RESTART WITH"), Literal(start)))


def _parts(write: Write, number: int) -> list[Composed]:
    done = {"deleted": _delete(write), "updated": _update(write), "inserted": _insert(write)}
    kept = SQL(" UNION ALL ").join([SQL("SELECT * FROM {}").format(_part(what, number)) for what in done])
    parts: dict[str, Composable] = {
        **done,
        "kept": SQL("INSERT INTO {} {}").format(identifier(write.changes), kept),
    }
    return [SQL("{} AS ({})").format(_part(what, number), part) for what, part in parts.items()]


def _part(what: str, number: int) -> Identifier:
    return Identifier(f"{what}_{number}")


def _columns_of(pair: Pair) -> list[str]:
    return [column.name for column in pair.live.columns]


def _delete(write: Write) -> Composed:
    return SQL(
        "DELETE FROM {live} AS l USING {difference} AS d WHERE {found} AND d.op = 'D'"
        " RETURNING 'D'::text AS op, NULL::bigint AS hash, {old}"
    ).format(
        live=whole(write.pair.live),
        difference=identifier(write.difference),
        found=found(write.pair, "l", "d"),
        old=columns(_columns_of(write.pair), "l"),
    )


def _update(write: Write) -> Composed:
    """Every column that may be changed, the key's too: equal keys may differ in their bytes. `o` is the row before."""
    pair = write.pair
    sets = [
        SQL("{} = {}").format(Identifier(column.name), new_value(number, "d"))
        for number, column in enumerate(pair.columns)
        if not column.is_always_identity
    ]
    if not sets:
        return SQL("SELECT 'U'::text AS op, NULL::bigint AS hash, o.* FROM {} AS o WHERE false").format(
            whole(pair.live)
        )
    return SQL(
        "UPDATE {live} AS l SET {sets} FROM {difference} AS d, {live} AS o"
        " WHERE {found} AND {found_before} AND d.op = 'U' AND NOT d.is_orphan"
        " RETURNING 'U'::text AS op, {hash} AS hash, {old}"
    ).format(
        live=whole(pair.live),
        sets=SQL(", ").join(sets),
        difference=identifier(write.difference),
        found=found(pair, "l", "d"),
        found_before=found(pair, "o", "d"),
        hash=row_hash("l", pair.live.own_columns),
        old=columns(_columns_of(pair), "o"),
    )


def _insert(write: Write) -> Composed:
    """Of what was not there before, the change set keeps the key alone."""
    pair = write.pair
    old = [
        SQL("{}").format(Identifier("l", column.name))
        if column.name in pair.live.key
        else SQL("CASE WHEN false THEN {} END").format(Identifier("l", column.name))  # NULL, of its type
        for column in pair.live.columns
    ]
    return SQL(
        "INSERT INTO {live} AS l ({names}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {difference} AS d"
        " WHERE d.op = 'I' AND NOT d.is_orphan RETURNING 'I'::text AS op, {hash} AS hash, {old}"
    ).format(
        live=identifier(pair.live.name),
        names=columns([column.name for column in pair.columns]),
        values=SQL(", ").join([new_value(number, "d") for number in range(len(pair.columns))]),
        difference=identifier(write.difference),
        hash=row_hash("l", pair.live.own_columns),
        old=SQL(", ").join(old),
    )
