"""When an App Home is published, and what of the log it is made from; Slack is on the wire."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters import slack as adapter
from bot.adapters.log_sqlite import SqliteLog
from bot.changes import Changes
from bot.core.event import Draft
from bot.core.runbook import load_runbook
from bot.core.secret import Secret
from bot.homes import RUNS, Homes
from bot.incidents import Incidents
from bot.journal import INCIDENTS, REQUESTS, Journal
from handlers import home
from tests.core.small_runbooks import SMALL, VERCEL
from tests.histories import History, verified, waiting
from tests.simulator.hand import Hand
from tests.simulator.slack import Slack
from tests.small_world import Undrawn
from tests.world import ANA, BEN


class House:
    """The home of a workspace whose runbook lets one person ask, beside the Slack stand-in."""

    def __init__(self, folder: Path) -> None:
        self.slack, hand = Slack().start(), Hand()
        self.log = SqliteLog(folder / "log.db", hand.now)
        runbook = load_runbook(f'{SMALL}{VERCEL}[access]\nrequesters = ["{ANA}"]\n', {})
        requests, drawing = Journal(self.log, REQUESTS), Undrawn()
        self.changes = Changes(journal=requests, runbook=runbook, actions={}, drawing=drawing, wake=lambda _: None)
        self.homes = Homes(
            slack=adapter.Slack(Secret(self.slack.token), f"{self.slack.url}/api/", lambda: datetime.now(UTC)),
            runbook=runbook,
            changes=self.changes,
            incidents=Incidents(
                journal=Journal(self.log, INCIDENTS), requests=requests, runbook=runbook, wake=lambda _: None
            ),
            link=lambda _: "",
            link_in=lambda _, __: "",
            clock=hand.now,
        )

    def keep(self, history: History) -> str:
        """Let this have happened to one more request; its id."""
        drafts = [Draft(event.kind, event.data, event.actor) for event in history.events]
        return self.log.open_stream(REQUESTS.prefix, drafts)[0].stream

    def shown(self, person: str) -> str:
        """What this person's home shows; "" = none was published."""
        return "".join(map(self.slack.text_of, self.slack.homes_of(person)))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.slack.stop()
    house.log.close()


def test_who_may_not_ask_is_shown_nothing_of_the_log(house: House) -> None:
    house.keep(waiting())
    house.homes.publish(BEN)
    assert "is shown here to" in house.shown(BEN)
    assert "R-1" not in house.shown(BEN)


def test_nothing_is_published_while_slack_cannot_say_who_it_is(house: House) -> None:
    house.slack.refuse_with["users.info"] = "internal_error"
    house.homes.publish(ANA)
    assert house.shown(ANA) == ""


def test_a_page_that_slack_does_not_take_is_noted_in_the_bots_own_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.slack.refuse_with["views.publish"] = "not_enabled"
    house.homes.publish(ANA)
    assert "homes.not_published" in caplog.text


def test_it_is_published_for_its_own_tab_and_no_other(house: House) -> None:
    home.opened({"user": ANA, "tab": "messages"}, homes=house.homes)
    assert house.shown(ANA) == ""
    home.opened({"user": ANA, "tab": "home"}, homes=house.homes)
    assert "Open requests" in house.shown(ANA)


def test_the_last_runs_are_the_newest_ended_requests_that_began_a_step(house: House) -> None:
    ran = [house.keep(verified()) for _ in range(RUNS + 1)]
    for history in (waiting(), waiting().expired(), waiting().approved().started()):
        house.keep(history)
    assert [one.id for one in house.changes.last_runs(RUNS)] == ran[:0:-1]
