"""What the demo shows: which messages, edits and private answers are new, and how they are laid out in a terminal."""

import os
import re
import shutil
import textwrap
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple, TextIO

from tests.simulator import slack_reading
from tests.simulator.slack import Slack
from tests.world import INC, World

WIDEST = 100  # columns
ROOM_FOR_SYMBOLS = 2  # an emoji takes two columns and is one character
BOLD, DIM, CYAN, PLAIN = "\033[1m", "\033[2m", "\033[36m", "\033[0m"
CLEAR_LINE = "\r\033[K"
QUIET = 0.7  # seconds without news until the next tip is given
STARRED = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")

MORE = "Two people have to approve, and not the one who asked. Type ben, then approve."
ONE_MORE = "One more, somebody else: type chloe, then approve."
UNKNOWN = "The bot does not know, and says so. Type it moves again, then look again; or settle it as a person."
PLAN_AGAIN = "Type plan again: production is read anew. Look where it would go before you approve."
DONE = "That is the whole job. Type site to see for yourself; help for what can go wrong; or quit."

_editor: ModuleType | None = None
with suppress(ImportError):  # a Python built without it: half a typed line isn't shown again
    _editor = import_module("readline")


class Told(NamedTuple):
    """Something new to read: who says it to whom, where, and what."""

    at: float  # Slack's timestamp
    head: str
    body: str
    is_reply: bool


class News:
    """What was said in Slack since the last look."""

    def __init__(self, slack: Slack, channel: str) -> None:
        self._slack, self._channel = slack, channel
        self._seen: dict[str, int] = {}  # how many versions of a message, by ts
        self._private_seen = 0

    def take(self) -> list[Told]:
        """Everything new, in order of time; every version of an edited message is one."""
        with self._slack.lock:
            told = [*self._public(), *self._private()]
        return sorted(told, key=lambda one: one.at)

    def _public(self) -> list[Told]:
        told = []
        for ts, versions in self._slack.state.versions.items():
            told += [self._told(version) for version in versions[self._seen.get(ts, 0) :]]
            self._seen[ts] = len(versions)
        return told

    def _private(self) -> list[Told]:
        new = self._slack.state.private[self._private_seen :]
        self._private_seen += len(new)
        return [self._told(message) for message in new]

    def _told(self, message: dict[str, Any]) -> Told:
        is_reply = message.get("thread_ts") not in (None, message["ts"])
        changed = message.get("edited", {}).get("ts")
        head = [f"Only {self._name(message['to'])} sees" if "to" in message else self._name(message["user"])]
        head += [f"in #{self._slack.channels[message['channel']].name}"] * (message["channel"] != self._channel)
        head += ["in the thread and in the channel"] * (message.get("subtype") == "thread_broadcast")
        head += ["(changed)"] * bool(changed)
        return Told(float(changed or message["ts"]), " ".join(head), body_of(self._slack, message), is_reply)

    def _name(self, user: str) -> str:
        return self._slack.people[user].name


def body_of(slack: Slack, message: dict[str, Any]) -> str:
    """What Slack shows of a message: its blocks, or its text where it has none; buttons in brackets."""
    blocks = message.get("blocks") or []
    buttons = [one["text"]["text"] for one in slack_reading.elements(message) if one["type"] == "button"]
    words = [block for block in blocks if block["type"] != "actions"]
    text = slack.text_of({**message, "text": "" if blocks else message.get("text", ""), "blocks": words})
    row = "  ".join(f"[{label}]" for label in buttons)
    return STARRED.sub(r"\1", text) + (f"\n{row}" if row else "")


class Screen:
    """A terminal, or a file; control codes go only where they are understood. Any thread may say something."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._is_live = out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._has_style = self._is_live and not os.environ.get("NO_COLOR")
        self._width = min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)
        self._lock = threading.Lock()
        self._question = ""
        if _editor:
            _editor.parse_and_bind("set enable-bracketed-paste off")  # pasted lines are typed lines

    def say(self, text: str, style: str = "") -> None:
        """Show some lines, above the line that is being typed."""
        self._write([self._styled(line, style) for line in self._wrapped(text, "")])

    def tell(self, told: Told) -> None:
        """Show something from Slack: replies stand under a bar."""
        bar = "  │ " if told.is_reply else ""
        head = [self._styled(f"{bar}{told.head}", BOLD)]
        self._write([*head, *self._wrapped(told.body, f"{bar}  "), bar.rstrip()])

    def ask(self, question: str) -> str:
        """Wait for a typed line; raises EOFError and KeyboardInterrupt."""
        self._question = question
        try:
            return input(question)
        finally:
            self._question = ""

    def _wrapped(self, text: str, indent: str) -> list[str]:
        lines: list[str] = []
        for line in text.split("\n"):
            start = indent + " " * (len(line) - len(line.lstrip()))
            width = self._width - ROOM_FOR_SYMBOLS
            lines += textwrap.wrap(
                line.strip(), width, initial_indent=start, subsequent_indent=f"{start}  ", break_on_hyphens=False
            ) or [indent.rstrip()]
        return lines

    def _styled(self, line: str, style: str) -> str:
        return f"{style}{line}{PLAIN}" if style and self._has_style else line

    def _write(self, lines: Sequence[str]) -> None:
        with self._lock:
            question = self._question
            before = (CLEAR_LINE if self._is_live else "\n") if question else ""
            after = question + (_editor.get_line_buffer() if _editor else "") if question else ""
            self._out.write(before + "\n".join(lines) + "\n" + after)
            self._out.flush()


class Follower:
    """Shows what is new as it comes, in a thread of its own; where it is `with_tips`, also what to type next."""

    def __init__(self, world: World, screen: Screen, *, with_tips: bool) -> None:
        self._world, self._screen, self._with_tips = world, screen, with_tips
        self._news, self._lock = News(world.slack, INC), threading.Lock()
        self._ended = False
        self._tip = ""
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def show(self) -> bool:
        """Show what is new; whether something was."""
        with self._lock:
            told = self._news.take()
            for one in told:
                self._screen.tell(one)
        return bool(told)

    def close(self) -> None:
        """Show the rest, and follow no more."""
        with self._world.slack.changed:
            self._ended = True
            self._world.slack.changed.notify_all()
        self._thread.join()
        self.show()

    def _follow(self) -> None:
        changed = self._world.slack.changed
        while not self._ended:
            if not self.show() and self._with_tips:
                self._give_tip()
            with changed:
                changed.wait(QUIET)

    def _give_tip(self) -> None:
        tip = tip_for(self._world)
        if tip not in ("", self._tip):
            self._screen.say(f"{tip}\n", CYAN)
        self._tip = tip


def tip_for(world: World) -> str:
    """What a newcomer would type next."""
    if world.with_button("approve"):
        return ONE_MORE if "(1 of " in world.read() else MORE
    if world.with_button("look_again"):
        return UNKNOWN
    if world.with_button("plan_again"):
        return PLAN_AGAIN
    return DONE if world.cards() and "Verified" in world.read() else ""
