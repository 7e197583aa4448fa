"""The story of a run: read the target again, write down that the step starts, act once, look until it is proven.

The event comes before the act and the outcome after it, so a process that dies in between leaves a started step
without an end, and whoever comes next looks whether it happened; nobody acts twice.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

from bot.actions import Action
from bot.core.change import Kind, State
from bot.core.errors import Drifted, OutcomeUnknown, Revoked, StepFailed, Unavailable
from bot.core.event import Draft
from bot.core.plan import Facts, Step
from bot.core.policy import PATIENCE, adds
from bot.core.request import ChangeRequest, StepRun
from bot.core.runbook import Runbook
from bot.core.watch import is_watch
from bot.eligibility import Eligibility
from bot.journal import Journal
from bot.logs import log_fault

PEOPLE_STAY_READ = timedelta(seconds=60)
LOOK_SOON, LOOK_LATER = timedelta(seconds=0.1), timedelta(seconds=1)
LONG_AT_ONCE = 4


class Running:
    """Carries out approved plans, one step after the other. Every method may raise ConflictError: read again."""

    def __init__(
        self,
        *,
        journal: Journal[ChangeRequest],
        actions: Mapping[str, Action],
        eligibility: Eligibility,
        runbook: Runbook,
        clock: Callable[[], datetime],
    ) -> None:
        self._journal, self._actions, self._eligibility = journal, actions, eligibility
        self._runbook, self._clock = runbook, clock
        self._beside = ThreadPoolExecutor(LONG_AT_ONCE, thread_name_prefix="act")
        self._underway: set[str] = set()  # the operations that a thread of this process carries out

    def begin_step(self, request: ChangeRequest, wake: Callable[[str], None]) -> None:
        """Read the people and the target again, and act if nothing drifted; what takes long, beside the caller.

        `wake` is called with the request when that has ended.

        Raises Unavailable while they can't be read and there is patience left.
        """
        index = len(request.runs)
        step = request.step(index)
        try:
            drift = self._drift(request)
            read_at = self._clock()
            drift = drift or self._actions[step.action].recheck(step)
        except Revoked:
            raise
        except Unavailable as error:
            if not self._is_out_of_patience(request):
                raise
            text = f"{error.text} Step {index + 1} was not begun."
            self._journal.record(request, Draft(Kind.RUN_FAILED, {"text": text}))
            return
        if drift:
            self._journal.record(request, Draft(Kind.DRIFT_FOUND, {"step": index, "text": drift}))
            return
        age = (self._clock() - read_at).total_seconds()
        data: Facts = {"step": index, "op_id": request.op_ids[index], "read_seconds_ago": age}
        started = self._journal.record(request, Draft(Kind.STEP_STARTED, data))
        if self._actions[step.action].takes_long:
            self._underway.add(started.op_ids[index])
            self._beside.submit(self._act_beside, started, step, index, wake).add_done_callback(
                partial(log_fault, "running")
            )
        else:
            self._act(started, step, index)

    def _act_beside(self, request: ChangeRequest, step: Step, index: int, wake: Callable[[str], None]) -> None:
        """In a thread of its own: people see meanwhile that it runs, and clicks are decided."""
        try:
            self._act(request, step, index)
        finally:
            self._underway.discard(request.op_ids[index])
            wake(request.id)

    def stop_acting(self) -> None:
        """Wait for what is being carried out; each action ends in bounded time."""
        self._beside.shutdown(wait=True)

    def _act(self, request: ChangeRequest, step: Step, index: int) -> None:
        try:
            facts = self._actions[step.action].execute(step, request.op_ids[index], request.reason)
            outcome = Draft(Kind.STEP_FINISHED, {"step": index, "facts": facts})
        except Drifted as error:
            kind = Kind.DRIFT_FOUND if index else Kind.FIRST_STEP_DRIFTED
            outcome = Draft(kind, {"step": index, "text": error.text})
        except StepFailed as error:
            outcome = _failed(index, error)
        except Unavailable as error:  # nothing was sent
            outcome = Draft(Kind.STEP_FAILED, {"step": index, "text": error.text, "changed": ""})
        except OutcomeUnknown as error:
            outcome = Draft(Kind.STEP_UNPROVEN, {"step": index, "text": error.text})
        # Also where clicks were noted meanwhile: looking might never learn what the provider said.
        self._journal.record_while(request.id, lambda r: r.running is not None and r.running.index == index, outcome)

    def _drift(self, request: ChangeRequest) -> str:
        if request.plan and request.plan.runbook != self._runbook.digest:
            return "The runbook changed after the plan was made."
        read_at = request.people_read_at
        if read_at and self._clock() - read_at <= PEOPLE_STAY_READ:
            return ""
        if adds(request):
            refusal = self._eligibility.refusal_to_go_ahead(request.requester)
            return refusal.text if refusal else ""
        gone = [(a.person, r) for a in request.approvals if (r := self._eligibility.refusal_as_approver(a.person))]
        return " ".join(f"<@{person}>'s approval no longer counts. {refusal.text}" for person, refusal in gone)

    def _is_out_of_patience(self, request: ChangeRequest) -> bool:
        moments = [request.approved_at, *(run.ended_at for run in request.runs)]
        since = max((moment for moment in moments if moment), default=request.made_at)
        return self._clock() - since >= PATIENCE

    def look(self, request: ChangeRequest) -> None:
        """See whether the started step is done, and only see.

        Raises Unavailable with the moment to look again while that isn't known and the deadline hasn't come.
        """
        run = request.running
        if run is None:
            return
        if run.op_id in self._underway:
            raise Unavailable("It is being carried out.", retry_at=self._clock() + LOOK_LATER)
        step = request.step(run.index)
        action = self._actions[step.action]
        deadline = run.started_at + action.deadline()
        is_last = request.state is State.UNKNOWN or self._clock() >= deadline
        try:
            facts = action.reconcile(step, run.op_id, at_deadline=is_last)
            outcome = Draft(Kind.STEP_FINISHED, {"step": run.index, "facts": facts})
        except StepFailed as error:
            outcome = _failed(run.index, error)
        except (OutcomeUnknown, Unavailable) as error:
            if not is_last:
                raise Unavailable(error.text, retry_at=self._next_look(run, error.retry_at, deadline)) from error
            kind = Kind.LOOK_ENDED if request.state is State.UNKNOWN else Kind.STEP_LOST
            outcome = Draft(kind, {"step": run.index, "text": error.text})
        self._journal.record(request, outcome)

    def _next_look(self, run: StepRun, asked_for: datetime | None, deadline: datetime) -> datetime:
        now = self._clock()
        pause = min(LOOK_LATER, max(LOOK_SOON, (now - run.started_at) / 2))
        return min(asked_for or now + pause, deadline)

    def stop(self, request: ChangeRequest) -> None:
        """Begin no further step."""
        left = len(request.plan.steps) - len(request.runs) if request.plan else 0
        text = f"{left} step{'' if left == 1 else 's'} of the plan {'was' if left == 1 else 'were'} not begun."
        text = text if left else "The watch ended early."
        self._journal.record(request, Draft(Kind.REQUEST_STOPPED, {"text": text}, request.stop_ordered_by))

    def begin_verification(self, request: ChangeRequest) -> None:
        """Every step is done: have the checks run; once, where nothing was changed that could still settle."""
        until = self._clock() + (timedelta(0) if is_watch(request) else self._runbook.verification.deadline)
        self._journal.record(request, Draft(Kind.VERIFICATION_BEGUN, {"until": until.isoformat()}))


def _failed(index: int, error: StepFailed) -> Draft:
    return Draft(
        Kind.STEP_FAILED, {"step": index, "text": error.text, "changed": error.changed, "way_out": error.way_out}
    )
