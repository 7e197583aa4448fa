"""Typical histories of an incident, told as sentences: `opened().down().due()`; `.incident` replays them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.event import BOT, Event
from bot.core.incident import Happened, Incident, Verb
from bot.core.incident_replay import replay
from bot.core.runbook import Runbook, load_runbook
from bot.messages.incident_thread import messages_of
from bot.messages.picture import Message
from bot.messages.ways import Ways
from tests.histories import ANA, BEN, CHANNEL, TEAM
from tests.shop import RUNBOOK_TEXT

BEGIN = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
INTERNAL = "C0TEAM"
BOTH, NO_WAY = Ways(has_status_page=True, has_mail=True), Ways(has_status_page=False, has_mail=False)
DRAFT = (
    "Web shop has a problem since 03:12 UTC.\nWhat we are doing: a rollback of web-shop. Next update within the hour."
)
PLAN = """
[communications]
internal_channel = "C0TEAM"
[[communications.reminders]]
audience = "internal"
when = "incident 0m"
draft = "{service}: {requester} asks for {what} in {channel}."
[[communications.reminders]]
audience = "status page"
when = "downtime 15m"
draft = "We are looking into it."
[[communications.reminders]]
audience = "stakeholders"
when = "incident 30m"
due = "incident 60m"
to = ["board@shop.example.com", "ceo@shop.example.com"]
subject = "{service}: incident {incident}"
draft = "{service} has a problem since {since}."
[[communications.reminders]]
audience = "all clear"
when = "resolved"
draft = "{service} works again since {now}."
[[checklists]]
name = "Immediate"
when = "run finished"
due = "1h"
items = ["Verify all systems operational", "Test user login functionality", "Monitor error logs for issues"]
[[timeline]]
from = "0m"
to = "5m"
what = "Identify issue, make rollback decision"
owner = "Tech team"
[[timeline]]
from = "5m"
to = "15m"
what = "Execute Vercel rollback"
owner = "Tech team"
[[timeline]]
from = "15m"
to = "30m"
what = "Execute database rollback (if needed)"
owner = "Database admin"
"""


def runbook() -> Runbook:
    """The shop's, with a plan for an incident."""
    return load_runbook(RUNBOOK_TEXT + PLAN, {})


