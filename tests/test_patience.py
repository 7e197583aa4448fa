"""What can't be reached, and for how long it is waited for: reads again for a minute, then a sentence; acts, never."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.change import Kind, State
from bot.core.errors import Unavailable
from tests.histories import ANA, BEN, CY
from tests.small_world import SmallWorld


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SmallWorld]:
    one = SmallWorld(tmp_path / "log.db")
    yield one
    one.close()


def minutes_pass(world: SmallWorld, minutes: int = 2) -> None:
    for _ in range(minutes * 12):
        world.hand.turn(5)
        world.carry_on()


def test_a_target_that_cannot_be_read_for_a_minute_refuses_the_request(world: SmallWorld) -> None:
    world.levers.unreadable = Unavailable("Vercel can't be reached.")
    world.ask()
    minutes_pass(world)
    assert world.request.state is State.REFUSED
    assert world.request.ending
    assert world.request.ending.text == ("Vercel can't be reached. Nothing was changed. Ask again when it answers.")


def test_a_target_that_can_be_read_again_in_time_is_planned(world: SmallWorld) -> None:
    world.levers.unreadable = Unavailable("Vercel can't be reached.")
    world.ask()
    world.hand.turn(30)
    world.levers.unreadable = None
    world.carry_on()
    assert world.request.state is State.WAITING


def test_a_target_that_cannot_be_read_before_the_act_ends_as_failed_with_nothing_changed(world: SmallWorld) -> None:
    world.ask()
    world.levers.unreadable = Unavailable("Vercel can't be reached.")
    for person in (BEN, CY):
        world.approve(person)
    minutes_pass(world)
    assert world.request.state is State.FAILED
    assert world.request.ending
    assert "was not begun" in world.request.ending.text
    assert not world.levers.pulled


def test_a_provider_that_asks_for_an_hour_does_not_hold_an_approved_run_that_long(world: SmallWorld) -> None:
    world.ask()
    world.levers.unreadable = Unavailable("Too many requests.", retry_at=world.hand.now() + timedelta(hours=1))
    for person in (BEN, CY):
        world.approve(person)
    minutes_pass(world)
    assert world.request.state is State.FAILED


def test_a_fault_while_planning_does_not_hold_the_target_for_ever(world: SmallWorld) -> None:
    world.levers.unreadable = RuntimeError("a bug")
    world.ask()
    minutes_pass(world)
    assert world.request.state is State.REFUSED
    assert world.kinds.count(Kind.FAULT_NOTED) == 1


def test_plan_again_by_someone_who_may_not_ask_leaves_the_button_to_others(world: SmallWorld) -> None:
    world.ask()
    world.hand.turn(3600)
    world.carry_on()
    assert world.request.state is State.EXPIRED
    world.members.deactivate(CY)
    refused = world.changes.plan_again("R-1", world.delivery(CY))
    world.advance(refused)
    assert world.request.planned_again_as == ""
    planned = world.changes.plan_again("R-1", world.delivery(ANA))
    world.advance(planned)
    assert world.request.planned_again_as == planned
