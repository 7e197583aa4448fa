"""One round of checks: every question of the runbook, and what each step that was carried out says of itself."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from bot.actions import Action
from bot.adapters.probe import Probe
from bot.core.checks import CheckResult, Verdict
from bot.core.errors import BotError
from bot.core.plan import Step
from bot.core.request import ChangeRequest, StepRun
from bot.core.runbook import Runbook

CHECKS_AT_ONCE = 16


class Checking:
    """Asks all at once, in parallel. What can't be reached is a failed check, not an error."""

    def __init__(self, *, runbook: Runbook, probe: Probe, actions: Mapping[str, Action]) -> None:
        self._runbook, self._probe, self._actions = runbook, probe, actions
        self._pool = ThreadPoolExecutor(CHECKS_AT_ONCE, thread_name_prefix="check")

    def round(self, request: ChangeRequest) -> tuple[CheckResult, ...]:
        """The answers: first of the steps that ended, then of the runbook's checks in its order."""
        of_steps = [self._pool.submit(self._verify, request.step(run.index), run.op_id) for run in _ended(request)]
        of_runbook = [self._pool.submit(self._probe.ask, check) for check in self._runbook.checks]
        verified = [result for future in of_steps for result in future.result()]
        return (*verified, *(future.result() for future in of_runbook))

    def stop(self) -> None:
        """Wait for what is being asked."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _verify(self, step: Step, op_id: str) -> tuple[CheckResult, ...]:
        action = self._actions[step.action]
        try:
            return action.verify(step, op_id)
        except BotError as error:
            return (CheckResult(action.name, Verdict.FAILED, required=True, expected="readable", seen=error.text),)


def _ended(request: ChangeRequest) -> list[StepRun]:
    return [run for run in request.runs if run.ended_at]
