"""The form behind a bare /rollback: where it opens, and that sending it is the same as typing; Slack is on the wire."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import Ack

from bot.adapters import slack as adapter
from bot.adapters.log_sqlite import SqliteLog
from bot.changes import Changes, Delivery
from bot.core.errors import Refused
from bot.core.plan import Facts
from bot.core.request import ChangeRequest
from bot.core.runbook import load_runbook
from bot.core.secret import Secret
from bot.forms import Forms
from bot.incidents import Incidents
from bot.journal import INCIDENTS, REQUESTS, Journal
from handlers import dbrestore, form, rollback
from handlers.commands import Commands
from tests.core.small_runbooks import DATABASE, SMALL, VERCEL
from tests.simulator.hand import Hand
from tests.simulator.slack import Slack
from tests.simulator.slack_people import TEAM
from tests.small_world import Levers, Undrawn
from tests.world import ANA, INC

BOTH = """[[scenarios]]
name = "both"
title = "Code and data"
risk = "high"
symptoms = ["Progress lost"]
steps = [{ action = "rollback_deployment" }, { action = "restore_tables", tables = ["all"] }]
"""
CHOICE = """[[scenarios]]
name = "schema"
title = "Schema"
risk = "high"
steps = [
  { action = "rollback_deployment" },
  { choose = [{ action = "restore_tables", tables = ["users"] }, { action = "none" }] },
]
"""
LOOK = """[[scenarios]]
name = "build-failure"
title = "Build failure"
risk = "low"
steps = [{ action = "inspect_failed_deployment" }]
"""
ACCESS = '[access]\nchannels = ["inc-*"]\n'


class Anything(Levers):
    """Takes the place of an action: only what it is about is asked of it here."""

    def targets(self, params: Facts) -> tuple[str, ...]:
        return (str(params),)


class Desk:
    """Where commands are typed: the real verbs on a real log, beside the Slack stand-in."""

    def __init__(self, folder: Path) -> None:
        self.slack, hand, self._numbers = Slack().start(), Hand(), count()
        self.log = SqliteLog(folder / "log.db", hand.now)
        self.journal = Journal(self.log, REQUESTS)
        runbook = load_runbook(SMALL + ACCESS + VERCEL + DATABASE + BOTH + CHOICE + LOOK, {})
        actions = {name: Anything(hand.now) for name in ("rollback_deployment", "restore_tables")}
        wake, drawing = (lambda _: None), Undrawn()
        reading = adapter.Slack(Secret(self.slack.token), f"{self.slack.url}/api/", lambda: datetime.now(UTC))
        incidents = Incidents(
            journal=Journal(self.log, INCIDENTS), requests=self.journal, runbook=runbook, wake=lambda _: None
        )
        self.asked: list[Delivery] = []
        self.commands = Commands(
            Changes(journal=self.journal, runbook=runbook, actions=actions, drawing=drawing, wake=wake),
            incidents,
            Forms(slack=reading, runbook=runbook),
            runbook,
            lambda _: "",
            actions,
            questions={"inspect_failed_deployment": self.asked.append},
        )

    def type(self, text: str = "", channel: str = INC, command: str = "/rollback") -> str:
        """What the person is answered to a command."""
        with self.slack.lock:
            trigger = self.slack.state.new_trigger(ANA)
        body = {"text": text, "trigger_id": trigger, "user_id": ANA, "team_id": TEAM, "channel_id": channel}
        ack = Ack()  # type: ignore[no-untyped-call]  # Bolt's own
        {"/rollback": rollback.command, "/dbrestore": dbrestore.command}[command](ack, body, commands=self.commands)
        return ack.response.body if ack.response else ""

    def opened(self, text: str = "") -> dict[str, Any]:
        """The form, as it opens."""
        assert self.type(text) == ""
        view = self.slack.view_of(ANA)
        assert view is not None
        return view

    def send(self, command: str, target: str = "", reason: str = "", *, trigger: str = "") -> None:
        """Send the form with this filled in, as Slack delivers it."""
        chosen = {"what": {"what": {"selected_option": {"value": command}}}}
        written = {name: {name: {"value": value or None}} for name, value in (("target", target), ("reason", reason))}
        view = {**self.opened(), "state": {"values": chosen | written}}
        body = {"user": {"id": ANA}, "team": {"id": TEAM}, "trigger_id": trigger or f"sent {next(self._numbers)}"}
        form.submitted(Ack(), {**body, "view": view}, commands=self.commands)  # type: ignore[no-untyped-call]

    def requests(self) -> tuple[ChangeRequest, ...]:
        return self.journal.open_and_newest()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.slack.stop()
    desk.log.close()


@pytest.mark.parametrize(
    ("channel", "sentence"),
    [("C_QUIET", "work in inc-\\* only"), ("C_SHARED", "shared with another"), ("C_NONE", "/invite")],
)
def test_where_commands_do_not_work_that_is_said_and_no_form_opens(desk: Desk, channel: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        desk.type(channel=channel)
    assert desk.slack.view_of(ANA) is None


@pytest.mark.parametrize("method", ["conversations.info", "views.open"])
def test_where_slack_does_not_open_it_the_way_without_it_is_said(desk: Desk, method: str) -> None:
    desk.slack.refuse_with[method] = "internal_error"
    with pytest.raises(Refused, match="Type the command instead"):
        desk.type()
    assert desk.slack.view_of(ANA) is None


def test_opening_it_asks_for_nothing(desk: Desk) -> None:
    desk.opened()
    assert desk.requests() == ()


def test_it_offers_what_this_version_does_and_the_reason_that_was_typed(desk: Desk) -> None:
    view = desk.opened("because checkout is broken")
    what, _, reason = (block["element"] for block in view["blocks"] if block["type"] == "input")
    offered = [option["value"] for option in what["options"]]
    scenarios = ["both", "schema", "schema restore_tables", "build-failure"]
    assert offered == [*(f"/rollback {one}" for one in (*scenarios, "vercel")), "/dbrestore"]
    assert reason["initial_value"] == "checkout is broken"


@pytest.mark.parametrize(
    ("command", "target", "reason"),
    [
        ("/rollback vercel", "", ""),
        ("/rollback vercel", "https://shop-9.example.com/", 'checkout\nis broken because of "x'),
        ("/rollback both", "", "data is lost"),
        ("/rollback schema", "", ""),
        ("/rollback schema restore_tables", "", "data is lost"),
        ("/dbrestore", "users orders from 20261120 long-block", "names are wrong"),
        ("/dbrestore", "all", ""),
    ],
)
def test_sending_it_makes_the_request_that_typing_would(desk: Desk, command: str, target: str, reason: str) -> None:
    desk.send(command, target, reason)
    slash, _, words = command.partition(" ")
    because = f"because {reason}" if reason else ""
    desk.type(" ".join(part for part in (words, target, because) if part), command=slash)
    sent, typed = desk.requests()
    of_both = [
        (one.asks, one.title, one.risk, one.reason, one.words, one.channel, one.requester) for one in (sent, typed)
    ]
    assert of_both[0] == of_both[1]


@pytest.mark.parametrize(
    ("command", "target", "sentence"),
    [
        ("/rollback vercel", "one two", "One target at most"),
        ("/dbrestore", "", "Which table"),
        ("/dbrestore", "purge R-1", "word of the commands"),
        ("/rollback build-failure", "users", "no further word"),
        ("/rollback gone", "", "I don't know `gone`"),
    ],
)
def test_what_would_be_refused_typed_is_refused_sent(desk: Desk, command: str, target: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        desk.send(command, target)
    assert desk.requests() == ()


def test_the_same_sending_delivered_again_asks_once(desk: Desk) -> None:
    for _ in range(2):
        desk.send("/rollback vercel", trigger="the same")
    assert len(desk.requests()) == 1


def test_who_sent_it_is_told_privately_where_it_was_opened(desk: Desk) -> None:
    desk.send("/rollback vercel")
    (told,) = desk.slack.ephemeral_to(ANA)
    assert told["channel"] == INC
    assert "Reading production for R-1" in desk.slack.text_of(told)


def test_the_request_stands_where_slack_does_not_take_that_answer(desk: Desk) -> None:
    desk.slack.refuse_with["chat.postEphemeral"] = "internal_error"
    desk.send("/rollback vercel")
    assert [one.id for one in desk.requests()] == ["R-1"]


def test_what_only_looks_is_asked_for_in_the_channel_of_the_form(desk: Desk) -> None:
    desk.send("/rollback build-failure")
    assert [(one.channel, one.person) for one in desk.asked] == [(INC, ANA)]
    assert json.loads(desk.opened()["private_metadata"]) == {"channel": INC}
