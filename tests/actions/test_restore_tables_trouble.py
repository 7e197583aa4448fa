"""What a machine or a network does to a restore: a full disk, and a connection of which only one side is left."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from bot.core.errors import StepFailed
from tests.actions.operations import MODES, Stand, killed_at
from tests.database.server import Database, server
from tests.database.wire import DatabaseWire, Fault

FULL = (
    (
        "CREATE FUNCTION public.full_disk() RETURNS event_trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$"
    ),
    "CREATE EVENT TRIGGER full_disk ON ddl_command_end WHEN TAG IN ('{}') EXECUTE FUNCTION public.full_disk()",
)
EMPTIED = "DROP EVENT TRIGGER full_disk", "DROP FUNCTION public.full_disk()"


@pytest.fixture(params=MODES)
def stand(database: Database, request: pytest.FixtureRequest) -> Iterator[Stand]:
    with DatabaseWire(database) as wire:
        yield Stand(database, wire, request.param)


@pytest.mark.parametrize("stand", ["restore"], indirect=True)
def test_a_bot_of_which_only_the_server_s_side_is_left_lets_go_of_the_tables(stand: Stand) -> None:
    op_id = str(uuid4())
    fault = killed_at(Fault(b'WITH "deleted_0" AS', silent=True), stand, op_id)
    with stand.database.owner() as application:  # waits for it: 15 seconds, after which the server ends the session
        application.execute("SELECT FROM t WHERE id = 1 FOR UPDATE")
    stand.assert_never(op_id)
    stand.wire.lift(fault)


def test_a_disk_that_is_full_rolls_everything_back_and_once_it_is_not_the_same_operation_happens(stand: Stand) -> None:
    op_id = str(uuid4())
    with stand.database.superuser() as connection:
        for tag in ("CREATE TABLE AS", "ALTER TABLE", "ALTER SEQUENCE"):
            for statement in FULL:
                connection.execute(statement.format(tag).encode())
            with pytest.raises(StepFailed, match=r"disk is full\. Everything was rolled back"):
                stand.restores.execute(stand.step, op_id)
            stand.assert_never(op_id)
            for statement in EMPTIED:
                connection.execute(statement.encode())
    stand.restores.execute(stand.step, op_id)
    stand.assert_once(op_id)


@pytest.fixture
def tiny() -> Iterator[sql.Identifier]:
    """A tablespace with next to no room in it, on a disk of its own."""
    if os.geteuid() or "TEST_DATABASE_URL" in os.environ:
        pytest.skip("only root can make a small disk for a server on this machine")
    name, folder = sql.Identifier(f"tiny_{uuid4().hex[:8]}"), Path(mkdtemp(prefix="tiny-", dir="/tmp"))
    command = ("mount", "-t", "tmpfs", "-o", "size=40k,uid=nobody,mode=700", "tmpfs", str(folder))
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        if not mounted:
            pytest.skip("this machine lets nobody mount a small disk")
        with psycopg.connect(server().url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(name, str(folder)))
            connection.execute(sql.SQL("GRANT CREATE ON TABLESPACE {} TO PUBLIC").format(name))
            yield name
            connection.execute(sql.SQL("DROP TABLESPACE {}").format(name))
    finally:
        if mounted:
            subprocess.run(("umount", str(folder)), check=True)  # noqa: S607
        folder.rmdir()


def test_copies_that_fill_a_real_disk_are_rolled_back_too(tiny: sql.Identifier, stand: Stand) -> None:
    op_id, database = str(uuid4()), sql.Identifier(stand.database.name)
    with stand.database.superuser() as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} SET default_tablespace = {}").format(database, tiny))
        with pytest.raises(StepFailed, match=r"disk is full\. Everything was rolled back"):
            stand.restores.execute(stand.step, op_id)
        stand.assert_never(op_id)
        connection.execute(sql.SQL("ALTER DATABASE {} RESET default_tablespace").format(database))
    stand.restores.execute(stand.step, op_id)
    stand.assert_once(op_id)
