"""What needs no approval: only what adds, whatever a runbook, a wish or a log says."""

import pytest

from bot.core.backup_set import ACTION
from bot.core.change import Kind, State
from bot.core.next import Act, what_is_due
from bot.core.plan import Ask, Step
from bot.core.policy import ADDS_ONLY, approvals_needed, goes_ahead
from tests.core.test_next import EARLY, EXPIRY
from tests.histories import History, rollback_step

ADDING = Step(ACTION, "public.users", {}, {})


def asked(*asks: str, required: int = 0, steps: tuple[Step, ...] = (ADDING,)) -> History:
    """A request for these actions whose first event says so many approvals, with a plan of these steps."""
    history = History(*steps)
    data = {**history.events[0].data, "required": required, "asks": [Ask(ask, {}).__dict__ for ask in asks]}
    history.events = []
    return history.then(Kind.REQUEST_MADE, data, "U0ANA").planned()


def test_taking_a_backup_is_the_only_action_that_only_adds() -> None:
    assert {"back_up_tables"} == ADDS_ONLY


@pytest.mark.parametrize(
    ("actions", "required", "needed"),
    [
        ([ACTION], 2, 0),
        (["rollback_deployment"], 2, 2),
        (["rollback_deployment"], 0, 1),
        ([ACTION, "restore_tables"], 0, 1),
        ([ACTION, "restore_tables"], 2, 2),
        (["undo"], 0, 1),
        ([], 0, 1),
    ],
)
def test_nothing_but_what_only_adds_goes_without_an_approval(actions: list[str], required: int, needed: int) -> None:
    assert approvals_needed(actions, required) == needed


def test_a_request_that_only_adds_goes_ahead_as_soon_as_it_has_a_plan() -> None:
    assert what_is_due(asked(ACTION).request, EARLY).acts == (Act.GO_AHEAD,)


@pytest.mark.parametrize("action", ["rollback_deployment", "undo", "restore_tables"])
def test_a_log_that_says_none_for_another_action_is_not_believed(action: str) -> None:
    request = asked(action, steps=(rollback_step(),)).request
    assert request.required == 1
    assert what_is_due(request, EARLY).acts == ()


def test_a_plan_with_a_step_that_does_more_than_add_does_not_go_ahead() -> None:
    request = asked(ACTION, steps=(ADDING, rollback_step())).request
    assert not goes_ahead(request)
    assert what_is_due(request, EARLY).acts == ()


def test_a_plan_that_is_too_old_expires_instead() -> None:
    assert what_is_due(asked(ACTION).request, EXPIRY).acts == (Act.EXPIRE,)


def test_going_ahead_is_the_bots_own_event_and_the_step_follows() -> None:
    request = asked(ACTION).then(Kind.REQUEST_APPROVED).request
    assert (request.state, request.approvals) == (State.APPROVED, ())
    assert what_is_due(request, EARLY).acts == (Act.BEGIN_STEP,)
