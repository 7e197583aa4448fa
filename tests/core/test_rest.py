"""What an ended request left undone, and when that can be asked for anew."""

import pytest

from bot.core.change import State
from bot.core.policy import refusal_to_plan_again
from tests.core.standings import standing
from tests.histories import TYPICAL, History, of_two_steps


def rule(history: History) -> str:
    refusal = refusal_to_plan_again(history.request)
    return refusal.rule if refusal else ""


@pytest.mark.parametrize("state", [state for state in State if not standing(state).request.is_final])
def test_an_open_request_is_not_planned_again(state: State) -> None:
    assert rule(standing(state)) == "open"


def test_what_was_planned_again_is_not_planned_a_third_time() -> None:
    assert rule(TYPICAL["two_steps_planned_on"]) == "planned_again"


def test_of_a_request_that_did_all_nothing_is_left() -> None:
    assert rule(TYPICAL["verified"]) == "nothing_left"


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("two_steps_stopped", (1,)),
        ("two_steps_drift", (1,)),
        ("two_steps_settled", (1,)),
        ("two_steps_failed", (0, 1)),
        ("expired", (0,)),
        ("superseded", (0,)),
    ],
)
def test_what_was_not_done_is_left(name: str, left: tuple[int, ...]) -> None:
    assert TYPICAL[name].request.left == left
    assert rule(TYPICAL[name]) == ""


def test_what_was_taken_back_since_is_left_as_well() -> None:
    assert of_two_steps().approved().started().finished().drifted().undone(0).request.left == (0, 1)


def test_a_request_of_an_older_log_has_no_scenario_and_no_choice() -> None:
    request = TYPICAL["waiting"].request
    assert (request.scenario, request.choice) == ("", "")
