"""An incident in which everything happened that can happen: every kind of an incident's events, and of a request's."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.core import incident_replay, replay
from bot.core.change import Kind
from bot.core.event import BOT, Event
from bot.core.incident import Happened, Verb
from bot.core.runbook import Runbook, load_runbook
from bot.messages.account import Account, in_order
from tests.histories import ANA, BEGIN, BEN, CHANNEL, CY, DEE, TEAM, TYPICAL, History, rollback_step, running, waiting
from tests.messages.watches import WATCHES
from tests.shop import BROKEN, GOOD, RUNBOOK_TEXT

NAMES = {ANA: "Ana Ruiz", BEN: "Ben Okoro", CY: "Cy Lund", CHANNEL: "#inc-checkout", DEE: ""}  # DEE can't be read
LISTED = "Immediate"
TIMELINE = """
[[timeline]]
from = "0m"
to = "5m"
what = "Decide"
owner = "Tech team"
[[timeline]]
from = "5m"
to = "15m"
what = "Roll back"
"""
EXTRA = (
    waiting().file_refused("missing_scope"),
    waiting().approved().then(Kind.RUN_FAILED, {"text": "Slack can't be reached. Step 1 was not begun."}),
    waiting()
    .approved_by(BEN)
    .then(Kind.APPROVAL_VOIDED, {"person": BEN, "rule": "guest", "text": "Not counted: guests can't take part."}),
    running().then(Kind.FIRST_STEP_DRIFTED, {"step": 0, "text": "The backup has changed."}),
    running()
    .lost()
    .then(Kind.LOOK_AGAIN_CLICKED, {"team": TEAM, "channel": CHANNEL}, CY)
    .then(Kind.LOOK_ORDERED, {"click": 12}, CY)
    .then(Kind.LOOK_ENDED, {"step": 0, "text": "Vercel can't be reached."}),
    waiting()
    .approved_by(BEN)
    .approval_withdrawn_by(BEN)
    .posted("card")
    .then(Kind.MESSAGE_EDITED, {"key": "card", "digest": "d2"})
    .then(Kind.INCIDENT_JOINED, {"incident": "I-1"})
    .then(Kind.MESSAGE_POSTED, {"key": "answer/4", "ts": "", "digest": ""})
    .expired()
    .then(Kind.INCIDENT_TOLD)
    .then(Kind.UNDO_TOLD)
    .then(Kind.PURGED, {"request": "R-2"})
    .then(Kind.WRITES_RESUMED, {"request": "R-2", "tables": ["public.sessions"]})
    .then(Kind.RESUME_TOLD, {"steps": [0]})
    .closed(),
    WATCHES["watch_worse"],
    WATCHES["watch_overtaken"],
)


def runbook() -> Runbook:
    """The shop's, with a recovery timeline."""
    return load_runbook(RUNBOOK_TEXT + TIMELINE, {})


def at(seconds: int) -> str:
    return (BEGIN + timedelta(seconds=seconds)).isoformat()


def due(key: str, text: str, *, is_own: bool = False, subject: str = "", reference: str = "") -> dict[str, Any]:
    audience = key.split("/", maxsplit=1)[0]
    told = {"reminder": key, "audience": audience, "subject": subject, "text": text}
    return {**told, "is_own": is_own, "reference": reference}


def pressed(verb: Verb, about: str, **more: Any) -> dict[str, Any]:
    return {"verb": str(verb), "about": about, "team": TEAM, "channel": CHANNEL, **more}


