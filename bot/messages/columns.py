"""Dropping added columns, and putting them back, in words: what goes, what is kept, who waits, what can't be seen.

Values are counted, never shown. A new column rarely hurts older code, and the plan says so first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.columns import ALONE_SECONDS, ColumnDefinition, DropFacts, ReturnFacts, TableDrop, TableReturn
from bot.core.restore import LEDGER, session_of
from bot.messages.wording import count, escape, listed

_NAMED, _SHOWN = 3, 5  # columns in a phrase; names in a line of what comes next
_NAME = 100
_LEAVE = (
    "As a rule, a column that may be empty or has a default does not hurt older code: *leaving it is the safe choice*"
)
_NOTHING_HANGS = (
    "*Nothing that PostgreSQL knows of hangs on them*: no view, policy, trigger, function, index, key, check, "
    "generated column, statistics, publication or column of whole rows"
)
_TO_UNDO = (
    "*To undo it*: `/rollback undo` and this request's name. The columns come back with their definitions and values, "
    "at the end of the table"
)
_BOTH_WAIT = "Reading and writing of these tables wait while the values are put back"


class _InOneTransaction:
    """What both have in common: the database commits them or rolls them back."""

    by_hand = caution = ""
    waits_for = "the database to commit it or to roll it back"
    proven_when = "the database's own ledger says whether it was committed"


@dataclass(frozen=True)
class DropColumns(_InOneTransaction):
    """What people read of a drop."""

    known: DropFacts

    @property
    def what(self) -> str:
        """What happens to what, as a plain phrase that begins small."""
        return f"drop {self._columns}"

    @property
    def noun(self) -> str:
        """What it is called, as a plain phrase that can be asked for: "a rollback of …"."""
        return f"the removal of {self._columns}"

    @property
    def _columns(self) -> str:
        return _phrase([f"{t.name}.{name}" for t in self.known.tables for name in t.names])

    @property
    def effect(self) -> str:
        """What it comes to, as a plain sentence."""
        columns = sum(len(table.columns) for table in self.known.tables)
        values = sum(sum(table.values.values()) for table in self.known.tables)
        these = "This column goes" if columns == 1 else f"{columns} columns go"
        return f"{these}; {_spelled(values, 'value is', 'values are')} copied aside first."

    @property
    def facts(self) -> tuple[str, ...]:
        """Before and after, as lines of mrkdwn, complete; what decides first."""
        known = self.known
        return (
            f"⚠️ {_LEAVE}",
            f"Database {_code(known.database)}",
            *(line for table in known.tables for line in _going(table)),
            _NOTHING_HANGS,
            "• It does not know what functions whose body is a text use, nor what applications use",
            *(line for table in known.tables for line in _reading(table)),
            "*Meanwhile*",
            "• Nobody waits while the values are copied",
            "• Reading and writing wait for at most 0.2 s at each attempt to have the tables alone",
            f"• Then they wait for the drop itself: at most {_seconds(ALONE_SECONDS)}, or nothing changes",
            "• If they can't be had in eight attempts, nothing changes",
            "*Kept*",
            f"• Keys and values, copied in the same transaction to {_codes(_copies(known))}, closed to other roles",
            *([f"• For that, the bot makes its schema {_code(known.quarantine_schema)}"] if known.makes_schema else []),
            *(
                ["• ⚠️ A publication FOR ALL TABLES sends this copy, too, to whoever subscribes to it"]
                if known.publishes_copies
                else []
            ),
            f"• {_TO_UNDO}",
            "• Sessions that keep a prepared `SELECT *` may fail once, until they connect anew",
        )

    def done(self, at: str, found: Mapping[str, object]) -> str:
        """What was proven `at` a moment, with the numbers that were `found`, as a sentence of mrkdwn."""
        tables = found.get("tables")
        rows = sum(_number(row, "rows") for row in tables.values()) if isinstance(tables, Mapping) else 0
        copied = f", with the values of {_spelled(rows, 'row', 'rows')} copied aside" if rows else ""
        return f"Dropped {escape(self._columns, 200)} at {at}{copied}."

    def look_at(self, op_id: str) -> tuple[str, ...]:
        """What a person looks at to know whether it happened."""
        return _look_at(self.known.quarantine_schema, op_id, "no column was dropped")

    def afterwards(self, found: Mapping[str, object] | None, request: str) -> tuple[str, ...]:  # noqa: ARG002  # as promised
        """What comes next, as lines of mrkdwn."""
        kept = f"🗄️ The values are kept in {_codes(_copies(self.known), most=_SHOWN)}. Nothing removes it by itself."
        return (kept, f"To put the columns back: `/rollback undo {escape(request)}`")


@dataclass(frozen=True)
class ReturnColumns(_InOneTransaction):
    """What people read of columns that come back."""

    known: ReturnFacts

    @property
    def what(self) -> str:
        """What happens to what, as a plain phrase that begins small."""
        return f"put back {self._columns}"

    @property
    def noun(self) -> str:
        """What it is called, as a plain phrase that can be asked for: "a rollback of …"."""
        return f"the return of {self._columns}"

    @property
    def _columns(self) -> str:
        return _phrase([f"{t.name}.{c.name}" for t in self.known.tables for c in t.columns])

    @property
    def effect(self) -> str:
        """What it comes to, as a plain sentence."""
        back = sum(table.matching for table in self.known.tables)
        newer = sum(table.newer for table in self.known.tables)
        verb = "gets its" if back == 1 else "get their"
        others = f"; {_spelled(newer, 'newer row has', 'newer rows have')} the default or nothing" if newer else ""
        return f"{_spelled(back, 'row', 'rows')} {verb} values back{others}."

    @property
    def facts(self) -> tuple[str, ...]:
        """Before and after, as lines of mrkdwn, complete."""
        known = self.known
        return (
            f"Database {_code(known.database)}",
            *(line for table in known.tables for line in _coming(table)),
            "*Meanwhile*",
            f"• {_BOTH_WAIT}: at most {_seconds(known.limit_seconds)}, then everything is rolled back",
            "• If the tables can't be had in eight attempts, nothing changes",
            "*In detail*",
            "• The columns come back at the end of the table, with their rights, comments and settings",
            "• No trigger of these tables fires for these rows. A publication (Supabase Realtime) still sends them",
            "• Compared once more before it is committed: every value is the copied one. The copies stay",
        )

    def done(self, at: str, found: Mapping[str, object]) -> str:
        """What was proven `at` a moment, with the numbers that were `found`, as a sentence of mrkdwn."""
        tables = found.get("returned")
        rows = list(tables.values()) if isinstance(tables, Mapping) else []
        filled = _spelled(sum(_number(row, "filled") for row in rows), "row has its", "rows have their")
        loose = [str(name) for row in rows if isinstance(row, Mapping) for name in row.get("left_nullable", ())]
        more = f" NOT NULL could not be put back on {escape(listed(loose), 200)}." if loose else ""
        what = escape(self._columns, 200)
        return f"Put back {what} at {at}{f': {filled} values again' if rows else ''}.{more}"

    def look_at(self, op_id: str) -> tuple[str, ...]:
        """What a person looks at to know whether it happened."""
        return _look_at(self.known.quarantine_schema, op_id, "no column was added")

    def afterwards(self, found: Mapping[str, object] | None, request: str) -> tuple[str, ...]:  # noqa: ARG002  # as promised
        """What comes next, as lines of mrkdwn."""
        copies = [f"{self.known.quarantine_schema}.{table.copy}" for table in self.known.tables]
        return (f"🗄️ The copies stay in {_codes(copies, most=_SHOWN)}. Nothing removes them by itself.",)


def _going(table: TableDrop) -> Iterator[str]:
    yield f"*{_code(str(table.live))}* ({_spelled(table.rows, 'row', 'rows')})"
    for column in table.columns:
        values = table.values.get(column.name, 0)
        yield f"• Goes: {_code(column.told)}, with a value in *{_spelled(values, 'row', 'rows')}*{_more(column)}"
    if table.missing:
        yield f"• Not there, so nothing to drop: {_codes(table.missing)}"


def _more(column: ColumnDefinition) -> str:
    """What else is set of it, and comes back with it."""
    rights = [_code(f"{one.privilege} to {one.role}") for one in column.grants]
    parts = [f"rights {', '.join(rights)}"] if rights else []
    parts += ["a comment"] if column.comment else []
    parts += [f"sequences that stay: {_codes([str(one) for one in column.sequences])}"] if column.sequences else []
    return f"; {'; '.join(parts)}" if parts else ""


def _reading(table: TableDrop) -> Iterator[str]:
    if table.mentioning:
        yield f"• ⚠️ These functions have a column's name in their text: {_codes(table.mentioning)}. *Read them first*"
    if table.whole:
        yield f"• These read whole rows of {_code(table.name)} and get shorter ones: {_codes(table.whole)}"


def _coming(table: TableReturn) -> Iterator[str]:
    yield f"*{_code(str(table.live))}* from {_code(table.copy)}"
    for column in table.columns:
        yield f"• Comes back: {_code(column.told)}{_more(column)}"
    yield f"• Rows that get their values back: *{table.matching:,}*"
    yield f"• Rows created since, which get the default or nothing: *{table.newer:,}*"
    yield f"• Rows deleted since, whose values stay in the copy: *{table.gone:,}*"
    if table.left_nullable:
        yield f"• ⚠️ NOT NULL can't come back, as rows created since have no value: {_codes(table.left_nullable)}"


def _look_at(schema: str, op_id: str, not_done: str) -> tuple[str, ...]:
    ledger, operation, session = _code(f"{schema}.{LEDGER}", _NAME), _code(op_id, _NAME), _code(session_of(op_id))
    return (
        f"1. In the database, table {ledger}: does a row have the `op_id` {operation}? Then all of it happened.",
        f"2. If none has: is a session of the application {session} connected? Then it may still happen.",
        f"3. No such row (or no such table) and no such session: it did not happen, and {not_done}.",
    )


def _copies(known: DropFacts) -> list[str]:
    return [f"{known.quarantine_schema}.{table.quarantine}" for table in known.tables]


def _phrase(names: Sequence[str]) -> str:
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return f"{'column' if len(names) == 1 else count(len(names), 'column') + ':'} {listed([*names[:_NAMED], *more])}"


def _number(row: object, key: str) -> int:
    value = row.get(key) if isinstance(row, Mapping) else 0
    return value if isinstance(value, int) else 0


def _spelled(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _seconds(seconds: float) -> str:
    return f"{seconds:,.1f}".removesuffix(".0") + " s"


def _codes(names: Sequence[str], most: int = 0) -> str:
    """The names; of more than `most` (0 = any number) the rest is counted, and long ones are cut."""
    shown = [_code(name, _NAME if most else 0) for name in (names[:most] if most else names)]
    return ", ".join([*shown, *([f"and {len(names) - most} more"] if most and len(names) > most else [])])


def _code(name: str, most: int = 0) -> str:
    """A name in a fixed-width font. Slack can't show a backtick there, so one that looks alike stands for it."""
    text = escape(name, most).replace("`", "\N{MODIFIER LETTER GRAVE ACCENT}")
    return f"`{text}`" if text else "(none)"
