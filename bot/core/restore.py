"""What people approve of a restore, what it comes to, and whether production is still as the plan saw it.

Rows are counted, never shown: no value and no key of a row is in any of this.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.core.backup import Backup
from bot.core.plan import Facts, Step
from bot.core.table import Name, Table

ACTION = "restore_tables"
LEDGER = "ledger"  # the table of what was committed, in the schema of the copies
WHOLE_ROWS = 200_000  # up to so many rows, a table is copied and compared as a whole while it is held


class Mode(StrEnum):
    """What happens to rows that the backup doesn't have."""

    KEEP = "keep"  # they stay
    EXACT = "exact"  # they are deleted
    UNDO = "undo"  # the backup is a change set: what it lists goes back or is deleted, and every other row stays


@dataclass(frozen=True)
class TableRestore:
    """One table of a restore: what was seen, and what is promised. All numbers are of rows."""

    name: str
    schema: str
    backup_schema: str
    backup: str
    backup_date: str
    backup_rows: int
    backup_checksum: str  # over its rows, in any order
    backup_writers: tuple[str, ...]  # roles besides its owner that can change it
    live_rows: int
    fingerprint: str  # of the definitions of the table and of its backup
    columns: tuple[str, ...]  # compared, and restored
    live_only: tuple[str, ...]  # columns that the backup doesn't have: they keep their values
    sticky: tuple[str, ...]  # columns that a restore may set and never unsets
    reinserts: bool  # whether rows that were deleted since the backup come back
    recent: str  # the column that tells when a row was changed; "" = none
    waiting: tuple[str, ...]  # tables that reference it: their inserts wait too
    stale_views: tuple[str, ...]  # materialized views that show the old rows until they are refreshed
    update: int
    insert: int
    keep: int  # created since the backup: they stay
    left_deleted: int  # deleted since the backup, and not brought back
    orphans: Mapping[str, int]  # by foreign key: rows left as they are, because what they point to is gone
    undone: int | None  # rows to update that were changed after the backup; None = it can't be told
    quarantine: str  # the table that every row of now is copied to first; "" = the change set alone is kept
    delete: int = 0
    changes: str = ""  # the table that keeps what was done to each row: the change set; "" = an earlier version's plan
    casts: tuple[str, ...] = ()  # columns whose values are cast, with the type in the backup and that in the table

    @property
    def live(self) -> Name:
        """The table."""
        return Name(self.schema, self.name)

    @property
    def copy(self) -> Name:
        """The backup."""
        return Name(self.backup_schema, self.backup)


_PROMISED = ("name", "update", "insert", "keep", "left_deleted", "orphans", "undone", "quarantine", "delete", "changes")


@dataclass(frozen=True)
class Holder:
    """Somebody else's session that is in a transaction on the tables. Its query is never read."""

    pid: int
    role: str
    application: str
    state: str
    since: str  # when its transaction began, ISO 8601


@dataclass(frozen=True)
class LiveDeployment:
    """What production served when the plan was made."""

    id: str
    label: str
    built_at: str  # ISO 8601
    is_rolled_back: bool  # production was rolled back to it


