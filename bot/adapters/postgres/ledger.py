"""What was committed, kept beside the data in the same transaction; and the schema for it, that nobody else reads.

A row that can be seen is one of a restore that was committed: there is no other way to one. Whoever looks takes the
lock of the restore first, because a COMMIT that is still in progress shows nothing yet.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg.sql import SQL, Identifier, Literal
from psycopg.types.json import Jsonb

from bot.adapters.postgres.session import Session, identifier
from bot.core.plan import Facts
from bot.core.restore import LEDGER
from bot.core.table import Name

# A role may have it off; then a crash of the server could take back what was said to be committed.
_DURABLE = "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'"
_LOCK = "pg_catalog.hashtextextended('rollback_bot.' || %s, 0::bigint)"


def make_durable(session: Session) -> None:
    """Let this transaction's COMMIT answer only when it can't be lost any more."""
    session.rows(_DURABLE)


def lock(session: Session, schema: str, *, seconds: float) -> None:
    """Take the one lock of restores in this database until the transaction ends; SqlError 55P03 where it takes longer.

    It is waited for: whoever looks has it for a moment, and a restore that is ending has it until its COMMIT is done.
    """
    session.limit("lock_timeout", seconds)
    session.rows(f"SELECT pg_advisory_xact_lock({_LOCK})", schema)


def claim(session: Session, schema: str, op_id: str) -> Facts | None:
    """Write the operation down as this transaction's; the report where it was committed before."""
    if (report := committed(session, schema, op_id)) is not None:
        return report
    _make(session, schema)
    insert = SQL("INSERT INTO {} (op_id, report) VALUES (%s, %s)").format(_table(schema))
    session.run(insert, UUID(op_id), Jsonb({}))
    return None


def report(session: Session, schema: str, op_id: str, facts: Facts) -> None:
    """Keep what the operation did."""
    update = SQL("UPDATE {} SET report = %s, committed_at = clock_timestamp() WHERE op_id = %s").format(_table(schema))
    session.run(update, Jsonb(facts), UUID(op_id))


def committed(session: Session, schema: str, op_id: str) -> Mapping[str, Any] | None:
    """The report of an operation that was committed, or None."""
    if not exists(session, schema):
        return None
    query = SQL("SELECT report FROM {} WHERE op_id = %s").format(_table(schema))
    rows = session.rows(query, UUID(op_id))
    return dict(rows[0][0]) if rows else None


def committed_at(session: Session, schema: str, op_id: str) -> datetime | None:
    """When an operation was committed, or None; in UTC."""
    if not exists(session, schema):
        return None
    query = SQL("SELECT committed_at FROM {} WHERE op_id = %s").format(_table(schema))
    return next((at.astimezone(UTC) for (at,) in session.rows(query, UUID(op_id))), None)


def keep_apart(session: Session, name: Name, comment: str) -> None:
    """Take every right on a new table from everybody but its owner, whatever the default privileges gave."""
    query = (
        "SELECT DISTINCT a.grantee::regrole::text, a.grantee = 0 FROM pg_class c, aclexplode(c.relacl) a"
        " WHERE c.relname = %s AND c.relnamespace = %s::regnamespace AND a.grantee <> c.relowner"
    )
    schema = session.row("SELECT quote_ident(%s)", name.schema)[0]
    for role, is_everyone in session.rows(query, name.name, schema):
        whom = SQL("PUBLIC") if is_everyone else SQL(role)  # regrole quotes it
        session.run(SQL("REVOKE ALL ON {} FROM {}").format(identifier(name), whom))
    session.run(SQL("COMMENT ON TABLE {} IS {}").format(identifier(name), Literal(comment)))


def _make(session: Session, schema: str) -> None:
    if not session.row("SELECT count(*) FROM pg_namespace WHERE nspname = %s", schema)[0]:
        session.run(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
        session.run(SQL("REVOKE ALL ON SCHEMA {} FROM PUBLIC").format(Identifier(schema)))
    if not exists(session, schema):
        session.run(
            SQL(
                "CREATE TABLE {} (op_id uuid PRIMARY KEY, committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),"
                " report jsonb NOT NULL)"
            ).format(_table(schema))
        )
        keep_apart(session, Name(schema, LEDGER), "Restores that were committed, by the operation's id.")


def exists(session: Session, schema: str) -> bool:
    """Whether there is a ledger yet."""
    query = (
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relname = %s"
    )
    return bool(session.row(query, schema, LEDGER)[0])


def _table(schema: str) -> Identifier:
    return identifier(Name(schema, LEDGER))
