"""How long the site was down: what was measured, with people's corrections."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.incident import Incident, Outage, downtime
from tests.histories import ANA, BEGIN, CHANNEL, TEAM

HOUR = BEGIN + timedelta(hours=1)
OPEN = Incident("I-1", 1, "", TEAM, CHANNEL, BEGIN, ANA, "")


def down(since: int, until: int | None) -> Outage:
    """A stretch between two minutes."""
    began = BEGIN + timedelta(minutes=since)
    return Outage(began, began, ("Site",), None if until is None else BEGIN + timedelta(minutes=until))


@pytest.mark.parametrize(
    ("outages", "minutes"),
    [
        ((), 0),
        ((down(5, 15),), 10),
        ((down(5, 15), down(20, 22)), 12),
        ((down(5, 15), down(50, None)), 20),
        ((down(5, 15), down(10, 20)), 15),  # the second beginning was corrected to before the first end
        ((down(5, 30), down(10, 20)), 25),
        ((down(-20, 0),), 20),
    ],
)
def test_downtime_is_the_time_in_any_stretch(outages: tuple[Outage, ...], minutes: int) -> None:
    assert downtime(replace(OPEN, outages=outages), HOUR) == timedelta(minutes=minutes)


def test_a_stretch_without_an_end_ends_where_nobody_looks_any_more() -> None:
    resolved = replace(OPEN, outages=(down(5, None),), resolved_at=BEGIN + timedelta(minutes=30))
    assert downtime(resolved, HOUR) == timedelta(minutes=25)
