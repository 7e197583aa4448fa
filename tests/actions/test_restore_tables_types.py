"""Columns whose type has changed since the backup: values are cast where nothing is lost and no other's code runs."""

import pytest

from bot.core.errors import Refused, StepFailed
from bot.core.restore import restore_facts
from tests.actions.restoring import Restores
from tests.database.server import Database

OP, UNDO = (f"0b1e5c9a-6f0e-4d35-9d0c-3a8f1f2b7c{n}" for n in (11, 12))
DOMAINS = "CREATE DOMAIN short AS varchar(3); CREATE DOMAIN shorter AS short CHECK (VALUE <> 'no')"
EVIL = """
CREATE FUNCTION public.evil(text) RETURNS member_type LANGUAGE sql AS $$ SELECT 'entrepreneur'::member_type $$;
CREATE FUNCTION public.evil(member_type) RETURNS text LANGUAGE sql AS $$ SELECT 'evil' $$;
CREATE CAST (text AS member_type) WITH FUNCTION public.evil(text) AS ASSIGNMENT;
CREATE CAST (member_type AS text) WITH FUNCTION public.evil(member_type) AS ASSIGNMENT;
"""


@pytest.fixture
def restores(database: Database) -> Restores:
    """Of the table public.t."""
    return Restores(database)


def changed(restores: Restores, was: str, values: str, now: str) -> None:
    """The table t whose column v had a type and these values at the time of the backup, and is empty of another now."""
    restores.make(f"CREATE TABLE t (id integer PRIMARY KEY, v {was})", f"INSERT INTO t VALUES {values}")
    restores.back_up()
    restores.make(f"ALTER TABLE t DROP v, ADD v {now}")


@pytest.mark.parametrize(
    ("was", "now", "value", "becomes"),
    [
        ("integer", "bigint", "7", "7"),
        ("bigint", "smallint", "7", "7"),
        ("numeric(10,2)", "integer", "7.00", "7"),
        ("text", "varchar(3)", "'abc'", "abc"),
        ("varchar(9)", "text", "'abc'", "abc"),
        ("uuid", "text", "'5ec2e700-0000-4000-8000-000000000001'", "5ec2e700-0000-4000-8000-000000000001"),
        ("member_type", "text", "'entrepreneur'", "entrepreneur"),
        ("member_type[]", "text[]", "'{entrepreneur}'", "{entrepreneur}"),
        ("integer[]", "bigint[]", "'{1,NULL,2}'", "{1,NULL,2}"),
        ("json", "jsonb", """'{"a": 1}'""", '{"a": 1}'),
        ("text", "email_address", "'a@b.example'", "a@b.example"),
        ("email_address", "text", "'a@b.example'", "a@b.example"),
    ],
)
def test_a_value_that_survives_is_cast(restores: Restores, was: str, now: str, value: str, becomes: str) -> None:
    changed(restores, was, f"(1, {value}), (2, NULL)", now)
    done = restores.run()
    assert (done["updated"], done["inserted"]) == (1, 0)
    assert restores.database.rows("SELECT v::text FROM public.t ORDER BY id") == [(becomes,), (None,)]


@pytest.mark.parametrize(
    ("was", "now", "values", "told"),
    [
        ("text", "varchar(3)", "(1, 'abc'), (2, 'abcd'), (3, 'abcde')", "2 values of the backup (text) do not survive"),
        ("numeric", "integer", "(1, 7.5), (2, 7)", "1 values of the backup (numeric) do not survive the change to int"),
        ("timestamp", "date", "(1, '2026-11-22 03:14')", "1 values of the backup (timestamp without time zone) do not"),
        ("json", "jsonb", """(1, '{"a": 1, "a": 2}')""", "1 values of the backup (json) do not survive the change to"),
        ("text[]", "varchar(2)[]", "(1, '{abc}')", "1 values of the backup (text[]) do not survive the change to"),
        (
            "text",
            "short",
            "(1, 'abcd')",
            "1 values of the backup (text) do not survive the change to character varying(3)",
        ),
        ("bigint", "integer", "(1, 7), (2, 3000000000)", "a value of the backup (bigint) can't be cast to integer."),
    ],
)
def test_values_that_do_not_survive_refuse_the_restore(
    restores: Restores, was: str, now: str, values: str, told: str
) -> None:
    restores.make(DOMAINS)
    changed(restores, was, values, now)
    with pytest.raises(Refused) as refused:
        restores.plan()
    assert refused.value.rule == "lossy"
    assert f"public.t.v: {told}" in refused.value.text
    assert "300000" not in refused.value.text


