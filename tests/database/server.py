"""The server of this run, and a database of one's own on it: as seeded, whatever others did to theirs."""

import hashlib
import os
import secrets
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, LiteralString, Self
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from tests.database.cluster import cluster

Connection = psycopg.Connection[TupleRow]
OWNER, PASSWORD = "app_owner", "database-password"
API_ROLES = ("anon", "authenticated", "service_role")
_ROLES: Mapping[str, LiteralString] = {
    "anon": "NOLOGIN",
    "authenticated": "NOLOGIN",
    "service_role": "NOLOGIN BYPASSRLS",
    "app_owner": "LOGIN BYPASSRLS PASSWORD 'database-password'",
}
_SCRIPTS = ("tables.sql", "rows.sql", "since.sql")
_CREATE = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")  # measured: half of what it is by the log
_ONE_AT_A_TIME = 20250903  # an advisory lock: roles and the template are the whole server's


class DatabaseServer:
    """A PostgreSQL with the seeded template on it; `url` is a superuser's."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._given: dict[str, Any] = dict(conninfo_to_dict(url))
        self._seed = [(Path(__file__).parent / name).read_bytes() for name in _SCRIPTS]
        self._template = f"rollback_template_{hashlib.sha256(b''.join(self._seed)).hexdigest()[:12]}"
        self._make_template()

    def address(self, database: str, user: str = "", password: str = "") -> str:
        """The address of one of its databases, for its superuser or for the `user` that is named."""
        rest = {key: value for key, value in self._given.items() if key not in ("user", "password", "dbname")}
        user, password = (user, password) if user else (self._given.get("user", ""), self._given.get("password", ""))
        login = f"{quote(user)}:{quote(password, safe='')}" if password else quote(user)
        return f"postgresql://{login}@/{quote(database)}?{urlencode(rest)}"

    def database(self) -> "Database":
        """A new database as seeded; use it as a context manager, or close it."""
        name = f"rollback_test_{secrets.token_hex(6)}"
        with self._maintenance() as connection:
            connection.execute(_CREATE.format(sql.Identifier(name), sql.Identifier(self._template)))
            # A copy has the rows and definitions of its template, and none of the rights on it.
            connection.execute(
                sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(sql.Identifier(name), sql.Identifier(OWNER))
            )
        return Database(self, name)

    def drop(self, name: str) -> None:
        """Drop a database, whoever is connected."""
        with self._maintenance() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _maintenance(self) -> Connection:
        return psycopg.connect(self.url, autocommit=True)

    def _make_template(self) -> None:
        with self._maintenance() as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [_ONE_AT_A_TIME])  # until this connection ends
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self._template]).fetchone():
                return
            _make_roles(connection)
            name, unfinished = sql.Identifier(self._template), f"{self._template}_unfinished"
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(unfinished)))
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(unfinished)))
            with psycopg.connect(self.address(unfinished), autocommit=True) as seeding:
                for script in self._seed:
                    seeding.execute(script)
            psycopg.connect(self.address(unfinished)).close()  # leaves PostgreSQL's cache of the catalog to every copy
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(unfinished)))
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(unfinished), name))


class Database:
    """A database of one's own; `url` is the one the bot gets, through which it is `app_owner`."""

    def __init__(self, server: DatabaseServer, name: str) -> None:
        self.server, self.name = server, name
        self.url = server.address(name, OWNER, PASSWORD)
        self.superuser_url = server.address(name)
        self._opened: list[Connection] = []
        self._own: Connection | None = None

    def superuser(self) -> Connection:
        """A new connection of the superuser's, in autocommit; closed with the database at the latest."""
        return self._connect(self.superuser_url)

    def owner(self) -> Connection:
        """A new connection as the bot's role, in autocommit; closed with the database at the latest."""
        return self._connect(self.url)

    def rows(self, query: LiteralString, *params: object) -> list[TupleRow]:
        """What the superuser sees; [] where a statement answers no rows."""
        self._own = self._own or self.superuser()
        cursor = self._own.execute(query, params or None)
        return cursor.fetchall() if cursor.description else []

    def value(self, query: LiteralString, *params: object) -> Any:
        """The one value of the one row that a query answers."""
        ((value,),) = self.rows(query, *params)
        return value

    def back_up(self, date: str, *tables: str) -> None:
        """Make backups of now as their owner would, `<table>_backup_<date>`; so the API's roles can change them."""
        with self.owner() as connection, connection.transaction():
            for table in tables:
                names = sql.Identifier(f"{table}_backup_{date}"), sql.Identifier(table)
                connection.execute(sql.SQL("CREATE TABLE {} AS SELECT * FROM {}").format(*names))

    def close(self) -> None:
        """Drop it, whoever is connected."""
        for connection in self._opened:
            connection.close()
        self.server.drop(self.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connect(self, url: str) -> Connection:
        connection = psycopg.connect(url, autocommit=True)
        self._opened.append(connection)
        return connection


@cache
def server() -> DatabaseServer:
    """The server of this run: a PostgreSQL 18 of its own, or the one whose superuser TEST_DATABASE_URL is."""
    return DatabaseServer(os.environ.get("TEST_DATABASE_URL") or cluster())


def _make_roles(connection: Connection) -> None:
    for role, attributes in _ROLES.items():
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(role), sql.SQL(attributes)))
    for role in API_ROLES:  # as on Supabase: the owner can see what they see
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(OWNER)))
