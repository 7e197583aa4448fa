"""What an ended request has done, what of it can be taken back, and what has been."""

import pytest

from bot.actions.undo import asks_of_undo
from bot.core.change import Kind, State
from bot.core.next import Act, what_is_due
from bot.core.plan import Ask
from bot.core.policy import refusal_to_undo
from bot.core.quarantine import PURGE
from bot.core.request import UNDO
from bot.core.writes import STOP
from tests.core.standings import standing
from tests.histories import BEGIN, CY, DEE, TYPICAL, History, of_two_steps, rollback_step, unknown, verified
from tests.messages.restores import ONE, done, found, requested
from tests.messages.writes import asked, resumed_by_itself, step_done, writes


def both_done() -> History:
    return of_two_steps().approved().started().finished().started().finished().verifying().verified()


def of_earlier(action: str = UNDO) -> History:
    """R-17 as the undo of R-9, or its purge, done."""
    history = History(rollback_step(how="promote"))
    made = history.events[0]
    asks = [{"action": action, "params": {"request": "R-9", "step": 0}}]
    history.events[0] = type(made)(**{**made.__dict__, "data": {**made.data, "asks": asks}})
    return history.planned().approved().started().finished().verifying()


def rule(history: History, step: int | None = None) -> str:
    refusal = refusal_to_undo(history.request, step)
    return refusal.rule if refusal else ""


@pytest.mark.parametrize("state", [state for state in State if not standing(state).request.is_final])
def test_an_open_request_is_not_undone(state: State) -> None:
    assert rule(standing(state)) == "open"


@pytest.mark.parametrize("name", ["denied", "expired", "withdrawn", "superseded", "stopped_before", "refused"])
def test_what_did_nothing_is_not_undone(name: str) -> None:
    assert rule(TYPICAL[name]) == "nothing_done"


def test_what_failed_in_part_is_refused_with_what_is_different_in_production() -> None:
    refusal = refusal_to_undo(TYPICAL["failed_partly_done"].request)
    assert refusal is not None
    assert "not moved: www.shop.example.com" in refusal.text


def test_a_step_of_which_a_person_said_that_it_happened_can_be_undone() -> None:
    settled = unknown().settled(DEE, as_done=True)
    assert rule(settled) == "open"
    assert rule(settled.verified()) == ""


def test_a_step_of_which_a_person_said_that_it_did_not_happen_is_nothing_done() -> None:
    assert rule(unknown().settled(DEE, as_done=False)) == "nothing_done"


def test_the_steps_are_asked_for_in_reverse() -> None:
    assert asks_of_undo(both_done().request) == tuple(Ask(UNDO, {"request": "R-17", "step": step}) for step in (1, 0))


def test_of_a_stopped_request_the_steps_that_are_done_are_undone() -> None:
    stopped = of_two_steps().approved().started().stop_ordered_by(CY).finished().stopped_by(CY)
    assert asks_of_undo(stopped.request) == (Ask(UNDO, {"request": "R-17", "step": 0}),)


def test_a_stop_of_writes_that_stopped_nothing_does_not_keep_the_rest_from_being_undone() -> None:
    earlier = resumed_by_itself(stopped=[]).request
    assert [ask.params["step"] for ask in asks_of_undo(earlier)] == [2, 1]
    alone = step_done(asked(writes(STOP)).approved(), stopped=[]).verifying().verified().request
    assert [ask.params["step"] for ask in asks_of_undo(alone)] == [0]  # is refused in its own words


@pytest.mark.parametrize(("updated", "steps"), [(0, [1]), (1, [1, 0])])
def test_nor_does_a_restore_that_wrote_nothing(updated: int, steps: list[int]) -> None:
    begun = requested(ONE, rollback_step()).approved().started()
    ended = done(begun, found(updated=updated, inserted=0)).started().finished().verifying().verified()
    assert [ask.params["step"] for ask in asks_of_undo(ended.request)] == steps


def test_what_was_undone_in_part_is_asked_for_again_without_that_part() -> None:
    partly = both_done().undone(1)
    assert rule(partly) == ""
    assert rule(partly, 1) == "undone"
    assert asks_of_undo(partly.request) == (Ask(UNDO, {"request": "R-17", "step": 0}),)


def test_what_was_undone_is_refused_with_the_request_that_did_it() -> None:
    refusal = refusal_to_undo(verified().undone(0).request)
    assert refusal is not None
    assert "R-17 was undone already, by R-18" in refusal.text


@pytest.mark.parametrize("action", [UNDO, PURGE])
def test_an_undo_or_a_purge_that_did_something_tells_the_earlier_request_once(action: str) -> None:
    assert what_is_due(of_earlier(action).request, BEGIN).acts == ()
    ended = of_earlier(action).verified()
    assert (ended.request.undo_of, ended.request.purge_of) == (("R-9", "") if action == UNDO else ("", "R-9"))
    assert what_is_due(ended.request, BEGIN).acts == (Act.TELL_UNDONE,)
    assert what_is_due(ended.then(Kind.UNDO_TOLD).request, BEGIN).acts == ()


def test_a_request_that_is_no_undo_tells_nobody() -> None:
    assert verified().request.undo_of == ""
    assert what_is_due(verified().request, BEGIN).acts == ()
