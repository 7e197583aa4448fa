"""What operations keep in the quarantine: kept for long enough, and removed by exactly what the ledger names."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from bot.actions.purge_quarantine import Purge, PurgeQuarantine
from bot.actions.restore_reading import RestoreReading
from bot.core.change import State
from bot.core.checks import Verdict
from bot.core.errors import OutcomeUnknown, Refused, StepFailed
from bot.core.plan import Step
from bot.core.quarantine import purge_facts
from bot.core.restore import restore_facts
from bot.core.runbook.tables import Database as Told
from bot.core.secret import Secret
from tests.actions.columns import ROWS, TABLE, Columns, listing
from tests.actions.restoring import NOW, Restores
from tests.core.standings import standing
from tests.database.server import Database, server
from tests.database.wire import DatabaseWire, Fault
from tests.histories import History, verified

OLD, YOUNG = timedelta(days=20), timedelta(days=13, hours=23)


class Runs:
    """Four runs that keep something, R-1 the oldest: a drop of a column that was undone, and three of other kinds."""

    def __init__(self, database: Database, url: str = "") -> None:
        self.database = database
        columns = Columns(database)
        columns.make(TABLE, ROWS)
        step = columns.plan("tier")
        self.op_ids = [columns.run(step), *(str(uuid4()) for _ in range(3))]
        columns.undo(step, self.op_ids[0])
        for number, op_id in enumerate(self.op_ids[1:], 2):
            columns.make(f"CREATE TABLE rollback_bot.copy_{number} AS TABLE t")
            named = json.dumps({"tables": {"t": {"quarantine": f"copy_{number}", "updated": 3}}})
            query = "INSERT INTO rollback_bot.ledger (op_id, report) VALUES (%s, %s::jsonb)"
            database.rows(query, op_id, named)
        told, address = Told(tables=(listing("tier"),)), Secret(url or database.url)
        reading = RestoreReading(address, told, clock=lambda: NOW, live=lambda: None)
        self.columns = columns
        self.purge = PurgeQuarantine(address, told, reading, clock=lambda: NOW)
        self.age(OLD)

    def age(self, by: timedelta, op_ids: Sequence[str] = ()) -> None:
        """Have operations been committed that long ago, one an hour."""
        for number, op_id in enumerate(op_ids or self.op_ids):
            at = NOW - by + timedelta(hours=number)
            self.database.rows("UPDATE rollback_bot.ledger SET committed_at = %s WHERE op_id = %s", at, op_id)

    def plan(self, request: str = "R-1", runs: Mapping[str, str] | None = None) -> Step:
        """The purge of a request; R-1 did the first operation, and so on."""
        told = {op_id: f"R-{number}" for number, op_id in enumerate(self.op_ids, 1)} if runs is None else dict(runs)
        return self.purge.plan({"request": request, "runs": told})

    def kept(self) -> list[str]:
        """The tables of the schema besides the ledger."""
        query = (
            "SELECT relname FROM pg_class WHERE relnamespace = 'rollback_bot'::regnamespace AND relkind IN ('r', 'v')"
        )
        return sorted(str(name) for (name,) in self.database.rows(query) if name != "ledger")

    def execute(self, step: Step, op_id: str = "") -> dict[str, Any]:
        return dict(self.purge.execute(step, op_id or str(uuid4()), ""))


@pytest.fixture
def runs(database: Database) -> Runs:
    return Runs(database)


@pytest.fixture(scope="module")
def kept_runs() -> Iterator[Runs]:
    """The same, for tests that change nothing of it."""
    with server().database() as database:
        yield Runs(database)


def rule(runs: Runs, request: str = "R-1", told: Mapping[str, str] | None = None) -> str:
    with pytest.raises(Refused) as refused:
        runs.plan(request, told)
    assert refused.value.text.endswith("Nothing was changed.")
    return refused.value.rule


class TestRefusals:
    """It stays."""

    @pytest.mark.parametrize("request_id", ["R-2", "R-3", "R-4"])
    def test_the_last_three_runs_stay_however_old_they_are(self, kept_runs: Runs, request_id: str) -> None:
        assert rule(kept_runs, request_id) == "last_runs"

    def test_several_operations_of_one_request_are_one_run(self, kept_runs: Runs) -> None:
        told = dict(zip(kept_runs.op_ids, ("R-1", "R-2", "R-3", "R-3"), strict=True))
        assert rule(kept_runs, "R-1", told) == "last_runs"

    def test_what_is_young_stays(self, runs: Runs) -> None:
        runs.age(YOUNG)
        assert rule(runs) == "young"

    def test_what_keeps_nothing_has_nothing_to_remove(self, runs: Runs) -> None:
        runs.execute(runs.plan())
        assert rule(runs) == "nothing_kept"
        assert rule(runs, "R-99") == "nothing_kept"

    @pytest.mark.parametrize(
        ("history", "expected"), [(standing(State.RUNNING), "open"), (verified(), "last_runs")], ids=["open", "ended"]
    )
    def test_a_request_that_goes_on_keeps_its_quarantine(
        self, kept_runs: Runs, history: History, expected: str
    ) -> None:
        purge = Purge(
            kept_runs.purge,
            read=lambda _: history.request,
            runs_of=lambda op_ids: dict.fromkeys(op_ids, history.request.id),
        )
        with pytest.raises(Refused) as refused:
            purge.plan({"request": history.request.id})
        assert refused.value.rule == expected


def test_the_plan_names_every_table_with_its_rows_and_bytes(kept_runs: Runs) -> None:
    step = kept_runs.plan()
    (table,) = purge_facts(step).tables
    assert table.rows == 20
    assert table.bytes > 0
    assert purge_facts(step).as_step() == step


def test_exactly_what_that_request_keeps_is_dropped(runs: Runs) -> None:
    runs.columns.make("CREATE TABLE rollback_bot.somebody_elses (x integer)")
    before, step = runs.kept(), runs.plan()
    gone = {table.name for table in purge_facts(step).tables}
    report = runs.execute(step)
    assert runs.kept() == sorted(set(before) - gone)
    assert set(report["dropped"]) == gone
    assert [result.verdict for result in runs.purge.verify(step, str(uuid4()))] == [Verdict.FAILED]


def test_changes_that_a_report_names_beside_a_copy_go_too(runs: Runs) -> None:
    runs.columns.make("CREATE TABLE rollback_bot.t_changes (id integer)")
    named = '{"tables": {"t": {"quarantine": "gone_already", "changes": "t_changes"}, "odd": 3}}'
    runs.database.rows("UPDATE rollback_bot.ledger SET report = %s::jsonb WHERE op_id = %s", named, runs.op_ids[0])
    assert [table.name for table in purge_facts(runs.plan()).tables] == ["t_changes"]
    runs.execute(runs.plan())
    assert "t_changes" not in runs.kept()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DROP TABLE rollback_bot.{0}", "no longer there"),
        ("DELETE FROM rollback_bot.{0} WHERE id = 1", "have changed since the plan"),
        (
            "ALTER TABLE rollback_bot.{0} RENAME TO moved; CREATE VIEW rollback_bot.{0} AS TABLE rollback_bot.moved",
            "no longer a table that the ledger says",
        ),
        ("CREATE VIEW rollback_bot.v AS SELECT * FROM rollback_bot.{0}", "^Something else in the database depends on"),
        ("UPDATE rollback_bot.ledger SET report = '{{}}'", "no longer a table that the ledger says"),
    ],
)
def test_what_is_no_longer_as_planned_is_not_dropped(runs: Runs, statement: str, told: str) -> None:
    step = runs.plan()
    runs.columns.make(statement.format(purge_facts(step).tables[0].name))
    before = runs.kept()
    with pytest.raises(StepFailed, match=told):
        runs.execute(step)
    assert runs.kept() == before


@pytest.mark.parametrize("name", ["ledger", "t_view", "../x", 'a"; DROP TABLE public.t; --'])
def test_the_ledger_and_what_is_no_table_of_the_bots_is_never_removed(runs: Runs, name: str) -> None:
    runs.columns.make("CREATE VIEW rollback_bot.t_view AS SELECT 1 AS x")
    named = {"t": {"quarantine": name}}
    query = "UPDATE rollback_bot.ledger SET report = jsonb_build_object('tables', %s::jsonb) WHERE op_id = %s"
    runs.database.rows(query, json.dumps(named), runs.op_ids[0])
    assert rule(runs) == "nothing_kept"


def test_an_undo_of_what_was_purged_is_refused_with_words(runs: Runs) -> None:
    columns = runs.columns
    step = columns.plan("tier")
    op_id = columns.run(step)
    runs.age(OLD + timedelta(days=1), [op_id])
    runs.op_ids.append(op_id)
    runs.execute(runs.plan("R-5"))
    with pytest.raises(Refused, match="is gone: a purge removed it"):
        columns.drop.undo(step, op_id)


def test_a_copy_that_a_restore_made_is_kept_and_listed(runs: Runs) -> None:
    restores = Restores(runs.database)
    restores.back_up()
    runs.columns.make("UPDATE t SET name = 'damaged' WHERE id = 1")
    step = restores.plan()
    restores.execute(step)
    copy = restore_facts(step).tables[0].quarantine
    assert copy in [table.name for table in runs.purge.kept()[0].tables]


def test_a_purge_is_not_undone(kept_runs: Runs) -> None:
    with pytest.raises(Refused, match="for good"):
        kept_runs.purge.undo(kept_runs.plan(), str(uuid4()))


def test_whoever_can_read_what_is_kept_is_named(runs: Runs) -> None:
    (name,) = [table.name for table in runs.purge.kept()[-1].tables]
    runs.columns.make("GRANT USAGE ON SCHEMA rollback_bot TO anon", f'GRANT SELECT ON rollback_bot."{name}" TO anon')
    assert [table.others for kept in runs.purge.kept() for table in kept.tables] == [(), (), (), ("anon",)]


def test_a_commit_whose_answer_is_lost_is_found_in_the_ledger(database: Database) -> None:
    with DatabaseWire(database) as wire:
        runs = Runs(database, wire.url)
        step, op_id = runs.plan(), str(uuid4())
        with wire.failing(Fault(b"COMMIT\0", drop=True)), pytest.raises(OutcomeUnknown):
            runs.execute(step, op_id)
        assert runs.execute(step, op_id) == runs.purge.reconcile(step, op_id, at_deadline=False)
        assert [result.verdict for result in runs.purge.verify(step, op_id)] == [Verdict.PASSED]


def test_a_connection_that_breaks_before_commit_has_removed_nothing(database: Database) -> None:
    with DatabaseWire(database) as wire:
        runs = Runs(database, wire.url)
        step, before = runs.plan(), runs.kept()
        with wire.failing(Fault(b"DROP TABLE", drop=True)), pytest.raises(StepFailed, match="broke before COMMIT"):
            runs.execute(step)
        assert runs.kept() == before
