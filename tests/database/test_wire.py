"""The way to the database passes everything on, and each fault does what it says."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import psycopg
import pytest
from psycopg.rows import TupleRow

from tests.database.server import Database
from tests.database.wire import DatabaseWire, Fault

PATIENCE = 20.0
INSERT = "INSERT INTO notes (user_id, body) SELECT id, 'wired' FROM user_profiles LIMIT 1"


@pytest.fixture
def wire(database: Database) -> Iterator[DatabaseWire]:
    with DatabaseWire(database) as wire:
        yield wire


@pytest.fixture
def client(wire: DatabaseWire) -> Iterator[psycopg.Connection[TupleRow]]:
    """The bot's side: a transaction is open that wrote one note."""
    connection = psycopg.connect(wire.url, autocommit=True)
    connection.execute("BEGIN")
    connection.execute(INSERT)
    try:
        yield connection
    finally:
        connection.close()


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as threads:
        yield threads


def notes(database: Database) -> int:
    return int(database.value("SELECT count(*) FROM notes WHERE body = 'wired'"))


def commit(beside: ThreadPoolExecutor, client: psycopg.Connection[TupleRow]) -> Future[object]:
    return beside.submit(client.execute, "COMMIT")


def test_an_ordinary_session_works_through_it(database: Database, client: psycopg.Connection[TupleRow]) -> None:
    client.execute("COMMIT")
    assert client.execute("SELECT current_user, count(*) FROM user_profiles WHERE score >= %s", [0]).fetchall() == [
        ("app_owner", 300)
    ]
    assert len(client.execute("SELECT repeat('x', 1000) FROM generate_series(1, 2000)").fetchall()) == 2000
    assert notes(database) == 1


def test_a_client_that_asks_for_encryption_is_told_no_and_goes_on(wire: DatabaseWire) -> None:
    with psycopg.connect(wire.url.replace("sslmode=disable", "sslmode=prefer")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_what_a_client_sends_is_kept(wire: DatabaseWire, client: psycopg.Connection[TupleRow]) -> None:
    assert [message for message in wire.messages if b"INSERT INTO notes" in message]


def test_a_held_message_reaches_the_server_only_after_its_release(
    database: Database, wire: DatabaseWire, client: psycopg.Connection[TupleRow], beside: ThreadPoolExecutor
) -> None:
    with wire.failing(Fault(b"COMMIT", apply=False, hold=True)) as fault:
        ending = commit(beside, client)
        assert fault.arrived.wait(PATIENCE)
        assert notes(database) == 0
        fault.release()
        ending.result(PATIENCE)
    assert notes(database) == 1


def test_a_dropped_message_never_reaches_the_server(
    database: Database, wire: DatabaseWire, client: psycopg.Connection[TupleRow]
) -> None:
    wire.lay(Fault(b"COMMIT", apply=False, drop=True))
    with pytest.raises(psycopg.OperationalError):
        client.execute("COMMIT")
    assert client.broken
    assert notes(database) == 0


def test_an_answer_is_lost_after_the_server_carried_the_message_out(
    database: Database, wire: DatabaseWire, client: psycopg.Connection[TupleRow]
) -> None:
    wire.lay(Fault(b"COMMIT", drop=True))
    with pytest.raises(psycopg.OperationalError):
        client.execute("COMMIT")
    assert client.broken
    assert notes(database) == 1


def test_a_held_answer_comes_after_its_release(
    database: Database, wire: DatabaseWire, client: psycopg.Connection[TupleRow], beside: ThreadPoolExecutor
) -> None:
    with wire.failing(Fault(b"COMMIT", hold=True)) as fault:
        ending = commit(beside, client)
        assert fault.arrived.wait(PATIENCE)
        assert notes(database) == 1
        assert not ending.done()
        fault.release()
        ending.result(PATIENCE)


def test_the_answer_of_a_statement_with_parameters_is_held_to_its_end(
    wire: DatabaseWire, client: psycopg.Connection[TupleRow], beside: ThreadPoolExecutor
) -> None:
    with wire.failing(Fault(b"SELECT email", hold=True)) as fault:
        asking = beside.submit(
            lambda: client.execute("SELECT email FROM user_profiles WHERE score > %s", [0]).fetchall()
        )
        assert fault.arrived.wait(PATIENCE)
        assert not asking.done()
    assert len(asking.result(PATIENCE)) == 294


def test_in_a_silence_neither_side_learns_that_the_other_is_gone(
    database: Database, wire: DatabaseWire, client: psycopg.Connection[TupleRow], beside: ThreadPoolExecutor
) -> None:
    fault = wire.lay(Fault(b"COMMIT", apply=False, silent=True))
    ending = commit(beside, client)
    assert fault.arrived.wait(PATIENCE)
    query = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s AND usename = 'app_owner'"
    assert database.rows(query, database.name) == [(True,)]
    assert not ending.done()
    fault.release()
    with pytest.raises(psycopg.OperationalError):
        ending.result(PATIENCE)
    assert notes(database) == 0


def test_a_message_cut_up_by_tcp_still_matches(database: Database, wire: DatabaseWire) -> None:
    fault = wire.lay(Fault(b"the whole of it", drop=True))
    with psycopg.connect(wire.url, autocommit=True) as connection, pytest.raises(psycopg.OperationalError):
        connection.execute(f"SELECT '{'x' * 3_000_000}' /* the whole of it */".encode())
    assert fault.arrived.is_set()


def test_a_fault_passes_after_its_times(wire: DatabaseWire) -> None:
    wire.lay(Fault(b"SELECT", apply=False, drop=True))
    with psycopg.connect(wire.url, autocommit=True) as connection, pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    with psycopg.connect(wire.url, autocommit=True) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_after_a_cut_the_session_is_gone_and_a_new_one_can_be_had(
    wire: DatabaseWire, client: psycopg.Connection[TupleRow]
) -> None:
    wire.cut()
    with pytest.raises(psycopg.OperationalError):
        client.execute("COMMIT")
    with psycopg.connect(wire.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_closed_way_can_not_be_connected_to(wire: DatabaseWire) -> None:
    wire.close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(wire.url)
