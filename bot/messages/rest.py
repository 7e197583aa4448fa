"""The steps that an ended request left undone, offered as a request of their own, for anyone who may ask."""

from bot.core.change import State
from bot.core.request import ChangeRequest
from bot.messages.blocks import actions, button, sections
from bot.messages.picture import Picture, picture
from bot.messages.wording import count, escape

_ENDED_ON_THE_WAY = frozenset({State.FAILED, State.STOPPED, State.VERIFIED, State.CHECKS_FAIL})


def is_offered(request: ChangeRequest) -> bool:
    """Whether its plan of several steps ended on the way: some of them were never done."""
    steps = len(request.plan.steps) if request.plan else 0
    begun = bool(request.runs) or request.state is State.FAILED
    return request.state in _ENDED_ON_THE_WAY and begun and 1 < steps > len(request.done)


def rest(request: ChangeRequest) -> Picture:
    """What is left, with the button; without it once that was planned."""
    if request.planned_again_as:
        told = f"What {request.id} left undone was planned as {escape(request.planned_again_as)}."
        return picture(told, sections([told]))
    left = f"{request.id} ended with {count(len(request.left), 'step')} not done. They can be a request of their own:"
    how = "planned on production as it is then, and approved anew. Anyone who may ask can press it; nothing runs by it."
    told = f"{left} {how}"
    digest = request.plan.digest if request.plan else ""
    press = button("Plan the remaining steps", "plan_again", request=request.id, digest=digest)
    return picture(told, [*sections([told]), *actions([press])])
