"""Rows that stay and point to rows that would be deleted: they would go or change with them, or forbid it."""

from collections.abc import Mapping

from psycopg import sql
from psycopg.sql import SQL, Identifier

from bot.adapters.postgres.pair import Pair, Parents, found, keys, whole
from bot.adapters.postgres.session import Session, columns, identifier
from bot.core.table import Name, Reference


def count_collateral(session: Session, pairs: Parents, differences: Mapping[Name, sql.Composable]) -> dict[str, int]:
    """How many rows stay and point to what the differences delete, by table and foreign key; those with none too."""
    counted = [(pair, reference) for pair in pairs.values() for reference in pair.live.references]
    if not counted:
        return {}
    kept = {name: Identifier(f"difference_{number}") for number, name in enumerate(differences)}
    sources = [SQL("{} AS MATERIALIZED ({})").format(kept[name], source) for name, source in differences.items()]
    each = [SQL("(SELECT count(*) FROM ({}) AS pointing)").format(_pointing(*one, pairs, kept)) for one in counted]
    rows = session.row(SQL("WITH {} SELECT {}").format(SQL(", ").join(sources), SQL(", ").join(each)))
    return {f"{one.child} ({one.name})": number for (_, one), number in zip(counted, rows, strict=True)}


def _pointing(pair: Pair, reference: Reference, pairs: Parents, kept: Mapping[Name, Identifier]) -> sql.Composed:
    """The rows of the child by that foreign key, but those that are deleted too or come to point elsewhere."""
    gone = SQL("(SELECT {} FROM {} AS l, {} AS d WHERE {} AND d.op = 'D')").format(
        columns(reference.parent_columns, "l"), whole(pair.live), kept[pair.live.name], found(pair, "l", "d")
    )
    child = pairs.get(reference.child)
    stays: sql.Composable = SQL("true")
    if child:
        restored = {column.name for column in child.columns}
        written = SQL("s.op = 'U' AND NOT s.is_orphan" if set(reference.columns) <= restored else "false")
        stays = SQL("NOT (({}) OPERATOR(pg_catalog.=) ANY (SELECT {} FROM {} AS s WHERE s.op = 'D' OR {}))").format(
            columns(child.live.key, "c"), keys(child, "s"), kept[reference.child], written
        )
    return SQL("SELECT FROM {} AS c WHERE ({}) OPERATOR(pg_catalog.=) ANY {} AND {}").format(
        identifier(reference.child), columns(reference.columns, "c"), gone, stays
    )
