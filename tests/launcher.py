"""Starts the real bot as a process of its own, with one more action, and with places where a test can kill it.

`HOLD=before:<kind>` or `after:<kind>` stops the process for good at the append of an event of that kind, before it is
written or right after; with `HOLD_UNTIL`, until a file of that name is there. The product has no such switch: this is
another `main` around the same parts.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from bot.__main__ import run
from bot.actions import Action
from bot.adapters.log_sqlite import SqliteLog
from bot.composition import Parts, shipped_actions
from bot.core.event import Draft, Event
from bot.settings import Settings
from tests.switch import TurnSwitch

HOLDING = "holding"


class HoldingLog(SqliteLog):
    """A log that never comes back from one append, or late."""

    def append(self, stream: str, after: int, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        hold("before", drafts)
        events = super().append(stream, after, drafts)
        hold("after", drafts)
        return events

    def open_stream(self, prefix: str, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        hold("before", drafts)
        events = super().open_stream(prefix, drafts)
        hold("after", drafts)
        return events


def actions(settings: Settings, clock: Callable[[], datetime]) -> Mapping[str, Action]:
    url = os.environ["SWITCH_URL"]
    switch = TurnSwitch("watch", url, on=True)
    return {**shipped_actions(settings, clock), switch.name: switch}


def hold(when: str, drafts: Sequence[Draft]) -> None:
    """Come to a halt, if this is the place."""
    if os.environ.get("HOLD") in [f"{when}:{draft.kind}" for draft in drafts]:
        print(HOLDING, file=sys.stderr, flush=True)
        until = os.environ.get("HOLD_UNTIL")
        while not (until and Path(until).exists()):
            time.sleep(0.02)


def main() -> int:
    """The bot with the tests' parts; the exit status."""
    return run(os.environ, Parts(actions=actions, log=HoldingLog))
