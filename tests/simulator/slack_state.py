"""What the stand-in remembers: messages and their versions, private answers, open modals, files, and what expires.

Messages are plain dictionaries in Slack's own fields, plus `channel`; private ones also have `to` and `via`.
"""

import copy
import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulator.slack_people import (
    APP,
    BOT,
    BOT_USER,
    Channel,
    Group,
    Person,
    Team,
    default_channels,
    default_groups,
    default_people,
)
from tests.simulator.slack_rules import Refused

Message = dict[str, Any]

TRIGGER_LIFE = 3.0  # seconds
RESPONSE_LIFE, RESPONSE_USES = 1800.0, 5  # seconds, times


@dataclass
class Trigger:
    """The right of one delivery to open one modal."""

    user: str
    made_at: float
    used: bool = False


@dataclass
class ResponseUrl:
    """The right of one delivery to answer its person, a few times and for a while."""

    user: str
    channel: str
    thread_ts: str | None
    made_at: float
    message: str = ""  # the ts of the one that was clicked
    uses: int = 0


@dataclass
class File:
    """An upload: announced, then filled, then shared."""

    id: str
    name: str
    length: int
    title: str = ""
    content: bytes | None = None
    channel: str | None = None

    def as_slack(self) -> dict[str, Any]:
        """The file object of a message."""
        return {"id": self.id, "name": self.name, "title": self.title or self.name, "size": self.length}


@dataclass
class State:
    """Everything that can change; guarded by the wire's lock."""

    team: Team = field(default_factory=Team)
    people: dict[str, Person] = field(default_factory=default_people)
    groups: dict[str, Group] = field(default_factory=default_groups)
    channels: dict[str, Channel] = field(default_factory=default_channels)
    messages: dict[str, list[Message]] = field(default_factory=dict)  # by channel, in the order of ts
    versions: dict[str, list[Message]] = field(default_factory=dict)  # by ts, the first one first
    private: list[Message] = field(default_factory=list)
    views: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by person, the one on top last
    homes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by person, the one published last at the end
    files: dict[str, File] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    responses: dict[str, ResponseUrl] = field(default_factory=dict)
    _last_ts: int = 0  # microseconds
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def new_ts(self) -> str:
        """A message's timestamp, which is also its id: unique, and later than all before."""
        self._last_ts = max(time.time_ns() // 1000, self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_id(self, prefix: str) -> str:
        """An id nothing else has."""
        return f"{prefix}{next(self._numbers):08d}"

    def new_trigger(self, user: str) -> str:
        """A trigger_id for a delivery that `user` caused."""
        name = f"{self.new_id('')}.{self.team.id}.{user}"
        self.triggers[name] = Trigger(user, time.time())
        return name

    def new_response(self, user: str, channel: str, thread_ts: str | None = None, message: str = "") -> str:
        """The id of a response_url for a delivery that `user` caused in `channel`, by a click on `message`."""
        name = self.new_id("R")
        self.responses[name] = ResponseUrl(user, channel, thread_ts, time.time(), message)
        return name

    def spend_trigger(self, name: str) -> str:
        """Use a trigger_id up; the person it belongs to.

        Raises Refused: invalid_trigger_id, exchanged_trigger_id, expired_trigger_id.
        """
        trigger = self.triggers.get(name)
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if time.time() - trigger.made_at > TRIGGER_LIFE:
            raise Refused("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def spend_response(self, name: str) -> ResponseUrl:
        """Use a response_url once.

        Raises Refused: no_such_url, used_url, expired_url.
        """
        response = self.responses.get(name)
        if response is None:
            raise Refused("no_such_url")
        if time.time() - response.made_at > RESPONSE_LIFE:
            raise Refused("expired_url")
        if response.uses >= RESPONSE_USES:
            raise Refused("used_url")
        response.uses += 1
        return response

    def post(self, channel: str, user: str, content: Mapping[str, Any]) -> Message:
        """Append a message of `user`; the stored one."""
        message: Message = {"type": "message", "channel": channel, "user": user, "team": self.team.id}
        message |= {"ts": self.new_ts(), **self._named(content)}
        if user == BOT_USER:
            message |= {"bot_id": BOT, "app_id": APP}
        self.messages.setdefault(channel, []).append(message)
        self.versions[message["ts"]] = [copy.deepcopy(message)]
        return message

    def revise(self, message: Message, content: Mapping[str, Any]) -> None:
        """Change a stored message in place; its earlier versions are kept."""
        message.update(self._named(content))
        message["edited"] = {"user": message["user"], "ts": self.new_ts()}
        self.versions[message["ts"]].append(copy.deepcopy(message))

    def whisper(self, user: str, channel: str, via: str, content: Mapping[str, Any]) -> Message:
        """Show `user` a message that nobody else sees; `via` says by which way it came."""
        message: Message = {"type": "message", "channel": channel, "to": user, "via": via, "ts": self.new_ts()}
        message |= self._named(content)
        self.private.append(message)
        return message

    def replace_private(self, ts: str, content: Mapping[str, Any]) -> None:
        """Show something else where one person has a message. Raises Refused where there is none."""
        found = next((number for number, message in enumerate(self.private) if message["ts"] == ts), None)
        if found is None:
            raise Refused("message_not_found")
        kept = {name: self.private[found][name] for name in ("type", "channel", "to", "via", "ts")}
        self.private[found] = kept | self._named(content)

    def message(self, channel: str, ts: str) -> Message | None:
        """The message stored under `ts`, as it stands now."""
        return next((message for message in self.messages.get(channel, []) if message["ts"] == ts), None)

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The message stored under `ts` and all replies to it, in order of time."""
        return [m for m in self.messages.get(channel, []) if ts in (m["ts"], m.get("thread_ts"))]

    def show_view(self, user: str, view: Mapping[str, Any]) -> dict[str, Any]:
        """Put a modal on top of what `user` has open; the stored one."""
        shown = self.stored_view(view, self.new_id("V"))
        self.views.setdefault(user, []).append(shown)
        return shown

    def stored_view(self, view: Mapping[str, Any], view_id: str) -> dict[str, Any]:
        """A modal with the fields that Slack adds."""
        fields: dict[str, Any] = {
            "team_id": self.team.id,
            "app_installed_team_id": self.team.id,
            "app_id": APP,
            "bot_id": BOT,
        }
        fields |= {"id": view_id, "root_view_id": view_id, "hash": self.new_ts(), "previous_view_id": None}
        defaults = {"private_metadata": "", "callback_id": "", "submit": None, "close": None, "external_id": ""}
        return {**defaults, "state": {"values": {}}, **self._named(view), **fields}

    def _named(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """A copy in which every block and every element that acts has an id, as Slack gives them."""
        named = copy.deepcopy(dict(content))
        for block in named.get("blocks", []):
            block.setdefault("block_id", self.new_id("b"))
            for element in (*block.get("elements", []), block.get("accessory"), block.get("element")):
                if isinstance(element, dict) and element.get("type") not in (None, "image", "mrkdwn", "plain_text"):
                    element.setdefault("action_id", self.new_id("a"))
        return named
