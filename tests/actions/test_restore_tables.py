"""A restore as one operation on a real database: once, whole or not at all, and what is known of it afterwards."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pytest

from bot.adapters.postgres.restoring import Restoration
from bot.adapters.postgres.session import ConnectionLostError, Session, connected
from bot.core.checks import Verdict
from bot.core.errors import OutcomeUnknown, StepFailed, Unavailable
from bot.core.plan import Step
from bot.core.restore import restore_facts
from bot.core.secret import Secret
from tests.actions.restoring import Restores, wait_until
from tests.database.server import Connection, Database
from tests.database.wire import DatabaseWire, Fault
from tests.world import NOWHERE

PATIENCE = 30.0
OP = "0b1e5c9a-6f0e-4d35-9d0c-3a8f1f2b7c11"
LOCKING, COMMIT = b"IN EXCLUSIVE MODE", b"COMMIT\0"
RESTORES_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('rollback_bot.rollback_bot', 0))"
WAITING = """
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.fixture
def wire(database: Database) -> Iterator[DatabaseWire]:
    """A way to the database on which things can go wrong."""
    with DatabaseWire(database) as wire:
        yield wire


@pytest.fixture
def restores(database: Database) -> Restores:
    """Of the table public.t with 20 rows, one of them damaged."""
    restores = Restores(database)
    restores.make(
        "CREATE TABLE t (id integer PRIMARY KEY, v text)",
        "INSERT INTO t SELECT n, 'SECRET ' || n FROM generate_series(1, 20) AS n",
    )
    restores.back_up()
    restores.make("UPDATE t SET v = 'damaged' WHERE id = 1")
    return restores


@pytest.fixture
def wired(restores: Restores, wire: DatabaseWire) -> Restores:
    """The same, over the wire."""
    return Restores(restores.database, url=wire.url)


@pytest.fixture
def other(database: Database) -> Connection:
    """Somebody else's session, in a transaction."""
    connection = database.superuser()
    connection.execute("BEGIN")
    return connection


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    """A thread to restore in, while the test does something else."""
    with ThreadPoolExecutor() as threads:
        yield threads


def assert_unchanged(restores: Restores) -> None:
    """The damaged row is still damaged, and there is neither a copy nor a ledger."""
    assert restores.differing() == 1
    assert restores.database.value("SELECT to_regnamespace('rollback_bot') IS NULL")


class TestOnce:
    """An operation is applied once, whoever asks how often."""

    def test_a_second_time_gives_the_first_report_and_restores_nothing(self, restores: Restores) -> None:
        step = restores.plan()
        first = restores.execute(step, OP)
        restores.make("UPDATE t SET v = 'changed by its owner' WHERE id = 2")
        assert restores.execute(step, OP) == first
        assert restores.differing() == 1

    def test_a_restore_is_refused_while_another_one_is_running(self, restores: Restores, other: Connection) -> None:
        step = restores.plan()
        other.execute(RESTORES_LOCK)
        with pytest.raises(StepFailed, match="Another restore is running in this database"):
            restores.execute(step)
        assert_unchanged(restores)

    def test_somebody_who_looks_for_another_one_only_delays_it(
        self, wired: Restores, wire: DatabaseWire, beside: ThreadPoolExecutor
    ) -> None:
        step = wired.plan()
        wired.execute(step, OP)
        wired.make("UPDATE t SET v = 'damaged again' WHERE id = 1")
        again = wired.plan()
        with wire.failing(Fault(b"SELECT report", hold=True)) as look:
            looking = beside.submit(wired.look, step, OP)
            assert look.arrived.wait(PATIENCE)
            restoring = beside.submit(wired.execute, again)
            wait_until(lambda: wired.database.rows(WAITING))
        looking.result(PATIENCE)
        assert restoring.result(PATIENCE)["attempts"] == 1

    def test_a_database_that_cannot_be_reached_has_not_been_changed(self, restores: Restores) -> None:
        away = Restores(restores.database, url=NOWHERE)
        with pytest.raises(Unavailable, match="nothing was changed"):
            away.execute(restores.plan())


