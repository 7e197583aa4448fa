"""From events to a change request: replay(events) is the only way to know one. What each kind does is a table."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.core.change import CLICKS, Kind, State, next_state
from bot.core.checks import result_from_json
from bot.core.event import Event, UnknownStreamError
from bot.core.plan import Ask, Facts, plan_from_json
from bot.core.policy import approvals_needed
from bot.core.request import Approval, ChangeRequest, Click, Ending, Sample, StepRun, posted_after
from bot.core.writes import steps_that_stopped, stopped_by


def replay(events: Iterable[Event]) -> ChangeRequest:
    """What the events of one stream say.

    Raises UnknownStreamError on an empty stream, IllegalEventError where the events can't follow each other.
    """
    request: ChangeRequest | None = None
    for event in events:
        request = evolve(request, event) if request else _made(event)
    if request is None:
        raise UnknownStreamError("no events")
    return request


def evolve(request: ChangeRequest, event: Event) -> ChangeRequest:
    """The request after one more event. Raises IllegalEventError where it can't follow."""
    kind = Kind(event.kind)
    moved = replace(
        request,
        state=next_state(request.state, kind),
        seq=event.seq,
        hash=event.hash,
        is_closed=kind is Kind.REQUEST_CLOSED,
    )
    if kind in CLICKS:
        click = Click(event.seq, kind, event.actor, event.at, event.data)
        return replace(moved, pending=(*moved.pending, click))
    changed = _EFFECTS[kind](moved, event, dict(event.data)) if kind in _EFFECTS else moved
    return _ended(changed, event, kind)


def _made(event: Event) -> ChangeRequest:
    if event.kind != Kind.REQUEST_MADE:
        raise UnknownStreamError(f"{event.stream} begins with {event.kind}")
    data: dict[str, Any] = dict(event.data)
    asks = tuple(Ask(**ask) for ask in data["asks"])
    return ChangeRequest(
        id=event.stream,
        state=State.PLANNING,
        seq=event.seq,
        hash=event.hash,
        requester=event.actor,
        made_at=event.at,
        asks=asks,
        required=approvals_needed([ask.action for ask in asks], data["required"]),  # whatever a log says
        targets=tuple(data["targets"]),
        proposes=tuple(Ask(**ask) for ask in data.get("proposes", ())),
        **{key: data.get(key, "") for key in ("again_of", "scenario", "choice")},  # not in every log
        **{key: data[key] for key in ("channel", "team", "title", "risk", "reason", "words")},
    )


def _ended(request: ChangeRequest, event: Event, kind: Kind) -> ChangeRequest:
    if request.ending or not request.is_final or kind is Kind.REQUEST_CLOSED:
        return request
    text, changed = str(event.data.get("text", "")), str(event.data.get("changed", ""))
    way_out = str(event.data.get("way_out", ""))
    ending = Ending(kind, event.actor, event.at, text, changed, event.seq, event.hash, way_out)
    return replace(request, ending=ending)


def _decided(request: ChangeRequest, _: Event, data: Facts) -> ChangeRequest:
    """Take the click that this event decides from the pending ones."""
    click = data.get("click")
    return replace(request, pending=tuple(c for c in request.pending if c.seq != click))


def _click_refused(request: ChangeRequest, event: Event, data: Facts) -> ChangeRequest:
    refused = [replace(c, refusal=str(data["text"])) for c in request.pending if c.seq == data["click"]]
    return replace(_decided(request, event, data), answered=(*request.answered, *refused))


def _click_held(request: ChangeRequest, _: Event, data: Facts) -> ChangeRequest:
    held = tuple(replace(c, is_held=c.is_held or c.seq == data["click"]) for c in request.pending)
    return replace(request, pending=held)


def _plan_made(request: ChangeRequest, event: Event, data: dict[str, Any]) -> ChangeRequest:
    return replace(
        request,
        plan=plan_from_json(data["plan"]),
        planned_at=event.at,
        op_ids=tuple(data["op_ids"]),
        eligible=frozenset(data["eligible"]),
        groups=tuple(data["groups"]),
        half_time_at=datetime.fromisoformat(data["half_time_at"]),
        expires_at=datetime.fromisoformat(data["expires_at"]),
    )


def _approval_given(request: ChangeRequest, event: Event, data: Facts) -> ChangeRequest:
    approvals = (*request.approvals, Approval(event.actor, event.at))
    return replace(_decided(request, event, data), approvals=approvals)


def _approval_gone(request: ChangeRequest, event: Event, data: Facts) -> ChangeRequest:
    gone = data.get("person", event.actor)
    left = tuple(approval for approval in request.approvals if approval.person != gone)
    return replace(_decided(request, event, data), approvals=left, approved_at=None)


def _step_started(request: ChangeRequest, event: Event, data: dict[str, Any]) -> ChangeRequest:
    return replace(request, runs=(*request.runs, StepRun(data["step"], data["op_id"], event.at)))


def _with_last_run(request: ChangeRequest, **changes: Any) -> ChangeRequest:
    return replace(request, runs=(*request.runs[:-1], replace(request.runs[-1], **changes)), look_ordered=False)


def _run_ended(request: ChangeRequest, event: Event, _: Facts) -> ChangeRequest:
    """Not done; drift may also be found before a step begins."""
    return _with_last_run(request, ended_at=event.at) if request.running else request


def _verification_begun(request: ChangeRequest, event: Event, data: dict[str, Any]) -> ChangeRequest:
    return replace(_decided(request, event, data), verify_until=datetime.fromisoformat(data["until"]))


