"""Whether what a row of a backup refers to is there after a restore: it is there and stays, or it comes back too.

By joins, and not by a question for each row: however large a parent is, a join goes on where memory ends.
"""

from collections.abc import Mapping, Sequence

from psycopg import sql
from psycopg.sql import SQL, Identifier

from bot.adapters.postgres.pair import Listed, Pair, Parents, among, cast_backup, matching, whole
from bot.adapters.postgres.session import columns, identifier
from bot.core.restore import Mode
from bot.core.table import ForeignKey, Name

Present = Mapping[ForeignKey, sql.Composable]  # by foreign key: that the parent of the row `b` is there


def look_up(
    pair: Pair, fks: Sequence[ForeignKey], parents: Parents, listed: Listed, asking: frozenset[Name] = frozenset()
) -> tuple[sql.Composed, Present]:
    """The joins that look for the parents of `b`, and what says for each foreign key that it was found.

    `asking` are the tables that this is asked for: around a cycle, and of a chain in one table, one link is seen.
    """
    found, present = [], {}
    for number, fk in enumerate(fks):
        parent = pair if fk.parent == pair.live.name else parents.get(fk.parent)
        sides = {f"p{number}": _staying(fk, parent)}
        if parent and all(parent.backup.column(column) for column in fk.parent_columns):
            sides[f"q{number}"] = _coming_back(fk, parent, parents, listed, asking | {pair.live.name})
        for alias, rows in sides.items():
            equal = columns(fk.parent_columns, alias), columns(fk.columns, "b")
            join = SQL("LEFT JOIN {} AS {} ON ({}) OPERATOR(pg_catalog.=) ({})")
            found.append(join.format(rows, Identifier(alias), *equal))
        there = [SQL("{} IS NOT NULL").format(Identifier(alias, fk.parent_columns[0])) for alias in sides]
        present[fk] = SQL("({})").format(SQL(" OR ").join(there))
    return SQL(" ").join(found), present


def is_orphan(fk: ForeignKey, present: Present) -> sql.Composed:
    """That `b` refers to something by this foreign key, and that it wasn't found."""
    given = [SQL("{} IS NOT NULL").format(Identifier("b", column)) for column in fk.columns]
    return SQL("({} AND NOT {})").format(SQL(" AND ").join(given), present[fk])


def _staying(fk: ForeignKey, parent: Pair | None) -> sql.Composable:
    """The rows of a parent that are there and that this restore doesn't delete."""
    if parent is None or parent.mode is Mode.KEEP:
        return identifier(fk.parent)
    listed = SQL("EXISTS (SELECT FROM {} AS h WHERE {}{})")
    backup, match = cast_backup(parent), matching(parent, "h", "g")
    if parent.mode is Mode.EXACT:
        stays = listed.format(backup, match, SQL(""))
    else:
        inserted = SQL(" AND {} = 'I'").format(Identifier("h", parent.marks[0]))
        stays = SQL("NOT {}").format(listed.format(backup, match, inserted))
    return SQL("(SELECT g.* FROM {} AS g WHERE {})").format(whole(parent.live), stays)


def _coming_back(
    fk: ForeignKey, parent: Pair, parents: Parents, listed: Listed, asking: frozenset[Name]
) -> sql.Composed:
    """The rows of a parent's backup but those that stay away themselves."""
    guards = [guard for guard in parent.guards if guard.parent not in asking | {parent.live.name}]
    joins, present = look_up(parent, guards, parents, listed, asking)
    backup = cast_backup(parent)
    if mine := listed.get(parent.live.name):
        backup = among(parent, backup, mine)
    held_back = [is_orphan(guard, present) for guard in guards]
    return SQL("(SELECT DISTINCT {} FROM {} AS b {} WHERE {} AND NOT ({}))").format(
        columns(fk.parent_columns, "b"),
        backup,
        joins,
        _comes_back(parent),
        SQL(" OR ").join([SQL("false"), *held_back]),
    )


def _comes_back(parent: Pair) -> sql.Composed:
    op, always = Identifier("b", parent.marks[0]), SQL("true" if parent.reinserts else "false")
    if parent.mode is Mode.UNDO:
        return SQL("({op} = 'D' OR {op} = 'U' AND {always})").format(op=op, always=always)
    return SQL("{}").format(always)
