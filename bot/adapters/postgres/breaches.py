"""Restored rows that would break a rule of the table, counted before anything is written, where that is cheap.

What can't be counted here (indexes with a condition or an expression, exclusions, functions of somebody else's) is for
PostgreSQL to refuse, which rolls everything back.
"""

from psycopg.sql import SQL, Composed, Identifier

from bot.adapters.postgres.comparison import difference, new_value
from bot.adapters.postgres.pair import Pair, Parents, found, whole
from bot.adapters.postgres.session import Session
from bot.core.table import Rule


def count_breaches(session: Session, pair: Pair, parents: Parents) -> dict[Rule, int]:
    """How many rows that would be written break each rule. Raises SqlError."""
    places = {column.name: number for number, column in enumerate(pair.columns)}
    key = set(pair.live.key)
    rules = [
        rule
        for rule in pair.live.rules
        if set(rule.columns) <= set(places) and (rule.expression or set(rule.columns) != key)
    ]
    if not rules:
        return {}
    counted = [_breaking(pair, rule, places) if rule.expression else _clashing(pair, rule, places) for rule in rules]
    each = [SQL("(SELECT count(*) FROM ({}) AS breaking)").format(one) for one in counted]
    query = SQL("WITH written AS MATERIALIZED ({}) SELECT {}").format(difference(pair, parents), SQL(", ").join(each))
    return dict(zip(rules, map(int, session.row(query)), strict=True))


def _clashing(pair: Pair, rule: Rule, places: dict[str, int]) -> Composed:
    """Rows that are written, with a value that a row has which stays as it is. NULL clashes with nothing."""
    equal = [
        SQL("{} OPERATOR(pg_catalog.=) {}").format(new_value(places[name], "d"), Identifier("l", name))
        for name in rule.columns
    ]
    return SQL(
        "SELECT FROM written AS d JOIN {live} AS l ON {equal} WHERE d.op IN ('U', 'I') AND NOT d.is_orphan"
        " AND NOT EXISTS (SELECT FROM written AS s WHERE {same} AND s.op IN ('U', 'D') AND NOT s.is_orphan)"
    ).format(live=whole(pair.live), equal=SQL(" AND ").join(equal), same=found(pair, "l", "s"))


def _breaking(pair: Pair, rule: Rule, places: dict[str, int]) -> Composed:
    """Rows that are written, for which the check is false. They stand under the names that its expression has."""
    named = [SQL("{} AS {}").format(new_value(places[name], "d"), Identifier(name)) for name in rule.columns]
    return SQL(
        "SELECT FROM (SELECT {named} FROM written AS d WHERE d.op IN ('U', 'I') AND NOT d.is_orphan) AS {table}"
        " WHERE NOT ({check})"
    ).format(named=SQL(", ").join(named), table=Identifier(pair.live.name.name), check=SQL(rule.expression))
