"""What a table is, by the catalog of a real PostgreSQL."""

import pytest

from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.session import Session
from bot.core.table import Counter, ForeignKey, Name, Trigger
from tests.adapters.postgres.looking import Draft, command, make, read, seen
from tests.database.server import Database

TOUCH = "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"


def since_18(draft: Draft) -> None:
    if draft.session.row("SELECT current_setting('server_version_num')::int")[0] < 180000:
        pytest.skip("PostgreSQL 18 is the first to have it")


def test_a_table_that_does_not_exist_is_none(draft: Draft) -> None:
    assert read_table(draft.session, Name("public", "nowhere")) is None


def test_a_table_of_another_schema_is_another_table(draft: Draft) -> None:
    draft.make("CREATE SCHEMA apart", "CREATE TABLE apart.t (id int)")
    assert read_table(draft.session, Name("public", "t")) is None


@pytest.mark.parametrize("name", ["Mixed Case", "a%b", "a%sb", 'a"b', "a'b", "a{b}", "a;b--", "a\\b", "ä😀"])
def test_any_name_is_read_as_it_is(draft: Draft, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    draft.make(f"CREATE TABLE {quoted} ({quoted} int PRIMARY KEY)")
    assert draft.seen(name).key == (name,)


def test_an_ordinary_table_has_nothing_that_forbids_a_restore(draft: Draft) -> None:
    table = draft.made("CREATE TABLE t (id int PRIMARY KEY)")
    flags = (table.is_temporary, table.is_partition, table.inherits, table.has_rules, table.hides_rows)
    assert (table.kind, table.is_owned, *flags) == ("r", True, False, False, False, False, False)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("CREATE VIEW t AS SELECT 1 AS id", "v"),
        ("CREATE MATERIALIZED VIEW t AS SELECT 1 AS id", "m"),
        ("CREATE SEQUENCE t", "S"),
        ("CREATE TYPE t AS (id int)", "c"),
        ("CREATE TABLE t (id int) PARTITION BY LIST (id)", "p"),
    ],
)
def test_a_relation_of_another_kind_is_told_as_such(draft: Draft, statement: str, kind: str) -> None:
    assert draft.made(statement).kind == kind


def test_a_view_has_no_rules_but_its_own_query(draft: Draft) -> None:
    assert not draft.made("CREATE VIEW t AS SELECT 1 AS id").has_rules


def test_a_rewrite_rule_is_seen(draft: Draft) -> None:
    assert draft.made("CREATE TABLE t (id int)", "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING").has_rules


def test_a_temporary_table_is_seen_as_one(draft: Draft) -> None:
    draft.make("CREATE TEMP TABLE t (id int)")
    (schema,) = draft.session.row("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()")
    assert draft.seen("t", schema).is_temporary


def test_a_partition_is_no_inheritance(draft: Draft) -> None:
    draft.make("CREATE TABLE whole (id int) PARTITION BY LIST (id)")
    table = draft.made("CREATE TABLE t PARTITION OF whole DEFAULT")
    assert (table.is_partition, table.inherits) == (True, False)


@pytest.mark.parametrize("name", ["parent", "child"])
def test_both_sides_of_inheritance_are_seen(draft: Draft, name: str) -> None:
    draft.make("CREATE TABLE parent (id int)", "CREATE TABLE child () INHERITS (parent)")
    assert draft.seen(name).inherits


def test_a_table_of_somebody_else_is_not_owned(database: Database) -> None:
    command(database, "CREATE TABLE public.t (id int)")
    assert not seen(database).is_owned


def test_row_security_hides_nothing_from_a_role_that_bypasses_it(draft: Draft) -> None:
    statements = ("ALTER TABLE t ENABLE ROW LEVEL SECURITY", "ALTER TABLE t FORCE ROW LEVEL SECURITY")
    assert not draft.made("CREATE TABLE t (id int)", *statements).hides_rows


@pytest.mark.parametrize(
    ("owner", "mode", "hides"),
    [("app_owner", "NO FORCE", True), ("anon", "NO FORCE", False), ("anon", "FORCE", True)],
)
def test_row_security_hides_rows_from_others_and_by_force_from_the_owner(
    database: Database, owner: str, mode: str, *, hides: bool
) -> None:
    make(database, "CREATE TABLE t (id int)", "ALTER TABLE t ENABLE ROW LEVEL SECURITY")
    command(database, f"ALTER TABLE t {mode} ROW LEVEL SECURITY", f"ALTER TABLE t OWNER TO {owner}")
    with (session := Session(database.superuser())).reading(10):
        session.run("SET LOCAL ROLE anon")
        assert read(session).hides_rows is hides


def test_the_columns_stand_in_order_without_dropped_ones(draft: Draft) -> None:
    table = draft.made("CREATE TABLE t (c int, b int, a int)", "ALTER TABLE t DROP COLUMN b")
    assert [column.name for column in table.columns] == ["c", "a"]


