"""What PostgreSQL's catalog says of a table, of its backups, of the server, and of who holds a table now.

A table is looked up in `pg_class` (`information_schema` hides what one has no privilege on) by names that are sent as
parameters, and in one statement, spelled in the same way whatever the transaction's search_path is.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any, LiteralString, cast

from psycopg.sql import SQL, Composed

from bot.adapters.postgres.session import Session
from bot.core.backup import Backup, backup_of
from bot.core.restore import Holder
from bot.core.table import Column, Counter, ForeignKey, Name, Reference, Rule, Table, Trigger

MOST_HOLDERS = 20
_FACTS, _DEFINITION = "catalog.sql", "definition.sql"
_SPELLING: Mapping[str, str] = {
    "search_path": "pg_catalog, pg_temp",
    "quote_all_identifiers": "off",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
    "join_collapse_limit": "1",  # every query begins at the relation; to look for a better order took a third of it all
}
_RELATIONS = """
SELECT relation.*
FROM unnest($1, $2) WITH ORDINALITY AS wanted (schema, name, place)
CROSS JOIN LATERAL (
    WITH it AS (
        SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = wanted.schema AND c.relname = wanted.name
    )
    SELECT {aspects}
) AS relation
ORDER BY wanted.place
"""
_PARTITIONS = """
SELECT pn.nspname, p.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL pg_partition_tree(c.oid) AS tree
JOIN pg_class p ON p.oid = tree.relid AND p.oid <> c.oid JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE n.nspname = %s AND c.relname = %s
ORDER BY tree.level, p.oid
"""
_CANDIDATES = """
SELECT n.nspname, c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
_SERVER = """
SELECT current_database(), current_user, current_setting('server_version_num')::int / 10000, pg_is_in_recovery(),
       current_setting('default_transaction_read_only')::bool, n.oid IS NOT NULL,
       coalesce(pg_has_role(current_user, n.nspowner, 'USAGE'), false),
       has_database_privilege(current_database(), 'CREATE'), EXISTS (SELECT 1 FROM pg_publication WHERE puballtables),
       current_setting('session_replication_role') = 'replica'
FROM (SELECT %s::text AS name) AS wanted LEFT JOIN pg_namespace n ON n.nspname = wanted.name
"""
_HOLDERS = """
SELECT a.pid, coalesce(a.usename, a.backend_type, ''), coalesce(left(a.application_name, 60), ''),
       coalesce(a.state, ''), a.xact_start
FROM pg_stat_activity a
WHERE a.pid <> pg_backend_pid() AND a.pid IN (
    SELECT l.pid
    FROM unnest(%s::text[], %s::text[]) AS wanted (schema, name)
    JOIN pg_namespace n ON n.nspname = wanted.schema
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
    JOIN pg_locks l ON l.relation = c.oid AND l.granted AND (%s OR l.mode <> 'AccessShareLock')
    WHERE l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
)
ORDER BY a.xact_start, a.pid
LIMIT %s
"""


@dataclass(frozen=True)
class Server:
    """The database that one is connected to, and what the bot's role may do about the schema for quarantines."""

    database: str
    role: str
    version: int  # major, such as 17
    is_replica: bool
    is_read_only: bool  # default_transaction_read_only is on: Supabase does this when the disk is full
    has_schema: bool
    owns_schema: bool
    may_make_schema: bool
    publishes_everything: bool  # there is a publication FOR ALL TABLES
    skips_foreign_keys: bool  # session_replication_role is replica: PostgreSQL looks at no foreign key


def read_table(session: Session, name: Name) -> Table | None:
    """The relation of that name with its partitions, inside a transaction; None where there is none.

    Types and the fingerprint are the same in every transaction, until DDL changes the relation. Raises SqlError.
    """
    session.run("SAVEPOINT spelling")
    session.settle(**_SPELLING)
    (table,) = _read(session, [name])
    if table and table.is_partitioned:
        names = [Name(*row) for row in session.rows(_PARTITIONS, *name)]
        partitions = tuple(one for one in _read(session, names) if one)
        prints = [one.fingerprint for one in (table, *partitions)]
        table = replace(table, partitions=partitions, fingerprint=_digest(prints))
    session.run("ROLLBACK TO SAVEPOINT spelling; RELEASE SAVEPOINT spelling")
    return table


