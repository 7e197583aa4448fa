"""Which rows and values come back, whatever the tables are made of and called; each on a real database."""

import pytest

from bot.core.runbook.tables import DatabaseTable
from tests.actions.restoring import Restores
from tests.database.server import Database

TYPES = {
    "json": """'{"b": 1,  "a": [1, 1.0], "a": null}'""",
    "jsonb": """'{"a": "\\u00e9"}'""",
    "float8": "'-0'",
    "real": "'NaN'",
    "numeric": "'1.500'",
    "numeric(12, 3)": "'NaN'",
    "text[]": """'{NULL,"a,b",""}'""",
    "integer[]": "'[2:3]={1,2}'",
    "char(5)": "'a'",
    "varchar(3)": "'ab '",
    "bytea": "'\\x00ff'",
    "timestamptz": "'-infinity'",
    "interval": "'1 mon -30 days 00:00:01'",
    "time with time zone": "'03:14:15+05:30'",
    "point": "'(1,-0)'",
    "inet": "'203.0.113.7/24'",
    "bit(3)": "B'101'",
    "tsvector": "'b:2A a:1'",
    "int4range": "'[1,5)'",
    "money": "'1.50'",
    "member_type": "'entrepreneur'",
    "email_address": "'a@b.example'",
    "postal_address": """'("a ""b"", c",)'""",
    "postal_address[]": """ARRAY[ROW('a', NULL)::postal_address, NULL]""",
}
OP = "0b1e5c9a-6f0e-4d35-9d0c-3a8f1f2b7c11"
EACH = "SELECT ROW(t.*)::text FROM public.t ORDER BY a"
ITEMS = "CREATE TABLE t (id integer PRIMARY KEY, v text)"


@pytest.fixture
def restores(database: Database) -> Restores:
    """Of the table public.t."""
    return Restores(database)


def test_values_of_every_type_come_back_byte_for_byte(restores: Restores) -> None:
    columns = ", ".join(f"c{number} {kind}" for number, kind in enumerate(TYPES))
    names = ", ".join(f"c{number}" for number in range(len(TYPES)))
    restores.make(
        f"CREATE TABLE t (id integer PRIMARY KEY, {columns})",
        f"INSERT INTO t VALUES (1, {', '.join(TYPES.values())}), (2, {', '.join(['NULL'] * len(TYPES))})",
        f"UPDATE t SET ({names}) = (SELECT {names} FROM t WHERE id = 1) WHERE id = 2",
    )
    restores.back_up()
    emptied = ", ".join(f"c{number} = NULL" for number in range(len(TYPES)))
    restores.make(f"UPDATE t SET {emptied} WHERE id = 1", "DELETE FROM t WHERE id = 2")
    assert restores.run() | {"quarantine": "", "changes": ""} == {
        "updated": 1,
        "inserted": 1,
        "deleted": 0,
        "left_out": 0,
        "kept": 0,
        "rows": 2,
        "quarantine": "",
        "changes": "",
    }
    assert restores.differing() == 0


def test_a_table_of_every_kind_of_column_is_restored_and_undone_byte_for_byte(restores: Restores) -> None:
    columns = ", ".join(f"c{number} {kind}" for number, kind in enumerate(TYPES))
    values = ", ".join(TYPES.values())
    restores.make(
        f"""CREATE TABLE t (a integer, b text, no bigint GENERATED ALWAYS AS IDENTITY, {columns}, long text,
        w text GENERATED ALWAYS AS (upper(b)) STORED, PRIMARY KEY (b, a))""",
        f"INSERT INTO t OVERRIDING SYSTEM VALUE SELECT n, 'k', n, {values}, repeat('x', 300000)"
        " FROM generate_series(1, 4) AS n",
    )
    good = restores.database.rows(EACH)
    restores.back_up()
    emptied = ", ".join(f"c{number} = NULL" for number in range(len(TYPES)))
    restores.make(f"UPDATE t SET {emptied}, long = 'x' WHERE a < 3", "DELETE FROM t WHERE a = 4")
    damaged, step = restores.database.rows(EACH), restores.plan()
    restores.execute(step, OP)
    assert restores.database.rows(EACH) == good
    restores.execute(restores.action.undo(step, OP))
    assert restores.database.rows(EACH) == damaged


