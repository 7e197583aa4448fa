"""From events to an incident: replay(events) is the only way to know one. What each kind does is a table."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.core.event import Event, UnknownStreamError
from bot.core.incident import (
    Checklist,
    Happened,
    Incident,
    Joined,
    Outage,
    Press,
    Reminder,
    Telling,
    Tick,
    Verb,
    elsewhere,
)
from bot.core.request import posted_after

_Data = dict[str, Any]


def replay(events: Iterable[Event]) -> Incident:
    """What the events of one stream say. Raises UnknownStreamError where they are not those of an incident."""
    incident: Incident | None = None
    for event in events:
        incident = evolve(incident, event) if incident else _opened(event)
    if incident is None:
        raise UnknownStreamError("no events")
    return incident


def evolve(incident: Incident, event: Event) -> Incident:
    """The incident after one more event."""
    kind = Happened(event.kind)
    moved = replace(incident, seq=event.seq, hash=event.hash, is_closed=kind is Happened.INCIDENT_CLOSED)
    effect = _EFFECTS.get(kind)
    changed = effect(moved, event, dict(event.data)) if effect else moved
    changed = replace(changed, shut_out="") if _is_worth_a_try(changed, event) else changed
    press = event.data.get("press")
    return replace(changed, pending=tuple(p for p in changed.pending if p.seq != press)) if _decides(kind) else changed


def _is_worth_a_try(incident: Incident, event: Event) -> bool:
    """Whether a channel that took nothing is tried again: somebody is in it, or there is something new to say there."""
    is_in_it = event.kind == Happened.PRESSED and event.data.get("channel") == incident.channel
    return is_in_it or event.kind in (Happened.REQUEST_JOINED, Happened.REMINDER_DUE, Happened.CHECKLIST_OPENED)


def _decides(kind: Happened) -> bool:
    return kind not in (Happened.PRESSED, Happened.PRESS_HELD)


def _opened(event: Event) -> Incident:
    if event.kind != Happened.INCIDENT_OPENED:
        raise UnknownStreamError(f"{event.stream} begins with {event.kind}")
    data = dict(event.data)
    return Incident(
        id=event.stream,
        seq=event.seq,
        hash=event.hash,
        team=str(data["team"]),
        channel=str(data["channel"]),
        made_at=event.at,
        opened_by=event.actor,
        request=str(data["request"]),
    )


def _joined(incident: Incident, event: Event, data: _Data) -> Incident:
    joined = Joined(
        request=data["request"],
        requester=event.actor,
        what=data["what"],
        scenario=data["scenario"],
        at=event.at,
        has_reason=data["has_reason"],
        has_backups=data["has_backups"],
    )
    return replace(incident, requests={**incident.requests, joined.request: joined})


def _request_ended(incident: Incident, _: Event, data: _Data) -> Incident:
    was = incident.requests[data["request"]]
    ended_at = datetime.fromisoformat(data["at"])
    told = {key: data[key] for key in ("state", "ran", "pins", "passed")}
    ended = replace(was, ended_at=ended_at, **told)
    moved = replace(incident, requests={**incident.requests, ended.request: ended})
    return replace(moved, pin_seen_at=None, pin_ended="") if ended.pins else moved  # a new pin, looked at anew


def _failed(incident: Incident, _: Event, data: _Data) -> Incident:
    at = datetime.fromisoformat(data["at"])
    return replace(incident, outages=(*incident.outages, Outage(at, at, tuple(data["checks"]))))


def _passed(incident: Incident, _: Event, data: _Data) -> Incident:
    """It ends no earlier than it began, though the clock may have been set back meanwhile."""
    return _with_outage(incident, until=max(datetime.fromisoformat(data["at"]), incident.outages[-1].since))


def _with_outage(incident: Incident, **changes: Any) -> Incident:
    return replace(incident, outages=(*incident.outages[:-1], replace(incident.outages[-1], **changes)))


def _pressed(incident: Incident, event: Event, data: _Data) -> Incident:
    press = Press(event.seq, Verb(data["verb"]), data["about"], event.actor, event.at, data)
    return replace(incident, pending=(*incident.pending, press))


def _press_refused(incident: Incident, _: Event, data: _Data) -> Incident:
    refused = [replace(p, refusal=data["text"]) for p in incident.pending if p.seq == data["press"]]
    return replace(incident, answered=(*incident.answered, *refused))


def _press_held(incident: Incident, _: Event, data: _Data) -> Incident:
    held = tuple(replace(p, is_held=p.is_held or p.seq == data["press"]) for p in incident.pending)
    return replace(incident, pending=held)


def _due(incident: Incident, event: Event, data: _Data) -> Incident:
    was = incident.reminders.get(data["reminder"])
    reminder = Reminder(
        key=data["reminder"],
        audience=data["audience"],
        state=Telling.DUE,
        round=was.round + 1 if was else 1,
        due_at=event.at,
        text=data["text"],
        subject=data["subject"],
        overdue_at=was.overdue_at if was else None,
        is_own=data["is_own"],
        reference=data["reference"],
    )
    return _with(incident, reminder)


def _refilled(incident: Incident, _: Event, data: _Data) -> Incident:
    return _with(incident, replace(incident.reminders[data["reminder"]], text=data["text"], subject=data["subject"]))


def _with(incident: Incident, reminder: Reminder) -> Incident:
    return replace(incident, reminders={**incident.reminders, reminder.key: reminder})


def _moved(state: Telling | None = None, **names: str) -> "_Effect":
    """What puts a reminder into a state; `names` are its fields, each with the name of the event's datum."""

    def effect(incident: Incident, event: Event, data: _Data) -> Incident:
        was = incident.reminders[data["reminder"]]
        told = {field: data[name] for field, name in names.items() if name in data}
        return _with(incident, replace(was, state=state or was.state, by=event.actor, at=event.at, **told))

    return effect


