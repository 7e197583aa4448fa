"""Stopping and resuming writes in words: who is kept from what, until when, and how it ends.

While writes are stopped that is said wherever the request stands, loudest where its plan ended with them stopped.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.request import ChangeRequest
from bot.core.restore import LEDGER, session_of
from bot.core.writes import RESUMED, STOPPED, TRIGGER, Stopped, TableWrites, WritesFacts, reported, stopped_by
from bot.messages.blocks import sections
from bot.messages.holders import in_a_transaction
from bot.messages.picture import Picture, picture
from bot.messages.wording import code, codes, escape, moment, tables_named

RESUME_COMMAND = "`/dbrestore resume-writes`"
_TO_RESUME = f"To resume them: {RESUME_COMMAND} (needs approval)."
_NAME, _SHOWN = 100, 5
_DAY_AND_TIME = "{date_short_pretty} at {time}"


@dataclass(frozen=True)
class _Words:
    """What people read of either step alike."""

    known: WritesFacts
    by_hand = ""
    waits_for = "the database to commit it or to roll it back"
    proven_when = "the database's own ledger says whether it was committed"

    def look_at(self, op_id: str) -> tuple[str, ...]:
        """What a person looks at to know whether it happened."""
        ledger, operation = code(f"{self.known.quarantine_schema}.{LEDGER}", _NAME), code(op_id, _NAME)
        return (
            f"1. In the database, table {ledger}: does a row have the `op_id` {operation}? Then all of it happened.",
            f"2. If none has: is a session of the application {code(session_of(op_id))} connected? Then it may still.",
            "3. No such row (or no such table) and no such session: it did not happen.",
        )

    @property
    def _names(self) -> list[str]:
        return [table.name for table in self.known.tables]

    def _told(self, names: Sequence[str]) -> str:
        """Tables that a report names, as a phrase of mrkdwn."""
        plain = [table.name for table in self.known.tables if str(table.live) in names]
        return escape(tables_named(plain or list(names)), _NAME * 2)


@dataclass(frozen=True)
class StopWrites(_Words):
    """What people read of a stop."""

    @property
    def what(self) -> str:
        """What happens to what, as a plain phrase that begins small."""
        return f"stop writes to {tables_named(self._names)}"

    @property
    def noun(self) -> str:
        """What it is called, as a plain phrase that can be asked for: "a rollback of …"."""
        return f"a stop of writes to {tables_named(self._names)}"

    @property
    def effect(self) -> str:
        """What it comes to, as a plain sentence."""
        return "Nobody can write there until writes are resumed; reading goes on."

    @property
    def caution(self) -> str:
        """What nobody may overlook who approves it, as a plain sentence."""
        fails = "Whatever the application writes there fails, until another step or request resumes writes."
        return (
            f"Rows that a subscription replicates there go on changing. {fails}" if self.known.subscriptions else fails
        )

    @property
    def facts(self) -> tuple[str, ...]:
        """Before and after, as lines of mrkdwn, complete."""
        return (
            f"Database {code(self.known.database)}",
            *(_stopped_line(table) for table in self.known.tables),
            f"*Until they are resumed* ({RESUME_COMMAND}, or a later step)",
            "• INSERT, UPDATE, DELETE and TRUNCATE there fail with SQLSTATE 25006, for everybody, the owner too",
            "• So does a change elsewhere that a foreign key would carry on to there (ON DELETE CASCADE and the like)",
            "• Reading goes on, and the bot can restore these tables meanwhile",
            "• Not stopped: changes of definitions (ALTER, DROP), and rows that a subscription replicates to there",
            *self._replicated(),
            *self._meanwhile(),
            *self._made(),
        )

    def done(self, at: str, found: Mapping[str, object]) -> str:
        """What was proven `at` a moment, by what was `found`, as a sentence of mrkdwn."""
        names = reported(found, STOPPED)
        if not names:
            return f"Writes to {self._told(self.known.names)} were stopped already at {at}."
        return f"Stopped writes to {self._told(names)} at {at}."

    def afterwards(self, found: Mapping[str, object] | None, request: str) -> tuple[str, ...]:  # noqa: ARG002  # below
        """Nothing of the step alone: a later one may have resumed them. `left_stopped` tells of the whole request."""
        return ()

    def _replicated(self) -> Iterator[str]:
        if self.known.subscriptions:
            names = codes(self.known.subscriptions, most=_SHOWN)
            yield f"• ⚠️ What {names} replicates goes on changing rows there, until it is disabled"

    def _meanwhile(self) -> Iterator[str]:
        yield "*When it begins*"
        yield "• Writes that are under way there end first; new ones wait behind them, in attempts of some 2 s"
        if self.known.sessions:
            yield from in_a_transaction(self.known.sessions)
            yield "• If one that writes there doesn't end, the stop gives up and nothing changes"

    def _made(self) -> Iterator[str]:
        yield "*How*"
        yield f"• A trigger {code(TRIGGER)} on each table; no row and no right changes"
        schema = code(self.known.quarantine_schema)
        yield f"• One function for all of them, and the line in the ledger, in the bot's schema {schema}"
        if self.known.makes_schema:
            yield "• That schema is made for it, closed to other roles"


@dataclass(frozen=True)
class ResumeWrites(_Words):
    """What people read of a resume."""

    @property
    def what(self) -> str:
        """What happens to what, as a plain phrase that begins small."""
        return f"resume writes to {tables_named(self._names)}"

    @property
    def noun(self) -> str:
        """What it is called, as a plain phrase that can be asked for: "a rollback of …"."""
        return f"the resumption of writes to {tables_named(self._names)}"

    @property
    def effect(self) -> str:
        """What it comes to, as a plain sentence."""
        return "Everybody can write there again who could before they were stopped."

    @property
    def caution(self) -> str:
        """What nobody may overlook who approves it, as a plain sentence."""
        return "What damaged the rows may damage them again: make sure that it is gone."

    @property
    def facts(self) -> tuple[str, ...]:
        """Before and after, as lines of mrkdwn, complete."""
        return (
            f"Database {code(self.known.database)}",
            *(_resumed_line(table) for table in self.known.tables),
            "*How*",
            f"• The trigger {code(TRIGGER)} is switched off on each, in one transaction; no reader waits for that",
            "• Then it is removed; readers wait for that for at most 0.2 s an attempt",
            "• Where somebody reads all the time it is left, switched off; the next stop or resume removes it",
        )

    def done(self, at: str, found: Mapping[str, object]) -> str:
        """What was proven `at` a moment, by what was `found`, as a sentence of mrkdwn."""
        names = reported(found, RESUMED)
        if not names:
            return f"Writes to {self._told(self.known.names)} were not stopped at {at}, so there was nothing to resume."
        return f"Resumed writes to {self._told(names)} at {at}."

    def afterwards(self, found: Mapping[str, object] | None, request: str) -> tuple[str, ...]:  # noqa: ARG002  # as found
        """What is left of the stop, as lines of mrkdwn."""
        later = "the next stop or resume of writes removes it"
        if found is None or found.get("left", []) is None:
            return (f"Whether a switched-off trigger {code(TRIGGER)} was left can't be told; if so, {later}.",)
        left = reported(found, "left")
        if not left:
            return ()
        why = f"because somebody was reading. It stops nothing; {later}"
        keep = "Whoever enables all triggers of such a table before that stops writes again."
        return (f"A switched-off trigger {code(TRIGGER)} was left on {codes(left, most=_SHOWN)}, {why}. {keep}",)


def left_stopped(request: ChangeRequest) -> list[str]:
    """What a request has stopped that nobody has resumed, as far as the log knows, as lines of mrkdwn."""
    stopped = stopped_by(request)
    if stopped:
        return [f"🛑 {_are_stopped(stopped)}. {_way_out(stopped)}"]
    seen = [name for name, by in request.resumed.items() if not by]
    return [f"✅ Writes to {codes(seen, most=_SHOWN)} were seen resumed by somebody in the database."] if seen else []


def ended_stopped(request: ChangeRequest) -> list[str]:
    """The same of its end, which stays true whoever resumes them afterwards."""
    stopped = stopped_by(request, at_its_end=True)
    if stopped is None:
        return []
    to_whom = f"Nobody can write to {codes(stopped.tables, most=_SHOWN)}"
    return [f"🛑 *It ended with writes stopped.* {to_whom}, until {RESUME_COMMAND} is approved and done."]


def stopped_in_status(stopped: Stopped, name: str) -> str:
    """A line of `/rollback status`; `name` is the request's, linked to its card."""
    return f"🛑 {_are_stopped(stopped)}, by {name}. {_way_out(stopped)}"


