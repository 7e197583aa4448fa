"""Downtime is measured by one round of checks for all incidents; what changes is written down, and nothing else."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.incident import SITE, Happened, Verb
from tests.incident_world import ANA, EVE, OTHER, IncidentWorld

BEGIN = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
SITE_EVENTS = (Happened.SITE_FAILED, Happened.SITE_PASSED)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[IncidentWorld]:
    one = IncidentWorld(tmp_path / "log.db", BEGIN)
    yield one
    one.close()


def at(world: IncidentWorld, minute: float) -> IncidentWorld:
    world.until(BEGIN + timedelta(minutes=minute))
    return world


def seen(world: IncidentWorld, stream: str = "I-1") -> list[tuple[str, float]]:
    """What was written down of the site, and at which minute."""
    events = [event for event in world.events(stream) if event.kind in SITE_EVENTS]
    return [(event.kind, (event.at - BEGIN).total_seconds() / 60) for event in events]


def looks(world: IncidentWorld, begin: float, end: float) -> int:
    """How often the site is looked at between these minutes."""
    before = at(world, begin).site.looks
    return at(world, end).site.looks - before


def test_nobody_looks_at_the_site_while_no_incident_is_open(world: IncidentWorld) -> None:
    assert looks(world, 1, 60) == 0
    world.ask(ANA)
    assert looks(world, 60, 61) == 2


def test_one_round_serves_all_incidents(world: IncidentWorld) -> None:
    world.ask(ANA)
    at(world, 31).ask(EVE, OTHER)  # the first request expired
    assert looks(world, 32, 37) == 10
    world.site.is_up = False
    at(world, 38)
    assert seen(world, "I-1") == seen(world, "I-2") == [("site_failed", 37.5)]


def test_only_a_change_is_an_event(world: IncidentWorld) -> None:
    world.ask(ANA)
    at(world, 3).site.is_up = False
    at(world, 20).site.is_up = True
    at(world, 40)
    assert seen(world) == [("site_failed", 3.5), ("site_passed", 20.5)]


def test_after_an_hour_without_a_change_it_is_looked_at_every_five_minutes(world: IncidentWorld) -> None:
    world.ask(ANA)
    assert looks(world, 50, 55) == 10
    assert looks(world, 70, 95) == 5


def test_a_site_that_is_down_is_looked_at_every_half_minute_however_long(world: IncidentWorld) -> None:
    world.site.is_up = False
    world.ask(ANA)
    assert looks(world, 90, 95) == 10


def test_after_a_recovery_the_hour_begins_anew(world: IncidentWorld) -> None:
    world.ask(ANA)
    at(world, 69).site.is_up = False
    at(world, 80).site.is_up = True
    assert looks(world, 100, 105) == 10


def test_a_resolved_incident_is_not_measured_any_more(world: IncidentWorld) -> None:
    world.ask(ANA)
    at(world, 31).press(ANA, Verb.RESOLVE)
    world.site.is_up = False
    assert looks(world, 32, 60) == 0
    assert seen(world) == []


@pytest.mark.parametrize("where", ["before:site_failed", "after:site_failed"])
def test_a_process_that_dies_of_a_failed_check_writes_it_down_once(world: IncidentWorld, where: str) -> None:
    world.ask(ANA)
    at(world, 3).site.is_up = False
    world.dies(where)
    at(world, 10)
    assert [kind for kind, _ in seen(world)] == ["site_failed"]
    assert world.restarts == 1


def test_a_clock_that_was_set_back_does_not_stop_the_looking(world: IncidentWorld) -> None:
    world.ask(ANA)
    at(world, 5).jump(-2)
    assert looks(world, -110, -105) == 10


def test_a_site_that_hangs_holds_no_reminder_back(world: IncidentWorld) -> None:
    world.ask(ANA)
    gate = threading.Event()
    world.site.meanwhile = gate.wait
    look = threading.Thread(target=world.parts.monitoring.look)
    look.start()
    world.wakeups.forget(SITE)
    at(world, 31)
    assert [
        event.at - BEGIN for event in world.events() if event.data.get("reminder") == "stakeholders/incident 30m"
    ] == [timedelta(minutes=30)]
    gate.set()
    look.join()
