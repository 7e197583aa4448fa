"""An incident as its events say it is: the clock of one channel's trouble, and what was told and ticked in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.core.request import Posted

SITE = "site"  # what is woken to look at the site while an incident is open: a name that no stream has


class Happened(StrEnum):
    """What can happen in an incident. There is no order to it but time's: any of it may be written down at any time."""

    INCIDENT_OPENED = "incident_opened"
    REQUEST_JOINED = "request_joined"
    REQUEST_ENDED = "request_ended"
    SITE_FAILED = "site_failed"  # a required check of the site, after all of them had passed
    SITE_PASSED = "site_passed"  # all of them, after one had failed
    PRESSED = "pressed"  # what arrived from a person, before anyone decided on it
    PRESS_REFUSED = "press_refused"
    PRESS_HELD = "press_held"  # the person can't be read yet
    DOWN_SINCE_CORRECTED = "down_since_corrected"
    REMINDER_DUE = "reminder_due"
    REMINDER_REFILLED = "reminder_refilled"  # its draft, before it was posted
    REMINDER_OVERDUE = "reminder_overdue"
    REMINDER_SNOOZED = "reminder_snoozed"
    REMINDER_DONE = "reminder_done"
    REMINDER_DROPPED = "reminder_dropped"  # not needed
    SENDING_BEGUN = "sending_begun"
    SENDING_FAILED = "sending_failed"  # certainly not sent
    SENDING_LOST = "sending_lost"  # it may have been sent; nobody sends it again but a person
    CHECKLIST_OPENED = "checklist_opened"
    CHECKLIST_ENDED = "checklist_ended"  # its time is over
    ITEM_TICKED = "item_ticked"
    PHASE_DONE = "phase_done"
    PHASE_LATE = "phase_late"
    PIN_SEEN = "pin_seen"  # production still serves what a rollback pinned
    PIN_ENDED = "pin_ended"
    PIN_PASSED_ON = "pin_passed_on"  # to the incident of a later rollback, which reminds of it
    INCIDENT_RESOLVED = "incident_resolved"
    CHANNEL_SHUT = "channel_shut"  # Slack takes nothing in its channel
    FAULT_NOTED = "fault_noted"
    POSTING_BEGUN = "posting_begun"
    MESSAGE_POSTED = "message_posted"
    MESSAGE_EDITED = "message_edited"
    INCIDENT_CLOSED = "incident_closed"  # nothing is left to do or to draw


class Verb(StrEnum):
    """What a person may press in an incident."""

    DONE = "done"
    SNOOZE = "snooze"
    NOT_NEEDED = "not_needed"
    SEND = "send"
    SEND_AGAIN = "send_again"  # who presses it knows that it may have been sent
    TICK = "tick"
    DOWN_SINCE = "down_since"
    PHASE_DONE = "phase_done"
    RESOLVE = "resolve"


@dataclass(frozen=True)
class Press:
    """Something a person pressed or sent; `about` names the reminder, the item or the phase it belongs to."""

    seq: int
    verb: Verb
    about: str
    person: str
    at: datetime
    data: Mapping[str, Any]
    refusal: str = ""
    is_held: bool = False


@dataclass(frozen=True)
class Joined:
    """A change request of this incident; `state` and the moment of its end are empty while it is open."""

    request: str
    requester: str
    what: str
    scenario: str
    at: datetime
    has_reason: bool
    has_backups: bool  # its plan found a backup of every table that it restores
    state: str = ""
    ended_at: datetime | None = None
    ran: bool = False  # its run ended Verified or Done, checks fail
    pins: bool = False  # production is pinned to what it went to
    passed: Mapping[str, str] = field(default_factory=dict)  # the checks that passed after it, and what they saw


@dataclass(frozen=True)
class Outage:
    """A stretch of measured downtime. `measured_at` is the first failed check; `since` is what counts."""

    measured_at: datetime
    since: datetime
    checks: tuple[str, ...]
    until: datetime | None = None
    corrected_by: str = ""


class Telling(StrEnum):
    """Where a reminder stands."""

    DUE = "due"
    SNOOZED = "snoozed"
    SENDING = "being sent"
    LOST = "maybe sent"
    DONE = "done"
    DROPPED = "not needed"


@dataclass(frozen=True)
class Reminder:
    """One thing to tell one audience. `text` is the draft as it was filled when it became due, or was first posted."""

    key: str
    audience: str
    state: Telling
    round: int  # how often it became due: 1, and one more after each snooze
    due_at: datetime
    text: str
    subject: str
    by: str = ""
    at: datetime | None = None
    why: str = ""  # not needed
    until: datetime | None = None  # snoozed
    overdue_at: datetime | None = None
    is_own: bool = False  # the bot posts it itself, in the internal channel
    reference: str = ""  # what the other side calls it, or under which name it was sent
    was_sent: bool = False  # the bot sent it, and the other side took it
    failure: str = ""  # of the last attempt to send it

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.state not in (Telling.DONE, Telling.DROPPED)

    @property
    def was_told(self) -> bool:
        """Whether the audience knows, as far as anybody said."""
        return self.state is Telling.DONE


