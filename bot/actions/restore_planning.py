"""What a restore will do, counted before anything is written: from a backup, or back from what an operation did."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.actions.restore_reading import RestoreReading, demand, refusal_of_pair, restorable
from bot.adapters.postgres import ledger
from bot.adapters.postgres.backing_up import read_manifest
from bot.adapters.postgres.breaches import count_breaches
from bot.adapters.postgres.casting import with_casts
from bot.adapters.postgres.catalog import read_holders, read_table
from bot.adapters.postgres.collateral import count_collateral
from bot.adapters.postgres.comparison import checksum, count_rows, difference
from bot.adapters.postgres.pair import Pair, of_change_set
from bot.adapters.postgres.session import Session
from bot.core.backup import Backup, choose
from bot.core.backup_set import refusal_of_changed
from bot.core.counts import Counts, refusal_of_breaches, refusal_of_collateral, refusal_of_rows
from bot.core.errors import Refused
from bot.core.restore import WHOLE_ROWS, Mode, RestoreFacts, TableRestore, fingerprint
from bot.core.table import Name, refusal_of_version
from bot.core.table_order import parents_first
from bot.core.write_block import Work, estimate, refusal_of_block

LONGEST_NAME = 30  # bytes of a table's name in those of its copy and of its change set
AT_A_MOMENT = "%Y%m%d_%H%M%S"


@dataclass(frozen=True)
class Order:
    """What was asked for: tables of the runbook, and `backup` by its name or date ("" = the newest that all have)."""

    tables: tuple[str, ...]
    backup: str
    mode: Mode
    accepts_long_block: bool


def plan_restore(reading: RestoreReading, order: Order) -> RestoreFacts:
    """The facts of a restore from backups. Raises Refused or Unavailable."""
    with reading.look("plan") as session:
        found = {name: reading.find(session, name) for name in order.tables}
        lives = [reading.restorable(session, name) for name in order.tables]
        oldest = reading.database.max_backup_age
        chosen = choose(found, named=order.backup, now=reading.clock(), oldest=oldest)
        pairs = []
        for live in parents_first(lives):
            backup = chosen[live.name.name]
            if (copy := read_table(session, backup.name)) is None:
                raise Refused("no_backup", f"Backup {backup.name} is gone. Nothing was changed.")
            pairs.append(replace(reading.pair(live, copy), made_before=backup.made_by, mode=order.mode))
        facts = _facts(reading, session, pairs, next(iter(chosen.values())).date)
    limit = reading.database.write_block_limit
    demand(refusal_of_block(facts.estimate_seconds, limit, is_accepted=order.accepts_long_block))
    return replace(facts, live_deployment=reading.live())


def plan_undo(reading: RestoreReading, done: RestoreFacts, op_id: str) -> RestoreFacts:
    """The facts of taking back what the operation did, row by row. Raises Refused or Unavailable."""
    with reading.look("plan") as session:
        committed_at = ledger.committed_at(session, done.quarantine_schema, op_id)
        if committed_at is None:
            raise Refused("nothing_done", "The database's ledger doesn't have this restore. Nothing was changed.")
        seen = {table.live: table for table in done.tables}
        lives = [restorable(session, name, _sticky(reading, table)) for name, table in seen.items()]
        pairs = []
        for live in parents_first(lives):
            table = seen[live.name]
            changes = read_table(session, Name(done.quarantine_schema, table.changes)) if table.changes else None
            if changes is None:
                raise Refused("no_changes", _without_changes(table))
            words = reading.tables.get(table.name)
            reinserts = table.reinserts and (words is None or words.reinsert_deleted)
            pairs.append(of_change_set(Pair(live, changes, _sticky(reading, table), reinserts, "")))
        facts = _facts(reading, session, pairs, committed_at.strftime(AT_A_MOMENT))
    if not any(table.update + table.insert + table.delete for table in facts.tables):
        text = "Of the rows that this restore wrote, none is otherwise than it was before."
        raise Refused("nothing_done", f"{text} Nothing was changed.")
    return replace(facts, live_deployment=reading.live())


def _sticky(reading: RestoreReading, table: TableRestore) -> tuple[str, ...]:
    """What was never unset then, and what isn't now."""
    words = reading.tables.get(table.name)
    return tuple(dict.fromkeys([*table.sticky, *(words.sticky if words else ())]))


def _without_changes(table: TableRestore) -> str:
    if table.changes:
        return (
            f"What was done to rows of {table.live} is no longer kept, so it can't be taken back. Nothing was changed."
        )
    text = f"An earlier version of the bot did this and kept no change set of {table.live}. Nothing was changed."
    return f"{text} The rows from before are in {table.quarantine}: whoever runs the database plans an undo from there."


