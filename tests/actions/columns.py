"""Drops of columns of tables that a test makes itself, on a real database and without the bot's process."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter

from bot.actions.add_columns_back import AddColumnsBack
from bot.actions.drop_columns import DropColumns
from bot.actions.restore_reading import RestoreReading
from bot.core.plan import Facts, Step
from bot.core.runbook.tables import Database as Told
from bot.core.runbook.tables import DatabaseTable
from bot.core.secret import Secret
from tests.actions.restoring import NOW, SHORT_LADDER
from tests.database.server import Database

TABLE = "CREATE TABLE t (id integer PRIMARY KEY, name text, tier text, plan text DEFAULT 'free')"
ROWS = "INSERT INTO t SELECT n, 'PERSONAL ' || n, 'SECRET ' || n, 'plus' FROM generate_series(1, 20) AS n"


def listing(*columns: str, table: str = "t", sticky: Sequence[str] = ()) -> DatabaseTable:
    """A table whose added columns are these."""
    told = {"name": table, "added_columns": list(columns), "sticky": list(sticky)}
    return TypeAdapter(DatabaseTable).validate_python(told)


class Columns:
    """Both actions over some tables of a database, `public.t` where none is named; `url` = another way to it."""

    def __init__(self, database: Database, *tables: DatabaseTable, url: str = "") -> None:
        self.database = database
        told = Told(tables=tables or (listing("tier", "plan"),))
        address = Secret(url or database.url)
        reading = RestoreReading(address, told, clock=lambda: NOW, live=lambda: None)
        self.drop = DropColumns(address, told, reading, clock=lambda: NOW, ladder=SHORT_LADDER)
        self.back = AddColumnsBack(address, reading, self.drop, ladder=SHORT_LADDER)

    def make(self, *statements: str) -> None:
        """Carry out statements as the tables' owner, each for good."""
        with self.database.owner() as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def plan(self, *columns: str, table: str = "t") -> Step:
        """The step that drops these columns, or all that are listed."""
        pairs = [[table, column] for column in columns]
        return self.drop.plan({"columns": pairs} if pairs else {"tables": ["all"]})

    def run(self, step: Step, op_id: str = "") -> str:
        """Drop as one operation; its id."""
        op_id = op_id or str(uuid4())
        self.drop.execute(step, op_id, "")
        return op_id

    def undo(self, step: Step, op_id: str) -> Facts:
        """Put back what an operation dropped."""
        return self.back.execute(self.drop.undo(step, op_id), str(uuid4()), "")

    def rows(self, columns: Sequence[str] = ("id", "name", "tier", "plan")) -> list[Any]:
        """The rows of t."""
        return self.database.rows(f"SELECT {', '.join(columns)} FROM public.t ORDER BY id")
