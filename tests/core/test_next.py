"""What is due for a request, state by state, and when time alone makes something else due."""

from datetime import datetime, timedelta

import pytest

from bot.core.change import CLICKS, Kind, State
from bot.core.next import Act, what_is_due
from tests.core.standings import standing
from tests.histories import ANA, BEGIN, BEN, CY, DEE, LIFE, History, of_two_steps, waiting

EARLY, HALF_TIME, EXPIRY = BEGIN + timedelta(minutes=5), BEGIN + LIFE / 2, BEGIN + LIFE
FINAL = [state for state in State if standing(state).request.is_final]
A_MOMENT = timedelta(microseconds=1)


def acts(history: History, now: datetime = EARLY) -> tuple[Act, ...]:
    """What is due, most important first."""
    return what_is_due(history.request, now).acts


def clicked(history: History, kind: Kind = Kind.APPROVAL_CLICKED, person: str = DEE) -> History:
    """The same with a click that nobody has decided on."""
    return history.then(kind, {}, person)


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (State.PLANNING, (Act.PLAN,)),
        (State.WAITING, ()),
        (State.APPROVED, (Act.BEGIN_STEP,)),
        (State.RUNNING, (Act.LOOK,)),
        (State.UNKNOWN, ()),
        (State.VERIFYING, ()),
        *((state, ()) for state in FINAL),
    ],
)
def test_what_is_due_when_nobody_clicked(state: State, due: tuple[Act, ...]) -> None:
    assert acts(standing(state)) == due


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (State.PLANNING, (Act.PLAN,)),
        (State.WAITING, (Act.DECIDE,)),
        (State.APPROVED, (Act.DECIDE,)),
        (State.RUNNING, (Act.LOOK, Act.DECIDE)),
        (State.UNKNOWN, (Act.DECIDE,)),
        (State.VERIFYING, (Act.DECIDE,)),
        *((state, (Act.DECIDE,)) for state in FINAL),
    ],
)
@pytest.mark.parametrize("kind", sorted(CLICKS))
def test_a_click_is_answered_wherever_the_request_stands(state: State, due: tuple[Act, ...], kind: Kind) -> None:
    assert acts(clicked(standing(state), kind)) == due


@pytest.mark.parametrize("kind", [Kind.STOP_CLICKED, Kind.DENIAL_SUBMITTED, Kind.WITHDRAWAL_CLICKED])
def test_a_no_that_nobody_decided_on_comes_before_the_first_act(kind: Kind) -> None:
    assert Act.BEGIN_STEP not in acts(clicked(standing(State.APPROVED), kind, ANA))


def test_a_stop_that_nobody_decided_on_comes_before_the_next_act() -> None:
    assert acts(clicked(standing(State.RUNNING).finished(), Kind.STOP_CLICKED)) == (Act.DECIDE,)


def test_a_stop_that_was_ordered_holds_the_next_step_back() -> None:
    assert acts(standing(State.RUNNING).stop_ordered_by(BEN).finished()) == (Act.STOP,)


def test_a_stop_lets_the_running_step_be_seen_to_its_end() -> None:
    assert acts(standing(State.RUNNING).stop_ordered_by(BEN)) == (Act.LOOK,)


def test_a_step_follows_a_finished_step() -> None:
    assert acts(standing(State.RUNNING).finished()) == (Act.BEGIN_STEP,)


def test_verification_follows_the_last_step() -> None:
    assert acts(standing(State.RUNNING).finished().started().finished()) == (Act.BEGIN_VERIFICATION,)


def test_a_started_step_without_an_end_is_looked_at_and_never_begun_again() -> None:
    assert acts(standing(State.RUNNING)) == acts(standing(State.RUNNING).unproven()) == (Act.LOOK,)


def test_an_unknown_outcome_is_looked_at_once_for_each_order_to_look() -> None:
    history = standing(State.UNKNOWN)
    assert acts(history.then(Kind.LOOK_ORDERED, {}, BEN)) == (Act.LOOK,)
    assert acts(history.then(Kind.LOOK_ENDED, {"text": "Still unknown."})) == ()


def test_a_step_that_was_lost_and_found_goes_on_with_the_next() -> None:
    assert acts(standing(State.UNKNOWN).finished()) == (Act.BEGIN_STEP,)


@pytest.mark.parametrize(
    ("now", "due", "until"),
    [
        (BEGIN, (), HALF_TIME),
        (HALF_TIME - A_MOMENT, (), HALF_TIME),
        (HALF_TIME, (Act.NUDGE,), EXPIRY),
        (EXPIRY - A_MOMENT, (Act.NUDGE,), EXPIRY),
        (EXPIRY, (Act.EXPIRE,), None),
        (EXPIRY + timedelta(days=8), (Act.EXPIRE,), None),
    ],
)
def test_approvers_are_reminded_at_half_time_and_time_runs_out(
    now: datetime, due: tuple[Act, ...], until: datetime | None
) -> None:
    what = what_is_due(waiting().request, now)
    assert (what.acts, what.until) == (due, until)


def test_approvers_are_reminded_once() -> None:
    what = what_is_due(waiting().half_time().request, HALF_TIME)
    assert (what.acts, what.until) == ((), EXPIRY)


def test_a_click_before_expiry_is_decided_before_time_runs_out() -> None:
    assert acts(clicked(waiting()), EXPIRY) == (Act.DECIDE, Act.EXPIRE)


def test_a_click_that_cannot_be_decided_yet_does_not_keep_a_request_from_expiring() -> None:
    assert Act.EXPIRE in acts(clicked(waiting()).then(Kind.CLICK_HELD, {"click": 3}), EXPIRY)


def test_an_approved_request_does_not_expire() -> None:
    assert acts(of_two_steps().approved(), EXPIRY + timedelta(days=1)) == (Act.BEGIN_STEP,)


def test_an_approval_taken_back_makes_the_request_expire_again() -> None:
    assert acts(of_two_steps().approved().approval_withdrawn_by(CY), EXPIRY) == (Act.EXPIRE,)


@pytest.mark.parametrize("state", [State.APPROVED, State.RUNNING, State.UNKNOWN, State.VERIFYING, *FINAL])
def test_after_the_approval_time_alone_makes_nothing_due(state: State) -> None:
    assert what_is_due(standing(state).request, EXPIRY).until is None