def _verified(request: ChangeRequest, _: Event, data: dict[str, Any]) -> ChangeRequest:
    return replace(request, results=tuple(result_from_json(result) for result in data["results"]))


def _undone(request: ChangeRequest, _: Event, data: dict[str, Any]) -> ChangeRequest:
    by: dict[int, str] = dict.fromkeys(data["steps"], data["request"])
    return replace(request, undone={**request.undone, **by})


def _writes_resumed(request: ChangeRequest, _: Event, data: dict[str, Any]) -> ChangeRequest:
    """A stop that another request has resumed in full is taken back; one that was seen resumed has no such request."""
    by = data["request"]
    now = replace(request, resumed={**request.resumed, **dict.fromkeys(data["tables"], by)})
    if not by or stopped_by(now):
        return now
    return replace(now, undone={**now.undone, **dict.fromkeys(steps_that_stopped(now), by)})


def _site_sampled(request: ChangeRequest, _: Event, data: dict[str, Any]) -> ChangeRequest:
    sample = Sample(datetime.fromisoformat(data["at"]), data["seconds"], tuple(data["failed"]))
    return replace(request, samples=(*request.samples, sample))


def _edited(request: ChangeRequest, _: Event, data: dict[str, Any]) -> ChangeRequest:
    was = request.posted[data["key"]]
    return replace(request, posted={**request.posted, data["key"]: replace(was, digest=data["digest"])})


_Effect = Callable[[ChangeRequest, Event, dict[str, Any]], ChangeRequest]
_EFFECTS: dict[Kind, _Effect] = {
    Kind.PLAN_MADE: _plan_made,
    Kind.CLICK_REFUSED: _click_refused,
    Kind.CLICK_HELD: _click_held,
    Kind.APPROVAL_GIVEN: _approval_given,
    Kind.APPROVAL_WITHDRAWN: _approval_gone,
    Kind.APPROVAL_VOIDED: _approval_gone,
    Kind.REQUEST_APPROVED: lambda r, e, _: replace(r, approved_at=e.at, people_read_at=e.at),
    Kind.REQUEST_DENIED: _decided,
    Kind.REQUEST_WITHDRAWN: _decided,
    Kind.REQUEST_STOPPED: _decided,
    Kind.STOP_ORDERED: lambda r, e, d: replace(_decided(r, e, d), stop_ordered_by=e.actor),
    Kind.LOOK_ORDERED: lambda r, e, d: replace(_decided(r, e, d), look_ordered=True),
    Kind.LOOK_ENDED: lambda r, e, d: replace(r, look_ordered=False, lost_text=d["text"], looked_at=e.at),
    Kind.SETTLED_AS_DONE: lambda r, e, d: replace(
        _with_last_run(_verification_begun(r, e, d), ended_at=e.at), settled_by=e.actor
    ),
    Kind.SETTLED_AS_NOT_DONE: lambda r, e, d: _with_last_run(_decided(r, e, d), ended_at=e.at),
    Kind.HALF_TIME_PASSED: lambda r, _, __: replace(r, half_time_passed=True),
    Kind.STEP_STARTED: _step_started,
    Kind.STEP_UNPROVEN: lambda r, _, d: _with_last_run(r, note=d["text"]),
    Kind.STEP_FINISHED: lambda r, e, d: _with_last_run(r, facts=d["facts"], ended_at=e.at),
    Kind.SITE_SAMPLED: _site_sampled,
    Kind.DATABASE_READ: lambda r, _, d: replace(r, readings=(*r.readings, d["reading"])),
    Kind.STEP_FAILED: _run_ended,
    Kind.DRIFT_FOUND: _run_ended,
    Kind.FIRST_STEP_DRIFTED: _run_ended,
    Kind.STEP_LOST: lambda r, _, d: replace(r, lost_text=d["text"]),
    Kind.BASELINE_TAKEN: lambda r, _, d: replace(r, baseline=tuple(result_from_json(x) for x in d["results"])),
    Kind.VERIFICATION_BEGUN: _verification_begun,
    Kind.VERIFICATION_PASSED: _verified,
    Kind.VERIFICATION_FAILED: _verified,
    Kind.PLANNED_AGAIN: lambda r, _, d: replace(r, planned_again_as=d["request"]),
    Kind.OVERTAKEN: lambda r, _, d: replace(r, overtaken_by=d["request"]),
    Kind.UNDONE: _undone,
    Kind.PROMOTE_SEEN: lambda r, _, d: replace(r, promote_seen=d["deployment"]),
    Kind.WRITES_RESUMED: _writes_resumed,
    Kind.RESUME_TOLD: lambda r, _, d: replace(r, resumes_told=r.resumes_told | set(d["steps"])),
    Kind.PURGED: lambda r, _, d: replace(r, purged_by=d["request"]),
    Kind.UNDO_TOLD: lambda r, _, __: replace(r, undo_told=True),
    Kind.INCIDENT_JOINED: lambda r, _, d: replace(r, incident=d["incident"]),
    Kind.INCIDENT_TOLD: lambda r, _, __: replace(r, incident_told=True),
    Kind.FAULT_NOTED: lambda r, _, d: replace(r, faults=(*r.faults, d["reference"])),
    Kind.POSTING_BEGUN: lambda r, e, d: replace(r, begun={**r.begun, d["key"]: e.at}),
    Kind.MESSAGE_POSTED: lambda r, _, d: replace(r, posted=posted_after(r.posted, d)),
    Kind.MESSAGE_EDITED: _edited,
    Kind.FILE_REFUSED: lambda r, _, d: replace(r, file_refused=d["rule"]),
}
