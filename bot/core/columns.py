"""Dropping added columns and putting them back: what people approve, what stands in the way, and what counts as drift.

The values are counted, never shown. A column's whole definition is in the plan, so the way back is planned from what
was approved, and not from a text that somebody could have changed in the database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.core.errors import Refused
from bot.core.plan import Facts, Step
from bot.core.table import Name

DROP, ADD_BACK = "drop_columns", "add_columns_back"
ALONE_SECONDS = 2.0  # how long a drop may have its tables to itself; it takes milliseconds
MOST_ROWS = 200_000  # above it, putting values back would keep readers waiting for too long
_LONGEST_NAME = 38  # bytes of a table's name in that of its copy, of PostgreSQL's 63
_NAMED = 12  # dependents in a refusal
_LONGEST_IDENTITY = 120


@dataclass(frozen=True)
class Grant:
    """A right on one column that the table's owner gave; `role` is PUBLIC for everybody."""

    role: str
    privilege: str
    is_grantable: bool


@dataclass(frozen=True)
class ColumnDefinition:
    """All that is set of one column, as PostgreSQL spells it; "" and () = nothing was set."""

    name: str
    type: str
    collation: str
    default: str
    is_required: bool  # NOT NULL
    required_by: str  # the name of that constraint; "" before PostgreSQL 18
    comment: str
    storage: str
    compression: str
    statistics: int | None
    options: tuple[str, ...]
    grants: tuple[Grant, ...]
    sequences: tuple[Name, ...]  # owned by it: they stay when it goes

    @property
    def told(self) -> str:
        """The column as one would write it down: "tier text NOT NULL DEFAULT 'free'::text"."""
        parts = (
            self.name,
            self.type,
            f"COLLATE {self.collation}" if self.collation else "",
            "NOT NULL" if self.is_required else "",
            f"DEFAULT {self.default}" if self.default else "",
        )
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Dependent:
    """Something that hangs on columns: its kind and name as PostgreSQL tells them, and which columns."""

    kind: str
    identity: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class TableDrop:
    """The columns of one table that go. `values` is by column: how many rows have one."""

    schema: str
    name: str
    key: tuple[str, ...]
    rows: int
    columns: tuple[ColumnDefinition, ...]
    values: Mapping[str, int]
    missing: tuple[str, ...]  # asked for, and not there
    whole: tuple[str, ...]  # views and functions that read whole rows: they go on, with shorter rows
    mentioning: tuple[str, ...]  # functions whose text has a column's name: PostgreSQL doesn't know what they use
    fingerprint: str  # of the table's whole definition
    quarantine: str

    @property
    def live(self) -> Name:
        """The table."""
        return Name(self.schema, self.name)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class DropFacts:
    """A whole drop; `tables` stand parents first."""

    database: str
    tables: tuple[TableDrop, ...]
    quarantine_schema: str
    makes_schema: bool
    publishes_copies: bool  # a publication FOR ALL TABLES sends the copies of rows to whoever subscribes

    def as_step(self) -> Step:
        """The step that people approve; `drop_facts` reads it back."""
        rows: list[dict[str, Any]] = [_lists(asdict(table)) for table in self.tables]
        copies = {str(table.live): table.quarantine for table in self.tables}
        before: Facts = {"database": self.database, "tables": rows}
        after: Facts = {
            "dropped": [f"{table.live}.{name}" for table in self.tables for name in table.names],
            "quarantine_schema": self.quarantine_schema,
            "copies": copies,
            "makes_schema": self.makes_schema,
            "publishes_copies": self.publishes_copies,
        }
        return Step(DROP, ", ".join(str(table.live) for table in self.tables), before, after)


@dataclass(frozen=True)
class TableReturn:
    """The columns of one table that come back, with the values that were copied; numbers are of rows."""

    schema: str
    name: str
    key: tuple[str, ...]
    columns: tuple[ColumnDefinition, ...]
    copy: str
    copy_checksum: str
    matching: int  # get their values back
    gone: int  # in the copy only: deleted since
    newer: int  # in the table only: created since
    fingerprint: str  # of the table's whole definition, without the columns

    @property
    def live(self) -> Name:
        """The table."""
        return Name(self.schema, self.name)

    @property
    def left_nullable(self) -> tuple[str, ...]:
        """Columns whose NOT NULL can't come back, because newer rows have no value and nothing gives them one."""
        return tuple(c.name for c in self.columns if c.is_required and not c.default and self.newer)


