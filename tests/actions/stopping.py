"""Stops and resumes of writes on a real database, without the bot's process."""

from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from bot.actions.restore_reading import RestoreReading
from bot.actions.restore_tables import RestoreTables
from bot.actions.resume_writes import ResumeWrites
from bot.actions.stop_writes import StopWrites
from bot.actions.writes_reading import WritesReading
from bot.core.plan import Facts, Step
from bot.core.runbook.tables import Database as Told
from bot.core.runbook.tables import DatabaseTable
from bot.core.secret import Secret
from bot.core.writes import FUNCTION, TRIGGER
from tests.actions.restoring import NOW, SHORT_LADDER
from tests.database.server import Connection, Database

SHOP = ("user_profiles", "user_progress", "sessions", "magic_tokens")
STOPPED = "25006"


class Writes:
    """The two actions over some tables of a database, and the restore of them; `url` = another way to it."""

    def __init__(self, database: Database, *tables: str, url: str = "") -> None:
        self.database = database
        self.tables = tables or SHOP
        told = Told(tables=tuple(DatabaseTable(name=name) for name in self.tables))
        address = Secret(url or database.url)
        reading = RestoreReading(address, told, clock=lambda: NOW, live=lambda: None)
        writes = WritesReading(told, reading)
        self.stopping = StopWrites(address, writes, ladder=SHORT_LADDER)
        self.resuming = ResumeWrites(address, writes, ladder=SHORT_LADDER, removal=SHORT_LADDER[:1])
        self.restoring = RestoreTables(address, told, reading, ladder=SHORT_LADDER)

    def stop(self, *tables: str, op_id: str = "") -> dict[str, Any]:
        """Stop writes to these tables, to all where none is named; the report."""
        return dict(self.execute(self.stopping.plan({"tables": list(tables or ("all",))}), op_id))

    def resume(self, *tables: str, op_id: str = "") -> dict[str, Any]:
        """Resume writes to these tables, to whatever is stopped where none is named; the report."""
        return dict(self.execute(self.resuming.plan({"tables": list(tables)}), op_id))

    def execute(self, step: Step, op_id: str = "") -> Facts:
        """Carry out a step as one operation, a new one where none is named."""
        action = self.stopping if step.action == self.stopping.name else self.resuming
        return action.execute(step, op_id or str(uuid4()), "")

    def triggers(self) -> dict[str, str]:
        """The tables that have the bot's trigger, and whether it fires: D, or A for always."""
        query = "SELECT tgrelid::regclass::text, tgenabled::text FROM pg_trigger WHERE tgname = %s"
        return dict(self.database.rows(query, TRIGGER))

    def functions(self) -> int:
        """How many functions there are for triggers to call."""
        return int(self.database.value("SELECT count(*) FROM pg_proc WHERE proname = %s", FUNCTION))


def refused(connection: Connection, statement: str) -> str:
    """The SQLSTATE that a statement fails with, "" where it works; whatever it did is taken back."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
    except psycopg.Error as error:
        return error.sqlstate or "unknown"
    return ""


def write_nothing(table: str) -> str:
    """A statement that would write to a table, and finds no row to write."""
    return f"DELETE FROM {sql.Identifier('public', table).as_string()} WHERE false"
