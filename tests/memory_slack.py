"""The Slack stand-in without its wire: the bot's own client, answered in the same process, at a time that is turned."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from bot.adapters.slack import Slack
from bot.core.errors import OutcomeUnknown, Refused, Unavailable
from bot.core.secret import Secret
from tests.simulator import slack_rules
from tests.simulator.hand import Hand
from tests.simulator.slack_api import Asked
from tests.simulator.slack_server import METHODS
from tests.simulator.slack_state import State
from tests.small_world import CrashError


class Mishap(Enum):
    """What becomes of a posting."""

    DIES_AFTER = "it is there, and the process dies"
    DIES_BEFORE = "the process dies before it is sent"
    SILENT = "it is there, and no answer comes"
    LOST = "it isn't there, and no answer comes"
    UNREACHABLE = "nothing is sent"


@dataclass
class TimedState(State):
    """Messages have the time of `hand`, and not of the machine that the test runs on."""

    hand: Hand | None = None

    def new_ts(self) -> str:
        self._last_ts = max(int((self.hand or Hand())() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"


class MemorySlack(Slack):
    """One workspace that outlives the bot; `mishaps` are met by the next posting of a message of that name."""

    def __init__(self, hand: Hand, clock: Callable[[], datetime]) -> None:
        super().__init__(Secret("no-token"), None, clock)
        self.state, self._now = TimedState(hand=hand), clock
        self.mishaps: dict[str, Mishap] = {}
        self.is_down = False
        self.posted_at: dict[str, datetime] = {}  # by key: what the bot's clock showed

    def _ask(self, method: str, **how: Any) -> Mapping[str, Any]:
        if self.is_down:
            raise Unavailable("Slack can't be reached.")
        asked = Asked({name: _text(value) for name, value in _given(how).items() if value is not None})
        if method != "chat.postMessage":
            return self._answer(method, asked)
        key = str(json.loads(asked["metadata"])["event_payload"]["key"])
        return self._posted(asked, key, self.mishaps.pop(key.partition("/")[2], None))

    def _posted(self, asked: Asked, key: str, mishap: Mishap | None) -> Mapping[str, Any]:
        if mishap is Mishap.DIES_BEFORE:
            raise CrashError
        if mishap is Mishap.UNREACHABLE:
            raise Unavailable("Slack can't be reached.")
        if mishap is Mishap.LOST:
            raise OutcomeUnknown("Slack gave no answer to chat.postMessage.")
        answer = self._answer("chat.postMessage", asked)
        self.posted_at.setdefault(key.partition("/")[2], self._now())
        if mishap is Mishap.DIES_AFTER:
            raise CrashError
        if mishap is Mishap.SILENT:
            raise OutcomeUnknown("Slack gave no answer to chat.postMessage.")
        return answer

    def _answer(self, method: str, asked: Asked) -> Mapping[str, Any]:
        function, _ = METHODS[method]
        try:
            return function(self.state, asked)
        except slack_rules.Refused as refused:
            raise Refused(refused.error, f"Slack refused {method}: {refused.error}.") from None

    def times_posted(self) -> Counter[str]:
        """How often each message stands anywhere, by the names of its stream and its own."""
        everything = [message for channel in self.state.messages.values() for message in channel]
        keys = (str(message["metadata"]["event_payload"]["key"]) for message in everything)
        return Counter(key.partition("/")[2] for key in keys)


def _given(how: Mapping[str, Any]) -> Mapping[str, Any]:
    return dict(how.get("json") or how.get("params") or {})


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
