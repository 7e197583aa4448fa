"""Tables whose rows refer to each other, both NOT NULL and not deferrable: as one statement writes all, they may."""

import pytest

from bot.core.restore import restore_facts
from bot.core.runbook.tables import DatabaseTable
from tests.actions.restoring import Restores
from tests.database.server import Database

CYCLE = (
    "CREATE TABLE t (id integer PRIMARY KEY, u integer NOT NULL, v text)",
    "CREATE TABLE u (id integer PRIMARY KEY, t integer NOT NULL REFERENCES t)",
    (
        "WITH a AS (INSERT INTO t SELECT n, n, 'v' FROM generate_series(1, 200) AS n)"
        " INSERT INTO u SELECT n, n FROM generate_series(1, 200) AS n"
    ),
    "ALTER TABLE t ADD FOREIGN KEY (u) REFERENCES u",
)


@pytest.fixture
def restores(database: Database) -> Restores:
    """Of the tables public.t and public.u, each of whose rows refers to one of the other's."""
    restores = Restores(database, DatabaseTable(name="t"), DatabaseTable(name="u"))
    restores.make(*CYCLE)
    restores.back_up()
    return restores


def test_rows_of_a_cycle_come_back_together(restores: Restores) -> None:
    restores.make(
        "WITH a AS (DELETE FROM t WHERE id <= 50) DELETE FROM u WHERE id <= 50", "UPDATE t SET v = 'x', u = 60"
    )
    report = restores.execute(restores.plan())["tables"]
    assert isinstance(report, dict)
    assert [(row["updated"], row["inserted"]) for row in report.values()] == [(150, 50), (0, 50)]
    assert (restores.differing("t"), restores.differing("u")) == (0, 0)


def test_rows_of_a_cycle_are_changed_to_refer_to_those_that_come_back(restores: Restores) -> None:
    restores.make("UPDATE u SET t = 200", "UPDATE t SET u = 200", "DELETE FROM u WHERE id < 200")
    restores.execute(restores.plan())
    assert (restores.differing("t"), restores.differing("u")) == (0, 0)


def test_one_that_stays_away_holds_back_what_refers_to_it_around_the_cycle(database: Database) -> None:
    restores = Restores(database, DatabaseTable(name="t"), DatabaseTable(name="u"))
    restores.make(
        "CREATE TABLE p (id integer PRIMARY KEY)",
        "INSERT INTO p SELECT generate_series(1, 200)",
        *CYCLE,
        "ALTER TABLE u ADD p integer REFERENCES p ON DELETE CASCADE",
        "UPDATE u SET p = id",
    )
    restores.back_up()
    restores.make("WITH a AS (DELETE FROM t WHERE id = 7) DELETE FROM u WHERE id = 7", "DELETE FROM p WHERE id = 7")
    step = restores.plan()
    assert [dict(table.orphans) for table in restore_facts(step).tables] == [{"t_u_fkey": 1}, {"u_p_fkey": 1}]
    assert restores.run(step)["left_out"] == 1
