"""The quarantine in words: what is kept, by which request, who can read it; and its removal, which is for good."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.quarantine import KEPT_RUNS, Kept, KeptTable, PurgeFacts, refusal_to_purge
from bot.core.restore import LEDGER, session_of
from bot.messages.blocks import MESSAGE_BLOCKS, MESSAGE_TEXT, length, sections
from bot.messages.picture import Picture, picture
from bot.messages.wording import count, escape, listed, moment, span

SHOWN, _TABLES_SHOWN = 8, 6
_NAME, _LIST, _LEFT_OUT = 60, 120, 200  # characters
_KILO = 1024


@dataclass(frozen=True)
class PurgeQuarantine:
    """What people read of a removal."""

    known: PurgeFacts
    by_hand = ""
    waits_for = "the database to commit it or to roll it back"
    proven_when = "the database's own ledger says whether it was committed"

    @property
    def what(self) -> str:
        """What happens to what, as a plain phrase that begins small."""
        return f"remove for good what {self.known.request} keeps in the quarantine"

    @property
    def noun(self) -> str:
        """What it is called, as a plain phrase that can be asked for: "a rollback of …"."""
        return f"the removal for good of what {self.known.request} keeps in the quarantine"

    @property
    def effect(self) -> str:
        """What it comes to, as a plain sentence."""
        tables, rows = self.known.tables, _rows_of(self.known.tables)
        return f"{count(len(tables), 'table')} with {rows} go, and with them the undo of {self.known.request}."

    @property
    def caution(self) -> str:
        """What nobody may overlook, as a plain sentence."""
        return "There is no way back."

    @property
    def facts(self) -> tuple[str, ...]:
        """Before and after, as lines of mrkdwn, complete."""
        known, request = self.known, escape(self.known.request, _NAME)
        return (
            f"⚠️ *{request} can't be undone afterwards*, and nothing brings these copies back",
            f"Database {_code(known.database)}, kept since {_moment(known.kept_since)}",
            *(f"• Goes: {_table(table, known.quarantine_schema)}" for table in known.tables),
            "• Only these tables are dropped, never with what depends on them; the application's tables aren't touched",
            "• If one of them is no longer the bot's, or has other rows than now, nothing is dropped",
        )

    def done(self, at: str, found: Mapping[str, object]) -> str:
        """What was proven `at` a moment, as a sentence of mrkdwn."""
        dropped = found.get("dropped")
        tables = len(dropped) if isinstance(dropped, Sequence) else len(self.known.tables)
        return f"Removed {count(tables, 'table')} that {escape(self.known.request, _NAME)} kept, at {at}."

    def look_at(self, op_id: str) -> tuple[str, ...]:
        """What a person looks at to know whether it happened."""
        ledger, operation = _code(f"{self.known.quarantine_schema}.{LEDGER}"), _code(op_id)
        session = _code(session_of(op_id))
        return (
            f"1. In the database, table {ledger}: does a row have the `op_id` {operation}? Then all of it happened.",
            f"2. If none has: is a session of the application {session} connected? Then it may still happen.",
            "3. No such row and no such session: it did not happen, and nothing was removed.",
        )

    def afterwards(self, found: Mapping[str, object] | None, request: str) -> tuple[str, ...]:  # noqa: ARG002  # as promised
        """What comes next, as lines of mrkdwn."""
        return (f"🗑️ {escape(self.known.request, _NAME)} can't be undone any more: what it kept is gone.",)


def with_quarantine(seen: Picture, kept: Sequence[Kept], now: datetime, keep: timedelta) -> Picture:
    """The backups with a section on what operations keep, the newest first; what doesn't fit is counted."""
    lines, blocks = [_headline(kept, keep)], list(seen.blocks)
    for number, one in enumerate(kept):
        may_go = refusal_to_purge(kept, one.run, now, keep) is None
        further = [*lines, *_run(one, now, may_go=may_go)]
        whole = [*blocks, *sections(further)]
        if number == SHOWN or length(whole) > MESSAGE_TEXT - _LEFT_OUT or len(whole) > MESSAGE_BLOCKS:
            lines.append(f"… and {count(len(kept) - number, 'older operation')}")
            break
        lines = further
    plain_blocks = [{key: value for key, value in block.items() if key != "block_id"} for block in blocks]
    return picture("\n".join([seen.text, *lines]), [*plain_blocks, *sections(lines)])


def _headline(kept: Sequence[Kept], keep: timedelta) -> str:
    if not kept:
        return "*Quarantine*: nothing is kept."
    tables = [table for one in kept for table in one.tables]
    size = _bytes(sum(table.bytes for table in tables))
    rule = f"Kept for at least {span(keep)}, and the last {KEPT_RUNS} runs always; nothing removes it by itself."
    return f"*Quarantine*: {count(len(tables), 'table')} of {count(len(kept), 'operation')}, {size}. {rule}"


def _run(kept: Kept, now: datetime, *, may_go: bool) -> Iterator[str]:
    whose = (
        f"*{escape(kept.run)}*"
        if kept.run
        else f"Operation {_code(kept.op_id)}, of a request that this log doesn't know"
    )
    age = span(max(now - kept.at, timedelta(0)))
    yield f"{whose}, {age} old"
    for table in kept.tables[:_TABLES_SHOWN]:
        yield f"• {_table(table, '')}"
    if len(kept.tables) > _TABLES_SHOWN:
        yield f"• … and {count(len(kept.tables) - _TABLES_SHOWN, 'more table')}"
    if kept.run and may_go:
        yield f"   `/dbrestore purge {escape(kept.run)}`"


def _table(table: KeptTable, schema: str) -> str:
    name = f"{schema}.{table.name}" if schema else table.name
    rows = "rows not counted" if table.rows is None else _spelled(table.rows)
    others = f". ⚠️ {escape(listed(list(table.others)), _LIST)} can read or change it" if table.others else ""
    return f"{_code(name)}: {rows}, {_bytes(table.bytes)}{others}"


def _rows_of(tables: Sequence[KeptTable]) -> str:
    counted = sum(table.rows or 0 for table in tables)
    at_least = "at least " if any(table.rows is None for table in tables) else ""
    return f"{at_least}{_spelled(counted)}"


def _spelled(rows: int) -> str:
    return f"{rows:,} row{'' if rows == 1 else 's'}"


def _bytes(number: int) -> str:
    size = float(number)
    for unit in ("bytes", "kB", "MB"):
        if size < _KILO:
            return f"{size:,.0f} {unit}"
        size /= _KILO
    return f"{size:,.1f} GB"


def _moment(at: str) -> str:
    return moment(datetime.fromisoformat(at), "{date_short_pretty} at {time}")


def _code(name: str) -> str:
    """A name in a fixed-width font. Slack can't show a backtick there, so one that looks alike stands for it."""
    return f"`{escape(name).replace('`', chr(0x2CB))}`"
