"""One line of the log: past tense, kept for people and years."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.plan import Facts

BOT = "bot"  # the actor of what no person did


@dataclass(frozen=True)
class Event:
    """What happened, as the log keeps it. `at` is aware UTC; `hash` covers this event and every one before it."""

    stream: str
    seq: int
    kind: str
    actor: str
    at: datetime
    data: Facts
    hash: str = ""


@dataclass(frozen=True)
class Draft:
    """What is to be appended. `delivery` names the Slack delivery that this records, where it records one."""

    kind: str
    data: Facts
    actor: str = BOT
    delivery: str | None = None


def number_of(stream: str) -> int:
    """The number in a stream's name: 17 of "R-17"."""
    return int(stream.rpartition("-")[2])


class UnknownStreamError(Exception):
    """The log has no such stream, or it is one of another kind."""


class ConflictError(Exception):
    """Someone else appended first; nothing was written. Read again and decide again."""


class DeliveredBeforeError(Exception):
    """The log has this delivery already, in `stream`; nothing was written."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        super().__init__(f"recorded in {stream} before")
