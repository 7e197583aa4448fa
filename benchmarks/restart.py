"""kill -9 while a request waits, and the start after it: until a click is seen on the card."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.wire import Watch, edits
from tests.world import BEN, World

TIMES = 10
NAME = "benchmarks.restart"


def figures(times: int = TIMES) -> Iterator[Figure]:
    """Each repetition is a kill of its own, of the same bot on the same log."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), module="bot").start()
        try:
            world.rollback("vercel")
            world.wait_for_state("(0 of 2)")
            edited = edits(world.slack)
            values = [_restart(world, edited) for _ in range(times)]
        finally:
            world.close()
    yield Figure("kill -9 and restart → a click is on the card", "≤ 5 s", "s", values, NAME)


def _restart(world: World, edited: Watch) -> float:
    """Approve and take it back by turns, so that each click changes the card; in s from the kill on."""
    approves = "(0 of 2)" in world.read()
    action = "approve" if approves else "withdraw"
    message = world.slack.wait_for(lambda: world.with_button(action))
    killed = time.perf_counter()
    world.restart()
    pressed = time.perf_counter()
    world.slack.click(BEN, message, action)
    seconds = edited.first_after(pressed) - killed
    world.wait_for_state("(1 of 2)" if approves else "(0 of 2)")
    return seconds


if __name__ == "__main__":
    for figure in figures():
        print(figure)
