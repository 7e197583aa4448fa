"""The plan's own DROP and RENAME beside the bot's restore, while an application works: `… [rows …]`.

Each on a table with seven indexes and a child, one row in a hundred damaged. Not among the figures of `make bench`: a
million rows take minutes. The lines after the table are of the bot alone.
"""

import resource
import sys
import threading
import time
from collections.abc import Callable
from uuid import uuid4

from benchmarks.load import Waits, under_load
from benchmarks.write_block import DAMAGE, TABLE
from bot.adapters.postgres.holding import LADDER_SECONDS
from bot.core.errors import StepFailed
from bot.core.runbook.tables import DatabaseTable
from tests.actions.restoring import Restores, restore_action
from tests.database.damage import DAMAGED, damage
from tests.database.inventory import changes, inventory
from tests.database.server import server

ROWS, FOUR_TABLES_TIMES, IDLE_SECONDS = (10_000, 100_000), 25, 3.0
AROUND = (
    "CREATE TABLE child (id bigserial PRIMARY KEY, t integer REFERENCES t (no))",
    "CREATE VIEW names AS SELECT no, name FROM t",
    "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY own ON t USING (score > 0)",
    "GRANT SELECT ON t TO authenticated",
    "COMMENT ON COLUMN t.score IS 'of a hundred'",
)
NAIVE = "DROP TABLE t CASCADE", "ALTER TABLE t_backup_20261101 RENAME TO t"
HEAD = """\
| rows | what | took | reads waited | writes waited | inserts into the child waited | failed | definitions |
|---|---|---|---|---|---|---|---|"""
PEOPLE = "(SELECT id FROM public.user_profiles WHERE member_no = 1 + floor(random() * 90))"
SHOP = (
    "SELECT count(*) FROM public.sessions WHERE revoked_at IS NULL",
    (
        "UPDATE public.user_progress SET percent = 1 + floor(random() * 90) WHERE module = 'welcome' AND user_id = "
        "(SELECT user_id FROM public.user_progress OFFSET floor(random() * 90) LIMIT 1)"
    ),
    f"INSERT INTO public.sessions (id, user_id, created_at) SELECT gen_random_uuid(), id, now() FROM {PEOPLE} AS p",
)


def beside(rows: int) -> None:
    """A line for the plan's way and one for the bot's."""
    for what, act in (("DROP … CASCADE, RENAME", _rename), ("the bot", _restore)):
        with server().database() as database:
            print(_line(rows, what, Restores(database), act), flush=True)


def _line(rows: int, what: str, restores: Restores, act: Callable[[Restores], float]) -> str:
    _prepare(restores, rows)
    with restores.database.superuser() as watching:
        before = inventory(watching)
        with under_load(restores.database.url, _statements(rows)) as waits:
            took = act(restores)
        lost = set(changes(before, inventory(watching))) - {"sequence values", "files"}
    cells = f"{rows:,}", what, f"{took:.2f} s", *(f"{waits[kind]['worst']} ms" for kind in waits), _failed(waits)
    return f"| {' | '.join(cells)} | {len(lost) or 'no'} kinds changed |"


def _prepare(restores: Restores, rows: int) -> None:
    restores.action = restore_action(restores.database.url, *restores.tables, ladder=LADDER_SECONDS)
    restores.make(*(statement.format(rows=rows) for statement in (*TABLE, *AROUND)))
    restores.back_up()
    restores.make(*(statement.format(rows=rows, damaged=10) for statement in DAMAGE))


def _statements(rows: int) -> tuple[str, str, str]:
    """Written are rows newer than the backup: others would be more to restore than was approved."""
    number = f"(SELECT (1 + floor(random() * {rows - 1}))::integer)"
    return (
        f"SELECT name FROM t WHERE no = {number}",
        f"UPDATE t SET score = 7 WHERE no = {rows} + (SELECT (1 + floor(random() * {rows // 1000}))::integer)",
        f"INSERT INTO child (t) SELECT no FROM t WHERE no = {number}",
    )


def _rename(restores: Restores) -> float:
    began = time.perf_counter()
    with restores.database.owner() as connection, connection.transaction():
        for statement in NAIVE:
            connection.execute(statement.encode())
    return time.perf_counter() - began


def _restore(restores: Restores) -> float:
    step = restores.plan(accepts_long_block=True)
    began = time.perf_counter()
    restores.execute(step)
    return time.perf_counter() - began


def _failed(waits: Waits) -> str:
    return ", ".join(f"{n} of {state}" for kind in waits for state, n in waits[kind]["failed"].items()) or "none"


def four_tables() -> None:
    """Restores of four tables, children and parents, while sessions are opened."""
    with server().database() as database:
        damage(database.superuser())
        action = restore_action(database.url, *(_told(name) for name in DAMAGED), ladder=LADDER_SECONDS)
        held, gave_up = list[float](), 0
        with under_load(database.superuser_url, SHOP) as waits:
            for number in range(FOUR_TABLES_TIMES):
                database.rows("UPDATE public.user_profiles SET bio = %s WHERE member_no < 30", f"damaged {number}")
                step = action.plan({"tables": list(DAMAGED), "from": "20250903"})
                try:
                    report = action.execute(step, str(uuid4()), "")
                    held.append(float(str(report["held_seconds"])))
                except StepFailed:
                    gave_up += 1
        print(f"{FOUR_TABLES_TIMES} restores of four tables: {gave_up} gave up; held for {max(held)} s at most;")
        print(f"  the application's inserts waited {waits['insert']['worst']} ms at most; failed: {_failed(waits)}")


def _told(name: str) -> DatabaseTable:
    return DatabaseTable(name=name)


def idle(what: str, statement: str) -> None:
    """A restore while somebody else's transaction is idle after a statement."""
    rows = ROWS[-1]
    with server().database() as database:
        restores = Restores(database)
        _prepare(restores, rows)
        with database.owner() as other, under_load(database.url, _statements(rows)) as waits:
            other.execute("BEGIN")
            other.execute(statement.encode())
            ending = threading.Timer(IDLE_SECONDS, other.execute, ["COMMIT"])
            ending.start()
            step = restores.plan(accepts_long_block=True)
            began = time.perf_counter()
            report = restores.execute(step)
            took = time.perf_counter() - began
            ending.join()
        told = f"{took:.2f} s, {report['attempts']} attempts; reads waited {waits['read']['worst']} ms,"
        print(f"{rows:,} rows, {what} idle for {IDLE_SECONDS:g} s: {told} writes {waits['write']['worst']} ms")


if __name__ == "__main__":
    print(HEAD)
    most_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for each in [int(word) for word in sys.argv[1:]] or ROWS:
        beside(each)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most_before) * 1024 / 1e6
    print(f"memory (RSS) of the process that restores: {grown:.1f} MB more at the most than when it began")
    four_tables()
    idle("a reader", "SELECT count(*) FROM t")
    idle("a writer", "UPDATE t SET score = 3 WHERE no = 777")
