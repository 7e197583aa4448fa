"""What people approve of a restore, what it comes to, and whether production is still as the plan saw it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core.plan import Plan, canonical, plan_from_json
from bot.core.restore import (
    Counts,
    RestoreFacts,
    drift,
    estimate,
    grown,
    refusal_of_block,
    refusal_of_rows,
    restore_facts,
    total,
)
from bot.core.table import Name
from tests.core.test_table import COPY, ID, column
from tests.core.test_table import table as definition
from tests.histories import BEGIN
from tests.messages.restores import FOUR, ONE, WARNED, restore, table

LIMIT = timedelta(seconds=8)
BACKUP = Name("public", "user_profiles_backup_20250903")


def counts(**changes: Any) -> Counts:
    """A damaged table with a good backup, with these numbers otherwise."""
    numbers = ("null_keys", "double_keys", "changed_identities", "pulling", "left_deleted", "undone")
    known: dict[str, Any] = {"live_rows": 12_341, "backup_rows": 12_340, "update": 37, "insert": 5, "keep": 6}
    return Counts(**{**known, "orphans": {}, **dict.fromkeys(numbers, 0), **changes})


def refused(*columns: str, **changes: Any) -> str:
    """The rule that refuses these rows; "" = none. `columns` are those that are restored besides the key."""
    live = definition(columns=(ID, column("email"), column("plan", is_required=True)))
    restored = [one for one in live.columns if one.name in ("id", *columns)]
    refusal = refusal_of_rows(live, BACKUP, counts(**changes), restored)
    return refusal.rule if refusal else ""


def prints(facts: RestoreFacts) -> dict[str, str]:
    return {one.name: one.fingerprint for one in facts.tables}


def sums(facts: RestoreFacts) -> dict[str, str]:
    return {one.name: one.backup_checksum for one in facts.tables}


# The step that people approve


@pytest.mark.parametrize("facts", [ONE, FOUR, WARNED, restore(live_deployment=None)])
def test_the_facts_of_a_step_are_read_back_as_they_were(facts: RestoreFacts) -> None:
    assert restore_facts(facts.as_step()) == facts


@pytest.mark.parametrize("facts", [ONE, FOUR, WARNED, restore(live_deployment=None)])
def test_the_facts_survive_the_log(facts: RestoreFacts) -> None:
    plan = Plan((facts.as_step(),), {}, "runbook", BEGIN)
    read = plan_from_json(json.loads(canonical(plan.as_json())))
    assert restore_facts(read.steps[0]) == facts
    assert read.digest == plan.digest


def test_what_is_promised_stands_in_after_and_what_was_seen_in_before() -> None:
    before, after = (json.loads(canonical(side)) for side in (ONE.as_step().before, ONE.as_step().after))
    assert {"update", "insert", "keep", "undone", "quarantine"} <= set(after["tables"][0])
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


# Rows that can't or mustn't be put back


def test_a_damaged_table_with_a_good_backup_can_be_restored() -> None:
    assert refused("email", "plan") == ""


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"backup_rows": 0}, "empty_backup"),
        ({"null_keys": 1}, "null_key"),
        ({"double_keys": 1}, "double_key"),
        ({"changed_identities": 1}, "identity"),
        ({"pulling": 1}, "followers"),
        ({"orphans": {"fk": 101}}, "orphans"),
    ],
)
def test_rows_are_refused_by_their_rule(changes: dict[str, Any], rule: str) -> None:
    assert refused("email", "plan", **changes) == rule


def test_rows_can_not_come_back_without_a_value_that_is_needed() -> None:
    assert refused("email") == "not_null"


def test_a_needed_value_that_the_backup_lacks_does_not_matter_where_no_row_comes_back() -> None:
    assert refused("email", insert=0) == ""


@pytest.mark.parametrize(
    ("orphans", "backup_rows", "rule"),
    [
        (100, 10_000, ""),
        (101, 1_000_000, "orphans"),
        (10, 1_000, ""),
        (11, 1_000, "orphans"),
        (1, 100, ""),
        (1, 99, "orphans"),
        (0, 1, ""),
    ],
)
def test_one_percent_and_no_more_than_a_hundred_rows_may_be_left_out(orphans: int, backup_rows: int, rule: str) -> None:
    assert refused("email", "plan", orphans={"fk": orphans}, backup_rows=backup_rows) == rule


def test_orphans_of_all_foreign_keys_count_together_and_are_told_by_each() -> None:
    refusal = refusal_of_rows(definition(), COPY, counts(orphans={"a_fk": 60, "b_fk": 41}), definition().columns)
    assert refusal
    assert "101 rows of the backup" in refusal.text
    assert "(60 by a_fk; 41 by b_fk)" in refusal.text


# How long writes wait


def test_more_rows_and_more_tables_take_longer() -> None:
    few, many, two = estimate(1.0, [10], 0.0), estimate(1.0, [100_000], 0.0), estimate(1.0, [100_000, 0], 0.0)
    assert few < many < two < estimate(2.0, [100_000, 0], 0.0)


def test_a_database_far_away_takes_longer() -> None:
    assert estimate(1.0, [10], 0.1) > estimate(1.0, [10], 0.0) + 3


def test_a_block_within_the_limit_is_not_refused() -> None:
    assert refusal_of_block(8.0, LIMIT, 200_000, is_accepted=False) is None


def test_a_longer_block_is_refused_with_the_word_that_accepts_it() -> None:
    refusal = refusal_of_block(8.1, LIMIT, 200_000, is_accepted=False)
    assert refusal
    assert "wait for about 8.1 s (limit 8 s). Add `long-block`" in refusal.text


def test_a_longer_block_that_was_accepted_is_not_refused() -> None:
    assert refusal_of_block(60.0, LIMIT, 200_000, is_accepted=True) is None


def test_a_longer_block_by_a_large_table_is_refused_also_when_it_was_accepted() -> None:
    refusal = refusal_of_block(60.0, LIMIT, 200_001, is_accepted=True)
    assert refusal
    assert "200,001 rows" in refusal.text
    assert "long-block" not in refusal.text


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


@pytest.mark.parametrize(
    ("planned", "now", "is_drift"),
    [(0, 100, False), (0, 101, True), (37, 137, False), (37, 138, True), (5_000, 5_500, False), (5_000, 5_501, True)],
)
@pytest.mark.parametrize("field", ["update", "insert"])
def test_over_a_hundred_and_over_ten_percent_more_rows_are_drift(
    field: str,
    planned: int,
    now: int,
    is_drift: bool,  # noqa: FBT001
) -> None:
    seen = {"update": 0, "insert": 0, field: now}
    assert bool(grown(table(**{"update": 0, "insert": 0, field: planned}), seen["update"], seen["insert"])) is is_drift


def test_fewer_rows_than_planned_are_no_drift() -> None:
    assert grown(table(update=5_000, insert=5_000), 0, 0) == ""
