"""What happens in between: a click during the act, people who leave between two clicks, another who writes first."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.changes import Delivery
from bot.core.change import Kind, State
from bot.core.event import ConflictError, Draft
from bot.core.request import ChangeRequest
from tests.histories import ANA, BEN, CY, DEE
from tests.small_world import STREAM, CrashError, Fate, Mood, SmallWorld
from tests.workspace import EVE


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SmallWorld]:
    """ANA asked, and the request waits."""
    one = SmallWorld(tmp_path / "log.db")
    one.ask()
    yield one
    one.close()


def approved_by(world: SmallWorld, *people: str) -> None:
    for person in people:
        world.approve(person)
    world.carry_on()


def approvers(world: SmallWorld) -> list[str]:
    return [approval.person for approval in world.request.approvals]


def test_two_approvers_in_the_same_instant_are_both_counted_and_it_runs_once(world: SmallWorld) -> None:
    together = threading.Barrier(2, timeout=5)

    def approve(delivery: Delivery) -> None:
        together.wait()
        world.click(Kind.APPROVAL_CLICKED, delivery)
        world.advance(STREAM)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(approve, [world.delivery(BEN), world.delivery(CY)]))
    world.carry_on()
    assert sorted(approvers(world)) == [BEN, CY]
    assert list(world.levers.pulled.values()) == [1, 1]
    assert world.request.state is State.VERIFIED


def test_the_approval_of_someone_who_left_before_the_second_click_is_void(world: SmallWorld) -> None:
    approved_by(world, BEN)
    world.members.leave(BEN)
    approved_by(world, CY)
    assert (world.request.state, approvers(world)) == (State.WAITING, [CY])
    approved_by(world, DEE)
    assert world.request.state is State.VERIFIED


def test_the_approval_of_a_closed_account_is_void(world: SmallWorld) -> None:
    approved_by(world, BEN)
    world.members.deactivate(BEN)
    approved_by(world, CY)
    assert (world.request.state, approvers(world)) == (State.WAITING, [CY])


def test_the_approval_of_someone_whom_slack_no_longer_knows_is_void_and_costs_nobody_elses(world: SmallWorld) -> None:
    approved_by(world, BEN)
    del world.members.people[BEN]
    approved_by(world, CY)
    assert (world.request.state, approvers(world)) == (State.WAITING, [CY])


def test_an_approver_who_left_more_than_a_minute_before_a_step_stops_it(world: SmallWorld) -> None:
    world.levers.mood = Mood.SLOW
    approved_by(world, BEN, CY)
    world.hand.turn(75)
    world.members.leave(BEN)
    world.carry_on()
    assert (world.request.state, len(world.levers.pulled)) == (State.FAILED, 1)
    assert world.kinds.count("step_started") == 1


def test_people_who_cannot_be_read_before_a_step_stop_it(world: SmallWorld) -> None:
    world.levers.mood = Mood.SLOW
    approved_by(world, BEN, CY)
    world.hand.turn(75)
    world.members.is_down = True
    world.carry_on()
    assert world.request.state is State.RUNNING
    world.hand.turn(61)
    world.carry_on()
    assert (world.request.state, len(world.levers.pulled)) == (State.FAILED, 1)


def test_an_approver_whom_slack_refuses_to_name_before_a_step_stops_it(world: SmallWorld) -> None:
    world.levers.mood = Mood.SLOW
    approved_by(world, BEN, CY)
    world.hand.turn(75)
    del world.members.people[BEN]
    world.carry_on()
    assert (world.request.state, world.request.faults) == (State.FAILED, ())


def test_a_click_during_the_act_does_not_lose_what_the_provider_said(world: SmallWorld) -> None:
    world.levers.mood = Mood.REFUSES
    world.levers.meanwhile = lambda: world.approve(DEE)
    approved_by(world, BEN, CY)
    assert world.request.ending
    assert (world.request.state, world.request.ending.text) == (State.FAILED, "The lever is locked.")


def test_a_click_during_the_act_does_not_lose_that_nothing_was_sent(world: SmallWorld) -> None:
    world.levers.mood = Mood.UNREACHABLE
    world.levers.meanwhile = lambda: world.approve(DEE)
    approved_by(world, BEN, CY)
    assert (world.request.state, dict(world.levers.pulled)) == (State.FAILED, {})


def test_a_click_during_the_act_is_decided_after_it(world: SmallWorld) -> None:
    clicks = iter([Kind.STOP_CLICKED])

    def stop_once() -> None:
        for kind in clicks:
            world.click(kind, world.delivery(DEE))

    world.levers.meanwhile = stop_once
    approved_by(world, BEN, CY)
    assert (world.request.state, list(world.levers.pulled.values())) == (State.STOPPED, [1])


def test_a_run_that_slept_through_a_denial_does_not_act(world: SmallWorld) -> None:
    approved = _approved(world)
    world.click(Kind.DENIAL_SUBMITTED, world.delivery(DEE))
    with pytest.raises(ConflictError):
        world.running.begin_step(approved, lambda _: None)
    world.carry_on()
    assert (world.request.state, dict(world.levers.pulled)) == (State.DENIED, {})


def test_of_two_threads_that_begin_the_same_step_one_acts(world: SmallWorld) -> None:
    approved, together = _approved(world), threading.Barrier(2, timeout=5)

    def begin(_: int) -> bool:
        together.wait()
        try:
            world.running.begin_step(approved, lambda _: None)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        began = list(pool.map(begin, range(2)))
    assert (sorted(began), list(world.levers.pulled.values())) == ([False, True], [1])


def _approved(world: SmallWorld) -> ChangeRequest:
    """Approved by two, written without the bot carrying on."""
    world.approve(BEN)
    clicked = world.journal.read(STREAM)
    given = [Draft(Kind.APPROVAL_GIVEN, {"click": clicked.seq}, person) for person in (BEN, CY)]
    return world.journal.record(clicked, *given, Draft(Kind.REQUEST_APPROVED, {}))


def test_a_click_while_a_request_is_closed_is_no_fault(world: SmallWorld) -> None:
    late = iter([world.delivery(DEE)])

    def click_once(request: ChangeRequest) -> None:
        if request.is_final:
            for delivery in late:
                world.click(Kind.APPROVAL_CLICKED, delivery)

    world.drawing.meanwhile = click_once
    world.click(Kind.WITHDRAWAL_CLICKED, world.delivery(ANA))
    world.carry_on()
    assert (world.request.faults, world.request.is_closed) == ((), True)
    assert [click.person for click in world.request.answered] == [DEE]


def test_a_click_that_slack_cannot_tell_about_is_held_and_decided_when_it_can(world: SmallWorld) -> None:
    world.members.is_down = True
    approved_by(world, BEN)
    world.hand.turn(5)
    world.carry_on()
    assert [click.is_held for click in world.request.pending] == [True]
    world.members.is_down = False
    world.hand.turn(5)
    world.carry_on()
    assert approvers(world) == [BEN]


def test_a_click_that_slack_cannot_tell_about_for_a_minute_is_not_counted(world: SmallWorld) -> None:
    world.members.is_down = True
    approved_by(world, BEN)
    world.hand.turn(60)
    world.carry_on()
    assert [click.refusal for click in world.request.answered] == [
        "Slack can't be reached. Your click was not counted. Try again."
    ]


def test_a_denial_that_came_first_is_decided_first(world: SmallWorld) -> None:
    approved_by(world, BEN)
    world.click(Kind.DENIAL_SUBMITTED, world.delivery(DEE))
    approved_by(world, CY)
    assert (world.request.state, dict(world.levers.pulled)) == (State.DENIED, {})


def test_an_outsiders_clicks_change_nothing(world: SmallWorld) -> None:
    for kind in (Kind.APPROVAL_CLICKED, Kind.DENIAL_SUBMITTED, Kind.WITHDRAWAL_CLICKED, Kind.STOP_CLICKED):
        world.click(kind, world.delivery(EVE))
    world.carry_on()
    assert (world.request.state, len(world.request.answered)) == (State.WAITING, 4)


def test_a_run_that_cannot_write_down_that_it_begins_does_not_act(world: SmallWorld) -> None:
    approved = _approved(world)
    world.log.fate = Fate(0, after_writing=False)
    with pytest.raises(CrashError):
        world.running.begin_step(approved, lambda _: None)
    assert dict(world.levers.pulled) == {}
