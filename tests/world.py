"""A whole world for a story: Slack, Vercel and the site as stand-ins, and the real bot as a process of its own."""

import atexit
import json
import os
import secrets
import socket
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Any, Self

import httpx

from bot.adapters.trust import roots
from tests.database.server import server
from tests.demo_runbook import ENVIRONMENT, demo_runbook, with_durations
from tests.processes import Forked, Process, Started
from tests.simulator.site import SiteStandIn
from tests.simulator.slack import Slack
from tests.simulator.slack_delivery import Answered
from tests.simulator.vercel import VercelStandIn

ANA, BEN, CHLOE, DAN, EVE = "U_ANA", "U_BEN", "U_CHLOE", "U_DAN", "U_EVE"
INC = "C_INC"
SHORT = {"[verification] deadline": "2s", "[vercel] deadline": "3s"}
NOWHERE = "postgresql://bot:database-password@127.0.0.1:1/production"  # nothing listens there


@cache
def seeded() -> str:
    """The address of a database that worlds share which don't write to it: as seeded, for the bot to read."""
    database = server().database()
    atexit.register(database.close)
    return database.url


class World:
    """What a story is told in; `durations` shortens the runbook's, `env` goes before everything.

    `database` is the address of the production database; where none is given, one that nobody writes to.
    The bot is the launcher's, or the `module` that is named, as `python -m module`. It runs over HTTP, or in Socket
    Mode with `over_socket`.
    """

    def __init__(
        self,
        folder: Path,
        durations: Mapping[str, str] = SHORT,
        env: Mapping[str, str] | None = None,
        module: str = "",
        database: str = "",
        *,
        over_socket: bool = False,
    ) -> None:
        self.folder, self.module, self.over_socket = folder, module, over_socket
        self.slack, self.vercel = Slack().start(), VercelStandIn().start()
        self.site = SiteStandIn(self.vercel).start()
        self.runbook = folder / "runbook.toml"
        runbook = demo_runbook(self.site.url).replace("samples = 20", "samples = 4")  # five times as quick, and as true
        self.runbook.write_text(with_durations(runbook, durations))
        port = _free_port()
        self.slack.patience = 15.0  # Slack's three seconds are a figure for benchmarks, not for a busy test machine
        self.slack.bot_url = f"http://127.0.0.1:{port}"
        told = {**self._settings(port), "DATABASE_URL": database or seeded()}
        self.env = {**os.environ, **ENVIRONMENT, **told, **(env or {})}
        self.bot: Process | None = None
        self.written: list[str] = []  # by bots that were killed or ended

    def _settings(self, port: int) -> dict[str, str]:
        over_http = {"SLACK_SIGNING_SECRET": self.slack.signing_secret}
        return {
            "SLACK_BOT_TOKEN": self.slack.token,
            **({"SLACK_APP_TOKEN": self.slack.app_token} if self.over_socket else over_http),
            "SLACK_API_URL": f"{self.slack.url}/api/",
            "VERCEL_TOKEN": self.vercel.token,
            "VERCEL_API_URL": self.vercel.url,
            "STATE_URL": f"sqlite:///{self.folder / 'log.db'}",
            "RUNBOOK": str(self.runbook),
            "PORT": str(port),
            "SUPABASE_URL": self.site.url,
        }

    def shorten(self, durations: Mapping[str, str]) -> None:
        """Change durations of the runbook; the bot reads it when it starts."""
        self.runbook.write_text(with_durations(self.runbook.read_text(), durations))

    def add_scenario(self, name: str, *steps: str) -> None:
        """Put a scenario into the runbook; the bot reads it when it starts."""
        head = f'[[scenarios]]\nname = "{name}"\ntitle = "The drill {name}"\nrisk = "medium"\n'
        scenario = f"{head}steps = [{', '.join(steps)}]\n\n[[contacts]]"
        self.runbook.write_text(self.runbook.read_text().replace("[[contacts]]", scenario, 1))

    def start(self, **env: str) -> Self:
        """Start the bot and wait until it takes deliveries."""
        settings = {**self.env, **env}
        opened = len(self.slack.opened)
        self.bot = Started(settings, self.module) if self.module else Forked(settings)
        self.bot.wait_for_line("bot.started")
        self.slack.wait_for(lambda: not self.over_socket or self.slack.opened[opened:])
        return self

    def kill(self) -> None:
        """kill -9."""
        if self.bot:
            self.bot.kill()
            self.written += self.bot.lines

    def restart(self, **env: str) -> None:
        """kill -9, and start again on the same log."""
        self.kill()
        self.start(**env)

    def close(self) -> None:
        """End the bot and the stand-ins."""
        if self.bot and self.bot.is_running:
            self.bot.kill()
        elif self.bot:
            self.bot.wait()  # it ended by itself; what it wrote is still to be closed
        for stand_in in (self.slack, self.vercel, self.site):
            stand_in.stop()

    # What people do

    def rollback(self, text: str, user: str = ANA, channel: str = INC) -> Answered:
        """Type /rollback."""
        return self.slack.command(user, channel, "/rollback", text)

    def restore(self, text: str, user: str = ANA, channel: str = INC) -> Answered:
        """Type /dbrestore."""
        return self.slack.command(user, channel, "/dbrestore", text)

    def press(self, user: str, action_id: str) -> Answered:
        """Press the newest button of this kind, as soon as it is there."""
        message = self.slack.wait_for(lambda: self.with_button(action_id))
        return self.slack.click(user, message, action_id)

    def approve(self, *users: str) -> None:
        """Each of these people presses the newest request's Approve; an earlier one's may be there for a moment."""
        for user in users:
            self.slack.click(user, self.slack.wait_for(self._approval), "approve")

    def _approval(self) -> dict[str, Any] | None:
        message, cards = self.with_button("approve"), self.cards()
        return message if message and cards and message.get("thread_ts") == cards[-1]["ts"] else None

    def deny(self, user: str, reason: str) -> None:
        """Press Deny and give the reason."""
        self.press(user, "deny")
        view = self.slack.wait_for(lambda: self.slack.view_of(user))
        self.slack.submit(user, view, {"reason": reason})

    # What people see

    def with_button(self, action_id: str) -> dict[str, Any] | None:
        """The newest message that has this button."""
        having = [m for m in self.slack.messages(INC) if action_id in self.slack.buttons(m)]
        return having[-1] if having else None

    def wait_until_gone(self, action_id: str) -> None:
        """Wait until no message has this button any more."""
        self.slack.wait_for(lambda: self.with_button(action_id) is None)

    def value_of(self, message: dict[str, Any], action_id: str) -> str:
        """What a button of a message holds."""
        elements = [element for block in message["blocks"] for element in block.get("elements", ())]
        return str(next(one["value"] for one in elements if one.get("action_id") == action_id))

    def cards(self, channel: str = INC) -> list[dict[str, Any]]:
        """The cards in the channel."""
        return [m for m in self.slack.messages(channel) if "thread_ts" not in m or m["thread_ts"] == m["ts"]]

    def read(self, message: dict[str, Any] | None = None) -> str:
        """What a message says; the newest card's text where none is given."""
        return self.slack.text_of(message or self.cards()[-1])

    def thread(self) -> str:
        """Everything in the newest card's thread."""
        return "\n".join(self.slack.text_of(m) for m in self.slack.thread(INC, self.cards()[-1]["ts"])[1:])

    def wait_for_state(self, words: str, seconds: float = 30) -> str:
        """Wait until the newest card says so; the card's text."""
        self.slack.wait_for(lambda: self.cards() and words in self.read(), seconds)
        return self.read()

    def wait_for_end(self, words: str, seconds: float = 30) -> str:
        """Wait until the card and the outcome in its thread say so, and the log is closed; the thread's text."""
        self.wait_for_state(words, seconds)
        self.slack.wait_for(lambda: words in self._outcome(), seconds)
        return self.thread()

    def _outcome(self) -> str:
        """What the newest request's last message says; "" while it isn't there."""
        thread = self.slack.thread(INC, self.cards()[-1]["ts"])
        keys = [message.get("metadata", {}).get("event_payload", {}).get("key", "") for message in thread]
        said = [self.slack.text_of(m) for m, key in zip(thread, keys, strict=True) if key.endswith("/outcome")]
        return said[-1] if said else ""

    def told(self, user: str, text: str, seconds: float = 30) -> str:
        """Wait until this person was told `text` privately."""

        def found() -> list[str]:
            texts = [self.slack.text_of(m) for m in self.slack.ephemeral_to(user)]
            return [one for one in texts if text in one]

        return self.slack.wait_for(found, seconds)[-1]

    # What is so

    def kinds(self, stream: str = "R-1") -> list[str]:
        """The kinds of a request's events."""
        return [kind for kind, _, _ in read_log(self.folder / "log.db", stream)]

    def data(self, kind: str, stream: str = "R-1") -> list[dict[str, Any]]:
        """What the events of one kind hold."""
        return [data for each, _, data in read_log(self.folder / "log.db", stream) if each == kind]

    def wait_until(self, so: Callable[[], object], seconds: float = 30) -> None:
        """Wait until something is so that nobody tells of: the log of another process, requests at a stand-in."""
        deadline = time.monotonic() + seconds
        while not so():
            assert time.monotonic() < deadline, f"not so in {seconds} s; {self._so_far()}"
            time.sleep(0.02)

    def _so_far(self) -> str:
        """What there is to see of it, for whoever reads that a test failed."""
        with closing(sqlite3.connect(f"file:{self.folder / 'log.db'}?mode=ro", uri=True)) as log:
            events = log.execute("SELECT stream, kind FROM events ORDER BY position").fetchall()
        wrote = "\n".join(self.bot.lines[-20:] if self.bot else [])
        return f"the log says {events}; the bot wrote\n{wrote}\nand the conversation is\n{self.slack.transcript()}"

    def raw_log(self) -> str:
        """Every byte that the bot's log files hold."""
        return "".join(path.read_bytes().decode(errors="replace") for path in self.folder.glob("log.db*"))

    def get(self, path: str) -> tuple[int, object]:
        """The status and the JSON that the bot answers."""
        answer = httpx.get(self.slack.bot_url + path, verify=roots())
        return answer.status_code, answer.json()

    def live(self) -> set[str]:
        """The deployments that production serves."""
        return set(self.vercel.live().values())


def read_log(path: Path, stream: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Kind, actor and data of a stream's events, in a log that another process writes."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as log:
        rows = log.execute("SELECT kind, actor, data FROM events WHERE stream = ? ORDER BY seq", [stream]).fetchall()
    return [(kind, actor, json.loads(data)) for kind, actor, data in rows]


def _free_port() -> int:
    """One below those that are given to who connects: another process would have it before the bot does."""
    with socket.socket() as free, suppress(OSError):
        free.bind(("127.0.0.1", 20_000 + secrets.randbelow(12_000)))
        return int(free.getsockname()[1])
    return _free_port()
