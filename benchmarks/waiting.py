"""A log in which many requests wait for approval, every message of theirs posted: written as the bot writes it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.adapters.log_sqlite import SqliteLog
from bot.core.change import Kind
from bot.core.event import Draft, Event
from bot.core.request import ChangeRequest
from bot.journal import REQUESTS, Journal
from bot.messages.picture import Message
from bot.messages.thread import messages_of
from bot.settings import load_settings
from tests.histories import waiting
from tests.simulator.slack_people import BOT_USER
from tests.world import BEN, CHLOE, DAN, INC, World

LIFE = timedelta(hours=1)


def write_waiting(world: World, number: int) -> int:
    """Write `number` requests to the world's log, whose bot isn't running; how many events they are."""
    settings = load_settings(world.env)
    log = SqliteLog(settings.state_path, _now)
    journal = Journal(log, REQUESTS)
    told = waiting().baseline().events
    events = 0
    for at in range(number):
        request = _written(journal, told, at)
        events += journal.record(request, *_posted(world, messages_of(request, settings.runbook))).seq
    log.close()
    return events


def _posted(world: World, messages: Iterable[Message]) -> Iterator[Draft]:
    """The messages in Slack as they are to be seen, the first of them the card, and the events that say so."""
    place: dict[str, str] = {}
    for message in messages:
        content = {"text": message.picture.text, "blocks": list(message.picture.blocks), **place}
        ts = world.slack.state.post(INC, BOT_USER, content)["ts"]
        place = place or {"thread_ts": ts}
        yield Draft(Kind.POSTING_BEGUN, {"key": message.name})
        yield Draft(Kind.MESSAGE_POSTED, {"key": message.name, "ts": ts, "digest": message.picture.digest})


def _written(journal: Journal[ChangeRequest], told: list[Event], number: int) -> ChangeRequest:
    made, *later = told
    stream = journal.begin(Draft(made.kind, _here(made, number), f"U_ASKS{number}"))
    return journal.record(journal.read(stream), *(Draft(event.kind, _here(event, number)) for event in later))


def _here(event: Event, number: int) -> Mapping[str, Any]:
    """The event's data in this world: its workspace, its people, a target and moments of its own."""
    now = _now()
    changes = {
        Kind.REQUEST_MADE: {"channel": INC, "team": "T_MAIN", "targets": [f"vercel:project-{number}"]},
        Kind.PLAN_MADE: {
            "eligible": [BEN, CHLOE, DAN],
            "groups": ["S_APPROVERS"],
            "half_time_at": (now + LIFE / 2).isoformat(),
            "expires_at": (now + LIFE).isoformat(),
        },
    }
    return {**event.data, **changes.get(Kind(event.kind), {})}


def _now() -> datetime:
    return datetime.now(UTC)
