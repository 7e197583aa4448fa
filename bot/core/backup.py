"""Which backup a restore is made from: exactly named, of a real date, from one moment for all tables, not too old."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.backups_seen import as_typed
from bot.core.errors import Refused
from bot.core.table import Name

_DATE = r"(\d{8}(?:_\d{4}|_\d{6})?)"
_FORMS = {8: "%Y%m%d", 13: "%Y%m%d_%H%M", 15: "%Y%m%d_%H%M%S"}
_UNCHANGED = "Nothing was changed."
_DAYS_ALONE = 60
_AHEAD = timedelta(hours=14)  # the farthest that a local date runs before UTC's


@dataclass(frozen=True)
class Backup:
    """A backup of `table`; `date` is what its name says, YYYYMMDD with _HHMM or _HHMMSS or neither."""

    table: str
    name: Name
    date: str

    @property
    def made_at(self) -> datetime:
        """The moment that the name says, read as UTC; midnight where it names a day only."""
        return datetime.strptime(self.date, _FORMS[len(self.date)]).replace(tzinfo=UTC)

    @property
    def made_by(self) -> datetime:
        """The moment by which it was made, wherever on earth its name was written."""
        return self.made_at + (_AHEAD if "_" in self.date else timedelta(days=1) + _AHEAD)


def backup_of(table: str, name: Name, template: str, now: datetime) -> Backup | None:
    """The backup of `table` that `name` is by the runbook's template; None where it isn't one, or its date isn't real.

    A date that hasn't come anywhere on earth isn't real either.
    """
    before, _, rest = template.partition("{table}")
    between, _, after = rest.partition("{date}")
    pattern = f"{re.escape(before + table + between)}{_DATE}{re.escape(after)}"
    match = re.fullmatch(pattern, name.name, re.ASCII)
    if match is None:
        return None
    backup = Backup(table, name, match[1])
    try:
        return backup if backup.made_at <= now + _AHEAD else None
    except ValueError:
        return None


def choose(found: Mapping[str, Sequence[Backup]], *, named: str, now: datetime, oldest: timedelta) -> dict[str, Backup]:
    """One backup a table, all of one date: the newest that every table has, or the one that is `named`.

    `found` holds each table's backups, the first of a date being the one to take; `named` is a backup's name, a date,
    or "". Raises Refused with what there is instead.
    """
    for table, backups in found.items():
        if not backups:
            text = f"No backup of {table} was found. Nothing was changed. The platform's own backups are the next place"
            raise Refused("no_backup", f"{text} to look: ask whoever runs the database.")
    chosen = _named(found, named) if named else _newest_common(found)
    if not named:
        _refuse_old(chosen, now, oldest)
    return chosen


def _newest_common(found: Mapping[str, Sequence[Backup]]) -> dict[str, Backup]:
    by_date = {table: {b.date: b for b in reversed(backups)} for table, backups in found.items()}
    common = set.intersection(*(set(dates) for dates in by_date.values()))
    if not common:
        there = "; ".join(f"{table}: {', '.join(sorted(dates, reverse=True)[:5])}" for table, dates in by_date.items())
        text = f"The tables have no backup of the same date: {there}. Rows of different days don't belong together."
        raise Refused("mixed_dates", f"{text} Restore them one at a time. Nothing was changed.")
    dates_of_one = next(iter(by_date.values()))
    newest = max(common, key=lambda date: (dates_of_one[date].made_at, date))
    return {table: dates[newest] for table, dates in by_date.items()}


def _named(found: Mapping[str, Sequence[Backup]], named: str) -> dict[str, Backup]:
    dates = {b.date for backups in found.values() for b in backups if named in (b.name.name, b.date)}
    compact = re.sub(r"(?<=\d)-(?=\d)", "", named)  # 2025-09-03
    dates = dates or {b.date for backups in found.values() for b in backups if b.date == compact}
    chosen = {table: next((b for b in backups if b.date in dates), None) for table, backups in found.items()}
    missing = [table for table, backup in chosen.items() if backup is None]
    if missing:
        there = "; ".join(f"{table}: {', '.join(b.name.name for b in found[table][:5])}" for table in missing)
        raise Refused(
            "backup_not_found", f"{named[:80]} is no backup of {' or '.join(missing)}. There is: {there}. {_UNCHANGED}"
        )
    return {table: backup for table, backup in chosen.items() if backup}


def _refuse_old(chosen: Mapping[str, Backup], now: datetime, oldest: timedelta) -> None:
    newest = next(iter(chosen.values()))
    age = now - newest.made_at
    if age <= oldest:
        return
    line = f"/dbrestore {' '.join(as_typed(table) for table in chosen)} from {newest.date}"
    text = (
        f"{newest.name.name} is {age.days} days old (limit {oldest.days} days). To use it all the same, say so by name:"
    )
    raise Refused("old_backup", f"{text} `{line}`. Nothing was changed.")
