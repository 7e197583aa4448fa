"""From the last approval to "live on every production domain": the bot, and `vercel rollback`, on one stand-in.

Both are real processes and meet the same delays, turn by turn in one run. The bot's time begins with the click and
ends with the event that says it is proven; the client's begins and ends with its process. Needs `make conformance`'s
install of the client. Run: `.venv/bin/python -m benchmarks.rollback_against_cli [laps]`.
"""

import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from tests.conformance.by_client import CLIENTS, client, of
from tests.simulator import vercel_cast as the
from tests.simulator.wire import Fault
from tests.world import BEN, CHLOE, World

LAPS = 5
PATIENT = {"[verification] deadline": "2s", "[vercel] deadline": "60s"}
TARGET = 0.5  # of the client's time, at most


@dataclass(frozen=True)
class Delays:
    """What Vercel takes, in seconds: for an answer, for the job, and for each of the three domains."""

    answer: float
    job: float
    domain: float


@dataclass(frozen=True)
class Lap:
    """One rollback: how long it took, and how many requests it made."""

    seconds: float
    requests: int


DELAYS = (Delays(0.0, 0.4, 0.1), Delays(0.05, 0.4, 0.1), Delays(0.05, 2.5, 0.8))


def by_bot(world: World, stream: str) -> Lap:
    """One rollback through Slack; its verification is waited for, and not counted."""
    world.rollback("vercel because of a benchmark")
    world.approve(BEN, CHLOE)
    world.wait_for_end("Verified", 60)
    moments = dict(_events(world.folder / "log.db", stream))
    began, ended = moments["approval_clicked"], moments["step_finished"]
    made = [one for one in world.vercel.requests if began <= one.at <= ended]
    return Lap(ended - began, len(made))


def by_client(world: World, version: str) -> Lap:
    """One rollback by the client, a process from beginning to end."""
    before = len(world.vercel.requests)
    ended = client(version, "rollback", the.PREVIOUS, "--yes", *of(world.vercel))
    if ended.exit or world.live() != {the.PREVIOUS}:
        raise RuntimeError(f"the client did not do it: {ended.words}")
    return Lap(ended.seconds, len(world.vercel.requests) - before)


def _events(path: Path, stream: str) -> Iterator[tuple[str, float]]:
    """The kind of each event and when it was written, oldest first."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as log:
        rows = log.execute("SELECT kind, at FROM events WHERE stream = ? ORDER BY seq", [stream]).fetchall()
    return ((kind, datetime.fromisoformat(at).timestamp()) for kind, at in rows)


def measure(delays: Delays, laps: int) -> dict[str, list[Lap]]:
    """So many rollbacks by each, in turn, each out of the same state."""
    found: dict[str, list[Lap]] = {name: [] for name in ("bot", *CLIENTS)}
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), durations=PATIENT)
        vercel = world.vercel
        vercel.job_seconds, vercel.domain_seconds = delays.job, delays.domain
        if delays.answer:
            vercel.lay(Fault(lambda _: True, times=None, delay=delays.answer))
        try:
            world.start()
            for lap in range(1, laps + 1):
                for name, laps_so_far in found.items():
                    vercel.promote_by_someone(the.BROKEN)
                    laps_so_far.append(by_bot(world, f"R-{lap}") if name == "bot" else by_client(world, name))
                    vercel.promote_by_someone(the.BROKEN)
        finally:
            world.close()
    return found


def report(delays: Delays, found: dict[str, list[Lap]]) -> bool:
    """Print the medians; whether the bot kept its target against each client."""
    say(f"\nan answer takes {delays.answer:g} s, the job {delays.job:g} s, each domain {delays.domain:g} s")
    bot = _median(found["bot"])
    say(f"  bot            {bot.seconds:6.2f} s  {bot.requests:3d} requests")
    kept = []
    for version in CLIENTS:
        own = _median(found[version])
        ratio = bot.seconds / own.seconds
        kept.append(ratio <= TARGET and bot.requests <= own.requests)
        say(f"  vercel {version:7} {own.seconds:6.2f} s  {own.requests:3d} requests   bot / client = {ratio:.2f}")
    return all(kept)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _median(laps: Sequence[Lap]) -> Lap:
    return Lap(median(lap.seconds for lap in laps), round(median(lap.requests for lap in laps)))


def main() -> int:
    """Every set of delays; status 1 where the target is missed."""
    laps = int(sys.argv[1]) if len(sys.argv) > 1 else LAPS
    kept = [report(delays, measure(delays, laps)) for delays in DELAYS]
    say(f"\ntarget: at most {TARGET:g} of the client's time and no more requests: {sum(kept)} of {len(kept)} kept")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
