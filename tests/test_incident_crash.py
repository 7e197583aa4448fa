"""kill -9 between what an incident's clock writes down and what it posts; after a restart, each of it stands once."""

from collections import Counter

import pytest

from tests.simulator.slack_state import Message
from tests.simulator.wire import Fault, Request, on
from tests.world import INC, World

INTERNAL = "C_GENERAL"
NOTICE, STATUS, STAKEHOLDERS = (
    "notice/internal/incident",
    "reminder/status page/downtime 1s/1",
    "reminder/stakeholders/incident 1s/1",
)
OVERDUE, CHECKLIST = "overdue/stakeholders/incident 1s", "checklist/Pre-rollback"
EVERYTHING = {"incident", NOTICE, STATUS, STAKEHOLDERS, OVERDUE, CHECKLIST}
SHORTER = {  # half an hour in two seconds; the site is down all the time
    'check_every = "30s"': 'check_every = "1s"',
    '"downtime 15m"': '"downtime 1s"',
    '"incident 30m"': '"incident 1s"',
    '"incident 60m"': '"incident 2s"',
}


@pytest.fixture
def hurried(quiet_world: World) -> World:
    """The bot isn't started yet; its plan is in a hurry."""
    text = quiet_world.runbook.read_text()
    for long, short in SHORTER.items():
        assert long in text
        text = text.replace(long, short)
    quiet_world.runbook.write_text(text)
    return quiet_world


def name_of(message: Message) -> str:
    """The name of an incident's message; "" for any other."""
    key = (message.get("metadata") or {}).get("event_payload", {}).get("key", "")
    return str(key).partition("/I-1/")[2]


def names(world: World) -> Counter[str]:
    """How often each of the incident's messages stands anywhere."""
    everywhere = [*world.slack.messages(INC), *world.slack.messages(INTERNAL)]
    return Counter(name for message in everywhere if (name := name_of(message)))


def assert_said_once(world: World) -> None:
    """Everything that is due stands there, and nothing twice, after another restart too."""
    world.slack.wait_for(lambda: names(world).keys() >= EVERYTHING)
    world.restart()
    rounds = len(world.site.requests)
    world.wait_until(lambda: len(world.site.requests) > rounds + 3)
    assert set(names(world).values()) == {1}


@pytest.mark.parametrize("where", ["after:incident_opened", "after:reminder_due", "after:site_failed"])
def test_what_time_brought_is_said_once_wherever_the_process_dies(hurried: World, where: str) -> None:
    hurried.start(HOLD=where)
    hurried.slack.patience = 1.0
    hurried.rollback("vercel because checkout is broken")
    assert hurried.bot
    hurried.bot.wait_for_line("holding")
    hurried.restart()
    assert_said_once(hurried)


@pytest.mark.parametrize("name", [NOTICE, STATUS])
def test_a_message_whose_posting_is_in_doubt_is_not_posted_twice(hurried: World, name: str) -> None:
    fault = hurried.slack.lay(Fault(lambda request: _posts(request, name), hold=True))
    hurried.start().rollback("vercel because checkout is broken")
    assert fault.arrived.wait(30)
    hurried.kill()
    hurried.slack.lift(fault)
    hurried.start()
    assert_said_once(hurried)


def _posts(request: Request, name: str) -> bool:
    return on("/chat.postMessage", "POST")(request) and f"/I-1/{name}".encode() in request.body
