"""One connection to the production database: what may be sent over it, and what of a failure may leave it.

PostgreSQL quotes values of rows in its messages (DETAIL, CONTEXT, and the primary message too), so a failure is told
by SQLSTATE and the names of what it was about; the foreign error is never chained to ours.
"""

import hashlib
import os
import socket
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cache
from itertools import islice
from typing import Any, Literal, LiteralString, TypeAlias, cast

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from bot.core.errors import Refused, Unavailable
from bot.core.secret import Secret
from bot.core.table import Name

Query: TypeAlias = LiteralString | sql.SQL | sql.Composed
Row: TypeAlias = tuple[Any, ...]

Login: TypeAlias = Literal["", "no password given", "refused with the password"]

CONNECT_SECONDS = 5
POOLER_PORT = "6543"  # Supabase's transaction pooler, where a session is nobody's own
_FAILED_TRANSACTION = "25P02"
_KEEPALIVE: Mapping[str, int] = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds, for what was sent: keepalives wait for nothing that is under way
}
# What every transaction begins with. Nothing of anybody else's is called: not even an operator that somebody made.
_SETTINGS: Mapping[str, str] = {
    "search_path": "pg_catalog, pg_temp",
    "row_security": "off",  # hidden rows would be left out without a word; so it is an error instead
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "15s",  # after which a half-open connection lets go of its locks
    "client_connection_check_interval": "2s",
    "work_mem": "64MB",  # parents are looked up in a hash; at 4 MB 120,000 rows took over 15 s, here 0.5 (measured)
}


class NotConnectedError(Unavailable):
    """The database can't be reached; `login` is what it made of the password, where it came to that."""

    def __init__(self, text: str, login: Login) -> None:
        self.login = login
        super().__init__(text)


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
        self._planned: set[str] = set()

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

    def planned(self, query: LiteralString, *lists: Sequence[str]) -> list[Row]:
        """The rows of a large query over lists of texts ($1, $2 …), which PostgreSQL plans once a connection.

        Its name says which text it is: a pooler may hand on a connection on which it was prepared before.
        """
        name = _name_of(query)
        known = "SELECT FROM pg_catalog.pg_prepared_statements WHERE name = %s"
        if name not in self._planned and not self.rows(known, name):
            types = sql.SQL(", ").join([sql.SQL("text[]")] * len(lists))
            self.run(sql.SQL("PREPARE {} ({}) AS {}").format(sql.Identifier(name), types, sql.SQL(query)))
        self._planned.add(name)
        values = sql.SQL(", ").join([sql.Literal(list(one)) for one in lists])
        return self.rows(sql.SQL("EXECUTE {} ({})").format(sql.Identifier(name), values))

    def commit(self) -> None:
        """COMMIT; SqlError too where PostgreSQL rolled back instead, which it says without an error."""
        with _told(self._connection):
            said = self._connection.execute("COMMIT").statusmessage
        if said != "COMMIT":
            raise SqlError(_FAILED_TRANSACTION)

    def ask(self, statement: str) -> list[Row]:
        """At most two rows of somebody's own statement, and of a large answer no more than is under way.

        A stream goes through the extended protocol, which takes one statement and no more. `prepare=True` would not:
        where `prepare_threshold` is None it is without effect, and `select 1; commit; insert …` wrote.
        """
        rows = cast("Generator[Row]", self._connection.cursor().stream(statement))
        with _told(self._connection), closing(rows):  # closed early, it cancels the statement
            return list(islice(rows, 2))

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """End the connection where all of this takes longer, also where the server answers nothing any more."""
        with socket.socket(fileno=os.dup(self._connection.fileno())) as line:
            alarm = threading.Timer(seconds, _hang_up, [line])
            alarm.start()
            try:
                yield
            finally:
                alarm.cancel()
                alarm.join()

    def settle(self, **more: str) -> None:
        """Set what this transaction needs; it ends with the transaction."""
        settings = {**_SETTINGS, **more}
        query = "SELECT set_config(name, value, true) FROM unnest(%s::text[], %s::text[]) AS s(name, value)"
        self.rows(query, list(settings), list(settings.values()))

    def limit(self, setting: LiteralString, seconds: float) -> None:
        """Set a time limit of this transaction, such as statement_timeout."""
        self.rows("SELECT set_config(%s, %s, true)", setting, f"{max(1, int(seconds * 1000))}ms")

    @contextmanager
    def reading(self, seconds: float) -> Iterator[None]:
        """One consistent, READ ONLY look, always rolled back; each statement takes at most `seconds`."""
        self.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            self.settle(statement_timeout=f"{int(seconds * 1000)}ms")
            yield
        finally:
            with suppress(SqlError):
                self.run("ROLLBACK")


@contextmanager
def connected(url: Secret, application: str) -> Iterator[Session]:
    """A session of one's own, closed at the end; `application` is the name that the database's owner sees.

    Raises Unavailable where the database can't be reached, Refused where the address is that of a transaction pooler.
    """
    given = parameters(url)
    if str(given.get("port", "")) == POOLER_PORT:
        text = f"Port {POOLER_PORT} is the transaction pooler; use the direct connection or the session pooler on 5432"
        raise Refused("pooler", f"{text} in DATABASE_URL. Nothing was changed.")
    told = {**_KEEPALIVE, "connect_timeout": CONNECT_SECONDS, **given, "application_name": application}
    try:
        connection = psycopg.connect(**told, autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
        text = f"The production database can't be reached{state}; nothing was changed."
        raise NotConnectedError(text, _login(error)) from None
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


def parameters(url: Secret) -> dict[str, Any]:
    """What the address says, by libpq's names. Raises Refused where it can't be read as one."""
    try:
        return dict(conninfo_to_dict(url.reveal()))
    except psycopg.Error:
        raise Refused("database_url", "DATABASE_URL can't be read as an address of PostgreSQL.") from None


@cache
def _name_of(query: LiteralString) -> str:
    return f"rollback_bot_{hashlib.sha256(query.encode()).hexdigest()[:16]}"


def _hang_up(line: socket.socket) -> None:
    with suppress(OSError):  # the other side was quicker
        line.shutdown(socket.SHUT_RDWR)


def _login(error: psycopg.Error) -> Login:
    """How far a refused login came; libpq tells no SQLSTATE of it."""
    tried = error.pgconn
    if tried is None:
        return ""
    return "no password given" if tried.needs_password else "refused with the password" if tried.used_password else ""


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
