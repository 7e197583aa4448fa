"""Taking a restore back by its change set: what it did to each row, and to no other; a real database each time."""

from typing import Any

import pytest

from bot.core.errors import Refused
from bot.core.plan import Step
from bot.core.restore import restore_facts
from bot.core.runbook.tables import DatabaseTable
from tests.actions.restoring import Restores
from tests.database.server import Database

OP, UNDO, REDO = (f"0b1e5c9a-6f0e-4d35-9d0c-3a8f1f2b7c{n}" for n in (11, 12, 13))
ROWS = "SELECT * FROM public.t ORDER BY id"
NO_RIGHT = (
    "SELECT bool_or(has_table_privilege(r, c.oid, 'SELECT')) FROM pg_class AS c, unnest(ARRAY['anon', 'authenticated',"
    " 'service_role']) AS r WHERE c.relname LIKE '%%\\_changes'"
)


@pytest.fixture
def restores(database: Database) -> Restores:
    """Of the table public.t with 20 rows: 1 to 3 damaged, 4 and 5 deleted, 21 and 22 newer than the backup."""
    restores = Restores(database, DatabaseTable(name="t"))
    restores.make(
        "CREATE TABLE t (id integer PRIMARY KEY, op text, hash text UNIQUE, w text GENERATED ALWAYS AS (op) STORED)",
        "INSERT INTO t SELECT n, 'v' || n, 'h' || n FROM generate_series(1, 20) AS n",
    )
    restores.back_up()
    restores.make(
        "UPDATE t SET op = 'damaged' WHERE id <= 3",
        "DELETE FROM t WHERE id IN (4, 5)",
        "INSERT INTO t VALUES (21, 'new', 'h21'), (22, 'new', 'h22')",
    )
    return restores


def restored(restores: Restores, *, exact: bool = False) -> Step:
    """Restore as operation OP; the step."""
    step = restores.plan(exact=exact)
    restores.execute(step, OP)
    return step


def numbers(step: Step) -> tuple[int, int, int, int | None]:
    """How many rows go back, come back and are deleted, and how many of them were changed since."""
    table = restore_facts(step).tables[0]
    return table.update, table.insert, table.delete, table.undone


@pytest.mark.parametrize("exact", [False, True])
def test_every_row_is_as_it_was_before(restores: Restores, exact: bool) -> None:  # noqa: FBT001
    restores.make("INSERT INTO t SELECT n, 'v', 'h' || n FROM generate_series(100, 200) AS n")
    restores.database.back_up("20261102", "t")
    restores.make("DELETE FROM t WHERE id = 200", "INSERT INTO t VALUES (300, 'new', 'h300')", "UPDATE t SET op = 'y'")
    before = restores.database.rows(ROWS)
    step = restores.action.plan({"tables": ["t"], "from": "20261102", "exact": exact})
    restores.execute(step, OP)
    assert restores.database.rows(ROWS) != before
    restores.execute(restores.action.undo(step, OP), UNDO)
    assert restores.database.rows(ROWS) == before


def test_rows_created_or_changed_by_nobody_else_stay_as_they_are(restores: Restores) -> None:
    step = restored(restores)
    restores.make("INSERT INTO t VALUES (23, 'newest', 'h23')", "UPDATE t SET op = 'fine' WHERE id = 10")
    restores.execute(restores.action.undo(step, OP), UNDO)
    kept = "SELECT id, op FROM public.t WHERE id IN (10, 23) ORDER BY id"
    assert restores.database.rows(kept) == [(10, "fine"), (23, "newest")]


def test_the_plan_says_what_goes_back_comes_back_and_is_deleted_and_what_was_changed_since(restores: Restores) -> None:
    step = restored(restores)
    assert numbers(restores.action.undo(step, OP)) == (3, 0, 2, 0)
    restores.make("UPDATE t SET op = 'since' WHERE id IN (1, 4)", "DELETE FROM t WHERE id = 2")
    assert numbers(restores.action.undo(step, OP)) == (2, 1, 2, 2)


def test_an_undo_can_be_undone(restores: Restores) -> None:
    step = restored(restores)
    after = restores.database.rows(ROWS)
    undo = restores.action.undo(step, OP)
    restores.execute(undo, UNDO)
    redo = restores.action.undo(undo, UNDO)
    assert numbers(redo) == (3, 2, 0, 0)
    restores.execute(redo, REDO)
    assert restores.database.rows(ROWS) == after


def test_columns_that_came_since_keep_their_values(restores: Restores) -> None:
    step = restored(restores)
    restores.make("ALTER TABLE t ADD tier text DEFAULT 'free'", "UPDATE t SET tier = 'plus' WHERE id = 1")
    undo = restores.action.undo(step, OP)
    assert numbers(undo) == (3, 0, 2, 0)
    restores.execute(undo, UNDO)
    assert restores.database.value("SELECT tier FROM public.t WHERE id = 1") == "plus"


def test_a_sticky_column_is_not_unset_by_an_undo_either(database: Database) -> None:
    words: dict[str, Any] = {"name": "t", "sticky": ["used"], "reinsert_deleted": False}
    restores = Restores(database, DatabaseTable(**words))
    restores.make(
        "CREATE TABLE t (id integer PRIMARY KEY, v text, used integer)", "INSERT INTO t VALUES (1, 'a'), (2, 'b')"
    )
    restores.back_up()
    restores.make("UPDATE t SET v = 'x'")
    step = restored(restores)
    restores.make("UPDATE t SET used = 1 WHERE id = 1", "DELETE FROM t WHERE id = 2")
    undo = restores.action.undo(step, OP)
    assert (numbers(undo), restore_facts(undo).tables[0].left_deleted) == ((1, 0, 0, 1), 1)
    restores.execute(undo, UNDO)
    assert restores.database.rows("SELECT * FROM public.t") == [(1, "x", 1)]


def test_what_the_restore_inserted_is_not_deleted_from_under_others_that_point_to_it(restores: Restores) -> None:
    step = restored(restores)
    restores.make(
        "CREATE TABLE child (t integer REFERENCES t ON DELETE CASCADE)", "INSERT INTO child VALUES (4), (4), (9)"
    )
    with pytest.raises(Refused, match=r"2 rows of public\.child \(child_t_fkey\)") as refused:
        restores.action.undo(step, OP)
    assert refused.value.rule == "collateral"


class TestRefusals:
    """What can't be taken back is said, and nothing changes."""

    def test_without_its_change_set(self, restores: Restores) -> None:
        step = restored(restores)
        restores.make(f"DROP TABLE rollback_bot.{restore_facts(step).tables[0].changes}")
        with pytest.raises(Refused, match="no longer kept"):
            restores.action.undo(step, OP)

    def test_of_a_restore_that_the_ledger_does_not_have(self, restores: Restores) -> None:
        with pytest.raises(Refused, match="ledger doesn't have"):
            restores.action.undo(restored(restores), UNDO)

    def test_a_second_time(self, restores: Restores) -> None:
        step = restored(restores)
        restores.execute(restores.action.undo(step, OP), UNDO)
        with pytest.raises(Refused, match="none is otherwise than it was before"):
            restores.action.undo(step, OP)

    def test_a_change_set_that_somebody_changed_after_the_plan(self, restores: Restores) -> None:
        undo = restores.action.undo(restored(restores), OP)
        restores.make(f"UPDATE rollback_bot.{restore_facts(undo).tables[0].backup} SET op = 'evil'")
        assert "have changed since the plan" in restores.action.recheck(undo)


def test_no_role_of_the_api_can_read_a_change_set(restores: Restores) -> None:
    restored(restores)
    assert restores.database.value(NO_RIGHT) is False
