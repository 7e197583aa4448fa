"""Whether a table's rows may be restored in place, and from which backup."""

from dataclasses import replace
from typing import Any

import pytest

from bot.core.errors import Refused
from bot.core.table import (
    Column,
    ForeignKey,
    Name,
    Table,
    fills_itself,
    refusal_of_backup,
    refusal_of_table,
    refusal_of_version,
)
from bot.core.table_order import parents_first

LIVE, COPY = Name("public", "user_profiles"), Name("public", "user_profiles_backup_20250903")


def column(name: str, type_: str = "text", **changes: bool) -> Column:
    flags = {"is_required": False, "has_default": False, "is_generated": False, "is_always_identity": False, **changes}
    return Column(name, type_, **flags)


ID = column("id", "bigint", is_required=True)
SEARCH = column("search", "tsvector", is_generated=True)
COLUMNS = (ID, column("email"), SEARCH)


def table(name: Name = LIVE, **changes: Any) -> Table:
    """An ordinary table of the bot's owner, with these facts otherwise."""
    known: dict[str, Any] = {
        "kind": "r",
        **dict.fromkeys(("is_temporary", "is_partition", "inherits", "has_rules", "hides_rows"), False),
        "is_owned": True,
        "columns": COLUMNS,
        "key": ("id",),
        **dict.fromkeys(("foreign_keys", "references", "triggers", "sequences"), ()),
        **dict.fromkeys(("stale_views", "writers", "readers"), ()),
        "fingerprint": "f",
    }
    return Table(name, **{**known, **changes})


def child(name: str, *parents: str) -> Table:
    """A table that refers to others."""
    keys = [ForeignKey(f"{name}_{p}_fkey", (p,), Name("public", p), ("id",), sets_null=False) for p in parents]
    return table(Name("public", name), foreign_keys=tuple(keys))


def rule(refusal: Refused | None) -> str:
    return refusal.rule if refusal else ""


def order(*tables: Table) -> list[str]:
    return [one.name.name for one in parents_first(tables)]


def test_an_ordinary_table_can_be_restored() -> None:
    assert refusal_of_table(table()) is None


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"kind": "v"}, "kind"),
        ({"kind": "m"}, "kind"),
        ({"kind": "f"}, "kind"),
        ({"is_temporary": True}, "temporary"),
        ({"is_partition": True}, "partition"),
        ({"inherits": True}, "inheritance"),
        ({"has_rules": True}, "rules"),
        ({"is_owned": False}, "privilege"),
        ({"hides_rows": True}, "row_security"),
        ({"key": ()}, "no_key"),
    ],
)
def test_a_table_is_refused_by_its_rule_and_nothing_was_changed(changes: dict[str, Any], named: str) -> None:
    refusal = refusal_of_table(table(**changes))
    assert rule(refusal) == named
    assert refusal
    assert "public.user_profiles" in refusal.text


def test_a_partitioned_table_needs_a_server_that_lets_its_partitions_triggers_be_switched() -> None:
    parts = table(), table(kind="p")
    assert [rule(refusal_of_version(parts, version)) for version in (14, 15)] == ["partition", ""]
    assert refusal_of_version([table()], 14) is None


def test_a_view_is_named_as_one_and_not_for_what_follows_from_it() -> None:
    refusal = refusal_of_table(table(kind="v", has_rules=True, key=(), is_owned=False))
    assert refusal
    assert refusal.text == "public.user_profiles is a view, not a table."


def test_hidden_rows_are_said_to_be_what_would_be_lost() -> None:
    refusal = refusal_of_table(table(hides_rows=True))
    assert refusal
    assert "it would copy and restore only the rows it may see. The role needs BYPASSRLS." in refusal.text


def test_a_backup_of_the_same_columns_fits() -> None:
    assert refusal_of_backup(table(), table(COPY, key=())) is None


def test_a_backup_may_lack_columns_that_are_not_of_the_key() -> None:
    assert refusal_of_backup(table(), table(COPY, columns=(ID,))) is None


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"kind": "v"}, "kind"),
        ({"kind": "p"}, "kind"),
        ({"is_temporary": True}, "kind"),
        ({"is_owned": False}, "privilege"),
        ({"hides_rows": True}, "row_security"),
        ({"columns": (column("email"),)}, "no_key"),
        ({"columns": (*COLUMNS, column("legacy_plan"))}, "extra_columns"),
        ({"columns": (ID, column("email", "character varying(80)"))}, "type"),
    ],
)
def test_a_backup_is_refused_by_its_rule_and_nothing_was_changed(changes: dict[str, Any], named: str) -> None:
    refusal = refusal_of_backup(table(), table(COPY, **changes))
    assert rule(refusal) == named
    assert refusal
    assert str(COPY) in refusal.text


def test_a_change_of_type_is_spelled_out() -> None:
    refusal = refusal_of_backup(table(), table(COPY, columns=(ID, column("email", "citext"))))
    assert refusal
    assert "email is citext in the backup and text in the table" in refusal.text


def test_a_computed_column_needs_no_like_in_the_backup() -> None:
    copied = table(COPY, columns=(ID, column("email"), column("search", "text")))
    assert refusal_of_backup(table(), copied) is None


@pytest.mark.parametrize(
    ("one", "fills"),
    [
        (column("note"), True),
        (column("id", is_required=True), False),
        (column("id", is_required=True, has_default=True), True),
        (column("id", is_required=True, is_generated=True), True),
    ],
)
def test_a_column_fills_itself_by_a_default_a_computation_or_null(one: Column, fills: bool) -> None:  # noqa: FBT001
    assert fills_itself(one) is fills


def test_a_computed_column_holds_no_value_of_its_own() -> None:
    assert [one.name for one in table().own_columns] == ["id", "email"]


def test_parents_stand_before_their_children() -> None:
    assert order(child("progress", "sessions", "profiles"), child("sessions", "profiles"), child("profiles")) == [
        "profiles",
        "sessions",
        "progress",
    ]


def test_tables_that_have_nothing_to_do_with_each_other_keep_their_order() -> None:
    assert order(child("b"), child("a"), child("c")) == ["b", "a", "c"]


def test_a_table_may_refer_to_itself_and_to_tables_that_are_not_restored() -> None:
    assert order(child("staff", "staff", "offices")) == ["staff"]


def test_a_cycle_stands_after_its_parents_and_before_its_children() -> None:
    cycle = child("profiles", "sessions", "plans"), child("sessions", "profiles")
    assert order(child("notes", "sessions"), *cycle, child("plans")) == ["plans", "profiles", "sessions", "notes"]


def test_a_cycle_that_is_the_parent_of_another_cycle_stands_before_it() -> None:
    assert order(child("a", "b", "c"), child("b", "a"), child("c", "d"), child("d", "c")) == ["c", "d", "a", "b"]


def test_a_table_of_the_same_name_elsewhere_is_no_parent() -> None:
    other = replace(child("profiles"), name=Name("archive", "profiles"))
    assert order(child("sessions", "profiles"), other) == ["sessions", "profiles"]


def test_a_name_is_spelled_with_its_schema() -> None:
    assert str(LIVE) == "public.user_profiles"
