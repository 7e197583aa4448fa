"""What a watch says: of what it saw, and of nothing that it did not look at or do."""

from datetime import timedelta

from bot.core.watch import watch_of
from bot.messages.watch import reason_of
from tests.histories import BEGIN, History, rollback_step
from tests.messages.shown import messages, words
from tests.messages.watches import PROPOSED, STEP, asked, ended, looks


def told(history: History, message: str) -> str:
    return words(messages(history)[message].picture)


def test_without_a_check_of_the_site_nothing_is_said_to_be_as_expected() -> None:
    seen = looks(asked(checks={}).started(), [{}, {}], [])
    text = told(seen, "watch")
    assert "so there is no look at the site" in text
    assert "as expected" not in text


def test_the_reason_says_when_it_was_seen() -> None:
    history = ended(asked().started())
    watch = watch_of(history.request)
    assert watch
    assert reason_of(history.request, watch).startswith("R-17 watched for 15 min from 2026-11-21 03:12 UTC. ")


def test_the_button_stays_while_the_checks_of_the_end_run() -> None:
    history = ended(asked(PROPOSED).started()).verifying()
    assert "Propose the rollback" in told(history, "watch")
    assert "Propose the rollback" not in told(history.checks_failed(), "watch")
    assert "Propose the rollback" in told(history, "proposal")


def test_a_rollback_that_failed_after_a_watch_changed_nothing() -> None:
    watched = ended(History(STEP, rollback_step()).planned().approved().started(), BEGIN + timedelta(minutes=2))
    assert "Looking changes nothing" in told(History(STEP, rollback_step()).planned().approved().started(), "watch")
    card = told(watched.started().failed(), "card")
    assert "*Failed: nothing changed*" in card
    assert "Partly done" not in card
