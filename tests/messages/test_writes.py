"""What people read of writes that are stopped: who can't write what, since when, and how they are resumed."""

import pytest

from bot.messages.private import restore_help, status
from bot.messages.writes import writes_seen
from tests.histories import runbook
from tests.messages.shown import messages, words
from tests.messages.writes import NAMES, WRITES, of_three, resumed_by_itself

HELD = "*Writes are stopped* to `public.user_profiles`, `public.sessions` since"
HOW = "To resume them: `/dbrestore resume-writes` (needs approval)."


def told(name: str, message: str) -> str:
    return words(messages(WRITES[name])[message].picture)


@pytest.mark.parametrize("name", ["stop_verified", "stop_then_failed"])
def test_the_card_says_so_until_they_are_resumed_and_how_that_is_done(name: str) -> None:
    assert HELD in told(name, "card")
    assert HOW in told(name, "card")


@pytest.mark.parametrize("name", ["stop_resumed", "stop_then_resumed", "stop_seen_resumed"])
def test_the_card_says_it_no_longer_when_they_are_resumed(name: str) -> None:
    assert "Writes are stopped" not in told(name, "card")


def test_the_card_names_those_that_are_still_stopped_after_a_resume_of_some() -> None:
    assert "*Writes are stopped* to `public.sessions` since" in told("stop_resumed_in_part", "card")


def test_while_a_plan_runs_its_card_does_not_send_people_to_a_command_that_would_be_refused() -> None:
    text = words(messages(of_three())["card"].picture)
    assert HELD in text
    assert "resume-writes" not in text


@pytest.mark.parametrize("name", ["stop_verified", "stop_then_failed"])
def test_the_end_of_a_plan_says_first_that_it_left_writes_stopped(name: str) -> None:
    lines = told(name, "outcome").splitlines()
    assert lines[2].startswith("🛑 *It ended with writes stopped.* Nobody can write to `public.user_profiles`")
    assert "`/dbrestore resume-writes`" in lines[2]


def test_what_the_end_says_stays_as_it_is_when_they_are_resumed() -> None:
    assert told("stop_resumed", "outcome") == told("stop_verified", "outcome")


def test_a_plan_that_resumed_them_itself_does_not_end_with_writes_stopped() -> None:
    ended = resumed_by_itself().verified([])
    assert "writes stopped" not in words(messages(ended)["outcome"].picture)


def test_the_status_begins_with_them_and_names_the_request() -> None:
    requests = [WRITES[name].request for name in ("stop_resumed", "stop_verified", "stop_waiting")]
    first, second, *_ = status(requests, lambda _: "https://acme.slack.com/archives/C0/p1", runbook()).text.splitlines()
    assert HELD in first
    assert "by <https://acme.slack.com/archives/C0/p1|R-17>. To resume them" in first
    assert second == "*Open requests*"


def test_what_the_database_shows_is_told_apart() -> None:
    text = writes_seen(NAMES[:1], NAMES[1:], []).text
    assert "writes to `public.user_profiles` are stopped." in text
    assert "Not stopped any more: `public.sessions`." in text


def test_a_trigger_that_is_left_is_said_and_that_it_stops_nothing() -> None:
    text = told("resume_left", "outcome")
    assert "was left on `public.user_profiles`, because somebody was reading. It stops nothing;" in text


def test_help_has_the_commands_only_where_they_work() -> None:
    assert "stop-writes" not in restore_help(runbook(), set()).text
