"""A table restore in words: what it comes to, what it did, what comes next; an exact one and an undo are others.

Rows are counted, never shown. How to go on by hand is whom to call, never SQL: data is no place for a second guess.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.restore import LEDGER, Mode, RestoreFacts, session_of, total
from bot.messages.restore_plan import (
    ROLL_BACK,
    can_change,
    deployment,
    lines,
    names_a_day,
    newer,
    spell_seconds,
)
from bot.messages.wording import code, codes, escape, listed, tables_named

_NAME, _LABEL = 100, 200  # characters of a name, of a deployment's label
_KEPT_SHOWN = 5
_CAUTION_ROLES, _CAUTION_ROLE = 2, 16  # the dialog before Approve is short, and the plan has them all


@dataclass(frozen=True)
class Restore:
    """What people read of one such step; ages are as of `planned_at`. `rolls_back` says that another one does."""

    known: RestoreFacts
    planned_at: datetime
    rolls_back: bool = False
    by_hand = ""
    waits_for = "the database to commit it or to roll it back"
    proven_when = "the database's own ledger says whether it was committed"

    @property
    def what(self) -> str:
        """What happens to what, as a plain phrase that begins small."""
        if self.known.mode is Mode.UNDO:
            return f"undo the restore of {self._tables} of {self._date}"
        exactly = "exactly " if self.known.mode is Mode.EXACT else ""
        return f"restore {self._tables} {exactly}from the {self._backups}"

    @property
    def noun(self) -> str:
        """What it is called, as a plain phrase that can be asked for: "a rollback of …"."""
        if self.known.mode is Mode.UNDO:
            return f"an undo of the restore of {self._tables} of {self._date}"
        a = "an exact" if self.known.mode is Mode.EXACT else "a"
        return f"{a} restore of {self._tables} from the {self._backups}"

    @property
    def effect(self) -> str:
        """What it comes to, as a plain sentence."""
        tables, is_undo = self.known.tables, self.known.mode is Mode.UNDO
        changes = ("row goes back", "rows go back") if is_undo else ("row changes", "rows change")
        changed = _spelled(total(tables, "update"), *changes)
        back = _spelled(total(tables, "insert"), "comes back", "come back")
        others = {
            Mode.KEEP: _spelled(total(tables, "keep"), "newer row stays", "newer rows stay"),
            Mode.EXACT: _spelled(total(tables, "delete"), "newer row is deleted", "newer rows are deleted"),
            Mode.UNDO: _spelled(total(tables, "delete"), "is deleted", "are deleted"),
        }
        return f"{changed}{self._undoing}, {back}, {others[self.known.mode]}."

    @property
    def caution(self) -> str:
        """Who can have changed the backups, short, as a plain sentence; "" where only their owners can."""
        writers = self.known.backup_writers
        roles = [role if len(role) <= _CAUTION_ROLE else f"{role[:_CAUTION_ROLE]}…" for role in writers]
        more = [f"{len(roles) - _CAUTION_ROLES} more"] if len(roles) > _CAUTION_ROLES else []
        return f"{listed(roles[:_CAUTION_ROLES] + more)} {can_change(self.known)}." if roles else ""

    @property
    def facts(self) -> tuple[str, ...]:
        """Before and after, as lines of mrkdwn, complete; what decides first."""
        return lines(self.known, self.planned_at, self.effect, rolls_back=self.rolls_back)

    def done(self, at: str, found: Mapping[str, object]) -> str:
        """What was proven `at` a moment, with the numbers that were `found`, as a sentence of mrkdwn."""
        names, tables = [table.name for table in self.known.tables], found.get("tables")
        done = "Undid the restore of" if self.known.mode is Mode.UNDO else "Restored"
        restored = f"{done} {escape(names[0], _NAME) if len(names) == 1 else f'{len(names)} tables'} at {at}"
        if not isinstance(tables, Mapping):  # written by another version
            return f"{restored}."
        rows = [row for row in tables.values() if isinstance(row, Mapping)]
        changed, back, left = (_sum(rows, key) for key in ("updated", "inserted", "left_out"))
        others = {
            Mode.KEEP: f"{_sum(rows, 'kept'):,} newer kept",
            Mode.EXACT: f"{_sum(rows, 'deleted'):,} newer deleted",
            Mode.UNDO: f"{_sum(rows, 'deleted'):,} deleted",
        }
        went = "went back" if self.known.mode is Mode.UNDO else "changed"
        left_out = f", {_spelled(left, 'left as it was', 'left as they were')}" if left else ""
        changes = f"{_spelled(changed, 'row', 'rows')} {went}, {back:,} came back, {others[self.known.mode]}{left_out}"
        return f"{restored}: {changes}{_waited(found)}."

    def look_at(self, op_id: str) -> tuple[str, ...]:
        """What a person looks at to know whether it happened."""
        ledger, operation = code(f"{self.known.quarantine_schema}.{LEDGER}", _NAME), code(op_id, _NAME)
        session = code(session_of(op_id))
        return (
            f"1. In the database, table {ledger}: does a row have the `op_id` {operation}? Then all of it happened.",
            f"2. If none has: is a session of the application {session} connected? Then it may still happen.",
            "3. No such row (or no such table) and no such session: it did not happen, and no row was changed.",
        )

    def afterwards(self, found: Mapping[str, object] | None, request: str) -> tuple[str, ...]:  # noqa: ARG002  # as promised
        """What comes next, as lines of mrkdwn; the same whoever says that it was done."""
        views = list(dict.fromkeys(view for table in self.known.tables for view in table.stale_views))
        refresh = f"To do: refresh the materialized views that show the old rows: {codes(views, most=_KEPT_SHOWN)}"
        can_undo = all(table.changes for table in self.known.tables)
        undo = f"To undo it: `/rollback undo {escape(request)}`. Rows created since then stay."
        return (*self._still_newer(), *self._kept(), *([undo] if can_undo else []), *([refresh] if views else []))

    def _kept(self) -> list[str]:
        schema, tables = self.known.quarantine_schema, self.known.tables
        copies = [f"{schema}.{table.quarantine}" for table in tables if table.quarantine]
        changes = [f"{schema}.{table.changes}" for table in tables if table.changes]
        whole = f"Every row as it was before is kept in {codes(copies, most=_KEPT_SHOWN)}. " if copies else ""
        written = f"What was done to each row is kept in {codes(changes, most=_KEPT_SHOWN)}. " if changes else ""
        return [f"🗄️ {whole}{written}Nothing removes it by itself."]

    @property
    def _date(self) -> str:
        at = self.known.backup_made_at
        return f"{at:%Y-%m-%d}" if names_a_day(self.known) else f"{at:%Y-%m-%d %H:%M} UTC"

    @property
    def _backups(self) -> str:
        return f"backup{'s' if len(self.known.tables) > 1 else ''} of {self._date}"

    @property
    def _tables(self) -> str:
        return tables_named([table.name for table in self.known.tables])

    @property
    def _undoing(self) -> str:
        """Of the rows that were there, how many were changed after the backup or the restore, in brackets."""
        is_undo = self.known.mode is Mode.UNDO
        known = [table.undone for table in self.known.tables if table.update or (is_undo and table.delete)]
        least, untold = sum(number or 0 for number in known), None in known
        if untold:
            return f" (undoing at least {least:,} newer changes)" if least else " (undoing any newer change)"
        return f" (undoing {_spelled(least, 'newer change', 'newer changes')})" if least else ""

    def _still_newer(self) -> tuple[str, ...]:
        live = newer(self.known)
        if live is None or live.is_rolled_back or self.rolls_back:
            return ()
        text = f"When this was planned, production served {deployment(live, _LABEL)}, newer than the backup."
        return (f"⚠️ {text} Unless it was rolled back since, it may damage these rows again: {ROLL_BACK}",)


def _sum(rows: Sequence[Mapping[str, object]], key: str) -> int:
    return sum(value for row in rows if isinstance(value := row.get(key), int))


def _waited(found: Mapping[str, object]) -> str:
    held, attempts = found.get("held_seconds"), found.get("attempts")
    waited = f"; writes waited {spell_seconds(held)}" if isinstance(held, (int, float)) else ""
    return f"{waited}, after {attempts} attempts" if isinstance(attempts, int) and attempts > 1 else waited


def _spelled(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
