"""How requests are written on: only with what can happen to them, and only by whoever read them last."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.log_sqlite import SqliteLog
from bot.core.change import NOTES, IllegalEventError, Kind, State
from bot.core.event import ConflictError, DeliveredBeforeError, Draft, UnknownStreamError
from bot.core.request import ChangeRequest
from bot.journal import NEWEST, REQUESTS, Journal
from tests.histories import ANA, BEN, CY, waiting

ASKED = Draft(Kind.REQUEST_MADE, waiting().events[0].data, ANA)
PLANNED = Draft(Kind.PLAN_MADE, waiting().events[1].data)
EXPIRED = Draft(Kind.REQUEST_EXPIRED, {})


def click(person: str, delivery: str | None = None) -> Draft:
    return Draft(Kind.APPROVAL_CLICKED, {"digest": PLANNED.data["digest"]}, person, delivery)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    one = SqliteLog(tmp_path / "log.db", lambda: datetime.now(UTC))
    yield one
    one.close()


@pytest.fixture
def journal(log: SqliteLog) -> Journal[ChangeRequest]:
    return Journal(log, REQUESTS)


@pytest.fixture
def stream(journal: Journal[ChangeRequest]) -> str:
    """A request that waits for approval."""
    stream = journal.begin(ASKED)
    journal.record(journal.read(stream), PLANNED)
    return stream


def test_a_request_is_named_after_the_one_before_it(journal: Journal[ChangeRequest]) -> None:
    assert [journal.begin(ASKED) for _ in range(2)] == ["R-1", "R-2"]


def test_a_command_that_slack_delivers_twice_makes_one_request(journal: Journal[ChangeRequest]) -> None:
    asked = Draft(ASKED.kind, ASKED.data, ANA, "delivery-1")
    assert journal.begin(asked) == "R-1"
    with pytest.raises(DeliveredBeforeError) as again:
        journal.begin(asked)
    assert again.value.stream == "R-1"


def test_there_is_no_request_that_nobody_made(journal: Journal[ChangeRequest]) -> None:
    with pytest.raises(UnknownStreamError):
        journal.read("R-7")


def test_the_logs_own_stream_is_no_request(journal: Journal[ChangeRequest]) -> None:
    with pytest.raises(UnknownStreamError):
        journal.read("log")


def test_what_is_recorded_is_what_the_log_says(journal: Journal[ChangeRequest], stream: str) -> None:
    recorded = journal.record(journal.read(stream), click(BEN), Draft(Kind.APPROVAL_GIVEN, {"click": 3}, BEN))
    assert recorded == journal.read(stream)
    assert recorded.has_approved(BEN)


def test_a_request_that_was_read_before_is_what_all_its_events_say(
    journal: Journal[ChangeRequest], log: SqliteLog, stream: str
) -> None:
    journal.read(stream)
    Journal(log, REQUESTS).note(stream, click(BEN))
    assert journal.read(stream) == Journal(log, REQUESTS).read(stream)
    assert len(journal.read(stream).pending) == 1


def test_what_cannot_happen_is_not_written(journal: Journal[ChangeRequest], log: SqliteLog, stream: str) -> None:
    before = log.read(stream)
    with pytest.raises(IllegalEventError):
        journal.record(journal.read(stream), Draft(Kind.STEP_STARTED, {"step": 0, "op_id": "op"}))
    assert log.read(stream) == before


def test_of_several_events_none_is_written_when_the_last_cannot_happen(
    journal: Journal[ChangeRequest], log: SqliteLog, stream: str
) -> None:
    before = log.read(stream)
    with pytest.raises(IllegalEventError):
        journal.record(journal.read(stream), click(BEN), EXPIRED, Draft(Kind.REQUEST_APPROVED, {}))
    assert log.read(stream) == before


def test_a_decision_on_what_is_no_longer_so_is_not_written(journal: Journal[ChangeRequest], stream: str) -> None:
    read = journal.read(stream)
    journal.note(stream, click(BEN))
    with pytest.raises(ConflictError):
        journal.record(read, EXPIRED)
    assert journal.read(stream).state is State.WAITING


def test_of_two_decisions_in_the_same_instant_one_is_written(journal: Journal[ChangeRequest], stream: str) -> None:
    together, read = threading.Barrier(2, timeout=5), journal.read(stream)

    def decide(draft: Draft) -> bool:
        together.wait()
        try:
            journal.record(read, draft)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        written = list(pool.map(decide, [EXPIRED, Draft(Kind.REQUEST_WITHDRAWN, {"click": 9}, ANA)]))
    assert sorted(written) == [False, True]


def test_clicks_in_the_same_instant_are_all_kept(journal: Journal[ChangeRequest], stream: str) -> None:
    together = threading.Barrier(8, timeout=5)

    def press(person: str) -> None:
        together.wait()
        journal.note(stream, click(person, f"delivery of {person}"))

    people = [f"U{n}" for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(press, people))
    assert sorted(c.person for c in journal.read(stream).pending) == people


def test_a_click_that_slack_delivers_twice_is_kept_once(journal: Journal[ChangeRequest], stream: str) -> None:
    journal.note(stream, click(BEN, "delivery-1"))
    with pytest.raises(DeliveredBeforeError):
        journal.note(stream, click(BEN, "delivery-1"))
    assert len(journal.read(stream).pending) == 1


def test_a_click_is_kept_also_after_the_end(journal: Journal[ChangeRequest], stream: str) -> None:
    journal.record(journal.read(stream), EXPIRED)
    noted = journal.note(stream, click(CY))
    assert (noted.state, len(noted.pending)) == (State.EXPIRED, 1)


@pytest.mark.parametrize("kind", sorted(set(Kind) - NOTES))
def test_what_moves_a_request_is_never_a_note(journal: Journal[ChangeRequest], stream: str, kind: Kind) -> None:
    with pytest.raises(ValueError, match=f"{kind} moves a request; use record"):
        journal.note(stream, Draft(kind, {}))


def test_nothing_is_noted_on_a_request_that_nobody_made(journal: Journal[ChangeRequest], log: SqliteLog) -> None:
    with pytest.raises(UnknownStreamError):
        journal.note("R-7", click(BEN))
    assert log.read("R-7") == ()


def test_requests_are_open_until_they_are_closed_and_again_after_a_late_click(
    journal: Journal[ChangeRequest], stream: str
) -> None:
    assert [request.id for request in journal.open()] == [stream]
    journal.record(journal.record(journal.read(stream), EXPIRED), Draft(Kind.REQUEST_CLOSED, {}))
    assert journal.open() == ()
    journal.note(stream, click(CY))
    assert [request.id for request in journal.open()] == [stream]


def test_people_look_back_on_the_open_requests_and_the_newest_ones(
    journal: Journal[ChangeRequest], stream: str
) -> None:
    for _ in range(NEWEST + 1):
        made = journal.begin(ASKED)
        refused = journal.record(journal.read(made), Draft(Kind.REQUEST_REFUSED, {"rule": "late", "text": "No."}))
        journal.record(refused, Draft(Kind.REQUEST_CLOSED, {}))
    assert [request.id for request in journal.open_and_newest()] == [stream, *[f"R-{n}" for n in range(3, NEWEST + 3)]]
