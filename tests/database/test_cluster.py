"""A PostgreSQL of one's own is shared by the processes of a run, and gone with the last, however that ended."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).parents[2]
USES_IT = "from tests.database.cluster import cluster; print(cluster(), flush=True); input()"


class User:
    """A process that uses the run's PostgreSQL; `url` is what it was told."""

    def __init__(self, run: str) -> None:
        self._process = subprocess.Popen(
            (sys.executable, "-c", USES_IT),
            cwd=ROOT,
            env={**os.environ, "PYTEST_XDIST_TESTRUNUID": run},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def url(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def users() -> Iterator[tuple[User, User]]:
    """Two processes of the same run, which ask at the same time."""
    run = secrets.token_hex(6)
    with ExitStack() as stack:
        first, second = User(run), User(run)
        stack.callback(first.kill)
        stack.callback(second.kill)
        yield first, second


def is_gone(url: str) -> bool:
    """Whether folder and server are gone, in good time."""
    folder, until = Path(url.partition("host=")[2]), time.monotonic() + 20
    while folder.exists() and time.monotonic() < until:
        time.sleep(0.02)
    return not folder.exists()


def test_processes_of_a_run_share_one_and_it_is_gone_when_the_last_was_killed(users: tuple[User, User]) -> None:
    first, second = users
    url = first.url
    assert second.url == url
    first.kill()
    with psycopg.connect(url) as connection:
        assert connection.info.server_version >= 180000
        ((data,),) = connection.execute("SHOW data_directory").fetchall()
    assert Path(data).is_dir()
    second.kill()
    assert is_gone(url)
    assert not Path(data).exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
