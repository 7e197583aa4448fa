"""What the bot reads of a table that a test has just made."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.session import Session, connected
from bot.core.secret import Secret
from bot.core.table import Name, Table
from tests.database.server import Connection, Database


class Draft:
    """A transaction of the tables' owner that is never committed, so that many tests can share a database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.session = Session(connection)

    def make(self, *statements: str) -> None:
        """Carry out statements."""
        for statement in statements:
            self._connection.execute(statement.encode())

    def seen(self, name: str = "t", schema: str = "public") -> Table:
        """The table as the catalog has it."""
        return read(self.session, name, schema)

    def made(self, *statements: str) -> Table:
        """What is seen of `public.t` after these statements."""
        self.make(*statements)
        return self.seen()


@contextmanager
def looking(database: Database) -> Iterator[Session]:
    """A session of the bot's role that is reading."""
    with connected(Secret(database.url), "test") as session, session.reading(10):
        yield session


def read(session: Session, name: str = "t", schema: str = "public") -> Table:
    """A table that is there."""
    table = read_table(session, Name(schema, name))
    assert table is not None
    return table


def make(database: Database, *statements: str) -> None:
    """Carry out statements as the tables' owner, each for good."""
    with database.owner() as connection:
        for statement in statements:
            connection.execute(statement.encode())


def command(database: Database, *statements: str) -> None:
    """Carry out statements as the superuser, each for good."""
    with database.superuser() as connection:
        for statement in statements:
            connection.execute(statement.encode())


def seen(database: Database, name: str = "t", schema: str = "public") -> Table:
    """What a reading session sees of the table."""
    with looking(database) as session:
        return read(session, name, schema)
