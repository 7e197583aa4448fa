"""Taking back what an earlier request did: each step by the action that did it, planned like any other step.

What is asked is kept as the request and the number of its step, so that the way back is planned from what was done.
"""

from collections.abc import Callable, Mapping

from bot.actions import Action
from bot.core.errors import Refused
from bot.core.plan import Ask, Facts, Step
from bot.core.policy import refusal_to_undo, steps_that_changed
from bot.core.request import UNDO, ChangeRequest, StepRun
from bot.core.restore import ACTION as RESTORE
from bot.core.restore import wrote_nothing
from bot.core.writes import changed_nothing


class Undo:
    """Plans the way back; `read` gives an earlier request as it stands."""

    def __init__(self, actions: Mapping[str, Action], read: Callable[[str], ChangeRequest]) -> None:
        self._actions, self._read = actions, read

    def targets(self, params: Facts) -> tuple[str, ...]:
        """What the earlier request was about."""
        return self._earlier(params).targets

    def plan(self, params: Facts) -> Step:
        """The step that takes the earlier one back, against production as it is; raises Refused or Unavailable."""
        earlier, index = self._earlier(params), int(str(params["step"]))
        step = earlier.step(index)
        return self._actions[step.action].undo(step, earlier.op_ids[index])

    def _earlier(self, params: Facts) -> ChangeRequest:
        """Raises Refused where this step of it can't be taken back, or not any more."""
        earlier, index = self._read(str(params["request"])), int(str(params["step"]))
        refusal = refusal_to_undo(earlier, index)
        if refusal:
            raise refusal
        if (action := earlier.step(index).action) not in self._actions:
            raise Refused("not_in_this_version", f"Undoing this needs {action}, which is not in this version.")
        return earlier


def asks_of_undo(request: ChangeRequest) -> tuple[Ask, ...]:
    """What to ask for to take back what `request` changed and nobody took back yet: its last step first.

    Not of what turned out to change nothing: its refusal would keep the other steps from being taken back.
    """
    left = steps_that_changed(request) - set(request.undone)
    idle = {run.index for run in request.done if _was_idle(request, run)}
    asked = sorted(left - idle or left, reverse=True)
    return tuple(Ask(UNDO, {"request": request.id, "step": index}) for index in asked)


def _was_idle(request: ChangeRequest, run: StepRun) -> bool:
    """Whether a step found everything as it was to be, by its own report."""
    is_restore = request.step(run.index).action == RESTORE and run.facts is not None
    return changed_nothing(request, run) or (is_restore and wrote_nothing(run.facts or {}))
