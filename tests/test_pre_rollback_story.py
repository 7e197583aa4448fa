"""A scenario's hours and days in its thread: the Pre-rollback checklist, and production that stays pinned."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.change import State
from bot.core.incident import Happened, Verb
from bot.core.runbook import Runbook, load_runbook
from bot.settings import SHIPPED_RUNBOOK
from tests.demo_runbook import ENVIRONMENT
from tests.incident_world import ANA, BEN, CHLOE, EVE, OTHER, SCENARIO, IncidentWorld

BEGIN = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
DAY = 24 * 60
CHECKLIST, ITS_END = "I-1/checklist/Pre-rollback", "I-1/checklist-end/Pre-rollback"
SYMPTOMS, ERRORS, BACKUPS, STAKEHOLDERS, USERS = (f"Pre-rollback/{number}" for number in range(5))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[IncidentWorld]:
    """The scenario is asked for, and waits for approval."""
    one = IncidentWorld(tmp_path / "log.db", BEGIN)
    one.runbook = within_15_minutes()
    one.restart()
    one.ask(ANA, wish=SCENARIO)
    yield one
    one.close()


def within_15_minutes() -> Runbook:
    """The shipped runbook, in which that checklist has an end."""
    text, when = SHIPPED_RUNBOOK.read_text(), 'when = "request"\n'
    assert text.count(when) == 1
    return load_runbook(text.replace(when, f'{when}due = "15m"\n'), ENVIRONMENT)


def at(world: IncidentWorld, minute: float) -> IncidentWorld:
    """Go on to this minute after the beginning; on the way the process dies and comes back."""
    world.restart()
    world.until(BEGIN + timedelta(minutes=minute))
    world.carry_on()
    return world


def open_items(world: IncidentWorld) -> list[str]:
    return [line for line in world.read(CHECKLIST).splitlines() if line.startswith("▫️")]


def told_of_the_pin(world: IncidentWorld, *streams: str) -> list[int]:
    """On which day each reminder of it came."""
    events = [event for stream in streams or ("I-1",) for event in world.events(stream)]
    told = [one.at for one in events if one.kind == Happened.REMINDER_DUE and one.data["audience"] == "still pinned"]
    return sorted((one - BEGIN).days for one in told)


def roll_back(world: IncidentWorld, request: str = "R-1", incident: str = "I-1") -> None:
    """The request is approved and verified, and its incident resolved."""
    world.approve(request, BEN, CHLOE)
    assert world.requests.read(request).state is State.VERIFIED
    world.press(ANA, Verb.RESOLVE, stream=incident)


def test_the_bot_ticks_what_it_knows_when_the_checklist_comes_and_says_from_where(world: IncidentWorld) -> None:
    seen = world.read(CHECKLIST)
    assert "2 of 5 items ticked" in seen
    assert "☑️ Identify specific failure symptoms\nTicked by the bot at 03:12 UTC: Said with R-1." in seen
    assert "The plan of R-1 read a backup of every table that it restores." in seen
    assert len(open_items(world)) == 3


def test_a_person_ticks_the_others_and_stands_there_with_the_time(world: IncidentWorld) -> None:
    at(world, 2).press(EVE, Verb.TICK, ERRORS)
    assert "☑️ Document current error messages\nTicked by @eve at 03:14 UTC" in world.read(CHECKLIST)


def test_stakeholders_are_ticked_by_the_bot_as_soon_as_somebody_says_that_they_were_told(world: IncidentWorld) -> None:
    at(world, 31).press(CHLOE, Verb.DONE, "stakeholders/incident 30m")
    assert "Ticked by the bot at 03:43 UTC: Told at 03:43 UTC." in world.read(CHECKLIST)


def test_what_is_open_when_its_time_ends_is_reminded_of_once_and_holds_nothing_back(world: IncidentWorld) -> None:
    at(world, 14).press(EVE, Verb.TICK, ERRORS)
    assert world.read(ITS_END) == ""
    reminder = at(world, 15).read(ITS_END)
    assert "Still open (2):\n• Notify key stakeholders of rollback decision\n• Prepare user comm" in reminder
    roll_back(at(world, 16))
    at(world, DAY)
    assert (world.slack.times_posted()[ITS_END], world.slack.times_posted()[CHECKLIST]) == (1, 1)


def test_after_a_rollback_production_is_said_to_be_pinned_once_a_day_until_it_is_undone(world: IncidentWorld) -> None:
    roll_back(world)
    for day in (1, 2.5, 3):
        at(world, day * DAY + 5)
    assert told_of_the_pin(world) == [1, 2, 3]
    assert "`/rollback undo R-1` goes back" in world.read("I-1/reminder/still pinned/3/1")
    world.vercel.is_pinned = False  # as after an undo, or a promote by anybody
    at(world, 6 * DAY)
    assert told_of_the_pin(world) == [1, 2, 3]
    assert "Production is not pinned any more" in world.read("I-1/reminder/still pinned/3/1")


def test_of_two_incidents_that_rolled_back_the_later_reminds_and_the_earlier_says_which(world: IncidentWorld) -> None:
    roll_back(world)
    at(world, DAY + 60).ask(EVE, OTHER)
    roll_back(world, "R-2", "I-2")
    at(world, 4 * DAY)
    assert told_of_the_pin(world, "I-1", "I-2") == [1, 2, 3]
    assert "R-2 rolled back later, and I-2 reminds of it" in world.read("I-1/reminder/still pinned/1/1")
    assert told_of_the_pin(world, "I-1") == [1]
