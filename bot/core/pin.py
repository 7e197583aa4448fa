"""Whether production is pinned to what a rollback went to: pushes don't go live until somebody promotes a deployment.

Vercel has no one flag for it (vercel-api.md, section 6): its last order tells, else whether deployments are automatic.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.core.deployment import Project, RollbackFacts, rollback_facts
from bot.core.plan import Step
from bot.core.request import ChangeRequest


@dataclass(frozen=True)
class LastRollback:
    """The newest move of the production domains by an ended request, and when it was done."""

    request: ChangeRequest
    facts: RollbackFacts
    at: datetime


class Pin(Enum):
    """What Vercel shows of it now."""

    HOLDS = "pinned"
    ENDED = "not pinned any more"
    UNCLEAR = "can't be told"


@dataclass(frozen=True)
class PinSeen:
    """What was seen: the deployment that is live now, and when Vercel was ordered so (None where it doesn't say)."""

    pin: Pin
    deployment: str
    at: float | None


def last_rollback(requests: Sequence[ChangeRequest]) -> LastRollback | None:
    """The rollback that production is pinned by, for all that the log knows of these requests."""
    moves = [move for request in requests if request.is_final for move in _moves(request)]
    newest = max(moves, key=lambda move: move.at, default=None)
    if newest is None or newest.facts.how != "rollback" or newest.request.promote_seen or _let_pushes_on(newest):
        return None
    return newest


def pin_seen(facts: RollbackFacts, project: Project) -> PinSeen:
    """Whether the project is still pinned after the rollback of these facts, as Vercel shows it now."""
    live, job = project.most_live, project.job
    if job and job.is_running:
        return PinSeen(Pin.UNCLEAR, live, None)
    if project.is_rolled_back_to(live):
        return PinSeen(Pin.HOLDS, live, job.requested_at if job else None)
    if job and (job.type, job.status, job.to_id) == ("promote", "succeeded", live):
        return PinSeen(Pin.ENDED, live, job.requested_at)
    if project.auto_assign:
        return PinSeen(Pin.ENDED, live, None)
    is_where_it_went = project.auto_assign is False and set(project.live.values()) == {facts.target.id}
    return PinSeen(Pin.HOLDS if is_where_it_went else Pin.UNCLEAR, live, None)


def _moves(request: ChangeRequest) -> Iterator[LastRollback]:
    for run in request.done:
        facts = _facts(request.step(run.index))
        if facts and run.ended_at:
            yield LastRollback(request, facts, run.ended_at)


def _facts(step: Step) -> RollbackFacts | None:
    try:
        return rollback_facts(step) if step.action == "rollback_deployment" else None
    except (KeyError, TypeError):  # written by another version
        return None


def _let_pushes_on(move: LastRollback) -> bool:
    """Whether deployments were still automatic when it was done: then nothing is pinned."""
    found = [run.facts for run in move.request.done if run.ended_at == move.at]
    return any(facts is not None and facts.get("auto_assign") is True for facts in found)
