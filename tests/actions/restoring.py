"""Restores of tables that a test makes itself, on a real database and without the bot's process."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from psycopg import sql

from bot.actions.restore_reading import RestoreReading
from bot.actions.restore_tables import RestoreTables
from bot.core.plan import Facts, Step
from bot.core.runbook.tables import Database as Told
from bot.core.runbook.tables import DatabaseTable
from bot.core.secret import Secret
from tests.database.server import Database

NOW = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)
DATE = "20261101"
SHORT_LADDER = (0.02, 0.02, 0.02)


class Restores:
    """The action over some tables of a database, `public.t` where none is named; `url` = another way to it."""

    def __init__(self, database: Database, *tables: DatabaseTable, url: str = "") -> None:
        self.database, self.tables = database, tables or (DatabaseTable(name="t"),)
        self.action = restore_action(url or database.url, *self.tables)

    def make(self, *statements: str) -> None:
        """Carry out statements as the tables' owner, each for good."""
        with self.database.owner() as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def back_up(self) -> None:
        """Make backups of now."""
        self.database.back_up(DATE, *(table.name for table in self.tables))

    def plan(self, *, exact: bool = False, accepts_long_block: bool = False) -> Step:
        """The step that restores all of the tables."""
        names = [table.name for table in self.tables]
        return self.action.plan({"tables": names, "from": DATE, "exact": exact, "long_block": accepts_long_block})

    def run(self, step: Step | None = None, op_id: str = "") -> dict[str, Any]:
        """Restore, and give what the report says of the first table."""
        report: dict[str, Any] = dict(self.execute(step or self.plan(), op_id))
        return dict(report["tables"][self.tables[0].name])

    def execute(self, step: Step, op_id: str = "") -> Facts:
        """Restore as one operation, a new one where none is named."""
        return self.action.execute(step, op_id or str(uuid4()), "")

    def look(self, step: Step, op_id: str) -> Facts:
        """Find out whether the operation was committed."""
        return self.action.reconcile(step, op_id, at_deadline=False)

    def differing(self, table: str = "t") -> int:
        """How many rows of the backup the table doesn't have, byte for byte."""
        names = sql.Identifier(f"{table}_backup_{DATE}"), sql.Identifier(table)
        query = sql.SQL(
            "SELECT count(*) FROM {} AS b"
            " WHERE NOT EXISTS (SELECT FROM {} AS l WHERE ROW(l.*)::record *= ROW(b.*)::record)"
        ).format(*names)
        with self.database.superuser() as connection:
            ((count,),) = connection.execute(query).fetchall()
        return int(count)


def restore_action(url: str, *tables: DatabaseTable, ladder: Sequence[float] = SHORT_LADDER) -> RestoreTables:
    """The action over tables of the database at an address."""
    told, address = Told(tables=tables), Secret(url)
    reading = RestoreReading(address, told, clock=lambda: NOW, live=lambda: None)
    return RestoreTables(address, told, reading, ladder=ladder)


def wait_until(so: Callable[[], object], seconds: float = 30) -> None:
    """Wait until something is so that nobody tells of: locks and sessions in a database."""
    deadline = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < deadline, f"not so in {seconds} s"
        time.sleep(0.01)
