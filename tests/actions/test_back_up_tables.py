"""A backup set on a real database: of one moment, whole or not at all, apart from everybody; nothing else changed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from psycopg import sql

from bot.core.backup_set import set_in
from bot.core.checks import Verdict
from bot.core.errors import Drifted, OutcomeUnknown, Refused, StepFailed
from bot.core.plan import Step
from tests.actions.backing_up import DATE, OP, Backups
from tests.actions.restoring import wait_until
from tests.database.inventory import changes, inventory
from tests.database.server import PASSWORD, Connection, Database
from tests.database.wire import DatabaseWire, Fault
from tests.world import NOWHERE

PATIENCE = 30.0
SECOND_COPY = b'CREATE TABLE "rollback_bot"."u_backup'
COMMIT = b"COMMIT\0"
TERMINATE = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND application_name ~ '^rollback-bot [0-9a-f]{8}$'
"""
WAITS = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'public.u'::regclass"
COUNTS = (
    f"SELECT (SELECT count(*) FROM rollback_bot.t_backup_{DATE}), (SELECT count(*) FROM rollback_bot.u_backup_{DATE})"
)


@pytest.fixture
def backups(database: Database) -> Backups:
    """Of the tables t and u, with 20 rows each."""
    backups = Backups(database)
    for table in backups.tables:
        backups.make(
            f"CREATE TABLE {table} (id integer PRIMARY KEY, v text)",
            f"INSERT INTO {table} SELECT n, 'SECRET ' || n FROM generate_series(1, 20) AS n",
        )
    return backups


@pytest.fixture
def wire(database: Database) -> Iterator[DatabaseWire]:
    """A way to the database on which things can go wrong."""
    with DatabaseWire(database) as wire:
        yield wire


@pytest.fixture
def wired(backups: Backups, wire: DatabaseWire) -> Backups:
    """The same, over the wire."""
    return Backups(backups.database, url=wire.url)


@pytest.fixture
def limited(database: Database) -> Iterator[str]:
    """The address for a member of the tables' owner that doesn't bypass row-level security."""
    role = database.name.replace("rollback_test", "limited")
    name = sql.Identifier(role)
    with database.superuser() as connection:
        for statement in ("CREATE ROLE {} LOGIN", "GRANT app_owner TO {}"):
            connection.execute(sql.SQL(statement).format(name))
        granted = sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(sql.Identifier(database.name), name)
        connection.execute(granted)
        yield database.server.address(database.name, role, PASSWORD)
        connection.execute(sql.SQL("DROP OWNED BY {}").format(name))
        connection.execute(sql.SQL("DROP ROLE {}").format(name))


@pytest.fixture
def other(database: Database) -> Connection:
    """Somebody else's session, in a transaction."""
    connection = database.superuser()
    connection.execute("BEGIN")
    return connection


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    """A thread to take a set in, while the test does something else."""
    with ThreadPoolExecutor() as threads:
        yield threads


def test_a_set_has_every_table_with_its_rows_and_nothing_else_in_the_database_changes(
    backups: Backups, database: Database
) -> None:
    before = inventory(database.superuser())
    report = backups.take()
    assert backups.names() == [f"t_backup_{DATE}", f"u_backup_{DATE}"]
    assert report["backups"] == {f"t_backup_{DATE}": 20, f"u_backup_{DATE}": 20}
    assert changes(before, inventory(database.superuser())) == {}


def test_rows_written_between_two_tables_are_in_neither_backup(
    wired: Backups, wire: DatabaseWire, beside: ThreadPoolExecutor
) -> None:
    step = wired.plan()
    with wire.failing(Fault(SECOND_COPY, apply=False, hold=True)) as copy:
        taking = beside.submit(wired.take, step)
        assert copy.arrived.wait(PATIENCE)
        wired.make("INSERT INTO t VALUES (21, 'new')", "INSERT INTO u VALUES (21, 'new')", "UPDATE u SET v = ''")
    taking.result(PATIENCE)
    assert wired.database.rows(COUNTS) == [(20, 20)]
    assert wired.database.value(f"SELECT count(*) FROM rollback_bot.u_backup_{DATE} WHERE v = ''") == 0


