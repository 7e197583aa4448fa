"""A database that many tests share, because none of them commits anything."""

from collections.abc import Iterator

import pytest

from tests.adapters.postgres.looking import Draft
from tests.database.server import Connection, Database, server


@pytest.fixture(scope="session")
def shared_database() -> Iterator[Database]:
    """A database as seeded, which stays so."""
    with server().database() as database:
        yield database


@pytest.fixture(scope="session")
def drafting(shared_database: Database) -> Connection:
    """The connection of all drafts: its server process has read the catalog, which takes a new one 30 ms."""
    connection = shared_database.owner()
    connection.prepare_threshold = None  # as the bot's own
    return connection


@pytest.fixture
def draft(drafting: Connection) -> Iterator[Draft]:
    """A transaction in it that is rolled back at the end."""
    drafting.execute("BEGIN")
    yield Draft(drafting)
    drafting.execute("ROLLBACK")
    drafting.execute("DISCARD ALL")  # nothing of a session is left to the next either
