"""How long writes to a large table wait for its restore and its undo, beside what the plan said: `… [rows] [percent]`.

Not among the figures of `make bench`: a million rows take minutes. Seven indexes, one of them GIN, a foreign key, and
replica identity FULL; one row in a thousand is deleted, and as many are newer than the backup.
"""

import sys
from uuid import uuid4

from bot.core.plan import Step
from bot.core.restore import restore_facts
from tests.actions.restoring import Restores
from tests.database.server import server

ROWS, PERCENT = 1_000_000, 1
TABLE = (
    "CREATE TABLE p (id integer PRIMARY KEY)",
    "INSERT INTO p SELECT generate_series(1, 1000)",
    (
        "CREATE TABLE t (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), no integer UNIQUE, name text, email text,"
        " data jsonb, p integer REFERENCES p, score integer, updated_at timestamptz DEFAULT now())"
    ),
    (
        "INSERT INTO t (no, name, email, data, p, score) SELECT n, 'Name ' || n, n || '@mail.example',"
        " jsonb_build_object('a', n, 'b', md5(n::text)), 1 + n % 1000, n % 100 FROM generate_series(1, {rows}) AS n"
    ),
    "CREATE INDEX ON t (email)",
    "CREATE INDEX ON t (updated_at)",
    "CREATE INDEX ON t (p)",
    "CREATE INDEX ON t (lower(name))",
    "CREATE INDEX ON t USING gin (data jsonb_path_ops)",
    "ALTER TABLE t REPLICA IDENTITY FULL",
)
DAMAGE = (
    "UPDATE t SET name = 'damaged', score = 0 WHERE no % 1000 < {damaged}",
    "DELETE FROM t WHERE no % 1000 = 500",
    "INSERT INTO t (no, name) SELECT {rows} + n, 'new' FROM generate_series(1, {rows} / 1000) AS n",
    "ANALYZE t, t_backup_20261101",
)


def measure(rows: int, percent: int) -> None:
    """Restore a table of so many rows, so many percent of them damaged, and undo it; print what it took."""
    with server().database() as database:
        restores = Restores(database)
        restores.make(*(statement.format(rows=rows) for statement in TABLE))
        restores.back_up()
        restores.make(*(statement.format(rows=rows, damaged=10 * percent) for statement in DAMAGE))
        step, op_id = restores.plan(accepts_long_block=True), str(uuid4())
        _carry_out("restore", restores, step, op_id)
        _carry_out("undo", restores, restores.action.undo(step, op_id), str(uuid4()))


def _carry_out(what: str, restores: Restores, step: Step, op_id: str) -> None:
    facts, report = restore_facts(step), restores.execute(step, op_id)
    (table,) = facts.tables
    wrote = f"{table.update:,} updated, {table.insert:,} inserted, {table.delete:,} deleted of {table.live_rows:,}"
    print(f"{what}: {wrote}; writes waited {report['held_seconds']} s, estimated {facts.estimate_seconds} s")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    measure(*(given + [ROWS, PERCENT][len(given) :])[:2])
