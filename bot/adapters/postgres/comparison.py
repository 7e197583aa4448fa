"""A table beside its backup, row by row: which rows a restore writes, and what with. One definition for every use.

The plan counts with it, and the restore writes what it finds; so what people approve is what runs. Rows are compared
by their bytes (`*<>` on records), which is NULL-safe and works for types without an equality: json, point.
Operators are PostgreSQL's own by name: with a type such as varchar, somebody else's could come first.
"""

from collections.abc import Sequence

from psycopg import sql
from psycopg.sql import SQL, Identifier

from bot.adapters.postgres.pair import (
    Listed,
    Pair,
    Parents,
    among,
    as_keys,
    cast_backup,
    key,
    live_value,
    matching,
    row_hash,
    whole,
)
from bot.adapters.postgres.presence import Present, is_orphan, look_up
from bot.adapters.postgres.session import Session, columns, identifier
from bot.core.counts import Counts
from bot.core.restore import Mode
from bot.core.table import Name


def count_rows(session: Session, pair: Pair, parents: Parents) -> Counts:
    """What a restore of the pair would write, counted."""
    source = SQL("({})").format(difference(pair, parents))
    return tally(session, pair, source, rows_of(session, pair.live.name), _backup_counts(session, pair))


def _backup_counts(session: Session, pair: Pair) -> tuple[int, int, int]:
    """The rows of the backup, those with a NULL in the key, and those whose key another one has."""
    query = SQL(
        "SELECT count(*), count(*) FILTER (WHERE {is_null}), count(*) FILTER (WHERE NOT ({is_null}))"
        " - (SELECT count(*) FROM (SELECT FROM {backup} WHERE NOT ({is_null}) GROUP BY {key}) AS g) FROM {backup}"
    )
    is_null = SQL(" OR ").join([SQL("{} IS NULL").format(Identifier(name)) for name in pair.live.key])
    backup, key_columns = SQL("{} AS b").format(cast_backup(pair)), columns(pair.live.key)
    rows, null_keys, double_keys = session.row(query.format(is_null=is_null, backup=backup, key=key_columns))
    return rows, null_keys, double_keys


def tally(session: Session, pair: Pair, source: sql.Composable, live_rows: int, backup: tuple[int, int, int]) -> Counts:
    """The numbers of a difference, computed anew or from where it was kept; `backup` = its rows, NULL keys, doubles."""
    held_back = SQL(", count(*) FILTER (WHERE {} AND op IN ('U', 'I'))")
    flags = [held_back.format(_flag(number)) for number in range(len(pair.guards))]
    query = SQL(
        "SELECT count(*) FILTER (WHERE op = 'U' AND NOT is_orphan), count(*) FILTER (WHERE op = 'I' AND NOT is_orphan),"
        " count(*) FILTER (WHERE op = 'D'), count(*) FILTER (WHERE op = 'K'), count(*) FILTER (WHERE op = 'L'),"
        " count(*) FILTER (WHERE is_undone AND op IN ('U', 'D') AND NOT is_orphan),"
        " count(*) FILTER (WHERE is_other_identity AND op = 'U' AND NOT is_orphan),"
        " count(*) FILTER (WHERE is_pulling AND op = 'U' AND NOT is_orphan) {} FROM {} AS d"
    ).format(SQL("").join(flags), source)
    update, insert, delete, keep, left, undone, identities, pulling, *orphans = session.row(query)
    backup_rows, null_keys, double_keys = backup
    return Counts(
        live_rows=live_rows,
        backup_rows=backup_rows,
        update=update,
        insert=insert,
        delete=delete,
        keep=keep,
        left_deleted=left,
        orphans={fk.name: rows for fk, rows in zip(pair.guards, orphans, strict=True) if rows},
        undone=undone if pair.is_dated else None,
        null_keys=null_keys,
        double_keys=double_keys,
        changed_identities=identities,
        pulling=pulling,
    )


