"""Restored rows and the rules of the table: foreign keys, constraints, generated columns, sequences."""

import pytest

from bot.core.errors import Drifted, Refused, StepFailed
from bot.core.restore import restore_facts
from bot.core.runbook.tables import DatabaseTable
from tests.actions.restoring import Restores
from tests.database.server import Database

PARENT = "CREATE TABLE p (id integer PRIMARY KEY)"
ITEMS = "INSERT INTO t SELECT n, 'SECRET ' || n FROM generate_series(1, 200) AS n"


@pytest.fixture
def restores(database: Database) -> Restores:
    """Of the table public.t."""
    return Restores(database)


class TestForeignKeys:
    """A row comes back if what it points to is there, or comes back too."""

    def test_up_to_one_percent_of_the_rows_may_stay_away_because_their_parent_is_gone(self, restores: Restores) -> None:
        restores.make(
            PARENT,
            "CREATE TABLE t (id integer PRIMARY KEY, p integer REFERENCES p ON DELETE CASCADE)",
            "INSERT INTO p SELECT generate_series(1, 200)",
            "INSERT INTO t SELECT n, n FROM generate_series(1, 200) AS n",
        )
        restores.back_up()
        restores.make("DELETE FROM t WHERE id <= 10", "DELETE FROM p WHERE id <= 2")
        done = restores.run()
        assert (done["inserted"], done["left_out"]) == (8, 2)

    def test_more_than_that_is_refused_with_the_name_of_the_foreign_key(self, restores: Restores) -> None:
        restores.make(
            PARENT,
            "CREATE TABLE t (id integer PRIMARY KEY, p integer REFERENCES p ON DELETE CASCADE)",
            "INSERT INTO p VALUES (1), (2)",
            "INSERT INTO t VALUES (1, 1), (2, 2)",
        )
        restores.back_up()
        restores.make("DELETE FROM p WHERE id = 2")
        with pytest.raises(Refused, match=r"1 rows of the backup of public\.t point to .* \(1 by t_p_fkey\)"):
            restores.plan()

    def test_rows_that_refer_to_each_other_come_back_together(self, restores: Restores) -> None:
        restores.make(
            "CREATE TABLE t (id integer PRIMARY KEY, boss integer REFERENCES t ON DELETE CASCADE)",
            "INSERT INTO t VALUES (1, 3), (2, 1), (3, 2), (4, 4)",
        )
        restores.back_up()
        restores.make("DELETE FROM t")
        assert restores.run()["inserted"] == 4
        assert restores.differing() == 0

    def test_a_reference_to_a_row_that_stays_away_becomes_null_where_its_key_says_so(self, restores: Restores) -> None:
        restores.make(
            PARENT,
            "CREATE TABLE t (id integer PRIMARY KEY REFERENCES p ON DELETE CASCADE,"
            " brought_by integer REFERENCES t ON DELETE SET NULL)",
            "INSERT INTO p SELECT generate_series(1, 200)",
            "INSERT INTO t SELECT n, nullif(n - 1, 0) FROM generate_series(1, 200) AS n",
        )
        restores.back_up()
        restores.make("DELETE FROM p WHERE id = 100")
        assert restores.run()["left_out"] == 1
        assert restores.database.value("SELECT brought_by IS NULL FROM public.t WHERE id = 101")

    def test_what_hangs_on_a_row_that_stays_away_stays_away_too(self, database: Database) -> None:
        restores = Restores(database, DatabaseTable(name="t"), DatabaseTable(name="u"))
        restores.make(
            PARENT,
            "CREATE TABLE t (id integer PRIMARY KEY REFERENCES p ON DELETE CASCADE)",
            "CREATE TABLE u (id integer PRIMARY KEY REFERENCES t ON DELETE CASCADE)",
            *(f"INSERT INTO {name} SELECT generate_series(1, 200)" for name in ("p", "t", "u")),
        )
        restores.back_up()
        restores.make("DELETE FROM p WHERE id = 100")
        step = restores.plan()
        assert [dict(table.orphans) for table in restore_facts(step).tables] == [{"t_id_fkey": 1}, {"u_id_fkey": 1}]
        assert restores.run(step)["left_out"] == 1

    def test_an_employee_of_somebody_who_stays_away_stays_away_too(self, restores: Restores) -> None:
        restores.make(
            PARENT,
            "CREATE TABLE t (id integer PRIMARY KEY, p integer REFERENCES p ON DELETE CASCADE,"
            " boss integer REFERENCES t ON DELETE CASCADE)",
            "INSERT INTO p SELECT generate_series(1, 200)",
            "INSERT INTO t SELECT n, n, CASE n WHEN 101 THEN 100 END FROM generate_series(1, 200) AS n",
        )
        restores.back_up()
        restores.make("DELETE FROM p WHERE id = 100")
        assert restores.run()["left_out"] == 2

    def test_a_composite_reference_is_checked_as_a_whole(self, restores: Restores) -> None:
        restores.make(
            "CREATE TABLE p (a integer, b integer, PRIMARY KEY (a, b))",
            "CREATE TABLE t (id integer PRIMARY KEY, a integer, b integer,"
            " FOREIGN KEY (b, a) REFERENCES p (b, a) ON DELETE CASCADE)",
            "INSERT INTO p SELECT n, n FROM generate_series(1, 100) AS n",
            "INSERT INTO t SELECT n, n, n FROM generate_series(1, 100) AS n",
            "INSERT INTO t VALUES (101, 7, NULL)",
        )
        restores.back_up()
        restores.make("DELETE FROM p WHERE a = 1", "DELETE FROM t WHERE id IN (2, 101)")
        done = restores.run()
        assert (done["inserted"], done["left_out"]) == (2, 1)