def writes_seen(stopped: Sequence[str], resumed: Sequence[str], unknown: Sequence[str]) -> Picture:
    """What the database shows: the tables that refuse writes, and those that the log took for stopped and don't.

    Of the tables in `unknown` the log doesn't know that they refuse them.
    """
    lines = [f"🛑 The database shows it: writes to {codes(stopped, most=_SHOWN)} are stopped."] if stopped else []
    if unknown:
        lines.append(f"No request of this log left {codes(unknown, most=_SHOWN)} so. {_TO_RESUME}")
    if resumed:
        lines.append(f"✅ Not stopped any more: {codes(resumed, most=_SHOWN)}. Somebody resumed them in the database.")
    told = "\n".join(lines or ["The bot stops writes to no table of the database."])
    return picture(told, sections([told]))


def writes_unseen(why: str) -> Picture:
    """The database could not be looked at."""
    told = f"❔ Couldn't look whether writes are still stopped. {escape(why, _NAME * 2)}"
    return picture(told, sections([told]))


def _are_stopped(stopped: Stopped) -> str:
    names = codes(stopped.tables, most=_SHOWN)
    return f"*Writes are stopped* to {names} since {moment(stopped.since, _DAY_AND_TIME)}"


def _way_out(stopped: Stopped) -> str:
    """A request that is open holds the writes to its tables; what it comes to has to be known first."""
    if stopped.request.is_final:
        return _TO_RESUME
    return "Whether they stay so is known when this request has ended."


def _stopped_line(table: TableWrites) -> str:
    then = "stopped already; it stays so" if table.is_stopped else "writes will be stopped"
    return f"• {code(str(table.live))}: {then}"


def _resumed_line(table: TableWrites) -> str:
    was = "stopped when this was planned" if table.is_stopped else "not stopped yet when this was planned"
    return f"• {code(str(table.live))}: writes will be resumed ({was})"
