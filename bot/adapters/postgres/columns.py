"""What PostgreSQL's catalog says of columns that may be dropped: their whole definition, and all that hangs on them."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, LiteralString, cast

from psycopg.sql import SQL, Identifier

from bot.adapters.postgres.session import Session, identifier
from bot.core.columns import ColumnDefinition, Dependent, definition
from bot.core.table import Name

_FILE = "columns.sql"
_ASPECT = """
WITH it AS (
    SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s
), asked AS (SELECT unnest(%s::text[]) AS name)
SELECT coalesce(json_agg(q)::text, '[]') FROM ({}) AS q
"""


@dataclass(frozen=True)
class Readers:
    """What reads a table and no rule holds a drop back for: `whole` rows, or `mentioning` a column in its text."""

    whole: tuple[str, ...]
    mentioning: tuple[str, ...]


def read_definitions(session: Session, table: Name, columns: Sequence[str]) -> tuple[ColumnDefinition, ...]:
    """Those of the columns that are there, in the table's order. Raises SqlError."""
    return tuple(definition(row) for row in _rows(session, "definitions", table, columns))


def read_dependents(session: Session, table: Name, columns: Sequence[str]) -> tuple[Dependent, ...]:
    """What hangs on these columns. Raises SqlError."""
    rows = _rows(session, "dependents", table, columns)
    return tuple(Dependent(row["kind"], row["identity"], tuple(row["columns"])) for row in rows)


def read_readers(session: Session, table: Name, columns: Sequence[str]) -> Readers:
    """What goes on when these columns go, and may miss them. Raises SqlError."""
    found = {
        aspect: tuple(str(row["identity"]) for row in _rows(session, aspect, table, columns))
        for aspect in ("whole", "mentioning")
    }
    return Readers(**found)


def count_values(session: Session, table: Name, columns: Sequence[str]) -> tuple[int, dict[str, int]]:
    """How many rows the table has, and how many of them have a value in each column. Raises SqlError."""
    counts = SQL("").join([SQL(", count({})").format(Identifier(name)) for name in columns])
    rows, *values = session.row(SQL("SELECT count(*){} FROM ONLY {}").format(counts, identifier(table)))
    return int(rows), dict(zip(columns, values, strict=True))


def _rows(session: Session, aspect: str, table: Name, columns: Sequence[str]) -> list[dict[str, Any]]:
    query = SQL(_ASPECT).format(_queries()[aspect])
    return list(json.loads(session.row(query, *table, list(columns))[0]))


@cache
def _queries() -> dict[str, SQL]:
    """The queries of the file by their names."""
    text = resources.files(__package__).joinpath(_FILE).read_text("utf-8")
    _, *parts = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)
    return {name: SQL(cast("LiteralString", query)) for name, query in zip(parts[::2], parts[1::2], strict=True)}