@dataclass(frozen=True)
class RestoreFacts:
    """A whole restore; `tables` stand parents first. Seconds are of the writes to the tables waiting."""

    database: str
    tables: tuple[TableRestore, ...]
    sessions: tuple[Holder, ...]
    live_deployment: LiveDeployment | None
    quarantine_schema: str
    makes_schema: bool
    publishes_copies: bool  # a publication FOR ALL TABLES sends the copies of rows to whoever subscribes
    estimate_seconds: float
    limit_seconds: float
    mode: Mode = Mode.KEEP

    @property
    def longest_seconds(self) -> float:
        """How long the tables may be held; then everything is rolled back."""
        return 2 * max(self.limit_seconds, self.estimate_seconds)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Every table whose inserts or changes wait meanwhile, the restored ones first."""
        names = [str(table.live) for table in self.tables]
        return tuple(dict.fromkeys([*names, *(name for table in self.tables for name in table.waiting)]))

    @property
    def backup_writers(self) -> tuple[str, ...]:
        """Roles besides the owners that can change one of the backups."""
        return tuple(sorted({role for table in self.tables for role in table.backup_writers}))

    @property
    def kept(self) -> tuple[Name, ...]:
        """The tables that keep what was there before: copies and change sets."""
        names = [name for table in self.tables for name in (table.quarantine, table.changes) if name]
        return tuple(Name(self.quarantine_schema, name) for name in names)

    @property
    def backup_made_at(self) -> datetime:
        """The moment that the backups' names say; of an undo, when what it takes back was committed."""
        first = self.tables[0]
        return Backup(first.name, first.copy, first.backup_date).made_at

    def as_step(self) -> Step:
        """The step that people approve; `restore_facts` reads it back."""
        rows = [_lists(asdict(table)) for table in self.tables]
        before: Facts = {
            "database": self.database,
            "sessions": [asdict(one) for one in self.sessions],
            "live_deployment": asdict(self.live_deployment) if self.live_deployment else None,
            "tables": [{key: value for key, value in row.items() if key not in _PROMISED[1:]} for row in rows],
        }
        after: Facts = {
            "quarantine_schema": self.quarantine_schema,
            "makes_schema": self.makes_schema,
            "publishes_copies": self.publishes_copies,
            "estimate_seconds": self.estimate_seconds,
            "limit_seconds": self.limit_seconds,
            "mode": self.mode.value,
            "tables": [{key: row[key] for key in _PROMISED} for row in rows],
        }
        return Step(ACTION, ", ".join(str(table.live) for table in self.tables), before, after)


def _lists(row: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON gives it back."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in row.items()}


def restore_facts(step: Step) -> RestoreFacts:
    """The facts that `RestoreFacts.as_step` wrote, in this version or the one before.

    Raises KeyError, TypeError or ValueError where yet another did.
    """
    before: dict[str, Any] = dict(step.before)
    after: dict[str, Any] = dict(step.after)
    live = before["live_deployment"]
    return RestoreFacts(
        database=before["database"],
        tables=tuple(_table({**seen, **said}) for seen, said in zip(before["tables"], after["tables"], strict=True)),
        sessions=tuple(Holder(**one) for one in before["sessions"]),
        live_deployment=LiveDeployment(**live) if live else None,
        quarantine_schema=after["quarantine_schema"],
        makes_schema=after["makes_schema"],
        publishes_copies=after["publishes_copies"],
        estimate_seconds=after["estimate_seconds"],
        limit_seconds=after["limit_seconds"],
        mode=Mode(after.get("mode", Mode.KEEP)),
    )


def _table(row: dict[str, Any]) -> TableRestore:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return TableRestore(**fields)


def fingerprint(live: Table, backup: Table) -> str:
    """A digest of both definitions."""
    return hashlib.sha256(f"{live.fingerprint} {backup.fingerprint}".encode()).hexdigest()


def drift(facts: RestoreFacts, fingerprints: Mapping[str, str], checksums: Mapping[str, str]) -> str:
    """What is no longer as the plan saw it, by table name, as a sentence; "" = nothing."""
    for table in facts.tables:
        if not table.changes:
            return "It was planned by an earlier version of the bot, which kept no change set for an undo."
        if fingerprints.get(table.name) != table.fingerprint:
            return f"The definition of {table.live} or of its backup has changed since the plan."
        if checksums.get(table.name) != table.backup_checksum:
            return f"The rows of the backup {table.copy} have changed since the plan."
    return ""


def session_of(op_id: str) -> str:
    """What the session that carries out an operation is called in the database."""
    return f"rollback-bot {op_id[:8]}"


def wrote_nothing(report: Mapping[str, Any]) -> bool:
    """Whether a restore that is done found every row as it was to be, so that nothing can be taken back."""
    tables = report.get("tables")
    rows = [row for row in tables.values() if isinstance(row, Mapping)] if isinstance(tables, Mapping) else []
    return bool(rows) and all(row.get(what) == 0 for row in rows for what in ("updated", "inserted", "deleted"))


def total(tables: Sequence[TableRestore], field: str) -> int:
    """The sum of one number of rows over the tables."""
    return sum(getattr(table, field) for table in tables)
