"""Backup sets of tables that a test makes itself, on a real database and without the bot's process."""

from datetime import datetime, timedelta
from typing import Any

from bot.actions.back_up_tables import BackUpTables
from bot.actions.restore_reading import RestoreReading
from bot.actions.restore_tables import RestoreTables
from bot.core.checks import Verdict
from bot.core.plan import Facts, Step
from bot.core.runbook.tables import Database as Told
from bot.core.runbook.tables import DatabaseTable
from bot.core.secret import Secret
from tests.actions.restoring import NOW
from tests.database.server import Database

OP = "3f0c7a52-9d1b-4c55-8a2e-6b7d90e1f2a3"
DATE = "20261122_031400"  # of NOW, in the names of backups


class Backups:
    """The action over tables of a database, and restores from what it takes; `url` = another way to the database."""

    def __init__(self, database: Database, *tables: str, url: str = "", **told: Any) -> None:
        self.database, self.tables, self.now = database, tables or ("t", "u"), NOW
        runbook = Told(tables=tuple(DatabaseTable(name=table) for table in self.tables), **told)
        address = Secret(url or database.url)
        self.reading = RestoreReading(address, runbook, clock=self._clock, live=lambda: None)
        self.action = BackUpTables(address, runbook, self.reading, clock=self._clock)
        self.restores = RestoreTables(address, runbook, self.reading)

    def _clock(self) -> datetime:
        return self.now

    def wait(self, time: timedelta) -> None:
        """Let time pass."""
        self.now += time

    def make(self, *statements: str) -> None:
        """Carry out statements as the tables' owner, each for good."""
        with self.database.owner() as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def plan(self) -> Step:
        """The set of now."""
        return self.action.plan({})

    def take(self, step: Step | None = None, op_id: str = OP) -> Facts:
        """Take a set; what the ledger's report says."""
        return self.action.execute(step or self.plan(), op_id, "")

    def look(self, step: Step, op_id: str = OP) -> Facts:
        """Find out whether the operation was committed."""
        return self.action.reconcile(step, op_id, at_deadline=False)

    def verdicts(self, step: Step) -> dict[str, Verdict]:
        """What the set's checks say."""
        return {result.name: result.verdict for result in self.action.verify(step, OP)}

    def plan_restore(self, table: str, backup: str = DATE) -> Step:
        """The restore of one table from that backup."""
        return self.restores.plan({"tables": [table], "from": backup, "long_block": False})

    def names(self) -> list[str]:
        """The backups that there are in the bot's schema."""
        found = self.database.rows(
            "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('rollback_bot') AND relkind = 'r'"
            " AND relname <> 'ledger' ORDER BY 1"
        )
        return [name for (name,) in found]