def name_of_outage(outages: tuple[Outage, ...]) -> str:
    """What the newest of them is known by, while another one may follow: which one of its incident it is."""
    return str(len(outages))


def name_of_notice(reminder: Reminder) -> str:
    """The name of the message that the bot posts itself in the internal channel."""
    return f"notice/{reminder.key}"


@dataclass(frozen=True)
class Tick:
    """Who ticked an item and when; `evidence` is what the bot saw where it ticked it itself, of a phase the request."""

    by: str
    at: datetime
    evidence: str = ""


@dataclass(frozen=True)
class Checklist:
    """A checklist that was opened, with its items as the runbook had them then."""

    name: str
    items: tuple[str, ...]
    at: datetime
    ticks: Mapping[int, Tick] = field(default_factory=dict)
    ended_at: datetime | None = None

    @property
    def left(self) -> tuple[str, ...]:
        """The items nobody has ticked."""
        return tuple(item for number, item in enumerate(self.items) if number not in self.ticks)


@dataclass(frozen=True)
class Incident:
    """The trouble in one channel. `request` opened it; "" = a person's `/rollback verify` that failed did."""

    id: str
    seq: int
    hash: str
    team: str
    channel: str
    made_at: datetime
    opened_by: str
    request: str
    requests: Mapping[str, Joined] = field(default_factory=dict)
    outages: tuple[Outage, ...] = ()
    reminders: Mapping[str, Reminder] = field(default_factory=dict)
    checklists: Mapping[str, Checklist] = field(default_factory=dict)
    phases_done: Mapping[int, Tick] = field(default_factory=dict)
    phases_late: frozenset[int] = frozenset()
    pin_seen_at: datetime | None = None
    pin_ended: str = ""  # why nobody is reminded of it here any more, as a sentence
    pending: tuple[Press, ...] = ()
    answered: tuple[Press, ...] = ()  # refused presses, whose sentence goes to the person
    resolved_at: datetime | None = None
    resolved_by: str = ""
    resolved_in: str = ""  # the channel where that was typed, where it isn't the incident's own
    shut_out: str = ""  # why Slack takes nothing in its channel, in Slack's word; "" = nothing is known against it
    shut_at: datetime | None = None  # when that was seen first
    faults: tuple[str, ...] = ()
    begun: Mapping[str, datetime] = field(default_factory=dict)
    posted: Mapping[str, Posted] = field(default_factory=dict)
    is_closed: bool = False
    closed_at: datetime | None = None  # when nothing was left to do, last; something may have happened since

    @property
    def is_final(self) -> bool:
        """Whether its clock has stopped. What is promised for the days after goes on."""
        return self.resolved_at is not None

    @property
    def is_down(self) -> bool:
        """Whether the site was down when it was last looked at."""
        return bool(self.outages) and self.outages[-1].until is None

    @property
    def run_finished_at(self) -> datetime | None:
        """When the first run ended that was carried through."""
        return min((one.ended_at for one in self.requests.values() if one.ran and one.ended_at), default=None)

    @property
    def pinned_by(self) -> Joined | None:
        """The request whose rollback pinned production last."""
        pins = [one for one in self.requests.values() if one.pins and one.ended_at]
        return max(pins, key=lambda one: one.ended_at or self.made_at, default=None)


def elsewhere(incident: Incident, press: Press) -> str:
    """The channel that a press came from, where it isn't the incident's own; a modal knows none."""
    channel = str(press.data.get("channel") or "")
    return channel if channel != incident.channel else ""


def stretches(incident: Incident) -> tuple[tuple[datetime, datetime | None], ...]:
    """When the site was down, as measured and corrected: from, until (None = still); what overlaps is one."""
    found: list[tuple[datetime, datetime | None]] = []
    reached = datetime.min.replace(tzinfo=UTC)
    for outage in sorted(incident.outages, key=lambda one: one.since):
        begin = max(outage.since, reached)
        if outage.until is None:
            return (*found, (begin, None))
        if outage.until > begin:
            found.append((begin, outage.until))
            reached = outage.until
    return tuple(found)


def downtime(incident: Incident, now: datetime) -> timedelta:
    """How long the site was down up to `now`, as measured and corrected.

    After the incident is resolved nobody looks any more: a stretch without an end ends there.
    """
    lengths = ((until or incident.resolved_at or now) - since for since, until in stretches(incident))
    return sum((max(length, timedelta(0)) for length in lengths), timedelta(0))
