"""A request is what its events say."""

from datetime import timedelta

import pytest

from bot.core.change import IllegalEventError, Kind, State
from bot.core.event import UnknownStreamError
from bot.core.plan import plan_from_json
from bot.core.replay import evolve, replay
from bot.core.request import Posted
from tests.core.standings import standing
from tests.histories import (
    ANA,
    BEFORE,
    BEGIN,
    BEN,
    CHANNEL,
    CY,
    DEE,
    LIFE,
    PASSING,
    TEAM,
    TYPICAL,
    History,
    of_two_steps,
    running,
    unknown,
    verified,
    waiting,
)


def test_no_events_are_no_request() -> None:
    with pytest.raises(UnknownStreamError):
        replay([])


def test_a_stream_that_begins_with_something_else_is_no_request() -> None:
    with pytest.raises(UnknownStreamError, match="R-17 begins with plan_made"):
        replay(waiting().events[1:])


def test_events_that_cannot_follow_each_other_are_no_history() -> None:
    with pytest.raises(IllegalEventError):
        replay(waiting().expired().then(Kind.REQUEST_APPROVED).events)


@pytest.mark.parametrize("name", TYPICAL)
def test_one_more_event_says_the_same_as_all_events_again(name: str) -> None:
    events = TYPICAL[name].events
    assert len(events) == 1 or evolve(replay(events[:-1]), events[-1]) == replay(events)


def test_a_request_says_who_asked_where_and_why() -> None:
    request = History().request
    assert (request.id, request.state, request.requester) == ("R-17", State.PLANNING, ANA)
    assert (request.channel, request.team, request.made_at) == (CHANNEL, TEAM, BEGIN)
    assert (request.required, request.reason) == (2, "Login is broken for everyone")


def test_a_plan_comes_back_with_the_digest_that_people_approve() -> None:
    plan = waiting().request.plan
    assert plan
    assert plan_from_json(plan.as_json()).digest == plan.digest == waiting().events[1].data["digest"]


def test_a_plan_brings_its_approvers_and_its_times() -> None:
    request = waiting().request
    assert request.eligible == {BEN, CY, DEE}
    assert (request.half_time_at, request.expires_at) == (BEGIN + LIFE / 2, BEGIN + LIFE)


def test_a_click_waits_until_it_is_decided() -> None:
    history = waiting().then(Kind.APPROVAL_CLICKED, {"digest": "d"}, BEN)
    assert [(click.seq, click.person) for click in history.request.pending] == [(3, BEN)]
    assert history.then(Kind.APPROVAL_GIVEN, {"click": 3}, BEN).request.pending == ()


def test_clicks_wait_in_the_order_in_which_they_came() -> None:
    history = waiting().then(Kind.DENIAL_SUBMITTED, {}, CY).then(Kind.APPROVAL_CLICKED, {}, BEN)
    assert [click.person for click in history.request.pending] == [CY, BEN]


def test_a_decision_takes_only_its_own_click() -> None:
    history = waiting().then(Kind.APPROVAL_CLICKED, {}, BEN).then(Kind.APPROVAL_CLICKED, {}, CY)
    assert [click.person for click in history.then(Kind.APPROVAL_GIVEN, {"click": 3}, BEN).request.pending] == [CY]


def test_a_refused_click_keeps_the_sentence_for_its_person() -> None:
    request = waiting().click_refused(ANA, "You asked for it.").request
    assert request.pending == ()
    assert [(click.person, click.refusal) for click in request.answered] == [(ANA, "You asked for it.")]


def test_a_held_click_goes_on_waiting() -> None:
    assert [click.is_held for click in waiting().click_held(BEN).request.pending] == [True]


def test_an_approval_is_a_persons_word() -> None:
    request = waiting().approved_by(BEN).request
    assert (request.state, request.has_approved(BEN), request.has_approved(CY)) == (State.WAITING, True, False)


def test_an_approval_taken_back_opens_the_request_again() -> None:
    request = waiting().approved().approval_withdrawn_by(CY).request
    assert (request.state, request.approved_at) == (State.WAITING, None)
    assert [approval.person for approval in request.approvals] == [BEN]


