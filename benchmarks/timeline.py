"""The timeline of a long incident: typed → the file is shared in Slack, with every event of the log in it."""

import json
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.wire import Watch
from bot.adapters.log_sqlite import SqliteLog
from bot.core.change import Kind
from bot.core.event import Draft, Event
from bot.core.incident import Happened
from bot.core.plan import Facts  # noqa: TC001  # it stands with its neighbors
from bot.settings import load_settings
from tests.histories import verified
from tests.simulator.slack_people import TEAM
from tests.simulator.wire import on
from tests.world import ANA, BEN, CHLOE, DAN, INC, World

EVENTS = 2000
TIMES = 10
NAME = "benchmarks.timeline"
PEOPLE = (ANA, BEN, CHLOE, DAN)


def figures(events: int = EVENTS, times: int = TIMES) -> Iterator[Figure]:
    """The file is made anew each time, from the log, with names read from the Slack stand-in."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), module="bot")
        written = _write(world, events)
        world.start()
        try:
            shared = Watch(world.slack, on("files.completeUploadExternal"))
            values = [_share(world, shared) for _ in range(times)]
            text = world.slack.file("I-1-timeline.md") or ""
        finally:
            world.close()
    told = sum(line.startswith("| 2") and ("| I-1/" in line or "| R-1/" in line) for line in text.splitlines())
    if told < written:
        raise RuntimeError(f"{told} of {written} events are in the file")
    yield Figure(f"`/rollback timeline` of {written:,} events typed → file shared", "≤ 1 s", "ms", values, NAME)


def _share(world: World, shared: Watch) -> float:
    number = len(world.slack.ephemeral_to(ANA))
    typed = time.perf_counter()
    world.rollback("timeline")
    seconds = shared.first_after(typed) - typed
    world.slack.wait_for(lambda: len(world.slack.ephemeral_to(ANA)) >= number + 2)  # the reading has ended
    return seconds * 1000


def _write(world: World, events: int) -> int:
    """An incident of one finished request, in which the rest is what people pressed; how many events they are."""
    log = SqliteLog(load_settings(world.env).state_path, lambda: datetime.now(UTC))
    told = verified().then(Kind.INCIDENT_JOINED, {"incident": "I-1"}).then(Kind.INCIDENT_TOLD).closed().events
    log.open_stream("R", [_here(event) for event in told])
    opened = Draft(Happened.INCIDENT_OPENED, {"team": TEAM, "channel": INC, "request": "R-1"}, ANA)
    what: Facts = {"request": "R-1", "what": "roll back", "scenario": "", "has_reason": True, "has_backups": False}
    joined = Draft(Happened.REQUEST_JOINED, what, ANA)
    resolved = [Draft(Happened.INCIDENT_RESOLVED, {"press": 0}, BEN), Draft(Happened.INCIDENT_CLOSED, {})]
    pairs = (events - len(told) - 2 - len(resolved)) // 2
    pressed = [draft for number in range(pairs) for draft in _pressed(3 + 2 * number, PEOPLE[number % len(PEOPLE)])]
    written = log.open_stream("I", [opened, joined, *pressed, *resolved])
    log.close()
    return len(told) + len(written)


def _pressed(seq: int, person: str) -> list[Draft]:
    data: Facts = {"verb": "done", "about": "status page/downtime 15m", "team": TEAM, "channel": INC}
    text = f"This is settled already: done by <@{BEN}> at 03:12 UTC. Nothing was changed by this."
    refused: Facts = {"press": seq, "rule": "late", "text": text}
    return [Draft(Happened.PRESSED, data, person), Draft(Happened.PRESS_REFUSED, refused)]


def _here(event: Event) -> Draft:
    """The event in this world's workspace and channel, by its people."""
    data = json.loads(json.dumps(event.data))
    return Draft(event.kind, data | ({"team": TEAM, "channel": INC} if event.kind == Kind.REQUEST_MADE else {}), ANA)


if __name__ == "__main__":
    for figure in figures():
        print(figure)
