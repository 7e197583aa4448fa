"""A case put through Vercel's own client, as a process of its own, and whether what it reports is true."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.simulator import vercel_cast as the
from tests.simulator.vercel import VercelStandIn
from tests.simulator.vercel_case import Case, Says, lay, play, prepare, served

MODULES = Path(__file__).parents[2] / "var" / "conformance" / "node_modules"
CLIENTS = ("58.4.4", "64.0.2")
HOUR = 3600.0
LONGEST = 240.0  # seconds; it retries for long where it is told to wait


class Clock:
    """The real time, which can be moved on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass(frozen=True)
class Ended:
    """How one run of the client ended."""

    exit: int
    output: str
    seconds: float

    @property
    def words(self) -> str:
        """Its last sentence."""
        lines = [line.strip(" >") for line in self.output.splitlines() if line.strip(" >")]
        told = [line for line in lines if not line.startswith(("Learn More", "Vercel CLI"))]
        return told[-1] if told else ""


@dataclass(frozen=True)
class Heard:
    """What the client reported of a case, and what was true."""

    ended: Ended
    wanted: str  # what should have been live by what it was asked; "" = nothing should have been ordered
    orders: int
    requests: int
    live_then: str  # what every production domain served as it ended; "" = different ones
    live_later: str  # and an hour later

    @property
    def claims_success(self) -> bool:
        """Exit status 0 is what a script goes by."""
        return self.ended.exit == 0

    @property
    def fault(self) -> str:
        """What is false in its report; "" = nothing."""
        if self.claims_success and self.live_then != self.wanted:
            return "claims success, and it is not live"
        if not self.claims_success and self.wanted and self.live_later == self.wanted:
            return "claims failure, and it happened"
        return ""


def client(version: str, *args: str, env: Mapping[str, str] | None = None) -> Ended:
    """Run the client of this version to its end."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        surroundings = {"PATH": os.environ["PATH"], "HOME": folder, **(env or {})}
        quiet = {"VERCEL_TELEMETRY_DISABLED": "1", "NO_UPDATE_NOTIFIER": "1"}
        script = MODULES / f"vercel-{version.partition('.')[0]}" / "dist" / "vc.js"
        run = subprocess.run(
            ["node", str(script), *args, "--global-config", folder, "--cwd", folder],  # noqa: S607  # the one on PATH
            env={**surroundings, **quiet},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST,
            check=False,
        )
    return Ended(run.returncode, run.stdout, time.monotonic() - began)


def of(vercel: VercelStandIn, token: str = the.TOKEN, team: str = the.TEAM_SLUG) -> tuple[str, ...]:
    """The options that send the client to the stand-in."""
    return ("--api", vercel.url, "--token", token, *(("--scope", team) if team else ()))


def through_client(case: Case, version: str) -> Heard:
    """The case against a stand-in of its own; what happens between a plan and an order has happened before."""
    clock = Clock()
    with VercelStandIn(clock) as vercel:
        prepare(vercel, case)
        if case.undo:
            play(vercel, (("rollback", the.PREVIOUS),))
        play(vercel, (*case.meanwhile, *case.at_the_act))
        for trouble in case.troubles:
            lay(vercel, trouble)
        ended = client(version, *_arguments(case), *of(vercel, case.token, case.team), env=_linked(case))
        then = served(vercel)
        clock.ahead = HOUR
        return Heard(ended, _wanted(case), len(vercel.posts), len(vercel.requests), then, served(vercel))


def _wanted(case: Case) -> str:
    if case.says is Says.REFUSED:
        return ""
    return the.BROKEN if case.undo else case.goes_to


def _arguments(case: Case) -> tuple[str, ...]:
    asked = _wanted(case) if case.asked == "previous" else case.asked
    return tuple(word.format(target=asked or the.PREVIOUS) for word in case.cli or ())


def _linked(case: Case) -> dict[str, str]:
    """Without a target it needs to know its project."""
    bare = case.cli is not None and "{target}" not in case.cli
    return {"VERCEL_ORG_ID": the.TEAM, "VERCEL_PROJECT_ID": the.PROJECT} if bare else {}