class TestConstraints:
    """What clashes is rolled back, and told by names alone."""

    @pytest.mark.parametrize(
        ("rule", "damage", "told"),
        [
            (
                "CREATE UNIQUE INDEX one_each ON t (v) WHERE id > 0",
                "UPDATE t SET v = 'gone' WHERE id = 1; INSERT INTO t VALUES (999, 'SECRET 1')",
                "A restored row of t clashes with another row (one_each).",
            ),
            (
                "CREATE FUNCTION fits(text) RETURNS boolean LANGUAGE sql AS 'SELECT length($1) < 3'",
                "UPDATE t SET v = 'x'; ALTER TABLE t ADD CONSTRAINT short CHECK (fits(v))",
                "A row of the backup breaks a rule of t (short).",
            ),
            (
                "ALTER TABLE t ADD w text",
                "UPDATE t SET w = 'x'; ALTER TABLE t ALTER w SET NOT NULL",
                "A row of the backup has no value for w of t, which needs one.",
            ),
            (
                "ALTER TABLE t ADD EXCLUDE USING btree (v WITH =)",
                "UPDATE t SET v = 'gone' WHERE id = 1; INSERT INTO t VALUES (999, 'SECRET 1')",
                "A restored row of t clashes with another row (t_v_excl).",
            ),
        ],
    )
    def test_a_backup_that_breaks_a_rule_is_rolled_back_and_the_rule_is_named(
        self, restores: Restores, rule: str, damage: str, told: str
    ) -> None:
        restores.make("CREATE TABLE t (id integer PRIMARY KEY, v text)", ITEMS, rule)
        restores.back_up()
        restores.make(damage)
        step = restores.plan()
        before = restores.database.rows("SELECT * FROM public.t ORDER BY id")
        with pytest.raises(StepFailed) as failed:
            restores.execute(step)
        assert failed.value.text == f"{told} Everything was rolled back."
        assert failed.value.__cause__ is None
        assert restores.database.rows("SELECT * FROM public.t ORDER BY id") == before

    @pytest.mark.parametrize(
        ("damage", "rule", "told"),
        [
            (
                """ALTER TABLE t ADD CONSTRAINT one_each UNIQUE (v); DELETE FROM t WHERE id < 4;
                INSERT INTO t VALUES (998, 'SECRET 1'), (999, 'SECRET 2')""",
                "unique",
                "Restored rows of public.t clash with rows that stay (2 by one_each).",
            ),
            (
                "UPDATE t SET v = 'x'; ALTER TABLE t ADD CONSTRAINT short CHECK (length(v) < 3)",
                "constraint",
                "Rows of the backup break a rule of public.t (200 by short).",
            ),
        ],
    )
    def test_what_can_be_counted_before_is_refused_by_the_plan(
        self, restores: Restores, damage: str, rule: str, told: str
    ) -> None:
        restores.make("CREATE TABLE t (id integer PRIMARY KEY, v text)", ITEMS)
        restores.back_up()
        restores.make(damage)
        with pytest.raises(Refused) as refused:
            restores.plan()
        assert (refused.value.rule, told in refused.value.text) == (rule, True)

    def test_a_value_that_is_free_by_then_clashes_with_nothing(self, restores: Restores) -> None:
        restores.make("CREATE TABLE t (id integer PRIMARY KEY, v text UNIQUE CHECK (v <> ''))", ITEMS)
        restores.back_up()
        restores.make("UPDATE t SET v = 'gone' WHERE id = 1", "UPDATE t SET v = 'SECRET 1' WHERE id = 2")
        restores.make("DELETE FROM t WHERE id = 3", "INSERT INTO t VALUES (999, 'SECRET 999')")
        assert restore_facts(restores.plan()).tables[0].update == 2

    def test_a_row_that_needs_a_value_which_the_backup_does_not_have_is_refused(self, restores: Restores) -> None:
        restores.make("CREATE TABLE t (id integer PRIMARY KEY, v text)", ITEMS)
        restores.back_up()
        restores.make("DELETE FROM t", "ALTER TABLE t ADD w text NOT NULL")
        with pytest.raises(Refused, match=r"200 rows must be inserted into public\.t, but w may not be NULL"):
            restores.plan()

    def test_unique_values_that_were_swapped_come_back_where_the_rule_is_deferrable(self, restores: Restores) -> None:
        restores.make("CREATE TABLE t (id integer PRIMARY KEY, v text UNIQUE DEFERRABLE)", ITEMS)
        restores.back_up()
        restores.make("UPDATE t SET v = CASE id WHEN 1 THEN 'SECRET 2' ELSE 'SECRET 1' END WHERE id IN (1, 2)")
        assert restores.run()["updated"] == 2
        assert restores.differing() == 0

    def test_many_more_rows_to_change_than_were_approved_is_drift(self, restores: Restores) -> None:
        restores.make("CREATE TABLE t (id integer PRIMARY KEY, v text)", ITEMS)
        restores.back_up()
        restores.make("UPDATE t SET v = 'x' WHERE id = 1")
        step = restores.plan()
        restores.make("UPDATE t SET v = 'x'")
        with pytest.raises(Drifted, match=r"200 rows of public\.t would be changed, and 1 were approved"):
            restores.execute(step)


