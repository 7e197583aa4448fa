"""Each kind of event as one plain sentence of what its actor did or saw: the audit's export and an incident's timeline
share them. People stand in them as `<@id>`, moments in UTC.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.core.change import Kind
from bot.core.incident import Happened, Verb
from bot.core.plan import canonical
from bot.messages.plan import short
from bot.messages.wording import capital, listed


def told(kind: str, data: Mapping[str, Any]) -> str:
    """The sentence; of a kind or of data that this version doesn't know, all that stands there."""
    try:
        form = _PRESSED[Verb(data["verb"])] if kind == Happened.PRESSED else _FORMS[kind]
        return " ".join(form.format_map(_words(data)).split())
    except (KeyError, ValueError, TypeError, AttributeError):
        return f"{capital(kind.replace('_', ' '))}: {canonical(dict(data))}"


def spelled(at: datetime) -> str:
    """A moment in UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _words(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with what people know by another name: steps and phases from 1 on, checks by name, moments."""
    words = dict(data)
    words |= {key: spelled(datetime.fromisoformat(data[key])) for key in _MOMENTS if data.get(key)}
    for key, form in _WHERE_KNOWN.items():
        words[f"and_{key}"] = form.format(data[key]) if data.get(key) else ""
    words["and_plan"] = f" {short(str(data['digest']))}" if "digest" in data else ""
    if "step" in data:
        words["number"] = data["step"] + 1
    phase = data.get("phase", data.get("about"))
    if str(phase).isdecimal():
        words["number"] = int(str(phase)) + 1
    if "steps" in data:
        words["numbers"] = listed([str(step + 1) for step in data["steps"]])
    if "results" in data:
        words["results"] = "; ".join(_result(result) for result in data["results"]) or "none are asked"
    if data.get("checks"):
        words["checks"] = listed(list(data["checks"]))
        words["and_checks"] = f", after a look at production at which these failed: {words['checks']}"
    if "failed" in data:
        words["and_failed"] = f"; not as expected: {listed(data['failed'])}" if data["failed"] else ""
    if "items" in data:
        words["items"] = "; ".join(data["items"])
    return words | _item(data) | _posted(data)


def _result(result: Mapping[str, Any]) -> str:
    return f"{result['name']} {result['verdict']}"


def _item(data: Mapping[str, Any]) -> dict[str, str]:
    """An item of a checklist by its text, where that was put beside its number, and by its number where not."""
    name, number = data.get("checklist", ""), data.get("item")
    if "about" in data and number is None:
        name, _, number = str(data["about"]).rpartition("/")
    text = data.get("item_text", "")
    shown = f"“{text}”" if text else f"item {int(str(number)) + 1}" if str(number).isdecimal() else ""
    return {"item": shown, "of_list": f" of “{name}”" if name else ""}


def _posted(data: Mapping[str, Any]) -> dict[str, str]:
    """A private message has no place in Slack, and one that a channel didn't take has none either."""
    return {"posting": "Posted the message" if data.get("ts") else "Sent privately, or could not show, the message"}