def test_a_void_approval_is_that_of_the_person_who_is_no_longer_eligible() -> None:
    request = waiting().approved_by(BEN).approved_by(CY).then(Kind.APPROVAL_VOIDED, {"person": BEN}).request
    assert [approval.person for approval in request.approvals] == [CY]


def test_the_approval_says_when_the_people_were_read() -> None:
    history = waiting().approved()
    assert history.request.approved_at == history.request.people_read_at == history.events[-1].at


def test_a_step_runs_until_it_has_an_end() -> None:
    run = running().request.running
    assert run
    assert (run.index, run.op_id, run.facts) == (0, "op-0", None)
    assert running().finished().request.running is None


def test_a_step_that_may_have_happened_still_runs() -> None:
    assert unknown().request.running == running().request.running


def test_a_step_keeps_what_was_answered_and_what_was_found() -> None:
    run = running().unproven("Vercel is moving the domains.").finished(crons_deployment="dpl_9").request.runs[0]
    assert run.note == "Vercel is moving the domains."
    assert run.facts
    assert run.facts["crons_deployment"] == "dpl_9"


@pytest.mark.parametrize("as_done", [True, False])
def test_a_persons_word_ends_a_lost_step_and_proves_nothing(as_done: bool) -> None:  # noqa: FBT001  # the two words
    request = unknown().settled(DEE, as_done=as_done).request
    assert (request.running, request.finished) == (None, ())


def test_an_order_to_look_is_used_up_by_the_look() -> None:
    history = unknown().then(Kind.LOOK_ORDERED, {}, BEN)
    assert history.request.look_ordered
    request = history.then(Kind.LOOK_ENDED, {"text": "Vercel can't be reached."}).request
    assert (request.look_ordered, request.lost_text) == (False, "Vercel can't be reached.")


def test_a_found_step_uses_up_the_order_to_look() -> None:
    assert not unknown().then(Kind.LOOK_ORDERED, {}, BEN).finished().request.look_ordered


def test_a_stop_remembers_who_ordered_it() -> None:
    assert of_two_steps().approved().started().stop_ordered_by(CY).request.stop_ordered_by == CY


def test_checks_before_and_after_come_back_as_they_were() -> None:
    request = verified().request
    assert (request.baseline, request.results) == (BEFORE, PASSING)


def test_an_ending_says_who_when_and_why() -> None:
    history = waiting().denied_by(CY, "The database is the cause")
    ending, last = history.request.ending, history.events[-1]
    assert ending
    assert (ending.kind, ending.actor, ending.text) == (Kind.REQUEST_DENIED, CY, "The database is the cause")
    assert (ending.at, ending.seq, ending.hash) == (last.at, last.seq, last.hash)


def test_a_failed_step_says_what_changed() -> None:
    ending = running().failed("Vercel refused.", changed="shop.example.com now serves dpl_1").request.ending
    assert ending
    assert (ending.text, ending.changed) == ("Vercel refused.", "shop.example.com now serves dpl_1")


@pytest.mark.parametrize("state", [state for state in State if standing(state).request.is_final])
def test_nothing_after_the_end_changes_the_ending(state: State) -> None:
    history = standing(state)
    ended = history.request.ending
    later = history.planned_again().click_refused(DEE, "Too late.").fault().closed().request
    assert (later.state, later.ending) == (state, ended)


def test_a_closed_request_is_open_again_when_something_more_happens() -> None:
    history = verified().closed()
    assert history.request.is_closed
    assert not history.then(Kind.APPROVAL_CLICKED, {}, DEE).request.is_closed


def test_a_message_is_known_by_its_key_from_its_intent_on() -> None:
    history = waiting().posted("card", "d1")
    assert set(history.request.begun) == {"card"}
    edited = history.then(Kind.MESSAGE_EDITED, {"key": "card", "digest": "d2"}).request
    assert edited.posted == {"card": Posted("1.2", "d2")}


def test_a_request_remembers_that_it_was_planned_again() -> None:
    assert waiting().expired().planned_again().request.planned_again_as == "R-18"


def test_a_request_without_a_plan_has_no_steps() -> None:
    with pytest.raises(LookupError, match="R-17 has no plan"):
        History().request.step(0)


def test_each_event_happens_at_its_own_time() -> None:
    approvals = waiting().approved().request.approvals
    assert approvals[1].at - approvals[0].at == timedelta(seconds=20)