class IncidentHistory:
    """An incident's events so far; each further sentence happens a minute later."""

    def __init__(self, request: str = "R-17", ways: Ways = NO_WAY) -> None:
        self.events: list[Event] = []
        self.ways = ways
        self.then(Happened.INCIDENT_OPENED, {"team": TEAM, "channel": CHANNEL, "request": request}, ANA)

    @property
    def incident(self) -> Incident:
        return replay(self.events)

    def then(self, kind: Happened, data: dict[str, Any] | None = None, actor: str = BOT) -> "IncidentHistory":
        seq = len(self.events) + 1
        at = BEGIN + timedelta(minutes=seq - 1)
        self.events.append(Event("I-3", seq, kind, actor, at, data or {}, "0" * 64))
        return self

    def going_by(self, ways: Ways) -> "IncidentHistory":
        self.ways = ways
        return self

    def joined(
        self, request: str = "R-17", what: str = 'a rollback of web-shop to a1b2c3d "Fix login"'
    ) -> "IncidentHistory":
        data = {"request": request, "what": what, "scenario": "", "has_reason": True, "has_backups": False}
        return self.then(Happened.REQUEST_JOINED, data, ANA)

    def ended(self, request: str = "R-17", state: str = "Verified") -> "IncidentHistory":
        at = (BEGIN + timedelta(minutes=len(self.events))).isoformat()
        told = {"at": at, "state": state, "ran": state == "Verified", "pins": False, "passed": {}}
        return self.then(Happened.REQUEST_ENDED, {"request": request, **told})

    def down(self, *checks: str) -> "IncidentHistory":
        return self.then(Happened.SITE_FAILED, {"at": self._at(), "checks": list(checks or ("Site",))})

    def up(self) -> "IncidentHistory":
        return self.then(Happened.SITE_PASSED, {"at": self._at(), "checks": []})

    def corrected(self) -> "IncidentHistory":
        at = (BEGIN - timedelta(minutes=10)).isoformat()
        return self.pressed(Verb.DOWN_SINCE, BEN).then(Happened.DOWN_SINCE_CORRECTED, {"at": at, "was": ""}, BEN)

    def due(self, key: str = "stakeholders/incident 30m", text: str = DRAFT, **other: Any) -> "IncidentHistory":
        subject = "Web shop: incident I-3" if key == "stakeholders/incident 30m" else ""
        first, last = key.partition("/")[0], key.rpartition("/")[2]
        told = {"audience": last if key.count("/") > 1 else first, "subject": subject}
        known = {"reminder": key, "text": text, "is_own": False, "reference": "", **told, **other}
        return self.then(Happened.REMINDER_DUE, known)

    def reminder(
        self, kind: Happened, key: str = "stakeholders/incident 30m", actor: str = BEN, **data: Any
    ) -> "IncidentHistory":
        return self.then(kind, {"reminder": key, **data}, actor)

    def snoozed(self) -> "IncidentHistory":
        until = (BEGIN + timedelta(minutes=len(self.events) + 10)).isoformat()
        return self.reminder(Happened.REMINDER_SNOOZED, until=until)

    def pressed(self, verb: Verb, person: str, about: str = "") -> "IncidentHistory":
        return self.then(Happened.PRESSED, {"verb": str(verb), "about": about, "team": TEAM, "channel": ""}, person)

    def refused(self, text: str = "I-3 is resolved already. Nothing was changed.") -> "IncidentHistory":
        press = len(self.pressed(Verb.RESOLVE, BEN).events)
        return self.then(Happened.PRESS_REFUSED, {"press": press, "rule": "resolved", "text": text})

    def checklist(self, name: str = "Immediate", items: Sequence[str] = ()) -> "IncidentHistory":
        listed = items or next(one.items for one in runbook().checklists if one.name == name)
        return self.then(Happened.CHECKLIST_OPENED, {"checklist": name, "items": list(listed)})

    def ticked(self, item: int, actor: str = BEN, evidence: str = "", name: str = "Immediate") -> "IncidentHistory":
        known = {"evidence": evidence} if evidence else {}
        return self.then(Happened.ITEM_TICKED, {"checklist": name, "item": item, **known}, actor)

    def phase_done(self, phase: int, actor: str = BEN, **data: str) -> "IncidentHistory":
        return self.then(Happened.PHASE_DONE, {"phase": phase, **data}, actor)

    def resolved(self) -> "IncidentHistory":
        return self.then(Happened.INCIDENT_RESOLVED, {}, BEN)

    def posted(self, *names: str) -> "IncidentHistory":
        for name in names:
            self.then(Happened.MESSAGE_POSTED, {"key": name, "ts": "1.2", "digest": ""})
        return self

    def _at(self) -> str:
        return (BEGIN + timedelta(minutes=len(self.events))).isoformat()


def messages(history: IncidentHistory, book: Runbook | None = None) -> dict[str, Message]:
    """The messages of a history, by name."""
    return {one.name: one for one in messages_of(history.incident, book or runbook(), history.ways)}


def opened() -> IncidentHistory:
    """The channel's first request has its card."""
    return IncidentHistory().joined()


def noticed() -> IncidentHistory:
    """The internal notice is there."""
    told = opened().due(
        "internal/incident", f"Web shop: <@{ANA}> asks for a rollback of web-shop in <#{CHANNEL}>.", is_own=True
    )
    return told.posted("notice/internal/incident").reminder(Happened.REMINDER_DONE, "internal/incident", BOT)


def resolved() -> IncidentHistory:
    """Told, ticked and over."""
    told = noticed().down("Site", "Admin dashboard").ended().up().due().reminder(Happened.REMINDER_DONE)
    listed = told.phase_done(1, BOT, request="R-17").checklist().ticked(0, BOT, "Every check that decides passed.")
    return listed.resolved().due("all clear/resolved/stakeholders", "Web shop works again since 03:30 UTC.")


