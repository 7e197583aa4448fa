"""Which backups are found, what the server is, and who holds a table."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from bot.adapters.postgres.catalog import Server, find_backups, read_holders, read_server
from bot.core.restore import Holder
from bot.core.table import Name
from tests.adapters.postgres.looking import Draft, command, looking, make
from tests.database.server import Database

NOW = datetime(2025, 9, 10, 12, tzinfo=UTC)
TABLES = [Name("public", "orders")]


def found(draft: Draft, table: str = "user_x", schemas: Sequence[str] = ("public", "own")) -> list[str]:
    """The backups of a table, as `schema.name`."""
    return [str(b.name) for b in find_backups(draft.session, table, schemas, "{table}_backup_{date}", NOW)]


def test_backups_stand_newest_first(draft: Draft) -> None:
    dates = ("20250901", "20250903_0830", "20250903", "20240101_235959")
    draft.make(*(f"CREATE TABLE user_x_backup_{date} ()" for date in dates))
    expected = ("20250903_0830", "20250903", "20250901", "20240101_235959")
    assert found(draft) == [f"public.user_x_backup_{date}" for date in expected]


@pytest.mark.parametrize(
    "name",
    [
        "userYx_backup_20250903",
        "user_x_backup_2025090",
        "user_x_backup_202509031",
        "user_x_backup_20250903_old",
        "user_x_backup_20250903_08",
        "my_user_x_backup_20250903",
        "user_x_y_backup_20250903",
        "USER_X_BACKUP_20250903",
        "user_x_backup_20251399",
        "user_x_backup_20250230",
        "user_x_backup_20250912",
        "user_x_backup_20250903\n",
        "user_x",
    ],
)
def test_what_is_named_or_dated_otherwise_is_no_backup(draft: Draft, name: str) -> None:
    draft.make(f'CREATE TABLE "{name}" ()')
    assert found(draft) == []


def test_a_table_with_a_quoted_name_has_backups_too(draft: Draft) -> None:
    draft.make('CREATE TABLE "User\'s 100% ""x""_backup_20250903" ()')
    assert found(draft, 'User\'s 100% "x"') == ['public.User\'s 100% "x"_backup_20250903']


def test_the_later_schema_wins_at_one_date(draft: Draft) -> None:
    draft.make(
        "CREATE SCHEMA own",
        "CREATE TABLE user_x_backup_20250903 ()",
        "CREATE TABLE user_x_backup_20250904 ()",
    )
    draft.make("CREATE TABLE own.user_x_backup_20250903 ()")
    assert found(draft) == [
        "public.user_x_backup_20250904",
        "own.user_x_backup_20250903",
        "public.user_x_backup_20250903",
    ]


def test_other_schemas_are_not_looked_into(draft: Draft) -> None:
    draft.make("CREATE SCHEMA foreign_one", "CREATE TABLE foreign_one.user_x_backup_20250903 ()")
    assert found(draft) == []


def test_a_view_that_is_named_like_a_backup_is_found_for_the_rules_to_judge(draft: Draft) -> None:
    draft.make("CREATE VIEW user_x_backup_20250903 AS SELECT 1 AS id")
    assert found(draft) == ["public.user_x_backup_20250903"]


def test_an_index_that_is_named_like_a_backup_is_none(draft: Draft) -> None:
    draft.make("CREATE TABLE other (id int)", "CREATE INDEX user_x_backup_20250903 ON other (id)")
    assert found(draft) == []


def test_the_server_is_described(draft: Draft) -> None:
    now = read_server(draft.session, "quarantine")
    assert (now.role, now.version >= 14, now.is_replica, now.is_read_only) == ("app_owner", True, False, False)


def test_a_schema_that_is_not_there_is_told(draft: Draft) -> None:
    now = read_server(draft.session, "quarantine")
    assert (now.has_schema, now.owns_schema) == (False, False)


def test_a_schema_of_the_bots_own_is_told(draft: Draft) -> None:
    draft.make("CREATE SCHEMA quarantine")
    now = read_server(draft.session, "quarantine")
    assert (now.has_schema, now.owns_schema) == (True, True)


def test_a_schema_of_somebody_else_is_told(draft: Draft) -> None:
    now = read_server(draft.session, "pg_catalog")
    assert (now.has_schema, now.owns_schema) == (True, False)


def server(database: Database) -> Server:
    """What a new session of the bot's reads of the server."""
    with looking(database) as session:
        return read_server(session, "quarantine")


