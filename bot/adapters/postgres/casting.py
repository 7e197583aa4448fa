"""Columns whose type is another one in the backup: which casts a restore may use, and which values they would change.

Only what PostgreSQL itself would do at an assignment, by code of its own, and with the same result in every session:
what depends on a time zone could have been converted otherwise by the migration. A domain is its base type here; its
own rules are looked at where it is written.
"""

from dataclasses import replace

from psycopg.sql import SQL, Composed, Identifier, Literal

from bot.adapters.postgres.pair import Cast, Pair
from bot.adapters.postgres.session import Session, SqlError, identifier

_BAD_VALUE = "22"  # the class of SQLSTATE: out of range, not a number, …
_FIRST_OF_SOMEBODY = 16384  # the oids below are PostgreSQL's own
_CASTS = """
WITH RECURSIVE base (side, name, type, mod) AS (
    SELECT wanted.side, a.attname, a.atttypid, a.atttypmod
    FROM (VALUES ('l', {live_schema}, {live}), ('b', {backup_schema}, {backup})) AS wanted (side, schema, relation)
    JOIN pg_namespace n ON n.nspname = wanted.schema
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.relation
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = ANY ({columns})
    UNION ALL
    SELECT base.side, base.name, t.typbasetype, CASE WHEN t.typtypmod <> -1 THEN t.typtypmod ELSE base.mod END
    FROM base
    JOIN pg_type t ON t.oid = base.type AND t.typtype = 'd'
), plain AS (
    SELECT base.side, base.name, base.type, base.mod, format_type(base.type, base.mod) AS spelled,
           v.oid AS value, v.oid <> t.oid AS is_array, v.typtype = 'e' AS is_enum,
           v.oid < {first} AS is_own, v.oid < {first} AND v.typcategory = 'S' AS is_text,
           p.oid < {first} AND p.provolatile = 'i' AS is_told_alike
    FROM base
    JOIN pg_type t ON t.oid = base.type AND t.typtype <> 'd'
    JOIN pg_type v ON v.oid = CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END
    JOIN pg_proc p ON p.oid = v.typoutput
)
SELECT b.name, l.spelled, b.spelled
FROM plain b
JOIN plain l ON l.name = b.name AND l.side = 'l' AND b.side = 'b' AND l.is_array = b.is_array
WHERE l.type = b.type AND l.mod = b.mod OR {there} AND {back}
ORDER BY 1
"""
# Also where a type has no cast of PostgreSQL's, its values can be put into a text by an assignment, and read from one.
_WAY = """(
    NOT EXISTS (
        SELECT FROM pg_cast k
        WHERE k.oid >= {first} AND ((k.castsource, k.casttarget) IN (({s}.value, {t}.value), ({s}.type, {t}.type)))
    ) AND (
        {s}.value = {t}.value AND {s}.is_own
        OR {s}.is_own AND {t}.is_own AND EXISTS (
            SELECT FROM pg_cast k
            LEFT JOIN pg_proc f ON f.oid = k.castfunc
            WHERE k.castsource = {s}.value AND k.casttarget = {t}.value AND k.castcontext = ANY ({contexts})
              AND (f.oid IS NULL OR f.oid < {first} AND f.provolatile = 'i')
        )
        OR NOT EXISTS (SELECT FROM pg_cast k WHERE k.castsource = {s}.value AND k.casttarget = {t}.value)
           AND {as_text}
    )
)"""
_TO_TEXT = "l.is_text AND (b.is_enum OR b.is_own AND b.is_told_alike)"
_FROM_TEXT = "l.is_text AND (b.is_enum OR b.is_own)"


def with_casts(session: Session, pair: Pair) -> Pair:
    """The pair with a cast for each column whose type is another one, where PostgreSQL has one. Raises SqlError."""
    changed = [c.name for c in pair.columns if (theirs := pair.backup.column(c.name)) and theirs.type != c.type]
    if not changed:
        return pair
    query = SQL(_CASTS).format(
        live_schema=Literal(pair.live.name.schema),
        live=Literal(pair.live.name.name),
        backup_schema=Literal(pair.backup.name.schema),
        backup=Literal(pair.backup.name.name),
        columns=Literal(changed),
        first=Literal(_FIRST_OF_SOMEBODY),
        there=_way("b", "l", "ai", _TO_TEXT),
        back=_way("l", "b", "aie", _FROM_TEXT),
    )
    return replace(pair, casts=tuple(Cast(*row) for row in session.rows(query)))


def count_lost(session: Session, pair: Pair) -> dict[str, int | None]:
    """By column, how many values of the backup are others when they are cast there and back; None = one can't be cast.

    After None, the transaction is at its end. Raises SqlError.
    """
    lost: dict[str, int | None] = {}
    for cast in pair.casts:
        query = SQL(
            "SELECT count(*) FROM {backup} AS b WHERE ROW(CAST({value} AS {back}))::record OPERATOR(pg_catalog.*<>)"
            " ROW(CAST(CAST({value} AS {target}) AS {back}))::record"
        ).format(
            backup=identifier(pair.backup.name),
            value=Identifier("b", cast.column),
            target=SQL(cast.target),
            back=SQL(cast.source),
        )
        try:
            lost[cast.column] = int(session.row(query)[0])
        except SqlError as error:
            if not error.state.startswith(_BAD_VALUE):
                raise
            return {cast.column: None}
    return lost


def _way(source: str, target: str, contexts: str, as_text: str) -> Composed:
    """That PostgreSQL itself casts the values of one alias to the type of the other."""
    return SQL(_WAY).format(
        s=SQL(source),
        t=SQL(target),
        first=Literal(_FIRST_OF_SOMEBODY),
        contexts=Literal(list(contexts)),
        as_text=SQL(as_text),
    )
