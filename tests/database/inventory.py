"""Everything that is defined in a database, so that a test can say: nothing of it changed.

Written from PostgreSQL's catalog alone and not from the bot's reading of it. Each category is a query of
inventory.sql; a row of a system catalog is taken whole, so that no field of any version is forgotten.
"""

import re
from pathlib import Path
from typing import Any

import psycopg

Inventory = dict[str, list[Any]]
_QUERY = re.compile(r"^-- (?P<category>[a-z ]+): [^;]+;", re.MULTILINE)


def inventory(connection: psycopg.Connection[Any]) -> Inventory:
    """By category, a sorted list of [name, definition, fields]; as a superuser, in or outside of a transaction.

    Left out: the system's schemas, temporary objects, the bot's own schema rollback_bot, and what statistics tell.
    "sequence values" and "files" hold what may rightly change while no definition does.
    """
    found: Inventory = {}
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL search_path = ''")
        for category, query in _queries():
            found[category] = sorted((list(row) for row in connection.execute(query).fetchall()), key=repr)
    return found


def changes(before: Inventory, after: Inventory) -> dict[str, list[Any]]:
    """The categories that differ, each with the rows that only one of the two has."""
    differing = [category for category in before if before[category] != after[category]]
    return {
        category: [row for row in before[category] + after[category] if not _is_in_both(row, category, before, after)]
        for category in differing
    }


def _is_in_both(row: Any, category: str, before: Inventory, after: Inventory) -> bool:
    return row in before[category] and row in after[category]


def _queries() -> list[tuple[str, bytes]]:
    text = Path(__file__).with_name("inventory.sql").read_text()
    return [(match["category"], match[0].encode()) for match in _QUERY.finditer(text)]
