"""What a table in production is, and whether its rows may be restored in place. Read by the catalog, judged here."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.core.errors import Refused


class Name(NamedTuple):
    """A relation by schema and name, as the catalog spells them; never put into SQL but as an identifier."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Column:
    """A column; `type` as PostgreSQL spells it, with its modifier."""

    name: str
    type: str
    is_required: bool  # NOT NULL
    has_default: bool  # a default or an identity fills it where a row is inserted without it
    is_generated: bool  # computed by the database, never written
    is_always_identity: bool  # can be inserted, can't be updated


@dataclass(frozen=True)
class ForeignKey:
    """A reference from the table to a parent; `sets_null` = ON DELETE SET NULL on one nullable column."""

    name: str
    columns: tuple[str, ...]
    parent: Name
    parent_columns: tuple[str, ...]
    sets_null: bool


@dataclass(frozen=True)
class Reference:
    """A foreign key that points here, from another table or from the table itself.

    `follows` = its rows change with what they point to: ON UPDATE CASCADE, or it sets another value.
    """

    name: str
    child: Name
    columns: tuple[str, ...]
    parent_columns: tuple[str, ...]
    follows: bool


@dataclass(frozen=True)
class Trigger:
    """A trigger of the owner's that fires in ordinary sessions; `is_always` = ENABLE ALWAYS."""

    name: str
    is_always: bool


@dataclass(frozen=True)
class Rule:
    """A unique index or a check over plain columns; `expression` is the check's, as PostgreSQL spells it, else ""."""

    name: str
    columns: tuple[str, ...]
    expression: str


@dataclass(frozen=True)
class Counter:
    """A sequence that fills a column."""

    name: Name
    column: str


@dataclass(frozen=True)
class Table:
    """A relation as the catalog has it. `fingerprint` is a digest of all of its definition and of no row.

    The fingerprint of a partitioned table is over its partitions too.
    """

    name: Name
    kind: str  # pg_class.relkind: "r" is an ordinary table
    is_temporary: bool
    is_partition: bool
    inherits: bool  # it is a parent or a child of table inheritance
    has_rules: bool  # rewrite rules
    is_owned: bool  # the bot's role is a member of the owner
    hides_rows: bool  # row-level security applies to the bot's role
    columns: tuple[Column, ...]
    key: tuple[str, ...]  # the primary key, else a unique key without NULLs; () = none
    foreign_keys: tuple[ForeignKey, ...]
    references: tuple[Reference, ...]
    triggers: tuple[Trigger, ...]
    sequences: tuple[Counter, ...]
    stale_views: tuple[Name, ...]  # materialized views that are made from it
    writers: tuple[str, ...]  # roles besides its owner that can change its rows
    readers: tuple[str, ...]  # roles besides its owner that can read its rows
    fingerprint: str
    partitions: tuple["Table", ...] = ()  # of every level, in the order in which they are locked
    rules: tuple[Rule, ...] = ()  # those whose breach can be counted beforehand

    @property
    def is_partitioned(self) -> bool:
        """Whether its rows are those of its partitions."""
        return self.kind == "p"

    @property
    def relations(self) -> tuple["Table", ...]:
        """The table and its partitions: what is locked, and what has triggers."""
        return (self, *self.partitions)

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def referenced_by(self) -> tuple[Name, ...]:
        """The other tables whose rows point here."""
        return tuple(sorted({one.child for one in self.references} - {self.name}))

    @property
    def followers(self) -> tuple[Reference, ...]:
        """The references whose rows change with what they point to."""
        return tuple(one for one in self.references if one.follows)

    @property
    def own_columns(self) -> tuple[Column, ...]:
        """The columns that hold values of their own; generated ones follow from them."""
        return tuple(column for column in self.columns if not column.is_generated)


PARTITIONS_SINCE = 15
_KINDS = {
    "v": "a view",
    "m": "a materialized view",
    "f": "a foreign table",
    "S": "a sequence",
    "i": "an index",
    "c": "a type",
}


def refusal_of_table(table: Table) -> Refused | None:
    """Why a table's rows can't be restored in place, if so."""
    rules = (
        (table.kind in _KINDS, "kind", f"{table.name} is {_KINDS.get(table.kind, '')}, not a table."),
        (table.is_temporary, "temporary", f"{table.name} is a temporary table."),
        (table.is_partition, "partition", f"{table.name} is a partition; restore its parent."),
        (table.inherits, "inheritance", f"{table.name} takes part in table inheritance."),
        (table.has_rules, "rules", f"{table.name} has rewrite rules; statements against it would be rewritten."),
        (
            not table.is_owned,
            "privilege",
            f"The bot's role is no member of the owner of {table.name}, so it can't switch its triggers off.",
        ),
        (table.hides_rows, "row_security", _row_security(table.name)),
        (
            not table.key,
            "no_key",
            f"{table.name} has no primary key or NOT NULL unique key; rows can't be matched with those of a backup.",
        ),
    )
    return _first(rules) or _first([rule for one in table.partitions for rule in _rules_of_partition(one)])


