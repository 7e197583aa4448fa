"""The database's part of a watch, in few lines: who waits for whom first, then what is slow, then what was not read.

Every figure says what it counts. What a session or a table is called is anybody's text, and each part has a limit of
its own, so that none pushes another out of the message.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import TypeVar

from bot.core.performance import (
    SCANS,
    STATEMENTS,
    TRANSACTIONS,
    WAITS,
    Change,
    Reading,
    Scan,
    Statement,
    Transaction,
    Wait,
    during,
)
from bot.messages.wording import code, codes, count, escape, listed, moment

SLOW_MS, SLOWER = 50, 2.0  # a call that takes this long on average is slow; by this factor, slower than before
_PART, _MISSING = 1500, 1300  # characters of one part, and of all that was not read
_SLOWEST, _LONGEST, _WAITS, _TRANSACTIONS, _SCANS, _INDEXES = 5, 3, 6, 5, 5, 4
_NAME = 60
_MOMENT = "{date_short_pretty} at {time}"
_WATCH = "during the watch"
_Counts = TypeVar("_Counts", Statement, Scan)


def report(first: Reading, last: Reading | None) -> tuple[str, ...]:
    """Lines of mrkdwn; `last` None = the watch has only begun, so counters tell of the time before it."""
    now = last or first
    changes = during(first, last) if last else during(first, first)
    parts = (
        (WAITS, _waits(now)),
        (TRANSACTIONS, _transactions(now)),
        (STATEMENTS, _statements(_known(changes.statements, last), _since(now.statements_since, last))),
        (SCANS, _scans(_known(changes.scans, last), _since(now.scans_since, last))),
    )
    read = (_fitted(list(lines), _PART) for part, lines in parts if part not in now.unread)
    missing = [f"• {escape(text, 300)}" for text in now.missing]
    not_read = ["*Not read*", *_fitted(missing, _MISSING)] if missing else []
    return (f"*The database* at {moment(now.at)}", *chain.from_iterable(read), *not_read)


def _known(changes: Sequence[Change[_Counts]], last: Reading | None) -> list[Change[_Counts]]:
    """The changes; as the watch begins nothing is known of it."""
    return [change if last else Change(change.last, None, None) for change in changes]


def _since(reset: datetime | None, last: Reading | None) -> str:
    """What a figure counts, at its own heading."""
    before = f"since {moment(reset, _MOMENT)}" if reset else "since its counters were last reset"
    return f"{_WATCH}; where that isn't known, {before}" if last else before


def _waits(now: Reading) -> Iterator[str]:
    if not now.waits:
        yield "No statement waits for a lock."
        return
    yield f"🔒 *Waits for locks* ({count(len(now.waits), 'session')}, the longest first)"
    known = {one.pid: one for one in now.transactions}
    waiting = {wait.pid for wait in now.waits}
    for pid in dict.fromkeys(pid for wait in now.waits for pid in wait.held_by if pid not in waiting):
        behind = sum(pid in wait.held_by for wait in now.waits)
        yield f"• ⚠️ {_holder(pid, known.get(pid))} holds up {count(behind, 'session')}"
    for wait in now.waits[:_WAITS]:
        yield f"• {_waiting(wait)}"
    if len(now.waits) > _WAITS:
        yield f"• and {len(now.waits) - _WAITS} more"


def _waiting(wait: Wait) -> str:
    whom = listed([f"process {pid}" if pid else "a prepared transaction" for pid in wait.held_by[:3]])
    more = f" and {len(wait.held_by) - 3} more" if len(wait.held_by) > 3 else ""  # noqa: PLR2004  # as above
    for_whom = f" for {whom}{more}" if wait.held_by else ""
    where = f" at {code(wait.table, _NAME)}" if wait.table else ""
    return f"process {wait.pid} has waited {_took(wait.seconds)}{for_whom}{where}{_does(wait.text)}"


def _holder(pid: int, known: Transaction | None) -> str:
    if known is None:
        return f"process {pid}" if pid else "a prepared transaction (see `pg_prepared_xacts`)"
    return f"process {pid} ({_who(known)})"


def _who(one: Transaction) -> str:
    """Who a session is and what it is at."""
    names = [code(name, _NAME) for name in (one.role, one.application) if name]
    since = [f"its transaction open for {_took(one.seconds)}"] if one.seconds else []
    return ", ".join([*names, *([escape(one.state, _NAME)] if one.state else []), *since]) + _does(one.text)


def _does(text: str) -> str:
    return f": {code(text, 120)}" if text else ""


def _transactions(now: Reading) -> Iterator[str]:
    holders = {pid for wait in now.waits for pid in wait.held_by}
    others = [one for one in now.transactions if one.pid not in holders]
    if not others:
        more = " more" if holders else ""
        yield f"No{more} transaction that the bot's role can see has been open for over a minute."
        return
    yield "*Long transactions*"
    yield from (f"• process {one.pid} ({_who(one)})" for one in others[:_TRANSACTIONS])
    if len(others) > _TRANSACTIONS:
        yield f"• and {len(others) - _TRANSACTIONS} more"


def _statements(changes: Sequence[Change[Statement]], since: str) -> Iterator[str]:
    ran = [one for one in changes if one.last.text and _now(one).calls]
    if not ran:
        yield f"No statement that may be shown was counted ({since})."
        return
    slow = sorted((one for one in ran if _now(one).mean_ms >= SLOW_MS), key=lambda one: -_now(one).mean_ms)[:_SLOWEST]
    if slow:
        yield f"🐢 *Slow statements*, by the mean time of a call ({since})"
        yield from map(_statement, slow)
    else:
        yield f"No counted statement took {SLOW_MS} ms or more a call on average ({since})."
    busy = sorted((one for one in ran if one not in slow), key=lambda one: -_now(one).total_ms)[:_LONGEST]
    if busy:
        yield f"*Most time in all*{' besides' if slow else ''}"
        yield from map(_statement, busy)


def _statement(change: Change[Statement]) -> str:
    now = _now(change)
    mean, text = _took(now.mean_ms / 1000), code(now.text, 160)
    calls = f"{now.calls:,} call{'' if now.calls == 1 else 's'}, {_took(now.total_ms / 1000)} in all"
    if change.during is None:
        return f"• {mean} a call ({calls}): {text}"
    before = change.before
    if before is None or not before.calls:
        return f"• {mean} a call {_WATCH} ({calls}): {text}"
    is_slower = now.mean_ms >= SLOW_MS and now.mean_ms >= SLOWER * before.mean_ms
    told = f"⚠️ *{mean}*" if is_slower else mean
    return f"• {_took(before.mean_ms / 1000)} before → {told} a call {_WATCH} ({calls}): {text}"


def _scans(changes: Sequence[Change[Scan]], since: str) -> Iterator[str]:
    read = sorted((one for one in changes if _now(one).scans), key=lambda one: -_now(one).rows_read)
    if not read:
        yield f"No large table was read row after row ({since})."
        return
    yield f"*Large tables read row after row* ({since}): an index may be missing where few of the rows were wanted"
    yield from map(_scan, read[:_SCANS])


def _scan(change: Change[Scan]) -> str:
    now = _now(change)
    when = f" {_WATCH}" if change.during else ""
    size = f"about {now.live_rows:,} rows, {now.bytes / 1024**2:,.0f} MB"
    rows = f"{now.rows_read // now.scans:,} rows each on average"
    indexes = f"indexes: {codes(now.indexes, _INDEXES)}" if now.indexes else "⚠️ no index"
    return f"• {code(now.table, _NAME)} ({size}): {count(now.scans, 'scan')}{when}, {rows}; {indexes}"


def _now(change: Change[_Counts]) -> _Counts:
    """What was counted during the watch, or where that isn't known since the last reset."""
    return change.during or change.last


def _took(seconds: float) -> str:
    """How long, with as many digits as matter."""
    if seconds < 1:
        milliseconds = seconds * 1000
        return f"{milliseconds:.1f} ms" if milliseconds < 10 else f"{milliseconds:.0f} ms"  # noqa: PLR2004  # digits
    minutes = seconds / 60
    if minutes < 2:  # noqa: PLR2004  # as people say it
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004  # digits
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"  # noqa: PLR2004  # as people say it


def _fitted(lines: Sequence[str], most: int) -> list[str]:
    """As many lines as fit, and a word on the others."""
    room = most
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return [*kept, "• and more, for which there is no room here"]
        kept.append(line)
    return kept