def _done(incident: Incident, event: Event, data: _Data) -> Incident:
    """A person said so, or it was sent: then the other side's name for it came with it."""
    was = incident.reminders[data["reminder"]]
    told = {"was_sent": True, "reference": data["reference"]} if "reference" in data else {}
    return _with(incident, replace(was, state=Telling.DONE, by=event.actor, at=event.at, **told))


def _snoozed(incident: Incident, event: Event, data: _Data) -> Incident:
    was, until = incident.reminders[data["reminder"]], datetime.fromisoformat(data["until"])
    return _with(incident, replace(was, state=Telling.SNOOZED, by=event.actor, at=event.at, until=until))


def _overdue(incident: Incident, event: Event, data: _Data) -> Incident:
    return _with(incident, replace(incident.reminders[data["reminder"]], overdue_at=event.at))


def _list_opened(incident: Incident, event: Event, data: _Data) -> Incident:
    opened = Checklist(data["checklist"], tuple(data["items"]), event.at)
    return replace(incident, checklists={**incident.checklists, opened.name: opened})


def _list_ended(incident: Incident, event: Event, data: _Data) -> Incident:
    ended = replace(incident.checklists[data["checklist"]], ended_at=event.at)
    return replace(incident, checklists={**incident.checklists, ended.name: ended})


def _ticked(incident: Incident, event: Event, data: _Data) -> Incident:
    was = incident.checklists[data["checklist"]]
    ticks = {data["item"]: Tick(event.actor, event.at, data.get("evidence", "")), **was.ticks}
    return replace(incident, checklists={**incident.checklists, was.name: replace(was, ticks=ticks)})


def _phase_done(incident: Incident, event: Event, data: _Data) -> Incident:
    tick = Tick(event.actor, event.at, data.get("request", ""))
    done = dict.fromkeys(range(data["phase"] + 1), tick)
    return replace(incident, phases_done={**done, **incident.phases_done})


def _passed_on(incident: Incident, _: Event, data: _Data) -> Incident:
    return replace(incident, pin_ended=f"{data['request']} rolled back later, and {data['incident']} reminds of it.")


def _resolved(incident: Incident, event: Event, data: _Data) -> Incident:
    asked_in = next((elsewhere(incident, one) for one in incident.pending if one.seq == data.get("press")), "")
    return replace(incident, resolved_at=event.at, resolved_by=event.actor, resolved_in=asked_in)


def _shut(incident: Incident, event: Event, data: _Data) -> Incident:
    return replace(incident, shut_out=data["rule"], shut_at=incident.shut_at or event.at)


def _edited(incident: Incident, _: Event, data: _Data) -> Incident:
    was = incident.posted[data["key"]]
    return replace(incident, posted={**incident.posted, data["key"]: replace(was, digest=data["digest"])})


_Effect = Callable[[Incident, Event, _Data], Incident]
_EFFECTS: dict[Happened, _Effect] = {
    Happened.REQUEST_JOINED: _joined,
    Happened.REQUEST_ENDED: _request_ended,
    Happened.SITE_FAILED: _failed,
    Happened.SITE_PASSED: _passed,
    Happened.PRESSED: _pressed,
    Happened.PRESS_REFUSED: _press_refused,
    Happened.PRESS_HELD: _press_held,
    Happened.DOWN_SINCE_CORRECTED: lambda i, e, d: _with_outage(
        i, since=datetime.fromisoformat(d["at"]), corrected_by=e.actor
    ),
    Happened.REMINDER_DUE: _due,
    Happened.REMINDER_REFILLED: _refilled,
    Happened.REMINDER_OVERDUE: _overdue,
    Happened.REMINDER_SNOOZED: _snoozed,
    Happened.REMINDER_DONE: _done,
    Happened.REMINDER_DROPPED: _moved(Telling.DROPPED, why="why"),
    Happened.SENDING_BEGUN: _moved(Telling.SENDING, reference="reference"),
    Happened.SENDING_FAILED: _moved(Telling.DUE, failure="text"),
    Happened.SENDING_LOST: _moved(Telling.LOST, failure="text"),
    Happened.CHECKLIST_OPENED: _list_opened,
    Happened.CHECKLIST_ENDED: _list_ended,
    Happened.ITEM_TICKED: _ticked,
    Happened.PHASE_DONE: _phase_done,
    Happened.PHASE_LATE: lambda i, _, d: replace(i, phases_late=i.phases_late | {d["phase"]}),
    Happened.PIN_SEEN: lambda i, e, _: replace(i, pin_seen_at=e.at),
    Happened.PIN_ENDED: lambda i, _, __: replace(i, pin_ended="Production is not pinned any more."),
    Happened.PIN_PASSED_ON: _passed_on,
    Happened.INCIDENT_RESOLVED: _resolved,
    Happened.CHANNEL_SHUT: _shut,
    Happened.INCIDENT_CLOSED: lambda i, e, _: replace(i, closed_at=e.at),
    Happened.FAULT_NOTED: lambda i, _, d: replace(i, faults=(*i.faults, d["reference"])),
    Happened.POSTING_BEGUN: lambda i, e, d: replace(i, begun={**i.begun, d["key"]: e.at}),
    Happened.MESSAGE_POSTED: lambda i, _, d: replace(i, posted=posted_after(i.posted, d)),
    Happened.MESSAGE_EDITED: _edited,
}