class TestLooking:
    """What is known of an operation by looking alone."""

    def test_what_was_committed_is_found_with_its_report(self, restores: Restores) -> None:
        step = restores.plan()
        report = restores.execute(step, OP)
        assert restores.look(step, OP) == report

    def test_what_was_never_begun_was_not_committed(self, restores: Restores) -> None:
        with pytest.raises(StepFailed, match="was not committed"):
            restores.look(restores.plan(), OP)

    def test_another_operation_is_not_taken_for_this_one(self, restores: Restores) -> None:
        step = restores.plan()
        restores.execute(step, OP)
        with pytest.raises(StepFailed, match="was not committed"):
            restores.look(step, str(uuid4()))

    def test_nothing_is_known_while_the_database_cannot_be_reached(self, restores: Restores) -> None:
        away = Restores(restores.database, url=NOWHERE)
        with pytest.raises(OutcomeUnknown, match="can't be seen"):
            away.look(restores.plan(), OP)

    def test_it_waits_for_a_commit_that_is_under_way(
        self, wired: Restores, wire: DatabaseWire, beside: ThreadPoolExecutor
    ) -> None:
        step = wired.plan()
        with wire.failing(Fault(COMMIT, apply=False, hold=True)) as commit:
            restoring = beside.submit(wired.execute, step, OP)
            assert commit.arrived.wait(PATIENCE)
            looking = beside.submit(wired.look, step, OP)
            wait_until(lambda: wired.database.rows(WAITING))
            assert not looking.done()
        assert looking.result(PATIENCE) == restoring.result(PATIENCE)

    def test_nothing_is_known_while_a_commit_stays_under_way(
        self, restores: Restores, other: Connection, beside: ThreadPoolExecutor
    ) -> None:
        step = restores.plan()
        other.execute(RESTORES_LOCK)
        looking = beside.submit(restores.look, step, OP)
        wait_until(lambda: restores.database.rows(WAITING))
        restores.database.rows(f"SELECT pg_cancel_backend(pid) FROM ({WAITING}) AS waiting")
        with pytest.raises(OutcomeUnknown, match="can't be seen yet"):
            looking.result(PATIENCE)


class TestLocks:
    """The tables are held for as long as was approved, and nobody is ended for it."""

    def test_it_gives_up_with_who_holds_a_table_and_not_with_what_they_asked(
        self, restores: Restores, other: Connection
    ) -> None:
        other.execute("SET application_name = 'nightly report'")
        other.execute("UPDATE public.t SET v = 'SECRET' WHERE id = 3")
        with pytest.raises(StepFailed, match=r"in 3 attempts\. Held by pid \d+ \(.*nightly report") as failed:
            restores.run()
        assert "SECRET" not in failed.value.text
        assert_unchanged(restores)

    def test_it_tries_again_until_the_table_is_free(
        self, wired: Restores, wire: DatabaseWire, other: Connection, beside: ThreadPoolExecutor
    ) -> None:
        step = wired.plan()
        other.execute("UPDATE public.t SET v = 'SECRET 3' WHERE id = 3")
        restoring = beside.submit(wired.execute, step)
        wait_until(lambda: len([message for message in wire.messages if LOCKING in message]) > 1)
        other.execute("COMMIT")
        assert int(str(restoring.result(PATIENCE)["attempts"])) > 1

    def test_readers_do_not_hold_it_up(self, restores: Restores, other: Connection) -> None:
        other.execute("SELECT * FROM public.t")
        assert restores.execute(restores.plan())["attempts"] == 1

    def test_it_is_rolled_back_when_it_holds_the_tables_for_longer_than_was_accepted(self, restores: Restores) -> None:
        restores.make(
            "CREATE FUNCTION slow(text) RETURNS boolean LANGUAGE sql AS 'SELECT pg_sleep(60) IS NOT NULL'",
            "ALTER TABLE t ADD CHECK (slow(v)) NOT VALID",
        )
        facts = replace(restore_facts(restores.plan()), limit_seconds=0.3, estimate_seconds=0.1)
        with pytest.raises(StepFailed, match="held"):
            restores.execute(facts.as_step())
        assert_unchanged(restores)


