"""Restoring tables, driven over signed HTTP with a real PostgreSQL: request, two approvals, run, verified."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.database.damage import DAMAGED, PERSONAL, REVOKED_SINCE, USED_SINCE, damage
from tests.database.inventory import Inventory, inventory
from tests.database.server import Database, server
from tests.restoring import quarantines, restore, shop_over
from tests.simulator import vercel_cast as the
from tests.world import ANA, BEN, CHLOE, World

ASKED = "user_profiles because names are wrong"
BACKUP = "public.user_profiles_backup_20261101"
DIFFERENT = f"""
SELECT count(*) FROM {BACKUP} AS b LEFT JOIN public.user_profiles AS l USING (id)
WHERE to_jsonb(b) IS DISTINCT FROM to_jsonb(l)
"""
SEEN = """
SELECT (SELECT count(*) FROM public.user_profiles), (SELECT count(*) FROM audit.log),
       (SELECT string_agg(subscription_tier, ',' ORDER BY id) FROM public.user_profiles WHERE member_no > 300)
"""


@dataclass(frozen=True)
class Story:
    """One request that several tests look at, and what was so before it."""

    world: World
    database: Database
    definitions: Inventory
    profiles: int
    audited: int
    tiers: str  # of profiles that came after the backup, in a column that did too


@contextmanager
def story(folder: Path, *statements: Any) -> Iterator[Story]:
    """A shop after a bad deployment and after some statements, whose bot is running."""
    with server().database() as database:
        damage(database.superuser())
        for statement in statements:
            database.rows(statement)
        definitions, (seen,) = inventory(database.superuser()), database.rows(SEEN)
        with closing(shop_over(database, folder)) as world:
            yield Story(world.start(), database, definitions, *seen)


@pytest.fixture(scope="module")
def restored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with story(tmp_path_factory.mktemp("one")) as one:
        restore(one.world, ASKED)
        yield one


@pytest.fixture(scope="module")
def all_restored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with story(tmp_path_factory.mktemp("all")) as one:
        restore(one.world, "all because everything is wrong")
        yield one


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with story(tmp_path_factory.mktemp("planned")) as one:
        one.world.restore(ASKED)
        one.world.slack.wait_for(lambda: one.world.with_button("approve"))
        yield one.world


@pytest.fixture(scope="module")
def all_planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with story(tmp_path_factory.mktemp("all_planned"), "CREATE PUBLICATION everything FOR ALL TABLES") as one:
        one.world.restore("all")
        one.world.slack.wait_for(lambda: one.world.with_button("approve"))
        yield one.world


class TestOneTable:
    def test_it_is_asked_for_approved_by_two_restored_and_verified(self, restored: Story) -> None:
        assert restored.database.value(DIFFERENT) == 0
        assert "Restored user_profiles" in restored.world.thread()
        assert "names are wrong" in restored.world.read()

    def test_rows_created_since_the_backup_stay(self, restored: Story) -> None:
        new = restored.database.value("SELECT count(*) FROM public.user_profiles WHERE member_no > 300")
        assert new == DAMAGED["user_profiles"].new

    def test_the_old_rows_are_copied_to_where_no_role_of_the_api_can_read_them(self, restored: Story) -> None:
        (copy,) = quarantines(restored.database)
        assert restored.database.value(f"SELECT count(*) FROM rollback_bot.{copy}") == restored.profiles
        readable = "SELECT has_table_privilege(%s, %s, 'SELECT') OR has_schema_privilege(%s, 'rollback_bot', 'USAGE')"
        for role in ("anon", "authenticated", "service_role"):
            assert restored.database.value(readable, role, f"rollback_bot.{copy}", role) is False

    def test_the_backup_is_still_there(self, restored: Story) -> None:
        assert restored.database.value(f"SELECT count(*) FROM {BACKUP}") == 300


class TestFourTables:
    """All of the runbook's tables in one request, from the newest date that they have in common."""

    def test_they_come_from_one_date(self, all_restored: Story) -> None:
        assert "2025" in all_restored.world.thread()
        (made,) = all_restored.world.data("plan_made")
        assert {table["backup_date"] for table in made["plan"]["steps"][0]["before"]["tables"]} == {"20250903"}

    def test_columns_that_came_after_the_backup_keep_their_values(self, all_restored: Story) -> None:
        assert all_restored.database.rows(SEEN)[0][2] == all_restored.tiers

    def test_no_definition_in_the_whole_database_changes(self, all_restored: Story) -> None:
        before, after = all_restored.definitions, inventory(all_restored.database.superuser())
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        assert changed <= {"sequence values"}

    def test_triggers_do_not_fire_and_are_as_they_were(self, all_restored: Story) -> None:
        assert all_restored.database.rows(SEEN)[0][1] == all_restored.audited
        query = "SELECT tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal"
        states: dict[str, str] = dict(all_restored.database.rows(query))
        assert states["user_profiles_welcome"] == "D"
        assert states["sessions_audit"] == "A"

    def test_revoked_sessions_and_used_tokens_do_not_work_again(self, all_restored: Story) -> None:
        again = (
            "SELECT count(*) FROM public.sessions l JOIN public.sessions_backup_20250903 b USING (id)"
            " WHERE b.revoked_at IS NULL AND l.revoked_at IS NOT NULL"
        )
        assert all_restored.database.value(again) == REVOKED_SINCE
        used = (
            "SELECT count(*) FROM public.magic_tokens l JOIN public.magic_tokens_backup_20250903 b USING (id)"
            " WHERE b.used_at IS NULL AND l.used_at IS NOT NULL"
        )
        assert all_restored.database.value(used) == USED_SINCE

    def test_deleted_sessions_and_tokens_stay_deleted_and_deleted_progress_comes_back(
        self, all_restored: Story
    ) -> None:
        missing = (
            "SELECT count(*) FROM public.{0}_backup_20250903 b LEFT JOIN public.{0} l USING (id) WHERE l.id IS NULL"
        )
        value = all_restored.database.value
        assert value(missing.format("sessions")) == DAMAGED["sessions"].missing
        assert value(missing.format("magic_tokens")) == DAMAGED["magic_tokens"].missing
        assert value(missing.format("user_profiles")) == 0


