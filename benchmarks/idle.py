"""A bot that has nothing to do, after one whole rollback: its memory, and what it takes of a core."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.proc import core_percent, megabytes, wait_until_quiet
from tests.world import BEN, CHLOE, World

SECONDS = 20.0
NAME = "benchmarks.idle"


def figures() -> Iterator[Figure]:
    """Each is one value."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), module="bot").start()
        try:
            pid = world.bot.pid if world.bot else 0
            world.rollback("vercel")
            world.approve(BEN, CHLOE)
            world.wait_for_end("Verified")
            wait_until_quiet(pid)
            percent = core_percent(pid, SECONDS)
            yield Figure("idle process: memory (RSS)", "≤ 90 MB", "MB", [megabytes(pid)], NAME)
            yield Figure(f"idle process: core, over {SECONDS:.0f} s", "", "%", [percent], NAME)
        finally:
            world.close()


if __name__ == "__main__":
    for figure in figures():
        print(figure)
