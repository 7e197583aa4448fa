"""Typical histories of a watch that proposes a rollback."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.change import Kind
from bot.core.performance import Reading
from bot.core.plan import Ask, Facts
from bot.core.watch import summary, watch_of, watch_step
from tests.histories import ANA, BEGIN, CY, PASSING, History
from tests.messages.readings import BUSIER, BUSY

FOR: Facts = {"for": 900.0, "every": 30.0}
PROPOSED = Ask("rollback_deployment", {"target": "previous"})
STEP = watch_step({"Site": 3.0, "Admin dashboard": None}, FOR, has_database=True)
SLOW = 3.0  # the limit of "Site"
BETTER = [4.2, 3.9, 4.4, 3.6, 2.1, 0.9, 0.8, 0.8, 0.7, 0.8]
WORSE = [0.8, 1.9, 3.4, None, 4.2, 5.0, 6.1, None, None, 7.7]


def asked(*proposes: Ask, reason: str = "Pages load slowly", checks: dict[str, float | None] | None = None) -> History:
    """A request for a watch, which went ahead by itself."""
    step = STEP if checks is None else watch_step(checks, FOR, has_database=False)
    history = History(step, title="Performance issues", reason=reason)
    more = {"required": 0, "proposes": [vars(ask) for ask in proposes], "scenario": "performance"}
    data = {**history.events[0].data, **more}
    history.events = []
    return history.then(Kind.REQUEST_MADE, data, ANA).planned().then(Kind.REQUEST_APPROVED)


def looked(history: History, seconds: Sequence[float | None]) -> History:
    """The site was looked at so often; "Admin dashboard" always answers, and quickly."""
    for took in seconds:
        looks(history, [{"Site": took, "Admin dashboard": 0.4}], ["Site"] if took is None or took > SLOW else [])
    return history


def looks(history: History, seconds: Sequence[dict[str, float | None]], failed: list[str]) -> History:
    """Each check took so long at each look, 90 s apart."""
    request = history.request
    for number, took in enumerate(seconds, len(request.samples)):
        at = (request.runs[0].started_at + timedelta(seconds=90 * number)).isoformat()
        history.then(Kind.SITE_SAMPLED, {"at": at, "seconds": took, "failed": failed})
    return history


def begun() -> History:
    """Under way, and nothing is seen yet."""
    return asked(PROPOSED).started().unproven("It only looks, and *Stop* ends it early.")


def read(history: History, reading: Reading = BUSY) -> History:
    """The database was read."""
    return history.then(Kind.DATABASE_READ, {"reading": reading.as_json()})


def ended(history: History, early_at: datetime | None = None) -> History:
    """Its time is over, or it was stopped early."""
    watch = watch_of(history.request)
    assert watch
    at = early_at or watch.ends_at
    came_to = summary(watch, at)
    facts = {**vars(came_to), "figures": [vars(one) for one in came_to.figures]}
    history.then(Kind.STEP_FINISHED, {"step": 0, "facts": facts})
    history.events[-1] = replace(history.events[-1], at=at)
    return history


WATCHES: dict[str, History] = {
    "watch_begun": begun(),
    "watch_under_way": looked(read(begun()), BETTER[:4]),
    "watch_verifying": ended(looked(begun(), WORSE)).verifying(),
    "watch_proposed_early": looked(read(begun()), WORSE[:4]).planned_again(),
    "watch_worse": read(ended(looked(read(begun()), WORSE)), BUSIER).verifying().checks_failed(),
    "watch_better": read(ended(looked(read(begun()), BETTER)), BUSIER).verifying().verified(PASSING[1:]),
    "watch_stopped": ended(looked(begun(), BETTER[:3]).stop_ordered_by(CY), BEGIN + timedelta(minutes=4)).stopped_by(
        CY, "The watch ended early."
    ),
    "watch_proposed": ended(looked(begun(), WORSE)).verifying().checks_failed().planned_again(),
    "watch_overtaken": ended(looked(begun(), WORSE))
    .verifying()
    .checks_failed()
    .then(Kind.OVERTAKEN, {"request": "R-19"}),
    "watch_alone": ended(looked(asked().started(), BETTER)).verifying().verified(PASSING[1:]),
    "watch_unseen": ended(asked(PROPOSED).started()).verifying().verified(PASSING[1:]),
}
