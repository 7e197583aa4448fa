"""A table and what it is restored from, with the words that are known of them; how their rows are told apart.

A change set is a backup too: of the rows that a restore wrote, as they were before, and with what was done to each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from psycopg import sql
from psycopg.sql import SQL, Identifier

from bot.adapters.postgres.session import columns, identifier
from bot.core.restore import Mode, TableRestore
from bot.core.table import Column, ForeignKey, Name, Table

_MARKS = ("op", "hash")


@dataclass(frozen=True)
class Cast:
    """A column whose values are cast to another type, both as PostgreSQL spells them; domains are their base types."""

    column: str
    target: str
    source: str


@dataclass(frozen=True)
class Pair:
    """A table and its backup. `sticky`, `reinserts` and `recent` are the runbook's words for the table.

    `marks` are the columns that a change set has beside those of the table: what was done, and the hash of the row as
    it was left.
    """

    live: Table
    backup: Table
    sticky: tuple[str, ...]
    reinserts: bool
    recent: str
    made_before: datetime | None = None  # when the backup was there already, as its name says
    mode: Mode = Mode.KEEP
    marks: tuple[str, str] = _MARKS
    casts: tuple[Cast, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """What is compared and restored: the columns with values of their own that both have."""
        return tuple(column for column in self.live.own_columns if self.backup.column(column.name))

    @property
    def is_dated(self) -> bool:
        """Whether it can be told which rows changed after the backup."""
        return self.mode is Mode.UNDO or bool(self.live.column(self.recent) and self.backup.column(self.recent))

    @property
    def foreign_keys(self) -> tuple[ForeignKey, ...]:
        """The references that a restore writes."""
        restored = {column.name for column in self.columns}
        return tuple(fk for fk in self.live.foreign_keys if set(fk.columns) <= restored)

    @property
    def guards(self) -> tuple[ForeignKey, ...]:
        """The foreign keys that hold a row back where its parent is gone; those that become NULL then don't."""
        return tuple(fk for fk in self.foreign_keys if not fk.sets_null)


Parents = Mapping[Name, Pair]  # tables whose deleted rows come back at the same time, and whose others may go
Listed = Mapping[Name, sql.Composable]  # by table: the keys that alone are looked at


def paired(table: TableRestore, mode: Mode, live: Table, backup: Table) -> Pair:
    """The pair that a plan is about, as the catalog has its two relations now."""
    pair = Pair(live, backup, table.sticky, table.reinserts, table.recent, mode=mode)
    return of_change_set(pair) if mode is Mode.UNDO else pair


def cast_backup(pair: Pair) -> sql.Composable:
    """The rows of the backup, in the types of the table."""
    if not pair.casts:
        return identifier(pair.backup.name)
    marks = pair.marks if pair.mode is Mode.UNDO else ()
    values = [
        SQL("{} AS {}").format(_cast(pair, "w", name), Identifier(name))
        for name in (*marks, *(column.name for column in pair.backup.columns))
    ]
    return SQL("(SELECT {} FROM {} AS w)").format(SQL(", ").join(values), identifier(pair.backup.name))


def live_value(pair: Pair, column: str) -> sql.Composable:
    """What the table's row `l` has in a column, in the type that the backup's value is cast to."""
    return _cast(pair, "l", column)


def of_change_set(pair: Pair) -> Pair:
    """The same of a change set: its first two columns are its own, whatever they had to be called."""
    op, left, *rows = pair.backup.columns
    return replace(pair, backup=replace(pair.backup, columns=tuple(rows)), marks=(op.name, left.name), mode=Mode.UNDO)


def marks_of(live: Table) -> tuple[str, str]:
    """Names for the two columns of a change set that the table itself doesn't have."""
    taken = {column.name for column in live.columns}
    op, left = (next(name for n in range(len(taken) + 1) if (name := mark + "_" * n) not in taken) for mark in _MARKS)
    return op, left


def row_hash(alias: str, names: Sequence[Column]) -> sql.Composed:
    """A hash over the values of a row's own columns, in the table's order, whatever the search_path is."""
    row = SQL(", ").join([_spelled(Identifier(alias, column.name), column.type) for column in names])
    return SQL("pg_catalog.hashtextextended(ROW({})::text, 0::bigint)").format(row)


def _spelled(value: Identifier, kind: str) -> sql.Composed:
    """As its number, where it is a regclass or its like: whether that names its schema depends on the search_path."""
    number = ("::oid[]" if kind.endswith("[]") else "::oid") if kind.startswith("reg") else ""
    return SQL("{}{}").format(value, SQL(number))


def matching(pair: Pair, one: str, other: str) -> sql.Composed:
    """That the keys of two aliases are equal."""
    return _equal(
        [Identifier(one, name) for name in pair.live.key], [Identifier(other, name) for name in pair.live.key]
    )


def found(pair: Pair, one: str, listed: str) -> sql.Composed:
    """That the key of an alias is the one in a list of keys."""
    keys = [key(number, listed) for number in range(len(pair.live.key))]
    return _equal([Identifier(one, name) for name in pair.live.key], keys)


def key(number: int, alias: str = "") -> Identifier:
    """The name that a list of keys gives to a column of the key."""
    return Identifier(alias, f"k{number}") if alias else Identifier(f"k{number}")


def keys(pair: Pair, alias: str = "") -> sql.Composed:
    """The columns of the key in a list of keys."""
    return SQL(", ").join([key(number, alias) for number in range(len(pair.live.key))])


def as_keys(pair: Pair, alias: str) -> sql.Composed:
    """The key of an alias, named as in a list of keys."""
    named = [SQL("{} AS {}").format(Identifier(alias, name), key(n)) for n, name in enumerate(pair.live.key)]
    return SQL(", ").join(named)


def among(pair: Pair, relation: sql.Composable, listed: sql.Composable) -> sql.Composed:
    """The rows of a relation whose keys are listed."""
    return SQL("(SELECT w.* FROM {} AS w WHERE ({}) OPERATOR(pg_catalog.=) ANY (SELECT {} FROM {} AS x))").format(
        relation, columns(pair.live.key, "w"), keys(pair, "x"), listed
    )


def whole(table: Table) -> sql.Composed:
    """A table's rows: those of all its partitions, and none of what inherits from it."""
    return SQL("{}{}").format(SQL("" if table.is_partitioned else "ONLY "), identifier(table.name))


def _cast(pair: Pair, alias: str, name: str) -> sql.Composable:
    target = next((cast.target for cast in pair.casts if cast.column == name), None)
    value = Identifier(alias, name)
    return SQL("CAST({} AS {})").format(value, SQL(target)) if target else value


def _equal(ones: Sequence[Identifier], others: Sequence[Identifier]) -> sql.Composed:
    equal = [SQL("{} OPERATOR(pg_catalog.=) {}").format(*both) for both in zip(ones, others, strict=True)]
    return SQL(" AND ").join(equal)
