"""When checks run and what they come to: a baseline beside the approval, and after a run until they pass or time is up.

Checks only read, so a round that is cut off by a crash is run again.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

from bot.checking import Checking
from bot.core.change import Kind, State
from bot.core.checks import CheckResult, all_pass
from bot.core.event import Draft
from bot.core.request import ChangeRequest
from bot.journal import Journal
from bot.logs import log_fault

BETWEEN_ROUNDS_SECONDS = 2.0
ROUNDS_AT_ONCE = 8
AFTER_A_FAULT = timedelta(seconds=5)
_BEFORE_THE_RUN = (State.WAITING, State.APPROVED)


class Verification:
    """Runs the checks beside `advance`, and writes down what they say. `wake_at` is called after that."""

    def __init__(
        self,
        *,
        journal: Journal[ChangeRequest],
        checking: Checking,
        clock: Callable[[], datetime],
        wake_at: Callable[[str, datetime], None],
    ) -> None:
        self._journal, self._checking, self._clock, self._wake_at = journal, checking, clock, wake_at
        self._rounds = ThreadPoolExecutor(ROUNDS_AT_ONCE, thread_name_prefix="verify")
        self._underway: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def ensure(self, request: ChangeRequest) -> None:
        """Begin the checks that this request needs now, unless they are under way."""
        if request.state is State.VERIFYING:
            self._begin(request.id, "after", self._verify)
        elif request.state is State.WAITING and request.baseline is None and request.required:
            self._begin(request.id, "before", self._take_baseline)

    def stop(self) -> None:
        """Begin no further round; what runs is left to a restart."""
        self._stopping.set()
        self._rounds.shutdown(wait=True, cancel_futures=True)

    def _begin(self, stream: str, phase: str, run: Callable[[str], None]) -> None:
        with self._lock:
            if (stream, phase) in self._underway or self._stopping.is_set():
                return
            self._underway.add((stream, phase))
        self._rounds.submit(self._run, stream, phase, run).add_done_callback(partial(log_fault, "verification"))

    def _run(self, stream: str, phase: str, run: Callable[[str], None]) -> None:
        come_again = self._clock() + AFTER_A_FAULT
        try:
            run(stream)
            come_again = self._clock()
        finally:
            with self._lock:
                self._underway.discard((stream, phase))
            self._wake_at(stream, come_again)

    def _take_baseline(self, stream: str) -> None:
        results = self._checking.round(self._journal.read(stream))
        taken = Draft(Kind.BASELINE_TAKEN, _as_data(results))
        self._journal.record_while(stream, lambda r: r.state in _BEFORE_THE_RUN and r.baseline is None, taken)

    def _verify(self, stream: str) -> None:
        """Run the checks until they pass or the deadline has come, at least once."""
        request = self._journal.read(stream)
        until = request.verify_until or self._clock()
        results = self._checking.round(request)
        while not all_pass(results) and self._clock() < until and not self._stopping.wait(BETWEEN_ROUNDS_SECONDS):
            results = self._checking.round(request)
        if self._stopping.is_set() and not all_pass(results) and self._clock() < until:
            return
        kind = Kind.VERIFICATION_PASSED if all_pass(results) else Kind.VERIFICATION_FAILED
        self._journal.record_while(stream, lambda r: r.state is State.VERIFYING, Draft(kind, _as_data(results)))


def _as_data(results: Sequence[CheckResult]) -> dict[str, list[dict[str, str | bool | float | None]]]:
    return {"results": [result.as_json() for result in results]}