def test_whether_the_bot_may_make_a_schema_is_told(database: Database) -> None:
    name = database.name
    command(
        database, f'ALTER DATABASE "{name}" OWNER TO CURRENT_USER', f'REVOKE CREATE ON DATABASE "{name}" FROM app_owner'
    )
    before = server(database).may_make_schema
    command(database, f'GRANT CREATE ON DATABASE "{name}" TO app_owner')
    assert (before, server(database).may_make_schema) == (False, True)


def test_a_database_that_is_set_to_read_only_is_told(database: Database) -> None:
    name = database.name
    command(database, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    assert server(database).is_read_only


def holders(database: Database) -> tuple[Holder, ...]:
    """Who holds the table, for a session of the bot's."""
    with looking(database) as session:
        return read_holders(session, TABLES)


def test_a_session_that_wrote_to_the_table_holds_it(database: Database) -> None:
    make(database, "CREATE TABLE orders (id int)")
    other = database.owner()
    other.execute("SET application_name = 'billing'")
    other.execute("BEGIN")
    other.execute("INSERT INTO orders VALUES (1)")
    (holder,) = holders(database)
    told = (holder.pid, holder.role, holder.application, holder.state)
    assert told == (other.info.backend_pid, "app_owner", "billing", "idle in transaction")


def test_the_time_of_a_holder_is_of_its_transaction_in_iso_8601(database: Database) -> None:
    make(database, "CREATE TABLE orders (id int)")
    other = database.owner()
    other.execute("BEGIN")
    other.execute("LOCK TABLE orders IN ROW SHARE MODE")
    row = other.execute("SELECT now()").fetchone()
    assert row
    (holder,) = holders(database)
    assert (datetime.fromisoformat(holder.since), holder.since[-6:]) == (row[0], "+00:00")


def test_a_reader_holds_nothing_up(database: Database) -> None:
    make(database, "CREATE TABLE orders (id int)")
    other = database.owner()
    other.execute("BEGIN")
    other.execute("SELECT * FROM orders")
    assert holders(database) == ()


def test_a_session_on_another_table_is_no_holder(database: Database) -> None:
    make(database, "CREATE TABLE orders (id int)", "CREATE TABLE other (id int)")
    other = database.owner()
    other.execute("BEGIN")
    other.execute("INSERT INTO other VALUES (1)")
    assert holders(database) == ()


def test_whoever_asks_is_no_holder(draft: Draft) -> None:
    draft.make("CREATE TABLE orders (id int)", "LOCK TABLE orders IN EXCLUSIVE MODE")
    assert read_holders(draft.session, TABLES) == ()


def test_holders_stand_oldest_transaction_first_and_once(database: Database) -> None:
    make(database, "CREATE TABLE orders (id int)")
    first, second = database.owner(), database.owner()
    for other in (second, first):
        other.execute("BEGIN")
        other.execute("INSERT INTO orders VALUES (1)")
        other.execute("LOCK TABLE orders IN ROW SHARE MODE")
    assert [holder.pid for holder in holders(database)] == [second.info.backend_pid, first.info.backend_pid]


def test_what_the_bot_may_not_see_of_a_holder_is_empty(database: Database) -> None:
    make(database, "CREATE TABLE orders (id int)")
    other = database.superuser()
    other.execute("BEGIN")
    other.execute("LOCK TABLE orders IN SHARE MODE")
    (holder,) = holders(database)
    assert (holder.pid, holder.state, holder.since) == (other.info.backend_pid, "", "")


def test_a_long_application_name_is_cut(database: Database) -> None:
    make(database, "CREATE TABLE orders (id int)")
    other = database.owner()
    other.execute(f"SET application_name = '{'x' * 63}'")
    other.execute("BEGIN")
    other.execute("INSERT INTO orders VALUES (1)")
    assert holders(database)[0].application == "x" * 60


def test_no_tables_have_no_holders(draft: Draft) -> None:
    assert read_holders(draft.session, []) == ()
