"""What hangs on a column holds its drop back, each by its name; and what goes with it without harm doesn't."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.core.columns import drop_facts
from bot.core.errors import Refused
from tests.actions.columns import Columns, listing
from tests.database.server import Connection, Database, server

# By kind: what makes it hang on public.t.c, and how PostgreSQL calls it.
HANGING: dict[str, tuple[str, str]] = {
    "view": ("CREATE VIEW v AS SELECT c FROM t", "view public.v"),
    "materialized view": ("CREATE MATERIALIZED VIEW m AS SELECT count(c) FROM t", "materialized view public.m"),
    "rule": ("CREATE TABLE o (x text); CREATE RULE r AS ON INSERT TO o DO ALSO SELECT c FROM t", "rule r on public.o"),
    "policy": ("CREATE POLICY p ON t USING (c = 'x')", "policy p on public.t"),
    "policy of another table": (
        "CREATE TABLE o (x text); CREATE POLICY p ON o USING (x IN (SELECT c FROM t))",
        "policy p on public.o",
    ),
    "function with a parsed body": (
        "CREATE FUNCTION f() RETURNS bigint BEGIN ATOMIC SELECT count(c) FROM t; END",
        "function public.f()",
    ),
    "index": ("CREATE INDEX i ON t (c)", "index public.i"),
    "index of several columns": ("CREATE INDEX i ON t (name, c)", "index public.i"),
    "index that includes it": ("CREATE INDEX i ON t (name) INCLUDE (c)", "index public.i"),
    "index of an expression": ("CREATE INDEX i ON t (lower(c))", "index public.i"),
    "predicate of an index": ("CREATE INDEX i ON t (name) WHERE c IS NOT NULL", "index public.i"),
    "check": ("ALTER TABLE t ADD CONSTRAINT k CHECK (c <> '')", "table constraint k on public.t"),
    "check of several columns": ("ALTER TABLE t ADD CONSTRAINT k CHECK (c <> name)", "table constraint k on public.t"),
    "unique key": ("ALTER TABLE t ADD CONSTRAINT k UNIQUE (c, name)", "table constraint k on public.t"),
    "exclusion": ("ALTER TABLE t ADD CONSTRAINT k EXCLUDE USING btree (c WITH =)", "table constraint k on public.t"),
    "foreign key": (
        (
            "CREATE TABLE o (x text PRIMARY KEY); INSERT INTO o SELECT c FROM t;"
            " ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (c) REFERENCES o"
        ),
        "table constraint k on public.t",
    ),
    "foreign key of another table": (
        "ALTER TABLE t ADD UNIQUE (c); CREATE TABLE o (x text CONSTRAINT k REFERENCES t (c))",
        "table constraint k on public.o",
    ),
    "generated column": (
        "ALTER TABLE t ADD g text GENERATED ALWAYS AS (upper(c)) STORED",
        "default value for public.t.g",
    ),
    "statistics": ("CREATE STATISTICS s ON c, name FROM t", "statistics object public.s"),
    "column list of a publication": (
        "CREATE PUBLICATION p FOR TABLE t (id, c)",
        "publication relation public.t in publication p",
    ),
    "row filter of a publication": (
        "CREATE PUBLICATION p FOR TABLE t WHERE (c = 'x')",
        "publication relation public.t in publication p",
    ),
    "trigger on updates of it": (
        "CREATE TRIGGER w BEFORE UPDATE OF c ON t EXECUTE FUNCTION public.touch_updated_at()",
        "trigger w on public.t",
    ),
    "condition of a trigger": (
        (
            "CREATE TRIGGER w BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.c <> NEW.c)"
            " EXECUTE FUNCTION public.touch_updated_at()"
        ),
        "trigger w on public.t",
    ),
    "column of whole rows": (
        "CREATE TABLE o (old t); INSERT INTO o SELECT t FROM t",
        "column that holds whole rows public.o.old",
    ),
    "array of whole rows": ("CREATE TABLE o (old t[])", "column that holds whole rows public.o.old"),
    "domain over whole rows": (
        "CREATE DOMAIN d AS t; CREATE TABLE o (old d)",
        "column that holds whole rows public.o.old",
    ),
    "type with whole rows in it": (
        "CREATE TYPE y AS (a integer, b t); CREATE TABLE o (old y[])",
        "column that holds whole rows public.o.old",
    ),
    "its own expression": (
        "ALTER TABLE t DROP c; ALTER TABLE t ADD c text GENERATED ALWAYS AS (upper(name)) STORED",
        "default value for public.t.c",
    ),
    "its own identity": (
        "ALTER TABLE t DROP c; ALTER TABLE t ADD c integer GENERATED ALWAYS AS IDENTITY",
        "sequence public.t_c_seq",
    ),
    "domain that needs a value": (
        "CREATE DOMAIN d AS text NOT NULL; CREATE DOMAIN e AS d; ALTER TABLE t ALTER c TYPE e",
        "domain with a default or a NOT NULL public.d",
    ),
    "comment on its NOT NULL": (
        "ALTER TABLE t ADD CONSTRAINT k NOT NULL c; COMMENT ON CONSTRAINT k ON t IS 'why'",
        "table constraint k on public.t",
    ),
    "right that another role gave": (
        (
            "GRANT SELECT (c) ON t TO authenticated WITH GRANT OPTION; SET LOCAL ROLE authenticated;"
            " GRANT SELECT (c) ON public.t TO anon; RESET ROLE"
        ),
        "right that another role than the owner gave authenticated",
    ),
}
BY_SUPERUSER = {
    "security label": (
        "INSERT INTO pg_seclabel VALUES ('public.t'::regclass, 'pg_class'::regclass, 3, 'guard', 'x')",
        "security label guard",
    ),
    "subscription": (
        (
            "CREATE SUBSCRIPTION s CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE);"
            " INSERT INTO pg_subscription_rel SELECT oid, 'public.t'::regclass, 'r' FROM pg_subscription"
        ),
        "subscription s",
    ),
}
TABLE = "CREATE TABLE t (id integer PRIMARY KEY, name text, c text)"


@pytest.fixture(scope="module")
def shared() -> Iterator[Database]:
    """A database that the tests of this file use one after the other: each takes back what it did."""
    with server().database() as database:
        yield database


@pytest.fixture
def columns(shared: Database) -> Columns:
    """Of a table public.t that everything is made upon."""
    columns = Columns(shared, listing("c"))
    columns.make(TABLE, "INSERT INTO t SELECT n, n::text, 'SECRET ' || n FROM generate_series(1, 20) AS n")
    return columns


@contextmanager
def made(columns: Columns, connection: Connection, script: str) -> Iterator[None]:
    """A script carried out, and everything of it and of the table gone afterwards."""
    try:
        with connection.transaction():
            connection.execute(script.encode())
        yield
    finally:
        columns.database.rows(
            "DROP TABLE IF EXISTS public.t, public.o CASCADE; DROP TYPE IF EXISTS public.y; DROP DOMAIN IF EXISTS"
            " public.e, public.d CASCADE; DROP PUBLICATION IF EXISTS p; DROP FUNCTION IF EXISTS public.f()"
        )


@pytest.mark.parametrize("kind", HANGING)
def test_what_hangs_on_a_column_is_named_and_holds_it_back(columns: Columns, kind: str) -> None:
    script, identity = HANGING[kind]
    with made(columns, columns.database.owner(), script), pytest.raises(Refused) as refused:
        columns.plan()
    assert refused.value.rule == "dependents"
    assert identity in refused.value.text
    assert refused.value.text.endswith("Nothing was changed.")
    assert "SECRET" not in refused.value.text


@pytest.mark.parametrize("kind", BY_SUPERUSER)
def test_what_only_a_superuser_hangs_on_it_holds_it_back_too(columns: Columns, kind: str) -> None:
    script, identity = BY_SUPERUSER[kind]
    connection = columns.database.superuser()
    connection.execute("SET allow_system_table_mods = on")
    with made(columns, connection, script), pytest.raises(Refused, match=identity):
        columns.plan()
    for cleaning in ("DELETE FROM pg_seclabel", "DELETE FROM pg_subscription_rel", "DROP SUBSCRIPTION IF EXISTS s"):
        connection.execute(cleaning.encode())


def test_every_dependent_is_listed_and_not_the_first_one_alone(columns: Columns) -> None:
    script = "CREATE VIEW v AS SELECT c FROM t; CREATE INDEX i ON t (c); CREATE STATISTICS s ON c, name FROM t"
    with made(columns, columns.database.owner(), script), pytest.raises(Refused) as refused:
        columns.plan()
    assert all(name in refused.value.text for name in ("public.v", "public.i", "public.s"))


HARMLESS = {
    "default": "ALTER TABLE t ALTER c SET DEFAULT 'x'",
    "not null": "ALTER TABLE t ALTER c SET NOT NULL",
    "comment": "COMMENT ON COLUMN t.c IS 'why'",
    "rights": "GRANT SELECT (c), UPDATE (c) ON t TO anon; GRANT SELECT (c) ON t TO PUBLIC",
    "sequence": "CREATE SEQUENCE q OWNED BY t.c",
    "publication of the whole table": "CREATE PUBLICATION p FOR TABLE t",
    "view of other columns": "CREATE VIEW v AS SELECT name FROM t",
}


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_is_the_columns_own_holds_nothing_back(columns: Columns, kind: str) -> None:
    with made(columns, columns.database.owner(), HARMLESS[kind]):
        (table,) = drop_facts(columns.plan()).tables
    assert table.names == ("c",)


def test_what_reads_whole_rows_or_mentions_the_column_is_said_and_holds_nothing_back(columns: Columns) -> None:
    script = (
        "CREATE VIEW v AS SELECT to_jsonb(t) AS it FROM t;"
        "CREATE FUNCTION f() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM public.t WHERE C > $$x$$'"
    )
    with made(columns, columns.database.owner(), script):
        (table,) = drop_facts(columns.plan()).tables
    assert table.whole == ("function public.f()", "view public.v")
    assert "public.f()" in table.mentioning
