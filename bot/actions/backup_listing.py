"""What backups there are: how old, how different from the tables, and who can read or change them. Reads only."""

from dataclasses import replace

from bot.actions.restore_reading import RestoreReading, refusal_of_pair
from bot.adapters.postgres.backing_up import read_manifest
from bot.adapters.postgres.casting import with_casts
from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.comparison import checksum, count_rows, rows_of
from bot.adapters.postgres.session import Session
from bot.core.backup import Backup
from bot.core.backup_set import refusal_of_changed
from bot.core.backups_seen import BackupSeen, TableBackups
from bot.core.counts import refusal_of_rows
from bot.core.errors import Refused
from bot.core.table import Table

COMPARED = 3  # of a table's backups, the newest: comparing reads every row


def list_backups(reading: RestoreReading) -> tuple[TableBackups, ...]:
    """Every table of the runbook with its backups, newest first. Raises Refused or Unavailable."""
    with reading.look("backups") as session:
        return tuple(_of_table(reading, session, name) for name in reading.tables)


def _of_table(reading: RestoreReading, session: Session, name: str) -> TableBackups:
    found = reading.find(session, name)
    try:
        live = reading.restorable(session, name)
    except Refused as refusal:
        seen = tuple(_seen(session, backup, read_table(session, backup.name), None) for backup in found)
        return TableBackups(name, None, tuple(replace(one, unfit=refusal.text) for one in seen))
    newest = [_compared(reading, session, live, backup) for backup in found[:COMPARED]]
    older = [_seen(session, backup, read_table(session, backup.name), live) for backup in found[COMPARED:]]
    return TableBackups(name, rows_of(session, live.name), (*newest, *older))


def _compared(reading: RestoreReading, session: Session, live: Table, backup: Backup) -> BackupSeen:
    copy = read_table(session, backup.name)
    seen = _seen(session, backup, copy, live)
    if copy is None:
        return replace(seen, unfit="It is gone.")
    pair = with_casts(session, reading.pair(live, copy))
    if refusal := refusal_of_pair(session, pair):
        return replace(seen, unfit=refusal.text)
    if refusal := refusal_of_changed(copy.name, checksum(session, copy.name), read_manifest(session, copy.name)):
        return replace(seen, unfit=refusal.text)
    counts = count_rows(session, pair, {})
    refusal = refusal_of_rows(live, copy.name, counts, pair.columns)
    return replace(
        seen,
        rows=counts.backup_rows,
        update=counts.update,
        insert=counts.insert + counts.left_deleted,
        keep=counts.keep,
        unfit=refusal.text if refusal else "",
    )


def _seen(session: Session, backup: Backup, copy: Table | None, live: Table | None) -> BackupSeen:
    """What is seen without comparing a row."""
    missing = [column.name for column in live.own_columns if copy and not copy.column(column.name)] if live else []
    return BackupSeen(
        name=backup.name,
        date=backup.date,
        is_own=read_manifest(session, backup.name) is not None,
        made_at=backup.made_at,
        rows=None,
        update=None,
        insert=None,
        keep=None,
        missing_columns=tuple(missing),
        readers=copy.readers if copy else (),
        writers=copy.writers if copy else (),
        unfit="",
    )
