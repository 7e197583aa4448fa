"""The steps that an ended request left undone, offered as a request of their own, for anyone who may ask."""

from bot.core.change import State
from bot.core.request import ChangeRequest
from bot.messages.blocks import actions, button, sections
from bot.messages.picture import Picture, picture
from bot.messages.wording import escape, listed

_ENDED_ON_THE_WAY = frozenset({State.FAILED, State.STOPPED, State.VERIFIED, State.CHECKS_FAIL})


def is_offered(request: ChangeRequest) -> bool:
    """Whether its plan of several steps ended on the way: some of them were never done."""
    steps = len(request.plan.steps) if request.plan else 0
    is_begun = bool(request.runs) or request.state is State.FAILED
    return request.state in _ENDED_ON_THE_WAY and is_begun and 1 < steps > len(request.done)


def rest(request: ChangeRequest) -> Picture:
    """What is left, with the button; without it once that was planned."""
    left = [str(index + 1) for index in request.left]
    of = f"{'Step' if len(left) == 1 else 'Steps'} {listed(left)} of {request.id}"
    if request.planned_again_as:
        told = f"What {request.id} left undone was planned as {escape(request.planned_again_as)}."
        return picture(told, sections([told]))
    how = (
        "a request of its own: planned on production as it is then, and approved anew. Anyone who may ask can press it."
    )
    told = f"{of} {'is' if len(left) == 1 else 'are'} not done. The button makes {how}"
    digest = request.plan.digest if request.plan else ""
    press = button("Plan the remaining steps", "plan_again", request=request.id, digest=digest)
    return picture(told, [*sections([told]), *actions([press])])