def test_a_table_that_is_emptied_as_the_set_begins_is_of_the_same_moment_as_the_others(
    backups: Backups, other: Connection, beside: ThreadPoolExecutor
) -> None:
    step = backups.plan()
    other.execute("INSERT INTO public.t VALUES (21, 'with it')")
    other.execute("TRUNCATE public.u")
    taking = beside.submit(backups.take, step)
    wait_until(lambda: backups.database.rows(WAITS))
    other.execute("COMMIT")
    taking.result(PATIENCE)
    assert backups.database.rows(COUNTS) == [(21, 0)]


def test_no_more_than_a_readers_lock_is_held_on_the_tables(
    wired: Backups, wire: DatabaseWire, beside: ThreadPoolExecutor
) -> None:
    step = wired.plan()
    with wire.failing(Fault(COMMIT, apply=False, hold=True)) as commit:
        taking = beside.submit(wired.take, step)
        assert commit.arrived.wait(PATIENCE)
        modes = wired.database.rows(
            "SELECT DISTINCT mode FROM pg_locks WHERE relation IN ('public.t'::regclass, 'public.u'::regclass)"
        )
    taking.result(PATIENCE)
    assert modes == [("AccessShareLock",)]


def test_of_a_partitioned_table_every_partition_is_in_it(database: Database) -> None:
    backups = Backups(database, "progress_events")
    rows = database.value("SELECT count(*) FROM public.progress_events")
    (table,) = set_in(backups.plan()).tables
    assert rows == table.rows > 0
    assert backups.take()["backups"] == {f"progress_events_backup_{DATE}": rows}


def test_names_of_tables_and_schema_can_do_nothing(database: Database) -> None:
    name, schema = 'o"; DROP TABLE u; --', 'own "one"; --'
    backups = Backups(database, name, quarantine_schema=schema)
    backups.make('CREATE TABLE "o""; DROP TABLE u; --" (id integer PRIMARY KEY)', "CREATE TABLE u ()")
    step = backups.plan()
    backups.take(step)
    assert set(backups.verdicts(step).values()) == {Verdict.PASSED}
    assert database.value("SELECT to_regclass('public.u') IS NOT NULL")


class TestWhatIsRefused:
    """Before anything is done, with the rule and the way out."""

    @pytest.mark.parametrize(
        ("statement", "sentence"),
        [
            ("DROP TABLE u", r"Table public\.u does not exist\. A set has every table of the runbook"),
            ("DROP TABLE u; CREATE VIEW u AS SELECT 1 AS id", r"public\.u is a view, not a table"),
        ],
    )
    def test_a_set_that_could_not_have_every_table(self, backups: Backups, statement: str, sentence: str) -> None:
        backups.make(statement)
        with pytest.raises(Refused, match=f"{sentence}.*Nothing was changed"):
            backups.plan()

    def test_a_table_that_hides_rows_from_the_bots_role(self, backups: Backups, limited: str) -> None:
        backups.make("ALTER TABLE u ENABLE ROW LEVEL SECURITY", "ALTER TABLE u FORCE ROW LEVEL SECURITY")
        with pytest.raises(Refused, match=r"Row-level security hides rows of public\.u"):
            Backups(backups.database, url=limited).plan()

    def test_a_name_that_postgresql_would_cut(self, database: Database) -> None:
        name = "t" * 42
        backups = Backups(database, name)
        backups.make(f"CREATE TABLE {name} (id integer PRIMARY KEY)")
        with pytest.raises(Refused, match="longer than the 63 bytes"):
            backups.plan()

    def test_a_second_set_within_the_hour(self, backups: Backups) -> None:
        backups.take()
        backups.wait(timedelta(minutes=59))
        with pytest.raises(Refused, match=f"at most one an hour .*from 04:14 UTC on.*from {DATE}"):
            backups.plan()
        backups.wait(timedelta(minutes=1))
        assert set_in(backups.plan()).date == "20261122_041400"

    def test_a_set_that_somebody_else_took_since_the_plan(self, backups: Backups) -> None:
        step = backups.plan()
        assert backups.action.recheck(step) == ""
        backups.take()
        assert "at most one an hour" in backups.action.recheck(step)

    def test_a_backup_of_that_name_that_is_not_the_bots(self, backups: Backups) -> None:
        backups.make("CREATE SCHEMA rollback_bot", f"CREATE TABLE rollback_bot.u_backup_{DATE} ()")
        with pytest.raises(Refused, match="is there already"):
            backups.plan()

    def test_a_database_that_is_read_only(self, backups: Backups) -> None:
        step = backups.plan()
        name = backups.database.name
        with backups.database.superuser() as connection:
            connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
        assert "read-only mode" in backups.action.recheck(step)
        with pytest.raises(StepFailed, match=r"read-only mode\. Everything was rolled back"):
            backups.take(step)

    def test_taking_a_set_back(self, backups: Backups) -> None:
        step = backups.plan()
        backups.take(step)
        with pytest.raises(Refused, match=f"nothing to undo.*rollback_bot.u_backup_{DATE}"):
            backups.action.undo(step, OP)


