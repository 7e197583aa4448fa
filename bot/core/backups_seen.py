"""What was seen of the backups, in numbers: no value and no key of a row; and how a table's name is typed."""

import re
from dataclasses import dataclass
from datetime import datetime

from bot.core.runbook.tables import RESERVED

_PLAIN = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True)
class BackupSeen:
    """One backup. All numbers are of rows; None = it was not counted or not compared."""

    name: str  # schema.table
    date: str  # as its name says it: YYYYMMDD, with _HHMM or _HHMMSS or neither
    made_at: datetime  # midnight UTC where the name says a day only
    rows: int | None
    update: int | None  # in both, and different
    insert: int | None  # only in the backup
    keep: int | None  # only in the table
    missing_columns: tuple[str, ...]  # of the table, that the backup doesn't have
    readers: tuple[str, ...]  # roles besides its owner that can read it
    writers: tuple[str, ...]  # roles besides its owner that can change it
    unfit: str  # why it can't be restored from, as a refusal says it; "" = it can


@dataclass(frozen=True)
class TableBackups:
    """A table of the runbook and its backups, newest first."""

    table: str
    live_rows: int | None
    backups: tuple[BackupSeen, ...]


def as_typed(name: str) -> str:
    """A table's name as `/dbrestore` takes it: in double quotes where it has capitals or spaces, or is reserved."""
    doubled = name.replace('"', '""')
    return name if _PLAIN.fullmatch(name) and name not in RESERVED else f'"{doubled}"'
