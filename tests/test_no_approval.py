"""What only adds goes ahead by itself, in one thread: for an approver alone, once, wherever the process dies."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.backup_set import ACTION
from bot.core.change import Kind, State
from tests.histories import ANA
from tests.small_world import Fate, SmallWorld


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SmallWorld]:
    """Its levers are known as what only adds; ANA, who asks, is an approver."""
    one = SmallWorld(tmp_path / "log.db")
    one.levers.name = ACTION
    one.members.join(ANA)
    one.restart()
    yield one
    one.close()


def test_it_runs_to_its_end_without_a_click(world: SmallWorld) -> None:
    world.ask()
    assert world.request.state is State.VERIFIED
    assert (world.request.required, world.request.approvals) == (0, ())
    assert [world.kinds.count(kind) for kind in (Kind.REQUEST_APPROVED, Kind.STEP_STARTED)] == [1, 2]


def test_whoever_is_no_approver_is_refused_before_anything_is_read(world: SmallWorld) -> None:
    world.members.leave(ANA)
    world.levers.unreadable = ZeroDivisionError("it was read")
    world.ask()
    assert world.request.state is State.REFUSED
    assert world.request.ending
    assert "for the runbook's approvers to ask for" in world.request.ending.text


def test_whoever_stopped_being_one_before_it_began_stops_it(world: SmallWorld) -> None:
    world.log.fate = Fate(2, after_writing=False)  # the plan and the approval are written, and the step isn't
    world.ask()
    assert world.kinds[-1] == Kind.REQUEST_APPROVED
    world.members.leave(ANA)
    world.hand.turn(120)
    world.carry_on()
    assert world.request.state is State.SUPERSEDED
    assert not world.levers.pulled


@pytest.mark.parametrize("after_writing", [False, True])
@pytest.mark.parametrize("appends", range(6))
def test_wherever_the_process_dies_nothing_is_done_twice(
    world: SmallWorld, appends: int, *, after_writing: bool
) -> None:
    world.log.fate = Fate(appends, after_writing)
    world.ask()
    for _ in range(60):
        world.hand.turn(5)
        world.carry_on()
    assert world.request.state in (State.VERIFIED, State.UNKNOWN)
    assert set(world.levers.pulled.values()) <= {1}
    assert world.kinds.count(Kind.REQUEST_APPROVED) == 1
