"""The log's file for reading alone: nothing in it is changed or made, and the bot may write it meanwhile."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from bot.adapters.log_sqlite import lock_of
from bot.core.chain import Row

_COLUMNS = "position, stream, seq, kind, actor, at, data, delivery, prev_hash, hash"


class UnreadableLogError(Exception):
    """There is no log to be read there; the text says why."""


def is_in_use(path: Path) -> bool:
    """Whether a process writes this log. Its lock is asked for shared, and let go at once."""
    try:
        handle = os.open(lock_of(path), os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


class LogFile:
    """One log as it stands at one moment, whatever is appended after that.

    Every method raises UnreadableLogError where the file is missing, or not a log.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise UnreadableLogError(f"there is no file {path}")
        self._path = path
        try:
            self._file = self._opened()
        except sqlite3.Error as error:
            raise UnreadableLogError(f"{path}: {error}") from error

    def fault(self) -> str:
        """What SQLite finds wrong with the file itself, as events that only some of its readers see; "" = nothing."""
        found = " ".join(str(row[0]) for row in self._all("PRAGMA integrity_check(1)"))
        return "" if found == "ok" else found

    def rows(self) -> Iterator[Row]:
        """Every event, in the order of the positions."""
        return map(Row._make, self._all(f"SELECT {_COLUMNS} FROM events ORDER BY position"))  # noqa: S608  # a constant

    def streams(self) -> tuple[str, ...]:
        """Every stream, in the order in which they were begun."""
        return tuple(
            str(row[0]) for row in self._all("SELECT stream FROM events GROUP BY stream ORDER BY min(position)")
        )

    def stream(self, name: str) -> Iterator[Row]:
        """The events of a stream, oldest first."""
        of_stream = f"SELECT {_COLUMNS} FROM events WHERE stream = ? ORDER BY seq"  # noqa: S608  # a constant
        return map(Row._make, self._all(of_stream, name))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _opened(self) -> sqlite3.Connection:
        """A reading connection. At rest, SQLite is told so: else it would make the files that it shares with a writer.

        What a process that was killed left in the write-ahead log counts too.
        """
        left = self._path.with_name(self._path.name + "-wal")
        is_at_rest = not left.exists() and not is_in_use(self._path)
        return self._begun("mode=ro&immutable=1" if is_at_rest else "mode=ro")

    def _begun(self, how: str) -> sqlite3.Connection:
        file = sqlite3.connect(f"file:{quote(str(self._path))}?{how}", uri=True, isolation_level=None, timeout=10)
        file.text_factory = lambda text: text.decode(errors="surrogateescape")  # damage is found, not tripped over
        try:
            file.execute("BEGIN")
            file.execute("SELECT 1 FROM events LIMIT 1").fetchone()  # from here on it is one moment
        except sqlite3.Error:
            file.close()
            raise
        return file

    def _all(self, query: str, *values: str) -> Iterator[tuple[object, ...]]:
        try:
            yield from self._file.execute(query, values)
        except sqlite3.Error as error:
            raise UnreadableLogError(f"{self._path}: {error}") from error
