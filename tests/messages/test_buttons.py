"""Buttons exist for as long as they can act, and say which request and which plan they belong to."""

import json
from collections.abc import Callable

import pytest

from bot.core.change import Kind
from bot.core.policy import RULES
from tests.histories import ANA, BEN, CY, History, of_two_steps, unknown, waiting
from tests.messages.restores import ALL
from tests.messages.shown import buttons, elements, messages

# The whole table: history → message → what can be pressed on it. A history without a line has no button at all.
PRESSED: dict[str, dict[str, set[str]]] = {
    "waiting": {"approval": {"approve", "deny", "withdraw"}},
    "undo_waiting": {"approval": {"approve", "deny", "withdraw"}},
    "one_approval": {"approval": {"approve", "deny", "withdraw"}},
    "half_time": {"approval": {"approve", "deny", "withdraw"}},
    "approved": {"approval": {"deny", "withdraw"}, "run": {"stop"}},
    "unknown": {"unknown": {"look_again", "it_happened", "it_did_not"}},
    "expired": {"card": {"plan_again"}},
    "superseded": {"card": {"plan_again"}},
    "two_steps_waiting": {"approval": {"approve", "deny", "withdraw"}},
    "two_steps_running": {"run": {"stop"}},
    "two_steps_stopped": {"rest": {"plan_again"}},
    "two_steps_drift": {"rest": {"plan_again"}},
    "two_steps_failed": {"rest": {"plan_again"}},
    "stop_then_failed": {"rest": {"plan_again"}},
    "two_steps_settled": {"rest": {"plan_again"}},
    "goes_on": {"approval": {"approve", "deny", "withdraw"}},
    "clicks": {"approval": {"approve", "deny", "withdraw"}},
    "fault": {"approval": {"approve", "deny", "withdraw"}},
    "in_an_incident": {"approval": {"approve", "deny", "withdraw"}},
    "restore_waiting": {"approval": {"approve", "deny", "withdraw"}},
    "restore_four_waiting": {"approval": {"approve", "deny", "withdraw"}},
    "restore_warned_waiting": {"approval": {"approve", "deny", "withdraw"}},
    "columns_waiting": {"approval": {"approve", "deny", "withdraw"}},
    "columns_warned_waiting": {"approval": {"approve", "deny", "withdraw"}},
    "columns_unknown": {"unknown": {"look_again", "it_happened", "it_did_not"}},
    "columns_back_waiting": {"approval": {"approve", "deny", "withdraw"}},
    "purge_waiting": {"approval": {"approve", "deny", "withdraw"}},
    "purge_unknown": {"unknown": {"look_again", "it_happened", "it_did_not"}},
    "restore_exact_waiting": {"approval": {"approve", "deny", "withdraw"}},
    "restore_undo_waiting": {"approval": {"approve", "deny", "withdraw"}},
    "restore_unknown": {"unknown": {"look_again", "it_happened", "it_did_not"}},
    "restore_expired": {"card": {"plan_again"}},
    "restore_superseded": {"card": {"plan_again"}},
    "restore_stopped": {"rest": {"plan_again"}},
    "restore_second_drifted": {"rest": {"plan_again"}},
    "restore_of_two_superseded": {"card": {"plan_again"}},
    "backup_approved": {"run": {"stop"}},
    "backup_unknown": {"unknown": {"look_again", "it_happened", "it_did_not"}},
    "backup_drifted": {"card": {"plan_again"}},
    "stop_waiting": {"approval": {"approve", "deny", "withdraw"}},
    "stop_partly_waiting": {"approval": {"approve", "deny", "withdraw"}},
    "stop_unknown": {"unknown": {"look_again", "it_happened", "it_did_not"}},
    "resume_waiting": {"approval": {"approve", "deny", "withdraw"}},
    "watch_begun": {"run": {"stop"}, "watch": {"propose"}},
    "watch_under_way": {"run": {"stop"}, "watch": {"propose"}},
    "watch_verifying": {"watch": {"propose"}},
    "watch_proposed_early": {"run": {"stop"}},
    **{f"watch_{how}": {"proposal": {"propose"}} for how in ("worse", "better", "stopped", "unseen")},
}
CLICKS = {
    "approve": Kind.APPROVAL_CLICKED,
    "deny": Kind.DENIAL_SUBMITTED,
    "withdraw": Kind.WITHDRAWAL_CLICKED,
    "stop": Kind.STOP_CLICKED,
    "look_again": Kind.LOOK_AGAIN_CLICKED,
    "it_happened": Kind.IT_HAPPENED_CLICKED,
    "it_did_not": Kind.IT_DID_NOT_CLICKED,
}


@pytest.mark.parametrize("name", ALL)
def test_a_message_has_exactly_the_buttons_that_can_act(name: str) -> None:
    assert buttons(ALL[name]) == PRESSED.get(name, {})


@pytest.mark.parametrize("name", PRESSED)
def test_the_policy_lets_somebody_press_every_button_that_is_there(name: str) -> None:
    pressed = {action for ids in buttons(ALL[name]).values() for action in ids} - {"plan_again", "propose"}
    assert all(ALL[name].request.state in RULES[CLICKS[action]].states for action in pressed)


def test_a_button_says_which_request_and_which_plan_it_belongs_to() -> None:
    request = waiting().request
    assert request.plan
    for element in elements(messages(waiting())["approval"].picture):
        assert json.loads(element["value"]) == {"request": "R-17", "digest": request.plan.digest}


def test_the_dialog_before_approve_names_target_and_effect_in_danger_style() -> None:
    approve = elements(messages(waiting())["approval"].picture)[0]
    assert approve["style"] == approve["confirm"]["style"] == "danger"
    told = approve["confirm"]["text"]["text"]
    assert 'Roll back web-shop to a1b2c3d "Fix login"' in told
    assert "2 production domains will serve it" in told
    assert "Pushes will not go live" in told


@pytest.mark.parametrize("action", ["it_happened", "it_did_not"])
def test_saying_what_happened_asks_once_more(action: str) -> None:
    found = {element["action_id"]: element for element in elements(messages(unknown())["unknown"].picture)}
    assert "R-17" in found[action]["confirm"]["title"]["text"]


def test_plan_again_goes_away_when_it_was_pressed() -> None:
    assert buttons(waiting().expired().planned_again()) == {}


def test_stop_goes_away_when_it_was_ordered() -> None:
    running = of_two_steps().approved().started()
    assert buttons(running.stop_ordered_by(CY)) == {}


def test_stop_goes_away_when_the_last_step_began() -> None:
    assert buttons(of_two_steps().approved().started().finished().started()) == {}


@pytest.mark.parametrize(
    "after",
    [
        lambda approved: approved.approval_withdrawn_by(BEN),
        lambda approved: approved.denied_by(CY, "no"),
        lambda approved: approved.withdrawn(),
        lambda approved: approved.drifted(),
        lambda approved: approved.stopped_by(ANA),
    ],
)
def test_stop_goes_away_from_a_run_that_never_began(after: Callable[[History], History]) -> None:
    drawn = after(waiting().approved().posted("run"))
    assert "run" in messages(drawn)
    assert "run" not in buttons(drawn)


def test_the_call_to_look_loses_its_buttons_when_it_is_settled() -> None:
    settled = unknown().posted("unknown").settled("U0DEE", as_done=True)
    assert "unknown" in messages(settled)
    assert "unknown" not in buttons(settled)
