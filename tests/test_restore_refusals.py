"""What is not restored, driven over signed HTTP: each refusal says which rule, and nothing changes."""

from pathlib import Path

import pytest

from tests.database.server import Database
from tests.world import ANA, World

ASKED = "user_profiles because names are wrong"
BACKUP = "public.user_profiles_backup_20261101"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("user_profiles from 20260101", "is no backup of user_profiles"),
        ("user_profiles from sessions_backup_20250903", "is no backup of user_profiles"),
        ("user_profiles from user_profiles_backup_2025", "is no backup of user_profiles"),
        ("payments", "The runbook has no table `payments`"),
        ('"user_profiles; DROP TABLE user_profiles"', "The runbook has no table"),
    ],
)
def test_what_cannot_be_restored_from_is_refused_with_what_can(shop: World, text: str, told: str) -> None:
    answered = shop.restore(text)
    assert told in answered.text or shop.told(ANA, told)
    assert shop.cards() == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (f"TRUNCATE {BACKUP}", "is empty"),
        (f"UPDATE {BACKUP} SET id = NULL WHERE member_no = 1", "rows with a NULL key"),
        (
            f"INSERT INTO {BACKUP} SELECT * FROM {BACKUP} LIMIT 2",
            "duplicate keys",
        ),
        (f"ALTER TABLE {BACKUP} ADD legacy_plan text", "no longer has: legacy_plan"),
        (f"ALTER TABLE {BACKUP} ALTER score TYPE text", "without a change of types"),
        (
            f"ALTER TABLE {BACKUP} RENAME TO moved; CREATE VIEW {BACKUP} AS SELECT * FROM public.moved",
            "a view",
        ),
    ],
)
def test_a_backup_that_is_unfit_is_refused_and_nothing_changes(
    shop: World, damaged: Database, statement: str, told: str
) -> None:
    damaged.rows(statement)
    shop.restore(ASKED)
    assert "Nothing was changed" in shop.told(ANA, told)
    assert shop.cards() == []


def test_an_old_backup_is_refused_with_the_line_to_type(tmp_path: Path, damaged: Database) -> None:
    world = World(tmp_path, {"[database] max_backup_age": "30d"}, database=damaged.url)
    damaged.rows(f"DROP TABLE {BACKUP}")
    try:
        world.start().restore("user_profiles")
        assert "`/dbrestore user_profiles from 20250903`" in world.told(ANA, "days old")
        world.restore("user_profiles from 20250903")
        world.wait_for_state("Waiting for approval")
    finally:
        world.close()


def test_a_table_that_is_a_view_is_refused(shop: World, damaged: Database) -> None:
    damaged.rows("ALTER TABLE public.magic_tokens RENAME TO tokens")
    damaged.rows("CREATE VIEW public.magic_tokens AS SELECT * FROM public.tokens")
    shop.restore("magic_tokens")
    shop.told(ANA, "is a view, not a table")