class TestColumnsThatFillThemselves:
    """Identities, generated columns and sequences."""

    def test_an_identity_always_keeps_the_numbers_of_the_backup(self, restores: Restores) -> None:
        restores.make(
            "CREATE TABLE t (id integer PRIMARY KEY, no bigint GENERATED ALWAYS AS IDENTITY)",
            "INSERT INTO t SELECT generate_series(1, 3)",
        )
        restores.back_up()
        restores.make("DELETE FROM t WHERE id = 2")
        restores.run()
        assert restores.differing() == 0

    def test_another_number_in_an_identity_always_is_refused(self, restores: Restores) -> None:
        restores.make(
            "CREATE TABLE t (id integer PRIMARY KEY, no bigint GENERATED ALWAYS AS IDENTITY)",
            "INSERT INTO t SELECT generate_series(1, 3)",
        )
        restores.back_up()
        restores.make("UPDATE t SET no = DEFAULT WHERE id = 2")
        with pytest.raises(Refused, match=r"1 rows of public\.t differ in a GENERATED ALWAYS identity"):
            restores.plan()

    def test_generated_columns_follow(self, restores: Restores) -> None:
        restores.make(
            "CREATE TABLE t (id integer PRIMARY KEY, v text, w text GENERATED ALWAYS AS (upper(v)) STORED)",
            "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
        )
        restores.back_up()
        restores.make("UPDATE t SET v = 'x' WHERE id = 1", "DELETE FROM t WHERE id = 2")
        assert restores.run()["inserted"] == 1
        assert restores.differing() == 0

    def test_a_sequence_that_fell_behind_goes_on_after_the_highest_number(self, restores: Restores) -> None:
        restores.make("CREATE TABLE t (id serial PRIMARY KEY)", "INSERT INTO t SELECT FROM generate_series(1, 30)")
        restores.back_up()
        restores.make("TRUNCATE t RESTART IDENTITY")
        restores.run()
        assert restores.database.value("INSERT INTO public.t DEFAULT VALUES RETURNING id") == 31

    def test_a_sequence_that_is_ahead_stays_where_it_is(self, restores: Restores) -> None:
        restores.make("CREATE TABLE t (id serial PRIMARY KEY)", "INSERT INTO t SELECT FROM generate_series(1, 30)")
        restores.back_up()
        restores.make("DELETE FROM t WHERE id > 10", "SELECT setval('t_id_seq', 1000)")
        restores.run()
        assert restores.database.value("SELECT last_value FROM public.t_id_seq") == 1000

    def test_a_number_at_the_end_of_its_type_does_not_stop_a_restore(self, restores: Restores) -> None:
        restores.make(
            "CREATE TABLE t (id serial PRIMARY KEY, v text)",
            "INSERT INTO t (v) VALUES ('a')",
            "INSERT INTO t VALUES (2147483647, 'the last one')",
        )
        restores.back_up()
        restores.make("UPDATE t SET v = 'x'")
        assert restores.run()["updated"] == 2
        assert restores.database.value("SELECT last_value FROM public.t_id_seq") == 1


class TestFewRows:
    """The edges of a count."""

    def test_an_empty_table_gets_all_rows_back(self, restores: Restores) -> None:
        restores.make("CREATE TABLE t (id integer PRIMARY KEY, v text)", ITEMS)
        restores.back_up()
        restores.make("TRUNCATE t")
        done = restores.run()
        assert (done["inserted"], done["kept"], done["rows"]) == (200, 0, 200)

    def test_a_backup_of_one_row_restores_that_row_and_keeps_the_others(self, restores: Restores) -> None:
        restores.make("CREATE TABLE t (id integer PRIMARY KEY, v text)", "INSERT INTO t VALUES (1, 'a')")
        restores.back_up()
        restores.make("UPDATE t SET v = 'x'", "INSERT INTO t VALUES (2, 'b')")
        done = restores.run()
        assert (done["updated"], done["kept"], done["rows"]) == (1, 1, 2)

    def test_nothing_to_restore_is_done_with_nothing_written(self, restores: Restores) -> None:
        restores.make("CREATE TABLE t (id integer PRIMARY KEY, v text)", ITEMS)
        restores.back_up()
        done = restores.run()
        assert (done["updated"], done["inserted"], done["rows"]) == (0, 0, 200)
