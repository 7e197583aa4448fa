"""The world that stories are told in, and what a run does once."""

import gc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.database.damage import damage
from tests.database.server import Database, server
from tests.restoring import shop_over
from tests.world import World


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is collected stays to the end of the run: to look for garbage in it took a third of the collection."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture
def over_socket() -> bool:
    """Whether the bot runs in Socket Mode; a test that is told both ways parametrizes this."""
    return False


@pytest.fixture
def world(tmp_path: Path, *, over_socket: bool) -> Iterator[World]:
    """A world whose bot is running."""
    world = World(tmp_path, over_socket=over_socket)
    try:
        yield world.start()
    finally:
        world.close()


@pytest.fixture
def quiet_world(tmp_path: Path, *, over_socket: bool) -> Iterator[World]:
    """A world whose bot is not started yet."""
    world = World(tmp_path, over_socket=over_socket)
    try:
        yield world
    finally:
        world.close()


@pytest.fixture
def database() -> Iterator[Database]:
    """A database of one's own, as seeded, on the server of this run; that begins with the first test that asks."""
    with server().database() as database:
        yield database


@pytest.fixture
def damaged(database: Database) -> Database:
    """A database to which a bad deployment has happened."""
    damage(database.superuser())
    return database


@pytest.fixture
def shop(tmp_path: Path, damaged: Database) -> Iterator[World]:
    """A world with that database, whose code works again and whose bot is running."""
    with closing(shop_over(damaged, tmp_path)) as world:
        yield world.start()
