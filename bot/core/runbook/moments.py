"""Durations ("15m") and moments ("run finished + 1h") as a runbook writes them: their grammar and what they mean."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"([0-9]{1,5})([smhd])")


class Anchor(Enum):
    """What a moment counts from, in the runbook's words."""

    REQUEST = "request"  # the incident's first request
    RESOLVED = "resolved"
    SCENARIO = "scenario"  # a request of the scenario that the moment names
    INCIDENT = "incident"  # the incident was opened
    DOWNTIME = "downtime"  # so much of it in all was measured; a person may correct the beginning
    RUN_FINISHED = "run finished"


_CLOCKS = "|".join(anchor.value for anchor in (Anchor.INCIDENT, Anchor.DOWNTIME, Anchor.RUN_FINISHED))
_AFTER = re.compile(rf"({_CLOCKS})(?:\s*\+\s*|\s+)([0-9]+[a-z])")


@dataclass(frozen=True)
class Moment:
    """`after` that anchor; `scenario` is named only where the anchor is SCENARIO."""

    anchor: Anchor
    after: timedelta = timedelta(0)
    scenario: str = ""

    def __str__(self) -> str:
        """The same moment is spelled in the same way, however the runbook writes it."""
        units = ((unit, timedelta(**{name: 1})) for unit, name in reversed(_UNITS.items()))
        after = next((f"{self.after // one}{unit}" for unit, one in units if self.after and not self.after % one), "")
        return " ".join(part for part in (self.anchor.value, self.scenario, after) if part)


def duration(text: object) -> timedelta:
    """The duration that "90s", "15m", "1h" or "7d" means; ValueError says what it must be."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError('must be a duration like "90s", "15m", "1h" or "7d"')
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def moment(text: object) -> Moment:
    """The moment that `text` means; ValueError shows the grammar."""
    words = " ".join(text.split()) if isinstance(text, str) else ""
    if words in {Anchor.REQUEST.value, Anchor.RESOLVED.value, Anchor.RUN_FINISHED.value}:
        return Moment(Anchor(words))
    if words.startswith("scenario "):
        return Moment(Anchor.SCENARIO, scenario=words.removeprefix("scenario "))
    if match := _AFTER.fullmatch(words):
        return Moment(Anchor(match[1]), duration(match[2]))
    raise ValueError(
        'must be "request", "resolved", "scenario <name>", "incident 30m", "downtime 15m" or "run finished + 1h"'
    )


def moment_due(text: object, when: Moment) -> Moment:
    """The moment at which something that began at `when` is due: a duration alone counts from the anchor of `when`."""
    if isinstance(text, str) and _DURATION.fullmatch(text):
        return Moment(when.anchor, duration(text), when.scenario)
    return moment(text)
