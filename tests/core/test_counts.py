"""What comparing a table with its backup found, and what of it forbids a restore."""

from typing import Any

import pytest

from bot.core.counts import Counts, grown, refusal_of_collateral, refusal_of_rows
from bot.core.restore import Mode
from bot.core.table import Name
from tests.core.test_table import COPY, ID, column
from tests.core.test_table import table as definition
from tests.messages.restores import table

BACKUP = Name("public", "user_profiles_backup_20250903")


def counts(**changes: Any) -> Counts:
    """A damaged table with a good backup, with these numbers otherwise."""
    numbers = ("null_keys", "double_keys", "changed_identities", "pulling", "left_deleted", "undone", "delete")
    known: dict[str, Any] = {"live_rows": 12_341, "backup_rows": 12_340, "update": 37, "insert": 5, "keep": 6}
    return Counts(**{**known, "orphans": {}, **dict.fromkeys(numbers, 0), **changes})


def refused(*columns: str, mode: Mode = Mode.KEEP, **changes: Any) -> str:
    """The rule that refuses these rows; "" = none. `columns` are those that are restored besides the key."""
    live = definition(columns=(ID, column("email"), column("plan", is_required=True)))
    restored = [one for one in live.columns if one.name in ("id", *columns)]
    refusal = refusal_of_rows(live, BACKUP, counts(**changes), restored, mode=mode)
    return refusal.rule if refusal else ""


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


@pytest.mark.parametrize(
    ("planned", "now", "is_drift"),
    [(0, 100, False), (0, 101, True), (37, 137, False), (37, 138, True), (5_000, 5_500, False), (5_000, 5_501, True)],
)
@pytest.mark.parametrize("field", ["update", "insert", "delete"])
def test_over_a_hundred_and_over_ten_percent_more_rows_are_drift(
    field: str,
    planned: int,
    now: int,
    is_drift: bool,  # noqa: FBT001
) -> None:
    none = {"update": 0, "insert": 0, "delete": 0}
    assert bool(grown(table(**{**none, field: planned}), counts(**{**none, field: now}))) is is_drift


def test_fewer_rows_than_planned_are_no_drift() -> None:
    assert grown(table(update=5_000, insert=5_000, delete=500), counts(update=0, insert=0)) == ""


@pytest.mark.parametrize(
    ("mode", "rows", "rule"),
    [(Mode.EXACT, 5, ""), (Mode.EXACT, 6, "too_many_deletes"), (Mode.UNDO, 100, ""), (Mode.KEEP, 0, "")],
)
def test_an_exact_restore_deletes_one_row_in_twenty_at_most(mode: Mode, rows: int, rule: str) -> None:
    assert refused("email", "plan", mode=mode, delete=rows, live_rows=100, backup_rows=100) == rule


def test_an_undo_may_be_of_no_row_in_a_table() -> None:
    assert refused("email", "plan", mode=Mode.UNDO, backup_rows=0, update=0, insert=0) == ""


def test_of_an_undo_one_percent_of_the_tables_rows_may_be_left_out() -> None:
    assert refused("email", "plan", mode=Mode.UNDO, backup_rows=5, live_rows=1_000, orphans={"fk": 5}) == ""
    assert refused("email", "plan", mode=Mode.UNDO, backup_rows=5, live_rows=100, orphans={"fk": 5}) == "orphans"


def test_rows_that_others_point_to_are_not_deleted_and_the_others_are_counted() -> None:
    refusal = refusal_of_collateral({"public.notes (notes_user_fkey)": 3, "public.a (a_fkey)": 0})
    assert refusal
    assert "3 rows of public.notes (notes_user_fkey)." in refusal.text
    assert "public.a" not in refusal.text


def test_rows_that_nothing_points_to_may_be_deleted() -> None:
    assert refusal_of_collateral({"public.notes (notes_user_fkey)": 0}) is None