class TestThePlan:
    """What people approve."""

    def test_it_counts_what_is_changed_undone_brought_back_and_kept(self, planned: World) -> None:
        plan = planned.thread()
        for number in (38, 8, 5, 6):
            assert f"{number}" in plan

    def test_it_says_who_else_can_change_the_backup_and_so_does_the_dialog(self, planned: World) -> None:
        message = planned.with_button("approve")
        assert message
        assert "anon" in planned.thread()
        assert "can change this backup" in planned.slack.confirm_of(message, "approve")

    def test_it_says_that_a_publication_of_all_tables_sends_the_copies_too(self, all_planned: World) -> None:
        assert "FOR ALL TABLES sends this copy" in all_planned.thread()

    def test_it_says_that_the_live_deployment_is_newer_than_the_backup(self, all_planned: World) -> None:
        assert "/rollback vercel" in all_planned.thread()

    def test_all_tables_at_once_are_a_critical_change(self, all_planned: World) -> None:
        assert "critical" in all_planned.wait_for_state("Waiting for approval")


class TestDrift:
    """What was approved is what runs, or nothing runs."""

    @pytest.mark.parametrize(
        "statement",
        [
            f"UPDATE {BACKUP} SET score = score + 1 WHERE member_no = 1",
            "ALTER TABLE public.user_profiles ADD nickname text",
            "ALTER TABLE public.user_profiles DISABLE TRIGGER user_profiles_audit",
            f"DROP TABLE {BACKUP}",
        ],
    )
    def test_a_change_of_backup_or_definition_supersedes_it(
        self, shop: World, damaged: Database, statement: str
    ) -> None:
        shop.restore(ASKED)
        shop.approve(BEN)
        shop.wait_for_state("(1 of 2)")
        damaged.rows(statement)
        shop.approve(CHLOE)
        shop.wait_for_end("Superseded")
        assert quarantines(damaged) == []

    def test_much_more_to_change_than_was_approved_supersedes_it(self, shop: World, damaged: Database) -> None:
        shop.restore(ASKED)
        shop.approve(BEN)
        damaged.rows("UPDATE public.user_profiles SET score = score + 1")
        shop.approve(CHLOE)
        shop.wait_for_state("Superseded")
        shop.slack.wait_for(lambda: "it changed since the plan" in shop.thread())
        assert "first_step_drifted" in shop.kinds()


def test_no_value_and_no_key_of_any_row_is_in_any_log_line_event_or_message(tmp_path: Path, damaged: Database) -> None:
    world = World(tmp_path, env={"LOG_LEVEL": "DEBUG"}, database=damaged.url).start()
    world.vercel.promote_by_someone(the.PREVIOUS)
    try:
        restore(world, "all from 20250903")
        world.restore("backups")
        world.told(ANA, "user_profiles_backup_20250903")
        damaged.rows("ALTER TABLE public.user_profiles DROP CONSTRAINT user_profiles_email_key")
        damaged.rows("CREATE UNIQUE INDEX one_live_email ON public.user_profiles (email) WHERE email IS NOT NULL")
        damaged.rows("UPDATE public.user_profiles SET email = 'gone@secret.example' WHERE member_no = 3")
        damaged.rows("UPDATE public.user_profiles SET email = 'person-3@secret.example' WHERE member_no = 306")
        assert "clashes with another row (one_live_email)" in restore(world, "user_profiles", "Failed")
    finally:
        world.close()
    assert world.bot
    told = "\n".join(world.slack.text_of(message) for message in world.slack.ephemeral_to(ANA))
    everything = world.raw_log() + "".join(world.bot.lines) + world.thread() + world.read() + told
    assert [mark for mark in (*PERSONAL, "database-password") if mark in everything] == []
