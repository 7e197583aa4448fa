"""Writes that are stopped: for everybody, to every table that is named, until they are resumed; and readers go on."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

from bot.core.checks import Verdict
from bot.core.errors import Refused, StepFailed
from bot.core.writes import TRIGGER, writes_facts
from tests.actions.stopping import STOPPED, Writes, refused, write_nothing
from tests.database.server import Connection, Database, server
from tests.world import NOWHERE

OP = "0b1e5c9a-6f0e-4d35-9d0c-3a8f1f2b7c11"
HOSTILE = ('Order "Items"', "two words", "ÄRGER; DROP TABLE x; --", "x" * 63, "%s {} '")

SAME_NAME = f"""
ALTER TABLE public.t OWNER TO app_owner;
CREATE TRIGGER "{TRIGGER}" BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()
"""


@pytest.fixture
def writes(database: Database) -> Writes:
    """Of the four tables of the runbook."""
    return Writes(database)


@pytest.fixture(scope="module")
def stopped() -> Iterator[Writes]:
    """A database whose writes are stopped, for tests that change nothing in it."""
    with server().database() as database:
        writes = Writes(database)
        writes.stop(op_id=OP)
        yield writes


class TestWhileStopped:
    """Who may do what."""

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE public.sessions SET user_agent = 'x'",
            "DELETE FROM public.sessions WHERE false",
            "INSERT INTO public.sessions SELECT * FROM public.sessions",
            "TRUNCATE public.sessions",
            "COPY public.sessions FROM PROGRAM 'true'",
            "MERGE INTO public.sessions USING (SELECT 1) AS x ON false WHEN NOT MATCHED THEN INSERT DEFAULT VALUES",
            "DELETE FROM auth.users",  # which would take the profiles with it
        ],
    )
    def test_whatever_writes_is_refused_also_to_a_superuser(self, stopped: Writes, statement: str) -> None:
        assert refused(stopped.database.superuser(), statement) == STOPPED

    @pytest.mark.parametrize("role", ["app_owner", "service_role"])
    def test_it_is_refused_to_the_owner_and_to_the_roles_of_the_api(self, stopped: Writes, role: str) -> None:
        connection = stopped.database.superuser()
        connection.execute(f"SET ROLE {role}".encode())
        assert refused(connection, "UPDATE public.sessions SET user_agent = 'x'") == STOPPED

    def test_it_is_refused_as_stopped_to_a_role_without_any_right_on_the_bots_schema(self, stopped: Writes) -> None:
        rights = "SELECT has_schema_privilege('authenticated', 'rollback_bot', 'USAGE')"
        assert stopped.database.value(rights) is False
        connection = stopped.database.superuser()
        connection.execute("SET ROLE authenticated")
        assert refused(connection, "UPDATE public.user_profiles SET bio = 'x'") == STOPPED

    def test_it_is_refused_where_ordinary_triggers_and_foreign_keys_are_off(self, stopped: Writes) -> None:
        connection = stopped.database.superuser()
        connection.execute("SET session_replication_role = replica")
        assert refused(connection, "DELETE FROM public.sessions") == STOPPED

    def test_the_error_says_which_table_and_which_operation_and_what_to_do(self, stopped: Writes) -> None:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction) as error:
            stopped.database.superuser().execute("DELETE FROM public.sessions")
        assert error.value.diag.message_primary == (
            f"writes to public.sessions are stopped by operation {OP} of the rollback bot"
        )
        assert "/dbrestore resume-writes" in str(error.value.diag.message_hint)

    @pytest.mark.parametrize(
        "statement",
        ["SELECT * FROM public.sessions", "SELECT * FROM public.sessions FOR UPDATE"],
    )
    def test_readers_go_on(self, stopped: Writes, statement: str) -> None:
        assert refused(stopped.database.superuser(), statement) == ""

    def test_tables_that_were_not_named_are_written_to(self, stopped: Writes) -> None:
        assert refused(stopped.database.superuser(), "UPDATE public.notes SET body = body") == ""

    def test_it_is_verified(self, stopped: Writes) -> None:
        step = stopped.stopping.plan({"tables": ["all"]})
        (result,) = stopped.stopping.verify(step, OP)
        assert (result.verdict, result.seen) == (Verdict.PASSED, "4 of 4 tables refuse them")

    def test_a_plan_says_that_they_are_stopped_already_and_stopping_again_stops_nothing_more(
        self, stopped: Writes
    ) -> None:
        step = stopped.stopping.plan({"tables": ["sessions"]})
        assert [table.is_stopped for table in writes_facts(step).tables] == [True]
        assert stopped.execute(step)["stopped"] == []


@contextmanager
def subscribed(database: Database, table: str) -> Iterator[None]:
    """A subscription replicates to the table, from nowhere; a database with one can't be dropped."""
    connection = database.superuser()
    connection.execute("SET allow_system_table_mods = on")
    connection.execute(
        "CREATE SUBSCRIPTION s CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)"
    )
    connection.execute("INSERT INTO pg_subscription_rel SELECT oid, %s::regclass, 'r' FROM pg_subscription", [table])
    yield
    connection.execute("DELETE FROM pg_subscription_rel")
    connection.execute("DROP SUBSCRIPTION s")


