"""What backups there are: how old, how different from the tables, and who can read or change them. Reads only."""

from bot.actions.restore_reading import RestoreReading
from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.comparison import count_rows, rows_of
from bot.adapters.postgres.session import Session
from bot.core.backup import Backup
from bot.core.backups_seen import BackupSeen, TableBackups
from bot.core.errors import Refused
from bot.core.restore import Counts, refusal_of_rows
from bot.core.table import Table, refusal_of_backup

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
        return TableBackups(name, None, tuple(_uncompared(session, backup, refusal.text) for backup in found))
    newest = [_compared(reading, session, live, backup) for backup in found[:COMPARED]]
    older = [_uncompared(session, backup, "") for backup in found[COMPARED:]]
    return TableBackups(name, rows_of(session, live.name), (*newest, *older))


def _uncompared(session: Session, backup: Backup, unfit: str) -> BackupSeen:
    return _seen(backup, read_table(session, backup.name), None, None, unfit)


def _compared(reading: RestoreReading, session: Session, live: Table, backup: Backup) -> BackupSeen:
    copy = read_table(session, backup.name)
    refusal = refusal_of_backup(live, copy) if copy else Refused("no_backup", "It is gone.")
    if copy is None or refusal:
        return _seen(backup, copy, live, None, refusal.text if refusal else "")
    pair = reading.pair(live, copy)
    counts = count_rows(session, pair, {})
    refusal = refusal_of_rows(live, copy.name, counts, pair.columns)
    return _seen(backup, copy, live, counts, refusal.text if refusal else "")


def _seen(backup: Backup, copy: Table | None, live: Table | None, counts: Counts | None, unfit: str) -> BackupSeen:
    missing = [column.name for column in live.own_columns if copy and not copy.column(column.name)] if live else []
    return BackupSeen(
        name=str(backup.name),
        date=backup.date,
        made_at=backup.made_at,
        rows=counts.backup_rows if counts else None,
        update=counts.update if counts else None,
        insert=counts.insert + counts.left_deleted if counts else None,
        keep=counts.keep if counts else None,
        missing_columns=tuple(missing),
        readers=copy.readers if copy else (),
        writers=copy.writers if copy else (),
        unfit=unfit,
    )
