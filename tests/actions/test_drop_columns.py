"""Dropping added columns on a real database: what is asked for, what goes, what is kept, and what comes back."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from bot.core.checks import Verdict
from bot.core.columns import drop_facts, return_facts
from bot.core.errors import Refused, StepFailed
from bot.core.plan import Step
from tests.actions.columns import ROWS, TABLE, Columns, listing
from tests.actions.restoring import wait_until
from tests.database.inventory import Inventory, changes, inventory
from tests.database.server import Database

ALONE_IS_WAITED_FOR = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
HOSTILE = 'c"; DROP TABLE t; -- %s {}'
FULLY_SET = (
    "CREATE SEQUENCE tiers",
    "CREATE TABLE t (id integer PRIMARY KEY, name text)",
    "ALTER TABLE t ADD tier text COLLATE \"C\" NOT NULL DEFAULT 'free'",
    "ALTER TABLE t ADD plan public.member_type, ADD no integer NOT NULL DEFAULT nextval('tiers')",
    "ALTER SEQUENCE tiers OWNED BY t.no",
    "ALTER TABLE t ALTER tier SET STORAGE EXTERNAL, ALTER tier SET STATISTICS 77, ALTER no SET (n_distinct = 5)",
    "ALTER TABLE t ALTER tier SET COMPRESSION pglz",
    "COMMENT ON COLUMN t.tier IS 'it''s 100% {odd}'",
    "GRANT SELECT (tier), UPDATE (tier) ON t TO anon; GRANT SELECT (tier) ON t TO authenticated WITH GRANT OPTION",
    "GRANT SELECT (no) ON t TO PUBLIC",
    "CREATE TRIGGER touched BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION audit.note_change()",
    "CREATE TRIGGER always BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION audit.note_change()",
    "ALTER TABLE t ENABLE ALWAYS TRIGGER always",
    "INSERT INTO t SELECT n, 'x', 'SECRET ' || n, 'impact_member' FROM generate_series(1, 20) AS n",
    "INSERT INTO t (id, tier, plan) VALUES (21, 'plus', NULL)",
)


@pytest.fixture
def columns(database: Database) -> Columns:
    """Of the columns tier and plan of public.t, with 20 rows."""
    columns = Columns(database)
    columns.make(TABLE, ROWS)
    return columns


def refused(columns: Columns, params: dict[str, Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        columns.drop.plan(params)
    return caught.value


class TestRefusals:
    """Nothing happens, and the rule is said."""

    def test_only_listed_columns_are_dropped(self, columns: Columns) -> None:
        assert refused(columns, {"columns": [["t", "name"]]}).rule == "unknown_column"
        assert refused(columns, {"tables": ["other"]}).rule == "unknown_column"
        assert refused(columns, {}).rule == "unknown_column"

    def test_nothing_to_drop_is_refused_with_the_columns(self, columns: Columns) -> None:
        columns.make("ALTER TABLE t DROP tier, DROP plan")
        refusal = refused(columns, {"tables": ["t"]})
        assert refusal.rule == "nothing_to_do"
        assert "public.t.tier, public.t.plan does not exist" in refusal.text

    def test_a_column_that_tells_used_rows_from_new_ones_stays(self, database: Database) -> None:
        columns = Columns(database, listing("used_at", sticky=["used_at"]))
        columns.make("CREATE TABLE t (id integer PRIMARY KEY, used_at date)")
        assert refused(columns, {"tables": ["t"]}).rule == "sticky"

    def test_a_part_of_the_key_stays(self, database: Database) -> None:
        columns = Columns(database, listing("c"))
        columns.make("CREATE TABLE t (id integer, c text, PRIMARY KEY (id, c))")
        assert "constraint t_pkey" in refused(columns, {"tables": ["t"]}).text

    @pytest.mark.parametrize(
        ("statements", "rule"),
        [
            (["CREATE TABLE p (id integer PRIMARY KEY, c text)", "CREATE TABLE t () INHERITS (p)"], "inheritance"),
            (["CREATE TABLE t (id integer PRIMARY KEY, c text) PARTITION BY LIST (id)"], "partition"),
            (["CREATE TYPE y AS (id integer, c text)", "CREATE TABLE t OF y (PRIMARY KEY (id))"], "dependents"),
            (["CREATE TABLE t (id integer, c text)"], "no_key"),
            (["CREATE VIEW t AS SELECT 1 AS id, 'x' AS c"], "kind"),
        ],
    )
    def test_a_table_that_is_more_than_one_is_left_alone(
        self, database: Database, statements: list[str], rule: str
    ) -> None:
        columns = Columns(database, listing("c"))
        columns.make(*statements)
        assert refused(columns, {"tables": ["t"]}).rule == rule


class TestThePlan:
    """What people approve."""

    def test_it_has_the_definitions_and_counts_the_values(self, columns: Columns) -> None:
        columns.make("UPDATE t SET tier = NULL WHERE id > 5")
        (table,) = drop_facts(columns.plan()).tables
        assert [column.told for column in table.columns] == ["tier text", "plan text DEFAULT 'free'::text"]
        assert (table.rows, table.values) == (20, {"tier": 5, "plan": 20})

    def test_a_column_that_does_not_exist_is_said(self, columns: Columns) -> None:
        columns.make("ALTER TABLE t DROP plan")
        (table,) = drop_facts(columns.plan()).tables
        assert (table.names, table.missing) == (("tier",), ("plan",))

    def test_no_value_of_a_row_is_in_it(self, columns: Columns) -> None:
        assert "SECRET" not in str(columns.plan())

    def test_it_reads_back_as_it_was_written(self, columns: Columns) -> None:
        step = columns.plan()
        assert drop_facts(step).as_step() == step
        undo = columns.drop.undo(step, columns.run(step))
        assert return_facts(undo).as_step() == undo


class TestTheWayBack:
    """Dropped, and put back: every value and every definition."""

    @pytest.fixture
    def full(self, database: Database) -> Columns:
        """Columns with all that can be set of one."""
        columns = Columns(database, listing("tier", "plan", "no"))
        columns.make(*FULLY_SET)
        return columns

    def test_nothing_is_different_afterwards_but_the_columns_place(self, full: Columns, database: Database) -> None:
        before, rows = placeless(inventory(database.superuser())), full.rows(("id", "tier", "plan", "no"))
        audited = database.value("SELECT count(*) FROM audit.log")
        step = full.plan()
        op_id = full.run(step)
        gone = database.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attisdropped")
        full.undo(step, op_id)
        assert gone == 3
        assert full.rows(("id", "tier", "plan", "no")) == rows
        assert changes(before, placeless(inventory(database.superuser()))) == {}
        assert database.value("SELECT count(*) FROM audit.log") == audited

    def test_nothing_but_the_columns_goes(self, full: Columns, database: Database) -> None:
        before = inventory(database.superuser())
        full.run(full.plan())
        found = changes(before, inventory(database.superuser()))
        other = {category: rows for category, rows in found.items() if category != "dependencies"}
        theirs = re.compile(
            r"\bt\.(tier|plan|no|[345])\b|pg\.dropped|t_(tier|no)_not_null|column tier of table|public\.tiers"
        )
        assert [row for rows in other.values() for row in rows if not theirs.search(str(row))] == []

    def test_rows_created_since_get_the_default_and_the_deleted_ones_stay_deleted(self, full: Columns) -> None:
        step = full.plan()
        op_id = full.run(step)
        full.make("INSERT INTO t VALUES (30, 'new'), (31, 'new')", "DELETE FROM t WHERE id = 1")
        report: dict[str, Any] = dict(full.undo(step, op_id))
        assert report["returned"]["t"] == {"filled": 20, "defaulted": 2, "left_nullable": []}
        newest = full.rows(("id", "tier", "plan", "no"))[-2:]
        assert [row[:3] for row in newest] == [(30, "free", None), (31, "free", None)]
        assert {row[3] for row in newest} == {22, 23}

    def test_not_null_stays_off_where_a_newer_row_has_no_value(self, database: Database) -> None:
        columns = Columns(database, listing("c"))
        columns.make("CREATE TABLE t (id integer PRIMARY KEY, c text NOT NULL)", "INSERT INTO t VALUES (1, 'x')")
        step = columns.plan()
        op_id = columns.run(step)
        columns.make("INSERT INTO t VALUES (2)")
        assert return_facts(columns.drop.undo(step, op_id)).tables[0].left_nullable == ("c",)
        report: dict[str, Any] = dict(columns.undo(step, op_id))
        assert report["returned"]["t"]["left_nullable"] == ["c"]
        assert columns.rows(("id", "c")) == [(1, "x"), (2, None)]

    def test_an_undo_can_be_undone(self, columns: Columns) -> None:
        step = columns.plan()
        back = columns.drop.undo(step, columns.run(step))
        op_id = str(uuid4())
        columns.back.execute(back, op_id, "")
        columns.run(columns.back.undo(back, op_id))
        assert columns.rows(("id",))
        with pytest.raises(Refused, match="nothing to drop"):
            columns.plan()

    @pytest.mark.parametrize(
        ("statement", "rule"),
        [
            ("ALTER TABLE t ADD tier integer", "column_exists"),
            ("DROP TABLE rollback_bot.{}", "no_copy"),
            ("ALTER TABLE t RENAME id TO other", "no_key"),
            ("ALTER TABLE t RENAME TO other", "no_table"),
        ],
    )
    def test_it_is_refused_where_values_or_place_are_gone(self, columns: Columns, statement: str, rule: str) -> None:
        step = columns.plan()
        op_id = columns.run(step)
        columns.make(statement.replace("{}", drop_facts(step).tables[0].quarantine))
        with pytest.raises(Refused) as caught:
            columns.drop.undo(step, op_id)
        assert caught.value.rule == rule

    def test_a_role_with_a_right_on_a_column_that_is_gone_since_is_said(self, columns: Columns) -> None:
        columns.database.rows("CREATE ROLE reporting_of_old")
        columns.make("GRANT SELECT (tier) ON t TO reporting_of_old")
        step = columns.plan()
        op_id = columns.run(step)
        columns.database.rows("DROP ROLE reporting_of_old")
        with pytest.raises(StepFailed, match="A role that had a right on a column"):
            columns.undo(step, op_id)

    def test_what_was_never_dropped_is_not_put_back(self, columns: Columns) -> None:
        with pytest.raises(Refused, match="doesn't have this drop"):
            columns.drop.undo(columns.plan(), str(uuid4()))

    @pytest.mark.parametrize("statement", ["UPDATE rollback_bot.{} SET tier = 'evil'", "ALTER TABLE t ADD other text"])
    def test_a_copy_or_a_table_that_changed_since_its_plan_is_drift(self, columns: Columns, statement: str) -> None:
        step = columns.plan()
        undo = columns.drop.undo(step, columns.run(step))
        columns.make(statement.replace("{}", drop_facts(step).tables[0].quarantine))
        assert "changed since the plan" in columns.back.recheck(undo)
        with pytest.raises(StepFailed, match="changed since the plan"):
            columns.back.execute(undo, str(uuid4()), "")


def test_names_mean_nothing_but_themselves(database: Database) -> None:
    columns = Columns(database, listing(HOSTILE, table='T"%s'))
    quoted = HOSTILE.replace('"', '""')
    columns.make(
        f'CREATE TABLE "T""%s" ("I""d" integer PRIMARY KEY, "{quoted}" text DEFAULT \'%s {{}} \')',
        'INSERT INTO "T""%s" VALUES (1), (2)',
        f'COMMENT ON COLUMN "T""%s"."{quoted}" IS \'%s {{}}\'',
    )
    with database.owner() as connection:
        before = connection.execute('TABLE "T""%s"').fetchall()
        step = columns.plan()
        op_id = columns.run(step)
        assert connection.execute('TABLE "T""%s"').fetchall() == [(1,), (2,)]
        columns.undo(step, op_id)
        assert connection.execute('TABLE "T""%s"').fetchall() == before


def test_the_values_are_kept_where_no_other_role_can_read_them(columns: Columns, database: Database) -> None:
    columns.make("ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC, anon")
    step = columns.plan()
    op_id = columns.run(step)
    copy = drop_facts(step).tables[0].quarantine
    kept = database.rows(f"SELECT * FROM rollback_bot.{copy} WHERE id = 3")
    assert kept == [(3, "SECRET 3", "plus")]
    assert verdicts(columns, step, op_id) == {"Columns dropped": Verdict.PASSED, "Values copied aside": Verdict.PASSED}
    columns.make("GRANT USAGE ON SCHEMA rollback_bot TO anon", f"GRANT SELECT ON rollback_bot.{copy} TO anon")
    assert verdicts(columns, step, op_id)["Values copied aside"] is Verdict.FAILED


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("CREATE VIEW v AS SELECT tier FROM t", "view public.v"),
        ("CREATE TABLE o (old t)", "public.o.old"),
        ("CREATE INDEX i ON t (tier)", "changed since the plan"),
        ("ALTER TABLE t ALTER tier SET DEFAULT 'x'", "changed since the plan"),
        ("GRANT SELECT (tier) ON t TO anon", "changed since the plan"),
    ],
)
def test_what_changed_since_the_plan_is_drift_before_and_under_the_lock(
    columns: Columns, database: Database, statement: str, told: str
) -> None:
    step = columns.plan()
    columns.make(statement)
    assert told in columns.drop.recheck(step)
    with pytest.raises(StepFailed, match=told):
        columns.run(step)
    assert database.value("SELECT to_regnamespace('rollback_bot') IS NULL")


class TestOthers:
    """People go on reading and writing meanwhile."""

    @pytest.mark.parametrize("statement", ["SELECT FROM public.t", "UPDATE public.t SET tier = 'SECRET' WHERE id = 1"])
    def test_it_gives_up_with_who_holds_the_table(self, columns: Columns, database: Database, statement: str) -> None:
        step, other = columns.plan(), database.superuser()
        other.execute("SET application_name = 'nightly report'")
        other.execute("BEGIN")
        other.execute(statement.encode())
        told = r"not be locked in 3 attempts\. Held by pid \d+ \(.*nightly report"
        with pytest.raises(StepFailed, match=told) as failed:
            columns.run(step)
        assert "SECRET" not in failed.value.text
        assert database.value("SELECT to_regnamespace('rollback_bot') IS NULL")

    def test_what_is_written_while_it_waits_is_kept_and_whoever_writes_it_is_not_ended(
        self, columns: Columns, database: Database
    ) -> None:
        step, other = columns.plan(), database.superuser()
        columns.drop._ladder = (0.2,) * 8
        other.execute("BEGIN")
        other.execute("UPDATE public.t SET tier = 'SECRET before' WHERE id = 1")
        with ThreadPoolExecutor(1) as beside:
            dropping = beside.submit(columns.run, step)
            wait_until(lambda: database.value(ALONE_IS_WAITED_FOR))
            other.execute("UPDATE public.t SET tier = 'SECRET after' WHERE id = 2")
            other.execute("DELETE FROM public.t WHERE id = 3")
            other.execute("INSERT INTO public.t VALUES (33, 'new', 'SECRET new')")
            other.execute("COMMIT")
            op_id = dropping.result(30)
        columns.undo(step, op_id)
        assert dict(columns.rows(("id", "tier"))) == {
            **{n: f"SECRET {n}" for n in range(4, 21)},
            1: "SECRET before",
            2: "SECRET after",
            33: "SECRET new",
        }

    def test_maintenance_that_does_not_give_way_is_said(self, columns: Columns, database: Database) -> None:
        step, other = columns.plan(), database.superuser()
        other.execute("BEGIN")
        other.execute("LOCK TABLE public.t IN SHARE UPDATE EXCLUSIVE MODE")  # as VACUUM and ANALYZE have it
        with pytest.raises(StepFailed, match="Maintenance of the tables is under way"):
            columns.run(step)


def verdicts(columns: Columns, step: Step, op_id: str) -> dict[str, Verdict]:
    return {result.name: result.verdict for result in columns.drop.verify(step, op_id)}


def placeless(found: Inventory) -> Inventory:
    """An inventory in which a column has no number: neither live ones nor the holes that dropped ones leave."""
    return {
        category: sorted(str(_placeless(category, row)) for row in kept(category, rows))
        for category, rows in found.items()
    }


def kept(category: str, rows: list[Any]) -> list[Any]:
    """Without the files, the holes, and what statistics tell."""
    if category in ("files", "sequence values"):
        return []
    return [row for row in rows if not (isinstance(row[2], dict) and row[2].get("attisdropped"))]


_PLACES = ("attnum", "conkey", "oid", "relnatts", "attrdef", "atthasmissing", "attcacheoff")


def _placeless(category: str, row: list[Any]) -> list[Any]:
    name, definition, fields = row
    if isinstance(fields, dict) and category != "sequences":
        return [name, definition, sorted((key, str(value)) for key, value in fields.items() if key not in _PLACES)]
    if category == "sequences":
        return [name, re.sub(r"\.\d+\.", ".", definition), str(fields)]
    if name.rpartition(".")[2].isdecimal():  # of a default: the table and the column's number
        return [name.rpartition(".")[0], definition, ""]
    return [name, definition, fields]
