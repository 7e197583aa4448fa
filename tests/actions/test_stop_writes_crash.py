"""A stop whose connection ends at every point: the tables and the ledger agree, and looking tells which it is."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.core.errors import OutcomeUnknown, StepFailed
from tests.actions.stopping import Writes
from tests.database.server import Database
from tests.database.wire import DatabaseWire, Fault

PATIENCE = 30.0
OP = "0b1e5c9a-6f0e-4d35-9d0c-3a8f1f2b7c11"
COMMIT = b"COMMIT\0"
INSIDE = {
    "the line in the ledger": b'INSERT INTO "rollback_bot"."ledger"',
    "the function": b"CREATE OR REPLACE FUNCTION",
    "the lock": b"SHARE ROW EXCLUSIVE",
    "the trigger": b"CREATE OR REPLACE TRIGGER",
}
TERMINATE = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND application_name ~ '^rollback-bot [0-9a-f]{8}$'
"""


@pytest.fixture
def wire(database: Database) -> Iterator[DatabaseWire]:
    with DatabaseWire(database) as wire:
        yield wire


@pytest.fixture
def writes(database: Database, wire: DatabaseWire) -> Writes:
    """Of the four tables, over a way on which things can go wrong."""
    return Writes(database, url=wire.url)


def assert_nothing_happened(writes: Writes) -> None:
    """No trigger, no function, no line in the ledger; and looking says so."""
    assert (writes.triggers(), writes.functions()) == ({}, 0)
    with pytest.raises(StepFailed, match="was not committed"):
        writes.stopping.reconcile(writes.stopping.plan({"tables": ["all"]}), OP, at_deadline=True)


def test_a_backend_that_is_ended_inside_has_stopped_nothing(writes: Writes, wire: DatabaseWire) -> None:
    for point in INSIDE.values():
        step = writes.stopping.plan({"tables": ["all"]})
        with ThreadPoolExecutor() as beside, wire.failing(Fault(point, hold=True)) as fault:
            stopping = beside.submit(writes.execute, step, OP)
            assert fault.arrived.wait(PATIENCE)
            assert writes.database.rows(TERMINATE) == [(True,)]
            fault.release()
            with pytest.raises(StepFailed, match="broke before COMMIT was sent"):
                stopping.result(PATIENCE)
        assert_nothing_happened(writes)


def test_a_commit_that_is_lost_has_stopped_nothing(writes: Writes, wire: DatabaseWire) -> None:
    step = writes.stopping.plan({"tables": ["all"]})
    with wire.failing(Fault(COMMIT, apply=False, drop=True)), pytest.raises(OutcomeUnknown):
        writes.execute(step, OP)
    assert_nothing_happened(writes)


def test_a_commit_whose_answer_is_lost_has_stopped_them_and_looking_finds_it(
    writes: Writes, wire: DatabaseWire
) -> None:
    step = writes.stopping.plan({"tables": ["sessions"]})
    with wire.failing(Fault(COMMIT, drop=True)), pytest.raises(OutcomeUnknown):
        writes.execute(step, OP)
    report = writes.stopping.reconcile(step, OP, at_deadline=True)
    assert report["stopped"] == ["public.sessions"]
    assert writes.triggers() == {"sessions": "A"}


def test_a_resume_whose_connection_ends_after_its_commit_is_done_and_the_next_one_cleans_up(
    writes: Writes, wire: DatabaseWire
) -> None:
    writes.stop("sessions")
    step = writes.resuming.plan({"tables": []})
    with wire.failing(Fault(b"ACCESS EXCLUSIVE", apply=False, drop=True)):
        assert writes.execute(step, OP)["left"] is None
    assert writes.triggers() == {"sessions": "D"}
    assert writes.resuming.reconcile(step, OP, at_deadline=True)["left"] == ["public.sessions"]
    assert writes.resume("sessions")["left"] == []
