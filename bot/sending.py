"""A draft that a person sends: to the status page or by mail, once. What nobody knows the end of is never sent again.

It is written down before the first byte leaves, and it is sent beside `advance`: a slow server holds no reminder back.
"""

import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot.core.communication import STATUS_PAGE, on_the_page, recipients_of, says_it_is_over
from bot.core.errors import BotError, OutcomeUnknown, Refused, Unavailable
from bot.core.event import Draft
from bot.core.incident import Happened, Incident, Press, Reminder, Telling
from bot.core.runbook import Runbook
from bot.journal import Journal
from bot.logs import log_fault

AT_ONCE = 2
LOOK_LATER = timedelta(seconds=1)
_MENTION = re.compile(r"<([@#])(\w+)>")


class StatusPage(Protocol):
    """Where users look. Raises Refused and Unavailable (nothing was published), OutcomeUnknown."""

    def publish(self, name: str, text: str) -> str:
        """Open an incident there; its id."""

    def update(self, incident: str, text: str) -> None:
        """Say there how it goes on."""

    def resolve(self, incident: str, text: str) -> None:
        """Say there that it is over."""


class Post(Protocol):
    """Mail. Raises Refused and Unavailable (nothing was sent), OutcomeUnknown."""

    def send(self, to: Sequence[str], subject: str, *, text: str, message_id: str) -> None:
        """Send one message."""


class Names(Protocol):
    """What people and channels are called outside Slack; "" where that can't be told."""

    def name_of(self, sort: str, id: str) -> str:  # noqa: A002  # Slack's word
        """The name of a person (`sort` is "@") or of a channel ("#")."""


class Ways:
    """The ways out of Slack that this bot has."""

    def __init__(self, *, status_page: StatusPage | None, post: Post | None, names: Names) -> None:
        self.status_page, self.post, self.names = status_page, post, names

    def send(self, reminder: Reminder, recipients: tuple[str, ...], *, name: str, is_over: bool) -> str:
        """Send it its way; what the other side calls it, which for mail is the reference that it was given.

        Raises what the way does, Refused where there is none.
        """
        text = self._for_outside(reminder.text)
        if recipients and self.post:
            subject = self._for_outside(reminder.subject) or name
            self.post.send(recipients, subject, text=text, message_id=reminder.reference)
            return reminder.reference
        if reminder.audience.casefold() != STATUS_PAGE or self.status_page is None:
            raise Refused("no_way", "The bot has no way to send this itself; docs/runbook.md names the settings.")
        if not reminder.reference:
            return self.status_page.publish(name, text)
        tell = self.status_page.resolve if is_over else self.status_page.update
        tell(reminder.reference, text)
        return reminder.reference

    def _for_outside(self, text: str) -> str:
        """Names instead of ids: outside Slack an id says nothing."""
        fallback = {"@": "a colleague", "#": "our incident channel"}
        return _MENTION.sub(lambda m: self.names.name_of(m[1], m[2]) or fallback[m[1]], text)


class Sending:
    """Sends what a person pressed."""

    def __init__(
        self,
        *,
        journal: Journal[Incident],
        runbook: Runbook,
        ways: Ways,
        clock: Callable[[], datetime],
        wake: Callable[[str], None],
    ) -> None:
        self._journal, self._runbook, self._ways, self._clock, self._wake = journal, runbook, ways, clock, wake
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="send")
        self._underway: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def begin(self, incident: Incident, press: Press) -> None:
        """Write down that it is being sent, and send it. Raises ConflictError: read again."""
        reminder = incident.reminders[press.about]
        recipients = recipients_of(incident, self._runbook, reminder.key)
        reference = self._message_id(incident, reminder, press) if recipients else _follows(incident, reminder)
        begins = Draft(
            Happened.SENDING_BEGUN,
            {"press": press.seq, "reminder": reminder.key, "reference": reference},
            press.person,
        )
        with self._lock:
            self._underway.add((incident.id, reminder.key))
        try:
            begun = self._journal.record(incident, begins)
        except BaseException:
            self._end(incident.id, reminder.key)
            raise
        self._pool.submit(self._send, begun, reminder.key, press.person, recipients).add_done_callback(
            partial(log_fault, "sending")
        )

    def settle(self, incident: Incident) -> None:
        """Say of what was being sent when the process died that nobody knows whether it was.

        Raises Unavailable while it is being sent.
        """
        for key, reminder in incident.reminders.items():
            if reminder.state is not Telling.SENDING:
                continue
            with self._lock:
                is_underway = (incident.id, key) in self._underway
            if is_underway:
                raise Unavailable("It is being sent.", retry_at=self._clock() + LOOK_LATER)
            text = "The bot broke off while this was being sent; whether it arrived isn't known."
            self._journal.record(incident, Draft(Happened.SENDING_LOST, {"reminder": key, "text": text}, reminder.by))
            return

    def stop(self) -> None:
        """Wait for what is being sent; each way ends in bounded time."""
        self._pool.shutdown(wait=True)

    def _message_id(self, incident: Incident, reminder: Reminder, press: Press) -> str:
        """Searchable, and no other message's: by the log, the incident and the press that sends it."""
        return f"<{self._journal.log_id}.{incident.id}.{press.seq}.{reminder.round}@rollback-bot>"

    def _send(self, incident: Incident, key: str, person: str, recipients: tuple[str, ...]) -> None:
        try:
            ended = self._ended(incident, incident.reminders[key], person, recipients)
            self._journal.record_while(incident.id, lambda i: i.reminders[key].state is Telling.SENDING, ended)
        finally:  # after a fault that nobody foresaw, `settle` says that nobody knows
            self._end(incident.id, key)
            self._wake(incident.id)

    def _ended(self, incident: Incident, reminder: Reminder, person: str, recipients: tuple[str, ...]) -> Draft:
        """Send it; what became of it."""
        name, told = f"{self._runbook.service.name}: incident {incident.id}", {"reminder": reminder.key}
        is_over = says_it_is_over(incident, self._runbook, reminder.key)
        try:
            reference = self._ways.send(reminder, recipients, name=name, is_over=is_over)
        except OutcomeUnknown as error:
            return Draft(Happened.SENDING_LOST, {**told, "text": error.text}, person)
        except BotError as error:
            return Draft(Happened.SENDING_FAILED, {**told, "text": error.text}, person)
        return Draft(Happened.REMINDER_DONE, {**told, "reference": reference}, person)

    def _end(self, stream: str, key: str) -> None:
        with self._lock:
            self._underway.discard((stream, key))


def _follows(incident: Incident, reminder: Reminder) -> str:
    """One incident on the status page for one here: what is posted later is an update of it."""
    is_page = reminder.audience.casefold() == STATUS_PAGE
    return reminder.reference or (on_the_page(incident) if is_page else "")
