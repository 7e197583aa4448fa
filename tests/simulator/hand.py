"""A clock that is moved by hand, so that days pass in a test without sleeping."""

import time
from datetime import UTC, datetime


class Hand:
    """Now, until `turn` moves it; call it for seconds since 1970."""

    def __init__(self) -> None:
        self.seconds = float(int(time.time()))

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        """The same moment, aware."""
        return datetime.fromtimestamp(self.seconds, UTC)

    def turn(self, seconds: float) -> None:
        """Let that many seconds pass."""
        self.seconds += seconds
