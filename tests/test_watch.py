"""A watch, in one thread: it needs no approval and changes nothing, goes on wherever the process dies, and proposes."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.changes import Wish
from bot.core.change import Kind, State
from bot.core.errors import Refused
from bot.core.plan import Ask
from bot.core.request import ChangeRequest
from tests.histories import ANA, BEN, DEE
from tests.small_world import STREAM, Fate, SmallWorld
from tests.workspace import EVE

LEVER = Ask("pull_lever", {"lever": "a"})
FOR = {"for": 900.0, "every": 30.0}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SmallWorld]:
    one = SmallWorld(tmp_path / "log.db")
    yield one
    one.close()


def ask(world: SmallWorld, *proposes: Ask, person: str = ANA) -> str:
    """Somebody asks for a watch of 15 minutes."""
    wish = Wish((Ask("watch", FOR),), "Slow", "medium", "Pages load slowly", "performance", proposes=proposes)
    return world.changes.ask(wish, world.delivery(person))


def watch(world: SmallWorld, minutes: float) -> ChangeRequest:
    """So much time passes while it watches."""
    world.carry_on()
    for _ in range(int(minutes * 6)):
        world.hand.turn(10)
        world.carry_on()
    return world.request


def came_to(world: SmallWorld) -> Mapping[str, Any]:
    """What the ended watch came to, as its step keeps it."""
    (run,) = world.request.runs
    assert run.facts is not None
    return run.facts


def test_it_needs_no_approval_looks_every_30_s_for_15_min_and_changes_nothing(world: SmallWorld) -> None:
    ask(world, LEVER)
    request = watch(world, 16)
    assert (request.state, request.required, request.approvals) == (State.VERIFIED, 0, ())
    apart = [(later.at - one.at).total_seconds() for one, later in pairwise(request.samples)]
    assert (len(request.samples), set(apart)) == (30, {30.0})
    assert not world.levers.pulled


def test_the_database_is_read_at_the_begin_and_at_the_end(world: SmallWorld) -> None:
    ask(world)
    assert len(watch(world, 14).readings) == 1
    first, last = watch(world, 2).readings
    assert last["at"] > first["at"]
    assert [kind for kind in world.kinds if kind in (Kind.DATABASE_READ, Kind.STEP_FINISHED)][-2:] == [
        Kind.DATABASE_READ,
        Kind.STEP_FINISHED,
    ]


@pytest.mark.parametrize("after_writing", [False, True])
@pytest.mark.parametrize("appends", range(10))
def test_wherever_the_process_dies_it_goes_on_and_ends_once(
    world: SmallWorld, appends: int, *, after_writing: bool
) -> None:
    ask(world)
    world.log.fate = Fate(appends, after_writing)
    request = watch(world, 16)
    assert request.state is State.VERIFIED
    assert world.kinds.count(Kind.STEP_STARTED) == world.kinds.count(Kind.STEP_FINISHED) == 1
    assert 28 <= len(request.samples) <= 30


def test_looks_that_a_process_missed_are_missing(world: SmallWorld) -> None:
    ask(world)
    watch(world, 5)
    world.restart()
    world.hand.turn(300)
    request = watch(world, 6)
    assert len(request.samples) == 21
    facts = came_to(world)
    assert (facts["looks"], facts["seconds"]) == (21, 900)


def test_one_whose_time_ran_out_while_nothing_ran_ends_and_says_that_it_saw_nothing(world: SmallWorld) -> None:
    ask(world)
    world.log.fate = Fate(3, after_writing=True)
    world.carry_on()
    world.hand.turn(3600)
    assert watch(world, 1).state is State.VERIFIED
    facts = came_to(world)
    assert (facts["looks"], facts["figures"][0]["median"]) == (0, None)


def test_a_clock_that_is_set_back_makes_it_no_longer_than_its_looks(world: SmallWorld) -> None:
    ask(world)
    watch(world, 5)
    world.hand.turn(-7200)
    request = watch(world, 12)
    assert request.state is State.VERIFIED
    assert len(request.samples) == 31


def test_what_was_seen_is_drawn_before_each_look_however_long_one_takes(world: SmallWorld) -> None:
    drawn: list[tuple[int, int]] = []
    world.drawing.meanwhile = lambda request: drawn.append((len(request.readings), len(request.samples)))
    world.meanwhile = lambda: world.hand.turn(40)
    ask(world)
    request = watch(world, 1)
    assert request.state is State.VERIFIED
    assert set(drawn) >= {(0, 0), *((1, looks) for looks in range(len(request.samples) + 1))}


@pytest.mark.parametrize("person", [ANA, BEN])
def test_stop_ends_it_early_and_keeps_what_it_saw(world: SmallWorld, person: str) -> None:
    ask(world)
    watch(world, 5)
    world.digest = ""
    world.click(Kind.STOP_CLICKED, world.delivery(person))
    world.carry_on()
    assert world.request.state is State.STOPPED
    assert came_to(world)["looks"] == 11


def test_who_is_neither_requester_nor_approver_does_not_stop_it(world: SmallWorld) -> None:
    ask(world)
    watch(world, 1)
    world.digest = ""
    world.click(Kind.STOP_CLICKED, world.delivery(EVE))
    world.carry_on()
    assert world.request.state is State.RUNNING
    assert world.request.answered[0].person == EVE


@pytest.mark.parametrize("minutes", [3, 16])
def test_what_it_proposes_is_a_request_with_its_figures_that_waits_for_approval(
    world: SmallWorld, minutes: int
) -> None:
    ask(world, LEVER)
    world.seconds = 4.2
    watch(world, minutes)
    proposed = world.changes.propose(STREAM, world.delivery(DEE))
    world.advance(proposed)
    request = world.journal.read(proposed)
    assert (request.state, request.requester, request.asks, request.again_of) == (State.WAITING, DEE, (LEVER,), STREAM)
    assert "Site: median 4.20 s, worst 4.20 s (limit 3 s)" in request.reason
    assert request.reason.endswith("R-1 was asked for because: Pages load slowly")
    assert not world.levers.pulled
    assert world.request.planned_again_as == proposed


def test_a_watch_goes_on_beside_what_it_proposed(world: SmallWorld) -> None:
    ask(world, LEVER)
    watch(world, 3)
    world.advance(world.changes.propose(STREAM, world.delivery(DEE)))
    assert watch(world, 13).state is State.VERIFIED
    assert len(world.request.samples) == 30


def test_a_look_without_an_answer_is_told_as_that_and_not_as_quick(world: SmallWorld) -> None:
    ask(world, LEVER)
    world.seconds = None
    watch(world, 1)
    proposed = world.journal.read(world.changes.propose(STREAM, world.delivery(DEE)))
    assert "Site: no answer at any look." in proposed.reason


def test_it_is_proposed_once(world: SmallWorld) -> None:
    ask(world, LEVER)
    watch(world, 1)
    world.advance(world.changes.propose(STREAM, world.delivery(DEE)))
    with pytest.raises(Refused, match="was asked for already, as R-2"):
        world.changes.propose(STREAM, world.delivery(BEN))


def test_what_another_request_has_done_since_is_not_proposed_with_figures_of_before(world: SmallWorld) -> None:
    ask(world, LEVER)
    watch(world, 1)
    other = world.changes.ask(Wish((LEVER,), "Pull", "medium", "", "pull"), world.delivery(ANA))
    world.advance(other)
    plan = world.journal.read(other).plan
    for person in (BEN, DEE):
        digest = plan.digest if plan else ""
        world.changes.click(Kind.APPROVAL_CLICKED, other, world.delivery(person), digest=digest)
        world.advance(other)
    assert world.journal.read(other).state is State.VERIFIED
    with pytest.raises(Refused, match="R-2 has done such a step since R-1 began to watch"):
        world.changes.propose(STREAM, world.delivery(DEE))
    assert world.request.overtaken_by == "R-2"


def test_a_watch_that_proposes_nothing_or_has_not_begun_makes_no_request(world: SmallWorld) -> None:
    ask(world, LEVER)
    with pytest.raises(Refused, match="proposes nothing"):
        world.changes.propose(STREAM, world.delivery(BEN))


def test_there_is_one_watch_at_a_time(world: SmallWorld) -> None:
    ask(world)
    watch(world, 1)
    second = ask(world, person=BEN)
    world.advance(second)
    refused = world.journal.read(second)
    assert refused.state is State.REFUSED
    assert refused.ending
    assert "is open for the same target" in refused.ending.text


def test_it_is_not_one_of_the_two_requests_that_a_person_may_have_open(world: SmallWorld) -> None:
    ask(world)
    watch(world, 1)
    for lever in "ab":
        wish = Wish((Ask("pull_lever", {"lever": lever}),), "Pull", "medium", "", "pull")
        made = world.changes.ask(wish, world.delivery(ANA))
        world.advance(made)
        assert world.journal.read(made).state is State.WAITING


def test_there_is_nothing_to_undo(world: SmallWorld) -> None:
    ask(world)
    watch(world, 16)
    with pytest.raises(Refused, match="did nothing"):
        world.changes.undo(STREAM, world.delivery(ANA), reason="", words="")


def test_a_click_while_it_looks_loses_no_look(world: SmallWorld) -> None:
    ask(world)
    watch(world, 1)
    world.digest = ""
    world.meanwhile = lambda: world.click(Kind.STOP_CLICKED, world.delivery(EVE))
    world.hand.turn(30)
    before = len(world.request.samples)
    world.advance(STREAM)
    assert len(world.request.samples) == before + 1
    assert world.request.samples[-1].at == world.hand.now()
