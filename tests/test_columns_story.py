"""Dropping added columns and removing what is kept, driven over signed HTTP: request, two approvals, run, verified."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.database.damage import PERSONAL
from tests.database.server import Database
from tests.restoring import quarantines
from tests.world import ANA, BEN, CHLOE, World

VALUES = "SELECT string_agg(concat(id, subscription_tier, member_type), ',' ORDER BY id) FROM public.user_profiles"
TIERS = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.user_profiles'::regclass AND attname ~ '_tier$'"
NEWER = 3


def clear(database: Database) -> None:
    """Have the owner remove all that hangs on the columns, as people do who really want them gone."""
    for statement in (
        "DROP VIEW public.active_profiles CASCADE",
        "DROP MATERIALIZED VIEW public.tier_counts",
        "DROP TABLE public.profile_history",
        "DROP STATISTICS public.user_profiles_tier_statistics",
        "DROP INDEX public.user_profiles_tier_idx",
        "ALTER TABLE public.user_profiles DROP CONSTRAINT user_profiles_subscription_tier_check",
        "ALTER TABLE public.user_profiles DROP CONSTRAINT user_profiles_member_tier_check",
        "DROP FUNCTION public.tier_of(uuid)",
        "DROP POLICY sensible_tier ON public.user_profiles",
    ):
        database.rows(statement)


def drop(world: World) -> str:
    """Ask for the columns to go, approve by two, and wait for the end; the thread's text."""
    world.restore("columns subscription_tier member_type because old code trips over them")
    return carry_out(world)


def carry_out(world: World) -> str:
    """Approve by two, and wait for the end, and until nothing is left to press; the thread's text."""
    world.approve(BEN, CHLOE)
    told = world.wait_for_end("Verified")
    world.wait_until_gone("approve")
    return told


def test_columns_are_held_back_dropped_and_put_back(shop: World, damaged: Database) -> None:
    shop.restore("columns because old code trips over them")
    refusal = shop.told(ANA, "These hang on")
    assert "view public.active_profiles" in refusal
    assert shop.cards() == []
    clear(damaged)
    before = damaged.value(VALUES)
    assert "leaving it is the safe choice" in drop(shop)
    assert damaged.value(TIERS) == 0
    shop.rollback("undo R-2")
    assert "values again" in carry_out(shop)
    assert damaged.value(VALUES) == before
    everything = shop.raw_log() + shop.thread() + shop.read()
    assert [mark for mark in PERSONAL if mark in everything] == []


def test_what_is_kept_is_listed_and_removed_when_it_is_old_enough(shop: World, damaged: Database) -> None:
    clear(damaged)
    drop(shop)
    shop.restore("backups")
    assert "*R-1*" in shop.told(ANA, "*Quarantine*: 1 table of 1 operation")
    shop.restore("purge R-1")
    assert "among the last 3 runs" in shop.told(ANA, "those always stay")
    age(damaged)
    shop.restore("purge R-1 because it holds personal data")
    assert "can't be undone afterwards" in carry_out(shop)
    assert quarantines(damaged) == [f"newer_{number}" for number in range(NEWER)]
    shop.slack.wait_for(lambda: "R-3 removed the copies that it kept, for good" in shop.read(shop.cards()[0]))
    assert "are kept in" not in shop.read(shop.cards()[0])
    shop.rollback("undo R-1")
    assert "a purge removed it" in shop.told(ANA, "is gone")


def age(database: Database) -> None:
    """Twenty days and three other runs later."""
    at = datetime.now(UTC) - timedelta(days=20)
    database.rows("UPDATE rollback_bot.ledger SET committed_at = %s", at)
    for number in range(NEWER):
        database.rows("SET ROLE app_owner")
        database.rows(f"CREATE TABLE rollback_bot.newer_{number} (id integer)")
        report = json.dumps({"tables": {"user_profiles": {"quarantine": f"newer_{number}"}}})
        database.rows("INSERT INTO rollback_bot.ledger (op_id, report) VALUES (%s, %s::jsonb)", uuid4(), report)
        database.rows("RESET ROLE")
