"""What is done with requests and incidents for each answer of core; `bot/advance.py` does it, one after the other."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from bot.advance import Course
from bot.core import incident_due
from bot.core.change import Kind, State
from bot.core.event import ConflictError, Draft
from bot.core.incident import Happened, Incident
from bot.core.next import Act, Due, what_is_due
from bot.core.policy import PATIENCE
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.core.writes import stopped_writes, untold_resumes
from bot.deciding import Deciding
from bot.journal import Journal
from bot.pin_watch import PinWatch
from bot.planning import Planning
from bot.responding import Responding
from bot.running import Running
from bot.sending import Sending
from bot.watching import Watching


class Belonging(Protocol):
    """How a change request belongs to the incident of its channel."""

    def join(self, request: ChangeRequest) -> None:
        """Let it belong to one."""

    def tell(self, request: ChangeRequest) -> None:
        """Let that know how it ended."""


@dataclass(frozen=True)
class Requests:
    """What carries a change request on. `wake` is called with a stream to go on with when something else ended."""

    journal: Journal[ChangeRequest]
    planning: Planning
    deciding: Deciding
    running: Running
    clock: Callable[[], datetime]
    wake: Callable[[str], None] = lambda _: None
    watching: Watching | None = None  # None = no action watches
    incidents: Belonging | None = None  # None = nothing is drawn, so there is no card that an incident could begin with

    def course(self, verify: Callable[[ChangeRequest], None]) -> Course[ChangeRequest]:
        """What is done for each answer of core; `verify` begins the checks that a request needs."""
        journal = self.journal
        acts: dict[Act, Callable[[ChangeRequest], object]] = {
            Act.PLAN: self._plan,
            Act.DECIDE: lambda r: journal.record(r, *self.deciding.drafts(r)),
            Act.GO_AHEAD: lambda r: journal.record(r, Draft(Kind.REQUEST_APPROVED, {})),
            Act.EXPIRE: lambda r: journal.record(r, Draft(Kind.REQUEST_EXPIRED, {})),
            Act.NUDGE: lambda r: journal.record(r, Draft(Kind.HALF_TIME_PASSED, {})),
            Act.STOP: self.running.stop,
            Act.BEGIN_STEP: lambda r: self.running.begin_step(r, self.wake),
            Act.LOOK: self.running.look,
            Act.BEGIN_VERIFICATION: self.running.begin_verification,
            Act.TELL_UNDONE: self._tell_undone,
            Act.TELL_RESUMED: self._tell_resumed,
        }
        if self.watching:
            acts[Act.WATCH] = self.watching.go_on
        if self.incidents:
            acts |= {Act.JOIN_INCIDENT: self.incidents.join, Act.TELL_INCIDENT: self.incidents.tell}
        return Course(due=what_is_due, acts=acts, note_fault=self._note_fault, beside=verify, slow={Act.WATCH})

    def _plan(self, request: ChangeRequest) -> None:
        planned = self.journal.record(request, *self.planning.drafts(request, self.journal.open))
        if planned.plan and planned.again_of:  # one that was refused leaves the button to others
            draft = Draft(Kind.PLANNED_AGAIN, {"request": planned.id}, planned.requester)
            self.journal.note(planned.again_of, draft)
            self.wake(planned.again_of)

    def _tell_undone(self, request: ChangeRequest) -> None:
        told, earlier = Draft(Kind.PURGED, {"request": request.id}), request.purge_of
        if request.undo_of:
            taken_back = {run.index for run in request.done}
            steps = [ask.params["step"] for index, ask in enumerate(request.asks) if index in taken_back]
            told, earlier = Draft(Kind.UNDONE, {"request": request.id, "steps": steps}), request.undo_of
        self.journal.note(earlier, told)
        self.journal.record(request, Draft(Kind.UNDO_TOLD, {}))
        self.wake(earlier)

    def _tell_resumed(self, request: ChangeRequest) -> None:
        resumes = untold_resumes(request)
        for stopped in stopped_writes(other for other in self.journal.open() if other.id != request.id):
            tables = [name for done in resumes for name in done.tables if stopped.since < done.at]
            if known := [name for name in stopped.tables if name in tables]:
                data = {"request": request.id, "tables": known}
                self.journal.note(stopped.request.id, Draft(Kind.WRITES_RESUMED, data))
                self.wake(stopped.request.id)
        self.journal.record(request, Draft(Kind.RESUME_TOLD, {"steps": [done.index for done in resumes]}))

    def _note_fault(self, request: ChangeRequest, reference: str) -> None:
        """Say it once; a request that can't be planned ends, or it would hold its target for ever."""
        if not request.faults:
            request = self.journal.note(request.id, Draft(Kind.FAULT_NOTED, {"reference": reference}))
        if request.state is State.PLANNING and self.clock() - request.made_at >= PATIENCE:
            text = f"The bot failed to make a plan (reference {reference}). Nothing was changed."
            with suppress(ConflictError):
                self.journal.record(request, Draft(Kind.REQUEST_REFUSED, {"rule": "fault", "text": text}))


def course_of_incidents(
    journal: Journal[Incident],
    runbook: Runbook,
    *,
    responding: Responding,
    sending: Sending,
    pin_watch: PinWatch | None,
) -> Course[Incident]:
    """What is done with an incident; `pin_watch` is None where there is no Vercel, and so nothing that is pinned."""
    acts: dict[incident_due.Act, Callable[[Incident], object]] = {
        incident_due.Act.NOTE: lambda incident: responding.note(incident, runbook),
        incident_due.Act.DECIDE: responding.decide,
        incident_due.Act.SETTLE: sending.settle,
    }
    if pin_watch:
        acts[incident_due.Act.LOOK_AT_PIN] = pin_watch.look

    def due(incident: Incident, now: datetime) -> Due[incident_due.Act]:
        found = incident_due.what_is_due(incident, runbook, now)
        return replace(found, acts=tuple(act for act in found.acts if act in acts))

    def note_fault(incident: Incident, reference: str) -> None:
        if not incident.faults:
            journal.note(incident.id, Draft(Happened.FAULT_NOTED, {"reference": reference}))

    return Course(due=due, acts=acts, note_fault=note_fault)
