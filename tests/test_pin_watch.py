"""What is said, day after day, of a rollback that still pins production: it is true on each of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.incident import Telling, Verb
from tests.incident_world import ANA, BEN, CHLOE, IncidentWorld
from tests.shop import BROKEN

BEGIN = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[IncidentWorld]:
    """An incident that a rollback ended, so that production is pinned."""
    one = IncidentWorld(tmp_path / "log.db", BEGIN)
    one.ask(ANA)
    one.approve("R-1", BEN, CHLOE)
    one.press(ANA, Verb.RESOLVE)
    yield one
    one.close()


def days(world: IncidentWorld, number: float) -> IncidentWorld:
    world.until(BEGIN + timedelta(days=number, minutes=5))
    world.carry_on()
    return world


def told(world: IncidentWorld, number: int) -> str:
    """What was said the n-th time."""
    return world.incident().reminders[f"still pinned/{number}"].text


def test_it_names_what_production_serves_and_the_way_back(world: IncidentWorld) -> None:
    assert told(days(world, 1), 1).startswith("Production still serves what R-1 rolled it back to: dpl_")
    assert "`/rollback undo R-1` goes back" in told(world, 1)


def test_where_somebody_rolled_back_again_that_is_said_and_no_undo_is_offered(world: IncidentWorld) -> None:
    world.vercel.rolled_back_to = BROKEN.id
    assert "somebody rolled it back again after R-1" in told(days(world, 1), 1)
    assert BROKEN.id in told(world, 1)
    assert "undo" not in told(world, 1)


def test_not_needed_leaves_none_of_the_earlier_ones_waiting(world: IncidentWorld) -> None:
    days(world, 4).press(BEN, Verb.NOT_NEEDED, "still pinned/4", why="On purpose")
    reminders = days(world, 9).incident().reminders
    assert {one.state for key, one in reminders.items() if key.startswith("still")} == {Telling.DROPPED}
    assert "still pinned/5" not in reminders
