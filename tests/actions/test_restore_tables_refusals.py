"""Every refusal that the design lists, by its rule: what provokes it, and that it says so and changes nothing.

What is about the server, the role, the dates of backups or a run is tested beside it: the pooler, a replica, a full
disk, row-level security, old and mixed backups, another restore, a lock that can't be had, drift and proof.
"""

import pytest

from bot.core.errors import Refused
from tests.actions.restoring import Restores
from tests.database.server import Database

ITEMS = (
    "CREATE TABLE p (id integer PRIMARY KEY)",
    "INSERT INTO p SELECT generate_series(1, 300)",
    "CREATE TABLE t (id integer PRIMARY KEY, p integer REFERENCES p ON DELETE CASCADE, v text)",
    "INSERT INTO t SELECT n, n, 'SECRET ' || n FROM generate_series(1, 300) AS n",
)
# The design's code, the rule, what provokes it, as the superuser, and what is said.
REFUSALS = [
    (
        "E_NO_TABLE",
        "no_table",
        "DROP TABLE t",
        "Table public.t does not exist.",
    ),
    (
        "E_KIND",
        "kind",
        "ALTER TABLE t RENAME TO u; CREATE VIEW t AS TABLE u",
        "public.t is a view, not a table.",
    ),
    (
        "E_PARTITION",
        "partition",
        "CREATE TABLE w (LIKE t) PARTITION BY LIST (id); ALTER TABLE w ATTACH PARTITION t DEFAULT",
        "public.t is a partition; restore its parent.",
    ),
    (
        "E_INHERIT",
        "inheritance",
        "CREATE TABLE u () INHERITS (t)",
        "public.t takes part in table inheritance.",
    ),
    (
        "E_RULES",
        "rules",
        "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING",
        "public.t has rewrite rules",
    ),
    (
        "E_PRIV",
        "privilege",
        "ALTER TABLE t OWNER TO CURRENT_USER",
        "no member of the owner of public.t",
    ),
    (
        "E_NO_BACKUP",
        "no_backup",
        "DROP TABLE t_backup_20261101",
        "No backup of t was found. Nothing was changed.",
    ),
    (
        "E_EMPTY_BACKUP",
        "empty_backup",
        "TRUNCATE t_backup_20261101",
        "Backup public.t_backup_20261101 is empty; public.t has 300 rows.",
    ),
    (
        "E_BACKUP_NULL_KEY",
        "null_key",
        "UPDATE t_backup_20261101 SET id = NULL WHERE id = 1",
        "has 1 rows with a NULL key (id).",
    ),
    (
        "E_BACKUP_DUP_KEY",
        "double_key",
        "UPDATE t_backup_20261101 SET id = 2 WHERE id < 4",
        "has 2 duplicate keys (id).",
    ),
    (
        "E_EXTRA_COLUMNS",
        "extra_columns",
        "ALTER TABLE t_backup_20261101 ADD plan text",
        "public.t no longer has: plan.",
    ),
    (
        "E_NOT_NULL",
        "not_null",
        """DELETE FROM t WHERE id = 1; ALTER TABLE t ADD c text NOT NULL DEFAULT '';
        ALTER TABLE t ALTER c DROP DEFAULT""",
        "1 rows must be inserted into public.t, but c may not be NULL",
    ),
    (
        "E_TYPE",
        "type",
        "ALTER TABLE t DROP v, ADD v member_type",
        "v is text in the backup and public.member_type in",
    ),
    (
        "E_LOSSY",
        "lossy",
        "ALTER TABLE t DROP v, ADD v varchar(9)",
        "public.t.v: 201 values of the backup (text) do not",
    ),
    (
        "E_NO_KEY",
        "no_key",
        "ALTER TABLE t DROP CONSTRAINT t_pkey",
        "public.t has no primary key or NOT NULL unique key",
    ),
    (
        "E_IDENTITY",
        "identity",
        """ALTER TABLE t ALTER p SET NOT NULL; ALTER TABLE t ALTER p ADD GENERATED ALWAYS AS IDENTITY;
        UPDATE t SET p = DEFAULT WHERE id = 9""",
        "1 rows of public.t differ in a GENERATED ALWAYS identity",
    ),
    (
        "E_ORPHANS",
        "orphans",
        "DELETE FROM p WHERE id < 9",
        "8 rows of the backup of public.t point to rows that no lon",
    ),
    (
        "E_UNIQUE",
        "unique",
        """DELETE FROM t WHERE id = 1; ALTER TABLE t ADD UNIQUE (v);
        INSERT INTO t VALUES (999, 9, 'SECRET 1')""",
        "clash with rows that stay (1 by t_v_key).",
    ),
    (
        "E_CONSTRAINT",
        "constraint",
        "DELETE FROM t WHERE id < 4; ALTER TABLE t ADD CHECK (id > 2)",
        "(2 by t_id_check).",
    ),
    (
        "E_TOO_MANY_DELETES",
        "too_many_deletes",
        "INSERT INTO t SELECT n FROM generate_series(301, 400) AS n",
        "An exact restore would delete 100 of 400 rows of public.t (limit 5%).",
    ),
    (
        "E_COLLATERAL",
        "collateral",
        """CREATE TABLE u (t integer REFERENCES t ON DELETE CASCADE); GRANT SELECT ON u TO app_owner;
        INSERT INTO t VALUES (999); INSERT INTO u VALUES (999), (999)""",
        "2 rows of public.u (u_t_fkey).",
    ),
]


@pytest.mark.parametrize(("code", "rule", "provoked", "told"), REFUSALS, ids=[code for code, *_ in REFUSALS])
def test_what_the_design_refuses_is_refused_by_its_rule(
    database: Database, code: str, rule: str, provoked: str, told: str
) -> None:
    restores = Restores(database)
    restores.make(*ITEMS)
    restores.back_up()
    with database.superuser() as connection:
        connection.execute(provoked.encode())
    with pytest.raises(Refused) as refused:
        restores.plan(exact=code in ("E_TOO_MANY_DELETES", "E_COLLATERAL"))
    assert refused.value.rule == rule
    assert told in refused.value.text
    assert "Nothing was changed." in refused.value.text
    assert "SECRET" not in refused.value.text