INCIDENTS: dict[str, IncidentHistory] = {
    "opened": opened(),
    "opened_by_verify": IncidentHistory(request=""),
    "noticed": noticed(),
    "not_noticed": opened().due("internal/incident", is_own=True).due("internal/incident"),
    "down": opened().down("Site", "Admin dashboard").phase_done(0).then(Happened.PHASE_LATE, {"phase": 1}),
    "down_corrected": opened().down().corrected(),
    "up_again": opened().down().up().joined("R-18", "a restore of user_profiles").ended("R-17"),
    "late_then_done": opened()
    .then(Happened.PHASE_LATE, {"phase": 0})
    .then(Happened.PHASE_LATE, {"phase": 1})
    .phase_done(1, BOT, request="R-17"),
    "due": opened().due(),
    "due_by_mail": opened().due().going_by(BOTH),
    "due_on_the_page": opened().due("status page/downtime 15m", "We are looking into it.").going_by(BOTH),
    "due_by_hand_on_the_page": opened().due("status page/downtime 15m", "We are looking into it."),
    "snoozed": opened().due().posted("reminder/stakeholders/incident 30m/1").snoozed(),
    "due_again": opened().due().posted("reminder/stakeholders/incident 30m/1").snoozed().due(),
    "overdue": opened().due().then(Happened.REMINDER_OVERDUE, {"reminder": "stakeholders/incident 30m"}),
    "being_sent": opened()
    .due()
    .reminder(Happened.SENDING_BEGUN, reference="<log.I-3.5.1@rollback-bot>")
    .going_by(BOTH),
    "sent": opened()
    .due()
    .posted("reminder/stakeholders/incident 30m/1")
    .reminder(Happened.SENDING_BEGUN, reference="<log.I-3.5.1@rollback-bot>")
    .reminder(Happened.REMINDER_DONE, reference="<log.I-3.5.1@rollback-bot>")
    .going_by(BOTH),
    "not_sent": opened()
    .due()
    .reminder(Happened.SENDING_FAILED, text="The mail server refused the login. Nothing was sent.")
    .going_by(BOTH),
    "maybe_sent": opened()
    .due()
    .reminder(Happened.SENDING_BEGUN, reference="<log.I-3.5.1@rollback-bot>")
    .reminder(Happened.SENDING_LOST, text="The mail server gave no answer.")
    .going_by(BOTH),
    "done": opened().due().posted("reminder/stakeholders/incident 30m/1").reminder(Happened.REMINDER_DONE),
    "not_needed": opened()
    .due()
    .posted("reminder/stakeholders/incident 30m/1")
    .reminder(Happened.REMINDER_DROPPED, why="The board was on the call"),
    "checklist": opened().checklist().ticked(0, BOT, "Every check that decides passed after R-17.").ticked(1),
    "checklist_ended": opened().checklist().ticked(1).then(Happened.CHECKLIST_ENDED, {"checklist": "Immediate"}),
    "checklist_done": opened().checklist().ticked(0).ticked(1).ticked(2),
    "all_clear_on_the_page": opened()
    .resolved()
    .due("all clear/resolved/status page", reference="inc_1")
    .going_by(BOTH),
    "all_clear_by_hand": opened().resolved().due("all clear/resolved/status page").going_by(BOTH),
    "all_clear_in_doubt": opened().down().resolved().due("all clear/resolved/internal", "It works again."),
    "still_pinned": opened().ended().due("still pinned/1", "Production still serves what R-17 rolled it back to."),
    "answers": opened().refused(),
    "shut_out": opened().then(Happened.CHANNEL_SHUT, {"rule": "is_archived"}),
    "fault": opened().then(Happened.FAULT_NOTED, {"reference": "ab12cd34"}),
    "resolved": resolved(),
}
