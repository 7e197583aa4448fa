"""What is listed of backups on a real database: whose they are, who else can get at them, and what closes that."""

from collections.abc import Iterator

import pytest
from psycopg import sql

from bot.actions.backup_listing import list_backups
from bot.core.backups_seen import BackupSeen, closing
from tests.actions.backing_up import DATE, Backups
from tests.database.server import Database

HOSTILE = 'o"rd`er\u202e; --'


@pytest.fixture
def stranger(database: Database) -> Iterator[str]:
    """A role with a name that nobody should have given it."""
    role = f'{database.name[-6:]}" `x\\'
    name = sql.Identifier(role)
    with database.superuser() as connection:
        connection.execute(sql.SQL("CREATE ROLE {}").format(name))
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name))
        yield role
        connection.execute(sql.SQL("DROP OWNED BY {}").format(name))
        connection.execute(sql.SQL("DROP ROLE {}").format(name))


def listed(backups: Backups) -> tuple[BackupSeen, ...]:
    """The backups of the first table."""
    return list_backups(backups.reading)[0].backups


def test_the_statement_closes_every_leak_whatever_tables_and_roles_are_called(
    database: Database, stranger: str
) -> None:
    backups = Backups(database, HOSTILE)
    table, copies = sql.Identifier(HOSTILE), [f"{HOSTILE}_backup_2026110{n}" for n in (1, 2)]
    with database.owner() as owner:
        owner.execute(sql.SQL("CREATE TABLE {} (id integer PRIMARY KEY)").format(table))
        for copy in map(sql.Identifier, copies):
            owner.execute(sql.SQL("CREATE TABLE {} AS SELECT * FROM {}").format(copy, table))
            owner.execute(sql.SQL("GRANT SELECT (id) ON {} TO {}, PUBLIC").format(copy, sql.Identifier(stranger)))
    seen = listed(backups)
    roles = {role for one in seen for role in one.others}
    assert {stranger, "PUBLIC", "anon"} <= roles
    backups.make(closing([one.name for one in seen], sorted(roles)))
    assert [one.others for one in listed(backups)] == [(), ()]


def test_the_bots_own_set_is_marked_and_nobody_else_can_get_at_it(database: Database) -> None:
    backups = Backups(database, "sessions")
    backups.take()
    own, *others = listed(backups)
    assert (own.name.schema, own.date, own.is_own, own.others, own.unfit) == ("rollback_bot", DATE, True, (), "")
    assert (own.update, own.insert, own.keep) == (0, 0, 0)
    assert others
    assert not any(one.is_own for one in others)


def test_one_of_the_bots_that_was_changed_since_can_not_be_restored_from(database: Database) -> None:
    backups = Backups(database, "sessions")
    backups.take()
    backups.make(f"DELETE FROM rollback_bot.sessions_backup_{DATE} WHERE user_agent LIKE '%1'")
    assert "was changed since it was taken" in listed(backups)[0].unfit


def test_beyond_the_newest_three_nothing_is_compared_and_all_else_is_seen(database: Database) -> None:
    backups = Backups(database, "t")
    backups.make("CREATE TABLE t (id integer PRIMARY KEY, v text)")
    backups.make(*(f"CREATE TABLE t_backup_2026110{n} AS SELECT id FROM t" for n in range(1, 6)))
    seen = listed(backups)
    assert [one.rows is None for one in seen] == [False, False, False, True, True]
    assert {(one.missing_columns, "anon" in one.readers, "anon" in one.writers) for one in seen} == {
        (("v",), True, True)
    }
