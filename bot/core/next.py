"""What is due for a request now: the pure heart of `advance`. The order of the answers is the order of importance."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Generic, TypeVar

from bot.core.change import State
from bot.core.policy import goes_ahead
from bot.core.request import CARD, ChangeRequest
from bot.core.watch import Watch, under_way
from bot.core.writes import stopped_by, untold_resumes


class Act(Enum):
    """One thing that can be due."""

    PLAN = "read production and make the plan"
    DECIDE = "decide on the oldest click"
    GO_AHEAD = "say that it needs no approval"
    EXPIRE = "say that time ran out"
    NUDGE = "mention the approvers once more"
    STOP = "begin no further step"
    BEGIN_STEP = "read the target again and act"
    LOOK = "see whether the running step is done"
    WATCH = "look at production once more, or end the watch"
    BEGIN_VERIFICATION = "start the checks"
    TELL_UNDONE = "tell the earlier request what of it was undone or purged"
    TELL_RESUMED = "tell the requests that stopped writes that these are resumed"
    JOIN_INCIDENT = "belong to the incident of the channel"
    TELL_INCIDENT = "tell the incident how it ended"


A = TypeVar("A", bound=Enum)


@dataclass(frozen=True)
class Due(Generic[A]):
    """What may be done now, most important first, and when time alone makes something else due."""

    acts: tuple[A, ...] = ()
    until: datetime | None = None
    stays_open: bool = False  # though nothing is left to do or to draw: it is still to be thought of


def what_is_due(request: ChangeRequest, now: datetime) -> Due[Act]:
    """What is next for `request`. An act that can't be carried out yet doesn't hold back those after it."""
    due = _of_its_state(request, now)
    tell = (Act.TELL_RESUMED,) if untold_resumes(request) else ()
    acts = (*_of_its_incident(request), *tell, *due.acts)
    return Due(acts, due.until, stays_open=stopped_by(request) is not None)


def _of_its_incident(request: ChangeRequest) -> tuple[Act, ...]:
    """It belongs to one from the moment at which people see its card; there the incident is told.

    That comes first and is quick: one that ended before it knew its incident would stand there as open for ever.
    """
    if request.incident:
        return (Act.TELL_INCIDENT,) if request.is_final and not request.incident_told else ()
    card = request.posted.get(CARD)
    return (Act.JOIN_INCIDENT,) if card and card.ts and not request.is_final else ()


def _of_its_state(request: ChangeRequest, now: datetime) -> Due[Act]:
    clicks = (Act.DECIDE,) if request.pending else ()
    match request.state:
        case State.PLANNING:
            return Due((Act.PLAN,))
        case State.WAITING:
            return _while_waiting(request, clicks, now)
        case State.APPROVED:
            # A stop, a denial or a withdrawal that isn't decided yet comes before the act.
            return Due(clicks or (Act.BEGIN_STEP,))
        case State.RUNNING:
            watch = under_way(request)
            return _while_watching(request, watch, clicks, now) if watch else Due(_while_running(request, clicks))
        case State.UNKNOWN:
            return Due(((Act.LOOK,) if request.look_ordered else ()) + clicks)
        case _:
            return Due(((Act.TELL_UNDONE,) if _has_undone(request) else ()) + clicks)


def _while_waiting(request: ChangeRequest, clicks: tuple[Act, ...], now: datetime) -> Due[Act]:
    if request.expires_at is None or request.half_time_at is None:
        raise LookupError(f"{request.id} waits without a plan")
    if now >= request.expires_at:
        return Due((*clicks, Act.EXPIRE))
    if goes_ahead(request):
        return Due((*clicks, Act.GO_AHEAD))
    if request.half_time_passed:
        return Due(clicks, request.expires_at)
    if now >= request.half_time_at:
        return Due((*clicks, Act.NUDGE), request.expires_at)
    return Due(clicks, request.half_time_at)


def _has_undone(request: ChangeRequest) -> bool:
    earlier = request.undo_of or request.purge_of
    return request.is_final and bool(earlier and request.done) and not request.undo_told


def _while_watching(request: ChangeRequest, watch: Watch, clicks: tuple[Act, ...], now: datetime) -> Due[Act]:
    next_at = watch.next_at(now)
    if request.stop_ordered_by or next_at <= now:
        return Due((*clicks, Act.WATCH))
    return Due(clicks, next_at)


def _while_running(request: ChangeRequest, clicks: tuple[Act, ...]) -> tuple[Act, ...]:
    if request.running:
        return (Act.LOOK, *clicks)
    if request.stop_ordered_by:
        return (Act.STOP,)
    if clicks:
        return clicks
    steps = request.plan.steps if request.plan else ()
    return (Act.BEGIN_STEP,) if len(request.runs) < len(steps) else (Act.BEGIN_VERIFICATION,)
