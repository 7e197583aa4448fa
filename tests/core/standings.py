"""A request at each state, with a plan of two steps and BEN's approval wherever there can be one."""

from collections.abc import Callable

from bot.core.change import State
from tests.histories import BEN, CY, OTHER_STEP, History, of_two_steps, rollback_step

_LEADING_TO: dict[State, Callable[[], History]] = {
    State.PLANNING: lambda: History(rollback_step(), OTHER_STEP),
    State.REFUSED: lambda: standing(State.PLANNING).refused(),
    State.WAITING: lambda: of_two_steps().approved_by(BEN),
    State.APPROVED: lambda: of_two_steps().approved(),
    State.RUNNING: lambda: standing(State.APPROVED).started(),
    State.UNKNOWN: lambda: standing(State.RUNNING).lost(),
    State.VERIFYING: lambda: standing(State.RUNNING).finished().started().finished().verifying(),
    State.VERIFIED: lambda: standing(State.VERIFYING).verified(),
    State.CHECKS_FAIL: lambda: standing(State.VERIFYING).checks_failed(),
    State.FAILED: lambda: standing(State.RUNNING).failed(),
    State.STOPPED: lambda: standing(State.APPROVED).stopped_by(BEN),
    State.DENIED: lambda: standing(State.WAITING).denied_by(CY, "The database is the cause"),
    State.EXPIRED: lambda: standing(State.WAITING).expired(),
    State.WITHDRAWN: lambda: standing(State.WAITING).withdrawn(),
    State.SUPERSEDED: lambda: standing(State.APPROVED).drifted(),
}


def standing(state: State) -> History:
    """The events that lead there."""
    return _LEADING_TO[state]()
