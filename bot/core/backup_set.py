"""A backup of every table at one moment: what it promises, when one may be taken, and what it says of itself.

It only adds tables of the bot's own, so nobody approves it; it costs time and room on the disk, and says so first.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.backup import Backup
from bot.core.errors import Refused
from bot.core.plan import Facts, Step
from bot.core.table import Name

ACTION = "back_up_tables"
APART = timedelta(hours=1)  # from one set to the next
LONGEST_SECONDS = 300.0  # of one transaction: a migration of the tables waits for it, and vacuum removes nothing newer
SECONDS_A_MEGABYTE = 0.05  # copied and summed: twice of what was measured
SECONDS_A_ROW = 0.000003
SECONDS_A_TABLE = 0.1
LONGEST_NAME = 63  # bytes that PostgreSQL takes
_MEGABYTE = 1_000_000
_MARK = "rollback-bot backup"


@dataclass(frozen=True)
class TableBackup:
    """One table of a set, as it was when the size was read; `copy` is the name of its backup."""

    schema: str
    name: str
    rows: int
    bytes: int  # without its indexes, which a backup doesn't have
    copy: str

    @property
    def live(self) -> Name:
        """The table."""
        return Name(self.schema, self.name)


@dataclass(frozen=True)
class BackupSet:
    """A set that is to be taken; `date` is what the names of its backups end with, as far as the runbook says so."""

    database: str
    schema: str  # of the backups: the bot's own
    date: str
    tables: tuple[TableBackup, ...]
    makes_schema: bool
    publishes_copies: bool  # a publication FOR ALL TABLES sends the copies of rows to whoever subscribes

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def bytes(self) -> int:
        """The bytes of all tables."""
        return sum(table.bytes for table in self.tables)

    @property
    def estimate_seconds(self) -> float:
        """How long it may take."""
        work = SECONDS_A_MEGABYTE * self.bytes / _MEGABYTE + SECONDS_A_ROW * self.rows
        return round(work + SECONDS_A_TABLE * len(self.tables), 1)

    def copy_of(self, table: TableBackup) -> Name:
        """The backup of one of the tables."""
        return Name(self.schema, table.copy)

    def as_step(self) -> Step:
        """The step that carries it out; `set_in` reads it back."""
        before: Facts = {"database": self.database, "tables": [asdict(table) for table in self.tables]}
        after: Facts = {
            "schema": self.schema,
            "date": self.date,
            "makes_schema": self.makes_schema,
            "publishes_copies": self.publishes_copies,
        }
        return Step(ACTION, ", ".join(str(table.live) for table in self.tables), before, after)


def set_in(step: Step) -> BackupSet:
    """The set that `BackupSet.as_step` wrote; KeyError, TypeError or ValueError where another version did."""
    before: dict[str, Any] = dict(step.before)
    tables = tuple(TableBackup(**table) for table in before["tables"])
    return BackupSet(database=before["database"], tables=tables, **dict(step.after))  # type: ignore[arg-type]  # its own writing


def refusal_of_set(taken: BackupSet, there: Collection[str]) -> Refused | None:
    """Why a set can't be taken, if so; `there` are the names that its schema holds already."""
    long = [table.copy for table in taken.tables if len(table.copy.encode()) > LONGEST_NAME]
    clashing = [table.copy for table in taken.tables if table.copy in there]
    if long:
        text = f"{long[0]} is longer than the {LONGEST_NAME} bytes that PostgreSQL takes for a name."
        return Refused("long_name", f"{text} Shorten [database] backup in the runbook.")
    if clashing:
        return Refused("name_taken", f"{taken.schema}.{clashing[0]} is there already. Ask again in a moment.")
    if taken.estimate_seconds > LONGEST_SECONDS:
        text = f"It would take about {taken.estimate_seconds:,.0f} s; at most {LONGEST_SECONDS:g} s is good for others"
        return Refused("too_large", f"{text}. Whoever runs the database takes a backup of that size.")
    return None


def refusal_so_soon(newest: Backup | None, now: datetime) -> Refused | None:
    """Whether the last set, of which `newest` is one backup, was taken too short a time ago."""
    if newest is None or now - newest.made_at >= APART:
        return None
    again = newest.made_at + APART
    text = f"The last backup set is of {newest.made_at:%H:%M} UTC, and at most one an hour is taken"
    use = f"Restore from it: `from {newest.date}`."
    return Refused("one_an_hour", f"{text}: the next one from {again:%H:%M} UTC on. {use}")


@dataclass(frozen=True)
class Manifest:
    """What a backup of the bot's says of itself, so that a later restore can tell whether it was changed."""

    operation: str
    table: str
    taken_at: str  # ISO 8601: the moment that all backups of the set show
    rows: int
    checksum: str
    columns: tuple[tuple[str, str], ...]  # names and types

    def as_comment(self) -> str:
        """The comment on the backup."""
        return json.dumps({"is": _MARK, **asdict(self)}, ensure_ascii=False)


def manifest_in(comment: str) -> Manifest | None:
    """The manifest that a comment on a table is; None where it is something else."""
    try:
        told = json.loads(comment)
        if not isinstance(told, Mapping) or told.get("is") != _MARK:
            return None
        columns = tuple((str(name), str(type_)) for name, type_ in told["columns"])
        texts = {key: str(told[key]) for key in ("operation", "table", "taken_at", "checksum")}
        return Manifest(**texts, rows=int(told["rows"]), columns=columns)
    except (ValueError, TypeError, KeyError):
        return None


def refusal_of_changed(name: Name, checksum: str, manifest: Manifest | None) -> Refused | None:
    """Whether a backup that the bot took holds other rows now; one without a manifest promises nothing."""
    if manifest is None or manifest.checksum == checksum:
        return None
    text = f"Backup {name} was changed since it was taken: its rows are no longer those of its manifest."
    return Refused("changed_backup", f"{text} Name another one: `/dbrestore backups` lists them.")


def moment_of(at: datetime) -> str:
    """A moment as the names of backups hold it."""
    return f"{at.astimezone(UTC):%Y%m%d_%H%M%S}"
