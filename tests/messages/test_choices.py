"""What people read of a scenario's choices: what was chosen, what else there is, and how to ask for it."""

import pytest

from bot.core.runbook import load_runbook
from bot.messages.private import help_text
from bot.messages.thread import messages_of
from tests.histories import History, rollback_step
from tests.messages.shown import words
from tests.shop import RUNBOOK_TEXT

CHOICES = """
{ choose = [
  { action = "drop_columns", tables = ["user_profiles"] },
  { action = "restore_tables", tables = ["all"] },
  { action = "none" },
] },
"""
TABLES = """
[database]
[[database.tables]]
name = "user_profiles"
added_columns = ["subscription_tier"]
"""
ROLL_BACK = '{ action = "rollback_deployment" }'
RUNBOOK = load_runbook(RUNBOOK_TEXT.replace(ROLL_BACK, f"{ROLL_BACK}, {CHOICES}") + TABLES, {})
DROP, RESTORE = "`/rollback schema drop_columns` also drops", "`/rollback schema restore_tables` also restores"


def shown(name: str, **said: str) -> str:
    """A message of a rollback that was asked for so."""
    request = History(rollback_step(), **said).planned().request
    return next(words(message.picture) for message in messages_of(request, RUNBOOK) if message.name == name)


@pytest.mark.parametrize(
    ("choice", "others"),
    [("none", [DROP, RESTORE]), ("drop_columns", [RESTORE]), ("restore_tables", [DROP])],
)
def test_the_plan_names_what_was_chosen_and_how_to_have_the_others(choice: str, others: list[str]) -> None:
    plan = shown("plan", scenario="schema", choice=choice)
    assert f"*Chosen*: `{choice}`" in plan
    assert [one for one in (DROP, RESTORE) if one in plan] == others
    assert "withdraw R-17 first" in plan


def test_the_plan_recommends_to_leave_harmless_columns_in_place() -> None:
    plan = shown("plan", scenario="schema", choice="none")
    assert "*Recommended*: leave harmless columns in place." in plan
    assert "by itself, also later: `/dbrestore columns`" in plan
    assert "restores every table of the runbook; by itself, also later: `/dbrestore all`" in plan


def test_the_card_names_the_choice_and_points_to_the_plan() -> None:
    assert "Chosen: `none`; the plan shows what else there is." in shown("card", scenario="schema", choice="none")


@pytest.mark.parametrize("said", [{}, {"scenario": "schema"}, {"scenario": "gone", "choice": "none"}])
def test_where_there_was_nothing_to_choose_nothing_is_said_of_it(said: dict[str, str]) -> None:
    assert "hosen" not in shown("plan", **said) + shown("card", **said)


def test_the_help_names_the_choices_that_this_version_has() -> None:
    text = words(help_text(RUNBOOK, {"rollback_deployment", "drop_columns"}))
    assert "/rollback schema [drop_columns | none] [because …]" in text