class TestStopping:
    """What a stop is, as one operation."""

    @pytest.fixture
    def other(self, database: Database) -> Connection:
        """Somebody else's session, in a transaction."""
        connection = database.superuser()
        connection.execute("BEGIN")
        return connection

    def test_it_gives_up_with_who_writes_there_and_nothing_is_stopped(self, writes: Writes, other: Connection) -> None:
        other.execute("SET application_name = 'nightly report'")
        other.execute("UPDATE public.sessions SET user_agent = 'SECRET'")
        with pytest.raises(StepFailed, match=r"in 3 attempts\. Held by pid \d+ \(.*nightly report") as failed:
            writes.stop()
        assert "SECRET" not in failed.value.text
        assert (writes.triggers(), writes.functions()) == ({}, 0)

    def test_readers_do_not_hold_it_up(self, writes: Writes, other: Connection) -> None:
        other.execute("SELECT * FROM public.sessions FOR UPDATE")
        assert writes.stop()["attempts"] == 1

    def test_the_plan_shows_who_is_in_a_transaction_there(self, writes: Writes, other: Connection) -> None:
        other.execute("SET application_name = 'nightly report'")
        other.execute("UPDATE public.sessions SET user_agent = 'SECRET'")
        facts = writes_facts(writes.stopping.plan({"tables": ["sessions"]}))
        assert [one.application for one in facts.sessions] == ["nightly report"]

    def test_the_plan_names_the_subscriptions_whose_rows_it_does_not_stop(self, writes: Writes) -> None:
        assert writes_facts(writes.stopping.plan({"tables": ["sessions"]})).subscriptions == ()
        with subscribed(writes.database, "public.sessions"):
            assert writes_facts(writes.stopping.plan({"tables": ["sessions"]})).subscriptions == ("s",)

    def test_a_second_time_gives_the_first_report_and_stops_nothing(self, writes: Writes) -> None:
        step = writes.stopping.plan({"tables": ["sessions"]})
        first = writes.execute(step, OP)
        writes.resume()
        assert writes.execute(step, OP) == first
        assert writes.triggers() == {}

    def test_what_was_never_begun_was_not_done(self, writes: Writes) -> None:
        with pytest.raises(StepFailed, match="was not committed"):
            writes.stopping.reconcile(writes.stopping.plan({"tables": ["all"]}), OP, at_deadline=False)

    def test_only_tables_that_were_written_to_before_are_reported(self, writes: Writes) -> None:
        writes.stop("sessions")
        assert writes.stop("sessions", "user_profiles")["stopped"] == ["public.user_profiles"]

    def test_tables_with_odd_names_are_stopped_and_resumed(self, database: Database) -> None:
        with database.owner() as owner:
            for name in HOSTILE:
                owner.execute(sql.SQL("CREATE TABLE {} (id integer)").format(sql.Identifier(name)))
        writes = Writes(database, *HOSTILE)
        writes.stop()
        connection = database.superuser()
        assert [refused(connection, write_nothing(name)) for name in HOSTILE] == [STOPPED] * len(HOSTILE)
        writes.resume()
        assert [refused(connection, write_nothing(name)) for name in HOSTILE] == [""] * len(HOSTILE)


