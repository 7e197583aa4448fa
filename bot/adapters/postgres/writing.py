"""The statements that write rows: the differences of a table, at once, and the sequences behind what was inserted."""

from psycopg.sql import SQL, Composed, Identifier

from bot.adapters.postgres.comparison import Pair, key, matching, target
from bot.adapters.postgres.session import Session, identifier
from bot.core.table import Counter, Name, Table

_WHOLE = ("smallint", "integer", "bigint", "numeric")


def write_differences(session: Session, pair: Pair, differences: Name) -> tuple[int, int]:
    """Update and insert what `differences` says; the rows of each.

    One statement: foreign keys and unique keys are looked at where it ends, and rows of one table refer to each other.
    """
    statement = SQL(
        "WITH updated AS ({}), inserted AS ({}) SELECT (SELECT count(*) FROM updated), (SELECT count(*) FROM inserted)"
    ).format(
        _update(pair, differences) if _written(pair) else SQL("SELECT 1 WHERE false"),
        _insert(pair, differences) if pair.reinserts else SQL("SELECT 1 WHERE false"),
    )
    updated, inserted = session.row(statement)
    return updated, inserted


def move_forward(session: Session, live: Table, counter: Counter) -> None:
    """Let a sequence go on after the highest number there is; RESTART is undone by ROLLBACK, and setval isn't."""
    column = live.column(counter.column)
    if column is None or column.type.split("(")[0].removeprefix("pg_catalog.") not in _WHOLE:
        return
    sequence, filled = identifier(counter.name), Identifier(counter.column)
    query = SQL(
        "SELECT (m.most + p.seqincrement)::bigint FROM {} AS s, (SELECT max({}) AS most FROM ONLY {}) AS m,"
        " pg_sequence AS p WHERE p.seqrelid = s.tableoid AND p.seqincrement > 0"
        " AND m.most >= s.last_value + CASE WHEN s.is_called THEN p.seqincrement ELSE 0 END"
        " AND m.most <= p.seqmax - p.seqincrement"  # somebody's own number at the end of the type stays so
    ).format(sequence, filled, identifier(live.name))
    for (start,) in session.rows(query):
        session.run(SQL("ALTER SEQUENCE {} RESTART WITH {}").format(sequence, SQL(str(int(start)))))


def _written(pair: Pair) -> list[str]:
    """Every column that may be changed, the key's too: equal keys may differ in their bytes."""
    return [column.name for column in pair.columns if not column.is_always_identity]


def _update(pair: Pair, differences: Name) -> Composed:
    sets = [SQL("{} = {}").format(Identifier(name), target(pair, name, {})) for name in _written(pair)]
    return SQL(
        "UPDATE ONLY {live} AS l SET {sets} FROM {backup} AS b, {differences} AS d"
        " WHERE {match} AND {found} AND NOT d.is_new AND NOT d.is_orphan RETURNING 1"
    ).format(
        live=identifier(pair.live.name),
        sets=SQL(", ").join(sets),
        backup=identifier(pair.backup.name),
        differences=identifier(differences),
        match=matching(pair, "l", "b"),
        found=_found(pair),
    )


def _insert(pair: Pair, differences: Name) -> Composed:
    names = [column.name for column in pair.columns]
    return SQL(
        "INSERT INTO {live} ({names}) OVERRIDING SYSTEM VALUE SELECT {targets} FROM {backup} AS b, {differences} AS d"
        " WHERE {found} AND d.is_new AND NOT d.is_orphan RETURNING 1"
    ).format(
        live=identifier(pair.live.name),
        names=SQL(", ").join([Identifier(name) for name in names]),
        targets=SQL(", ").join([target(pair, name, {}, is_new=True) for name in names]),
        backup=identifier(pair.backup.name),
        differences=identifier(differences),
        found=_found(pair),
    )


def _found(pair: Pair) -> Composed:
    equal = [
        SQL("d.{} OPERATOR(pg_catalog.=) b.{}").format(key(number), Identifier(name))
        for number, name in enumerate(pair.live.key)
    ]
    return SQL(" AND ").join(equal)
