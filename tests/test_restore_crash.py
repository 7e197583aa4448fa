"""A restore that loses its bot or its connection at every point: data and ledger agree, and nothing applies twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.database.inventory import changes, inventory
from tests.database.server import Database
from tests.database.wire import DatabaseWire, Fault
from tests.restoring import quarantines, restore
from tests.simulator import vercel_cast as the
from tests.world import BEN, CHLOE, World

WRITING = b'UPDATE ONLY "public"."user_profiles"'
COPYING = b'CREATE TABLE "rollback_bot"."user_profiles_'
# The first and the last of what it does; for all between see tests/actions/test_restore_tables_crash.py.
INSIDE = {
    "the line in the ledger": b'INSERT INTO "rollback_bot"."ledger"',
    "the triggers": b' ENABLE TRIGGER "user_profiles_audit"',
}
COMMIT = b"COMMIT\0"
ROWS = "SELECT md5(string_agg(ROW(t.*)::text, '|' ORDER BY id)) FROM public.user_profiles AS t"
DIFFERENT = """
SELECT count(*) FROM public.user_profiles_backup_20261101 AS b LEFT JOIN public.user_profiles AS l USING (id)
WHERE to_jsonb(b) IS DISTINCT FROM to_jsonb(l)
"""
TERMINATE = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND application_name ~ '^rollback-bot [0-9a-f]{8}$'
"""
IS_WAITED_FOR = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.fixture
def wire(damaged: Database) -> Iterator[DatabaseWire]:
    """The way from the bot to the database."""
    with DatabaseWire(damaged) as wire:
        yield wire


@pytest.fixture
def quiet_shop(tmp_path: Path, wire: DatabaseWire) -> Iterator[World]:
    """A shop whose bot goes that way, and isn't started yet."""
    world = World(tmp_path, database=wire.url)
    world.vercel.promote_by_someone(the.PREVIOUS)
    try:
        yield world
    finally:
        world.close()


@pytest.fixture
def wired_shop(quiet_shop: World) -> World:
    """The same, started."""
    return quiet_shop.start()


class Before:
    """The database as it was before the restore."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows, self._definitions = database.value(ROWS), inventory(database.superuser())

    def assert_unchanged(self, world: World) -> None:
        """The card says so; not a row, not a definition, not a trigger's state is another; no copy, no ledger."""
        world.wait_for_end("Failed: nothing changed")
        assert self._database.value(ROWS) == self._rows
        assert changes(self._definitions, inventory(self._database.superuser())) == {}
        assert self._database.value("SELECT to_regnamespace('rollback_bot') IS NULL")


def assert_restored_once(world: World, wire: DatabaseWire, database: Database) -> None:
    """Verified: the backup's rows, written once; one line in the ledger, one copy, and the triggers as they were."""
    world.wait_for_end("Verified")
    assert database.value(DIFFERENT) == 0
    assert len([message for message in wire.messages if WRITING in message]) == 1
    assert database.value("SELECT count(*) FROM rollback_bot.ledger WHERE report ? 'tables'") == 1
    assert len(quarantines(database)) == 1
    off = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'public.user_profiles'::regclass AND tgenabled = 'D'"
    assert database.rows(off) == [("user_profiles_welcome",)]


def hold_at(fault: Fault, world: World, wire: DatabaseWire) -> Fault:
    """Ask for the restore, approve it, and wait until it meets the fault."""
    wire.lay(fault)
    ask(world)
    world.wait_until(fault.arrived.is_set)
    return fault


def ask(world: World) -> None:
    """Ask for the restore and approve it."""
    world.restore("user_profiles because names are wrong")
    world.approve(BEN, CHLOE)


def test_while_it_runs_the_card_says_so_and_no_click_on_approve_is_left(
    wired_shop: World, wire: DatabaseWire, damaged: Database
) -> None:
    fault = hold_at(Fault(b"COMMIT", apply=False, hold=True), wired_shop, wire)
    assert "Step 1 of 1 is being carried out" in wired_shop.wait_for_state("Running")
    wired_shop.wait_until_gone("approve")
    assert wired_shop.kinds().count("look_ended") == 0
    fault.release()
    assert_restored_once(wired_shop, wire, damaged)


