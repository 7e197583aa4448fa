"""A restore, an exact one and an undo that lose their bot or session at every point: all of it is so, or nothing.

What the request says of it then is told in tests/test_restore_crash.py.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import uuid4

import pytest

from bot.core.errors import OutcomeUnknown, StepFailed
from bot.core.plan import Facts
from tests.actions.operations import LOCKS, MODES, Stand, killed_at
from tests.actions.restoring import wait_until
from tests.database.server import Database, server
from tests.database.wire import DatabaseWire, Fault

PATIENCE = 30.0
COMMIT = b"COMMIT\0"
POINTS = {
    "claim": b'INSERT INTO "rollback_bot"."ledger"',
    "lock of the backup": b'LOCK TABLE "',
    "definitions held": b"IN SHARE UPDATE EXCLUSIVE MODE",
    "change set": b"WITH NO DATA",
    "staging": b'CREATE TEMP TABLE "candidates_1"',
    "first table held": b'LOCK TABLE ONLY "public"."c" IN EXCLUSIVE MODE',
    "all tables held": b'LOCK TABLE ONLY "public"."t" IN EXCLUSIVE MODE',
    "copy": b'AS SELECT * FROM ONLY "public"."t"',
    "comparison": b'CREATE TEMP TABLE "difference_1"',
    "triggers off": b" DISABLE TRIGGER ",
    "write": b'WITH "deleted_0" AS',
    "triggers on": b" ENABLE TRIGGER ",
    "sequence": b"ALTER SEQUENCE ",
    "verification": b"NOT is_orphan)  FROM (SELECT d.*",
    "report": b'UPDATE "rollback_bot"."ledger" SET report',
}
TERMINATE = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND application_name ~ '^rollback-bot [0-9a-f]{8}$'
"""
IS_WAITED_FOR = f"{LOCKS} AND locktype = 'advisory' AND NOT granted"


@pytest.fixture(scope="module", params=MODES)
def standing(request: pytest.FixtureRequest) -> Iterator[Stand]:
    """One that never happens: all tests share it, and what holds after each is asked of the definitions in the end."""
    with server().database() as database, DatabaseWire(database) as wire:
        stand = Stand(database, wire, request.param)
        yield stand
        stand.assert_same_definitions()


@pytest.fixture(params=MODES)
def stand(database: Database, request: pytest.FixtureRequest) -> Iterator[Stand]:
    """One for a test that carries it out."""
    with DatabaseWire(database) as wire:
        yield Stand(database, wire, request.param)


def begun(fault: Fault, stand: Stand, op_id: str, threads: ThreadPoolExecutor) -> Future[Facts]:
    """Begin the operation, up to the fault."""
    stand.wire.lay(fault)
    running = threads.submit(stand.restores.execute, stand.step, op_id)
    assert fault.arrived.wait(PATIENCE)
    return running


@pytest.mark.parametrize("point", POINTS)
def test_killed_inside_the_transaction_nothing_is_so(standing: Stand, point: str) -> None:
    op_id = str(uuid4())
    fault = killed_at(Fault(POINTS[point], hold=True), standing, op_id)
    standing.wire.lift(fault)
    standing.assert_never(op_id)


@pytest.mark.parametrize("standing", ["restore", "undo"], indirect=True)  # an exact one is told of it by the same lines
@pytest.mark.parametrize("point", POINTS)
def test_with_its_session_ended_inside_the_transaction_nothing_is_so_and_that_is_said(
    standing: Stand, point: str
) -> None:
    op_id = str(uuid4())
    fault = Fault(POINTS[point], hold=True)
    with ThreadPoolExecutor() as threads:
        running = begun(fault, standing, op_id, threads)
        assert standing.database.rows(TERMINATE) == [(True,)]
        standing.wire.lift(fault)
        with pytest.raises(StepFailed, match=r"broke before COMMIT was sent\. Everything was rolled back"):
            running.result(PATIENCE)
    standing.assert_never(op_id)


def test_killed_while_its_commit_is_lost_on_the_way_nothing_is_so(standing: Stand) -> None:
    op_id = str(uuid4())
    fault = killed_at(Fault(COMMIT, apply=False, drop=True), standing, op_id)
    standing.wire.lift(fault)
    standing.assert_never(op_id)


def test_with_its_session_ended_before_commit_arrives_nothing_is_so_though_only_the_ledger_can_tell(
    standing: Stand,
) -> None:
    op_id = str(uuid4())
    fault = Fault(COMMIT, apply=False, hold=True)
    with ThreadPoolExecutor() as threads:
        running = begun(fault, standing, op_id, threads)
        assert standing.database.rows(TERMINATE) == [(True,)]
        standing.wire.lift(fault)
        with pytest.raises(OutcomeUnknown, match="the ledger tells"):
            running.result(PATIENCE)
    standing.assert_never(op_id)


def test_killed_while_its_commit_is_under_way_it_is_waited_for_and_happened_once(stand: Stand) -> None:
    op_id = str(uuid4())
    fault = killed_at(Fault(COMMIT, apply=False, hold=True), stand, op_id)
    with ThreadPoolExecutor() as threads:
        looking = threads.submit(stand.restores.look, stand.step, op_id)
        wait_until(lambda: stand.database.value(IS_WAITED_FOR))
        stand.wire.lift(fault)
        assert looking.result(PATIENCE)["tables"]
    stand.assert_once(op_id)


@pytest.mark.parametrize("ends", ["killed", "ended"])
def test_when_the_answer_of_commit_is_lost_it_happened_once(stand: Stand, ends: str) -> None:
    op_id = str(uuid4())
    if ends == "killed":
        stand.wire.lift(killed_at(Fault(COMMIT, hold=True), stand, op_id))
    else:
        with ThreadPoolExecutor() as threads, pytest.raises(OutcomeUnknown):
            begun(Fault(COMMIT, drop=True), stand, op_id, threads).result(PATIENCE)
    stand.assert_once(op_id)
