"""What goes wrong around an incident: a process that dies between two streams, a card that somebody deletes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.change import State
from tests.incident_world import ANA, BEN, CHLOE, INC, IncidentWorld

BEGIN = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[IncidentWorld]:
    one = IncidentWorld(tmp_path / "log.db", BEGIN)
    yield one
    one.close()


def at(world: IncidentWorld, minute: float) -> IncidentWorld:
    world.until(BEGIN + timedelta(minutes=minute))
    world.carry_on()
    return world


def delete(world: IncidentWorld, name: str) -> None:
    """An admin deletes a message."""
    messages = world.slack.state.messages[INC]
    messages[:] = [one for one in messages if not one["metadata"]["event_payload"]["key"].endswith(name)]


@pytest.mark.parametrize("where", ["after:incident_opened", "before:incident_joined"])
def test_a_request_that_expires_while_the_bot_is_down_has_ended_in_its_incident_too(
    world: IncidentWorld, where: str
) -> None:
    world.dies(where)
    world.down_for = timedelta(hours=1)
    world.ask(ANA)
    assert world.requests.read("R-1").state is State.EXPIRED
    assert world.incident().requests["R-1"].state == State.EXPIRED


def test_reminders_come_in_the_channel_when_the_card_of_the_thread_was_deleted(world: IncidentWorld) -> None:
    world.ask(ANA)
    world.approve("R-1", BEN, CHLOE)
    delete(at(world, 5), "R-1/card")
    at(world, 61)
    posted = world.slack.times_posted()
    assert {posted["I-1/reminder/stakeholders/1/1"], posted["I-1/overdue/stakeholders/1"]} == {1}