def incident_events(text: str = "") -> list[Event]:
    """The incident's own events, 20 seconds apart; `text` takes the place of what people and the runbook wrote."""
    page, mail = text or "We are investigating.", text or f"Started at 03:12. <@{ANA}> asks for it in <#{CHANNEL}>."
    told: list[tuple[Happened, Mapping[str, Any], str]] = [
        (Happened.INCIDENT_OPENED, {"team": TEAM, "channel": CHANNEL, "request": "R-1"}, ANA),
        (
            Happened.REQUEST_JOINED,
            {
                "request": "R-1",
                "what": text or "a rollback of web-shop",
                "scenario": "",
                "has_reason": True,
                "has_backups": False,
            },
            ANA,
        ),
        (Happened.POSTING_BEGUN, {"key": "incident"}, BOT),
        (Happened.MESSAGE_POSTED, {"key": "incident", "ts": "1.5", "digest": "d"}, BOT),
        (Happened.REMINDER_DUE, due("internal/incident", page, is_own=True), BOT),
        (Happened.REMINDER_DONE, {"reminder": "internal/incident"}, BOT),
        (Happened.SITE_FAILED, {"at": at(60), "checks": [text or "Site", "Admin"]}, BOT),
        (Happened.PRESSED, pressed(Verb.DOWN_SINCE, "", at=at(-300)), CY),
        (Happened.DOWN_SINCE_CORRECTED, {"press": 8, "at": at(-300), "was": at(60)}, CY),
        (Happened.REMINDER_DUE, due("status page/downtime 15m", page), BOT),
        (Happened.REMINDER_SNOOZED, {"press": 0, "reminder": "status page/downtime 15m", "until": at(800)}, BEN),
        (Happened.REMINDER_DUE, due("status page/downtime 15m", page), BOT),
        (Happened.REMINDER_OVERDUE, {"reminder": "status page/downtime 15m"}, BOT),
        (Happened.SENDING_BEGUN, {"press": 0, "reminder": "status page/downtime 15m", "reference": ""}, BEN),
        (
            Happened.SENDING_FAILED,
            {"reminder": "status page/downtime 15m", "text": "Statuspage refused it (422)."},
            BEN,
        ),
        (Happened.SENDING_BEGUN, {"press": 0, "reminder": "status page/downtime 15m", "reference": ""}, BEN),
        (Happened.REMINDER_DONE, {"reminder": "status page/downtime 15m", "reference": "inc00001"}, BEN),
        (Happened.REMINDER_DUE, due("stakeholders/incident 30m", mail, subject=text or "Web shop: I-1"), BOT),
        (
            Happened.SENDING_BEGUN,
            {"press": 0, "reminder": "stakeholders/incident 30m", "reference": "<a.I-1.9.1@bot>"},
            CY,
        ),
        (Happened.SENDING_LOST, {"reminder": "stakeholders/incident 30m", "text": "The server gave no answer."}, CY),
        (Happened.REMINDER_DUE, due("users/scenario data-corruption", page), BOT),
        (
            Happened.REMINDER_DROPPED,
            {"press": 0, "reminder": "users/scenario data-corruption", "why": text or "Nobody noticed"},
            CY,
        ),
        (Happened.REMINDER_DUE, due("partners/incident 5m", page), BOT),
        (Happened.PRESSED, pressed(Verb.DONE, "partners/incident 5m"), DEE),
        (Happened.REMINDER_DONE, {"press": 24, "reminder": "partners/incident 5m"}, DEE),
        (Happened.CHECKLIST_OPENED, {"checklist": LISTED, "items": [text or "Test login", "Monitor logs"]}, BOT),
        (Happened.ITEM_TICKED, {"checklist": LISTED, "item": 0, "evidence": "Login: status 200, after R-1."}, BOT),
        (Happened.CHECKLIST_ENDED, {"checklist": LISTED}, BOT),
        (Happened.PHASE_LATE, {"phase": 0}, BOT),
        (Happened.PHASE_DONE, {"press": 0, "phase": 0}, CY),
        (Happened.SITE_PASSED, {"at": at(620), "checks": []}, BOT),
        (
            Happened.REQUEST_ENDED,
            {"request": "R-1", "state": "Verified", "at": at(600), "ran": True, "pins": True, "passed": {}},
            BOT,
        ),
        (Happened.PIN_SEEN, {"deployment": text or GOOD.id}, BOT),
        (Happened.PIN_ENDED, {"deployment": text or BROKEN.id}, BOT),
        (Happened.PRESSED, pressed(Verb.RESOLVE, ""), DEE),
        (Happened.PRESS_HELD, {"press": 35}, BOT),
        (Happened.PRESS_REFUSED, {"press": 35, "rule": "guest", "text": "Not counted: guests can't take part."}, BOT),
        (Happened.FAULT_NOTED, {"reference": "ab12cd34"}, BOT),
        (Happened.MESSAGE_EDITED, {"key": "incident", "digest": "d2"}, BOT),
        (Happened.INCIDENT_RESOLVED, {"press": 0}, BEN),
        (Happened.PIN_PASSED_ON, {"incident": "I-2", "request": "R-9"}, BOT),
        (Happened.REMINDER_REFILLED, {"reminder": "users/scenario data-corruption", "subject": "", "text": page}, BOT),
        (Happened.CHANNEL_SHUT, {"rule": "is_archived"}, BOT),
        (Happened.INCIDENT_CLOSED, {}, BOT),
    ]
    return [
        Event("I-1", number, kind, actor, BEGIN + timedelta(seconds=20 * number), data, f"{number:064x}")
        for number, (kind, data, actor) in enumerate(told, 1)
    ]


def request_events(histories: Sequence[History] = (*TYPICAL.values(), *EXTRA)) -> list[list[Event]]:
    """The streams of these histories, R-1 and on."""
    return [[replace(event, stream=f"R-{n}") for event in one.events] for n, one in enumerate(histories, 1)]


def account(own: list[Event], requests: list[list[Event]], names: Mapping[str, str] | None = None) -> Account:
    """What their timeline is made of."""
    return Account(
        incident=incident_replay.replay(own),
        requests=tuple(map(replay.replay, requests)),
        events=in_order([own, *requests]),
        names=NAMES if names is None else names,
        runbook=runbook(),
        drawn_at=BEGIN + timedelta(hours=2),
    )


def rich() -> Account:
    """All of it."""
    return account(incident_events(), request_events())


def of_text(text: str) -> Account:
    """A smaller one, in which everything that people, providers and the runbook wrote is `text`."""
    deployment = replace(GOOD, subject=text, author=text, branch=text)
    step = rollback_step(target=deployment, deployment=replace(BROKEN, subject=text), project_name=text)
    history = History(step, reason=text, title=text).planned().baseline().approved().started().failed(text, text, text)
    names = {ANA: text, BEN: text, CY: text, CHANNEL: text}
    return account(incident_events(text), request_events([history, waiting().denied_by(CY, text)]), names)
