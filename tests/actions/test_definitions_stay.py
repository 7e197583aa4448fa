"""No definition of a database changes by a backup set, a restore, an exact one or an undo; on each release there is."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from bot.core.plan import Step
from bot.core.runbook.tables import DatabaseTable
from tests.actions.backing_up import Backups
from tests.actions.restoring import restore_action
from tests.database.damage import DAMAGED, damage
from tests.database.inventory import changes, inventory
from tests.database.other_release import other_release
from tests.database.server import Database, server


@pytest.fixture(params=["of the tests", "of Debian"])
def shop_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """The shop's database after its damage, on that server."""
    of = other_release() if request.param == "of Debian" else server()
    with of.database() as database:
        damage(database.superuser())
        yield database


def test_a_backup_set_a_restore_its_undo_and_an_exact_restore_change_no_definition(shop_database: Database) -> None:
    watching = shop_database.superuser()
    before = inventory(watching)

    def assert_same_definitions() -> None:
        assert set(changes(before, inventory(watching))) <= {"sequence values"}

    def execute(step: Step) -> str:
        action.execute(step, op_id := str(uuid4()), "")
        assert_same_definitions()
        return op_id

    action = restore_action(shop_database.url, *(DatabaseTable(name=name) for name in DAMAGED))
    Backups(shop_database, *DAMAGED).take()
    assert_same_definitions()
    restore = action.plan({"tables": list(DAMAGED), "from": "20250903"})
    undo = action.undo(restore, execute(restore))
    execute(action.undo(undo, execute(undo)))
    execute(action.plan({"tables": ["magic_tokens"], "from": "20250903", "exact": True}))
