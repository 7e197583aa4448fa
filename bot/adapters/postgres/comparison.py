"""A table beside its backup, row by row: which rows a restore writes, and what with. One definition for both uses.

Operators are PostgreSQL's own by name: with a type such as varchar, somebody else's could come first.

The plan counts with it, and the restore writes what it finds; so what people approve is what runs. Rows are compared
by their bytes (`*<>` on records), which is NULL-safe and works for types without an equality: json, point.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql
from psycopg.sql import SQL, Identifier

from bot.adapters.postgres.session import Session, columns, identifier
from bot.core.restore import Counts
from bot.core.table import Column, ForeignKey, Name, Table


@dataclass(frozen=True)
class Pair:
    """A table and its backup. `sticky`, `reinserts` and `recent` are the runbook's words for the table."""

    live: Table
    backup: Table
    sticky: tuple[str, ...]
    reinserts: bool
    recent: str
    made_before: datetime | None = None  # when the backup was there already, as its name says

    @property
    def columns(self) -> tuple[Column, ...]:
        """What is compared and restored: the columns with values of their own that both have."""
        return tuple(column for column in self.live.own_columns if self.backup.column(column.name))

    @property
    def is_dated(self) -> bool:
        """Whether it can be told which rows changed after the backup."""
        return bool(self.live.column(self.recent) and self.backup.column(self.recent))

    @property
    def guards(self) -> tuple[ForeignKey, ...]:
        """The foreign keys that hold a row back where its parent is gone; those that become NULL then don't."""
        restored = {column.name for column in self.columns}
        return tuple(fk for fk in self.live.foreign_keys if set(fk.columns) <= restored and not fk.sets_null)


Parents = Mapping[Name, Pair]  # tables whose deleted rows come back before, or at the same time


def count_rows(session: Session, pair: Pair, parents: Parents) -> Counts:
    """What a restore of the pair would write, counted."""
    live_rows = rows_of(session, pair.live.name)
    backup_rows, null_keys, double_keys = session.row(
        SQL(
            "SELECT count(*), count(*) FILTER (WHERE {is_null}),"
            " count(*) FILTER (WHERE NOT ({is_null})) - count(DISTINCT ({keys})) FILTER (WHERE NOT ({is_null})) FROM {}"
        ).format(
            identifier(pair.backup.name),
            is_null=SQL(" OR ").join([SQL("{} IS NULL").format(Identifier(key)) for key in pair.live.key]),
            keys=SQL("ROW({})").format(SQL(", ").join([Identifier(key) for key in pair.live.key])),
        )
    )
    return tally(
        session, pair, SQL("({})").format(difference(pair, parents)), live_rows, (backup_rows, null_keys, double_keys)
    )


def tally(session: Session, pair: Pair, source: sql.Composable, live_rows: int, backup: tuple[int, int, int]) -> Counts:
    """The numbers of a difference, computed anew or from where it was kept; `backup` = its rows, NULL keys, doubles."""
    query = SQL(
        "SELECT count(*) FILTER (WHERE NOT is_new AND NOT is_orphan), count(*) FILTER (WHERE is_new AND NOT is_orphan),"
        " count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE is_undone AND NOT is_orphan),"
        " count(*) FILTER (WHERE is_other_identity AND NOT is_orphan),"
        " count(*) FILTER (WHERE is_pulling AND NOT is_orphan) {} FROM {} AS d"
    ).format(
        SQL("").join([SQL(", count(*) FILTER (WHERE {})").format(_flag(n)) for n in range(len(pair.guards))]), source
    )
    update, insert, new, undone, identities, pulling, *orphans = session.row(query)
    backup_rows, null_keys, double_keys = backup
    return Counts(
        live_rows=live_rows,
        backup_rows=backup_rows,
        update=update,
        insert=insert if pair.reinserts else 0,
        keep=live_rows - (backup_rows - new),
        left_deleted=0 if pair.reinserts else new,
        orphans={fk.name: rows for fk, rows in zip(pair.guards, orphans, strict=True) if rows},
        undone=undone if pair.is_dated else None,
        null_keys=null_keys,
        double_keys=double_keys,
        changed_identities=identities,
        pulling=pulling,
    )


def difference(pair: Pair, parents: Parents) -> sql.Composed:
    """Every row of the backup that the table doesn't have, or has otherwise: its key, and what is to be known of it."""
    restored = [Identifier("l", column.name) for column in pair.columns]
    targets = [target(pair, column.name, parents) for column in pair.columns]
    is_new = SQL("l.{} IS NULL").format(Identifier(pair.live.key[0]))
    orphans = [_orphan(pair, fk, parents) for fk in pair.guards]
    return SQL(
        "SELECT {keys}, {is_new} AS is_new, ({is_orphan}) AS is_orphan, {undone} AS is_undone,"
        " NOT {is_new} AND ({identities}) AS is_other_identity, NOT {is_new} AND ({pulls}) AS is_pulling {orphans}"
        " FROM {backup} AS b LEFT JOIN ONLY {live} AS l ON {match}"
        " WHERE {is_new} OR ROW({restored})::record OPERATOR(pg_catalog.*<>) ROW({targets})::record"
    ).format(
        keys=SQL(", ").join([SQL("b.{} AS {}").format(Identifier(k), key(n)) for n, k in enumerate(pair.live.key)]),
        is_new=is_new,
        is_orphan=SQL(" OR ").join(orphans) if orphans else SQL("false"),
        undone=_undone(pair),
        identities=_identities(pair),
        pulls=_pulls(pair, parents),
        orphans=SQL("").join([SQL(", ({}) AS {}").format(orphan, _flag(n)) for n, orphan in enumerate(orphans)]),
        backup=identifier(pair.backup.name),
        live=identifier(pair.live.name),
        match=matching(pair, "l", "b"),
        restored=SQL(", ").join(restored),
        targets=SQL(", ").join(targets),
    )


