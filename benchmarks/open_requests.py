"""1,000 requests that wait for approval: the start, the memory, what it takes to wait, and one more request among them.

Looked at means: each of them was replayed, drawn in memory and compared with what stands in Slack.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.proc import core_percent, megabytes, wait_until_quiet
from benchmarks.waiting import write_waiting
from benchmarks.wire import posts
from tests.world import ANA, INC, World

REQUESTS = 1000
STARTS = 5
SECONDS = 20.0
NAME = "benchmarks.open_requests"


def figures(requests: int = REQUESTS, starts: int = STARTS) -> Iterator[Figure]:
    """The starts are repeated, each with kill -9 before it; the memory is that of the last one."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), module="bot")
        what = f"{requests:,} open requests of {write_waiting(world, requests) // requests} events"
        try:
            taking, looked_at = zip(*[_start(world) for _ in range(starts)], strict=True)
            pid = world.bot.pid if world.bot else 0
            percent, memory = core_percent(pid, SECONDS), megabytes(pid)
            card = _card(world)
        finally:
            world.close()
    yield Figure(f"{what}: start → takes deliveries", "≤ 5 s", "s", taking, NAME)
    yield Figure(f"{what}: start → all looked at", "≤ 5 s", "s", looked_at, NAME)
    yield Figure(f"{what}: memory (RSS)", "≤ 150 MB", "MB", [memory], NAME)
    yield Figure(f"{what}: core, over {SECONDS:.0f} s", "≤ 2 %", "%", [percent], NAME)
    yield Figure(f"{what}: one more typed → card posted", "", "ms", [card], NAME)


def _start(world: World) -> tuple[float, float]:
    """From the start of the process until a command is answered, and until the bot is quiet, in s."""
    world.kill()
    begin = time.perf_counter()
    world.start()
    answered = world.slack.command(ANA, INC, "/rollback", "help")
    taking = time.perf_counter() - begin
    if answered.status != 200 or world.bot is None:  # noqa: PLR2004  # HTTP's OK
        raise RuntimeError(f"not answered: {answered}")
    return taking, wait_until_quiet(world.bot.pid) - begin


def _card(world: World) -> float:
    card = posts(world.slack, "card")
    typed = time.perf_counter()
    world.rollback("vercel")
    return (card.first_after(typed) - typed) * 1000


if __name__ == "__main__":
    for figure in figures():
        print(figure)