def find_backups(session: Session, table: str, schemas: Sequence[str], template: str, now: datetime) -> list[Backup]:
    """The relations of these schemas that the template calls backups of `table`, newest first.

    Of one date, those of a later schema stand first. Raises SqlError.
    """
    names = [Name(*row) for row in session.rows(_CANDIDATES, list(schemas))]
    found = [backup for name in names if (backup := backup_of(table, name, template, now))]
    return sorted(found, key=lambda b: (b.made_at, schemas.index(b.name.schema), b.name), reverse=True)


def read_server(session: Session, quarantine_schema: str) -> Server:
    """What one is connected to. Raises SqlError."""
    return Server(*session.row(_SERVER, quarantine_schema))


def read_holders(session: Session, names: Sequence[Name], *, readers: bool = False) -> tuple[Holder, ...]:
    """Other sessions that hold more than a reader's lock on one of these tables, the oldest transaction first.

    With `readers` those that hold no more are among them.

    What the bot's role may not see of a session is empty; its query is never read. Raises SqlError.
    """
    schemas, relations = [name.schema for name in names], [name.name for name in names]
    rows = session.rows(_HOLDERS, schemas, relations, readers, MOST_HOLDERS)
    return tuple(
        Holder(pid, role, application, state, since.astimezone(UTC).isoformat() if since else "")
        for pid, role, application, state, since in rows
    )


def _read(session: Session, names: Sequence[Name]) -> list[Table | None]:
    """The relations of these names, in one statement."""
    facts = _queries(_FACTS)
    rows = session.planned(_relations(), [name.schema for name in names], [name.name for name in names])
    found: list[Table | None] = []
    for name, row in zip(names, rows, strict=True):
        known = {aspect: json.loads(value) for aspect, value in zip(facts, row, strict=False)}
        found.append(_table(name, known, row[len(facts) :]) if known["relation"] else None)
    return found


@cache
def _relations() -> LiteralString:
    """All that is read of relations, in one query; spelled out once a process."""
    aspects = [*map(_as_json, _queries(_FACTS).values()), *map(_as_json, _queries(_DEFINITION).values())]
    return SQL(_RELATIONS).format(aspects=SQL(", ").join(aspects)).as_string(None)


@cache
def _queries(file: str) -> dict[str, SQL]:
    """The queries of a file by their names, in its order."""
    text = resources.files(__package__).joinpath(file).read_text("utf-8")
    _, *parts = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)
    return {name: SQL(cast("LiteralString", query)) for name, query in zip(parts[::2], parts[1::2], strict=True)}


def _as_json(query: SQL) -> Composed:
    return SQL("(SELECT coalesce(json_agg(q)::text, '[]') FROM ({}) AS q)").format(query)


def _table(name: Name, known: Mapping[str, list[dict[str, Any]]], definition: Sequence[str]) -> Table:
    keys = [tuple(key["columns"]) for key in known["keys"]]
    return Table(
        name=name,
        **known["relation"][0],
        columns=tuple(Column(**row) for row in known["columns"]),
        key=keys[0] if keys else (),
        rules=tuple(Rule(row["name"], tuple(row["columns"]), row["expression"]) for row in known["rules"]),
        foreign_keys=tuple(_foreign_key(**row) for row in known["foreign_keys"]),
        references=tuple(_reference(**row) for row in known["references"]),
        triggers=tuple(Trigger(**row) for row in known["triggers"]),
        sequences=tuple(Counter(Name(*row["name"]), row["column"]) for row in known["sequences"]),
        stale_views=tuple(Name(**row) for row in known["stale_views"]),
        writers=tuple(row["role"] for row in known["grantees"] if row["is_writer"]),
        readers=tuple(row["role"] for row in known["grantees"] if row["is_reader"]),
        fingerprint=_digest(definition),
    )


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _foreign_key(
    *, name: str, columns: list[str], parent: list[str], parent_columns: list[str], sets_null: bool
) -> ForeignKey:
    return ForeignKey(name, tuple(columns), Name(*parent), tuple(parent_columns), sets_null)


def _reference(
    *, name: str, child: list[str], columns: list[str], parent_columns: list[str], follows: bool
) -> Reference:
    return Reference(name, Name(*child), tuple(columns), tuple(parent_columns), follows)