@pytest.mark.parametrize(
    ("definition", "spelled", "facts"),
    [
        ("a int", "integer", set()),
        ("a int NOT NULL", "integer", {"is_required"}),
        ("a int DEFAULT 1", "integer", {"has_default"}),
        ("a varchar(3)[]", "character varying(3)[]", set()),
        ("a numeric(5,2)", "numeric(5,2)", set()),
        ("a timestamptz(3)", "timestamp(3) with time zone", set()),
        ("a serial", "integer", {"is_required", "has_default"}),
        ("a int GENERATED ALWAYS AS IDENTITY", "integer", {"is_required", "has_default", "is_always_identity"}),
        ("a int GENERATED BY DEFAULT AS IDENTITY", "integer", {"is_required", "has_default"}),
        ("a int GENERATED ALWAYS AS (1) STORED", "integer", {"is_generated"}),
        ("a filled", "public.filled", {"has_default"}),
        ("a needed", "public.needed", {"is_required"}),
    ],
)
def test_a_column_is_read_as_it_is_defined(draft: Draft, definition: str, spelled: str, facts: set[str]) -> None:
    draft.make("CREATE DOMAIN filled AS int DEFAULT 1", "CREATE DOMAIN needed AS int NOT NULL")
    (column,) = draft.made(f"CREATE TABLE t ({definition})").columns
    assert (column.type, {name for name, value in vars(column).items() if value is True}) == (spelled, facts)


def test_a_virtual_column_is_generated(draft: Draft) -> None:
    since_18(draft)
    assert draft.made("CREATE TABLE t (a int GENERATED ALWAYS AS (1) VIRTUAL)").columns[0].is_generated


def test_types_of_the_same_name_in_two_schemas_differ(draft: Draft) -> None:
    draft.make("CREATE SCHEMA apart", "CREATE TYPE kind AS ENUM ('a')", "CREATE TYPE apart.kind AS ENUM ('a')")
    table = draft.made("CREATE TABLE t (a kind, b apart.kind)")
    assert [column.type for column in table.columns] == ["public.kind", "apart.kind"]


def test_an_owners_type_never_reads_like_a_built_in_one(draft: Draft) -> None:
    table = draft.made('CREATE DOMAIN public."integer" AS text', 'CREATE TABLE t (a public."integer")')
    assert table.columns[0].type == 'public."integer"'


def test_the_key_is_the_primary_key_in_its_order(draft: Draft) -> None:
    assert draft.made("CREATE TABLE t (a int, b int NOT NULL UNIQUE, c int, PRIMARY KEY (c, a))").key == ("c", "a")


def test_the_columns_that_an_index_only_includes_are_not_of_the_key(draft: Draft) -> None:
    assert draft.made("CREATE TABLE t (a int, b int, PRIMARY KEY (a) INCLUDE (b))").key == ("a",)


def test_without_a_primary_key_the_smallest_unique_one_is_taken(draft: Draft) -> None:
    columns = "a int NOT NULL, b int NOT NULL, c int NOT NULL"
    assert draft.made(f"CREATE TABLE t ({columns}, UNIQUE (a, b), CONSTRAINT z UNIQUE (c))").key == ("c",)


def test_of_unique_keys_of_one_size_the_first_by_name_is_taken(draft: Draft) -> None:
    columns = "a int NOT NULL, b int NOT NULL"
    assert draft.made(f"CREATE TABLE t ({columns}, CONSTRAINT y UNIQUE (a), CONSTRAINT x UNIQUE (b))").key == ("b",)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "CREATE INDEX ON t (a)",
        "CREATE UNIQUE INDEX ON t (a) WHERE a > 0",
        "CREATE UNIQUE INDEX ON t (abs(a))",
        "CREATE UNIQUE INDEX ON t (b)",
        "CREATE UNIQUE INDEX ON t (b) NULLS NOT DISTINCT",
        "CREATE UNIQUE INDEX ON t (a, b)",
        "ALTER TABLE t ADD UNIQUE (a) DEFERRABLE",
    ],
)
def test_what_does_not_tell_every_row_apart_at_once_is_no_key(draft: Draft, statement: str) -> None:
    assert draft.made("CREATE TABLE t (a int NOT NULL, b int)", statement).key == ()


def test_a_not_null_that_was_never_proven_makes_no_key(draft: Draft) -> None:
    since_18(draft)
    draft.make("CREATE TABLE t (a int UNIQUE)", "ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID")
    assert draft.seen().key == ()


