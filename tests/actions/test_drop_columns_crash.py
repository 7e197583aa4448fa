"""A drop of columns, or its undo, that loses its connection: it happened whole or not at all, and the ledger tells."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from bot.actions.add_columns_back import AddColumnsBack
from bot.actions.drop_columns import DropColumns
from bot.core.errors import OutcomeUnknown, StepFailed
from bot.core.plan import Step
from tests.actions.columns import ROWS, TABLE, Columns
from tests.database.inventory import changes, inventory
from tests.database.server import Database
from tests.database.wire import DatabaseWire, Fault
from tests.world import NOWHERE

OP = "0b1e5c9a-6f0e-4d35-9d0c-3a8f1f2b7c11"
COMMIT = b"COMMIT\0"
DROPPING = {
    "the line in the ledger": b'INSERT INTO "rollback_bot"."ledger"',
    "the copy": b'CREATE TABLE "rollback_bot"."t_',
    "the lock": b"IN ACCESS EXCLUSIVE MODE",
    "the drop": b"DROP COLUMN",
}
RETURNING = {"the columns": b"ADD COLUMN", "the values": b'UPDATE ONLY "public"."t"'}


@pytest.fixture
def wire(database: Database) -> Iterator[DatabaseWire]:
    """A way to the database on which things can go wrong."""
    with DatabaseWire(database) as wire:
        yield wire


@pytest.fixture
def columns(database: Database, wire: DatabaseWire) -> Columns:
    """Of the columns tier and plan of public.t, over the wire."""
    columns = Columns(database, url=wire.url)
    columns.make(TABLE, ROWS)
    return columns


@pytest.fixture
def drop(columns: Columns) -> tuple[DropColumns, Step]:
    """A drop that is planned."""
    return columns.drop, columns.plan()


@pytest.fixture
def back(columns: Columns) -> tuple[AddColumnsBack, Step]:
    """The undo of a drop that is done, planned."""
    step = columns.plan()
    return columns.back, columns.drop.undo(step, columns.run(step))


def assert_lost(action: DropColumns | AddColumnsBack, step: Step, wire: DatabaseWire, at: bytes) -> None:
    """The connection is cut there, and nothing has happened."""
    with wire.failing(Fault(at, drop=True)), pytest.raises(StepFailed, match="broke before COMMIT was sent"):
        action.execute(step, OP, "")
    with pytest.raises(StepFailed, match="not committed"):
        action.reconcile(step, OP, at_deadline=False)


@pytest.mark.parametrize("point", DROPPING)
def test_a_drop_that_is_cut_off_inside_has_changed_nothing(
    drop: tuple[DropColumns, Step], wire: DatabaseWire, database: Database, point: str
) -> None:
    before = inventory(database.superuser())
    assert_lost(*drop, wire, DROPPING[point])
    assert changes(before, inventory(database.superuser())) == {}
    assert database.value("SELECT to_regnamespace('rollback_bot') IS NULL")


@pytest.mark.parametrize("point", RETURNING)
def test_an_undo_that_is_cut_off_inside_has_changed_nothing(
    back: tuple[AddColumnsBack, Step], wire: DatabaseWire, database: Database, point: str
) -> None:
    before = inventory(database.superuser())
    assert_lost(*back, wire, RETURNING[point])
    assert changes(before, inventory(database.superuser())) == {}


@pytest.mark.parametrize("which", ["drop", "back"])
def test_a_commit_whose_answer_is_lost_is_found_in_the_ledger(
    request: pytest.FixtureRequest, wire: DatabaseWire, which: str
) -> None:
    action, step = request.getfixturevalue(which)
    with wire.failing(Fault(COMMIT, drop=True)), pytest.raises(OutcomeUnknown, match="the ledger tells"):
        action.execute(step, OP, "")
    report = action.reconcile(step, OP, at_deadline=False)
    assert action.execute(step, OP, "") == report


@pytest.mark.parametrize("which", ["drop", "back"])
def test_a_commit_that_is_lost_has_changed_nothing(
    request: pytest.FixtureRequest, wire: DatabaseWire, which: str
) -> None:
    action, step = request.getfixturevalue(which)
    with wire.failing(Fault(COMMIT, apply=False, drop=True)), pytest.raises(OutcomeUnknown):
        action.execute(step, OP, "")
    with pytest.raises(StepFailed, match="not committed"):
        action.reconcile(step, OP, at_deadline=False)
    assert action.recheck(step) == ""


def test_nothing_is_known_while_the_database_cannot_be_reached(columns: Columns, database: Database) -> None:
    away = Columns(database, url=NOWHERE)
    with pytest.raises(OutcomeUnknown, match="can't be seen"):
        away.drop.reconcile(columns.plan(), str(uuid4()), at_deadline=True)
    (result,) = away.drop.verify(columns.plan(), str(uuid4()))
    assert "can't be reached" in result.seen
