"""What people approve of a restore, what it comes to, and whether production is still as the plan saw it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.core.plan import Plan, Step, canonical, plan_from_json
from bot.core.restore import RestoreFacts, drift, restore_facts, total
from tests.histories import BEGIN
from tests.messages.restores import EXACT, FOUR, ONE, UNDO, WARNED, restore, table


def prints(facts: RestoreFacts) -> dict[str, str]:
    return {one.name: one.fingerprint for one in facts.tables}


def sums(facts: RestoreFacts) -> dict[str, str]:
    return {one.name: one.backup_checksum for one in facts.tables}


def rows_of(step: Step) -> list[dict[str, Any]]:
    """What a step promises of each table."""
    rows: list[dict[str, Any]] = json.loads(canonical(step.after))["tables"]
    return rows


# The step that people approve


@pytest.mark.parametrize("facts", [ONE, FOUR, WARNED, EXACT, UNDO, restore(live_deployment=None)])
def test_the_facts_of_a_step_are_read_back_as_they_were(facts: RestoreFacts) -> None:
    assert restore_facts(facts.as_step()) == facts


@pytest.mark.parametrize("facts", [ONE, FOUR, WARNED, EXACT, UNDO, restore(live_deployment=None)])
def test_the_facts_survive_the_log(facts: RestoreFacts) -> None:
    plan = Plan((facts.as_step(),), {}, "runbook", BEGIN)
    read = plan_from_json(json.loads(canonical(plan.as_json())))
    assert restore_facts(read.steps[0]) == facts
    assert read.digest == plan.digest


def test_what_is_promised_stands_in_after_and_what_was_seen_in_before() -> None:
    before, after = (json.loads(canonical(side)) for side in (ONE.as_step().before, ONE.as_step().after))
    assert {"update", "insert", "delete", "keep", "undone", "quarantine", "changes"} <= set(after["tables"][0])
    assert {"backup_checksum", "fingerprint", "backup_writers", "live_rows"} <= set(before["tables"][0])
    assert set(before["tables"][0]) & set(after["tables"][0]) == {"name"}


@pytest.mark.parametrize(
    "changes",
    [{"update": 38}, {"undone": 13}, {"backup_checksum": "other"}, {"fingerprint": "1"}, {"backup_writers": ("anon",)}],
)
def test_another_fact_is_another_plan(changes: dict[str, Any]) -> None:
    other = restore(replace(ONE.tables[0], **changes))
    assert canonical(ONE.as_step().before) + canonical(ONE.as_step().after) != canonical(
        other.as_step().before
    ) + canonical(other.as_step().after)


def test_a_step_is_on_the_tables_by_their_whole_names() -> None:
    assert FOUR.as_step().target.startswith("public.user_profiles, public.user_progress, ")


@pytest.mark.parametrize("missing", ["sessions", "live_deployment", "tables", "database"])
def test_facts_of_another_version_are_told_from_ours(missing: str) -> None:
    step = ONE.as_step()
    other = replace(step, before={key: value for key, value in step.before.items() if key != missing})
    with pytest.raises((KeyError, TypeError)):
        restore_facts(other)


def test_a_step_of_the_version_before_is_read_as_a_restore_that_keeps_newer_rows() -> None:
    step = ONE.as_step()
    tables = [{key: value for key, value in row.items() if key not in ("delete", "changes")} for row in rows_of(step)]
    after = {key: value for key, value in step.after.items() if key != "mode"} | {"tables": tables}
    facts = restore_facts(replace(step, after=after))
    assert facts == replace(ONE, tables=(replace(ONE.tables[0], changes=""),))
    assert "earlier version" in drift(facts, prints(ONE), sums(ONE))


# What follows from the facts


@pytest.mark.parametrize(("estimated", "longest"), [(0.4, 16.0), (8.0, 16.0), (12.5, 25.0)])
def test_tables_are_held_for_twice_the_limit_or_what_was_accepted_at_most(estimated: float, longest: float) -> None:
    assert restore(estimate_seconds=estimated).longest_seconds == longest


def test_the_tables_that_wait_are_the_restored_ones_and_each_other_once() -> None:
    facts = restore(table(name="a", waiting=("public.b", "public.c")), table(name="b", waiting=("public.c",)))
    assert facts.waiting == ("public.a", "public.b", "public.c")


def test_whoever_can_change_one_of_the_backups_is_named_once() -> None:
    writers = [("anon", "authenticated"), ("anon",), ()]
    facts = restore(*(table(name=f"t{n}", backup_writers=roles) for n, roles in enumerate(writers)))
    assert facts.backup_writers == ("anon", "authenticated")


def test_the_backups_are_of_the_moment_that_their_names_say() -> None:
    assert restore(table(backup_date="20250903_1215")).backup_made_at == datetime(2025, 9, 3, 12, 15, tzinfo=UTC)


def test_numbers_are_summed_over_the_tables() -> None:
    assert total(FOUR.tables, "update") == 37 + 1_204 + 0 + 1


# Whether production is still as the plan saw it


def test_production_as_planned_is_no_drift() -> None:
    assert drift(FOUR, prints(FOUR), sums(FOUR)) == ""


def test_another_definition_is_drift() -> None:
    found = drift(FOUR, {**prints(FOUR), "sessions": "other"}, sums(FOUR))
    assert found == "The definition of public.sessions or of its backup has changed since the plan."


def test_another_backup_is_drift() -> None:
    found = drift(FOUR, prints(FOUR), {**sums(FOUR), "sessions": "other"})
    assert found == "The rows of the backup public.sessions_backup_20250903 have changed since the plan."


def test_a_table_that_is_gone_is_drift() -> None:
    left = {name: value for name, value in prints(FOUR).items() if name != "sessions"}
    assert "public.sessions" in drift(FOUR, left, sums(FOUR))
