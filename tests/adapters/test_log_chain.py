"""The hash chain over the whole log: every kind of tampering is found, at the first position that isn't true."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.log_sqlite import SqliteLog
from bot.core.chain import Row, event_hash, prove
from bot.core.event import Draft

READ = (
    """SELECT position, stream, seq, kind, actor, at, data, delivery, prev_hash, hash FROM events ORDER BY position"""
)
EVENTS = 7  # of which the first is log_created


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log of two streams, one after the other and mixed."""
    log = SqliteLog(tmp_path / "log.db", lambda: datetime.now(UTC))
    log.open_stream("R", [Draft("request_made", {"reason": "Login is broken"}, "U1", "delivery-1")])
    log.open_stream("R", [Draft("request_made", {}, "U2", "delivery-2")])
    log.append("R-1", 1, [Draft("plan_made", {"digest": "d1"}), Draft("approval_clicked", {}, "U3", "delivery-3")])
    log.append("R-2", 1, [Draft("request_refused", {"text": "One a target."})])
    log.append("R-1", 3, [Draft("approval_given", {"click": 3}, "U3")])
    log.close()
    return tmp_path / "log.db"


def first_untrue(path: Path) -> int | None:
    """The first position that doesn't follow from the ones before it; None where all do."""
    with closing(sqlite3.connect(path)) as file:
        damage = prove(map(Row._make, file.execute(READ))).damage
    return damage.position if damage else None


@contextmanager
def tampering(path: Path) -> Iterator[sqlite3.Connection]:
    """The file in the hands of someone who owns the host."""
    with closing(sqlite3.connect(path)) as file:
        file.execute("DROP TRIGGER events_refuse_update")
        file.execute("DROP TRIGGER events_refuse_delete")
        yield file
        file.commit()


def test_an_untouched_log_is_true(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT count(*) FROM events").fetchone() == (EVENTS,)
    assert first_untrue(path) is None


@pytest.mark.parametrize("position", range(1, EVENTS + 1))
@pytest.mark.parametrize(
    "edit",
    [
        "kind = 'request_approved'",
        "actor = 'U9'",
        "at = '2026-01-01T00:00:00+00:00'",
        "data = '{}'||' '",
        "delivery = 'delivery-9'",
        "stream = 'R-9'",
        "seq = 9",
        "hash = 'f'",
        "prev_hash = 'f'",
    ],
)
def test_an_edit_is_found_where_it_was_made(path: Path, edit: str, position: int) -> None:
    with tampering(path) as file:
        file.execute(f"UPDATE events SET {edit} WHERE position = ?", [position])
    assert first_untrue(path) == position


def test_an_edit_with_a_hash_that_fits_is_found_at_the_next_event(path: Path) -> None:
    with tampering(path) as file:
        row = file.execute(READ).fetchall()[3]
        edited = [*row[1:4], "U9", *row[5:8]]
        hash_ = event_hash(row[8], edited)
        file.execute("UPDATE events SET actor = 'U9', hash = ? WHERE position = 4", [hash_])
    assert first_untrue(path) == 5


@pytest.mark.parametrize("position", range(1, EVENTS))
def test_a_deleted_event_is_found(path: Path, position: int) -> None:
    with tampering(path) as file:
        file.execute("DELETE FROM events WHERE position = ?", [position])
    assert first_untrue(path) == position


def test_a_deleted_event_is_found_when_the_positions_were_closed_up(path: Path) -> None:
    with tampering(path) as file:
        file.execute("DELETE FROM events WHERE position = 3")
        for position in range(4, EVENTS + 1):
            file.execute("UPDATE events SET position = ? WHERE position = ?", [position - 1, position])
    assert first_untrue(path) == 3


@pytest.mark.parametrize("position", range(1, EVENTS))
def test_two_events_that_changed_places_are_found(path: Path, position: int) -> None:
    with tampering(path) as file:
        for was, becomes in ((position, 99), (position + 1, position), (99, position + 1)):
            file.execute("UPDATE events SET position = ? WHERE position = ?", [becomes, was])
    assert first_untrue(path) == position


def test_an_event_put_in_afterwards_is_found(path: Path) -> None:
    with tampering(path) as file:
        for position in range(EVENTS, 3, -1):
            file.execute("UPDATE events SET position = ? WHERE position = ?", [position + 1, position])
        prev = file.execute("SELECT hash FROM events WHERE position = 3").fetchone()[0]
        row = ["R-3", 1, "request_made", "U9", "2026-01-01T00:00:00+00:00", "{}", None]
        hash_ = event_hash(prev, row)
        file.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [4, *row, prev, hash_])
    assert first_untrue(path) == 5


def test_a_cut_tail_is_found_by_the_hash_that_was_shown(path: Path) -> None:
    with tampering(path) as file:
        shown = file.execute("SELECT hash FROM events WHERE position = ?", [EVENTS]).fetchone()[0]
        file.execute("DELETE FROM events WHERE position = ?", [EVENTS])
        assert file.execute("SELECT count(*) FROM events WHERE hash = ?", [shown]).fetchone() == (0,)
    assert first_untrue(path) is None  # the chain alone can't know of it


def test_the_chain_goes_on_after_the_log_is_opened_again(path: Path) -> None:
    log = SqliteLog(path, lambda: datetime.now(UTC))
    log.append("R-2", 2, [Draft("request_closed", {})])
    log.close()
    assert first_untrue(path) is None
