"""One connection to the production database: what may be sent over it, and what of a failure may leave it.

PostgreSQL quotes values of rows in its messages (DETAIL, CONTEXT, and the primary message too), so a failure is told
by SQLSTATE and the names of what it was about; the foreign error is never chained to ours.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, LiteralString, TypeAlias

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from bot.core.errors import Refused, Unavailable
from bot.core.secret import Secret
from bot.core.table import Name

Query: TypeAlias = LiteralString | sql.SQL | sql.Composed
Row: TypeAlias = tuple[Any, ...]

CONNECT_SECONDS = 5
POOLER_PORT = "6543"  # Supabase's transaction pooler, where a session is nobody's own
_KEEPALIVE: Mapping[str, int] = {"keepalives": 1, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
_READABLE: LiteralString = (
    "SELECT set_config('search_path', 'pg_catalog, pg_temp', true), set_config('row_security', 'off', true),"
    " set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO', true),"
    " set_config('IntervalStyle', 'postgres', true), set_config('bytea_output', 'hex', true),"
    " set_config('extra_float_digits', '1', true), set_config('lock_timeout', '2s', true),"
    " set_config('idle_in_transaction_session_timeout', '15s', true)"
)


class SqlError(Exception):
    """A statement failed: `state` is its SQLSTATE ("" = none), the others the names that PostgreSQL tells with it."""

    def __init__(self, state: str, *, table: str = "", column: str = "", constraint: str = "") -> None:
        self.state, self.table, self.column, self.constraint = state, table, column, constraint
        super().__init__(state)

    def __str__(self) -> str:
        """What may be told of it."""
        named = (("table", self.table), ("column", self.column), ("constraint", self.constraint))
        names = [f"{kind} {name}" for kind, name in named if name]
        return ", ".join([f"SQLSTATE {self.state or 'unknown'}", *names])


class ConnectionLostError(SqlError):
    """The connection broke: what was sent last may or may not have been carried out."""


class Session:
    """A connection in autocommit. Every method raises SqlError, or ConnectionLostError where the connection is gone."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection

    def rows(self, query: Query, *params: object) -> list[Row]:
        """The rows that a query answers."""
        with _told(self._connection):
            return self._connection.execute(query, params or None).fetchall()

    def row(self, query: Query, *params: object) -> Row:
        """The one row that a query answers; its values are None-free only where the query makes them so."""
        return self.rows(query, *params)[0]

    def run(self, statement: Query, *params: object) -> int:
        """Carry out a statement; how many rows it wrote."""
        with _told(self._connection):
            return self._connection.execute(statement, params or None).rowcount

    def ask(self, statement: str) -> list[Row]:
        """At most two rows of somebody's own statement, sent so that PostgreSQL takes one statement and no more."""
        with _told(self._connection):
            cursor = self._connection.execute(statement, prepare=True)
            return list(cursor.fetchmany(2)) if cursor.description else []

    def limit(self, seconds: float) -> None:
        """Let each following statement of this transaction take at most so long."""
        milliseconds = str(max(1, int(seconds * 1000)))
        self.run("SELECT set_config('statement_timeout', %s, true)", milliseconds)

    @contextmanager
    def reading(self, seconds: float) -> Iterator[None]:
        """One consistent, READ ONLY look, always rolled back; each statement takes at most `seconds`."""
        self.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            self.rows(_READABLE)
            self.limit(seconds)
            yield
        finally:
            with suppress(SqlError):
                self.run("ROLLBACK")


@contextmanager
def connected(url: Secret, application: str) -> Iterator[Session]:
    """A session of one's own, closed at the end; `application` is the name that the database's owner sees.

    Raises Unavailable where the database can't be reached, Refused where the address is that of a transaction pooler.
    """
    given = _parameters(url)
    if str(given.get("port", "")) == POOLER_PORT:
        text = f"Port {POOLER_PORT} is the transaction pooler; use the direct connection or the session pooler on 5432"
        raise Refused("pooler", f"{text} in DATABASE_URL. Nothing was changed.")
    told = {**_KEEPALIVE, "connect_timeout": CONNECT_SECONDS, **given, "application_name": application}
    try:
        connection = psycopg.connect(**told, autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
        raise Unavailable(f"The production database can't be reached{state}; nothing was changed.") from None
    try:
        yield Session(connection)
    finally:
        connection.close()


def identifier(name: Name) -> sql.Identifier:
    """A relation's name in SQL."""
    return sql.Identifier(name.schema, name.name)


def columns(names: Sequence[str], alias: str = "") -> sql.Composed:
    """Columns with commas between them, each of `alias` where one is given."""
    return sql.SQL(", ").join([sql.Identifier(alias, name) if alias else sql.Identifier(name) for name in names])


def _parameters(url: Secret) -> dict[str, Any]:
    try:
        return dict(conninfo_to_dict(url.reveal()))
    except psycopg.Error:
        raise Refused("database_url", "DATABASE_URL can't be read as an address of PostgreSQL.") from None


@contextmanager
def _told(connection: psycopg.Connection[Row]) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        kind = ConnectionLostError if connection.broken or connection.closed else SqlError
        about = error.diag
        raise kind(
            error.sqlstate or "",
            table=about.table_name or "",
            column=about.column_name or "",
            constraint=about.constraint_name or "",
        ) from None
