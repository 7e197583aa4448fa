"""The plan for data corruption: stop, restore, roll back, resume, all planned before the first of them."""

from collections.abc import Mapping
from uuid import uuid4

import pytest

from bot.actions import Action
from bot.actions.rollback_deployment import RollbackDeployment
from bot.core.checks import Verdict
from bot.core.errors import StepFailed
from bot.core.plan import Ask, Step
from bot.core.runbook import load_runbook
from bot.settings import SHIPPED_RUNBOOK
from tests.actions.restoring import DATE, Restores
from tests.actions.stopping import SHOP, STOPPED, Writes, refused, write_nothing
from tests.database.inventory import changes, inventory
from tests.database.server import Database
from tests.demo_runbook import ENVIRONMENT
from tests.simulator.vercel import VercelStandIn
from tests.simulator.vercel_cast import PREVIOUS

DIFFERENT = f"""
SELECT count(*) FROM public.user_profiles_backup_{DATE} AS b LEFT JOIN public.user_profiles AS l USING (id)
WHERE to_jsonb(b) IS DISTINCT FROM to_jsonb(l)
"""


def asks() -> list[Ask]:
    """What the shipped runbook's scenario asks for."""
    scenario = load_runbook(SHIPPED_RUNBOOK.read_text(), ENVIRONMENT).scenario("data-corruption")
    assert scenario
    return [step for step in scenario.steps if isinstance(step, Ask)]


@pytest.fixture
def writes(damaged: Database) -> Writes:
    """Of the four tables, whose newest common backup is long ago."""
    return Writes(damaged)


@pytest.fixture
def actions(writes: Writes, rollback: RollbackDeployment) -> Mapping[str, Action]:
    found: list[Action] = [writes.stopping, writes.resuming, writes.restoring, rollback]
    return {action.name: action for action in found}


def test_it_runs_to_its_end_and_leaves_no_definition_changed(
    damaged: Database, actions: Mapping[str, Action], vercel: VercelStandIn
) -> None:
    vercel.job_seconds = vercel.domain_seconds = 0
    connection = damaged.superuser()
    before = inventory(connection)
    steps = [actions[ask.action].plan({"from": "20250903", **ask.params}) for ask in asks()]
    op_ids = [str(uuid4()) for _ in steps]
    states = []
    for step, op_id in zip(steps, op_ids, strict=True):
        assert actions[step.action].recheck(step) == ""
        actions[step.action].execute(step, op_id, "")
        states.append(refused(connection, write_nothing("sessions")))
    assert states == [STOPPED, STOPPED, STOPPED, ""]
    assert set(vercel.live().values()) == {PREVIOUS}
    assert changes(before, inventory(connection)).keys() <= {"sequence values"}
    assert [bad for step, op_id in zip(steps, op_ids, strict=True) for bad in failing(actions, step, op_id)] == []


def failing(actions: Mapping[str, Action], step: Step, op_id: str) -> list[str]:
    """The checks of a step that decide and fail, once all of the steps are done."""
    return [
        f"{result.name}: {result.seen}"
        for result in actions[step.action].verify(step, op_id)
        if result.required and result.verdict is not Verdict.PASSED
    ]


def test_a_restore_that_was_planned_before_a_stop_runs_without_drift_and_the_stop_still_holds(
    writes: Writes, damaged: Database
) -> None:
    step = writes.restoring.plan({"tables": ["user_profiles"], "from": DATE})
    writes.stop()
    assert writes.restoring.recheck(step) == ""
    writes.restoring.execute(step, str(uuid4()), "")
    assert damaged.value(DIFFERENT) == 0
    assert writes.triggers() == dict.fromkeys(SHOP, "A")
    assert [refused(damaged.superuser(), write_nothing(name)) for name in SHOP] == [STOPPED] * len(SHOP)


def test_a_restore_that_would_reach_into_a_table_that_is_stopped_and_not_restored_says_so(database: Database) -> None:
    restores = Restores(database)
    restores.make(
        "CREATE TABLE t (id integer PRIMARY KEY)",
        "CREATE TABLE c (t integer REFERENCES t ON DELETE CASCADE)",
        "INSERT INTO t SELECT generate_series(1, 100)",
    )
    restores.back_up()
    restores.make("INSERT INTO t VALUES (101)")
    Writes(database, "c").stop()
    with pytest.raises(StepFailed, match=r"^Writes to c are stopped, .* Everything was rolled back\.$"):
        restores.run(restores.plan(exact=True))
