"""What only reads, asked by a person: real threads, the Slack stand-in on the wire."""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from bot.adapters import slack as adapter
from bot.changes import Delivery
from bot.core.errors import Refused, Unavailable
from bot.core.runbook import load_runbook
from bot.core.secret import Secret
from bot.messages.picture import Picture
from bot.messages.private import refusal
from bot.readings import AT_ONCE, ENDING, Readings
from tests.core.small_runbooks import SMALL
from tests.simulator.slack import Slack
from tests.simulator.slack_people import OTHER_TEAM, TEAM
from tests.world import ANA, EVE, INC

PATIENCE = 10  # seconds until a test gives up; nothing waits that long when it passes
MINUTE = timedelta(minutes=1)
ACCESS = f'[access]\nchannels = ["inc-*"]\nrequesters = ["{ANA}"]\n'


class Gate:
    """A reading that stays inside until it is let out."""

    def __init__(self) -> None:
        self.entered, self.let_out = threading.Semaphore(0), threading.Event()

    def __call__(self) -> Picture:
        self.entered.release()
        assert self.let_out.wait(PATIENCE)
        return refusal("It was read.")

    def wait(self) -> None:
        """Until somebody is inside."""
        assert self.entered.acquire(timeout=PATIENCE)


class Office:
    """People at the Slack stand-in, and what they are told."""

    def __init__(self) -> None:
        self.slack = Slack().start()
        self.gate = Gate()
        self._number = count()
        address = f"{self.slack.url}/api/"
        self.now = datetime(2026, 11, 21, 3, 12, 10, tzinfo=UTC)
        reading = adapter.Slack(Secret(self.slack.token), address, lambda: self.now)
        self.readings = Readings(
            slack=reading, runbook=load_runbook(SMALL + ACCESS, {}), clock=lambda: self.now, apart={"verify": MINUTE}
        )

    def delivery(self, person: str = ANA, channel: str = INC, team: str = TEAM, *, answerable: bool = True) -> Delivery:
        """A command that someone has typed."""
        url = self.slack._response_url(person, channel) if answerable else ""
        return Delivery(f"trigger-{next(self._number)}", person, team, channel, url)

    def told(self, person: str = ANA) -> str:
        """What the person is told, once it is there."""
        return self.slack.text_of(self.slack.wait_for(lambda: self.slack.ephemeral_to(person), PATIENCE)[-1])

    def close(self) -> None:
        self.gate.let_out.set()
        self.readings.stop()
        self.slack.stop()


@pytest.fixture
def office() -> Iterator[Office]:
    office = Office()
    yield office
    office.close()


def failing(error: Exception) -> Callable[[], Picture]:
    """A reading that raises this."""

    def read() -> Picture:
        raise error

    return read


def answer() -> Picture:
    return refusal("There are 3 backups.")


def test_who_asks_is_told_privately_what_was_read(office: Office) -> None:
    office.readings.ask("backups", office.delivery(), answer)
    assert "There are 3 backups." in office.told()
    assert office.slack.messages(INC) == []


def test_asking_does_not_wait_for_the_answer(office: Office) -> None:
    office.readings.ask("backups", office.delivery(), office.gate)
    office.gate.wait()
    assert office.slack.ephemeral_to(ANA) == []


def test_a_command_without_an_address_is_answered_where_it_was_typed(office: Office) -> None:
    office.readings.ask("backups", office.delivery(answerable=False), answer)
    assert "There are 3 backups." in office.told()


def test_one_question_is_read_once_at_a_time(office: Office) -> None:
    office.readings.ask("backups", office.delivery(), office.gate)
    office.gate.wait()
    with pytest.raises(Refused, match="being read already"):
        office.readings.ask("backups", office.delivery(EVE), answer)


def test_another_question_is_read_beside_it(office: Office) -> None:
    office.readings.ask("backups", office.delivery(), office.gate)
    office.gate.wait()
    office.readings.ask("deployments", office.delivery(), answer)
    assert "There are 3 backups." in office.told()


def test_what_is_read_at_most_once_a_minute_is_refused_until_then_and_says_when(office: Office) -> None:
    office.readings.ask("verify", office.delivery(), answer)
    office.told()
    office.now += MINUTE - timedelta(seconds=1)
    with pytest.raises(Refused, match="Ask again at 03:13:10 UTC"):
        office.readings.ask("verify", office.delivery(EVE), answer)
    office.now += timedelta(seconds=1)
    office.readings.ask("verify", office.delivery(), answer)
    assert office.slack.wait_for(lambda: len(office.slack.ephemeral_to(ANA)) == 2, PATIENCE)


def test_who_may_not_ask_does_not_keep_others_from_asking(office: Office) -> None:
    office.readings.ask("verify", office.delivery(EVE), answer)
    office.told(EVE)
    office.readings.ask("verify", office.delivery(), answer)
    assert "There are 3 backups." in office.told()


