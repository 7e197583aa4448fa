"""What other people's rows, functions and settings may do to a restore."""

import pytest

from bot.core.checks import Verdict
from bot.core.errors import Refused, StepFailed
from bot.core.restore import restore_facts
from bot.core.runbook.tables import DatabaseTable
from tests.actions.restoring import Restores
from tests.database.server import Database

PEOPLE = "CREATE TABLE t (id integer PRIMARY KEY, name text, boss integer REFERENCES t ON DELETE SET NULL)"
FORGED = """
CREATE FUNCTION public.hashtextextended(text, integer) RETURNS bigint LANGUAGE sql AS 'SELECT 7::bigint';
CREATE FUNCTION public.same(varchar, varchar) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'called'; END $$;
CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.same);
"""


@pytest.fixture
def restores(database: Database) -> Restores:
    """Of the table public.t."""
    return Restores(database, DatabaseTable(name="t", recent="updated_at"))


def test_rows_are_changed_to_refer_to_those_that_come_back_with_them(restores: Restores) -> None:
    restores.make(PEOPLE, "INSERT INTO t VALUES (1, 'a', NULL), (2, 'b', 1), (3, 'c', 1)")
    restores.back_up()
    restores.make("DELETE FROM t WHERE id = 1")
    done = restores.run()
    assert (done["updated"], done["inserted"]) == (2, 1)
    assert restores.differing() == 0


@pytest.mark.parametrize("action", ["CASCADE", "SET NULL", "SET DEFAULT"])
def test_a_change_that_rows_of_another_table_would_follow_is_refused(restores: Restores, action: str) -> None:
    restores.make(
        "CREATE TABLE t (id integer PRIMARY KEY, code text UNIQUE)",
        f"CREATE TABLE child (code text REFERENCES t (code) ON UPDATE {action})",
        "INSERT INTO t VALUES (1, 'old')",
    )
    restores.back_up()
    restores.make("UPDATE t SET code = 'new'", "INSERT INTO child VALUES ('new')")
    with pytest.raises(Refused, match=r"1 rows of public\.t would change in columns that rows of public\.child follow"):
        restores.plan()


def test_a_key_that_others_would_follow_is_no_hindrance_while_it_stays(restores: Restores) -> None:
    restores.make(
        "CREATE TABLE t (id integer PRIMARY KEY, name text)",
        "CREATE TABLE child (t integer REFERENCES t ON UPDATE CASCADE)",
        "INSERT INTO t VALUES (1, 'right')",
    )
    restores.back_up()
    restores.make("UPDATE t SET name = 'wrong'")
    assert restores.run()["updated"] == 1


class TestWhatIsUndone:
    """Changes after the backup was made, by the `recent` column."""

    def undone(self, restores: Restores, before: str, after: str) -> int | None:
        restores.make(
            "CREATE TABLE t (id integer PRIMARY KEY, name text, updated_at timestamptz)",
            f"INSERT INTO t SELECT n, 'x', {before} FROM generate_series(1, 3) AS n",
        )
        restores.back_up()
        restores.make(f"UPDATE t SET name = 'y', updated_at = {after}")
        return restore_facts(restores.plan()).tables[0].undone

    def test_a_first_change_counts_where_the_backup_has_no_moment_at_all(self, restores: Restores) -> None:
        assert self.undone(restores, "NULL::timestamptz", "now()") == 3

    def test_a_moment_that_the_backup_can_not_have_hides_no_change(self, restores: Restores) -> None:
        assert self.undone(restores, "'2099-01-01'::timestamptz", "'2026-11-20'::timestamptz") == 3

    def test_a_row_that_was_not_touched_by_anybody_since_does_not_count(self, restores: Restores) -> None:
        assert self.undone(restores, "'2026-10-01'::timestamptz", "'2026-10-01'::timestamptz") == 0


def test_functions_and_operators_of_somebody_elses_are_never_called(restores: Restores) -> None:
    restores.make("CREATE TABLE t (id varchar(8) PRIMARY KEY, name text)", "INSERT INTO t VALUES ('a', 'right')")
    restores.back_up()
    restores.make("UPDATE t SET name = 'wrong'")
    with restores.database.superuser() as connection:
        connection.execute(FORGED)
    step = restores.plan()
    restores.make("UPDATE t_backup_20261101 SET name = 'evil'")
    assert "rows of the backup public.t_backup_20261101 have changed" in restores.action.recheck(step)


def test_a_database_that_became_read_only_is_not_written_to(restores: Restores) -> None:
    restores.make("CREATE TABLE t (id integer PRIMARY KEY, name text)", "INSERT INTO t VALUES (1, 'right')")
    restores.back_up()
    restores.make("UPDATE t SET name = 'wrong'")
    step = restores.plan()
    with restores.database.superuser() as connection:
        connection.execute(f'ALTER DATABASE "{restores.database.name}" SET default_transaction_read_only = on'.encode())
    assert "read-only mode" in restores.action.recheck(step)
    with pytest.raises(StepFailed, match="read-only mode"):
        restores.execute(step)


def test_a_session_in_which_no_foreign_key_is_looked_at_writes_nothing(restores: Restores) -> None:
    restores.make("CREATE TABLE t (id integer PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    restores.back_up()
    step = restores.plan()
    with restores.database.superuser() as connection:
        name = restores.database.name
        connection.execute(f'ALTER DATABASE "{name}" SET session_replication_role = replica'.encode())
    assert "would look at no foreign key" in restores.action.recheck(step)
    with pytest.raises(Refused, match="session_replication_role is replica"):
        restores.plan()


def test_a_restore_is_verified_also_while_another_one_runs(restores: Restores) -> None:
    restores.make("CREATE TABLE t (id integer PRIMARY KEY, name text)", "INSERT INTO t VALUES (1, 'right')")
    restores.back_up()
    restores.make("UPDATE t SET name = 'wrong'")
    step, op_id = restores.plan(), "7d9f6a52-0a6e-4f1c-9d6e-1f2a3b4c5d6e"
    restores.execute(step, op_id)
    with restores.database.owner() as other:
        other.execute("BEGIN")
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('rollback_bot.rollback_bot', 0))")
        results = {result.name: result.verdict for result in restores.action.verify(step, op_id)}
    assert results["Restore committed"] is Verdict.PASSED


def test_maintenance_that_does_not_give_way_is_said(restores: Restores) -> None:
    restores.make("CREATE TABLE t (id integer PRIMARY KEY, name text)", "INSERT INTO t VALUES (1, 'right')")
    restores.back_up()
    restores.make("UPDATE t SET name = 'wrong'")
    step = restores.plan()
    with restores.database.owner() as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE")  # as VACUUM and ANALYZE have it
        with pytest.raises(StepFailed, match="Maintenance of the tables is under way"):
            restores.execute(step)