def refusal_of_version(tables: Sequence[Table], version: int) -> Refused | None:
    """Why a server of this version can't restore these tables, if so.

    An earlier one has its own rules for the triggers that partitions have from their parent.
    """
    partitioned = ", ".join(str(table.name) for table in tables if table.is_partitioned)
    text = f"{partitioned}: partitioned tables are restored from PostgreSQL {PARTITIONS_SINCE} on; this is {version}."
    return Refused("partition", text) if partitioned and version < PARTITIONS_SINCE else None


def _rules_of_partition(one: Table) -> Sequence[tuple[bool, str, str]]:
    pointing = ", ".join(str(reference.child) for reference in one.references)
    return (
        (
            not one.is_owned,
            "privilege",
            f"The bot's role is no member of the owner of {one.name}, so it can't switch its triggers off.",
        ),
        (
            bool(pointing),
            "partition",
            f"{pointing} points to {one.name} alone and not to its parent; what hangs on a row would not be seen.",
        ),
    )


def refusal_to_copy(table: Table) -> Refused | None:
    """Why a table's rows can't all be copied, if so; a partitioned one's can."""
    return _first(
        (
            (table.kind in _KINDS, "kind", f"{table.name} is {_KINDS.get(table.kind, '')}, not a table."),
            (table.is_temporary, "temporary", f"{table.name} is a temporary table."),
            (table.hides_rows, "row_security", _row_security(table.name)),
        )
    )


def refusal_of_backup(live: Table, backup: Table, castable: Container[str] = ()) -> Refused | None:
    """Why the rows of `backup` can't be put into `live`, if so, as far as their definitions tell.

    `castable` are the columns whose values PostgreSQL can cast, where the types differ.
    """
    name = f"Backup {backup.name}"
    missing_key = [column for column in live.key if not backup.column(column)]
    extra = [column.name for column in backup.columns if not live.column(column.name)]
    other = [
        f"{column.name} is {theirs.type} in the backup and {column.type} in the table"
        for column in live.own_columns
        if (theirs := backup.column(column.name)) and theirs.type != column.type and column.name not in castable
    ]
    others = "; ".join(other)
    rules = (
        (
            backup.kind != "r" or backup.is_temporary,
            "kind",
            f"{name} is {_KINDS.get(backup.kind, 'not an ordinary table')}; a backup must be an ordinary table.",
        ),
        (
            not backup.is_owned,
            "privilege",
            f"The bot's role is no member of the owner of {backup.name}, so it can't hold it still.",
        ),
        (backup.hides_rows, "row_security", _row_security(backup.name)),
        (bool(missing_key), "no_key", f"{name} has no column {', '.join(missing_key)}, by which rows are matched."),
        (bool(extra), "extra_columns", f"{name} has columns that {live.name} no longer has: {', '.join(extra)}."),
        (
            bool(other),
            "type",
            f"{name} can't be put back without a change of types that PostgreSQL itself doesn't make safely: {others}.",
        ),
    )
    return _first(rules)


def refusal_to_stop(table: Table) -> Refused | None:
    """Why a trigger on a table would not stop every write to it, if so; or why the bot may not make one."""
    not_all = "so a trigger on it would not stop every write"
    rules = (
        (table.kind in _KINDS, "kind", f"{table.name} is {_KINDS.get(table.kind, '')}, not a table."),
        (table.is_temporary, "temporary", f"{table.name} is a temporary table."),
        (
            table.kind == "p" or table.is_partition,
            "partition",
            f"{table.name} is partitioned, or a partition: rows can be written through another table, {not_all}.",
        ),
        (
            table.inherits,
            "inheritance",
            f"{table.name} takes part in table inheritance: rows can be written through another table, {not_all}.",
        ),
        (not table.is_owned, "privilege", _not_owned(table.name)),
    )
    return _first(rules)


def refusal_to_resume(table: Table) -> Refused | None:
    """Why the bot may not take its trigger off a table, if so; whatever else has become of it."""
    return None if table.is_owned else Refused("privilege", _not_owned(table.name))


def _not_owned(name: Name) -> str:
    return f"The bot's role is no member of the owner of {name}, so it can't make or remove a trigger there."


def fills_itself(column: Column) -> bool:
    """Whether a row may be inserted without a value for the column."""
    return column.has_default or column.is_generated or not column.is_required


def _row_security(name: Name) -> str:
    return (
        f"Row-level security hides rows of {name} from the bot's role, so it would copy and restore only the rows "
        "it may see. The role needs BYPASSRLS."
    )


def _first(rules: Sequence[tuple[bool, str, str]]) -> Refused | None:
    return next((Refused(rule, text) for is_so, rule, text in rules if is_so), None)
