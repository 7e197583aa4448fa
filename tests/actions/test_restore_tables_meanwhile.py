"""What is written between the comparison and the moment the table is held: all of it is found, and nothing twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg.errors
import pytest

from bot.core.checks import Verdict
from bot.core.plan import Step
from bot.core.restore import WHOLE_ROWS, restore_facts
from tests.actions.restoring import Restores, wait_until
from tests.database.server import Database
from tests.database.wire import DatabaseWire, Fault

PATIENCE = 30.0
OP = "0b1e5c9a-6f0e-4d35-9d0c-3a8f1f2b7c11"
HOLDING = b"IN EXCLUSIVE MODE"
NEWER = "SELECT array_agg(id ORDER BY id) FROM public.t WHERE id > 100"


@pytest.fixture
def wire(database: Database) -> Iterator[DatabaseWire]:
    with DatabaseWire(database) as wire:
        yield wire


@pytest.fixture
def restores(database: Database, wire: DatabaseWire) -> Restores:
    """Of the table public.t with 100 rows, of which 1 is damaged and 2 is deleted; 101 is newer than the backup."""
    restores = Restores(database, url=wire.url)
    restores.make(
        "CREATE TABLE t (id integer PRIMARY KEY, v text)",
        "INSERT INTO t SELECT n, 'v' || n FROM generate_series(1, 100) AS n",
    )
    restores.back_up()
    restores.make(
        "UPDATE t SET v = 'x' WHERE id = 1", "DELETE FROM t WHERE id = 2", "INSERT INTO t VALUES (101, 'new')"
    )
    return restores


def large(step: Step) -> Step:
    """The same of a table that is too large to be compared as a whole while it is held."""
    facts = restore_facts(step)
    tables = (replace(facts.tables[0], live_rows=WHOLE_ROWS + 1, quarantine=""),)
    return replace(facts, tables=tables).as_step()


def restore_while(wire: DatabaseWire, restores: Restores, step: Step, *statements: str) -> tuple[int, ...]:
    """Restore, with the statements carried out before the table is held; what was updated, inserted, deleted, kept."""
    with ThreadPoolExecutor() as threads, wire.failing(Fault(HOLDING, apply=False, hold=True)) as fault:
        running = threads.submit(restores.run, step, OP)
        assert fault.arrived.wait(PATIENCE)
        restores.make(*statements)
        fault.release()
        done = running.result(PATIENCE)
    return tuple(done[what] for what in ("updated", "inserted", "deleted", "kept"))


def test_rows_that_were_changed_or_inserted(restores: Restores, wire: DatabaseWire) -> None:
    meanwhile = (
        "UPDATE t SET v = 'v1' WHERE id = 1",  # mended by somebody
        "INSERT INTO t VALUES (2, 'otherwise'), (102, 'newest')",
        "UPDATE t SET v = 'damaged' WHERE id IN (5, 6)",
        "UPDATE t SET v = v WHERE id = 7",
    )
    assert restore_while(wire, restores, large(restores.plan()), *meanwhile) == (3, 0, 0, 2)
    assert restores.differing() == 0
    assert restores.database.value(NEWER) == [101, 102]


@pytest.mark.parametrize(
    ("meanwhile", "done", "newer"),
    [
        (("DELETE FROM t WHERE id IN (1, 8)",), (0, 3, 0, 1), [101]),
        (("DELETE FROM t WHERE id = 8", "INSERT INTO t VALUES (102, 'newest')"), (1, 2, 0, 2), [101, 102]),
        (("UPDATE t SET id = 103 WHERE id = 8",), (1, 2, 0, 2), [101, 103]),
        (("DELETE FROM t WHERE id = 101", "INSERT INTO t VALUES (2, 'v2')"), (1, 0, 0, 0), None),
    ],
)
def test_rows_that_were_deleted_also_where_as_many_were_inserted(
    restores: Restores, wire: DatabaseWire, meanwhile: tuple[str, ...], done: tuple[int, ...], newer: list[int] | None
) -> None:
    assert restore_while(wire, restores, large(restores.plan()), *meanwhile) == done
    assert restores.differing() == 0
    assert restores.database.value(NEWER) == newer


def test_rows_that_an_exact_restore_is_to_delete(restores: Restores, wire: DatabaseWire) -> None:
    meanwhile = "INSERT INTO t VALUES (102, 'newest')", "DELETE FROM t WHERE id IN (9, 101)"
    assert restore_while(wire, restores, large(restores.plan(exact=True)), *meanwhile) == (1, 2, 1, 0)
    assert restores.differing() == 0
    assert restores.database.value(NEWER) is None


def test_what_a_transaction_wrote_that_had_not_ended_when_it_was_compared(
    restores: Restores, wire: DatabaseWire
) -> None:
    with restores.database.owner() as other:
        other.execute("BEGIN")
        other.execute("UPDATE t SET v = 'damaged' WHERE id = 5")
        step = large(restores.plan())
        with ThreadPoolExecutor() as threads, wire.failing(Fault(HOLDING, apply=False, hold=True)) as fault:
            running = threads.submit(restores.run, step, OP)
            assert fault.arrived.wait(PATIENCE)
            other.execute("COMMIT")
            fault.release()
            assert running.result(PATIENCE)["updated"] == 2
    assert restores.differing() == 0


class TestAfterCommit:
    """A table too large to be compared as a whole before COMMIT is compared afterwards."""

    def compared(self, restores: Restores, step: Step) -> tuple[Verdict, bool]:
        (result,) = [one for one in restores.action.verify(step, OP) if one.name == "Rows as restored"]
        return result.verdict, result.required

    def test_rows_that_people_changed_since_are_theirs(self, restores: Restores) -> None:
        step = large(restores.plan())
        restores.run(step, OP)
        restores.make("UPDATE t SET v = 'since' WHERE id IN (1, 50)", "DELETE FROM t WHERE id = 2")
        assert self.compared(restores, step) == (Verdict.PASSED, True)

    def test_a_row_that_nobody_changed_and_that_differs_fails(self, restores: Restores) -> None:
        written = restores.database.value("SELECT pg_current_xact_id()::text::bigint")
        oldest = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
        wait_until(lambda: restores.database.value(oldest) > written)  # of other tests, too
        step = large(restores.plan())
        restores.run(step, OP)
        restores.make("UPDATE t_backup_20261101 SET v = 'not restored' WHERE id = 50")
        assert self.compared(restores, step) == (Verdict.FAILED, True)

    def test_a_table_that_was_compared_as_a_whole_is_not_compared_again(self, restores: Restores) -> None:
        step = restores.plan()
        restores.run(step, OP)
        assert "Rows as restored" not in [result.name for result in restores.action.verify(step, OP)]


def test_a_table_that_changes_its_definition_while_it_is_compared_waits(restores: Restores, wire: DatabaseWire) -> None:
    step = restores.plan()
    with ThreadPoolExecutor() as threads, wire.failing(Fault(HOLDING, apply=False, hold=True)) as fault:
        running = threads.submit(restores.run, step, OP)
        assert fault.arrived.wait(PATIENCE)
        with restores.database.owner() as other:
            other.execute("SET lock_timeout = 1")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                other.execute("ALTER TABLE t ADD w text")
        fault.release()
        assert running.result(PATIENCE)["updated"] == 1


def test_a_number_that_somebody_takes_as_the_sequence_is_moved_is_not_given_again(
    restores: Restores, wire: DatabaseWire
) -> None:
    restores.make("CREATE SEQUENCE s START 90 CACHE 5", "ALTER TABLE t ALTER id SET DEFAULT nextval('public.s')")
    with ThreadPoolExecutor() as threads, wire.failing(Fault(b"ALTER SEQUENCE", apply=False, hold=True)) as fault:
        running = threads.submit(restores.run)
        assert fault.arrived.wait(PATIENCE)
        taken = restores.database.value("SELECT max(nextval('public.s')) FROM generate_series(1, 20)")
        fault.release()
        running.result(PATIENCE)
    assert restores.database.value("SELECT nextval('public.s')") > taken > 101