@dataclass(frozen=True)
class ReturnFacts:
    """Everything that one drop took, put back; `tables` stand parents first, and are held for `limit_seconds`."""

    database: str
    tables: tuple[TableReturn, ...]
    quarantine_schema: str
    limit_seconds: float

    def as_step(self) -> Step:
        """The step that people approve; `return_facts` reads it back."""
        before: Facts = {"database": self.database, "tables": [_lists(asdict(table)) for table in self.tables]}
        after: Facts = {
            "added": [f"{table.live}.{column.name}" for table in self.tables for column in table.columns],
            "quarantine_schema": self.quarantine_schema,
            "limit_seconds": self.limit_seconds,
        }
        return Step(ADD_BACK, ", ".join(str(table.live) for table in self.tables), before, after)


def drop_facts(step: Step) -> DropFacts:
    """The facts that `DropFacts.as_step` wrote; KeyError, TypeError or ValueError where another version did."""
    before: dict[str, Any] = dict(step.before)
    after: dict[str, Any] = dict(step.after)
    return DropFacts(
        database=before["database"],
        tables=tuple(TableDrop(**_with_columns(row)) for row in before["tables"]),
        quarantine_schema=after["quarantine_schema"],
        makes_schema=after["makes_schema"],
        publishes_copies=after["publishes_copies"],
    )


def return_facts(step: Step) -> ReturnFacts:
    """The facts that `ReturnFacts.as_step` wrote; KeyError, TypeError or ValueError where another version did."""
    before: dict[str, Any] = dict(step.before)
    after: dict[str, Any] = dict(step.after)
    tables = tuple(TableReturn(**_with_columns(row)) for row in before["tables"])
    return ReturnFacts(before["database"], tables, after["quarantine_schema"], after["limit_seconds"])


def definition(row: Mapping[str, Any]) -> ColumnDefinition:
    """A definition from plain JSON."""
    known = _tuples(row)
    grants = tuple(Grant(**grant) for grant in row["grants"])
    return ColumnDefinition(**{**known, "grants": grants, "sequences": tuple(Name(*one) for one in row["sequences"])})


def refusal_of_dependents(table: Name, dependents: Sequence[Dependent]) -> Refused | None:
    """Why these columns can't be dropped, if so: what hangs on them, by name."""
    if not dependents:
        return None
    told = "; ".join(f"{one.kind} {one.identity[:_LONGEST_IDENTITY]}" for one in dependents[:_NAMED])
    more = f"; and {len(dependents) - _NAMED} more" if len(dependents) > _NAMED else ""
    columns = ", ".join(dict.fromkeys(name for one in dependents for name in one.columns))
    text = f"These hang on {columns} of {table}: {told}{more}. Dropping would break them or take them along."
    way = "A new column doesn't hurt older code: leave it. Or remove them first, and ask again."
    return Refused("dependents", f"{text} {way}")


def refusal_of_drop(table: TableDrop, sticky: Sequence[str]) -> Refused | None:
    """Why these columns shouldn't be dropped by the bot, if so, whatever hangs on them."""
    held = [name for name in table.names if name in sticky]
    rules = (
        (
            bool(held),
            "sticky",
            (
                f"The runbook's sticky column {', '.join(held)} says which rows of {table.live} are used or revoked: "
                "without it they would count as new."
            ),
        ),
        (
            table.rows > MOST_ROWS,
            "many_rows",
            (
                f"{table.live} has {table.rows:,} rows. Above {MOST_ROWS:,}, putting the columns back would keep "
                "readers waiting for too long. A new column doesn't hurt older code: leave it."
            ),
        ),
    )
    return next((Refused(rule, text) for is_so, rule, text in rules if is_so), None)


def copy_name(table: str, mark: str) -> str:
    """The name of a table's copy; `mark` (23 characters and a number) makes it one of its own."""
    return f"{table.encode()[:_LONGEST_NAME].decode(errors='ignore')}_{mark}"


def changed(table: Name) -> str:
    """The drift of a table's definition, as a sentence."""
    return f"The definition of {table} has changed since the plan."


def _with_columns(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**_tuples(row), "columns": tuple(definition(column) for column in row["columns"])}


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def _lists(value: Any) -> Any:
    """As JSON gives it back."""
    if isinstance(value, Mapping):
        return {key: _lists(inner) for key, inner in value.items()}
    return [_lists(inner) for inner in value] if isinstance(value, (list, tuple)) else value
