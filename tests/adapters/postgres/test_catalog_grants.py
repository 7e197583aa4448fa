"""Who besides the owner can read or change a table's rows, as people are told before they trust a backup."""

import pytest

from bot.core.table import Table
from tests.adapters.postgres.looking import Draft, command, make, seen
from tests.database.server import Database

# A schema of its own: nobody's default privileges are in it.
APART = ("CREATE SCHEMA apart", "CREATE TABLE apart.t (id int, name text)")
ENTER = "GRANT USAGE ON SCHEMA apart TO anon, authenticated, service_role"
SECURED = "ALTER TABLE apart.t ENABLE ROW LEVEL SECURITY"


def apart(draft: Draft, *statements: str) -> Table:
    draft.make(*APART, ENTER, *statements)
    return draft.seen("t", "apart")


def test_nobody_but_the_owner_can_do_anything_without_a_grant(draft: Draft) -> None:
    table = apart(draft)
    assert (table.writers, table.readers) == ((), ())


@pytest.mark.parametrize("right", ["INSERT", "UPDATE", "DELETE", "TRUNCATE", "UPDATE (name)", "INSERT (id)"])
def test_a_grant_to_change_rows_makes_a_writer_and_no_reader(draft: Draft, right: str) -> None:
    table = apart(draft, f"GRANT {right} ON apart.t TO anon")
    assert (table.writers, table.readers) == (("anon",), ())


@pytest.mark.parametrize("right", ["SELECT", "SELECT (name)"])
def test_a_grant_to_select_makes_a_reader_and_no_writer(draft: Draft, right: str) -> None:
    table = apart(draft, f"GRANT {right} ON apart.t TO anon")
    assert (table.writers, table.readers) == ((), ("anon",))


def test_the_right_to_refer_to_a_table_changes_nothing_in_it(draft: Draft) -> None:
    assert apart(draft, "GRANT REFERENCES, TRIGGER ON apart.t TO anon").writers == ()


def test_a_right_on_a_dropped_column_counts_no_longer(draft: Draft) -> None:
    table = apart(draft, "GRANT SELECT (name) ON apart.t TO anon", "ALTER TABLE apart.t DROP COLUMN name")
    assert table.readers == ()


def test_grantees_are_sorted_and_named_once(draft: Draft) -> None:
    table = apart(draft, "GRANT ALL ON apart.t TO service_role, anon", "GRANT UPDATE (id) ON apart.t TO anon")
    assert table.writers == ("anon", "service_role")


def test_everybody_is_named_public(draft: Draft) -> None:
    assert apart(draft, "GRANT SELECT ON apart.t TO PUBLIC").readers == ("PUBLIC",)


def test_a_grant_without_usage_of_the_schema_means_nothing(draft: Draft) -> None:
    assert apart(draft, "GRANT ALL ON apart.t TO anon", "REVOKE ALL ON SCHEMA apart FROM anon").writers == ()


def test_a_grant_to_everybody_means_nothing_where_nobody_may_enter_the_schema(draft: Draft) -> None:
    draft.make(*APART, "GRANT ALL ON apart.t TO PUBLIC")
    assert draft.seen("t", "apart").readers == ()


def test_superusers_and_the_bots_own_role_are_left_out(database: Database) -> None:
    make(database, *APART, ENTER)
    command(database, "ALTER TABLE apart.t OWNER TO service_role", "GRANT ALL ON apart.t TO app_owner, CURRENT_USER")
    assert seen(database, "t", "apart").writers == ()


def test_under_row_security_a_grant_without_a_policy_means_nothing(draft: Draft) -> None:
    table = apart(draft, "GRANT ALL ON apart.t TO anon, PUBLIC", SECURED)
    assert (table.writers, table.readers) == ((), ())


def test_row_security_does_not_hold_a_role_that_bypasses_it(draft: Draft) -> None:
    assert apart(draft, "GRANT SELECT ON apart.t TO service_role", SECURED).readers == ("service_role",)


@pytest.mark.parametrize(
    ("policy", "writers", "readers"),
    [
        ("FOR ALL TO anon USING (true)", ("anon",), ("anon",)),
        ("FOR SELECT TO anon USING (true)", (), ("anon",)),
        ("FOR UPDATE TO anon USING (true)", ("anon",), ()),
        ("FOR INSERT WITH CHECK (true)", ("anon",), ()),
        ("FOR ALL TO authenticated USING (true)", (), ()),
        ("AS RESTRICTIVE FOR ALL TO anon USING (true)", (), ()),
    ],
)
def test_under_row_security_a_policy_decides(
    draft: Draft, policy: str, writers: tuple[str, ...], readers: tuple[str, ...]
) -> None:
    table = apart(draft, "GRANT ALL ON apart.t TO anon", SECURED, f"CREATE POLICY p ON apart.t {policy}")
    assert (table.writers, table.readers) == (writers, readers)


def test_a_policy_means_nothing_for_a_command_that_was_not_granted(draft: Draft) -> None:
    policy = "CREATE POLICY p ON apart.t FOR UPDATE TO anon USING (true)"
    assert apart(draft, "GRANT INSERT ON apart.t TO anon", SECURED, policy).writers == ()


def test_a_policy_for_some_role_opens_what_everybody_was_granted(draft: Draft) -> None:
    policy = "CREATE POLICY p ON apart.t FOR SELECT TO anon USING (true)"
    assert apart(draft, "GRANT SELECT ON apart.t TO PUBLIC", SECURED, policy).readers == ("PUBLIC",)
