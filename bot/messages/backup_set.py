"""A backup set in words: how large it is, what taking it costs, where it is kept and how to restore from it.

Nothing of it needs an approval, so whoever takes it is told all of it before the button.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.backup_set import LONGEST_SECONDS, BackupSet
from bot.core.restore import LEDGER, session_of
from bot.messages.blocks import actions, button, confirmed, pages, sections
from bot.messages.picture import Picture, picture
from bot.messages.wording import count, escape, plain

TAKE = "take_backup"
_NAME, _SHOWN = 100, 5
_LISTED = 20  # tables in the proposal; the plan has them all
_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def proposal(taken: BackupSet) -> Picture:
    """What would be taken now, for one approver, with the button that takes it."""
    size = f"{_rows(taken.rows)}, {_size(taken.bytes)}"
    head = f"*A backup of {count(len(taken.tables), 'table')} now*: {size}, about {_seconds(taken.estimate_seconds)}."
    tables = [_line(taken, number) for number in range(min(len(taken.tables), _LISTED))]
    more = len(taken.tables) - len(tables)
    rest = [f"… and {count(more, 'more table')}"] if more else []
    rules = (
        f"Nothing has been done yet. No approval is needed: it only adds tables, to {_code(taken.schema, _NAME)}."
        " Approvers alone may take a set: one at a time, at most one an hour."
    )
    effect = f"{size}: copied into {plain(taken.schema, _NAME)}. Your name and what is done are posted in this channel."
    take = confirmed(button("Take the backup", TAKE), title="Take the backup?", text=effect)
    lines = [head, *tables, *rest, *_costs(taken), rules]
    return picture("\n".join(lines), [*pages(sections(lines))[0], *actions([take])])


@dataclass(frozen=True)
class BackUp:
    """What people read of such a step."""

    known: BackupSet
    by_hand = caution = ""
    waits_for = "the database to commit it or to roll it back"
    proven_when = "the database's own ledger says whether it was committed"

    @property
    def what(self) -> str:
        """What happens to what, as a plain phrase that begins small."""
        return f"take {self.noun}"

    @property
    def noun(self) -> str:
        """What it is called, as a plain phrase that can be asked for: "a rollback of …"."""
        tables = self.known.tables
        of = tables[0].name if len(tables) == 1 else f"{len(tables)} tables"
        return f"a backup of {of}, all of one moment"

    @property
    def effect(self) -> str:
        """What it comes to, as a plain sentence."""
        return f"{_rows(self.known.rows)} are copied into {self.known.schema}, and no row and no definition changes."

    @property
    def facts(self) -> tuple[str, ...]:
        """Before and after, as lines of mrkdwn, complete."""
        known = self.known
        made = ["• The schema is made first: it is not there yet"] if known.makes_schema else []
        return (
            f"Database {_code(known.database)}, about {_seconds(known.estimate_seconds)}",
            "*The tables as they were when their size was read*; the backups hold what is there when they are taken",
            *(_line(known, number) for number in range(len(known.tables))),
            *_costs(known),
            "*Afterwards*",
            *(f"• {_code(str(known.copy_of(table)))}" for table in known.tables),
            *made,
            "• Each has its rows, their checksum and its columns in its comment; a restore from it compares them",
            "• No other role has a right on them. Nothing removes them by itself",
            "• If anything fails, all of it is rolled back, and no backup is there",
        )

    def done(self, at: str, found: Mapping[str, object]) -> str:
        """What was proven `at` a moment, with the numbers that were `found`, as a sentence of mrkdwn."""
        backups = found.get("backups")
        told = backups.values() if isinstance(backups, Mapping) else ()
        rows = [number for number in told if isinstance(number, int)]
        return f"Backup set taken at {at}: {count(len(rows), 'table')}, {_rows(sum(rows))}, all of one moment."

    def look_at(self, op_id: str) -> tuple[str, ...]:
        """What a person looks at to know whether it happened."""
        ledger, operation = _code(f"{self.known.schema}.{LEDGER}", _NAME), _code(op_id, _NAME)
        session = _code(session_of(op_id))
        return (
            f"1. In the database, table {ledger}: does a row have the `op_id` {operation}? Then the set is there.",
            f"2. If none has: is a session of the application {session} connected? Then it may still happen.",
            "3. No such row (or no such table) and no such session: it did not happen, and nothing was added.",
        )

    def afterwards(self, found: Mapping[str, object] | None, request: str) -> tuple[str, ...]:  # noqa: ARG002  # as promised
        """What comes next, as lines of mrkdwn."""
        names = [str(self.known.copy_of(table)) for table in self.known.tables]
        return (
            f"🗄️ The backups: {_codes(names)}. Nothing removes them by itself.",
            f"To restore from them: `/dbrestore &lt;table&gt; from {self.known.date}`, or `all` for every table",
        )


def _costs(taken: BackupSet) -> Iterator[str]:
    yield "*What it costs*"
    yield (
        f"• About {_size(taken.bytes)} of the database's disk, and for a while about as much again for its log. The "
        "bot can't see how much is free; a full disk stops every write"
    )
    yield (
        "• Reading and writing rows go on. A migration of these tables (ALTER TABLE, TRUNCATE) waits until it has "
        "ended, and whoever comes after the migration waits behind it"
    )
    yield f"• Beyond {LONGEST_SECONDS:g} s it stops, and nothing is added"
    if taken.publishes_copies:
        yield "• ⚠️ A publication FOR ALL TABLES sends these copies, too, to whoever subscribes to it"


def _line(taken: BackupSet, number: int) -> str:
    table = taken.tables[number]
    return f"• {_code(str(table.live))}: {_rows(table.rows)}, {_size(table.bytes)}"


def _rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"


def _size(size: int) -> str:
    unit = next(((of, name) for of, name in _UNITS if size >= of), None)
    return f"{size / unit[0]:,.1f}".removesuffix(".0") + f" {unit[1]}" if unit else f"{size} bytes"


def _seconds(seconds: float) -> str:
    return f"{seconds:,.1f}".removesuffix(".0") + " s"


def _codes(names: Sequence[str]) -> str:
    more = [f"and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    return ", ".join([*(_code(name, _NAME) for name in names[:_SHOWN]), *more])


def _code(name: str, most: int = 0) -> str:
    """A name in a fixed-width font. Slack can't show a backtick there, so one that looks alike stands for it."""
    text = escape(name, most).replace("`", "\N{MODIFIER LETTER GRAVE ACCENT}")
    return f"`{text}`"
