"""What wakes a stream: a click at once, a moment when it comes. A stream is in one thread at a time.

Asked again while it runs, it runs once more. Nothing depends on being woken only once.
"""

import heapq
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

THREADS = 8
LOOK_UP_SECONDS = 1.0  # the clock on the wall may be set while the timer sleeps
SET_BACK = timedelta(seconds=1)  # by less than this, the clock is only kept right
AFTER_A_FAULT = timedelta(seconds=5)
_logger = logging.getLogger(__name__)
_NEVER = datetime.max.replace(tzinfo=UTC)


class Wakeups:
    """A heap of due times, one timer thread, and a pool that calls `advance(stream)`.

    `advance` returns when it wants to be woken again, or None.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._advance: Callable[[str], datetime | None] | None = None
        self._heap: list[tuple[datetime, str]] = []
        self._moment: dict[str, datetime] = {}  # when each stream is due; other entries of the heap are stale
        self._running: set[str] = set()
        self._again: set[str] = set()
        self._seen = clock()
        self._changed = threading.Condition()
        self._stopped = False
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="advance")
        self._timer = threading.Thread(target=self._watch, name="timer", daemon=True)

    def start(self, advance: Callable[[str], datetime | None]) -> None:
        """Begin to call `advance`; what was woken before waits until now."""
        self._advance = advance
        self._timer.start()

    def wake(self, stream: str) -> None:
        """Have a stream advanced at once."""
        self.wake_at(stream, self._clock())

    def wake_at(self, stream: str, moment: datetime) -> None:
        """Have a stream advanced when `moment` comes."""
        with self._changed:
            self._schedule(stream, moment)
            self._changed.notify()

    def stop(self) -> None:
        """Begin nothing new, and wait for what is running."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._timer.is_alive():
            self._timer.join()
        self._pool.shutdown(wait=True)

    def _watch(self) -> None:
        while True:
            with self._changed:
                if self._stopped:
                    return
                ready = self._take_due()
                if not ready:
                    self._changed.wait(self._seconds_to_sleep())
            for stream in ready:
                self._pool.submit(self._run, stream).add_done_callback(_log_fault)

    def _schedule(self, stream: str, moment: datetime) -> None:
        if moment < self._moment.get(stream, _NEVER):
            self._moment[stream] = moment
            heapq.heappush(self._heap, (moment, stream))

    def _take_due(self) -> list[str]:
        """The streams whose moment has come and that no thread has now."""
        now, ready = self._clock(), []
        self._ask_anew_if_set_back(now)
        while self._heap and self._heap[0][0] <= now:
            moment, stream = heapq.heappop(self._heap)
            if self._moment.get(stream) != moment:
                continue
            del self._moment[stream]
            if stream in self._running:
                self._again.add(stream)
            else:
                self._running.add(stream)
                ready.append(stream)
        return ready

    def _ask_anew_if_set_back(self, now: datetime) -> None:
        """What waits for a moment of the clock before it was set back may be due long before that."""
        if now < self._seen - SET_BACK:
            for stream in list(self._moment):
                self._schedule(stream, now)
        self._seen = now

    def _seconds_to_sleep(self) -> float:
        if not self._heap:
            return LOOK_UP_SECONDS
        return min(LOOK_UP_SECONDS, max(0.0, (self._heap[0][0] - self._clock()).total_seconds()))

    def _run(self, stream: str) -> None:
        moment: datetime | None = self._clock() + AFTER_A_FAULT
        try:
            moment = self._advance(stream) if self._advance else None
        finally:
            with self._changed:
                self._running.discard(stream)
                if stream in self._again:
                    self._again.discard(stream)
                    moment = self._clock()
                if moment:
                    self._schedule(stream, moment)
                self._changed.notify()


def _log_fault(future: Future[None]) -> None:
    fault = None if future.cancelled() else future.exception()
    if fault:
        _logger.error("wakeups.fault", exc_info=fault)