def test_a_clock_that_was_set_back_lets_nobody_wait_longer(office: Office) -> None:
    office.readings.ask("verify", office.delivery(), answer)
    office.told()
    office.now -= timedelta(days=1)
    office.readings.ask("verify", office.delivery(), answer)
    assert office.slack.wait_for(lambda: len(office.slack.ephemeral_to(ANA)) == 2, PATIENCE)


def test_when_it_was_read_it_can_be_asked_again(office: Office) -> None:
    office.readings.ask("backups", office.delivery(), answer)
    office.told()
    office.readings.ask("backups", office.delivery(), answer)
    assert office.slack.wait_for(lambda: len(office.slack.ephemeral_to(ANA)) == 2, PATIENCE)


def test_the_same_delivery_again_reads_nothing_again(office: Office) -> None:
    delivery = office.delivery()
    office.readings.ask("backups", delivery, office.gate)
    office.gate.wait()
    office.readings.ask("backups", delivery, office.gate)
    office.gate.let_out.set()
    office.told()
    office.readings.stop()
    assert not office.gate.entered.acquire(blocking=False)
    office.readings.ask("backups", delivery, office.gate)
    assert not office.gate.entered.acquire(blocking=False)
    assert len(office.slack.ephemeral_to(ANA)) == 1


@pytest.mark.parametrize(
    ("person", "channel", "team", "sentence"),
    [
        (EVE, INC, TEAM, "does not list you among those who may ask"),
        ("U_GUEST", INC, TEAM, "guests can't take part"),
        (ANA, "C_GENERAL", TEAM, "Commands work in inc-*"),
        (ANA, INC, OTHER_TEAM, "another workspace"),
    ],
)
def test_only_who_may_ask_is_answered_and_nothing_is_read_for_others(
    office: Office, person: str, channel: str, team: str, sentence: str
) -> None:
    office.readings.ask("backups", office.delivery(person, channel, team), office.gate)
    assert sentence in office.told(person)
    assert not office.gate.entered.acquire(blocking=False)


def test_while_slack_cannot_say_who_asks_nothing_is_read(office: Office) -> None:
    office.slack.refuse_with["users.info"] = "user_not_found"
    office.readings.ask("backups", office.delivery(), office.gate)
    assert "users.info" in office.told()
    assert not office.gate.entered.acquire(blocking=False)


@pytest.mark.parametrize("error", [Refused("kind", "It is a view."), Unavailable("The database can't be reached.")])
def test_what_the_bot_has_a_word_for_is_told_in_that_word(office: Office, error: Exception) -> None:
    office.readings.ask("backups", office.delivery(), failing(error))
    assert str(error) in office.told()


def test_any_other_fault_is_told_by_a_reference_that_stands_in_the_log(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.readings.ask("backups", office.delivery(), failing(ZeroDivisionError("0 in it")))
    told = office.told()
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage().removeprefix("readings.fault reference=") in told
    assert "0 in it" not in told


def test_after_a_fault_it_can_be_asked_again(office: Office) -> None:
    office.readings.ask("backups", office.delivery(), failing(ZeroDivisionError()))
    assert "Something went wrong" in office.told()
    office.readings.ask("backups", office.delivery(EVE), answer)


def test_at_the_end_what_is_being_read_is_told_and_what_was_not_begun_is_said(office: Office) -> None:
    for number in range(AT_ONCE):
        office.readings.ask(f"question {number}", office.delivery(), office.gate)
        office.gate.wait()
    office.readings.ask("backups", office.delivery(EVE), answer)
    ending = threading.Thread(target=office.readings.stop)
    ending.start()
    assert ENDING in office.told(EVE)
    office.gate.let_out.set()
    ending.join(PATIENCE)
    assert len(office.slack.ephemeral_to(ANA)) == AT_ONCE


def test_what_is_for_the_channel_is_shown_to_everybody_there(office: Office) -> None:
    office.readings.ask("the build", office.delivery(), answer, in_channel=True)
    (message,) = office.slack.wait_for(lambda: office.slack.messages(INC), PATIENCE)
    assert "There are 3 backups." in office.slack.text_of(message)
    assert office.slack.ephemeral_to(ANA) == []


def test_why_there_is_nothing_for_the_channel_is_told_privately(office: Office) -> None:
    office.readings.ask(
        "the build", office.delivery(), failing(Unavailable("Vercel can't be reached.")), in_channel=True
    )
    assert "Vercel can't be reached." in office.told()
    assert office.slack.messages(INC) == []


def test_where_the_channel_does_not_take_it_who_asked_is_told(office: Office) -> None:
    office.slack.refuse_with["chat.postMessage"] = "restricted_action"
    office.readings.ask("the build", office.delivery(), answer, in_channel=True)
    assert "There are 3 backups." in office.told()
