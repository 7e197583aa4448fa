"""What wakes a stream, and that it is never in two threads. Time is a hand that is turned; nothing sleeps."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from queue import Queue

import pytest

from bot.adapters.wakeups import AFTER_A_FAULT, THREADS, Wakeups
from tests.simulator.hand import Hand

PATIENCE = 10  # seconds until a test gives up; nothing waits that long when it passes


class Calls:
    """What was advanced, in order; each stream may be told what to answer, once."""

    def __init__(self) -> None:
        self._calls: Queue[str] = Queue()
        self.answers: dict[str, datetime] = {}

    def __call__(self, stream: str) -> datetime | None:
        self._calls.put(stream)
        return self.answers.pop(stream, None)

    def next(self) -> str:
        return self._calls.get(timeout=PATIENCE)

    @property
    def is_over(self) -> bool:
        """Whether nothing else was called so far."""
        return self._calls.empty()


class Gate:
    """An advance that stays inside until it is let out."""

    def __init__(self) -> None:
        self.entered, self.let_out = threading.Semaphore(0), threading.Semaphore(0)
        self.inside, self.most_inside, self.calls = 0, 0, 0
        self._lock = threading.Lock()

    def __call__(self, stream: str) -> None:
        with self._lock:
            self.inside += 1
            self.calls += 1
            self.most_inside = max(self.most_inside, self.inside)
        self.entered.release()
        assert self.let_out.acquire(timeout=PATIENCE)
        with self._lock:
            self.inside -= 1

    def wait(self) -> None:
        """Until somebody is inside."""
        assert self.entered.acquire(timeout=PATIENCE)


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def wakeups(hand: Hand) -> Wakeups:
    return Wakeups(hand.now)


@pytest.fixture
def calls(wakeups: Wakeups) -> Iterator[Calls]:
    """Started, and stopped at the end."""
    advance = Calls()
    wakeups.start(advance)
    yield advance
    wakeups.stop()


def turn(hand: Hand, wakeups: Wakeups, calls: Calls, seconds: float) -> list[str]:
    """Let time pass, have the timer look, and return what was advanced; what is due comes before the probe."""
    hand.turn(seconds)
    wakeups.wake("probe")
    called = []
    while (stream := calls.next()) != "probe":
        called.append(stream)
    return called


def assert_due(hand: Hand, wakeups: Wakeups, calls: Calls, seconds: float) -> None:
    """R-1 is advanced when that much time has passed."""
    hand.turn(seconds)
    wakeups.wake("probe")
    assert {calls.next(), calls.next()} == {"R-1", "probe"}


def at(hand: Hand, seconds: float) -> datetime:
    return hand.now() + timedelta(seconds=seconds)


def test_a_click_wakes_its_stream_at_once(wakeups: Wakeups, calls: Calls) -> None:
    wakeups.wake("R-1")
    assert calls.next() == "R-1"


def test_what_was_woken_before_the_start_waits_for_it(wakeups: Wakeups) -> None:
    wakeups.wake("R-1")
    advance = Calls()
    wakeups.start(advance)
    assert advance.next() == "R-1"
    wakeups.stop()


def test_a_moment_wakes_its_stream_when_it_comes(hand: Hand, wakeups: Wakeups, calls: Calls) -> None:
    wakeups.wake_at("R-1", at(hand, 60))
    assert turn(hand, wakeups, calls, 59) == []
    assert_due(hand, wakeups, calls, 1)


def test_the_earlier_of_two_moments_wins_and_the_later_one_is_stale(hand: Hand, wakeups: Wakeups, calls: Calls) -> None:
    wakeups.wake_at("R-1", at(hand, 60))
    wakeups.wake_at("R-1", at(hand, 10))
    assert_due(hand, wakeups, calls, 10)
    assert turn(hand, wakeups, calls, 50) == []
    assert calls.is_over


def test_a_later_moment_does_not_put_an_earlier_one_off(hand: Hand, wakeups: Wakeups, calls: Calls) -> None:
    wakeups.wake_at("R-1", at(hand, 10))
    wakeups.wake_at("R-1", at(hand, 60))
    assert_due(hand, wakeups, calls, 10)


def test_a_stream_says_when_it_wants_to_be_woken_again(hand: Hand, wakeups: Wakeups, calls: Calls) -> None:
    calls.answers["R-1"] = at(hand, 30)
    wakeups.wake("R-1")
    assert calls.next() == "R-1"
    assert_due(hand, wakeups, calls, 30)


def test_after_a_click_the_moment_waited_for_is_the_streams_to_name_again(
    hand: Hand, wakeups: Wakeups, calls: Calls
) -> None:
    wakeups.wake_at("R-1", at(hand, 60))
    wakeups.wake("R-1")
    assert calls.next() == "R-1"
    assert turn(hand, wakeups, calls, 61) == []


def test_eight_streams_are_advanced_beside_each_other(wakeups: Wakeups) -> None:
    gate = Gate()
    wakeups.start(gate)
    for n in range(THREADS):
        wakeups.wake(f"R-{n}")
    for _ in range(THREADS):
        gate.wait()
    assert gate.inside == THREADS
    gate.let_out.release(THREADS)
    wakeups.stop()


class OneAndOthers:
    """R-1 goes through a gate, other streams are only called."""

    def __init__(self) -> None:
        self.gate, self.calls = Gate(), Calls()

    def __call__(self, stream: str) -> datetime | None:
        if stream != "R-1":
            return self.calls(stream)
        self.gate(stream)
        return None


def test_a_stream_is_in_one_thread_at_a_time_and_runs_once_more_when_asked_meanwhile(wakeups: Wakeups) -> None:
    both = OneAndOthers()
    wakeups.start(both)
    wakeups.wake("R-1")
    both.gate.wait()
    for n in range(3):
        wakeups.wake("R-1")
        wakeups.wake(f"R-9{n}")
        assert both.calls.next() == f"R-9{n}"  # by now the timer has seen the wake of R-1 before it
    both.gate.let_out.release()
    both.gate.wait()
    both.gate.let_out.release()
    wakeups.stop()
    assert (both.gate.calls, both.gate.most_inside) == (2, 1)


def test_a_moment_that_comes_while_the_stream_runs_is_not_lost(hand: Hand, wakeups: Wakeups) -> None:
    both = OneAndOthers()
    wakeups.start(both)
    wakeups.wake("R-1")
    both.gate.wait()
    wakeups.wake_at("R-1", at(hand, 60))
    hand.turn(60)
    wakeups.wake("R-2")
    assert both.calls.next() == "R-2"
    both.gate.let_out.release(2)
    both.gate.wait()
    wakeups.stop()
    assert both.gate.calls == 2


def test_no_wake_is_lost_however_many_come_at_once(wakeups: Wakeups) -> None:
    seen, asked = Calls(), threading.Barrier(4, timeout=PATIENCE)
    wakeups.start(seen)

    def click(person: int) -> None:
        asked.wait()
        for n in range(50):
            wakeups.wake(f"R-{person}-{n}")

    clicking = [threading.Thread(target=click, args=[person]) for person in range(4)]
    for thread in clicking:
        thread.start()
    assert {seen.next() for _ in range(200)} == {f"R-{person}-{n}" for person in range(4) for n in range(50)}
    for thread in clicking:
        thread.join(PATIENCE)
    wakeups.stop()


def test_an_advance_that_raises_is_tried_again_after_a_pause(hand: Hand, wakeups: Wakeups) -> None:
    calls = Calls()
    raised = threading.Event()

    def advance(stream: str) -> datetime | None:
        if stream == "R-1" and not raised.is_set():
            raised.set()
            raise OSError("the disk is full")
        return calls(stream)

    wakeups.start(advance)
    wakeups.wake("R-1")
    assert raised.wait(PATIENCE)
    assert turn(hand, wakeups, calls, AFTER_A_FAULT.total_seconds() - 1) == []
    assert_due(hand, wakeups, calls, 1)
    wakeups.stop()


def test_an_advance_that_raises_does_not_keep_others_waiting(wakeups: Wakeups) -> None:
    calls = Calls()

    def advance(stream: str) -> datetime | None:
        if stream != "R-99":
            raise OSError("the disk is full")
        return calls(stream)

    wakeups.start(advance)
    for n in range(2 * THREADS):
        wakeups.wake(f"R-{n}")
    wakeups.wake("R-99")
    assert calls.next() == "R-99"
    wakeups.stop()


def test_stop_waits_for_what_is_running(wakeups: Wakeups) -> None:
    told: Queue[str] = Queue()
    gate = Gate()

    def advance(stream: str) -> None:
        gate(stream)
        told.put("advanced")

    def stop() -> None:
        wakeups.stop()
        told.put("stopped")

    wakeups.start(advance)
    wakeups.wake("R-1")
    gate.wait()
    stopping = threading.Thread(target=stop)
    stopping.start()
    wakeups._timer.join(PATIENCE)  # stop has begun, and R-1 is still inside
    gate.let_out.release()
    assert [told.get(timeout=PATIENCE), told.get(timeout=PATIENCE)] == ["advanced", "stopped"]
    stopping.join(PATIENCE)


def test_after_the_stop_nothing_begins(wakeups: Wakeups) -> None:
    calls = Calls()
    wakeups.start(calls)
    wakeups.stop()
    wakeups.wake("R-1")
    assert calls.is_over


def test_what_is_woken_while_it_runs_does_not_begin_again_after_the_stop(wakeups: Wakeups) -> None:
    gate = Gate()
    wakeups.start(gate)
    wakeups.wake("R-1")
    gate.wait()
    wakeups.wake("R-1")
    stopping = threading.Thread(target=wakeups.stop)
    stopping.start()
    wakeups._timer.join(PATIENCE)
    gate.let_out.release()
    stopping.join(PATIENCE)
    assert gate.calls == 1
