"""The main job: typed → card posted, and the second approval → the first byte to Vercel.

What the bot remembers of people for five seconds is forgotten before each: nothing is read from memory that wouldn't
be in an incident.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.wire import Watch, posts
from bot.adapters.slack import REMEMBERED_SECONDS
from tests.simulator import vercel_cast as the
from tests.world import BEN, CHLOE, World

TIMES = 20
NAME = "benchmarks.rollback"


def figures(times: int = TIMES) -> Iterator[Figure]:
    """Both, from the same rollbacks."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), module="bot").start()
        try:
            card = posts(world.slack, "card")
            order = Watch(world.vercel, lambda r: r.method == "POST" and "/rollback/" in r.path)
            rows = [_rollback(world, card, order) for _ in range(times)]
        finally:
            world.close()
    until_card, until_order = zip(*rows, strict=True)
    yield Figure("`/rollback vercel` typed → card posted", "p95 ≤ 1 s", "ms", until_card, NAME)
    yield Figure("second approval → first byte to Vercel", "p95 ≤ 500 ms", "ms", until_order, NAME)


def _rollback(world: World, card: Watch, order: Watch) -> tuple[float, float]:
    """One rollback from the command to the end; the two times in ms."""
    time.sleep(REMEMBERED_SECONDS)
    typed = time.perf_counter()
    world.rollback("vercel because checkout is broken")
    posted = card.first_after(typed)
    world.approve(BEN)
    world.wait_for_state("(1 of 2)")
    time.sleep(REMEMBERED_SECONDS)
    message = world.slack.wait_for(lambda: world.with_button("approve"))
    pressed = time.perf_counter()
    world.slack.click(CHLOE, message, "approve")
    ordered = order.first_after(pressed)
    world.wait_for_end("Verified")
    world.vercel.promote_by_someone(the.BROKEN)
    return (posted - typed) * 1000, (ordered - pressed) * 1000


if __name__ == "__main__":
    for figure in figures():
        print(figure)