def _facts(reading: RestoreReading, session: Session, pairs: Sequence[Pair], date: str) -> RestoreFacts:
    """The pairs counted, without the live deployment."""
    schema, limit = reading.database.quarantine_schema, reading.database.write_block_limit
    server = reading.writable(session)
    demand(refusal_of_version([pair.live for pair in pairs], server.version))
    pairs = [with_casts(session, pair) for pair in pairs]
    for pair in pairs:
        demand(refusal_of_pair(session, pair))
    tables, works = _compare(reading, session, pairs, date)
    trip = min(_seconds(session) for _ in range(3))
    return RestoreFacts(
        database=server.database,
        tables=tables,
        sessions=read_holders(session, [one.name for pair in pairs for one in pair.live.relations]),
        live_deployment=None,
        quarantine_schema=schema,
        makes_schema=not server.has_schema,
        publishes_copies=server.publishes_everything,
        estimate_seconds=estimate(works, trip),
        limit_seconds=limit.total_seconds(),
        mode=pairs[0].mode,
    )


def _compare(
    reading: RestoreReading, session: Session, pairs: Sequence[Pair], date: str
) -> tuple[tuple[TableRestore, ...], list[Work]]:
    """Every table's facts, and how much work each was and will be."""
    parents = {pair.live.name: pair for pair in pairs}
    mark = f"{reading.clock().strftime(AT_A_MOMENT)}_{secrets.token_hex(2)}"
    tables: list[TableRestore] = []
    works: list[Work] = []
    for number, pair in enumerate(pairs, 1):
        began = time.monotonic()
        counts = count_rows(session, pair, parents)
        seconds, written = time.monotonic() - began, counts.update + counts.insert + counts.delete
        works.append(Work(seconds, written, is_whole=counts.live_rows <= WHOLE_ROWS and pair.mode is not Mode.UNDO))
        demand(refusal_of_rows(pair.live, pair.backup.name, counts, pair.columns, mode=pair.mode))
        if written:
            demand(refusal_of_breaches(pair.live.name, count_breaches(session, pair, parents)))
        name = f"{_cut(pair.live.name.name)}_{mark}_{number}"
        table = _table(pair, counts, Backup(pair.live.name.name, pair.backup.name, date), name)
        sum_ = checksum(session, pair.backup.name)
        demand(refusal_of_changed(pair.backup.name, sum_, read_manifest(session, pair.backup.name)))
        tables.append(replace(table, backup_checksum=sum_))
    if any(table.delete for table in tables):
        _refuse_collateral(session, parents)
    return tuple(tables), works


def _refuse_collateral(session: Session, pairs: Mapping[Name, Pair]) -> None:
    differences = {name: difference(pair, pairs) for name, pair in pairs.items()}
    demand(refusal_of_collateral(count_collateral(session, pairs, differences)))


def _table(pair: Pair, counts: Counts, source: Backup, name: str) -> TableRestore:
    live, backup = pair.live, pair.backup
    columns = tuple(column.name for column in pair.columns)
    return TableRestore(
        name=live.name.name,
        schema=live.name.schema,
        backup_schema=source.name.schema,
        backup=source.name.name,
        backup_date=source.date,
        backup_rows=counts.backup_rows,
        backup_checksum="",
        backup_writers=backup.writers,
        live_rows=counts.live_rows,
        fingerprint=fingerprint(live, backup),
        columns=columns,
        live_only=tuple(column.name for column in live.own_columns if column.name not in columns),
        sticky=pair.sticky,
        reinserts=pair.reinserts,
        recent=pair.recent,
        waiting=tuple(str(name) for name in live.referenced_by),
        stale_views=tuple(str(name) for name in live.stale_views),
        update=counts.update,
        insert=counts.insert,
        keep=counts.keep,
        left_deleted=counts.left_deleted,
        orphans=counts.orphans,
        undone=counts.undone,
        quarantine=name if counts.live_rows <= WHOLE_ROWS else "",
        delete=counts.delete,
        changes=f"{name}_changes",
        casts=tuple(f"{cast.column} ({cast.source} to {cast.target})" for cast in pair.casts),
    )


def _cut(name: str) -> str:
    """As much of a table's name as leaves room for the rest in PostgreSQL's 63 bytes."""
    return name.encode()[:LONGEST_NAME].decode(errors="ignore")


def _seconds(session: Session) -> float:
    """How long the shortest statement takes: the way there and back."""
    began = time.monotonic()
    session.row("SELECT 1")
    return time.monotonic() - began
