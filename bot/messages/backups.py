"""The backups that there are, for one person to choose from: age, rows, differences, who else has a hand in them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import ceil

from bot.core.backups_seen import BackupSeen, TableBackups, as_typed, closing
from bot.messages.blocks import MESSAGE_BLOCKS, MESSAGE_TEXT, length, section, sections
from bot.messages.picture import Picture, picture
from bot.messages.wording import count, escape, listed, span

SHOWN = 3  # backups of a table, the newest, as far as they fit a phone screen
_SCREEN, _WIDTH = 22, 45  # lines of that many characters
_NAME, _LIST, _REASON, _LINE, _STATEMENT = 80, 120, 250, 160, 1500  # characters
_LEFT_OUT = 200  # of the line that counts what is left out
_DAY_ONLY = len("YYYYMMDD")


def backups(seen: Sequence[TableBackups], now: datetime, oldest: timedelta) -> Picture:
    """Every table with its backups and the lines to type; `oldest` is the runbook's limit of their age.

    What one message can't hold is counted.
    """
    lines = [_headline(seen)]
    blocks = [section(lines[0])]
    for number, one in enumerate(seen):
        of_table = list(_table(one, now, oldest))
        further = [*blocks, *sections(of_table)]
        if length(further) > MESSAGE_TEXT - _LEFT_OUT or len(further) >= MESSAGE_BLOCKS:
            left = f"… and {count(len(seen) - number, 'more table')}, too many for one message."
            return picture("\n".join([*lines, left]), [*blocks, section(left)])
        lines, blocks = [*lines, *of_table], further
    return picture("\n".join(lines), blocks)


def _headline(seen: Sequence[TableBackups]) -> str:
    found = [backup for one in seen for backup in one.backups]
    head = f"*Backups*: {count(len(found), 'backup')} of {count(len(seen), 'table')}."
    exposed = sum(1 for backup in found if backup.readers or backup.writers)
    return f"{head} ⚠️ {exposed} can be read or changed by others than the owner." if exposed else head


def _table(one: TableBackups, now: datetime, oldest: timedelta) -> Iterator[str]:
    rows = f": {_rows(one.live_rows)} now" if one.live_rows is not None else ""
    yield f"*{escape(one.table, _NAME)}*{rows}"
    if not one.backups:
        yield "❌ No backup was found. The platform's own backups are the next place to look."
    shown, height = 0, 0
    for backup in one.backups[:SHOWN]:
        lines = list(_backup(one.table, backup, now, oldest))
        height += sum(ceil(len(line) / _WIDTH) for line in lines)
        if shown and height > _SCREEN:
            break
        yield from lines
        shown += 1
    if left := one.backups[shown:]:
        yield f"… and {count(len(left), 'older backup')}: {_dates(left)}"
    if unread := [backup for backup in one.backups if not backup.is_compared and not backup.unfit]:
        yield f"   Not compared with the table: {_dates(unread)}"
    yield from _leaks(one.backups)


def _leaks(backups: Sequence[BackupSeen]) -> Iterator[str]:
    """The statement that closes what is open, of all the backups of a table: never cut, for half of one does harm."""
    open_ones = [backup for backup in backups if backup.others]
    if not open_ones:
        return
    leaking = f"{count(len(open_ones), 'backup')} leak{'s' if len(open_ones) == 1 else ''}"
    statement = closing([backup.name for backup in open_ones], sorted({o for one in open_ones for o in one.others}))
    if len(statement) > _STATEMENT:
        yield f"   🔓 {leaking}. What closes that is too long for a message: `python -m bot check` tells it"
    else:
        yield f"   🔓 {leaking}. Their owner closes that, the bot never does: `{escape(statement)}`"


def _backup(table: str, seen: BackupSeen, now: datetime, oldest: timedelta) -> Iterator[str]:
    rows = [_rows(seen.rows)] if seen.rows is not None else []
    is_old = [f"⏳ over the limit of {span(oldest)}"] if now - seen.made_at > oldest else []
    own = ["🤖 taken by the bot"] if seen.is_own else []
    yield f"• `{escape(str(seen.name), _NAME)}`: {', '.join([*own, _age(seen, now), *rows, *is_old])}"
    if seen.update is not None and seen.insert is not None and seen.keep is not None:
        yield f"   {_differences(seen.update, seen.insert, seen.keep)}"
    if seen.missing_columns:
        yield f"   It lacks {escape(listed(list(seen.missing_columns)), _LIST)}"
    if seen.readers:
        yield f"   ⚠️ {escape(listed(list(seen.readers)), _LIST)} can read it: a leak of its rows"
    if seen.writers:
        yield f"   ⚠️ {escape(listed(list(seen.writers)), _LIST)} can change it: its rows may not be yours"
    line = f"/dbrestore {as_typed(table)} from {seen.date}"
    if seen.unfit:
        yield f"   🚫 {escape(seen.unfit, _REASON)}"
    elif len(line) <= _LINE:  # one that is cut would be another table's
        yield f"   `{escape(line)}`"


def _dates(backups: Sequence[BackupSeen]) -> str:
    return escape(", ".join(backup.date for backup in backups), _LIST)


def _rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"


def _differences(update: int, insert: int, keep: int) -> str:
    if not (update or insert or keep):
        return "The same rows as now"
    verb = "differs" if update == 1 else "differ"
    return f"{_rows(update)} {verb}, {insert:,} only in the backup, {keep:,} only live"


def _age(seen: BackupSeen, now: datetime) -> str:
    """How old a backup is, no finer than its name says."""
    age = max(now - seen.made_at, timedelta(0))
    if age < timedelta(days=1) and len(seen.date) == _DAY_ONLY:
        return "less than a day old"
    return f"{span(age)} old"
