"""advance(stream): the one thing that core says is next, done and recorded, until there is nothing to do.

It may be called at any time, by anyone, any number of times. It never sleeps: waiting is an answer. Correctness
never depends on being called once, so after a crash nothing special happens: someone calls it again.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from bot.core.change import Kind, State
from bot.core.errors import Revoked, Unavailable
from bot.core.event import ConflictError, Draft
from bot.core.next import Act, what_is_due
from bot.core.policy import PATIENCE
from bot.core.request import ChangeRequest
from bot.core.writes import stopped_writes, untold_resumes
from bot.deciding import Deciding
from bot.drawing import Drawing
from bot.journal import Journal
from bot.planning import Planning
from bot.running import Running
from bot.verification import Verification

TRY_AGAIN = timedelta(seconds=1)
AFTER_A_FAULT = timedelta(seconds=30)
SOONEST = timedelta(seconds=0.1)

_logger = logging.getLogger(__name__)


def acts(
    journal: Journal,
    *,
    planning: Planning,
    deciding: Deciding,
    running: Running,
    wake: Callable[[str], None] = lambda _: None,
) -> Mapping[Act, Callable[[ChangeRequest], object]]:
    """What is done for each answer of core. `wake` is called with a request to carry on when something else ended."""

    def plan(request: ChangeRequest) -> None:
        planned = journal.record(request, *planning.drafts(request, journal.open_requests))
        if planned.plan and planned.again_of:  # one that was refused leaves the button to others
            journal.note(planned.again_of, Draft(Kind.PLANNED_AGAIN, {"request": planned.id}, planned.requester))
            wake(planned.again_of)

    def tell_undone(request: ChangeRequest) -> None:
        taken_back = {run.index for run in request.done}
        steps = [ask.params["step"] for index, ask in enumerate(request.asks) if index in taken_back]
        journal.note(request.undo_of, Draft(Kind.UNDONE, {"request": request.id, "steps": steps}))
        journal.record(request, Draft(Kind.UNDO_TOLD, {}))
        wake(request.undo_of)

    def tell_resumed(request: ChangeRequest) -> None:
        resumes = untold_resumes(request)
        for stopped in stopped_writes(other for other in journal.open_requests() if other.id != request.id):
            tables = [name for done in resumes for name in done.tables if stopped.since < done.at]
            if known := [name for name in stopped.tables if name in tables]:
                data = {"request": request.id, "tables": known}
                journal.note(stopped.request.id, Draft(Kind.WRITES_RESUMED, data))
                wake(stopped.request.id)
        journal.record(request, Draft(Kind.RESUME_TOLD, {"steps": [done.index for done in resumes]}))

    return {
        Act.PLAN: plan,
        Act.DECIDE: lambda r: journal.record(r, *deciding.drafts(r)),
        Act.GO_AHEAD: lambda r: journal.record(r, Draft(Kind.REQUEST_APPROVED, {})),
        Act.EXPIRE: lambda r: journal.record(r, Draft(Kind.REQUEST_EXPIRED, {})),
        Act.NUDGE: lambda r: journal.record(r, Draft(Kind.HALF_TIME_PASSED, {})),
        Act.STOP: running.stop,
        Act.BEGIN_STEP: lambda r: running.begin_step(r, wake),
        Act.LOOK: running.look,
        Act.BEGIN_VERIFICATION: running.begin_verification,
        Act.TELL_UNDONE: tell_undone,
        Act.TELL_RESUMED: tell_resumed,
    }


class Advance:
    """Carries every request on."""

    def __init__(
        self,
        *,
        journal: Journal,
        acts: Mapping[Act, Callable[[ChangeRequest], object]],
        verification: Verification,
        drawing: Drawing,
        clock: Callable[[], datetime],
    ) -> None:
        self._journal, self._acts, self._verification = journal, acts, verification
        self._drawing, self._clock = drawing, clock
        self._held: dict[tuple[str, Act], datetime] = {}  # what could not be done yet, and when to try again

    def advance(self, stream: str) -> datetime | None:
        """Do all that is due for `stream`; when to come again, or None.

        Raises Revoked when the bot can't go on at all.
        """
        try:
            return self._advance(stream)
        except Revoked:
            raise
        except Exception:  # what nobody foresaw ends here: logged, said, and tried again later
            reference = secrets.token_hex(4)
            _logger.exception("advance.fault reference=%s stream=%s", reference, stream)
            self._note_fault(self._journal.request(stream), reference)
            return self._clock() + AFTER_A_FAULT

    def _note_fault(self, request: ChangeRequest, reference: str) -> None:
        """Say it once; a request that can't be planned ends, or it would hold its target for ever."""
        if not request.faults:
            request = self._journal.note(request.id, Draft(Kind.FAULT_NOTED, {"reference": reference}))
        if request.state is State.PLANNING and self._clock() - request.made_at >= PATIENCE:
            text = f"The bot failed to make a plan (reference {reference}). Nothing was changed."
            with suppress(ConflictError):
                self._journal.record(request, Draft(Kind.REQUEST_REFUSED, {"rule": "fault", "text": text}))

    def _advance(self, stream: str) -> datetime | None:
        while True:
            request, now = self._journal.request(stream), self._clock()
            self._verification.ensure(request)
            due = what_is_due(request, now)
            ready = next((act for act in due.acts if self._held.get((stream, act), now) <= now), None)
            if ready:
                self._do(ready, request)
                continue
            drawn = self._drawing.draw(request)
            if drawn is True:
                continue
            moments = [self._held[stream, act] for act in due.acts] + [m for m in (due.until, drawn) if m]
            if request.is_final and not moments and not due.stays_open:
                self._close(request)
            return min(moments, default=None)

    def _do(self, act: Act, request: ChangeRequest) -> None:
        self._held.pop((request.id, act), None)
        try:
            self._acts[act](request)
        except ConflictError:
            return  # someone else wrote first: read again, decide again
        except Revoked:
            raise
        except Unavailable as error:
            now = self._clock()
            moment = max(error.retry_at or now + TRY_AGAIN, now + SOONEST)
            self._held[request.id, act] = min(moment, now + PATIENCE)  # whatever a provider asks for

    def _close(self, request: ChangeRequest) -> None:
        if not request.is_closed:
            with suppress(ConflictError):  # whoever wrote meanwhile wakes the stream again
                self._journal.record(request, Draft(Kind.REQUEST_CLOSED, {}))
        for act in Act:
            self._held.pop((request.id, act), None)
