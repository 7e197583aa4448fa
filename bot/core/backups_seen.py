"""What was seen of the backups, in numbers: no value and no key of a row.

And how names are spelled: a table's as it is typed, a backup's in the statement that closes a leak.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.runbook.tables import RESERVED
from bot.core.table import Name

EVERYBODY = "PUBLIC"  # as the catalog's readers call a right that every role has
_PLAIN = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True)
class BackupSeen:
    """One backup. All numbers are of rows; None = it was not counted or not compared."""

    name: Name
    date: str  # as its name says it: YYYYMMDD, with _HHMM or _HHMMSS or neither
    is_own: bool  # the bot took it, and its manifest is there
    made_at: datetime  # midnight UTC where the name says a day only
    rows: int | None
    update: int | None  # in both, and different
    insert: int | None  # only in the backup
    keep: int | None  # only in the table
    missing_columns: tuple[str, ...]  # of the table, that the backup doesn't have
    readers: tuple[str, ...]  # roles besides its owner that can read it
    writers: tuple[str, ...]  # roles besides its owner that can change it
    unfit: str  # why it can't be restored from, as a refusal says it; "" = it can, as far as it was looked at

    @property
    def others(self) -> tuple[str, ...]:
        """Every role besides its owner that can read or change it."""
        return tuple(dict.fromkeys((*self.readers, *self.writers)))

    @property
    def is_compared(self) -> bool:
        """Whether its rows were compared with the table's."""
        return self.update is not None


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


def closing(tables: Sequence[Name], roles: Iterable[str]) -> str:
    """The statement that takes every right on these tables from these roles: for their owner, never for the bot."""
    names = ", ".join(f"{quoted(name.schema)}.{quoted(name.name)}" for name in tables)
    whom = ", ".join(role if role == EVERYBODY else quoted(role) for role in roles)
    return f"REVOKE ALL ON TABLE {names} FROM {whom};"


def quoted(name: str) -> str:
    """A name as SQL takes it, whatever is in it; what can't be copied from a message is spelled by its number."""
    doubled = name.replace('"', '""')
    if _is_copied(name):
        return f'"{doubled}"'
    spelled = (one if _is_copied(one) and one != "\\" else f"\\+{ord(one):06X}" for one in doubled)
    return f'U&"{"".join(spelled)}"'


def _is_copied(text: str) -> bool:
    return text.isprintable() and "`" not in text
