"""The runbook's SQL checks on a real server: one statement that reads one number, and nothing that writes."""

import resource
import time
from collections.abc import Iterator
from typing import LiteralString

import pytest

from bot.adapters.postgres.questions import Questions
from bot.adapters.postgres.session import ConnectionLostError, connected
from bot.core.checks import CheckResult, Verdict
from bot.core.runbook import load_runbook
from bot.core.runbook.checks import SqlCheck
from bot.core.secret import Secret
from tests.database.server import Database, server

RUNBOOK = """
[service]
name = "Shop"
[approval]
approvers = ["S_APPROVERS"]
[database]
[[checks]]
name = "Rows"
kind = "sql"
sql = '''{sql}'''
expect = "> 0"
"""
WRITES = (
    "CREATE FUNCTION writes() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO kept VALUES (0); RETURN 1; END $$"
)
UNLOCKS = (
    "CREATE FUNCTION unlocks() RETURNS int LANGUAGE plpgsql AS"
    " $$ BEGIN SET TRANSACTION READ WRITE; INSERT INTO kept VALUES (0); RETURN 1; END $$"
)
READ_ONLY, TOO_LATE, SEVERAL = "SQLSTATE 25006", "SQLSTATE 25001", "SQLSTATE 42601"
CONNECTED: LiteralString = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'rollback-bot check'"
)
ROWS = 5_000_000


@pytest.fixture(scope="module")
def kept() -> Iterator[Database]:
    """A database with a table of one row, and functions that would write to it. No test changes it."""
    with server().database() as database:
        owner = database.owner()
        for statement in ("CREATE TABLE kept (id int)", "INSERT INTO kept VALUES (7)", WRITES, UNLOCKS):
            owner.execute(statement)
        yield database


def ask(database: Database, sql: str, schema: str = "public") -> CheckResult:
    check = load_runbook(RUNBOOK.format(sql=sql), {}).checks[0]
    assert isinstance(check, SqlCheck)
    return Questions(Secret(database.url), schema).ask(check)


def rows(database: Database) -> int:
    return int(database.value("SELECT count(*) FROM kept"))


