"""The log in one SQLite file: who wins an append, what is never written twice, and what outlives the process."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.log_sqlite import LogInUseError, SqliteLog
from bot.core.event import ConflictError, DeliveredBeforeError, Draft
from tests.simulator.hand import Hand

ASKED, SEEN, CLOSED = Draft("request_made", {"n": 1}, "U1"), Draft("fault_noted", {}), Draft("request_closed", {})


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "log.db"


@pytest.fixture
def log(path: Path) -> Iterator[SqliteLog]:
    one = SqliteLog(path, now)
    yield one
    one.close()


def test_what_is_appended_is_read_as_it_was(path: Path) -> None:
    hand = Hand()
    log = SqliteLog(path, hand.now)
    appended = log.append("R-1", 0, [Draft("request_made", {"why": "„kaputt“ \u202e\x00 🔥", "n": [1, None]}, "U1")])
    assert log.read("R-1") == appended
    event = appended[0]
    assert (event.stream, event.seq, event.kind, event.actor, event.at) == ("R-1", 1, "request_made", "U1", hand.now())
    assert event.data == {"why": "„kaputt“ \u202e\x00 🔥", "n": [1, None]}
    log.close()


def test_a_stream_that_nobody_wrote_is_empty(log: SqliteLog) -> None:
    assert log.read("R-99") == ()


def test_events_are_numbered_in_their_stream(log: SqliteLog) -> None:
    log.append("R-1", 0, [ASKED, SEEN])
    log.append("R-2", 0, [ASKED])
    assert [event.seq for event in log.append("R-1", 2, [SEEN, SEEN])] == [3, 4]


@pytest.mark.parametrize("after", [0, 2])
def test_an_append_on_another_state_than_the_newest_is_refused(log: SqliteLog, after: int) -> None:
    log.append("R-1", 0, [ASKED])
    with pytest.raises(ConflictError, match=f"R-1 is at 1, not at {after}"):
        log.append("R-1", after, [SEEN])
    assert len(log.read("R-1")) == 1


def test_of_two_writers_in_the_same_instant_one_wins(log: SqliteLog) -> None:
    together = threading.Barrier(2, timeout=5)

    def write(actor: str) -> str:
        together.wait()
        try:
            return log.append("R-1", 0, [Draft("request_made", {}, actor)])[0].actor
        except ConflictError:
            return "refused"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(write, ["U1", "U2"]))
    winners = [event.actor for event in log.read("R-1")]
    assert sorted(outcomes) == sorted([*winners, "refused"])
    assert len(winners) == 1


def test_every_acknowledged_append_of_eight_threads_is_there(log: SqliteLog) -> None:
    def write(thread: int) -> list[str]:
        mine = []
        for n in range(50):
            stream = f"R-{thread}"
            mine += [event.hash for event in log.append(stream, n, [Draft("fault_noted", {"n": n})])]
            assert len(log.read(stream)) == n + 1  # reading beside writing
        return mine

    with ThreadPoolExecutor(8) as pool:
        acknowledged = [hash_ for hashes in pool.map(write, range(8)) for hash_ in hashes]
    assert acknowledged == [event.hash for thread in range(8) for event in log.read(f"R-{thread}")]
    assert len(set(acknowledged)) == 400


def test_several_drafts_are_appended_all_or_none(log: SqliteLog) -> None:
    log.append("R-1", 0, [Draft("request_made", {}, "U1", "delivery-1")])
    with pytest.raises(DeliveredBeforeError):
        log.append("R-2", 0, [ASKED, SEEN, Draft("approval_clicked", {}, "U2", "delivery-1")])
    assert log.read("R-2") == ()


def test_drafts_that_are_no_json_are_not_written(log: SqliteLog) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        log.append("R-1", 0, [ASKED, Draft("fault_noted", {"n": float("nan")})])
    assert log.read("R-1") == ()


def _append_again(log: SqliteLog, delivered: Draft) -> object:
    return log.append("R-1", 1, [delivered])


def _append_elsewhere(log: SqliteLog, delivered: Draft) -> object:
    return log.append("R-2", 0, [delivered])


def _append_late(log: SqliteLog, delivered: Draft) -> object:
    return log.append("R-1", 0, [delivered])


def _open(log: SqliteLog, delivered: Draft) -> object:
    return log.open_stream("R", [delivered])


@pytest.mark.parametrize("again", [_append_again, _append_elsewhere, _append_late, _open])
def test_the_same_delivery_again_appends_nothing(log: SqliteLog, again: Callable[[SqliteLog, Draft], object]) -> None:
    delivered = Draft("request_made", {}, "U1", "delivery-1")
    log.open_stream("R", [delivered])
    with pytest.raises(DeliveredBeforeError) as caught:
        again(log, delivered)
    assert caught.value.stream == "R-1"
    assert (len(log.read("R-1")), log.read("R-2")) == (1, ())


def test_what_no_delivery_brought_may_be_appended_again(log: SqliteLog) -> None:
    log.append("R-1", 0, [SEEN, SEEN])
    assert len(log.read("R-1")) == 2


def test_a_refused_append_does_not_keep_the_log_locked(log: SqliteLog) -> None:
    with pytest.raises(ConflictError):
        log.append("R-1", 5, [ASKED])
    assert log.append("R-1", 0, [ASKED])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET actor = 'U9'",
        "DELETE FROM events WHERE stream = 'R-1'",
        "INSERT OR REPLACE INTO events SELECT * FROM events WHERE stream = 'R-1'",
    ],
)
def test_the_file_refuses_to_change_what_is_written(log: SqliteLog, path: Path, change: str) -> None:
    log.append("R-1", 0, [ASKED])
    other = sqlite3.connect(path)
    other.execute("PRAGMA recursive_triggers=ON")
    with pytest.raises(sqlite3.IntegrityError, match="the log is append-only"):
        other.execute(change)
    other.close()


def test_streams_of_a_kind_are_numbered_from_one_and_go_on(path: Path) -> None:
    log = SqliteLog(path, now)
    assert [log.open_stream("R", [ASKED])[0].stream for _ in range(2)] == ["R-1", "R-2"]
    assert log.open_stream("I", [ASKED])[0].stream == "I-1"
    log.close()
    again = SqliteLog(path, now)
    assert again.open_stream("R", [ASKED])[0].stream == "R-3"
    again.close()


def test_streams_begun_in_the_same_instant_have_different_numbers(log: SqliteLog) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: log.open_stream("R", [ASKED])[0].stream, range(24)))
    assert sorted(names) == sorted(f"R-{n}" for n in range(1, 25))


def test_the_tenth_request_comes_after_the_ninth(log: SqliteLog) -> None:
    for _ in range(11):
        log.open_stream("R", [ASKED])
    assert log.open_streams("R", "request_closed")[7:] == ("R-8", "R-9", "R-10", "R-11")


def test_a_stream_is_open_until_its_newest_event_closes_it(log: SqliteLog) -> None:
    for _ in range(3):
        log.open_stream("R", [ASKED])
    log.open_stream("I", [ASKED])
    log.append("R-1", 1, [CLOSED])
    log.append("R-2", 1, [CLOSED, SEEN])
    assert log.open_streams("R", "request_closed") == ("R-2", "R-3")


def test_the_newest_streams_are_those_that_were_begun_last(log: SqliteLog) -> None:
    for _ in range(11):
        log.open_stream("R", [ASKED])
    log.open_stream("I", [ASKED])
    log.append("R-1", 1, [SEEN])
    assert log.newest_streams("R", 3) == ("R-11", "R-10", "R-9")


def test_a_log_keeps_its_id_and_its_events(path: Path) -> None:
    log = SqliteLog(path, now)
    id_, events = log.id, log.append("R-1", 0, [ASKED, SEEN])
    log.close()
    again = SqliteLog(path, now)
    assert (again.id, again.read("R-1")) == (id_, events)
    assert [event.kind for event in again.read("log")] == ["log_created"]
    again.close()


def test_each_log_has_an_id_of_its_own(log: SqliteLog, tmp_path: Path) -> None:
    other = SqliteLog(tmp_path / "other.db", now)
    assert other.id != log.id
    other.close()


def test_only_its_owner_can_read_the_log(log: SqliteLog, path: Path) -> None:
    log.append("R-1", 0, [ASKED])
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()}
    assert set(modes) >= {"log.db", "log.db-wal", "log.db.lock"}
    assert set(modes.values()) == {"0o600"}


def test_a_log_that_can_be_written_says_so_and_stays_as_it_is(log: SqliteLog) -> None:
    assert log.is_writable()
    assert log.append("R-1", 0, [ASKED])


def test_a_log_that_somebody_else_locks_is_not_writable(path: Path) -> None:
    log = SqliteLog(path, now)
    other = sqlite3.connect(path)
    log._db.execute("PRAGMA busy_timeout=0")  # what is waited for otherwise
    other.execute("BEGIN IMMEDIATE")
    assert not log.is_writable()
    other.close()
    log.close()


def test_a_second_writer_of_the_same_log_is_refused(log: SqliteLog, path: Path) -> None:
    with pytest.raises(LogInUseError, match=r"another process writes this log: .*; stop that one first"):
        SqliteLog(path, now)


def test_a_closed_log_can_be_opened_by_somebody_else(path: Path) -> None:
    SqliteLog(path, now).close()
    SqliteLog(path, now).close()


OTHER_PROCESS = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from bot.adapters.log_sqlite import SqliteLog
from bot.core.event import Draft
log = SqliteLog(Path(sys.argv[1]), lambda: datetime.now(UTC))
log.append("R-1", 0, [Draft("request_made", {}, "U1")])
os.kill(os.getpid(), signal.SIGKILL)
"""


def _in_another_process(path: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", OTHER_PROCESS, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))


def test_what_was_acknowledged_outlives_a_killed_process(path: Path) -> None:
    assert _in_another_process(path).returncode == -signal.SIGKILL
    log = SqliteLog(path, now)
    assert [event.kind for event in log.read("R-1")] == ["request_made"]
    log.close()


def test_a_second_process_is_told_which_file_is_in_use(log: SqliteLog, path: Path) -> None:
    ended = _in_another_process(path)
    assert ended.returncode == 1
    assert f"another process writes this log: {path}.lock is locked; stop that one first" in ended.stderr
