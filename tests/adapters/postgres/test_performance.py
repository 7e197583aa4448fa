"""What a database under load is seen to do: on a real server, with real locks, scans and statements."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from psycopg import sql

from bot.adapters.postgres.performance import Performance
from bot.core.performance import SCANS, STATEMENTS, TRANSACTIONS, WAITS, Reading
from bot.core.secret import Secret
from tests.database.other_release import other_release
from tests.database.server import Connection, Database, server

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SECRET = "hunter-2"
HIDDEN = "GRANT pg_read_all_stats TO"
BIG = (
    "CREATE TABLE public.visits AS SELECT g AS id, 'row ' || g AS note FROM generate_series(1, 12000) AS g",
    "ALTER TABLE public.visits ADD PRIMARY KEY (id)",
    "CREATE INDEX visits_note ON public.visits (note, id) WHERE note <> 'row hunter-2'",
    "CREATE TABLE public.small (id int)",
)


@pytest.fixture(scope="module")
def busy() -> Iterator[Database]:
    """A database with a large table; what the tests change in it, they roll back."""
    with server().database() as database:
        with database.superuser() as connection:  # what a session counted is everybody's when it ends
            for statement in BIG:
                connection.execute(statement)
        yield database


@pytest.fixture(scope="module")
def counting() -> Iterator[Database]:
    """A database that counts statements, of another release, with the extension where Supabase has it."""
    with other_release().database() as database:
        database.rows("CREATE EXTENSION pg_stat_statements SCHEMA extensions")
        database.rows("CREATE TABLE public.visits AS SELECT g AS id FROM generate_series(1, 9) AS g")
        yield database


def read(url: str, first: Reading | None = None) -> Reading:
    return Performance(Secret(url), clock=lambda: AT).read(first)


@contextmanager
def waiting(database: Database, holder: Connection, waiter: Connection) -> Iterator[None]:
    """Let one session wait for a row that another has changed."""
    waits = threading.Thread(target=waiter.execute, args=(f"UPDATE visits SET note = '{SECRET}' WHERE id = 7",))
    holder.execute("BEGIN")
    holder.execute(f"UPDATE visits SET note = '{SECRET}' WHERE id = 7")
    waits.start()
    try:
        until = time.monotonic() + 10
        while not database.value(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = %s", waiter.info.backend_pid
        ):
            assert time.monotonic() < until
            time.sleep(0.01)
        yield
    finally:
        holder.execute("ROLLBACK")
        waits.join()


def test_who_waits_for_whom_is_seen_with_the_table_and_without_values(busy: Database) -> None:
    holder, waiter = busy.superuser(), busy.superuser()
    with waiting(busy, holder, waiter):
        reading = read(busy.superuser_url)
        hidden = read(busy.url)
    ((wait,), (held,)) = reading.waits, reading.transactions
    assert (wait.pid, wait.table, wait.held_by) == (
        waiter.info.backend_pid,
        "public.visits",
        (holder.info.backend_pid,),
    )
    assert wait.text == "UPDATE visits SET note = ? WHERE id = ?"
    assert (held.pid, held.state, held.text) == (holder.info.backend_pid, "idle in transaction", wait.text)
    assert SECRET not in str(reading)
    ((same,),) = (hidden.waits,)  # locks are everybody's to see; what others do is not
    assert (same.pid, same.held_by, same.text) == (wait.pid, wait.held_by, "")
    assert [text for text in hidden.missing if HIDDEN in text]


def test_a_transaction_that_is_short_or_the_bots_own_is_left_out(busy: Database) -> None:
    with busy.superuser() as connection:
        connection.execute("SELECT 1")
        assert read(busy.superuser_url).transactions == ()


def test_a_large_table_that_is_read_row_after_row_is_seen_with_its_indexes(busy: Database) -> None:
    with busy.superuser() as connection:
        connection.execute("SELECT count(note) FROM public.visits WHERE note LIKE '%9'")
        connection.execute("SELECT count(*) FROM public.small")
    (scan,) = read(busy.url).scans
    assert (scan.table, scan.live_rows >= 12_000, scan.scans > 0) == ("public.visits", True, True)
    assert scan.rows_read >= 12_000
    assert scan.indexes == ("visits_pkey (id)", "visits_note (note, id) of some rows")


def test_what_a_database_lacks_is_said_and_the_rest_is_read(busy: Database) -> None:
    reading = read(busy.superuser_url)
    assert (reading.at, reading.unread) == (AT, (STATEMENTS,))
    assert "pg_stat_statements is not installed" in reading.missing[0]
    assert "CREATE EXTENSION pg_stat_statements;" in reading.missing[0]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://bot:password@/shop?host=/nowhere", "can't be reached"),
        ("postgresql://bot:password@db.example:6543/shop", "6543 is the transaction pooler"),
    ],
)
def test_a_database_that_cannot_be_asked_is_an_answer_too(url: str, says: str) -> None:
    reading = read(url)
    assert (says in reading.missing[0], "password" in str(reading)) == (True, False)
    assert reading.unread == (WAITS, TRANSACTIONS, STATEMENTS, SCANS)


def test_statements_are_counted_and_shown_without_values_or_the_bots_own(counting: Database) -> None:
    with counting.superuser() as forgetting:  # what other tests had counted here
        forgetting.execute("SET pg_stat_statements.track = 'none'")
        forgetting.execute("SELECT extensions.pg_stat_statements_reset()")
    with counting.superuser() as connection:
        connection.execute(f"SELECT count(*) FROM public.visits WHERE id::text = '{SECRET}' /* of ana */")
        connection.execute(f"COMMENT ON TABLE public.visits IS '{SECRET}'")
    read(counting.superuser_url)
    reading = read(counting.superuser_url)
    texts = [one.text for one in reading.statements]
    assert "SELECT count(*) FROM public.visits WHERE id::text = $1" in texts
    assert [text for text in texts if "stat" in text or "set_config" in text or "COMMENT" in text] == []
    assert (reading.unread, reading.missing, reading.statements_since is not None) == ((), (), True)
    assert SECRET not in str(reading)


def test_a_light_statement_that_took_the_most_time_since_the_first_reading_is_among_those_of_the_last(
    counting: Database,
) -> None:
    with counting.superuser() as connection:
        for heavy in range(1, 16):  # more of them than are kept by their totals
            connection.execute("SELECT pg_sleep(0.01)" + ", id" * heavy + " FROM public.visits LIMIT 1")
        first = read(counting.superuser_url)
        connection.execute("SELECT pg_sleep(0.002) AS light")
    alone, beside = read(counting.superuser_url), read(counting.superuser_url, first)
    assert [any("AS light" in one.text for one in reading.statements) for reading in (alone, beside)] == [False, True]


def test_statements_that_the_role_may_not_see_are_said_with_the_grant(counting: Database) -> None:
    assert f"{HIDDEN} app_owner;" in " ".join(read(counting.url).missing)
    with counting.superuser() as connection:
        connection.execute("REVOKE USAGE ON SCHEMA extensions FROM app_owner, public")
        reading = read(counting.url)
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA extensions TO app_owner"))
    assert reading.unread == (STATEMENTS,)
    assert "GRANT USAGE ON SCHEMA extensions TO app_owner;" in " ".join(reading.missing)
