"""What the tests of a rollback's run have in common: send the order, look, expect a failure."""

import pytest

from bot.actions.rollback_deployment import RollbackDeployment
from bot.core.errors import OutcomeUnknown, StepFailed
from bot.core.plan import Facts, Step
from tests.simulator import vercel_cast as the
from tests.simulator.hand import Hand
from tests.simulator.wire import on

OP = "7d9f6a52-0a6e-4f1c-9d6e-1f2a3b4c5d6e"
ORDER = on(the.PREVIOUS, "POST")
PROJECT_READ = on(the.PROJECT, "GET")


def sent(rollback: RollbackDeployment, step: Step) -> OutcomeUnknown:
    """Order it; the domains take their time."""
    with pytest.raises(OutcomeUnknown) as unknown:
        rollback.execute(step, OP, "users can't log in")
    return unknown.value


def look(rollback: RollbackDeployment, step: Step, *, at_deadline: bool = False) -> Facts:
    return rollback.reconcile(step, OP, at_deadline=at_deadline)


def failure(rollback: RollbackDeployment, step: Step, *, at_deadline: bool = False) -> StepFailed:
    with pytest.raises(StepFailed) as failed:
        look(rollback, step, at_deadline=at_deadline)
    return failed.value


def finish(rollback: RollbackDeployment, step: Step, hand: Hand) -> Facts:
    """Order it, let the domains move, and look."""
    sent(rollback, step)
    hand.turn(10)
    return look(rollback, step)