class TestSilence:
    """The network takes everything and answers nothing."""

    @pytest.fixture
    def session(self, wire: DatabaseWire) -> Iterator[Session]:
        with connected(Secret(wire.url), "rollback-bot test") as session:
            yield session

    def test_inside_the_transaction_ends_it_and_nothing_has_changed(
        self, restores: Restores, wire: DatabaseWire, session: Session
    ) -> None:
        restoration = begun(session, restores.plan())
        with wire.failing(Fault(b"UPDATE ONLY", apply=False, silent=True)):
            with pytest.raises(ConnectionLostError), session.within(0.3):
                restoration.write()
            assert restores.differing() == 1
        wait_until(lambda: not sessions_of_restores(restores.database))
        assert_unchanged(restores)

    def test_after_commit_leaves_it_to_the_ledger(
        self, restores: Restores, wire: DatabaseWire, session: Session
    ) -> None:
        step = restores.plan()
        restoration = begun(session, step)
        restoration.write()
        report = restoration.close()
        with wire.failing(Fault(COMMIT, silent=True)):
            with pytest.raises(ConnectionLostError), session.within(0.3):
                restoration.commit()
            assert restores.look(step, OP) == report


def begun(session: Session, step: Step) -> Restoration:
    """A restore that is about to write."""
    restoration = Restoration(session, restore_facts(step), OP)
    restoration.begin()
    restoration.prepare()
    restoration.hold()
    restoration.copy()
    return restoration


def sessions_of_restores(database: Database) -> list[object]:
    """The sessions of the bot in this database."""
    query = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'rollback-bot %'"
    )
    return list(database.rows(query))


class TestVerification:
    """What stands in the thread afterwards."""

    def verdicts(self, restores: Restores, step: Step, op_id: str = OP) -> dict[str, Verdict]:
        return {result.name: result.verdict for result in restores.action.verify(step, op_id)}

    def test_everything_passes_right_after_a_restore(self, restores: Restores) -> None:
        step = restores.plan()
        restores.execute(step, OP)
        assert set(self.verdicts(restores, step).values()) == {Verdict.PASSED}

    def test_an_operation_that_is_not_in_the_ledger_fails(self, restores: Restores) -> None:
        step = restores.plan()
        restores.execute(step, str(uuid4()))
        assert self.verdicts(restores, step)["Restore committed"] is Verdict.FAILED

    @pytest.mark.parametrize(
        "statement",
        [
            "DROP TABLE rollback_bot.{}",
            "GRANT USAGE ON SCHEMA rollback_bot TO anon; GRANT SELECT ON rollback_bot.{} TO anon",
        ],
    )
    def test_a_copy_that_is_gone_or_open_to_others_fails(self, restores: Restores, statement: str) -> None:
        step = restores.plan()
        restores.execute(step, OP)
        restores.make(statement.format(restore_facts(step).tables[0].quarantine))
        assert self.verdicts(restores, step)["Old rows copied aside"] is Verdict.FAILED

    def test_nobody_can_read_the_old_rows_whatever_is_granted_on_new_tables(self, restores: Restores) -> None:
        restores.make(
            "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC, anon",
            "ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO PUBLIC, anon",
        )
        step = restores.plan()
        restores.execute(step, OP)
        assert self.verdicts(restores, step)["Old rows copied aside"] is Verdict.PASSED

    def test_rows_that_went_meanwhile_are_shown_and_do_not_decide(self, restores: Restores) -> None:
        step = restores.plan()
        restores.execute(step, OP)
        restores.make("DELETE FROM t WHERE id = 7")
        (rows,) = [result for result in restores.action.verify(step, OP) if result.name == "Rows of t"]
        assert (rows.verdict, rows.required) == (Verdict.FAILED, False)

    def test_a_database_that_cannot_be_reached_fails_and_says_so(self, restores: Restores) -> None:
        away = Restores(restores.database, url=NOWHERE)
        (result,) = away.action.verify(restores.plan(), OP)
        assert (result.verdict, result.required) == (Verdict.FAILED, True)
        assert "can't be reached" in result.seen
