"""Writes that are resumed: as they were before the stop, and no reader waits for it."""

import pytest

from bot.core.checks import Verdict
from bot.core.errors import Refused, StepFailed
from bot.core.writes import writes_facts
from tests.actions.stopping import STOPPED, Writes, refused, write_nothing
from tests.database.inventory import changes, inventory
from tests.database.server import Connection, Database

OP = "0b1e5c9a-6f0e-4d35-9d0c-3a8f1f2b7c11"


@pytest.fixture
def writes(database: Database) -> Writes:
    """Of the four tables of the runbook."""
    return Writes(database)


@pytest.fixture
def reader(database: Database) -> Connection:
    """Somebody who has been reading sessions for a while."""
    connection = database.superuser()
    connection.execute("BEGIN")
    connection.execute("SELECT * FROM public.sessions")
    return connection


def test_no_definition_is_another_one_afterwards_and_nothing_of_the_stop_is_left(writes: Writes) -> None:
    connection = writes.database.superuser()
    before = inventory(connection)
    writes.stop()
    assert changes(before, inventory(connection)).keys() == {"triggers"}
    done = writes.resume()
    assert changes(before, inventory(connection)) == {}
    assert (done["left"], writes.functions()) == ([], 0)


def test_without_tables_it_is_of_whatever_is_stopped_in_the_runbook_or_not(writes: Writes) -> None:
    writes.stop("sessions", "user_progress")
    smaller = Writes(writes.database, "user_progress")
    assert smaller.resume()["resumed"] == ["public.sessions", "public.user_progress"]


def test_where_nothing_is_stopped_there_is_nothing_to_resume(writes: Writes) -> None:
    with pytest.raises(Refused, match=r"stopped writes to no table of this database\. Nothing was changed\."):
        writes.resuming.plan({"tables": []})


def test_a_resume_of_named_tables_can_be_planned_before_they_are_stopped(writes: Writes) -> None:
    step = writes.resuming.plan({"tables": ["all"]})
    writes.stop("sessions")
    assert writes.resuming.recheck(step) == ""
    assert writes.execute(step)["resumed"] == ["public.sessions"]


class TestAReader:
    """Nobody who reads is waited for, but to remove what stops nothing any more."""

    def test_does_not_keep_writes_from_being_resumed_and_what_is_left_is_said(
        self, writes: Writes, reader: Connection
    ) -> None:
        writes.stop()
        done = writes.resume(op_id=OP)
        assert done["left"] == ["public.sessions"]
        assert writes.triggers() == {"sessions": "D"}
        assert refused(writes.database.superuser(), write_nothing("sessions")) == ""
        assert writes.resuming.reconcile(writes.resuming.plan({"tables": ["all"]}), OP, at_deadline=True) == done

    def test_that_is_gone_leaves_it_to_the_next_resume_to_clean_up(self, writes: Writes, reader: Connection) -> None:
        writes.stop("sessions")
        writes.resume()
        reader.execute("COMMIT")
        assert writes.resume("user_progress")["left"] == []
        assert (writes.triggers(), writes.functions()) == ({}, 0)

    def test_that_is_gone_leaves_it_to_the_next_stop_to_clean_up(self, writes: Writes, reader: Connection) -> None:
        writes.stop("sessions")
        writes.resume()
        reader.execute("COMMIT")
        writes.stop("user_progress")
        assert writes.triggers() == {"user_progress": "A"}

    def test_of_a_table_with_a_trigger_left_does_not_keep_it_from_being_stopped_again(
        self, writes: Writes, reader: Connection
    ) -> None:
        writes.stop("sessions")
        writes.resume()
        writes.stop("sessions", op_id=OP)
        assert refused(writes.database.superuser(), write_nothing("sessions")) == STOPPED
        assert writes.triggers() == {"sessions": "A"}


class TestUndo:
    """The way back of each is the other."""

    def test_of_a_stop_resumes_the_tables_that_it_stopped(self, writes: Writes) -> None:
        writes.stop("sessions")
        step = writes.stopping.plan({"tables": ["all"]})
        writes.execute(step, OP)
        back = writes.stopping.undo(step, OP)
        writes.execute(back)
        assert writes.triggers() == {"sessions": "A"}

    def test_of_a_resume_stops_the_tables_that_it_resumed(self, writes: Writes) -> None:
        writes.stop("sessions", "user_progress")
        step = writes.resuming.plan({"tables": []})
        writes.execute(step, OP)
        assert writes_facts(writes.resuming.undo(step, OP)).names == ("public.sessions", "public.user_progress")

    def test_of_what_changed_nothing_is_refused(self, writes: Writes) -> None:
        writes.stop()
        step = writes.stopping.plan({"tables": ["all"]})
        writes.execute(step, OP)
        with pytest.raises(Refused, match="stopped before, by another request"):
            writes.stopping.undo(step, OP)


def test_a_table_that_still_refuses_writes_fails_the_verification(writes: Writes) -> None:
    step = writes.resuming.plan({"tables": ["all"]})
    assert [one.verdict for one in writes.resuming.verify(step, OP)] == [Verdict.PASSED]
    writes.stop("sessions")
    (result,) = writes.resuming.verify(step, OP)
    assert (result.verdict, result.seen) == (Verdict.FAILED, "1 of 4 tables refuse them")


def test_a_table_that_is_gone_is_drift(database: Database) -> None:
    database.rows("CREATE TABLE public.t (); ALTER TABLE public.t OWNER TO app_owner")
    writes = Writes(database, "t")
    writes.stop()
    step = writes.resuming.plan({"tables": []})
    database.rows("DROP TABLE public.t")
    with pytest.raises(StepFailed, match="no longer there"):
        writes.execute(step)
