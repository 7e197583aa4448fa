"""What goes wrong around an incident: a process that dies between two streams, a card that somebody deletes."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.change import State
from bot.core.event import Draft
from bot.core.incident import Happened, Telling
from tests.incident_world import ANA, BEN, CHLOE, EVE, INC, OTHER, IncidentWorld, shipped

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
    assert {posted["I-1/reminder/stakeholders/incident 30m/1"], posted["I-1/overdue/stakeholders/incident 30m"]} == {1}


def test_a_request_that_comes_while_its_incident_is_being_resolved_opens_the_next_one(world: IncidentWorld) -> None:
    world.ask(ANA)

    def resolve(_: str, drafts: Sequence[Draft]) -> bool:
        if drafts[0].kind == Happened.REQUEST_JOINED:
            del world.log.dies
            world.parts.journal.note("I-1", Draft(Happened.INCIDENT_RESOLVED, {}, BEN))
        return False

    at(world, 31).log.dies = resolve
    world.ask(EVE)
    assert world.requests.read("R-2").incident == "I-2"
    assert set(world.incident().requests) == {"R-1"}


def test_a_draft_that_slack_takes_minutes_late_says_what_is_so_then_and_that_is_what_the_log_has(
    world: IncidentWorld,
) -> None:
    more = '[[communications.reminders]]\naudience = "board"\nwhen = "incident 28m"\ndraft = "{state}, as of {now}."\n'
    world.runbook = shipped(more)
    world.restart()
    world.ask(ANA)
    at(world, 27).slack.is_down = True
    at(world, 33).slack.is_down = False  # the request expired at 30
    at(world, 34)
    (shown,) = [m for m in world.slack.state.messages[INC] if "Message for board" in m["text"]]
    (told,) = [one.text for one in world.incident().reminders.values() if one.audience == "board"]
    assert told == "Expired, as of 03:45 UTC."
    assert told in shown["text"]


class TestAShutChannel:
    """The channel is archived, or the bot is put out of it, while its incident is open."""

    @pytest.fixture
    def shut(self, world: IncidentWorld) -> IncidentWorld:
        """Archived after five minutes, and an hour has passed: the request in it expired meanwhile."""
        world.ask(ANA)
        at(world, 5).slack.state.channels[INC].is_archived = True
        return at(world, 61)

    def test_what_is_due_is_tried_once_and_people_read_why_in_the_internal_channel(self, shut: IncidentWorld) -> None:
        due = [event for event in shut.events() if event.kind == Happened.REMINDER_DUE]
        tried = [event.data["rule"] for event in shut.events() if event.kind == Happened.CHANNEL_SHUT]
        assert 0 < len(tried) <= len(due) + 1
        assert {"is_archived", "is_inactive"} >= set(tried)
        assert shut.slack.times_posted()["I-1/channel-shut"] == 1
        assert len(at(shut, 600).events()) == len(shut.events())

    def test_it_is_closed_from_another_channel_by_who_reads_there_how_it_ended(self, shut: IncidentWorld) -> None:
        resolve(shut, BEN, OTHER)
        (told,) = shut.slack.state.private
        assert "*I-1 is resolved*" in told["text"]
        assert shut.incident().is_closed
        assert all(not one.is_open for one in shut.incident().reminders.values())

    def test_nobody_closes_it_from_where_commands_do_not_work(self, shut: IncidentWorld) -> None:
        shut.slack.state.channels[OTHER].is_ext_shared = True
        resolve(shut, BEN, OTHER)
        (told,) = shut.slack.state.private
        assert "This channel is shared with another organization." in told["text"]
        assert not shut.incident().is_final

    def test_it_goes_on_there_once_the_channel_is_back_and_somebody_does_something(self, shut: IncidentWorld) -> None:
        shut.slack.state.channels[INC].is_archived = False
        shut.ask(EVE)
        assert shut.incident().shut_out == ""
        assert shut.slack.times_posted()["I-1/reminder/stakeholders/incident 30m/1"] == 1
        assert shut.incident().reminders["stakeholders/incident 30m"].state is Telling.DUE


def resolve(world: IncidentWorld, person: str, channel: str) -> None:
    """Somebody types `/rollback resolve I-1` in that channel."""
    world.parts.incidents.resolve(world.delivery(person, channel), "I-1")
    world.carry_on()