_MOMENTS = ("at", "was", "until", "expires_at")
_WHERE_KNOWN = {
    "again_of": " (goes on from {})",
    "request": " with {}",
    "checks": "",
    "evidence": ": {}",
    "why": ": {}",
    "changed": " Different in production: {}.",
    "way_out": " Next: {}",
    "subject": " ({})",
    "reference": " ({})",
    "text": ": {}",
    "op_id": " as operation {}",
}
_FORMS: dict[str, str] = {
    "log_created": "Made the log {id}.",
    Kind.REQUEST_MADE: "Asked{and_again_of}: {words}",
    Kind.APPROVAL_CLICKED: "Pressed Approve.",
    Kind.DENIAL_SUBMITTED: "Pressed Deny: {reason}",
    Kind.WITHDRAWAL_CLICKED: "Pressed Withdraw.",
    Kind.STOP_CLICKED: "Asked for a stop.",
    Kind.LOOK_AGAIN_CLICKED: "Pressed Look again.",
    Kind.IT_HAPPENED_CLICKED: "Pressed It happened.",
    Kind.IT_DID_NOT_CLICKED: "Pressed It did not.",
    Kind.CLICK_REFUSED: "Did not count event {click} (rule {rule}): {text}",
    Kind.CLICK_HELD: "Kept event {click} to decide on it later: Slack did not say yet who pressed.",
    Kind.REQUEST_REFUSED: "Refused the request (rule {rule}): {text}",
    Kind.APPROVAL_GIVEN: "Approved the plan{and_plan}.",
    Kind.APPROVAL_WITHDRAWN: "Took the approval back.",
    Kind.APPROVAL_VOIDED: "Stopped counting the approval of <@{person}> (rule {rule}): {text}",
    Kind.REQUEST_APPROVED: "Let the plan run: it has the approvals that it needs.",
    Kind.REQUEST_DENIED: "Denied the request{and_text}",
    Kind.REQUEST_WITHDRAWN: "Withdrew the request.",
    Kind.STOP_ORDERED: "Ordered a stop: no further step begins.",
    Kind.REQUEST_STOPPED: "Stopped the request{and_text}",
    Kind.LOOK_ORDERED: "Had the bot look again whether it happened.",
    Kind.SETTLED_AS_DONE: "Looked, and said that it happened.",
    Kind.SETTLED_AS_NOT_DONE: "Looked, and said that it did not happen.",
    Kind.PLAN_MADE: "Made the plan{and_plan}; it can begin until {expires_at}.",
    Kind.HALF_TIME_PASSED: "Saw half of the time for approval pass.",
    Kind.REQUEST_EXPIRED: "Ended the request: the time for approval was over.",
    Kind.DRIFT_FOUND: "Did not go on with step {number}, because of drift: {text}",
    Kind.RUN_FAILED: "Ended the run: {text}",
    Kind.STEP_STARTED: "Began step {number}{and_op_id}.",
    Kind.STEP_UNPROVEN: "Could not prove step {number} yet: {text}",
    Kind.STEP_FINISHED: "Saw step {number} proven done.",
    Kind.STEP_FAILED: "Saw step {number} fail: {text}{and_changed}{and_way_out}",
    Kind.STEP_LOST: "Could not tell whether step {number} happened: {text}",
    Kind.FIRST_STEP_DRIFTED: "Did nothing in step {number}, because of drift: {text}",
    Kind.SITE_SAMPLED: "Looked at the site at {at}{and_failed}.",
    Kind.DATABASE_READ: "Read what the database is busy with.",
    Kind.LOOK_ENDED: "Looked again, and could not tell whether step {number} happened: {text}",
    Kind.BASELINE_TAKEN: "Ran the checks before the run: {results}.",
    Kind.VERIFICATION_BEGUN: "Began the checks, to be tried until {until}.",
    Kind.VERIFICATION_PASSED: "Verified: {results}.",
    Kind.VERIFICATION_FAILED: "Done, checks fail: {results}.",
    Kind.PLANNED_AGAIN: "Noted that {request} goes on from it.",
    Kind.OVERTAKEN: "Noted that {request} has done what it proposes.",
    Kind.UNDONE: "Noted what {request} took back: step {numbers}.",
    Kind.PROMOTE_SEEN: "Saw that production is not pinned any more: {deployment} is live.",
    Kind.PURGED: "Noted that {request} removed what this one kept.",
    Kind.UNDO_TOLD: "Noted on the earlier request what was taken back or removed.",
    Kind.WRITES_RESUMED: "Noted that writes are resumed.",
    Kind.RESUME_TOLD: "Noted on the requests that stopped writes that these are resumed.",
    Kind.INCIDENT_JOINED: "Made it part of {incident}.",
    Kind.INCIDENT_TOLD: "Noted in the incident how it ended.",
    Kind.FAULT_NOTED: "Met a fault of its own (reference {reference}).",
    Kind.POSTING_BEGUN: "Began to post the message {key}.",
    Kind.MESSAGE_POSTED: "{posting} {key}.",
    Kind.MESSAGE_EDITED: "Changed the message {key}.",
    Kind.FILE_REFUSED: "Could not share {key} as a file: Slack refused it ({rule}).",
    Kind.REQUEST_CLOSED: "Had nothing left to do for it.",
    Happened.INCIDENT_OPENED: "Opened the incident{and_request}{and_checks}.",
    Happened.REQUEST_JOINED: "Asked, as {request}: {what}.",
    Happened.REQUEST_ENDED: "Saw {request} end: {state}.",
    Happened.SITE_FAILED: "Saw the site fail at {at}: {checks}.",
    Happened.SITE_PASSED: "Saw every required check of the site pass at {at}.",
    Happened.PRESS_REFUSED: "Did not count event {press} (rule {rule}): {text}",
    Happened.PRESS_HELD: "Kept event {press} to decide on it later: Slack did not say yet who pressed.",
    Happened.DOWN_SINCE_CORRECTED: "Corrected the beginning of the downtime to {at}; it was {was}.",
    Happened.REMINDER_DUE: "Noted that it is time to tell {audience} ({reminder}){and_subject}: {text}",
    Happened.REMINDER_REFILLED: "Filled the draft of {reminder} anew, not posted yet{and_subject}: {text}",
    Happened.REMINDER_OVERDUE: "Noted that {reminder} is overdue.",
    Happened.REMINDER_SNOOZED: "Let {reminder} rest until {until}.",
    Happened.REMINDER_DONE: "Ended {reminder} as done{and_reference}.",
    Happened.REMINDER_DROPPED: "Ended {reminder} as not needed{and_why}",
    Happened.SENDING_BEGUN: "Began to send {reminder}{and_reference}.",
    Happened.SENDING_FAILED: "Certainly not sent: {reminder}. {text}",
    Happened.SENDING_LOST: "Maybe sent, which isn't known: {reminder}. {text}",
    Happened.CHECKLIST_OPENED: "Opened the checklist “{checklist}”: {items}",
    Happened.CHECKLIST_ENDED: "Noted that the time of the checklist “{checklist}” is over.",
    Happened.ITEM_TICKED: "Ticked {item}{of_list}{and_evidence}",
    Happened.PHASE_DONE: "Ended phase {number} of the recovery timeline{and_request}.",
    Happened.PHASE_LATE: "Noted that phase {number} of the recovery timeline is late.",
    Happened.PIN_SEEN: "Saw that production is still pinned: {deployment} is live.",
    Happened.PIN_PASSED_ON: "Left it to {incident} to remind of the pin: {request} rolled production back later.",
    Happened.PIN_ENDED: "Saw that production is not pinned any more: {deployment} is live.",
    Happened.INCIDENT_RESOLVED: "Resolved the incident.",
    Happened.CHANNEL_SHUT: "Was told by Slack that the incident's channel takes nothing ({rule}).",
    Happened.INCIDENT_CLOSED: "Had nothing left to do for it.",
}
_PRESSED: dict[Verb, str] = {
    Verb.DONE: "Pressed Done on {about}.",
    Verb.SNOOZE: "Pressed Snooze on {about}.",
    Verb.NOT_NEEDED: "Pressed Not needed on {about}{and_why}",
    Verb.SEND: "Pressed the button that sends {about}.",
    Verb.SEND_AGAIN: "Pressed the button that sends {about} again.",
    Verb.TICK: "Pressed the tick of {item}{of_list}.",
    Verb.DOWN_SINCE: "Said that the site is down since {at}.",
    Verb.PHASE_DONE: "Said that a phase of the recovery timeline is over (number {number}).",
    Verb.RESOLVE: "Asked to resolve the incident.",
}
