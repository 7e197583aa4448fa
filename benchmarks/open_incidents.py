"""200 incidents that are open at once, with the checks of their site and their reminders.

First they wait, the site looked at every half minute; then the stakeholders of each are to be told, one incident after
the other; then the site goes down for all of them at the same moment, and every status page is due 15 s later.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.incidents_waiting import write_incidents
from benchmarks.proc import core_percent, megabytes, wait_until_quiet
from tests.simulator import vercel_cast as the
from tests.simulator.wire import on
from tests.world import World

INCIDENTS = 200
SECONDS, STARTING = 60.0, 30.0  # two rounds of checks; until the process is quiet
OVER = 20.0  # seconds in which the stakeholders of all are due
DUE = timedelta(minutes=30)
DOWN_SECONDS = 15
NAME = "benchmarks.open_incidents"


def figures(incidents: int = INCIDENTS) -> Iterator[Figure]:
    """The lateness is from the moment at which a reminder is due until it reaches Slack."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), module="bot")
        hurry = world.runbook.read_text().replace('"downtime 15m"', f'"downtime {DOWN_SECONDS}s"')
        world.runbook.write_text(hurry)
        world.vercel.promote_by_someone(the.PREVIOUS)
        try:
            begin = datetime.now(UTC) + timedelta(seconds=incidents * 0.1 + STARTING + SECONDS)
            over = timedelta(seconds=OVER)
            events = write_incidents(world, incidents, begin - DUE, over) // incidents
            bot = world.start().bot
            pid = bot.pid if bot else 0
            wait_until_quiet(pid)
            percent, memory = core_percent(pid, SECONDS), megabytes(pid)
            one_by_one = _stakeholders(world, incidents, begin, over)
            at_once = _status_pages(world, incidents)
        finally:
            world.close()
    what = f"{incidents} open incidents of {events} events"
    yield Figure(f"{what}: core, over {SECONDS:.0f} s of site checks", "≤ 5 %", "%", [percent], NAME)
    yield Figure(f"{what}: memory (RSS)", "", "MB", [memory], NAME)
    yield Figure(f"{what}: a reminder is due → in Slack, {OVER:.0f} s for all", "≤ 5 s", "s", one_by_one, NAME)
    yield Figure(f"{what}: the same, all due at one moment", "≤ 5 s", "s", at_once, NAME)


def _stakeholders(world: World, incidents: int, begin: datetime, over: timedelta) -> list[float]:
    arrived = _arrived(world, "reminder/stakeholders/incident 30m/1", incidents)
    return [at - (begin + over * number / incidents).timestamp() for number, at in arrived.items()]


def _status_pages(world: World, incidents: int) -> list[float]:
    world.vercel.promote_by_someone(the.BROKEN)
    arrived = _arrived(world, "reminder/status page/downtime 15m/1", incidents)
    failed = datetime.fromisoformat(world.data("site_failed", "I-1")[0]["at"])
    return [at - failed.timestamp() - DOWN_SECONDS for at in arrived.values()]


def _arrived(world: World, name: str, incidents: int, seconds: float = 300) -> dict[int, float]:
    """When this message of each incident reached Slack, by the incident's number from 0; all are waited for."""
    deadline = time.monotonic() + seconds
    posts, found = on("/chat.postMessage", "POST"), dict[int, float]()
    while len(found) < incidents:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(found)} of {incidents} arrived")
        time.sleep(1)
        with world.slack.lock:
            requests = [request for request in world.slack.requests if posts(request)]
        keys = {_key(request.body): request.at for request in reversed(requests)}
        ours = {key.split("/")[1]: at for key, at in keys.items() if key.partition("/")[2].partition("/")[2] == name}
        found = {int(stream.removeprefix("I-")) - 1: at for stream, at in ours.items()}
    return found


def _key(body: bytes) -> str:
    metadata = json.loads(body)["metadata"]
    payload = json.loads(metadata) if isinstance(metadata, str) else metadata
    return str(payload["event_payload"]["key"])


if __name__ == "__main__":
    for figure in figures():
        print(figure)
