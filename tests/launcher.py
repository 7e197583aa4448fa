"""Starts the real bot as a process of its own, with places where a test can kill it.

`HOLD=before:<kind>` or `after:<kind>` stops the process for good at the append of an event of that kind, before it is
written or right after; with `HOLD_UNTIL`, until a file of that name is there. The product has no such switch: this is
another `main` around the same parts.
"""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bot.__main__ import run
from bot.adapters.log_sqlite import SqliteLog
from bot.composition import Parts
from bot.core.event import Draft, Event

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


def hold(when: str, drafts: Sequence[Draft]) -> None:
    """Come to a halt, if this is the place."""
    if os.environ.get("HOLD") in [f"{when}:{draft.kind}" for draft in drafts]:
        print(HOLDING, file=sys.stderr, flush=True)
        until = os.environ.get("HOLD_UNTIL")
        while not (until and Path(until).exists()):
            time.sleep(0.02)


def main() -> int:
    """The bot with the tests' parts; the exit status."""
    return run(os.environ, Parts(log=HoldingLog))