class TestABotThatDies:
    """kill -9, and a start on the same log."""

    @pytest.mark.parametrize("point", INSIDE)
    def test_inside_the_transaction_has_changed_nothing(
        self, wired_shop: World, wire: DatabaseWire, damaged: Database, point: str
    ) -> None:
        before = Before(damaged)
        fault = hold_at(Fault(INSIDE[point], hold=True), wired_shop, wire)
        wired_shop.kill()
        wire.lift(fault)
        wired_shop.start()
        before.assert_unchanged(wired_shop)
        assert "not committed" in wired_shop.read()

    def test_while_its_commit_is_lost_on_the_way_has_changed_nothing(
        self, wired_shop: World, wire: DatabaseWire, damaged: Database
    ) -> None:
        before = Before(damaged)
        hold_at(Fault(COMMIT, apply=False, hold=True), wired_shop, wire)
        wired_shop.kill()
        wire.cut()
        wired_shop.start()
        before.assert_unchanged(wired_shop)

    def test_while_its_commit_is_under_way_waits_for_it_before_it_looks(
        self, wired_shop: World, wire: DatabaseWire, damaged: Database
    ) -> None:
        commit = hold_at(Fault(COMMIT, apply=False, hold=True), wired_shop, wire)
        wired_shop.restart()
        wired_shop.wait_until(lambda: damaged.value(IS_WAITED_FOR))
        wire.lift(commit)
        assert_restored_once(wired_shop, wire, damaged)

    def test_before_it_hears_of_its_commit_finds_it_in_the_ledger(
        self, wired_shop: World, wire: DatabaseWire, damaged: Database
    ) -> None:
        fault = hold_at(Fault(COMMIT, hold=True), wired_shop, wire)
        wired_shop.kill()
        wire.lift(fault)
        wired_shop.start()
        assert_restored_once(wired_shop, wire, damaged)

    def test_before_it_begins_has_changed_nothing_and_begins_nothing(
        self, quiet_shop: World, wire: DatabaseWire, damaged: Database
    ) -> None:
        before = Before(damaged)
        die_at("after:step_started", quiet_shop)
        before.assert_unchanged(quiet_shop)
        assert [message for message in wire.messages if WRITING in message] == []

    @pytest.mark.parametrize("where", ["before:step_finished", "after:step_finished"])
    def test_after_its_commit_is_verified_and_restores_nothing_again(
        self, quiet_shop: World, wire: DatabaseWire, damaged: Database, where: str
    ) -> None:
        die_at(where, quiet_shop)
        assert_restored_once(quiet_shop, wire, damaged)

    def test_leaves_the_tables_free_for_the_next_request(
        self, wired_shop: World, wire: DatabaseWire, damaged: Database
    ) -> None:
        before = Before(damaged)
        fault = hold_at(Fault(COPYING, hold=True), wired_shop, wire)
        wired_shop.kill()
        wire.lift(fault)
        wired_shop.start()
        before.assert_unchanged(wired_shop)
        ask(wired_shop)
        assert_restored_once(wired_shop, wire, damaged)


def die_at(where: str, world: World) -> None:
    """Run into the halt, kill the bot there, and start it as it should be."""
    world.start(HOLD=where)
    ask(world)
    assert world.bot
    world.bot.wait_for_line("holding")
    world.restart()


def test_an_undo_whose_bot_dies_before_it_hears_of_its_commit_is_found_in_the_ledger(
    wired_shop: World, wire: DatabaseWire, damaged: Database
) -> None:
    before = damaged.value(ROWS)
    restore(wired_shop, "user_profiles")
    wired_shop.rollback("undo R-1 because it was the wrong backup")
    wired_shop.slack.wait_for(lambda: "undo the restore of" in wired_shop.read().lower())
    fault = wire.lay(Fault(COMMIT, hold=True))
    wired_shop.approve(BEN, CHLOE)
    wired_shop.wait_until(fault.arrived.is_set)
    wired_shop.kill()
    wire.lift(fault)
    wired_shop.start()
    wired_shop.wait_for_end("Verified")
    assert damaged.value(ROWS) == before
    assert damaged.value("SELECT count(*) FROM rollback_bot.ledger") == 2


def test_an_exact_restore_whose_bot_dies_inside_the_transaction_has_changed_nothing(
    wired_shop: World, wire: DatabaseWire, damaged: Database
) -> None:
    damaged.rows("DELETE FROM public.user_progress WHERE user_id IN (SELECT id FROM public.user_profiles)")
    before = damaged.rows("SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM public.user_progress AS t")
    fault = wire.lay(Fault(b'WITH "deleted_0" AS', hold=True))
    wired_shop.restore("user_progress from 20250903 exact")
    wired_shop.approve(BEN, CHLOE)
    wired_shop.wait_until(fault.arrived.is_set)
    wired_shop.kill()
    wire.lift(fault)
    wired_shop.start()
    wired_shop.wait_for_end("Failed: nothing changed")
    assert "not committed" in wired_shop.read()
    after = damaged.rows("SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM public.user_progress AS t")
    assert after == before


class TestAConnectionThatEnds:
    """The bot lives, and its session in the database is ended or cut off."""

    def test_inside_the_transaction_has_changed_nothing(
        self, wired_shop: World, wire: DatabaseWire, damaged: Database
    ) -> None:
        before = Before(damaged)
        fault = hold_at(Fault(WRITING, hold=True), wired_shop, wire)
        assert damaged.rows(TERMINATE) == [(True,)]
        wire.lift(fault)
        before.assert_unchanged(wired_shop)
        assert "broke before COMMIT was sent" in wired_shop.read()

    def test_before_commit_arrives_has_changed_nothing(
        self, wired_shop: World, wire: DatabaseWire, damaged: Database
    ) -> None:
        before = Before(damaged)
        fault = hold_at(Fault(COMMIT, apply=False, hold=True), wired_shop, wire)
        assert damaged.rows(TERMINATE) == [(True,)]
        wire.lift(fault)
        before.assert_unchanged(wired_shop)
        assert "not committed" in wired_shop.read()

    def test_after_commit_is_verified(self, wired_shop: World, wire: DatabaseWire, damaged: Database) -> None:
        fault = hold_at(Fault(COMMIT, hold=True), wired_shop, wire)
        assert damaged.rows(TERMINATE) == [(True,)]
        wire.lift(fault)
        assert_restored_once(wired_shop, wire, damaged)

    def test_so_that_the_answer_of_commit_is_lost_is_verified_by_the_ledger(
        self, wired_shop: World, wire: DatabaseWire, damaged: Database
    ) -> None:
        hold_at(Fault(COMMIT, drop=True), wired_shop, wire)
        assert_restored_once(wired_shop, wire, damaged)
        assert "step_unproven" in wired_shop.kinds()

    def test_so_that_commit_is_lost_has_changed_nothing(
        self, wired_shop: World, wire: DatabaseWire, damaged: Database
    ) -> None:
        before = Before(damaged)
        hold_at(Fault(COMMIT, apply=False, drop=True), wired_shop, wire)
        before.assert_unchanged(wired_shop)
        assert "step_unproven" in wired_shop.kinds()