def target(pair: Pair, column: str, parents: Parents, *, is_new: bool = False) -> sql.Composable:
    """What a restored row has in a column: the backup's value `b`, unless the table's `l` must not be unset.

    A reference that becomes NULL when its parent goes is NULL where the parent is gone.
    """
    theirs = Identifier("b", column)
    if column in pair.sticky and not is_new:
        return SQL("coalesce({}, {})").format(Identifier("l", column), theirs)
    for fk in pair.live.foreign_keys:
        if fk.sets_null and fk.columns == (column,):
            return SQL("CASE WHEN {} THEN {} END").format(_is_present(pair, fk, parents), theirs)
    return theirs


def matching(pair: Pair, one: str, other: str) -> sql.Composed:
    """That the keys of two aliases are equal."""
    equal = [
        SQL("{} OPERATOR(pg_catalog.=) {}").format(Identifier(one, k), Identifier(other, k)) for k in pair.live.key
    ]
    return SQL(" AND ").join(equal)


def key(number: int) -> Identifier:
    """The name that a difference gives to a column of the key."""
    return Identifier(f"k{number}")


def rows_of(session: Session, name: Name) -> int:
    """How many rows a table has."""
    return int(session.row(SQL("SELECT count(*) FROM ONLY {}").format(identifier(name)))[0])


def checksum(session: Session, name: Name) -> str:
    """The number of rows with a sum over the hash of each: the same for the same rows in any order."""
    query = (
        "SELECT count(*)::text || ':' || coalesce(sum(pg_catalog.hashtextextended(ROW(b.*)::text, 0::bigint)), 0)::text"
        " FROM {} AS b"
    )
    return str(session.row(SQL(query).format(identifier(name)))[0])


def _flag(number: int) -> Identifier:
    return Identifier(f"o{number}")


def _undone(pair: Pair) -> sql.Composed:
    """Changed later than the newest row of the backup, so after it was made; its name tells the day only.

    No row of the backup can be from after that day: one that says so tells nothing.
    """
    if not pair.is_dated:
        return SQL("{}").format(SQL("false"))
    column, backup = Identifier(pair.recent), identifier(pair.backup.name)
    newest = SQL("(SELECT pg_catalog.max(n.{}) FROM {} AS n)").format(column, backup)
    if pair.made_before and (told := pair.live.column(pair.recent)) and told.type.startswith("timestamp"):
        newest = SQL("least({}, {})").format(newest, sql.Literal(pair.made_before))
    return SQL("coalesce(l.{} OPERATOR(pg_catalog.>) {}, l.{} IS NOT NULL)").format(column, newest, column)


def _identities(pair: Pair) -> sql.Composed:
    names = [column.name for column in pair.columns if column.is_always_identity]
    pairs = [(Identifier("l", name), Identifier("b", name)) for name in names]
    return SQL(" OR ").join([SQL("false"), *(SQL("{} IS DISTINCT FROM {}").format(*pair) for pair in pairs)])


def _pulls(pair: Pair, parents: Parents) -> sql.Composed:
    """That a column changes whose value other tables' rows follow: ON UPDATE CASCADE and its like."""
    names = {column for follower in pair.live.followers for column in follower.columns}
    restored = [column.name for column in pair.columns if column.name in names]
    moved = [
        SQL("{} IS DISTINCT FROM {}").format(Identifier("l", name), target(pair, name, parents)) for name in restored
    ]
    return SQL(" OR ").join([SQL("false"), *moved])


def _orphan(pair: Pair, fk: ForeignKey, parents: Parents) -> sql.Composed:
    """What is written only: a deleted row that isn't brought back points to nothing by right."""
    given = [SQL("{} IS NOT NULL").format(Identifier("b", column)) for column in fk.columns]
    if not pair.reinserts:
        given.append(SQL("{} IS NOT NULL").format(Identifier("l", pair.live.key[0])))
    return SQL("({} AND {} IS NOT TRUE)").format(SQL(" AND ").join(given), _is_present(pair, fk, parents))


def _is_present(pair: Pair, fk: ForeignKey, parents: Parents) -> sql.Composed:
    """That what a row of the backup refers to is there, or comes back with it."""
    rows = [SQL("SELECT {} FROM {}").format(columns(fk.parent_columns), identifier(fk.parent))]
    parent = pair if fk.parent == pair.live.name else parents.get(fk.parent)
    if parent and parent.reinserts and all(parent.backup.column(column) for column in fk.parent_columns):
        rows.append(_coming_back(parent, fk.parent_columns, parents))
    ours = columns(fk.columns, "b")
    return SQL("(({}) OPERATOR(pg_catalog.=) ANY ({}))").format(ours, SQL(" UNION ALL ").join(rows))


def _coming_back(pair: Pair, wanted: Sequence[str], parents: Parents) -> sql.Composed:
    """The rows of a backup but those that stay away themselves; of a chain inside one table, one link is seen."""
    orphans = [_orphan(pair, fk, parents) for fk in pair.guards if fk.parent != pair.live.name]
    held_back = SQL(" OR ").join([SQL("false"), *orphans])
    backup = identifier(pair.backup.name)
    return SQL("SELECT {} FROM {} AS b WHERE NOT ({})").format(columns(wanted, "b"), backup, held_back)
