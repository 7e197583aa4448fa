"""One round of checks: every question of the runbook, and what each step that was carried out says of itself.

A check that is off isn't asked. What is a number is compared with what the same check saw before the run; a round
that no change came before is judged by itself.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from bot.actions import Action
from bot.adapters.postgres.questions import Questions
from bot.adapters.probe import Probe
from bot.core.checks import CheckResult, Verdict, judged, judged_alone
from bot.core.errors import BotError
from bot.core.plan import Step
from bot.core.request import ChangeRequest, StepRun
from bot.core.runbook import Runbook
from bot.core.runbook.checks import Check, ErrorRateCheck, HttpCheck, SqlCheck

CHECKS_AT_ONCE = 16


class Checking:
    """Asks all at once, in parallel. What can't be reached is a failed check, not an error.

    `questions` may be None where the runbook has no [database], and so no SQL check.
    """

    def __init__(
        self, *, runbook: Runbook, probe: Probe, questions: Questions | None, actions: Mapping[str, Action]
    ) -> None:
        self._runbook, self._probe, self._questions, self._actions = runbook, probe, questions, actions
        self._pool = ThreadPoolExecutor(CHECKS_AT_ONCE, thread_name_prefix="check")

    def round(self, request: ChangeRequest) -> tuple[CheckResult, ...]:
        """The answers: first of the steps that ended, then of the runbook's checks, where the plan has any."""
        of_steps = [self._pool.submit(self._verify, request.step(run.index), run.op_id) for run in _ended(request)]
        planned = self._runbook.checks if request.plan and request.plan.checks else ()
        of_runbook = [self._pool.submit(self._ask, check, request) for check in planned]
        verified = [result for future in of_steps for result in future.result()]
        return (*verified, *(future.result() for future in of_runbook))

    def everything(self) -> tuple[CheckResult, ...]:
        """The answers to all of the runbook's checks, where no change was made; a number is compared with itself."""
        futures = [self._pool.submit(self._ask_alone, check) for check in self._runbook.checks]
        return tuple(future.result() for future in futures)

    def site(self) -> tuple[CheckResult, ...]:
        """One sample of each check that downtime is measured by."""
        futures = [self._pool.submit(self._probe.ask, check, samples=1) for check in self._runbook.watched]
        return tuple(future.result() for future in futures)

    def stop(self) -> None:
        """Wait for what is being asked."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _verify(self, step: Step, op_id: str) -> tuple[CheckResult, ...]:
        action = self._actions[step.action]
        try:
            return action.verify(step, op_id)
        except BotError as error:
            return (CheckResult(action.name, Verdict.FAILED, required=True, expected="readable", seen=error.text),)

    def _ask(self, check: Check, request: ChangeRequest) -> CheckResult:
        if not request.runs or not request.required or check.off or isinstance(check, HttpCheck):
            return self._ask_alone(check)  # without an approval nothing was changed: there is no before
        return judged(check, self._number(check), _before(request, check.name))

    def _ask_alone(self, check: Check) -> CheckResult:
        if check.off:
            return CheckResult(check.name, Verdict.OFF, check.required, "", check.off)
        if isinstance(check, HttpCheck):
            return self._probe.ask(check)
        return judged_alone(check, self._number(check))

    def _number(self, check: SqlCheck | ErrorRateCheck) -> CheckResult:
        if isinstance(check, ErrorRateCheck):
            return self._probe.error_rate(check)
        if self._questions is None:
            raise LookupError(f"{check.name} needs a database")
        return self._questions.ask(check)


def _ended(request: ChangeRequest) -> list[StepRun]:
    return [run for run in request.runs if run.ended_at]


def _before(request: ChangeRequest, name: str) -> float | None:
    """What the check of this name saw before the run; None where it saw nothing, or wasn't asked in time."""
    return next((result.value for result in request.baseline or () if result.name == name), None)
