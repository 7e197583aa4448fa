"""When a backup set may be taken, and what its backups say of themselves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.backup import Backup
from bot.core.backup_set import (
    APART,
    BackupSet,
    Manifest,
    TableBackup,
    manifest_in,
    refusal_of_changed,
    refusal_of_set,
    refusal_so_soon,
    set_in,
)
from bot.core.backups_seen import closing, quoted
from bot.core.table import Name

NOW = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)
TAKEN = BackupSet(
    database="shop",
    schema="rollback_bot",
    date="20261122_031400",
    tables=(TableBackup("public", "users", 300, 81_920, "users_backup_20261122_031400"),),
    makes_schema=True,
    publishes_copies=False,
)
MANIFEST = Manifest(
    "op-1", "public.users", "2026-11-22T03:14:00+00:00", 300, "300:42", (("id", "uuid"), ("a'b", "text"))
)
BACKUP = Name("rollback_bot", "users_backup_20261122_031400")


def test_a_step_gives_back_the_set_that_it_was_made_of() -> None:
    assert set_in(TAKEN.as_step()) == TAKEN


def test_a_set_that_would_take_too_long_is_refused_with_who_takes_it_instead() -> None:
    refusal = refusal_of_set(replace(TAKEN, tables=(replace(TAKEN.tables[0], bytes=50 * 10**9),)), ())
    assert refusal
    assert (refusal.rule, "Whoever runs the database takes" in refusal.text) == ("too_large", True)


@pytest.mark.parametrize(("length", "is_refused"), [(63, False), (64, True)])
def test_a_name_has_at_most_63_bytes(length: int, is_refused: bool) -> None:  # noqa: FBT001  # what is expected
    named = replace(TAKEN, tables=(replace(TAKEN.tables[0], copy="ü" + "n" * (length - 2)),))
    assert (refusal_of_set(named, ()) is not None) is is_refused


def test_a_name_that_is_taken_is_refused() -> None:
    refusal = refusal_of_set(TAKEN, {"users_backup_20261122_031400"})
    assert refusal
    assert refusal.rule == "name_taken"


@pytest.mark.parametrize(
    ("age", "is_refused"),
    [(timedelta(0), True), (APART - timedelta(seconds=1), True), (APART, False), (-timedelta(minutes=5), True)],
)
def test_sets_are_an_hour_apart(age: timedelta, is_refused: bool) -> None:  # noqa: FBT001  # what is expected
    newest = Backup("users", BACKUP, f"{NOW - age:%Y%m%d_%H%M%S}")
    assert (refusal_so_soon(newest, NOW) is not None) is is_refused


def test_the_first_set_may_be_taken() -> None:
    assert refusal_so_soon(None, NOW) is None


def test_a_manifest_comes_back_from_its_comment() -> None:
    assert manifest_in(MANIFEST.as_comment()) == MANIFEST


@pytest.mark.parametrize(
    "comment", ["", "mine", "[]", "{}", '{"is": "rollback-bot backup"}', '{"is": 1, "rows": []}', "7"]
)
def test_any_other_comment_is_no_manifest(comment: str) -> None:
    assert manifest_in(comment) is None


def test_a_backup_that_holds_other_rows_than_its_manifest_says_is_refused() -> None:
    assert refusal_of_changed(BACKUP, "300:42", MANIFEST) is None
    assert refusal_of_changed(BACKUP, "300:43", None) is None
    refusal = refusal_of_changed(BACKUP, "300:43", MANIFEST)
    assert refusal
    assert "was changed since it was taken" in refusal.text


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("users", '"users"'),
        ('say "hi"; DROP', '"say ""hi""; DROP"'),
        ("a`b\\", 'U&"a\\+000060b\\+00005C"'),
        ('"\u202e\n', 'U&"""\\+00202E\\+00000A"'),
        ("\U000e0001", 'U&"\\+0E0001"'),
    ],
)
def test_a_name_in_a_statement_is_spelled_so_that_it_can_be_copied(name: str, spelled: str) -> None:
    assert quoted(name) == spelled


def test_everybody_is_no_name_of_a_role() -> None:
    assert closing([BACKUP], ["PUBLIC", "anon"]).endswith('FROM PUBLIC, "anon";')
