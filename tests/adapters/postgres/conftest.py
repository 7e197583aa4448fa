"""A database that many tests share, because none of them commits anything."""

from collections.abc import Iterator

import pytest

from tests.adapters.postgres.looking import Draft
from tests.database.server import Database, server


@pytest.fixture(scope="session")
def shared_database() -> Iterator[Database]:
    """A database as seeded, which stays so."""
    with server().database() as database:
        yield database


@pytest.fixture
def draft(shared_database: Database) -> Iterator[Draft]:
    """A transaction in it that is rolled back at the end."""
    with shared_database.owner() as connection:
        connection.execute("BEGIN")
        yield Draft(connection)
        connection.execute("ROLLBACK")
