"""The damage is what it says it is beside either backup, and rows can be told wherever they leak."""

from typing import LiteralString

import pytest
from psycopg import sql

from tests.database.damage import DAMAGED, PERSONAL, REVOKED_SINCE, USED_SINCE, profile_id
from tests.database.server import Database

BACKUPS = (*((table, "20250903") for table in DAMAGED), ("user_profiles", "20261101"), ("user_progress", "20261101"))
KEYS: dict[str, LiteralString] = {"user_progress": "user_id, module"}
# Of a session or a token, what was set since may stay.
AS_BACKED_UP: dict[str, LiteralString] = {
    "user_profiles": "(l.full_name, l.score, coalesce(l.bio, '')) = (b.full_name, b.score, coalesce(b.bio, ''))",
    "user_progress": "l.percent = b.percent",
    "sessions": "l.user_agent = b.user_agent AND (l.revoked_at IS NOT NULL OR b.revoked_at IS NULL)",
    "magic_tokens": "l.expires_at = b.expires_at AND (l.used_at IS NOT NULL OR b.used_at IS NULL)",
}
BESIDE: LiteralString = """
SELECT count(*) FILTER (WHERE l.owner IS NOT NULL AND b.owner IS NOT NULL AND NOT ({same})),
       count(*) FILTER (WHERE l.owner IS NULL),
       count(*) FILTER (WHERE b.owner IS NULL),
       count(*) FILTER (WHERE NOT ({same}) AND l.changed_at > '2025-09-04'),
       count(*) FILTER (WHERE l.owner IS NULL AND {table} <> 'user_profiles'
                              AND NOT EXISTS (SELECT FROM user_profiles p WHERE p.id = b.owner))
  FROM (SELECT *, {owner} owner, {changed_at} changed_at FROM {live}) l
  FULL JOIN (SELECT *, {owner} owner FROM {backup}) b USING ({key})
"""


@pytest.mark.parametrize(("table", "date"), BACKUPS)
def test_beside_a_backup_there_is_what_was_done(damaged: Database, table: str, date: str) -> None:
    has_time = table in ("user_profiles", "user_progress")
    query = sql.SQL(BESIDE).format(
        same=sql.SQL(AS_BACKED_UP[table]),
        table=sql.Literal(table),
        live=sql.Identifier(table),
        backup=sql.Identifier(f"{table}_backup_{date}"),
        key=sql.SQL(KEYS.get(table, "id")),
        owner=sql.SQL("id" if table == "user_profiles" else "user_id"),
        changed_at=sql.SQL("updated_at" if has_time else "NULL::timestamptz"),
    )
    with damaged.superuser() as connection:
        assert connection.execute(query).fetchall() == [DAMAGED[table]]


def test_sessions_were_revoked_and_tokens_used_since(damaged: Database) -> None:
    sessions = "SELECT count(*) FROM sessions WHERE revoked_at > '2025-09-04'"
    tokens = "SELECT count(*) FROM magic_tokens WHERE used_at > '2025-09-04'"
    assert (damaged.value(sessions), damaged.value(tokens)) == (REVOKED_SINCE, USED_SINCE)


def test_the_migration_ran_no_trigger_so_no_time_tells_of_it(damaged: Database) -> None:
    query = "SELECT max(updated_at) < '2025-09-01' FROM user_profiles WHERE full_name = 'undefined'"
    assert damaged.value(query) is True


@pytest.mark.parametrize("table", ["user_profiles", "user_progress", "sessions", "magic_tokens", "notes", "teams"])
def test_every_row_can_be_told_wherever_it_leaks(damaged: Database, table: str) -> None:
    with damaged.superuser() as connection:
        query = sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))
        rows = [text for (text,) in connection.execute(query).fetchall()]
    assert rows
    assert all(any(mark in text for mark in PERSONAL) for text in rows)


def test_a_person_is_found_by_number(database: Database) -> None:
    query = "SELECT email FROM user_profiles WHERE id = %s"
    assert database.value(query, profile_id(17)) == "person-17@secret.example"


def test_anyone_with_the_public_key_can_change_a_backup_but_not_the_table(database: Database) -> None:
    query = "SELECT has_table_privilege('anon', %s, 'SELECT, UPDATE')"
    assert [database.value(query, name) for name in ("user_profiles_backup_20250903", "user_profiles")] == [True, False]


def test_the_bots_role_is_no_superuser_and_owns_the_tables(database: Database) -> None:
    query = "SELECT rolsuper, rolbypassrls, has_database_privilege(current_database(), 'CREATE') FROM pg_roles"
    with database.owner() as connection:
        assert connection.execute(f"{query} WHERE rolname = current_user").fetchall() == [(False, True, True)]
    owners = "SELECT DISTINCT tableowner::text FROM pg_tables WHERE schemaname = 'public'"
    assert database.rows(owners) == [("app_owner",)]


def test_backups_of_now_can_be_made(damaged: Database) -> None:
    damaged.back_up("20261122", "user_profiles", "user_progress")
    assert damaged.value("SELECT count(*) FROM user_profiles_backup_20261122") == 300 - 5 + 6


def test_a_database_is_ones_own(database: Database) -> None:
    with database.server.database() as other:
        other.rows("DELETE FROM notes")
    assert database.value("SELECT count(*) FROM notes") == 250


def test_a_closed_database_is_gone(database: Database) -> None:
    with database.server.database() as other:
        other.owner()
    assert database.value("SELECT count(*) FROM pg_database WHERE datname = %s", other.name) == 0