class TestOnce:
    """One set at a time, each whole or not there; the ledger agrees with what is there."""

    def test_a_second_time_gives_the_first_report(self, backups: Backups) -> None:
        step = backups.plan()
        first = backups.take(step)
        backups.make("DELETE FROM t")
        assert backups.take(step) == first

    def test_a_set_beside_another_one_is_not_begun(self, backups: Backups, other: Connection) -> None:
        step = backups.plan()
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('rollback_bot.rollback_bot/backup sets', 0))")
        with pytest.raises(StepFailed, match="Another backup set is being taken"):
            backups.take(step)
        assert backups.names() == []

    def test_a_restore_that_is_running_does_not_hold_a_set_up(self, backups: Backups, other: Connection) -> None:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('rollback_bot.rollback_bot', 0))")
        other.execute("LOCK TABLE public.t IN EXCLUSIVE MODE")
        backups.take()
        assert len(backups.names()) == 2

    def test_a_migration_that_holds_a_table_stops_it_in_seconds(self, backups: Backups, other: Connection) -> None:
        step = backups.plan()
        other.execute("ALTER TABLE public.u ADD w text")
        with pytest.raises(StepFailed, match="A table is held by somebody"):
            backups.take(step)
        assert backups.names() == []

    @pytest.mark.parametrize("point", [b'INSERT INTO "rollback_bot"."ledger"', SECOND_COPY, COMMIT])
    def test_a_connection_that_is_ended_inside_has_added_nothing(
        self, wired: Backups, wire: DatabaseWire, beside: ThreadPoolExecutor, point: bytes
    ) -> None:
        step = wired.plan()
        with wire.failing(Fault(point, apply=False, hold=True)) as fault:
            taking = beside.submit(wired.take, step)
            assert fault.arrived.wait(PATIENCE)
            wired.database.rows(TERMINATE)
        with pytest.raises((StepFailed, OutcomeUnknown)):
            taking.result(PATIENCE)
        with pytest.raises(StepFailed, match="was not committed"):
            wired.look(step)
        assert wired.database.value("SELECT to_regnamespace('rollback_bot') IS NULL")

    def test_an_answer_to_commit_that_is_lost_is_found_in_the_ledger(self, wired: Backups, wire: DatabaseWire) -> None:
        step = wired.plan()
        with wire.failing(Fault(COMMIT, drop=True)), pytest.raises(OutcomeUnknown):
            wired.take(step)
        assert wired.look(step)["backups"] == {f"t_backup_{DATE}": 20, f"u_backup_{DATE}": 20}

    def test_nothing_is_known_while_the_database_cannot_be_reached(self, backups: Backups) -> None:
        with pytest.raises(OutcomeUnknown, match="can't be seen"):
            Backups(backups.database, url=NOWHERE).look(backups.plan())

    def test_a_table_that_became_something_else_is_drift(self, backups: Backups) -> None:
        step = backups.plan()
        backups.make("DROP TABLE u", "CREATE VIEW u AS SELECT 1 AS id")
        with pytest.raises(Drifted, match="is a view"):
            backups.take(step)