def difference(pair: Pair, parents: Parents, listed: Listed | None = None) -> sql.Composed:
    """Every row that one of the two doesn't have or has otherwise: its key, what is to be done, and the new values.

    `op` is U (updated), I (inserted), D (deleted), K (only in the table, and kept) or L (only in the backup, and left
    deleted). Of an orphan, which is left as it is, `is_orphan` says so. `listed` names keys: only those are looked at.
    """
    listed = listed or {}
    joins, present = look_up(pair, pair.foreign_keys, parents, listed)
    targets = [_target(pair, column.name, present) for column in pair.columns]
    restored = [live_value(pair, column.name) for column in pair.columns]
    flags = [SQL(", {} AS {}").format(is_orphan(fk, present), _flag(n)) for n, fk in enumerate(pair.guards)]
    values = [SQL("{} AS {}").format(value, new_value(number)) for number, value in enumerate(targets)]
    inner = SQL(
        "SELECT {keys}, {op} AS op, ({undone}) AS is_undone, ({identities}) AS is_other_identity,"
        " ({pulls}) AS is_pulling {flags}, {values} FROM {backup} AS b FULL JOIN {live} AS l ON {match} {joins}"
    ).format(
        keys=_keys(pair),
        op=_op(pair, SQL("ROW({})::record").format(SQL(", ").join(restored)), targets),
        undone=_undone(pair),
        identities=_moved(pair, [one.name for one in pair.columns if one.is_always_identity], present),
        pulls=_moved(pair, _followed(pair), present),
        flags=SQL("").join(flags),
        values=SQL(", ").join(values),
        backup=_compared_rows(pair, listed),
        live=_live_rows(pair, listed),
        match=matching(pair, "l", "b"),
        joins=joins,
    )
    orphan = SQL(" OR ").join([SQL("false"), *[_flag(n) for n in range(len(pair.guards))]])
    return SQL(
        "SELECT d.*, (d.op IN ('U', 'I') AND ({orphan})) AS is_orphan FROM ({inner}) AS d WHERE d.op IS NOT NULL"
    ).format(inner=inner, orphan=orphan)


def new_value(number: int, alias: str = "") -> Identifier:
    """The name that a difference gives to the new value of a restored column."""
    return Identifier(alias, f"c{number}") if alias else Identifier(f"c{number}")


def rows_of(session: Session, name: Name) -> int:
    """How many rows a table has, with those of its partitions."""
    return int(session.row(SQL("SELECT count(*) FROM {}").format(identifier(name)))[0])


def checksum(session: Session, name: Name) -> str:
    """The number of rows with a sum over the hash of each: the same for the same rows in any order."""
    query = (
        "SELECT count(*)::text || ':' || coalesce(sum(pg_catalog.hashtextextended(ROW(b.*)::text, 0::bigint)), 0)::text"
        " FROM {} AS b"
    )
    return str(session.row(SQL(query).format(identifier(name)))[0])


def _target(pair: Pair, column: str, present: Present) -> sql.Composable:
    """What a restored row has in a column: the backup's value `b`, unless the table's `l` must not be unset.

    A reference that becomes NULL when its parent goes is NULL where the parent is gone.
    """
    theirs = Identifier("b", column)
    if column in pair.sticky:
        return SQL("coalesce({}, {})").format(Identifier("l", column), theirs)
    for fk in pair.foreign_keys:
        if fk.sets_null and fk.columns == (column,):
            return SQL("CASE WHEN {} THEN {} END").format(present[fk], theirs)
    return theirs


def _compared_rows(pair: Pair, listed: Listed) -> sql.Composable:
    backup, mine = cast_backup(pair), listed.get(pair.live.name)
    return among(pair, backup, mine) if mine and pair.mode is not Mode.UNDO else backup


def _live_rows(pair: Pair, listed: Listed) -> sql.Composable:
    """Of an undo never more than the change set lists."""
    if pair.mode is Mode.UNDO:
        changed = SQL("(SELECT {} FROM {} AS b)").format(as_keys(pair, "b"), cast_backup(pair))
        return among(pair, whole(pair.live), changed)
    mine = listed.get(pair.live.name)
    return among(pair, whole(pair.live), mine) if mine else whole(pair.live)


