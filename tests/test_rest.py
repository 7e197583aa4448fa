"""A plan that ended on the way: what is left of it becomes a request of its own, once, with approvals of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.change import State
from bot.core.errors import Refused
from tests.histories import BEN, CY, DEE
from tests.small_world import Mood, SmallWorld


@pytest.fixture
def failed(tmp_path: Path) -> Iterator[SmallWorld]:
    """The first of two levers is pulled, the second one is locked."""
    world = SmallWorld(tmp_path / "log.db")
    world.ask()
    world.levers.meanwhile = lambda: setattr(world.levers, "mood", Mood.REFUSES)
    for person in (BEN, CY):
        world.approve(person)
    world.carry_on()
    world.levers.meanwhile = lambda: None
    world.levers.mood = Mood.WORKS
    assert world.request.state is State.FAILED
    yield world
    world.close()


def test_only_what_was_not_done_is_asked_for_and_nothing_runs_without_new_approvals(failed: SmallWorld) -> None:
    rest = failed.changes.plan_again("R-1", failed.delivery(DEE))
    failed.advance(rest)
    request = failed.journal.read(rest)
    assert [ask.params for ask in request.asks] == [{"lever": "b"}]
    assert (request.state, request.requester, request.approvals) == (State.WAITING, DEE, ())
    assert sum(failed.levers.pulled.values()) == 1


def test_it_keeps_the_reason_and_the_risk_of_the_whole(failed: SmallWorld) -> None:
    rest = failed.journal.read(failed.changes.plan_again("R-1", failed.delivery(DEE)))
    assert (rest.title, rest.risk, rest.reason) == ("Pull", "medium", "Login is broken")
    assert rest.again_of == "R-1"


def test_the_rest_is_planned_once(failed: SmallWorld) -> None:
    rest = failed.changes.plan_again("R-1", failed.delivery(DEE))
    failed.advance(rest)
    with pytest.raises(Refused, match=f"planned again already, as {rest}"):
        failed.changes.plan_again("R-1", failed.delivery(BEN))


def test_of_two_who_press_at_once_one_gets_the_request(failed: SmallWorld) -> None:
    pressed = [failed.changes.plan_again("R-1", failed.delivery(person)) for person in (DEE, BEN)]
    for stream in pressed:
        failed.advance(stream)
    assert [failed.journal.read(stream).state for stream in pressed] == [State.WAITING, State.REFUSED]


def test_where_one_step_cannot_be_taken_back_nothing_is_and_the_reason_is_told(failed: SmallWorld) -> None:
    undo = failed.changes.undo("R-1", failed.delivery(DEE), reason="", words="undo R-1")
    failed.advance(undo)
    request = failed.journal.read(undo)
    assert request.state is State.REFUSED
    assert request.ending
    assert request.ending.text == "Push it up by hand."
