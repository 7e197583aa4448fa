"""Rows of a partitioned table are restored through the parent, wherever they are; on a real database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg.errors
import pytest

from bot.core.errors import Refused, StepFailed
from bot.core.restore import WHOLE_ROWS, restore_facts
from bot.core.runbook.tables import DatabaseTable
from tests.actions.restoring import Restores
from tests.database.inventory import changes, inventory
from tests.database.server import Database
from tests.database.wire import DatabaseWire, Fault

OP, UNDO = (f"0b1e5c9a-6f0e-4d35-9d0c-3a8f1f2b7c{n}" for n in (11, 12))
PATIENCE = 30.0
HOLDING, WRITTEN = b"IN EXCLUSIVE MODE", b"SET CONSTRAINTS ALL IMMEDIATE"
ROWS = "SELECT tableoid::regclass::text, * FROM public.t ORDER BY id, at"
RIGHTLY = {"sequence values", "files"}
TABLE = (
    "CREATE TABLE p (id integer PRIMARY KEY)",
    """CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, at integer, p integer REFERENCES p ON DELETE SET NULL,
    v text, w text GENERATED ALWAYS AS (upper(v)) STORED, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)""",
    "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100)",
    "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (100) TO (200) PARTITION BY HASH (at)",
    "CREATE TABLE t2a PARTITION OF t2 FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
    "CREATE TABLE t2b PARTITION OF t2 FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
    "CREATE TABLE fired (name text)",
    """CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO fired VALUES (TG_NAME); RETURN coalesce(NEW, OLD); END $$""",
    "CREATE TRIGGER every AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION fire()",
    "CREATE TRIGGER statement AFTER INSERT OR UPDATE OR DELETE ON t EXECUTE FUNCTION fire()",
    "CREATE TRIGGER own BEFORE UPDATE OR DELETE ON t1 FOR EACH ROW EXECUTE FUNCTION fire()",
    "CREATE TRIGGER off BEFORE UPDATE ON t2a FOR EACH ROW EXECUTE FUNCTION fire()",
    "ALTER TABLE t1 ENABLE ALWAYS TRIGGER own",
    "ALTER TABLE t2a DISABLE TRIGGER off",
    "ALTER TABLE ONLY t2b DISABLE TRIGGER every",
    "INSERT INTO p SELECT generate_series(0, 9)",
    "INSERT INTO t (at, p, v) SELECT n, n % 10, 'v' || n FROM generate_series(1, 199) AS n",
    "CREATE TABLE child (id bigint, at integer, PRIMARY KEY (id, at))",
    "ALTER TABLE child ADD FOREIGN KEY (id, at) REFERENCES t ON DELETE CASCADE",
    "INSERT INTO child SELECT id, at FROM t WHERE id IN (20, 120)",
    "TRUNCATE fired",
)
DAMAGE = (
    "UPDATE t SET v = 'damaged' WHERE id IN (1, 101, 102)",
    "DELETE FROM t WHERE id IN (2, 103, 104)",
    "INSERT INTO t (at, v) VALUES (5, 'new'), (150, 'new')",
    "TRUNCATE fired",
)


@pytest.fixture
def wire(database: Database) -> Iterator[DatabaseWire]:
    with DatabaseWire(database) as wire:
        yield wire


@pytest.fixture
def restores(database: Database, wire: DatabaseWire) -> Restores:
    """Of the partitioned table public.t: three rows are damaged, three deleted, two newer than the backup."""
    restores = Restores(database, url=wire.url)
    restores.make(*TABLE)
    restores.back_up()
    restores.make(*DAMAGE)
    return restores


def test_rows_of_every_partition_come_back_and_no_definition_or_trigger_notices(restores: Restores) -> None:
    with restores.database.superuser() as connection:
        before = inventory(connection)
        done = restores.run()
        assert (done["updated"], done["inserted"], done["kept"], done["rows"]) == (3, 3, 2, 201)
        assert set(changes(before, inventory(connection))) <= RIGHTLY
    assert restores.differing() == 0
    assert restores.database.rows("SELECT * FROM public.fired") == []


@pytest.mark.parametrize("exact", [False, True])
def test_an_undo_puts_every_row_back_into_the_partition_that_it_was_in(restores: Restores, exact: bool) -> None:  # noqa: FBT001
    before = restores.database.rows(ROWS)
    step = restores.plan(exact=exact)
    restores.execute(step, OP)
    assert restores.database.rows(ROWS) != before
    restores.execute(restores.action.undo(step, OP), UNDO)
    assert restores.database.rows(ROWS) == before


@pytest.mark.parametrize(("exact", "there"), [(False, ["t1", "t2"]), (True, ["t1"])])
def test_a_row_that_moved_to_another_partition_has_another_key_and_comes_back_to_its_own(
    restores: Restores,
    exact: bool,  # noqa: FBT001
    there: list[str],
) -> None:
    restores.make("UPDATE t SET at = 160 WHERE id = 60")
    restores.execute(restores.plan(exact=exact))
    found = "SELECT left(tableoid::regclass::text, 2) FROM public.t WHERE id = 60 ORDER BY at"
    assert [name for (name,) in restores.database.rows(found)] == there


def test_a_sequence_goes_on_after_the_highest_number_of_all_partitions(restores: Restores) -> None:
    restores.make("TRUNCATE t RESTART IDENTITY CASCADE")
    restores.run()
    assert restores.database.value("INSERT INTO public.t (at) VALUES (7) RETURNING id") == 200


def test_rows_written_into_a_partition_while_it_was_compared_are_found(restores: Restores, wire: DatabaseWire) -> None:
    facts = restore_facts(restores.plan())
    step = replace(facts, tables=(replace(facts.tables[0], live_rows=WHOLE_ROWS + 1, quarantine=""),)).as_step()
    with ThreadPoolExecutor() as threads, wire.failing(Fault(HOLDING, apply=False, hold=True)) as fault:
        running = threads.submit(restores.run, step, OP)
        assert fault.arrived.wait(PATIENCE)
        restores.make("UPDATE t2b SET v = 'damaged' WHERE id IN (151, 153, 155, 157)", "DELETE FROM t1 WHERE id = 7")
        damaged = restores.database.value("SELECT count(*) FROM public.t WHERE v = 'damaged'")
        fault.release()
        done = running.result(PATIENCE)
    assert (done["updated"], done["inserted"]) == (damaged, 4)
    assert restores.differing() == 0


class TestHeld:
    """The parent and all of its partitions are held, and no partition comes or goes."""

    def test_nobody_writes_to_a_partition_by_its_own_name(self, restores: Restores, wire: DatabaseWire) -> None:
        step = restores.plan()
        with ThreadPoolExecutor() as threads, wire.failing(Fault(WRITTEN, apply=False, hold=True)) as fault:
            running = threads.submit(restores.run, step, OP)
            assert fault.arrived.wait(PATIENCE)
            with restores.database.owner() as other:
                other.execute("SET lock_timeout = 1")
                for statement in ("UPDATE t1 SET v = 'x'", "DELETE FROM t2a", "INSERT INTO t (at) VALUES (5)"):
                    with pytest.raises(psycopg.errors.LockNotAvailable):
                        other.execute(statement.encode())
            fault.release()
            assert running.result(PATIENCE)["updated"] == 3

    def test_a_partition_that_somebody_holds_is_waited_for_and_then_named(self, restores: Restores) -> None:
        step = restores.plan()
        with restores.database.owner() as other:
            other.execute("BEGIN")
            other.execute("UPDATE t1 SET v = 'x' WHERE id = 50")
            assert [holder.state for holder in restore_facts(restores.plan()).sessions] == ["idle in transaction"]
            with pytest.raises(StepFailed, match=r"could not be locked in 3 attempts.*app_owner.*idle in transaction"):
                restores.execute(step)

    def test_another_partition_is_another_definition(self, restores: Restores) -> None:
        step = restores.plan()
        restores.make("CREATE TABLE t3 PARTITION OF t FOR VALUES FROM (200) TO (300)")
        assert "definition of public.t" in restores.action.recheck(step)

    def test_another_rule_of_a_partition_is_another_definition(self, restores: Restores) -> None:
        step = restores.plan()
        restores.make("ALTER TABLE t2a ADD CHECK (v <> 'x')")
        assert "definition of public.t" in restores.action.recheck(step)


class TestForeignKeys:
    """Of a partitioned table they are those of any other."""

    def test_a_reference_becomes_null_where_its_parent_is_gone(self, restores: Restores) -> None:
        restores.make("DELETE FROM p WHERE id = 2")  # rows 2 and 102 point there
        assert restores.run()["updated"] == 3
        assert restores.database.value("SELECT p IS NULL FROM public.t WHERE id = 2")

    def test_children_of_a_partitioned_table_come_back_with_it(self, database: Database) -> None:
        restores = Restores(database, DatabaseTable(name="t"), DatabaseTable(name="child"))
        restores.make(*TABLE)
        restores.back_up()
        restores.make("DELETE FROM t WHERE id = 120")
        assert restores.run()["inserted"] == 1
        assert restores.differing("child") == 0

    def test_rows_that_others_point_to_are_not_deleted(self, restores: Restores) -> None:
        restores.make("INSERT INTO child SELECT id, at FROM t WHERE v = 'new'")
        with pytest.raises(Refused, match=r"2 rows of public\.child \(child_id_at_fkey\)"):
            restores.plan(exact=True)


class TestRefusals:
    """What is more than a table with partitions of its own is left alone."""

    def test_a_partition_by_its_own_name(self, database: Database) -> None:
        restores = Restores(database, DatabaseTable(name="progress_events_2025_07"))
        restores.back_up()
        with pytest.raises(Refused, match=r"progress_events_2025_07 is a partition; restore its parent\. Nothing was"):
            restores.plan()

    @pytest.mark.parametrize(
        ("statement", "told"),
        [
            ("CREATE TABLE other (id bigint, at integer, FOREIGN KEY (id, at) REFERENCES t1)", "points to public.t1"),
            ("ALTER TABLE t2a OWNER TO CURRENT_USER", r"no member of the owner of public\.t2a"),
        ],
    )
    def test_a_partition_that_something_points_to_or_that_is_somebody_elses(
        self, restores: Restores, statement: str, told: str
    ) -> None:
        with restores.database.superuser() as connection:
            connection.execute(statement.encode())
        with pytest.raises(Refused, match=told):
            restores.plan()

    def test_a_row_for_which_there_is_no_partition_any_more_is_rolled_back(self, restores: Restores) -> None:
        restores.make("DROP TABLE t1 CASCADE")
        with pytest.raises(StepFailed, match=r"No partition of t takes a row of the backup\. Everything was rolled"):
            restores.run()