def connections(database: Database) -> int:
    """How many checks are connected to it, when those that are ending have had a moment."""
    deadline = time.monotonic() + 5
    while (open_ := database.value(CONNECTED)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return int(open_)


@pytest.mark.parametrize(
    ("sql", "number", "seen"),
    [
        ("SELECT count(*) FROM kept", 1, "1"),
        ("SELECT count(*) FROM kept WHERE id::text LIKE '7%'; -- with a comment", 1, "1"),
        ("SELECT 1204.5::numeric", 1204.5, "1,204.5"),
        ("SELECT 0.25::float8", 0.25, "0.25"),
        ("VALUES (3::bigint)", 3, "3"),
    ],
)
def test_the_answer_is_one_number(kept: Database, sql: str, number: float, seen: str) -> None:
    result = ask(kept, sql)
    assert (result.verdict, result.value, result.seen) == (Verdict.PASSED, number, seen)


def test_its_time_is_that_of_the_statement(kept: Database) -> None:
    result = ask(kept, "SELECT 1 FROM (SELECT pg_sleep(0.2)) AS slept")
    assert result.median_seconds == result.worst_seconds
    assert result.worst_seconds is not None
    assert result.worst_seconds >= 0.2


@pytest.mark.parametrize(
    ("sql", "seen"),
    [
        ("SELECT id FROM kept WHERE id = 8", "no rows instead of one number"),
        ("SELECT 41 UNION SELECT 42", "more than one row instead of one number"),
        ("SELECT 41, 42", "2 columns instead of one number"),
        ("SELECT FROM kept", "0 columns instead of one number"),
        ("SELECT 'forty-one'", "a text instead of one number"),
        ("SELECT NULL::int", "nothing (NULL) instead of one number"),
        ("SELECT true", "a value of another kind instead of one number"),
        ("SELECT current_date", "a value of another kind instead of one number"),
        ("SELECT 'NaN'::numeric", "an infinite or undefined one instead of one number"),
        ("SELECT 'infinity'::float8", "an infinite or undefined one instead of one number"),
        ("SELECT 'infinity'::date", "no number"),
        ("-- nothing is asked", "no number"),
        ("SELECT count(*) FROM lost", "SQLSTATE 42P01"),
        ("SELECT 'forty-one'::text::int", "SQLSTATE 22P02"),
    ],
)
def test_anything_else_fails_and_shows_no_value(kept: Database, sql: str, seen: str) -> None:
    result = ask(kept, sql)
    assert (result.verdict, result.value, result.seen) == (Verdict.FAILED, None, seen)


@pytest.mark.parametrize(
    ("sql", "seen"),
    [
        ("SELECT 1; SELECT 2", SEVERAL),
        ("SELECT 1; COMMIT; INSERT INTO kept VALUES (0)", SEVERAL),
        ("ROLLBACK; INSERT INTO kept VALUES (0)", SEVERAL),
        ("INSERT INTO kept VALUES (0) RETURNING id", READ_ONLY),
        ("WITH new AS (INSERT INTO kept VALUES (0) RETURNING id) SELECT id FROM new", READ_ONLY),
        ("SELECT writes()", READ_ONLY),
        ("CREATE TABLE more (id int)", READ_ONLY),
        ("COPY kept FROM STDIN", READ_ONLY),
        ("SET TRANSACTION READ WRITE", TOO_LATE),
        ("BEGIN READ WRITE", TOO_LATE),
        ("SELECT unlocks()", TOO_LATE),
        ("SELECT writes() FROM (SELECT set_config('transaction_read_only', 'off', true)) AS unlocked", TOO_LATE),
        ("SELECT writes() FROM (SELECT set_config('transaction_read_only', 'off', false)) AS unlocked", TOO_LATE),
        ("DO $$ BEGIN SET TRANSACTION READ WRITE; INSERT INTO kept VALUES (0); END $$", TOO_LATE),
        ("DO $$ BEGIN INSERT INTO kept VALUES (0); END $$", READ_ONLY),
        ("DO $$ BEGIN COMMIT; INSERT INTO kept VALUES (0); END $$", "SQLSTATE 2D000"),
        ("PREPARE more AS INSERT INTO kept VALUES (0)", "no number"),
        ("COPY kept TO STDOUT", "no number"),
        ("COMMIT", "no number"),
        ("COMMIT AND CHAIN", "no number"),
        ("LISTEN kept", "no number"),
        ("NOTIFY kept", "no number"),
    ],
)
def test_a_statement_that_would_write_fails_and_writes_nothing(kept: Database, sql: str, seen: str) -> None:
    assert (ask(kept, sql).seen, rows(kept), connections(kept)) == (seen, 1, 0)


def test_of_millions_of_rows_no_more_than_two_are_held(kept: Database) -> None:
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    result = ask(kept, f"SELECT generate_series(1, {ROWS})")
    assert result.seen == "more than one row instead of one number"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB; all of them are 150 MB
    assert time.monotonic() - began < 5
    assert connections(kept) == 0


def test_names_without_a_schema_are_of_the_runbooks_schema_and_then_of_the_roles_own(kept: Database) -> None:
    with kept.owner() as owner:
        for statement in ('CREATE SCHEMA "Else Where"', 'CREATE TABLE "Else Where".kept (id int)'):
            owner.execute(statement)
    assert ask(kept, "SELECT count(*) FROM kept", "Else Where").value == 0
    assert ask(kept, "SELECT count(*) FROM kept", "nowhere").value == 1


def test_a_lock_is_not_waited_for_long(kept: Database) -> None:
    with kept.owner() as owner, owner.transaction():
        owner.execute("LOCK TABLE kept IN ACCESS EXCLUSIVE MODE")
        assert ask(kept, "SELECT count(*) FROM kept").seen == "SQLSTATE 55P03"


def test_a_connection_is_ended_in_time_though_the_server_answers_nothing(kept: Database) -> None:
    began = time.monotonic()
    with (
        connected(Secret(kept.url), "silent") as session,
        pytest.raises(ConnectionLostError),
        session.within(0.2),
    ):
        session.rows("SELECT pg_sleep(30)")
    assert time.monotonic() - began < 10


def test_the_address_of_a_transaction_pooler_is_a_failed_check() -> None:
    check = load_runbook(RUNBOOK.format(sql="SELECT 1"), {}).checks[0]
    assert isinstance(check, SqlCheck)
    result = Questions(Secret("postgresql://bot:password@db.example:6543/production"), "public").ask(check)
    assert result.verdict is Verdict.FAILED
    assert "6543 is the transaction pooler" in result.seen
    assert "password" not in result.seen