@pytest.mark.parametrize(
    ("was", "now", "value"),
    [
        ("text", "integer", "'1'"),
        ("text", "member_type", "'entrepreneur'"),
        ("integer", "boolean", "1"),
        ("timestamp", "timestamptz", "'2026-11-22'"),  # in which time zone?
        ("timestamptz", "text", "'2026-11-22'"),
        ("postal_address", "text", "ROW('a', 'b')"),
        ("text", "text[]", "'{a}'"),
    ],
)
def test_a_type_that_is_not_cast_at_an_assignment_or_by_a_setting_is_refused(
    restores: Restores, was: str, now: str, value: str
) -> None:
    changed(restores, was, f"(1, {value})", now)
    with pytest.raises(Refused, match="a change of types that PostgreSQL itself doesn't make safely: v is") as refused:
        restores.plan()
    assert refused.value.rule == "type"


@pytest.mark.parametrize(("was", "now"), [("text", "member_type"), ("member_type", "text")])
def test_a_cast_of_somebody_elses_is_never_used(restores: Restores, was: str, now: str) -> None:
    with restores.database.superuser() as connection:
        connection.execute(EVIL.encode())
    changed(restores, was, "(1, 'entrepreneur')", now)
    with pytest.raises(Refused, match="doesn't make safely"):
        restores.plan()


def test_a_domains_own_rule_is_looked_at_where_it_is_written(restores: Restores) -> None:
    restores.make(DOMAINS)
    changed(restores, "text", "(1, 'no')", "shorter")
    with pytest.raises(StepFailed, match=r"breaks a rule.*shorter_check.*rolled back"):
        restores.run()


def test_rows_are_matched_by_a_key_whose_type_has_changed_and_an_undo_brings_the_others_back(
    restores: Restores,
) -> None:
    restores.make(
        "CREATE TABLE t (id integer PRIMARY KEY, boss integer REFERENCES t, v text)",
        "INSERT INTO t SELECT n, nullif(n - 1, 0), 'v' || n FROM generate_series(1, 9) AS n",
    )
    restores.back_up()
    restores.make(
        "ALTER TABLE t ALTER id TYPE bigint, ALTER boss TYPE bigint",
        "UPDATE t SET v = 'x' WHERE id = 1",
        "DELETE FROM t WHERE id > 7",
        "INSERT INTO t VALUES (5000000000, 1, 'new')",
    )
    before = restores.database.rows("SELECT * FROM public.t ORDER BY id")
    step = restores.plan()
    report = restores.run(step, OP)
    assert (report["updated"], report["inserted"], report["kept"]) == (1, 2, 1)
    assert restore_facts(step).tables[0].casts == ("boss (integer to bigint)", "id (integer to bigint)")
    restores.execute(restores.action.undo(step, OP), UNDO)
    assert restores.database.rows("SELECT * FROM public.t ORDER BY id") == before


def test_what_a_restore_did_is_undone_also_after_a_type_has_changed(restores: Restores) -> None:
    restores.make("CREATE TABLE t (id integer PRIMARY KEY, v integer)", "INSERT INTO t VALUES (1, 1), (2, 2)")
    restores.back_up()
    restores.make("UPDATE t SET v = 7 WHERE id = 1", "DELETE FROM t WHERE id = 2")
    step = restores.plan()
    restores.execute(step, OP)
    restores.make("ALTER TABLE t ALTER v TYPE text")
    restores.execute(restores.action.undo(step, OP), UNDO)
    assert restores.database.rows("SELECT * FROM public.t") == [(1, "7")]
