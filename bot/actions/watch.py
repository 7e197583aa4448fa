"""Watching the site and the database for a while, which changes nothing; the looks themselves are `bot/watching.py`'s.

An action knows a step alone, and what a watch has seen is in the log of its request. So this one plans it, and says of
a watch that was begun that it goes on.
"""

from datetime import timedelta

from bot.core.checks import CheckResult
from bot.core.errors import OutcomeUnknown, Refused
from bot.core.plan import Facts, Step
from bot.core.runbook import Runbook
from bot.core.watch import ACTION, watch_step


class WatchProduction:
    """The action `watch`."""

    name = ACTION
    takes_long = False

    def __init__(self, runbook: Runbook) -> None:
        self._checks = {check.name: check.max_seconds for check in runbook.watched}
        self._has_database = runbook.database is not None

    def targets(self, params: Facts) -> tuple[str, ...]:  # noqa: ARG002  # there is one production
        """One watch at a time: a second would see the same."""
        return ("watch:production",)

    def plan(self, params: Facts) -> Step:
        """What will be looked at, how often and for how long. Raises Refused where there is nothing to look at."""
        if not self._checks and not self._has_database:
            text = "There is nothing to watch: the runbook has no required check that only reads a page, no [database]."
            raise Refused("nothing_to_watch", f"{text} Nothing was changed.")
        return watch_step(self._checks, params, has_database=self._has_database)

    def recheck(self, step: Step) -> str:  # noqa: ARG002  # whatever production is like, it can be looked at
        """No drift: nothing is going to be changed."""
        return ""

    def execute(self, step: Step, op_id: str, reason: str) -> Facts:  # noqa: ARG002  # nothing is sent
        """Begun; what ends it is the time, or a person."""
        raise OutcomeUnknown("It only looks, and *Stop* ends it early.")

    def reconcile(self, step: Step, op_id: str, *, at_deadline: bool) -> Facts:  # noqa: ARG002  # the log knows
        """Never asked: core says when a watch is over."""
        raise OutcomeUnknown("The watch goes on.")

    def verify(self, step: Step, op_id: str) -> tuple[CheckResult, ...]:  # noqa: ARG002  # it promises nothing
        """Nothing of its own: the runbook's checks say how production is at the end."""
        return ()

    def undo(self, step: Step, op_id: str) -> Step:  # noqa: ARG002  # there is no way back to plan
        """Refused: nothing was changed."""
        raise Refused("only_looked", "A watch changes nothing, so there is nothing to undo.")

    def deadline(self) -> timedelta:
        """None of its own."""
        return timedelta.max