def _keys(pair: Pair) -> sql.Composed:
    """The backup's, where it has the row: a key that is equal may be written otherwise."""
    each = [
        SQL("coalesce({}, {}) AS {}").format(Identifier("b", name), Identifier("l", name), key(number))
        for number, name in enumerate(pair.live.key)
    ]
    return SQL(", ").join(each)


def _op(pair: Pair, restored: sql.Composable, targets: list[sql.Composable]) -> sql.Composed:
    """NULL = nothing is to be done, or can be."""
    no_live, no_backup = (SQL("{} IS NULL").format(Identifier(alias, pair.live.key[0])) for alias in "lb")
    op, always = Identifier("b", pair.marks[0]), SQL("true" if pair.reinserts else "false")
    cases = [SQL("WHEN {} THEN {}").format(no_backup, sql.Literal("D" if pair.mode is Mode.EXACT else "K"))]
    if pair.mode is Mode.UNDO:
        cases += [
            SQL("WHEN {} = 'I' THEN CASE WHEN NOT {} THEN 'D' END").format(op, no_live),
            SQL("WHEN {} AND {} = 'D' THEN 'I'").format(no_live, op),
        ]
    return SQL(
        "CASE {cases} WHEN {no_live} THEN CASE WHEN {always} THEN 'I' ELSE 'L' END"
        " WHEN {restored} OPERATOR(pg_catalog.*<>) ROW({targets})::record THEN 'U' END"
    ).format(
        cases=SQL(" ").join(cases),
        no_live=no_live,
        always=always,
        restored=restored,
        targets=SQL(", ").join(targets),
    )


def _flag(number: int) -> Identifier:
    return Identifier(f"o{number}")


def _undone(pair: Pair) -> sql.Composed:
    """Changed since: after an operation by the hash of the row that it left, after a backup by the `recent` column.

    Later than the newest row of the backup is after it was made; its name tells the day only. No row of the backup can
    be from after that day: one that says so tells nothing.
    """
    both = SQL("{} IS NOT NULL AND {} IS NOT NULL").format(
        *(Identifier(alias, pair.live.key[0]) for alias in ("l", "b"))
    )
    if pair.mode is Mode.UNDO:
        now, left = row_hash("l", pair.columns), Identifier("b", pair.marks[1])
        return SQL("{} AND {} IS DISTINCT FROM {}").format(both, now, left)
    if not pair.is_dated:
        return SQL("{}").format(SQL("false"))
    column, backup = Identifier(pair.recent), cast_backup(pair)
    newest = SQL("(SELECT pg_catalog.max(n.{}) FROM {} AS n)").format(column, backup)
    if pair.made_before and (told := pair.live.column(pair.recent)) and told.type.startswith("timestamp"):
        newest = SQL("least({}, {})").format(newest, sql.Literal(pair.made_before))
    later = SQL("coalesce(l.{} OPERATOR(pg_catalog.>) {}, l.{} IS NOT NULL)").format(column, newest, column)
    return SQL("{} AND {}").format(both, later)


def _moved(pair: Pair, names: Sequence[str], present: Present) -> sql.Composed:
    """That one of these columns changes, be it in its bytes only: PostgreSQL lets other rows follow that, too."""
    moved = [
        SQL("ROW({})::record OPERATOR(pg_catalog.*<>) ROW({})::record").format(
            live_value(pair, name), _target(pair, name, present)
        )
        for name in names
    ]
    return SQL(" OR ").join([SQL("false"), *moved])


def _followed(pair: Pair) -> list[str]:
    """The columns whose values other tables' rows follow: ON UPDATE CASCADE and its like."""
    followed = {column for follower in pair.live.followers for column in follower.parent_columns}
    return [column.name for column in pair.columns if column.name in followed]
