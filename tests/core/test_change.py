"""The states of a request and the way from each to the next, cell by cell."""

import pytest

from bot.core.change import CLICKS, FINAL, NOTES, TRANSITIONS, IllegalEventError, Kind, State, next_state
from bot.core.event import Event
from bot.core.replay import evolve
from tests.core.standings import standing
from tests.histories import BEGIN
from tests.state_diagram import PAGE, states_page

# The specification, kept apart from the code's own table: a new way to move has to be written down in both.
CELLS = {
    State.PLANNING: {"plan_made": "WAITING", "request_refused": "REFUSED"},
    State.WAITING: {
        "approval_given": "WAITING",
        "approval_withdrawn": "WAITING",
        "approval_voided": "WAITING",
        "request_approved": "APPROVED",
        "request_denied": "DENIED",
        "request_withdrawn": "WITHDRAWN",
        "request_expired": "EXPIRED",
        "request_stopped": "STOPPED",
        "drift_found": "SUPERSEDED",
    },
    State.APPROVED: {
        "approval_withdrawn": "WAITING",
        "request_denied": "DENIED",
        "request_withdrawn": "WITHDRAWN",
        "request_stopped": "STOPPED",
        "drift_found": "SUPERSEDED",
        "run_failed": "FAILED",
        "step_started": "RUNNING",
    },
    State.RUNNING: {
        "step_started": "RUNNING",
        "step_finished": "RUNNING",
        "step_failed": "FAILED",
        "step_lost": "UNKNOWN",
        "request_stopped": "STOPPED",
        "drift_found": "FAILED",
        "first_step_drifted": "SUPERSEDED",
        "run_failed": "FAILED",
        "verification_begun": "VERIFYING",
    },
    State.UNKNOWN: {
        "step_finished": "RUNNING",
        "step_failed": "FAILED",
        "settled_as_done": "VERIFYING",
        "settled_as_not_done": "FAILED",
    },
    State.VERIFYING: {"verification_passed": "VERIFIED", "verification_failed": "CHECKS_FAIL"},
}
MOVING = [kind for kind in Kind if kind not in NOTES]


def _end(state: State, kind: Kind) -> str | None:
    try:
        return next_state(state, kind).name
    except IllegalEventError:
        return None


@pytest.mark.parametrize("state", State)
def test_exactly_the_cells_of_the_table_lead_on(state: State) -> None:
    assert {kind.value: end for kind in MOVING if (end := _end(state, kind))} == CELLS.get(state, {})


@pytest.mark.parametrize("state", State)
def test_a_note_moves_nothing(state: State) -> None:
    assert {next_state(state, kind) for kind in NOTES} == {state}


@pytest.mark.parametrize("state", State)
def test_what_cannot_happen_is_refused_with_both_words(state: State) -> None:
    with pytest.raises(IllegalEventError, match=f"request_made can't happen to a request that is {state}"):
        next_state(state, Kind.REQUEST_MADE)


@pytest.mark.parametrize("state", State)
def test_what_cannot_happen_changes_nothing_of_the_request(state: State) -> None:
    history = standing(state)
    before = history.request
    for kind in MOVING:
        if _end(state, kind) is None:
            with pytest.raises(IllegalEventError):
                evolve(before, Event(before.id, before.seq + 1, kind, "bot", BEGIN, {}))
    assert before == history.request


@pytest.mark.parametrize("state", State)
def test_every_state_is_reached(state: State) -> None:
    assert standing(state).request.state is state


def test_every_click_is_a_note() -> None:
    assert CLICKS < NOTES


def test_nothing_leads_out_of_a_final_state() -> None:
    assert {state.name for state in FINAL} == {
        "REFUSED",
        "VERIFIED",
        "CHECKS_FAIL",
        "FAILED",
        "STOPPED",
        "DENIED",
        "EXPIRED",
        "WITHDRAWN",
        "SUPERSEDED",
    }


def test_every_kind_of_event_can_happen() -> None:
    somewhere = {kind for cells in TRANSITIONS.values() for kind in cells}
    assert set(Kind) == somewhere | NOTES | {Kind.REQUEST_MADE}


def test_the_states_are_the_words_on_the_card() -> None:
    assert {state.value for state in State} - {"Reading production", "Refused"} == {
        "Waiting for approval",
        "Approved",
        "Running",
        "Verifying",
        "Verified",
        "Done, checks fail",
        "Failed",
        "Outcome unknown",
        "Stopped",
        "Denied",
        "Expired",
        "Withdrawn",
        "Superseded",
    }


def test_the_documented_diagram_is_the_table() -> None:
    assert PAGE.read_text() == states_page(), "draw it anew: .venv/bin/python -m tests.state_diagram"
