"""`/rollback <scenario> [<choice>]`: which choice is meant, and the wish or the refusal that it comes to."""

import pytest

from bot.core.errors import Refused
from bot.core.plan import Ask
from bot.core.runbook import Runbook, load_runbook
from bot.core.runbook.tables import Scenario
from handlers.scenarios import choice_of, wish_of
from tests.core.small_runbooks import DATABASE, SMALL, VERCEL

ROLL_BACK = '{ action = "rollback_deployment" }'
CHOOSE = """{ choose = [
  { action = "drop_columns", tables = ["users"] },
  { action = "restore_tables", tables = ["users"] },
  { action = "none" },
] }"""
SCENARIO = '[[scenarios]]\nname = "%s"\ntitle = "The %s"\nrisk = "critical"\nsteps = [%s]\n'
STEPS = {
    "schema": f"{ROLL_BACK}, {CHOOSE}",
    "only": CHOOSE,
    "plain": ROLL_BACK,
    "later": f'{{ action = "watch" }}, {{ propose = {ROLL_BACK} }}',
    "both": f'{{ action = "inspect_failed_deployment" }}, {ROLL_BACK}',
}
SCENARIOS = "".join(SCENARIO % (name, name, steps.replace("\n", "")) for name, steps in STEPS.items())


@pytest.fixture(scope="module")
def runbook() -> Runbook:
    return load_runbook(SMALL + VERCEL + DATABASE + SCENARIOS, {})


def scenario(runbook: Runbook, name: str) -> Scenario:
    found = runbook.scenario(name)
    assert found
    return found


def actions(runbook: Runbook, name: str, *typed: str) -> list[str]:
    """What is asked for where this is typed."""
    found = scenario(runbook, name)
    return [ask.action for ask in wish_of(found, choice_of(found, typed), reason="", words="").asks]


@pytest.mark.parametrize(
    ("name", "typed", "answer"),
    [
        ("schema", ["drop_colums"], "Did you mean `/rollback schema drop_columns`?"),
        ("schema", ["xyz"], "It can be `drop_columns`, `restore_tables`, `none`."),
        ("schema", ["none", "none"], "One choice at most: `/rollback schema [drop_columns | restore_tables | none]`"),
        ("plain", ["none"], "`/rollback plain` takes no further word"),
        ("only", [], "nothing is left to do, as in `/rollback only drop_columns`"),
        ("only", ["none"], "nothing is left to do"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_the_way_out(
    runbook: Runbook, name: str, typed: list[str], answer: str
) -> None:
    with pytest.raises(Refused) as refused:
        actions(runbook, name, *typed)
    assert answer in refused.value.text
    assert refused.value.text.endswith("Nothing was changed.")


@pytest.mark.parametrize(
    ("name", "typed", "asked"),
    [
        ("schema", [], ["rollback_deployment"]),
        ("schema", ["none"], ["rollback_deployment"]),
        ("schema", ["drop_columns"], ["rollback_deployment", "drop_columns"]),
        ("schema", ["Restore-Tables"], ["rollback_deployment", "restore_tables"]),
        ("only", ["restore_tables"], ["restore_tables"]),
        ("plain", [], ["rollback_deployment"]),
        ("later", [], ["watch"]),
        ("both", [], ["rollback_deployment"]),
    ],
)
def test_a_choice_left_out_is_none_and_the_others_are_named_by_their_action(
    runbook: Runbook, name: str, typed: list[str], asked: list[str]
) -> None:
    assert actions(runbook, name, *typed) == asked


def test_the_wish_knows_its_scenario_and_choice_by_name_and_has_its_risk(runbook: Runbook) -> None:
    wish = wish_of(scenario(runbook, "schema"), "none", reason="Login is broken", words="/rollback schema")
    assert (wish.scenario, wish.choice, wish.risk) == ("schema", "none", "critical")
    assert wish.proposes == ()
    assert (wish.title, wish.reason, wish.words) == ("The schema", "Login is broken", "/rollback schema")


def test_what_is_only_proposed_is_kept_with_the_wish(runbook: Runbook) -> None:
    wish = wish_of(scenario(runbook, "later"), "", reason="", words="")
    assert wish.proposes == (Ask("rollback_deployment", {"target": "previous"}),)
