"""What people approve of a restore, what it comes to, and whether production is still as the plan saw it.

Rows are counted, never shown: no value and no key of a row is in any of this.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.core.backup import Backup
from bot.core.errors import Refused
from bot.core.plan import Facts, Step
from bot.core.table import Column, Name, Table, fills_itself

ACTION = "restore_tables"
LEDGER = "ledger"  # the table of what was committed, in the schema of the copies
SIMPLE_ROWS = 200_000  # measured in the design: above it the write block grows past what is bearable
MOST_ORPHANS, MOST_ORPHANS_SHARE = 100, 0.01
GROWTH, GROWTH_SHARE = 100, 0.10
WORK_OF_A_COMPARISON = 4  # a restore compares twice, copies and writes: measured, 4 tables of 320,000 rows
SECONDS_A_TABLE = 0.1  # of reading its definition twice, and making its copy
STATEMENTS_A_TABLE = 35  # while it is held: each waits for the network
SECONDS_A_ROW = 0.00002  # of writing one row with its indexes, measured with seven of them


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
    quarantine: str  # the table that the rows of now are copied to first

    @property
    def live(self) -> Name:
        """The table."""
        return Name(self.schema, self.name)

    @property
    def copy(self) -> Name:
        """The backup."""
        return Name(self.backup_schema, self.backup)


_PROMISED = ("name", "update", "insert", "keep", "left_deleted", "orphans", "undone", "quarantine")


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
    def backup_made_at(self) -> datetime:
        """The moment that the backups' names say."""
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
            "tables": [{key: row[key] for key in _PROMISED} for row in rows],
        }
        return Step(ACTION, ", ".join(str(table.live) for table in self.tables), before, after)


def _lists(row: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON gives it back."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in row.items()}


def restore_facts(step: Step) -> RestoreFacts:
    """The facts that `RestoreFacts.as_step` wrote; KeyError, TypeError or ValueError where another version did."""
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
    )


def _table(row: dict[str, Any]) -> TableRestore:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return TableRestore(**fields)


@dataclass(frozen=True)
class Counts:
    """What comparing a table with its backup found, in rows; `update` and `insert` without the orphans."""

    live_rows: int
    backup_rows: int
    update: int
    insert: int
    keep: int
    left_deleted: int
    orphans: Mapping[str, int]
    undone: int | None
    null_keys: int
    double_keys: int
    changed_identities: int  # rows that differ in a GENERATED ALWAYS identity column
    pulling: int  # rows that other tables' rows would change with


def refusal_of_rows(live: Table, backup: Name, counts: Counts, restored: Iterable[Column]) -> Refused | None:
    """Why these rows can't or mustn't be put back, if so."""
    name = live.name
    given = {column.name for column in restored}
    missing = [column.name for column in live.columns if column.name not in given and not fills_itself(column)]
    key = ", ".join(live.key)
    followers = ", ".join(dict.fromkeys(str(one.name) for one in live.followers))
    orphans = sum(counts.orphans.values())
    too_many = orphans > min(MOST_ORPHANS, MOST_ORPHANS_SHARE * counts.backup_rows)
    spelled = "; ".join(f"{number} by {fk}" for fk, number in counts.orphans.items())
    rules = (
        (
            counts.backup_rows == 0,
            "empty_backup",
            f"Backup {backup} is empty; {name} has {counts.live_rows} rows.",
        ),
        (counts.null_keys > 0, "null_key", f"Backup {backup} has {counts.null_keys} rows with a NULL key ({key})."),
        (counts.double_keys > 0, "double_key", f"Backup {backup} has {counts.double_keys} duplicate keys ({key})."),
        (
            counts.changed_identities > 0,
            "identity",
            f"{counts.changed_identities} rows of {name} differ in a GENERATED ALWAYS identity column: not updatable.",
        ),
        (
            counts.pulling > 0,
            "followers",
            f"{counts.pulling} rows of {name} would change in columns that rows of {followers} follow (ON UPDATE).",
        ),
        (
            counts.insert > 0 and bool(missing),
            "not_null",
            (
                f"{counts.insert} rows must be inserted into {name}, but {', '.join(missing)} may not be NULL, has no "
                "default and is missing from the backup."
            ),
        ),
        (
            too_many,
            "orphans",
            (
                f"{orphans} rows of the backup of {name} point to rows that no longer exist ({spelled}); at most "
                f"{MOST_ORPHANS_SHARE:.0%}, and no more than {MOST_ORPHANS}, may be left out. Restored together with "
                "the table they point to, its deleted rows can come back too."
            ),
        ),
    )
    return next((Refused(rule, text) for is_so, rule, text in rules if is_so), None)


def estimate(comparison_seconds: float, rows_to_write: Sequence[int], round_trip_seconds: float) -> float:
    """Seconds for which writes to the tables will wait, from how long the plan took to compare them.

    `rows_to_write` is by table.
    """
    work = WORK_OF_A_COMPARISON * comparison_seconds + SECONDS_A_ROW * sum(rows_to_write)
    statements = (SECONDS_A_TABLE + STATEMENTS_A_TABLE * round_trip_seconds) * len(rows_to_write)
    return round(work + statements, 1)


def refusal_of_block(seconds: float, limit: timedelta, rows: int, *, is_accepted: bool) -> Refused | None:
    """Whether writes would wait for too long; `rows` is of the largest table, `is_accepted` = `long-block` was said."""
    most = limit.total_seconds()
    if seconds <= most:
        return None
    text = f"Writes to these tables would wait for about {seconds:g} s (limit {most:g} s)."
    if rows > SIMPLE_ROWS:
        more = f"A table has {rows:,} rows; above {SIMPLE_ROWS:,} such a restore is not in this version."
        return Refused("write_block", f"{text} {more} Whom to call: `/rollback contacts`.")
    if is_accepted:
        return None
    more = "Add `long-block` to the command to accept that, or ask when there is less traffic."
    return Refused("write_block", f"{text} {more}")


def grown(planned: TableRestore, update: int, insert: int) -> str:
    """The drift where much more would be written than was approved, as a sentence; "" = it is as planned."""
    for verb, now, then in (("changed", update, planned.update), ("inserted", insert, planned.insert)):
        if now - then > max(GROWTH, GROWTH_SHARE * then):
            return f"{now} rows of {planned.live} would be {verb}, and {then} were approved: it changed since the plan."
    return ""


def fingerprint(live: Table, backup: Table) -> str:
    """A digest of both definitions."""
    return hashlib.sha256(f"{live.fingerprint} {backup.fingerprint}".encode()).hexdigest()


def drift(facts: RestoreFacts, fingerprints: Mapping[str, str], checksums: Mapping[str, str]) -> str:
    """What is no longer as the plan saw it, by table name, as a sentence; "" = nothing."""
    for table in facts.tables:
        if fingerprints.get(table.name) != table.fingerprint:
            return f"The definition of {table.live} or of its backup has changed since the plan."
        if checksums.get(table.name) != table.backup_checksum:
            return f"The rows of the backup {table.copy} have changed since the plan."
    return ""


def session_of(op_id: str) -> str:
    """What the session that carries out an operation is called in the database."""
    return f"rollback-bot {op_id[:8]}"


def total(tables: Sequence[TableRestore], field: str) -> int:
    """The sum of one number of rows over the tables."""
    return sum(getattr(table, field) for table in tables)
