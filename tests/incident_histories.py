"""Histories of an incident, told as sentences: `opened().down(1).passes(20)`; `.incident` replays them.

Moments are minutes after the incident was opened. What time brings by itself is written down by `passes`, as the bot
does.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from bot.core.event import BOT, Event
from bot.core.incident import Happened, Incident, Press, Verb
from bot.core.incident_due import PINNED, Act, brought, what_is_due
from bot.core.incident_replay import replay
from bot.core.runbook import Runbook, load_runbook

ANA, BEN, CHANNEL, TEAM = "U0ANA", "U0BEN", "C0INC", "T0ACME"
BEGIN = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
HOUR, DAY = 60, 24 * 60
NOTICE, STATUS, STAKEHOLDERS = "internal/incident", "status page/downtime 15m", "stakeholders/incident 30m"
USERS = "users/scenario data-corruption"

RUNBOOK_TEXT = """
[service]
name = "Web shop"
site = "https://shop.example.com"
[approval]
approvers = ["S0APPROVERS"]
[[checks]]
name = "Site"
kind = "http"
url = "/"
[[checks]]
name = "Error rate"
kind = "error_rate"
url = "/"
[[scenarios]]
name = "data-corruption"
title = "Data corruption or loss"
risk = "critical"
steps = [{ action = "rollback_deployment" }]
[vercel]
project = "web-shop"
[communications]
internal_channel = "C0INTERNAL"
[[communications.reminders]]
audience = "internal"
when = "incident 0m"
draft = "{service} ({environment}): {requester} asks for {what} in {channel}."
[[communications.reminders]]
audience = "users"
when = "scenario data-corruption"
draft = "{service} is unavailable. State: {state}."
[[communications.reminders]]
audience = "all clear"
when = "resolved"
draft = "{service} works again since {now}. It was affected since {since}."
[[communications.reminders]]
audience = "status page"
when = "downtime 15m"
draft = "A problem with {service}. Started {since}."
[[communications.reminders]]
audience = "stakeholders"
when = "incident 30m"
due = "incident 60m"
to = ["board@shop.example.com"]
subject = "{service}: incident {incident}"
draft = "A problem since {since}: {what}. State: {state}. It is {now}."
[[communications.reminders]]
audience = "partners"
when = "incident 5m"
to = ["${PARTNERS}"]
draft = "This one is off."
[[checklists]]
name = "Before"
when = "request"
items = ["Identify specific failure symptoms", "Verify backup files exist", "Notify key stakeholders"]
[[checklists]]
name = "At once"
when = "run finished"
due = "1h"
items = ["Verify all systems operational", "Look at the site", "Monitor error logs", "Have a coffee"]
[[checklists]]
name = "Within a day"
when = "run finished + 1h"
due = "24h"
items = ["Schedule post-mortem meeting"]
[[timeline]]
from = "0m"
to = "5m"
what = "Decide"
[[timeline]]
from = "5m"
to = "15m"
what = "Roll back"
[[timeline]]
from = "15m"
to = "30m"
what = "Restore"
"""
RUNBOOK = load_runbook(RUNBOOK_TEXT, {})


class IncidentHistory:
    """An incident's events so far."""

    def __init__(self, runbook: Runbook = RUNBOOK, *, by_request: bool = True) -> None:
        self.runbook, self.events, self.minute = runbook, list[Event](), 0.0
        self.then(
            Happened.INCIDENT_OPENED,
            {"team": TEAM, "channel": CHANNEL, "request": "R-1" if by_request else ""},
            ANA,
        )

    @property
    def incident(self) -> Incident:
        return replay(self.events)

    @property
    def now(self) -> datetime:
        return moment(self.minute)

    def then(self, kind: Happened, data: dict[str, Any] | None = None, actor: str = BOT) -> "IncidentHistory":
        """One more event, now."""
        seq = len(self.events) + 1
        newest = hashlib.sha256(f"{seq} {kind} {data}".encode()).hexdigest()
        self.events.append(Event("I-1", seq, kind, actor, self.now, data or {}, newest))
        return self

    def at(self, minute: float) -> "IncidentHistory":
        """The clock shows this minute; nothing looked at it yet."""
        self.minute = minute
        return self

    def passes(self, minute: float) -> "IncidentHistory":
        """It is this minute, and what time brought is written down."""
        self.at(minute)
        while drafts := brought(self.incident, self.runbook, {"R-1": "Waiting for approval"}, self.now):
            for draft in drafts:
                self.then(Happened(draft.kind), dict(draft.data), draft.actor)
        return self

    def joined(
        self, request: str = "R-1", *, scenario: str = "", reason: bool = True, backups: bool = False
    ) -> "IncidentHistory":
        what = {"what": "a rollback", "scenario": scenario, "has_reason": reason, "has_backups": backups}
        return self.then(Happened.REQUEST_JOINED, {"request": request, **what}, ANA)

    def ended(
        self,
        request: str = "R-1",
        state: str = "Verified",
        *,
        pins: bool = False,
        passed: Mapping[str, str] = MappingProxyType({}),
        ran: bool = True,
    ) -> "IncidentHistory":
        """The request ended, and the incident knows it; `passed` are the checks that passed after it."""
        ran = ran and state in ("Verified", "Done, checks fail")
        told = {"state": state, "ran": ran, "pins": pins, "passed": dict(passed)}
        return self.then(Happened.REQUEST_ENDED, {"request": request, "at": self.now.isoformat(), **told})

    def down(self, minute: float) -> "IncidentHistory":
        """The site was seen to fail."""
        return self.at(minute).then(Happened.SITE_FAILED, {"at": self.now.isoformat(), "checks": ["Site"]})

    def up(self, minute: float) -> "IncidentHistory":
        """It was seen to work."""
        return self.at(minute).then(Happened.SITE_PASSED, {"at": self.now.isoformat(), "checks": []})

    def corrected(self, minute: float) -> "IncidentHistory":
        """A person says since when it is down."""
        return self.then(Happened.DOWN_SINCE_CORRECTED, {"at": moment(minute).isoformat()}, BEN)

    def moved(self, kind: Happened, reminder: str, **data: str) -> "IncidentHistory":
        """A person, or what they began, moved a reminder on."""
        return self.then(kind, {"reminder": reminder, **data}, BEN)

    def done(self, reminder: str, reference: str = "") -> "IncidentHistory":
        return self.moved(Happened.REMINDER_DONE, reminder, **({"reference": reference} if reference else {}))

    def snoozed(self, reminder: str, until: float) -> "IncidentHistory":
        return self.moved(Happened.REMINDER_SNOOZED, reminder, until=moment(until).isoformat())

    def pinned(self, number: int = 1) -> "IncidentHistory":
        """Production was seen to be pinned, and somebody is told."""
        told = {"reminder": f"{PINNED}/{number}", "audience": PINNED, "subject": "", "text": "Still pinned."}
        self.then(Happened.PIN_SEEN, {"deployment": "a1b2c3d"})
        return self.then(Happened.REMINDER_DUE, {**told, "is_own": False, "reference": ""})

    def noticed(self) -> "IncidentHistory":
        """The bot's own notice stands in the internal channel."""
        posted = {"key": "notice/internal/incident", "ts": "1.2", "digest": "d"}
        return self.tried().then(Happened.MESSAGE_POSTED, posted)

    def tried(self) -> "IncidentHistory":
        """The bot began to post its notice."""
        return self.then(Happened.POSTING_BEGUN, {"key": "notice/internal/incident"})

    def resolved(self, minute: float) -> "IncidentHistory":
        """A person says that it is over; what that brings is written down."""
        return self.at(minute).then(Happened.INCIDENT_RESOLVED, {}, BEN).passes(minute)

    def told(self, kind: Happened, of: str = "reminder") -> list[Any]:
        """What the events of one kind are about, in order."""
        return [event.data[of] for event in self.events if event.kind == kind]

    @property
    def due(self) -> list[str]:
        """The reminders that became due, in order, once for each time."""
        return self.told(Happened.REMINDER_DUE)

    @property
    def acts(self) -> tuple[Act, ...]:
        """What is due now."""
        return what_is_due(self.incident, self.runbook, self.now).acts

    @property
    def until(self) -> float | None:
        """The minute at which time alone brings something."""
        at = what_is_due(self.incident, self.runbook, self.now).until
        return (at - BEGIN).total_seconds() / 60 if at else None


def moment(minute: float) -> datetime:
    """That many minutes after the incident was opened."""
    return BEGIN + timedelta(minutes=minute)


def opened() -> IncidentHistory:
    """Opened by the request R-1, and what that brings at once is written down: the bot's own notice stands."""
    return IncidentHistory().joined().passes(0).noticed().passes(0)


def press(verb: Verb, about: str = "", minute: float = 0, **data: str) -> Press:
    """Something that BEN pressed at this minute."""
    return Press(99, verb, about, BEN, moment(minute), {"team": TEAM, **data})
