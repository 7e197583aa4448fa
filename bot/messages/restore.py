"""A table restore in words: what changes and what that undoes, who waits, where every row is kept first.

Rows are counted, never shown. How to go on by hand is whom to call, never SQL: data is no place for a second guess.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.restore import GROWTH, GROWTH_SHARE, LEDGER, LiveDeployment, RestoreFacts, TableRestore, session_of, total
from bot.messages.wording import capital, count, escape, listed, moment

ROLL_BACK = "`/rollback vercel`"
_NAMED, _NAME, _LABEL = 4, 100, 200  # tables in a phrase; characters of a name, of a deployment's label
_KEPT_SHOWN, _SESSIONS_SHOWN = 5, 3
_CAUTION_ROLES, _CAUTION_ROLE = 2, 16  # the dialog before Approve is short, and the plan has them all


@dataclass(frozen=True)
class Restore:
    """What people read of one such step; ages are as of `planned_at`."""

    known: RestoreFacts
    planned_at: datetime
    by_hand = ""
    waits_for = "the database to commit it or to roll it back"
    proven_when = "the database's own ledger says whether it was committed"

    @property
    def what(self) -> str:
        """What happens to what, as a plain phrase that begins small."""
        at = self.known.backup_made_at
        date = f"{at:%Y-%m-%d}" if self._names_a_day else f"{at:%Y-%m-%d %H:%M} UTC"
        return f"restore {self._tables} from the backup{_s(self.known)} of {date}"

    @property
    def effect(self) -> str:
        """What it comes to, as a plain sentence."""
        tables = self.known.tables
        changed = _spelled(total(tables, "update"), "row changes", "rows change")
        back = _spelled(total(tables, "insert"), "comes back", "come back")
        kept = _spelled(total(tables, "keep"), "newer row stays", "newer rows stay")
        return f"{changed}{self._undoing}, {back}, {kept}."

    @property
    def caution(self) -> str:
        """Who can have changed the backups, short, as a plain sentence; "" where only their owners can."""
        roles = [role if len(role) <= _CAUTION_ROLE else f"{role[:_CAUTION_ROLE]}…" for role in self._writers]
        more = [f"{len(roles) - _CAUTION_ROLES} more"] if len(roles) > _CAUTION_ROLES else []
        return f"{listed(roles[:_CAUTION_ROLES] + more)} {self._can_change}." if roles else ""

    @property
    def facts(self) -> tuple[str, ...]:
        """Before and after, as lines of mrkdwn, complete; what decides first."""
        several = bool(_s(self.known))
        return (
            *(f"⚠️ {line}" for line in self._warnings()),
            f"Database {_code(self.known.database)}, backup{_s(self.known)} of {self._date_and_age}",
            *([f"*In all*: {self.effect}"] if several else []),
            *(line for table in self.known.tables for line in _counts(table)),
            *self._meanwhile(),
            *self._kept(),
            "*In detail*",
            *(f"• {capital(line)}" for table in self.known.tables for line in _detail(table, is_only=not several)),
            *(f"• {line}" for line in self._rules()),
        )

    def done(self, at: str, found: Mapping[str, object]) -> str:
        """What was proven `at` a moment, with the numbers that were `found`, as a sentence of mrkdwn."""
        names, tables = [table.name for table in self.known.tables], found.get("tables")
        restored = f"Restored {escape(names[0], _NAME) if len(names) == 1 else f'{len(names)} tables'} at {at}"
        if not isinstance(tables, Mapping):  # written by another version
            return f"{restored}."
        rows = [row for row in tables.values() if isinstance(row, Mapping)]
        changed, back, kept, left = (_sum(rows, key) for key in ("updated", "inserted", "kept", "left_out"))
        left_out = f", {_spelled(left, 'left as it was', 'left as they were')}" if left else ""
        changes = f"{_spelled(changed, 'row', 'rows')} changed, {back:,} came back, {kept:,} newer kept{left_out}"
        return f"{restored}: {changes}{_waited(found)}."

    def look_at(self, op_id: str) -> tuple[str, ...]:
        """What a person looks at to know whether it happened."""
        ledger, operation = _code(f"{self.known.quarantine_schema}.{LEDGER}", _NAME), _code(op_id, _NAME)
        session = _code(session_of(op_id))
        return (
            f"1. In the database, table {ledger}: does a row have the `op_id` {operation}? Then all of it happened.",
            f"2. If none has: is a session of the application {session} connected? Then it may still happen.",
            "3. No such row (or no such table) and no such session: it did not happen, and no row was changed.",
        )

    def afterwards(self, found: Mapping[str, object] | None, request: str) -> tuple[str, ...]:  # noqa: ARG002  # as promised
        """What comes next, as lines of mrkdwn; the same whoever says that it was done."""
        kept = [f"{self.known.quarantine_schema}.{table.quarantine}" for table in self.known.tables]
        where = f"Every row as it was before is kept in {_codes(kept, most=_KEPT_SHOWN)}. Nothing removes it by itself."
        views = list(dict.fromkeys(view for table in self.known.tables for view in table.stale_views))
        refresh = f"To do: refresh the materialized views that show the old rows: {_codes(views, most=_KEPT_SHOWN)}"
        return (*self._still_newer(), f"🗄️ {where}", *([refresh] if views else []))

    @property
    def _tables(self) -> str:
        names = [table.name for table in self.known.tables]
        more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
        return names[0] if len(names) == 1 else f"{len(names)} tables ({listed(names[:_NAMED] + more)})"

    @property
    def _names_a_day(self) -> bool:
        return len(self.known.tables[0].backup_date) == len("YYYYMMDD")

    @property
    def _date_and_age(self) -> str:
        at = self.known.backup_made_at
        days = (self.planned_at - at).days
        age = f"{days:,} day{'' if days == 1 else 's'} old" if days > 0 else "less than a day old"
        # A day is nobody's moment: in another time zone it would read as the day before.
        date = f"{at.day} {at:%B %Y}" if self._names_a_day else moment(at, "{date_long} at {time}")
        return f"*{date} ({age})*"

    @property
    def _undoing(self) -> str:
        """Of the rows that change, how many were changed after the backup, in brackets."""
        known = [table.undone for table in self.known.tables if table.update]
        least, untold = sum(number or 0 for number in known), None in known
        if untold:
            return f" (undoing at least {least:,} newer changes)" if least else " (undoing any newer change)"
        return f" (undoing {_spelled(least, 'newer change', 'newer changes')})" if least else ""

    @property
    def _writers(self) -> tuple[str, ...]:
        return self.known.backup_writers

    @property
    def _can_change(self) -> str:
        tables = self.known.tables
        if len(tables) == 1:
            return "can change this backup: its rows may not be yours"
        are_all = all(set(table.backup_writers) == set(self._writers) for table in tables)
        return f"can change {'these' if are_all else 'some of these'} backups: their rows may not be yours"

    @property
    def _newer(self) -> LiveDeployment | None:
        """The live deployment, where it is newer than the backup."""
        live = self.known.live_deployment
        built_at = _read(live.built_at) if live else None
        return live if built_at and built_at > self.known.backup_made_at else None

    def _warnings(self) -> Iterator[str]:
        if self._writers:
            roles = listed([_code(role) for role in self._writers])
            yield f"{roles} *{self._can_change}*"
        if self._newer:
            yield f"Production serves {_deployment(self._newer)}: newer than the backup. {_beware(self._newer)}"
        if self.known.estimate_seconds > self.known.limit_seconds:
            limit = f"more than the limit of {_seconds(self.known.limit_seconds)}: `long-block` was asked for"
            yield f"*Writes will wait for about {_seconds(self.known.estimate_seconds)}*, {limit}"

    def _still_newer(self) -> tuple[str, ...]:
        if self._newer is None or self._newer.is_rolled_back:
            return ()
        live = f"When this was planned, production served {_deployment(self._newer, _LABEL)}, newer than the backup."
        return (f"⚠️ {live} Unless it was rolled back since, it may damage these rows again: {ROLL_BACK}",)

    def _meanwhile(self) -> Iterator[str]:
        restored = [str(table.live) for table in self.known.tables]
        yield f"*Meanwhile* (about {_seconds(self.known.estimate_seconds)})"
        yield f"• Writes wait: {_codes(restored)}"
        if also := [name for name in self.known.waiting if name not in restored]:
            yield f"• Inserts and other writes that point there wait too: {_codes(also)}"
        yield "• Reading goes on, except `SELECT … FOR UPDATE`"
        yield f"• Beyond {_seconds(self.known.longest_seconds)} the restore stops, and nothing changes"
        yield from self._others()

    def _others(self) -> Iterator[str]:
        sessions = sorted(self.known.sessions, key=lambda one: one.since)
        if not sessions:
            return
        yield f"• In a transaction there when this was planned: {count(len(sessions), 'session')}, the oldest first:"
        for one in sessions[:_SESSIONS_SHOWN]:
            who = f"pid {one.pid}, role {_code(one.role)}, application {_code(one.application)}"
            yield f"    ◦ {who}, {escape(one.state)}, since {_moment(one.since)}"
        if len(sessions) > _SESSIONS_SHOWN:
            yield f"    ◦ and {len(sessions) - _SESSIONS_SHOWN} more"
        yield "• If one that writes there doesn't end, the restore gives up and nothing changes"

    def _kept(self) -> Iterator[str]:
        known = self.known
        copies = _codes([f"{known.quarantine_schema}.{table.quarantine}" for table in known.tables])
        yield "*Nothing is deleted, dropped, renamed or truncated*; a backup stays as it is"
        yield f"• Every row as it is now is copied first, in the same transaction, to {copies}"
        if known.makes_schema:
            yield f"• For that, the bot makes its schema {_code(known.quarantine_schema)}, closed to other roles"
        if known.publishes_copies:
            yield "• ⚠️ A publication FOR ALL TABLES sends this copy, too, to whoever subscribes to it"
        yield (
            "• *To undo it*: there is no command for that in this version. Whoever runs the database plans an undo "
            "from that copy"
        )

    def _rules(self) -> Iterator[str]:
        yield "No trigger of these tables fires for these rows. A publication (Supabase Realtime) still sends them"
        yield "Foreign keys stay on. One with ON DELETE SET NULL is set to NULL where its row is gone"
        yield "Sequences only move forward"
        yield (
            "All is read again once the tables are held. If a definition or a backup changed, or over "
            f"{GROWTH} and over {GROWTH_SHARE:.0%} more rows would be written, it stops and nothing changes"
        )
        if self.known.live_deployment is None:
            yield "Not known: which deployment is live, and whether it is newer than the backup"
        elif self._newer is None:
            yield f"Production serves {_deployment(self.known.live_deployment)}: older than the backup"


def _counts(table: TableRestore) -> Iterator[str]:
    yield f"{_code(str(table.live))} from {_code(str(table.copy))}"
    yield f"• Rows that change: *{table.update:,}*"
    if table.update and table.undone is None:
        why = f"{_code(table.recent)} isn't in both" if table.recent else "the runbook names no column that tells"
        yield f"• How many of these changed after the backup was made: not known ({why}). *Those changes are undone*"
    elif table.update:
        by = f"changed after the backup was made (by {_code(table.recent)})"
        yield f"• Of these, {by}: *{table.undone:,}*{'. *Those changes are undone*' if table.undone else ''}"
    yield f"• Rows that come back (deleted since): *{table.insert:,}*"
    yield f"• Newer rows that stay: *{table.keep:,}*"
    if table.left_deleted or not table.reinserts:
        yield f"• Deleted since, and not brought back (the runbook says so): *{table.left_deleted:,}*"
    for key, rows in table.orphans.items():
        yield f"• Left as they are, because what they point to is gone (foreign key {_code(key)}): *{rows:,}*"


def _detail(table: TableRestore, *, is_only: bool) -> Iterator[str]:
    of = "" if is_only else f"{_code(table.name)}: "
    yield f"{of}rows now {table.live_rows:,}, in the backup {table.backup_rows:,}"
    yield f"{of}columns restored: {_codes(table.columns)}"
    if table.live_only:
        yield f"{of}columns that the backup doesn't have, which keep their values: {_codes(table.live_only)}"
    if table.sticky:
        yield f"{of}columns that are never unset, only set: {_codes(table.sticky)}"
    if table.backup_writers and not is_only:
        yield f"{of}roles that can change this backup: {_codes(table.backup_writers)}"
    if table.stale_views:
        yield f"{of}materialized views that show the old rows until they are refreshed: {_codes(table.stale_views)}"


def _s(known: RestoreFacts) -> str:
    """The ending of "backup"."""
    return "" if len(known.tables) == 1 else "s"


def _sum(rows: Sequence[Mapping[str, object]], key: str) -> int:
    return sum(value for row in rows if isinstance(value := row.get(key), int))


def _waited(found: Mapping[str, object]) -> str:
    held, attempts = found.get("held_seconds"), found.get("attempts")
    waited = f"; writes waited {_seconds(held)}" if isinstance(held, (int, float)) else ""
    return f"{waited}, after {attempts} attempts" if isinstance(attempts, int) and attempts > 1 else waited


def _spelled(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _seconds(seconds: float) -> str:
    return f"{seconds:,.1f}".removesuffix(".0") + " s"


def _read(at: str) -> datetime | None:
    """A moment in ISO 8601, in UTC where it says no zone; None of another text."""
    try:
        known = datetime.fromisoformat(at)
    except ValueError:
        return None
    return known if known.tzinfo else known.replace(tzinfo=UTC)


def _moment(at: str) -> str:
    known = _read(at)
    return moment(known, "{date_short_pretty} at {time}") if known else escape(at) or "an unknown time"


def _beware(live: LiveDeployment) -> str:
    """What to do about code that is newer than the rows; after a rollback another one is not the first thought."""
    if live.is_rolled_back:
        return "Production was rolled back to it. *Make sure that it isn't what damaged these rows*"
    return f"*Roll it back first, or it may damage these rows again*: {ROLL_BACK}"


def _deployment(live: LiveDeployment, most: int = 0) -> str:
    return f"{escape(live.label, most)}, built {_moment(live.built_at)}"


def _codes(names: Sequence[str], most: int = 0) -> str:
    """The names; of more than `most` (0 = any number) the rest is counted, and long ones are cut."""
    shown = [_code(name, _NAME if most else 0) for name in (names[:most] if most else names)]
    return ", ".join([*shown, *([f"and {len(names) - most} more"] if most and len(names) > most else [])])


def _code(name: str, most: int = 0) -> str:
    """A name in a fixed-width font. Slack can't show a backtick there, so one that looks alike stands for it."""
    text = escape(name, most).replace("`", "\N{MODIFIER LETTER GRAVE ACCENT}")
    return f"`{text}`" if text else "(none)"