@pytest.mark.parametrize(
    ("kind", "was", "became"),
    [("float8", "'-0'", "'0'"), ("json", "'{}'", "'{ }'"), ("numeric", "'1.50'", "'1.5'"), ("text", "NULL", "''")],
)
def test_values_that_are_equal_and_not_the_same_come_back_too(
    restores: Restores, kind: str, was: str, became: str
) -> None:
    restores.make(f"CREATE TABLE t (id integer PRIMARY KEY, v {kind})", f"INSERT INTO t VALUES (1, {was})")
    restores.back_up()
    restores.make(f"UPDATE t SET v = {became}")
    assert restores.run()["updated"] == 1
    assert restores.differing() == 0


NAMES = ['a"b', "100%", "%s", "{t}", "{}", "two words", "select", "Ünï", "b", "l", "d", "k0", "is_new", "o0", "n"]


def test_columns_may_have_any_name(restores: Restores) -> None:
    quoted = ['"' + name.replace('"', '""') + '"' for name in NAMES]
    columns = ", ".join(f"{name} integer NOT NULL" for name in quoted)
    restores.make(
        f"CREATE TABLE t ({columns}, PRIMARY KEY ({', '.join(quoted[:-3])}))",
        f"INSERT INTO t SELECT {', '.join(['n'] * len(NAMES))} FROM generate_series(1, 3) AS n",
    )
    restores.back_up()
    restores.make('UPDATE t SET "is_new" = 0, "o0" = 0, "n" = 0 WHERE "b" = 1', 'DELETE FROM t WHERE "b" = 2')
    assert restores.run()["inserted"] == 1
    assert restores.differing() == 0


@pytest.mark.parametrize("name", ['a"b', "100%", "%s", "{t}", "two words", "user", "Mixed", "b", "l", "d", "x" * 40])
def test_a_table_may_have_any_name(database: Database, name: str) -> None:
    restores = Restores(database, DatabaseTable(name=name))
    quoted = '"' + name.replace('"', '""') + '"'
    restores.make(
        f"CREATE TABLE {quoted} ({quoted} integer PRIMARY KEY, v text)",
        f"INSERT INTO {quoted} VALUES (1, 'a'), (2, 'b')",
        f"ALTER TABLE {quoted} ADD FOREIGN KEY ({quoted}) REFERENCES {quoted}",
    )
    restores.back_up()
    restores.make(f"UPDATE {quoted} SET v = 'x' WHERE {quoted} = 1", f"DELETE FROM {quoted} WHERE {quoted} = 2")
    assert restores.run()["inserted"] == 1
    assert restores.differing(name) == 0


class TestKeys:
    """By what rows are matched."""

    def test_rows_are_matched_by_all_columns_of_a_composite_key(self, restores: Restores) -> None:
        restores.make(
            "CREATE TABLE t (a integer, b text, v integer, PRIMARY KEY (b, a))",
            "INSERT INTO t VALUES (1, 'x', 1), (1, 'y', 2), (2, 'x', 3)",
        )
        restores.back_up()
        restores.make("UPDATE t SET v = 9 WHERE b = 'x'", "DELETE FROM t WHERE b = 'y'")
        assert restores.run()["updated"] == 2
        assert restores.differing() == 0

    def test_a_table_of_keys_alone_gets_its_missing_rows(self, restores: Restores) -> None:
        restores.make(
            "CREATE TABLE t (a integer, b integer, PRIMARY KEY (a, b))", "INSERT INTO t VALUES (1, 1), (2, 2)"
        )
        restores.back_up()
        restores.make("DELETE FROM t WHERE a = 1")
        assert restores.run()["inserted"] == 1

    def test_a_table_of_one_identity_alone_gets_its_missing_rows(self, restores: Restores) -> None:
        restores.make("CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY)")
        restores.make("INSERT INTO t DEFAULT VALUES", "INSERT INTO t DEFAULT VALUES")
        restores.back_up()
        restores.make("DELETE FROM t WHERE id = 2")
        assert restores.run()["inserted"] == 1

    def test_a_unique_key_without_nulls_serves_where_there_is_no_primary_one(self, restores: Restores) -> None:
        restores.make("CREATE TABLE t (id integer NOT NULL UNIQUE, v text)", "INSERT INTO t VALUES (1, 'a')")
        restores.back_up()
        restores.make("UPDATE t SET v = 'b'")
        assert restores.run()["updated"] == 1

    def test_a_key_that_is_equal_and_written_otherwise_gets_its_spelling_back(self, restores: Restores) -> None:
        restores.make(
            "CREATE TABLE t (id numeric PRIMARY KEY, v text)",
            "INSERT INTO t VALUES (1.50, 'a')",
        )
        restores.back_up()
        restores.make("UPDATE t SET id = 1.5")
        assert restores.run()["updated"] == 1
        assert restores.differing() == 0
