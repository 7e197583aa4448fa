"""In which order tables stand: a parent before its children, so that locks are taken children first."""

from collections.abc import Mapping, Sequence

from bot.core.table import Name, Table


def parents_first(tables: Sequence[Table]) -> tuple[Table, ...]:
    """The tables in an order in which a parent stands before its children, wherever they are not a cycle."""
    left, ordered = {table.name: table for table in tables}, list[Table]()
    while left:
        above = {name: _ancestors(name, left) for name in left}
        # Ready is what has no parents left but those that are its children too.
        ready = [table for name, table in left.items() if all(name in above[one] for one in above[name])]
        ordered += ready
        left = {name: table for name, table in left.items() if table not in ready}
    return tuple(ordered)


def _ancestors(name: Name, among: Mapping[Name, Table]) -> set[Name]:
    """The table's parents, and theirs; in a cycle it is its own."""
    found, new = set[Name](), {name}
    while new := {parent for one in new for parent in _parents(among[one]) & set(among)} - found:
        found |= new
    return found


def _parents(table: Table) -> set[Name]:
    return {fk.parent for fk in table.foreign_keys} - {table.name}
