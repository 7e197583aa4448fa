"""A PostgreSQL of the system's, which is another release than that of the tests, and has pg_stat_statements loaded."""

from functools import cache
from pathlib import Path
from shutil import which

import pytest

from tests.database.cluster import cluster
from tests.database.server import DatabaseServer


def other_release() -> DatabaseServer:
    """It, as on Debian with its package of the server; the test is skipped where there is none."""
    initdb = which("initdb")
    programs = Path(initdb).resolve().parent if initdb else Path()
    if not (programs / "pg_ctl").exists():
        pytest.skip("no other release of PostgreSQL is installed here, only that of the tests")
    return _server(programs)


@cache
def _server(programs: Path) -> DatabaseServer:
    return DatabaseServer(cluster(programs))