class TestAfterwards:
    """What a set promises stands, or it is said."""

    @pytest.fixture
    def taken(self, backups: Backups) -> Step:
        """A set that was taken, whatever is granted on new tables."""
        backups.make(
            "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC, anon",
            "ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO PUBLIC, anon",
        )
        step = backups.plan()
        backups.take(step)
        return step

    def test_every_check_of_it_passes_and_nobody_else_has_a_right(self, backups: Backups, taken: Step) -> None:
        assert set(backups.verdicts(taken).values()) == {Verdict.PASSED}

    @pytest.mark.parametrize(
        ("statement", "check"),
        [
            (f"DROP TABLE rollback_bot.u_backup_{DATE}", "Backups whole"),
            (f"DELETE FROM rollback_bot.u_backup_{DATE} WHERE id = 1", "Backups whole"),
            (f"COMMENT ON TABLE rollback_bot.u_backup_{DATE} IS 'mine'", "Backups whole"),
            (f"GRANT SELECT ON rollback_bot.u_backup_{DATE} TO service_role", "Backups kept apart"),
            ("DELETE FROM rollback_bot.ledger", "Backup set committed"),
        ],
    )
    def test_what_does_not_stand_any_more_fails(
        self, backups: Backups, taken: Step, statement: str, check: str
    ) -> None:
        backups.make("GRANT USAGE ON SCHEMA rollback_bot TO service_role", statement)
        assert [name for name, verdict in backups.verdicts(taken).items() if verdict is Verdict.FAILED] == [check]

    def test_no_value_of_a_row_is_in_the_manifest_or_the_ledger(self, backups: Backups, taken: Step) -> None:
        told = backups.database.value("SELECT string_agg(description, ' ') FROM pg_description")
        told += str(backups.database.rows("SELECT report FROM rollback_bot.ledger"))
        assert str(taken.after["date"]) in told
        assert "SECRET" not in told


class TestRestoringFromIt:
    """A restore takes the newest set of the bot's, and only as it was taken."""

    def test_the_set_stands_before_a_backup_of_the_same_moment_and_is_restored_from(self, backups: Backups) -> None:
        backups.make(f"CREATE TABLE t_backup_{DATE} AS SELECT * FROM t")
        backups.take()
        backups.make("UPDATE t SET v = 'damaged'")
        step = backups.plan_restore("t", "")
        backups.restores.execute(step, "0b1e5c9a-6f0e-4d35-9d0c-3a8f1f2b7c11", "")
        assert "rollback_bot" in str(step.before)
        assert backups.database.value("SELECT count(*) FROM t WHERE v = 'damaged'") == 0

    @pytest.mark.parametrize(
        "statement",
        [
            f"UPDATE rollback_bot.t_backup_{DATE} SET v = 'evil' WHERE id = 7",
            f"DELETE FROM rollback_bot.t_backup_{DATE} WHERE id = 7",
            f"ALTER TABLE rollback_bot.t_backup_{DATE} DROP COLUMN v",
        ],
    )
    def test_a_backup_that_was_changed_since_is_refused(self, backups: Backups, statement: str) -> None:
        backups.take()
        backups.make("UPDATE t SET v = 'damaged'", statement)
        with pytest.raises(Refused, match=r"was changed since it was taken.*Nothing was changed"):
            backups.plan_restore("t")

    def test_one_that_is_changed_after_the_plan_is_drift(self, backups: Backups) -> None:
        backups.take()
        backups.make("UPDATE t SET v = 'damaged'")
        step = backups.plan_restore("t")
        backups.make(f"UPDATE rollback_bot.t_backup_{DATE} SET v = 'evil' WHERE id = 7")
        assert "rows of the backup rollback_bot" in backups.restores.recheck(step)