class TestVerification:
    """What is said of it afterwards."""

    def verdict(self, writes: Writes) -> tuple[Verdict, str]:
        (result,) = writes.stopping.verify(writes.stopping.plan({"tables": ["all"]}), OP)
        return result.verdict, result.seen

    def test_a_resume_by_a_later_operation_is_no_fault(self, writes: Writes) -> None:
        writes.stop(op_id=OP)
        writes.resume("sessions")
        assert self.verdict(writes) == (Verdict.PASSED, "3 of 4 tables refuse them; 1 resumed since")

    def test_a_trigger_that_somebody_removed_fails(self, writes: Writes) -> None:
        writes.stop(op_id=OP)
        writes.database.rows(f'DROP TRIGGER "{TRIGGER}" ON public.sessions')
        assert self.verdict(writes) == (Verdict.FAILED, "3 of 4 tables refuse them")

    def test_a_table_that_can_be_written_through_another_one_since_fails(self, writes: Writes) -> None:
        step = writes.stopping.plan({"tables": ["sessions"]})
        writes.execute(step, OP)
        writes.database.rows(
            "CREATE TABLE public.p (LIKE public.sessions); ALTER TABLE public.sessions INHERIT public.p"
        )
        assert refused(writes.database.superuser(), "UPDATE public.p SET user_agent = 'x'") == ""
        (result,) = writes.stopping.verify(step, OP)
        assert result.verdict is Verdict.FAILED
        assert result.seen.startswith("1 of 1 tables refuse them; but public.sessions takes part in table inheritance")

    def test_a_database_that_cannot_be_reached_fails_and_says_so(self, writes: Writes) -> None:
        step = writes.stopping.plan({"tables": ["all"]})
        (result,) = Writes(writes.database, url=NOWHERE).stopping.verify(step, OP)
        assert "can't be reached" in result.seen


class TestWhatIsRefused:
    """A stop that would not stop everything is none."""

    def plan(self, writes: Writes, *statements: str) -> str:
        with writes.database.superuser() as connection:
            for statement in ("CREATE TABLE public.t (id integer, at date)", *statements):
                connection.execute(statement.encode())
        with pytest.raises(Refused) as refusal:
            writes.stopping.plan({"tables": ["t"]})
        assert refusal.value.text.endswith("Nothing was changed.")
        return refusal.value.text

    @pytest.mark.parametrize(
        ("statement", "told"),
        [
            ("DROP TABLE public.t", "does not exist"),
            ("ALTER TABLE public.t RENAME TO u; CREATE VIEW public.t AS TABLE public.u", "is a view, not a table"),
            ("DROP TABLE public.t; CREATE TABLE public.t (at date) PARTITION BY RANGE (at)", "is partitioned"),
            ("CREATE TABLE public.u () INHERITS (public.t)", "table inheritance"),
            ("SELECT 1", "no member of the owner"),
            (SAME_NAME, "that is not the bot's"),
        ],
    )
    def test_a_table_that_a_trigger_of_the_bot_does_not_close(
        self, database: Database, statement: str, told: str
    ) -> None:
        assert told in self.plan(Writes(database, "t"), statement)

    def test_a_table_that_the_runbook_does_not_list(self, writes: Writes) -> None:
        with pytest.raises(Refused, match="tables of the runbook only"):
            writes.stopping.targets({"tables": ["payments"]})

    def test_a_table_that_became_another_one_since_the_plan(self, database: Database) -> None:
        writes = Writes(database, "t")
        for how, told in (("CREATE TABLE t ()", "another table"), ("SELECT 1", "no longer there")):
            with database.owner() as owner:
                owner.execute("CREATE TABLE IF NOT EXISTS t ()")
                step = writes.stopping.plan({"tables": ["t"]})
                owner.execute("DROP TABLE t")
                owner.execute(how.encode())
            assert told in writes.stopping.recheck(step)
            with pytest.raises(StepFailed, match=told):
                writes.execute(step)

    def test_a_change_of_columns_since_the_plan_is_none_that_matters(self, writes: Writes) -> None:
        step = writes.stopping.plan({"tables": ["sessions"]})
        writes.database.rows("ALTER TABLE public.sessions ADD nickname text")
        assert writes.stopping.recheck(step) == ""
        assert writes.execute(step)["stopped"] == ["public.sessions"]
