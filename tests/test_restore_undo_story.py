"""Restoring exactly, and taking a restore back, driven over signed HTTP: request, two approvals, run, verified."""

from tests.database.damage import DAMAGED
from tests.database.inventory import inventory
from tests.database.server import Database
from tests.restoring import restore
from tests.world import ANA, BEN, CHLOE, World

# What was set and is never unset is left out: a session that was ended by the restore stays ended.
_ROW = "(to_jsonb(t) - 'revoked_at' - 'used_at')::text"
ROWS = " UNION ALL ".join(
    f"SELECT md5(string_agg({_ROW}, '|' ORDER BY {_ROW})) FROM public.{name} AS t" for name in DAMAGED
)


def test_a_restore_of_all_tables_is_undone_by_its_name_row_by_row(shop: World, damaged: Database) -> None:
    before, definitions = damaged.rows(ROWS), inventory(damaged.superuser())
    assert "To undo it: `/rollback undo R-1`" in restore(shop, "all from 20250903")
    assert damaged.rows(ROWS) != before
    shop.rollback("undo R-1 because it was the wrong backup")
    shop.slack.wait_for(lambda: "undo the restore of" in shop.read().lower())
    shop.approve(BEN, CHLOE)
    assert "Undid the restore of 4 tables at" in shop.wait_for_end("Verified")
    assert damaged.rows(ROWS) == before
    after = inventory(damaged.superuser())
    assert {key for key in definitions if definitions[key] != after[key]} <= {"sequence values"}


def test_exactly_from_a_backup_newer_rows_are_deleted(shop: World, damaged: Database) -> None:
    damaged.rows("DELETE FROM public.user_progress WHERE user_id IN (SELECT id FROM public.user_profiles)")
    thread = restore(shop, "user_progress from 20250903 exact")
    assert "newer deleted" in thread
    assert (
        damaged.value(
            "SELECT count(*) FROM public.user_progress AS l LEFT JOIN"
            " public.user_progress_backup_20250903 AS b USING (user_id, module) WHERE b.user_id IS NULL"
        )
        == 0
    )


def test_an_exact_restore_that_would_take_rows_of_other_tables_with_it_is_refused(shop: World) -> None:
    shop.restore("user_profiles exact")
    told = shop.told(ANA, "pointed to by rows that this restore does not delete")
    assert f"{DAMAGED['sessions'].new} rows of public.sessions (sessions_user_id_fkey)" in told
    assert shop.cards() == []
