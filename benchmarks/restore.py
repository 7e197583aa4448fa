"""The main job for tables: typed → card posted, the second approval → BEGIN in PostgreSQL, how long writes wait.

As in `rollback.py`, what the bot remembers of people is forgotten before each.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.wire import Watch, posts
from bot.adapters.slack import REMEMBERED_SECONDS
from tests.database.damage import damage
from tests.database.server import server
from tests.database.wire import DatabaseWire, Fault
from tests.simulator import vercel_cast as the
from tests.world import BEN, CHLOE, World

TIMES = 10
NAME = "benchmarks.restore"
BEGIN = b"BEGIN ISOLATION LEVEL READ COMMITTED\x00"  # a look is READ ONLY


def figures(times: int = TIMES) -> Iterator[Figure]:
    """All of them, from the same restores."""
    with tempfile.TemporaryDirectory() as folder, server().database() as database, DatabaseWire(database) as wire:
        damage(database.superuser())
        world = World(Path(folder), module="bot", database=wire.url)
        world.vercel.promote_by_someone(the.PREVIOUS)
        try:
            card = posts(world.start().slack, "card")
            rows = [_restore(world, card, wire, number) for number in range(1, times + 1)]
        finally:
            world.close()
    until_card, until_begin, held = zip(*rows, strict=True)
    yield Figure("`/dbrestore user_profiles` typed → card posted", "p95 ≤ 1 s", "ms", until_card, NAME)
    yield Figure("second approval → BEGIN in PostgreSQL", "p95 ≤ 500 ms", "ms", until_begin, NAME)
    yield Figure("writes to `user_profiles` (300 rows) wait", "", "ms", held, NAME)


def _restore(world: World, card: Watch, wire: DatabaseWire, number: int) -> tuple[float, float, float]:
    """One restore from the command to the end; the three times in ms."""
    time.sleep(REMEMBERED_SECONDS)
    typed = time.perf_counter()
    world.restore("user_profiles because names are wrong")
    posted = card.first_after(typed)
    world.approve(BEN)
    world.wait_for_state("(1 of 2)")
    time.sleep(REMEMBERED_SECONDS)
    message = world.slack.wait_for(lambda: world.with_button("approve"))
    begun = wire.lay(Fault(BEGIN, apply=False, hold=True))
    pressed = time.perf_counter()
    world.slack.click(CHLOE, message, "approve")
    if not begun.arrived.wait(60):
        raise TimeoutError("nothing began")
    began = time.perf_counter()
    begun.release()
    world.wait_for_end("Verified")
    (done,) = world.data("step_finished", f"R-{number}")
    return (posted - typed) * 1000, (began - pressed) * 1000, done["facts"]["held_seconds"] * 1000


if __name__ == "__main__":
    for figure in figures():
        print(figure)
