"""The log in one SQLite file: append-only, compare-and-swap, hash-chained over all streams.

One writing connection behind one lock, a reading connection for each thread, one process a file.
"""

import fcntl
import json
import os
import sqlite3
import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from bot.core.chain import GENESIS, event_hash
from bot.core.event import ConflictError, DeliveredBeforeError, Draft, Event, number_of
from bot.core.plan import canonical

LOG_STREAM = "log"

migrations = Migrations("rollback_bot")


def _create_events(db: Database) -> None:
    db.execute("""
        CREATE TABLE events (
            position INTEGER NOT NULL UNIQUE, stream TEXT NOT NULL, seq INTEGER NOT NULL,
            kind TEXT NOT NULL, actor TEXT NOT NULL, at TEXT NOT NULL, data TEXT NOT NULL,
            delivery TEXT UNIQUE, prev_hash TEXT NOT NULL, hash TEXT NOT NULL UNIQUE,
            PRIMARY KEY (stream, seq)
        ) WITHOUT ROWID""")
    for verb in ("UPDATE", "DELETE"):
        db.execute(f"""
            CREATE TRIGGER events_refuse_{verb.lower()} BEFORE {verb} ON events
            BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END""")


migrations(name="0001_events")(_create_events)


def _index_beginnings(db: Database) -> None:
    """The streams in the order they were begun, without reading a whole log for them."""
    db.execute("CREATE INDEX events_begun ON events (position) WHERE seq = 1")


migrations(name="0002_beginnings")(_index_beginnings)


class LogInUseError(Exception):
    """Another process writes this log."""


class SqliteLog:
    """The events of all streams in the file at `path`, which is created with its folder, readable to its owner only.

    Raises LogInUseError where another process holds the file, OSError or sqlite3.Error where it can't be opened.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path, self._clock = path, clock
        self._lock = threading.Lock()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        self._guard = _hold(lock_of(path))
        try:
            self.id = self._open()
        except BaseException:
            os.close(self._guard)
            raise

    def _open(self) -> str:
        """Open the file, bring its schema up to date, and give the log's id."""
        self._path.touch(mode=0o600, exist_ok=True)
        self._db = Database(self._connect(), recursive_triggers=True)
        migrations.apply(self._db)
        if not self.read(LOG_STREAM):
            self.append(LOG_STREAM, 0, [Draft("log_created", {"id": str(uuid.uuid4())})])
        return str(self.read(LOG_STREAM)[0].data["id"])

    def append(self, stream: str, after: int, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        """Append `drafts` to a stream whose newest event is number `after`; all of them or none.

        Raises ConflictError where the stream went on meanwhile, DeliveredBeforeError where a delivery is known.
        """
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                events = self._insert(stream, after, drafts)
                self._db.conn.commit()
            except BaseException:
                self._db.conn.rollback()
                raise
        return events

    def open_stream(self, prefix: str, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        """Begin the next stream of a kind (`R` → R-1, R-2, …) with `drafts`.

        Raises DeliveredBeforeError where a delivery is known.
        """
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                events = self._insert(f"{prefix}-{self._count(prefix) + 1}", 0, drafts)
                self._db.conn.commit()
            except BaseException:
                self._db.conn.rollback()
                raise
        return events

    def read(self, stream: str, after: int = 0) -> tuple[Event, ...]:
        """Every event of a stream after event number `after`, oldest first; empty where there is none."""
        rows = self._reader().execute(
            "SELECT stream, seq, kind, actor, at, data, hash FROM events WHERE stream = ? AND seq > ? ORDER BY seq",
            [stream, after],
        )
        return tuple(_event(row) for row in rows)

    def open_streams(self, prefix: str, closing: str) -> tuple[str, ...]:
        """The streams of a kind whose newest event isn't `closing`, oldest first."""
        rows = self._reader().execute(
            """SELECT stream FROM events AS begun WHERE seq = 1 AND stream LIKE ? AND ? <>
               (SELECT kind FROM events WHERE stream = begun.stream ORDER BY seq DESC LIMIT 1) ORDER BY position""",
            [f"{prefix}-%", closing],
        )
        return tuple(str(row[0]) for row in rows)

    def newest_streams(self, prefix: str, most: int) -> tuple[str, ...]:
        """The `most` streams of a kind that were begun last, newest first."""
        rows = self._reader().execute(
            "SELECT stream FROM events WHERE seq = 1 AND stream LIKE ? ORDER BY position DESC LIMIT ?",
            [f"{prefix}-%", most],
        )
        return tuple(str(row[0]) for row in rows)

    def is_writable(self) -> bool:
        """Whether an append would be taken now."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.conn.rollback()
            except sqlite3.Error:
                return False
        return True

    def close(self) -> None:
        """Close every connection and let go of the file."""
        with self._lock:
            for connection in (self._db.conn, *self._readers):
                connection.close()
            os.close(self._guard)

    def _insert(self, stream: str, after: int, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        newest = self._db.execute("SELECT max(seq) FROM events WHERE stream = ?", [stream]).fetchone()[0] or 0
        for draft in drafts:
            self._refuse_known(draft.delivery)
        if newest != after:
            raise ConflictError(f"{stream} is at {newest}, not at {after}")
        last = self._db.execute("SELECT position, hash FROM events ORDER BY position DESC LIMIT 1").fetchone()
        position, previous = last or (0, GENESIS)
        now = self._clock().isoformat()
        events = []
        for number, draft in enumerate(drafts, 1):
            row = [stream, after + number, draft.kind, draft.actor, now, canonical(draft.data), draft.delivery]
            digest = event_hash(previous, row)
            self._db.execute(
                "INSERT INTO events (position, stream, seq, kind, actor, at, data, delivery, prev_hash, hash)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [position + number, *row, previous, digest],
            )
            events.append(_event((*row[:6], digest)))
            previous = digest
        return tuple(events)

    def _refuse_known(self, delivery: str | None) -> None:
        known = delivery and self._db.execute("SELECT stream FROM events WHERE delivery = ?", [delivery]).fetchone()
        if known:
            raise DeliveredBeforeError(known[0])

    def _count(self, prefix: str) -> int:
        row = self._db.execute(
            "SELECT stream FROM events WHERE seq = 1 AND stream LIKE ? ORDER BY position DESC LIMIT 1", [f"{prefix}-%"]
        ).fetchone()
        return number_of(row[0]) if row else 0

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            self._readers.append(connection)
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, check_same_thread=False, timeout=10)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # what was acknowledged survives a power cut too
        return connection


def lock_of(path: Path) -> Path:
    """The file whose lock the process holds that writes the log at `path`."""
    return path.with_name(path.name + ".lock")


def _event(row: Sequence[object]) -> Event:
    stream, seq, kind, actor, at, data, digest = row
    moment = datetime.fromisoformat(str(at))
    return Event(str(stream), int(str(seq)), str(kind), str(actor), moment, json.loads(str(data)), str(digest))


def _hold(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise LogInUseError(f"another process writes this log: {path} is locked; stop that one first") from error
    return handle
