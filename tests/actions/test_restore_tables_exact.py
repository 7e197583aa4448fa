"""An exact restore: rows that the backup doesn't have are deleted, where that harms no others."""

import pytest

from bot.core.errors import Drifted, Refused
from bot.core.restore import restore_facts
from bot.core.runbook.tables import DatabaseTable
from tests.actions.restoring import Restores
from tests.database.server import Database


@pytest.fixture
def restores(database: Database) -> Restores:
    """Of the table public.t, with 100 rows in the backup and two newer ones."""
    restores = Restores(database, DatabaseTable(name="t"))
    restores.make(
        "CREATE TABLE t (id integer PRIMARY KEY, v text UNIQUE)",
        "INSERT INTO t SELECT n, 'v' || n FROM generate_series(1, 100) AS n",
    )
    restores.back_up()
    restores.make("UPDATE t SET v = 'damaged' WHERE id = 1", "INSERT INTO t VALUES (101, 'v1'), (102, 'new')")
    return restores


def test_newer_rows_are_deleted_and_what_they_took_is_free_again(restores: Restores) -> None:
    step = restores.plan(exact=True)
    assert (restore_facts(step).tables[0].delete, restore_facts(step).tables[0].keep) == (2, 0)
    done = restores.run(step)
    assert (done["updated"], done["deleted"], done["kept"], done["rows"]) == (1, 2, 0, 100)
    assert restores.differing() == 0


def test_without_the_word_nothing_is_deleted(restores: Restores) -> None:
    restores.make("DELETE FROM t WHERE id = 101")
    assert (restores.run()["deleted"], restores.database.value("SELECT count(*) FROM public.t")) == (0, 101)


def test_more_than_one_row_in_twenty_is_refused(restores: Restores) -> None:
    restores.make("INSERT INTO t SELECT n, n::text FROM generate_series(200, 205) AS n")
    with pytest.raises(Refused, match=r"would delete 8 of 108 rows of public\.t \(limit 5%\)"):
        restores.plan(exact=True)


def test_more_than_that_since_the_plan_is_drift(restores: Restores) -> None:
    step = restores.plan(exact=True)
    restores.make("INSERT INTO t SELECT n, n::text FROM generate_series(200, 205) AS n")
    with pytest.raises(Drifted, match="would delete 8 of 108 rows"):
        restores.execute(step)


@pytest.mark.parametrize("action", ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"])
def test_rows_of_other_tables_that_would_suffer_are_refused_by_number_and_name(restores: Restores, action: str) -> None:
    restores.make(f"CREATE TABLE child (t integer CONSTRAINT to_t REFERENCES t ON DELETE {action})")
    step = restores.plan(exact=True)
    restores.make("INSERT INTO child VALUES (101), (102), (1)")
    with pytest.raises(Refused, match=r"2 rows of public\.child \(to_t\)"):
        restores.plan(exact=True)
    with pytest.raises(Drifted, match=r"2 rows of public\.child \(to_t\)"):
        restores.execute(step)


class TestTogether:
    """Several tables, each exact."""

    @pytest.fixture
    def both(self, restores: Restores) -> Restores:
        restores.make(
            "DROP TABLE t_backup_20261101",
            "CREATE TABLE u (id integer PRIMARY KEY, t integer REFERENCES t, note text)",
            "INSERT INTO u SELECT id, id FROM t WHERE id <= 100",
            "DELETE FROM t WHERE id > 100",
        )
        both = Restores(restores.database, DatabaseTable(name="t"), DatabaseTable(name="u"))
        both.back_up()
        both.make("INSERT INTO t VALUES (101, 'new')", "INSERT INTO u VALUES (101, 101)")
        return both

    def test_a_row_may_be_deleted_with_those_that_point_to_it(self, both: Restores) -> None:
        both.make("UPDATE u SET t = 101 WHERE id = 7")
        both.execute(both.plan(exact=True))
        assert (both.differing("t"), both.differing("u")) == (0, 0)
        assert both.database.value("SELECT count(*) FROM public.t NATURAL JOIN public.u") == 100

    def test_one_that_stays_and_points_to_it_by_a_column_that_is_not_restored_is_collateral(
        self, both: Restores
    ) -> None:
        both.make("ALTER TABLE u ADD other integer REFERENCES t ON DELETE CASCADE", "UPDATE u SET other = 101")
        with pytest.raises(Refused, match=r"100 rows of public\.u \(u_other_fkey\)"):
            both.plan(exact=True)
