"""A restore, an exact one or an undo that is about to be carried out, and what must be so if it never is, or was."""

from typing import Any
from uuid import uuid4

import pytest

from bot.core.errors import StepFailed
from bot.core.plan import Step
from bot.core.restore import restore_facts
from bot.core.runbook.tables import DatabaseTable
from tests.actions.restoring import Restores, restore_action, wait_until
from tests.database.inventory import changes, inventory
from tests.database.server import Connection, Database
from tests.database.wire import DatabaseWire, Fault
from tests.processes import FORKS

PATIENCE = 30.0
MODES = ("restore", "exact", "undo")
TABLES = (
    "CREATE TABLE noted (verb text)",
    (
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO public.noted VALUES (TG_OP); RETURN NULL; END $$"
    ),
    "CREATE TABLE t (id serial PRIMARY KEY, v text)",
    "CREATE TABLE c (id serial PRIMARY KEY, t integer NOT NULL REFERENCES t, v text)",
    "INSERT INTO t (v) SELECT 'v' FROM generate_series(1, 100)",
    "INSERT INTO c (t, v) SELECT n, 'v' FROM generate_series(1, 100) AS n",
    "CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note()",
    "CREATE TRIGGER silent AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note()",
    "ALTER TABLE t DISABLE TRIGGER silent",
)
DAMAGE = (
    "DELETE FROM c WHERE id >= 99",
    "DELETE FROM t WHERE id >= 99",
    "UPDATE t SET v = 'damaged' WHERE id <= 5",
    "UPDATE c SET v = 'damaged' WHERE id <= 5",
    "INSERT INTO t (id, v) VALUES (201, 'new')",
    "INSERT INTO c (id, t, v) VALUES (201, 201, 'new')",
    "ALTER SEQUENCE t_id_seq RESTART",
    "ALTER SEQUENCE c_id_seq RESTART",
)
EVERYTHING = """
SELECT (SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM public.t), (SELECT count(*) FROM public.noted),
       (SELECT md5(string_agg(c::text, '|' ORDER BY id)) FROM public.c), to_regclass('rollback_bot.ledger') IS NULL,
       (SELECT array_agg(format('%s %s', tgname, tgenabled) ORDER BY tgname) FROM pg_trigger
        WHERE tgrelid = 'public.t'::regclass),
       (SELECT array_agg(relname ORDER BY 1) FROM pg_class WHERE relnamespace = to_regnamespace('rollback_bot'))
"""
LOCKS = """
SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid() AND database =
(SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Stand:
    """An operation that is about to be carried out, through a wire."""

    def __init__(self, database: Database, wire: DatabaseWire, mode: str) -> None:
        self.database, self.wire = database, wire
        self.restores = Restores(database, DatabaseTable(name="t"), DatabaseTable(name="c"), url=wire.url)
        self.restores.make(*TABLES)
        self.restores.back_up()
        self.restores.make(*DAMAGE)
        self.step = self.restores.plan(exact=mode == "exact")
        if mode == "undo":
            self.restores.execute(self.step, first := str(uuid4()))
            self.step = self.restores.action.undo(self.step, first)
            self.restores.make("ALTER SEQUENCE t_id_seq RESTART")
        self._watching: Connection = database.superuser()
        self._rows, self._definitions = self.everything(), inventory(self._watching)

    def everything(self) -> list[tuple[Any, ...]]:
        """Rows, the triggers' states, and what the bot keeps."""
        return self.database.rows(EVERYTHING)

    def assert_same_definitions(self, *but: str) -> None:
        """No definition has changed, `but` what is named."""
        assert set(changes(self._definitions, inventory(self._watching))) <= set(but)

    def assert_never(self, op_id: str) -> None:
        """It didn't happen: not a row, not a trigger's state is another; no copy, no line in the ledger, no lock."""
        with pytest.raises(StepFailed, match="not committed"):
            self.restores.look(self.step, op_id)
        wait_until(lambda: self.database.value(LOCKS) == 0)
        assert self.everything() == self._rows

    def assert_once(self, op_id: str) -> None:
        """It happened as promised, and no trigger fired; a second time gives the first report and writes nothing."""
        report, after = self.restores.look(self.step, op_id), self.everything()
        self.assert_same_definitions("sequence values")
        assert after != self._rows
        assert after[0][1] == self._rows[0][1]
        told: Any = report["tables"]
        for table in restore_facts(self.step).tables:
            done = told[table.name]
            assert (done["updated"], done["inserted"], done["deleted"]) == (table.update, table.insert, table.delete)
        assert self.restores.execute(self.step, op_id) == report
        assert self.everything() == after


def carry_out(url: str, step: Step, op_id: str) -> None:
    """In a process of its own."""
    restore_action(url).execute(step, op_id, "")


def killed_at(fault: Fault, stand: Stand, op_id: str) -> Fault:
    """Begin the operation in a process of its own, and kill that one where it meets the fault."""
    stand.wire.lay(fault)
    bot = FORKS.Process(target=carry_out, args=(stand.wire.url, stand.step, op_id), daemon=True)
    bot.start()
    assert fault.arrived.wait(PATIENCE)
    bot.kill()
    bot.join(PATIENCE)
    return fault
