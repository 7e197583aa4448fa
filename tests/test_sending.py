"""What a person sends goes out once. What nobody knows the end of is said, and never sent again by itself."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.mail import Mail
from bot.adapters.statuspage import Statuspage
from bot.core.communication import recipients_of
from bot.core.errors import OutcomeUnknown, Refused, Unavailable
from bot.core.incident import Reminder, Telling, Verb
from bot.core.secret import Secret
from bot.sending import Ways
from tests.incident_world import ANA, BEN, CHLOE, EVE, IncidentWorld, shipped
from tests.simulator.mail import DROP, SENDER, MailStandIn
from tests.simulator.statuspage import KEY, PAGE, StatuspageStandIn
from tests.simulator.wire import Answer, Fault, on

BEGIN = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
MAIL, PAGE_REMINDER = "stakeholders/incident 30m", "status page/downtime 15m"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[IncidentWorld]:
    """Half an hour into an incident whose site is down: the status page and the stakeholders are to be told."""
    one = IncidentWorld(tmp_path / "log.db", BEGIN)
    one.site.is_up = False
    one.ask(ANA)
    one.jump(0.5)
    yield one
    one.close()


def passes(world: IncidentWorld, minutes: float) -> None:
    world.until(world.now() + timedelta(minutes=minutes))


def send(world: IncidentWorld, reminder: str = MAIL) -> Reminder:
    """BEN presses Send it; what the reminder comes to."""
    world.press(BEN, Verb.SEND, reminder)
    return world.incident().reminders[reminder]


def after_two_restarts(world: IncidentWorld, reminder: str = MAIL) -> Reminder:
    """The same, when an hour and two restarts have passed."""
    for _ in range(2):
        world.restart()
        passes(world, 30)
    return world.incident().reminders[reminder]


def test_what_the_other_side_took_is_done_by_who_pressed_with_its_reference(world: IncidentWorld) -> None:
    mail, page = send(world), send(world, PAGE_REMINDER)
    assert (mail.state, mail.by, mail.reference) == (Telling.DONE, BEN, world.sent.mails[0])
    assert (page.state, page.by, page.reference) == (Telling.DONE, BEN, "inc1")


def test_an_unclear_answer_is_said_and_nothing_is_sent_again_by_itself(world: IncidentWorld) -> None:
    world.sent.fails = OutcomeUnknown("The mail server did not answer.")
    lost = send(world)
    assert (lost.state, lost.failure) == (Telling.LOST, "The mail server did not answer.")
    assert after_two_restarts(world).state is Telling.LOST
    assert len(world.sent.mails) == 1


def test_a_person_may_send_it_once_more_and_it_has_another_name(world: IncidentWorld) -> None:
    world.sent.fails = OutcomeUnknown("The mail server did not answer.")
    send(world)
    world.press(BEN, Verb.SEND_AGAIN, MAIL)
    assert world.incident().reminders[MAIL].state is Telling.DONE
    assert len(set(world.sent.mails)) == 2


def test_who_presses_what_was_sent_meanwhile_sends_nothing(world: IncidentWorld) -> None:
    world.sent.fails = OutcomeUnknown("The mail server did not answer.")
    send(world)
    world.press(CHLOE, Verb.SEND, MAIL)  # in Slack, her message did not show it yet
    world.press(CHLOE, Verb.SNOOZE, MAIL)
    assert [press.person for press in world.incident().answered] == [CHLOE, CHLOE]
    assert after_two_restarts(world).state is Telling.LOST
    assert len(world.sent.mails) == 1


@pytest.mark.parametrize("error", [Refused("mail", "No. Nothing was sent."), Unavailable("Later. Nothing was sent.")])
def test_what_was_surely_not_sent_is_said_and_waits_for_a_person(world: IncidentWorld, error: Exception) -> None:
    world.sent.fails = error
    failed = send(world)
    assert (failed.state, failed.failure) == (Telling.DUE, str(error))
    after_two_restarts(world)
    assert len(world.sent.mails) == 1
    assert send(world).state is Telling.DONE


@pytest.mark.parametrize(("where", "arrived"), [("after:sending_begun", 0), ("before:reminder_done", 1)])
def test_a_process_that_dies_while_sending_leaves_maybe_sent(world: IncidentWorld, where: str, arrived: int) -> None:
    world.dies(where)
    died = send(world)
    assert died.state is Telling.LOST
    assert "whether it arrived isn't known" in died.failure
    assert after_two_restarts(world).state is Telling.LOST
    assert len(world.sent.mails) == arrived


def test_a_fault_that_nobody_foresaw_leaves_maybe_sent(world: IncidentWorld, caplog: pytest.LogCaptureFixture) -> None:
    world.sent.fails = RuntimeError("a bug")
    with caplog.at_level(logging.ERROR):
        assert send(world).state is Telling.LOST
    assert "sending.fault" in caplog.text


def test_two_presses_send_it_once(world: IncidentWorld) -> None:
    for person in (BEN, CHLOE):
        world.parts.incidents.press(Verb.SEND, "I-1", MAIL, world.delivery(person))
    world.carry_on()
    assert len(world.sent.mails) == 1
    assert [press.person for press in world.incident().answered] == [CHLOE]


def test_only_approvers_and_who_asked_for_a_change_send(world: IncidentWorld) -> None:
    world.press(EVE, Verb.SEND, MAIL)
    assert world.sent.mails == []
    world.press(ANA, Verb.SEND, MAIL)
    assert len(world.sent.mails) == 1


def test_a_slow_server_holds_no_reminder_back(world: IncidentWorld) -> None:
    gate = threading.Event()
    world.sent.meanwhile, world.waits_beside = gate.wait, False
    world.press(BEN, Verb.SNOOZE, MAIL)
    passes(world, 9.9)
    world.press(BEN, Verb.SEND, PAGE_REMINDER)
    passes(world, 0.1)
    assert world.incident().reminders[PAGE_REMINDER].state is Telling.SENDING
    assert world.incident().reminders[MAIL].round == 2
    gate.set()
    world.waits_beside = True
    world.carry_on()
    assert world.incident().reminders[PAGE_REMINDER].state is Telling.DONE


def test_who_was_told_by_the_bot_is_told_by_it_that_it_is_over(world: IncidentWorld) -> None:
    send(world), send(world, PAGE_REMINDER)
    world.press(ANA, Verb.RESOLVE)
    send(world, "all clear/resolved/stakeholders"), send(world, "all clear/resolved/status page")
    assert (world.sent.resolved, len(world.sent.published), len(set(world.sent.mails))) == (["inc1"], 1, 2)


def test_what_is_posted_later_is_an_update_of_the_one_incident_on_the_page(world: IncidentWorld) -> None:
    later = '[[communications.reminders]]\naudience = "status page"\nwhen = "downtime 45m"\ndraft = "Still down."\n'
    world.runbook = shipped(later)
    world.restart()
    passes(world, 60)
    send(world, PAGE_REMINDER), send(world, "status page/downtime 45m")
    world.press(ANA, Verb.RESOLVE)
    send(world, "all clear/resolved/status page")
    assert (len(world.sent.published), world.sent.updated, world.sent.resolved) == (1, ["inc1"], ["inc1"])


def test_two_messages_for_the_page_at_once_open_one_incident_there(world: IncidentWorld) -> None:
    later = '[[communications.reminders]]\naudience = "status page"\nwhen = "downtime 20m"\ndraft = "Still down."\n'
    world.runbook = shipped(later)
    world.restart()
    gate = threading.Event()
    world.sent.meanwhile, world.waits_beside = gate.wait, False
    world.press(BEN, Verb.SEND, PAGE_REMINDER)
    world.press(CHLOE, Verb.SEND, "status page/downtime 20m")
    gate.set()
    world.waits_beside = True
    world.carry_on()
    assert (len(world.sent.published), world.sent.updated) == (1, [])
    assert [press.person for press in world.incident().answered] == [CHLOE]
    send(world, "status page/downtime 20m")
    assert (len(world.sent.published), world.sent.updated) == (1, ["inc1"])


def test_while_a_message_may_be_on_the_page_no_other_opens_an_incident_there(world: IncidentWorld) -> None:
    later = '[[communications.reminders]]\naudience = "status page"\nwhen = "downtime 20m"\ndraft = "Still down."\n'
    world.runbook = shipped(later)
    world.restart()
    world.sent.fails = OutcomeUnknown("Statuspage did not answer.")
    send(world, PAGE_REMINDER), send(world, "status page/downtime 20m")
    assert len(world.sent.published) == 1
    assert "may have opened an incident" in world.incident().answered[0].refusal


def test_an_all_clear_opens_no_incident_on_a_page_that_a_person_told(world: IncidentWorld) -> None:
    world.press(BEN, Verb.DONE, PAGE_REMINDER)
    world.press(ANA, Verb.RESOLVE)
    assert send(world, "all clear/resolved/status page").state is Telling.DUE
    assert world.sent.published == world.sent.resolved == []


class TestOverTheWire:
    """The same with the real clients, against a page and a mail server that go wrong."""

    @pytest.fixture
    def page(self, world: IncidentWorld) -> Iterator[StatuspageStandIn]:
        with StatuspageStandIn() as stand_in:
            client = Statuspage(Secret(KEY), PAGE, stand_in.url)
            world.outside = replace(world.outside, status_page=client)
            world.restart()
            yield stand_in
            client.close()

    @pytest.fixture
    def server(self, world: IncidentWorld) -> Iterator[MailStandIn]:
        with MailStandIn() as stand_in:
            world.outside = replace(world.outside, post=Mail(Secret(stand_in.url), SENDER))
            world.restart()
            yield stand_in

    def test_a_page_that_took_it_and_did_not_answer_is_told_once(
        self, world: IncidentWorld, page: StatuspageStandIn
    ) -> None:
        page.lay(Fault(on("/incidents", "POST"), drop=True))
        assert send(world, PAGE_REMINDER).state is Telling.LOST
        assert after_two_restarts(world, PAGE_REMINDER).state is Telling.LOST
        assert [incident.told for incident in page.incidents] == [1]

    def test_a_page_that_says_no_says_it_to_people(self, world: IncidentWorld, page: StatuspageStandIn) -> None:
        page.lay(Fault(on("/incidents", "POST"), apply=False, answer=Answer(422, {"error": ["Name is not right"]})))
        failed = send(world, PAGE_REMINDER)
        assert failed.state is Telling.DUE
        assert failed.failure.endswith("(422: Name is not right). Nothing was published.")
        assert page.incidents == []

    def test_a_mail_server_that_took_it_and_did_not_answer_is_told_once(
        self, world: IncidentWorld, server: MailStandIn
    ) -> None:
        server.faults["."] = DROP
        lost = send(world)
        assert lost.state is Telling.LOST
        assert lost.reference in lost.failure
        after_two_restarts(world)
        assert [mail.message["Message-ID"] for mail in server.mails] == [lost.reference]

    def test_a_recipient_that_is_refused_is_in_no_event_by_its_address(
        self, world: IncidentWorld, server: MailStandIn
    ) -> None:
        (address,) = recipients_of(world.incident(), world.runbook, MAIL)
        server.refused = {address: f"550 no {address} here"}
        assert send(world).failure == (
            "The mail server does not take recipient 1 (550) of 1. Nothing was sent to anybody."
        )
        assert address not in str(world.events())

    def test_people_go_out_by_their_names(self, world: IncidentWorld, server: MailStandIn) -> None:
        world.press(BEN, Verb.DONE, MAIL)
        told = world.incident().reminders["internal/incident"].text
        assert f"<@{ANA}> asks" in told
        draft = replace(world.incident().reminders[MAIL], text=told, reference="<1@bot>")
        Ways(status_page=None, post=world.outside.post, names=world.slack).send(
            draft, ("board@ibam.example",), name="I-1", is_over=False
        )
        assert "Ana asks" in server.mails[0].message.get_content()