def test_a_foreign_key_is_read_with_both_sides_in_order(draft: Draft) -> None:
    draft.make("CREATE SCHEMA apart", "CREATE TABLE apart.p (x int, y int, PRIMARY KEY (x, y))")
    reference = "CONSTRAINT f FOREIGN KEY (a, b) REFERENCES apart.p (y, x) ON DELETE SET NULL"
    draft.make("ALTER TABLE apart.p ADD UNIQUE (y, x)")
    expected = ForeignKey("f", ("a", "b"), Name("apart", "p"), ("y", "x"), sets_null=False)
    assert draft.made(f"CREATE TABLE t (b int, a int, {reference})").foreign_keys == (expected,)


@pytest.mark.parametrize(
    ("column", "sets_null"),
    [
        ("a int REFERENCES p ON DELETE SET NULL", True),
        ("a int REFERENCES p ON DELETE SET NULL (a)", True),
        ("a int NOT NULL REFERENCES p ON DELETE SET NULL", False),
        ("a int REFERENCES p ON DELETE CASCADE", False),
        ("a int REFERENCES p", False),
    ],
)
def test_only_one_nullable_column_can_be_set_null(draft: Draft, column: str, *, sets_null: bool) -> None:
    draft.make("CREATE TABLE p (id int PRIMARY KEY)")
    assert draft.made(f"CREATE TABLE t ({column})").foreign_keys[0].sets_null is sets_null


def test_a_reference_to_a_partitioned_table_is_one(draft: Draft) -> None:
    draft.make("CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id)", "CREATE TABLE q PARTITION OF p DEFAULT")
    assert [fk.parent.name for fk in draft.made("CREATE TABLE t (a int REFERENCES p)").foreign_keys] == ["p"]


def test_the_tables_that_refer_to_it_are_sorted_and_without_itself(draft: Draft) -> None:
    draft.make("CREATE TABLE t (id int PRIMARY KEY, up int REFERENCES t)", "CREATE SCHEMA apart")
    draft.make("CREATE TABLE z (a int REFERENCES t, b int REFERENCES t)", "CREATE TABLE apart.b (a int REFERENCES t)")
    assert draft.seen().referenced_by == (Name("apart", "b"), Name("public", "z"))


def test_of_a_partitioned_child_only_the_parent_is_named(draft: Draft) -> None:
    draft.make("CREATE TABLE t (id int PRIMARY KEY)")
    draft.make("CREATE TABLE c (a int REFERENCES t) PARTITION BY LIST (a)", "CREATE TABLE d PARTITION OF c DEFAULT")
    assert draft.seen().referenced_by == (Name("public", "c"),)


def test_only_triggers_that_fire_in_ordinary_sessions_are_read(draft: Draft) -> None:
    draft.make("CREATE TABLE p (id int PRIMARY KEY)", "CREATE TABLE t (id int REFERENCES p)", TOUCH)
    for name, mode in (("d", "ENABLE"), ("c", "ENABLE ALWAYS"), ("b", "ENABLE REPLICA"), ("a", "DISABLE")):
        draft.make(f"CREATE TRIGGER {name} BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch()")
        draft.make(f"ALTER TABLE t {mode} TRIGGER {name}")
    assert draft.seen().triggers == (Trigger("c", is_always=True), Trigger("d", is_always=False))


@pytest.mark.parametrize("column", ["a serial", "a int GENERATED ALWAYS AS IDENTITY"])
def test_the_sequence_of_a_column_is_read(draft: Draft, column: str) -> None:
    assert draft.made(f"CREATE TABLE t ({column})").sequences == (Counter(Name("public", "t_a_seq"), "a"),)


def test_a_sequence_that_tables_share_is_found_through_the_default(draft: Draft) -> None:
    draft.make("CREATE SCHEMA apart", "CREATE SEQUENCE apart.s", "CREATE TABLE u (x int DEFAULT nextval('apart.s'))")
    table = draft.made("CREATE TABLE t (a int DEFAULT nextval('apart.s'))")
    assert table.sequences == (Counter(Name("apart", "s"), "a"),)


def test_a_sequence_that_is_owned_and_used_is_named_once_a_column(draft: Draft) -> None:
    draft.make("CREATE TABLE t (a serial, b int DEFAULT nextval('t_a_seq'))")
    assert [counter.column for counter in draft.seen().sequences] == ["a", "b"]


def test_a_descending_sequence_is_left_alone(draft: Draft) -> None:
    assert draft.made("CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY (INCREMENT -1))").sequences == ()


def test_materialized_views_of_it_are_found_through_views(draft: Draft) -> None:
    draft.make("CREATE TABLE t (id int)", "CREATE VIEW v AS SELECT * FROM t", "CREATE TABLE other (id int)")
    draft.make("CREATE MATERIALIZED VIEW z AS SELECT id FROM t", "CREATE MATERIALIZED VIEW a AS SELECT id FROM v")
    draft.make("CREATE MATERIALIZED VIEW n AS SELECT id FROM a", "CREATE MATERIALIZED VIEW o AS TABLE other")
    assert [view.name for view in draft.seen().stale_views] == ["a", "n", "z"]
