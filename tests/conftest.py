"""The world that stories are told in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world whose bot is running."""
    world = World(tmp_path)
    try:
        yield world.start()
    finally:
        world.close()


@pytest.fixture
def quiet_world(tmp_path: Path) -> Iterator[World]:
    """A world whose bot is not started yet."""
    world = World(tmp_path)
    try:
        yield world
    finally:
        world.close()
