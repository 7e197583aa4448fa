"""Watching production for a while: when to look next, what was seen, and what the figures come to.

It changes nothing. Where it begins and how often it looks are the step's; what was seen is in the log, look by look, so
a watch goes on after a restart where it was; what it missed meanwhile is missing, and is told as that.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.core.checks import CheckResult, Verdict
from bot.core.plan import Facts, Step
from bot.core.request import ChangeRequest, Sample, StepRun

ACTION = "watch"
NEWEST = 3  # a third of the time counts as "now", when it is told whether it got better


@dataclass(frozen=True)
class Watch:
    """A watch that has begun. `limits` are the seconds that each check may take, None = any."""

    began_at: datetime
    period: timedelta
    every: timedelta
    limits: Mapping[str, float | None]
    samples: tuple[Sample, ...] = ()
    ended_at: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        """When its time is over."""
        return self.began_at + self.period

    def is_over(self, now: datetime) -> bool:
        """Whether its time is over; where the clock was set back, whether it has looked often enough."""
        return now >= self.ends_at or len(self.samples) > self.period // self.every

    def next_at(self, now: datetime) -> datetime:
        """When to look next: now, where the clock was set back behind the last look."""
        if not self.samples or self.samples[-1].at > now or self.is_over(now):
            return now
        taken = (self.samples[-1].at - self.began_at) // self.every
        return min(self.began_at + (taken + 1) * self.every, self.ends_at)


@dataclass(frozen=True)
class Figures:
    """What the looks at one check come to. Seconds are those of the answers; None where none came."""

    name: str
    looks: int
    failed: int  # wrong, too slow, or no answer
    unanswered: int
    median: float | None
    worst: float | None
    limit: float | None


@dataclass(frozen=True)
class Summary:
    """What a watch came to; `newest` of its looks are those of its last `newest_seconds`."""

    seconds: float
    looks: int
    failed: int  # looks at which any check failed
    newest_seconds: float
    newest: int
    newest_failed: int
    figures: tuple[Figures, ...]


def watch_step(checks: Mapping[str, float | None], params: Facts, *, has_database: bool) -> Step:
    """The step of a watch: `checks` with the seconds that each may take, and "for" and "every" in seconds."""
    before: Facts = {"checks": dict(checks), "database": has_database}
    return Step(ACTION, "the site and the database" if has_database else "the site", before, dict(params))


def is_watch(request: ChangeRequest) -> bool:
    """Whether it only watches: then nothing of it changes production."""
    return all(ask.action == ACTION for ask in request.asks)


def watch_of(request: ChangeRequest) -> Watch | None:
    """The request's watch, under way or ended; None where none has begun."""
    run = _run(request)
    if run is None:
        return None
    before: Mapping[str, Any] = request.step(run.index).before
    after: Mapping[str, Any] = request.step(run.index).after
    period, every = timedelta(seconds=after["for"]), timedelta(seconds=after["every"])
    return Watch(run.started_at, period, every, before["checks"], request.samples, run.ended_at)


def under_way(request: ChangeRequest) -> Watch | None:
    """The watch that goes on now."""
    return watch_of(request) if request.running and request.running == _run(request) else None


def sample_facts(at: datetime, results: Sequence[CheckResult]) -> Facts:
    """One look, as the log keeps it."""
    return {
        "at": at.isoformat(),
        "seconds": {r.name: None if r.median_seconds is None else round(r.median_seconds, 3) for r in results},
        "failed": [r.name for r in results if r.verdict is Verdict.FAILED],
    }


def summary(watch: Watch, until: datetime | None = None) -> Summary:
    """What the looks come to `until` a moment; left out, by its end, or by its last look."""
    last = watch.samples[-1].at if watch.samples else watch.began_at
    until = until or watch.ended_at or last
    seconds = max(0.0, (until - watch.began_at).total_seconds())
    since = until - timedelta(seconds=seconds / NEWEST)
    newest = [sample for sample in watch.samples if sample.at >= since]
    names = dict.fromkeys([*watch.limits, *(name for sample in watch.samples for name in sample.seconds)])
    return Summary(
        seconds=seconds,
        looks=len(watch.samples),
        failed=sum(bool(sample.failed) for sample in watch.samples),
        newest_seconds=seconds / NEWEST,
        newest=len(newest),
        newest_failed=sum(bool(sample.failed) for sample in newest),
        figures=tuple(_figures(name, watch) for name in names),
    )


def _figures(name: str, watch: Watch) -> Figures:
    asked = [sample for sample in watch.samples if name in sample.seconds]
    seconds = [took for sample in asked if (took := sample.seconds[name]) is not None]
    return Figures(
        name=name,
        looks=len(asked),
        failed=sum(name in sample.failed for sample in asked),
        unanswered=len(asked) - len(seconds),
        median=statistics.median(seconds) if seconds else None,
        worst=max(seconds, default=None),
        limit=watch.limits.get(name),
    )


def _run(request: ChangeRequest) -> StepRun | None:
    return next((run for run in request.runs if request.step(run.index).action == ACTION), None)
