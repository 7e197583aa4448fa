"""What is done with a change request for each answer of core; `bot/advance.py` does it, one thing after the other."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from bot.advance import Course
from bot.core.change import Kind, State
from bot.core.event import ConflictError, Draft
from bot.core.next import Act, what_is_due
from bot.core.policy import PATIENCE
from bot.core.request import ChangeRequest
from bot.deciding import Deciding
from bot.journal import Journal
from bot.planning import Planning
from bot.running import Running


@dataclass(frozen=True)
class Requests:
    """What carries a change request on. `wake` is called with a stream to go on with when something else ended."""

    journal: Journal[ChangeRequest]
    planning: Planning
    deciding: Deciding
    running: Running
    clock: Callable[[], datetime]
    wake: Callable[[str], None] = lambda _: None

    def course(self, verify: Callable[[ChangeRequest], None]) -> Course[ChangeRequest]:
        """What is done for each answer of core; `verify` begins the checks that a request needs."""
        journal = self.journal
        acts: Mapping[Act, Callable[[ChangeRequest], object]] = {
            Act.PLAN: self._plan,
            Act.DECIDE: lambda r: journal.record(r, *self.deciding.drafts(r)),
            Act.EXPIRE: lambda r: journal.record(r, Draft(Kind.REQUEST_EXPIRED, {})),
            Act.NUDGE: lambda r: journal.record(r, Draft(Kind.HALF_TIME_PASSED, {})),
            Act.STOP: self.running.stop,
            Act.BEGIN_STEP: lambda r: self.running.begin_step(r, self.wake),
            Act.LOOK: self.running.look,
            Act.BEGIN_VERIFICATION: self.running.begin_verification,
            Act.TELL_UNDONE: self._tell_undone,
        }
        return Course(due=what_is_due, acts=acts, note_fault=self._note_fault, beside=verify)

    def _plan(self, request: ChangeRequest) -> None:
        planned = self.journal.record(request, *self.planning.drafts(request, self.journal.open))
        if planned.plan and planned.again_of:  # one that was refused leaves the button to others
            draft = Draft(Kind.PLANNED_AGAIN, {"request": planned.id}, planned.requester)
            self.journal.note(planned.again_of, draft)
            self.wake(planned.again_of)

    def _tell_undone(self, request: ChangeRequest) -> None:
        taken_back = {run.index for run in request.done}
        steps = [ask.params["step"] for index, ask in enumerate(request.asks) if index in taken_back]
        self.journal.note(request.undo_of, Draft(Kind.UNDONE, {"request": request.id, "steps": steps}))
        self.journal.record(request, Draft(Kind.UNDO_TOLD, {}))
        self.wake(request.undo_of)

    def _note_fault(self, request: ChangeRequest, reference: str) -> None:
        """Say it once; a request that can't be planned ends, or it would hold its target for ever."""
        if not request.faults:
            request = self.journal.note(request.id, Draft(Kind.FAULT_NOTED, {"reference": reference}))
        if request.state is State.PLANNING and self.clock() - request.made_at >= PATIENCE:
            text = f"The bot failed to make a plan (reference {reference}). Nothing was changed."
            with suppress(ConflictError):
                self.journal.record(request, Draft(Kind.REQUEST_REFUSED, {"rule": "fault", "text": text}))
