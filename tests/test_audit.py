"""`audit verify` and `audit export` over the log's file."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.log_sqlite import SqliteLog
from bot.adapters.log_sqlite_reading import UnreadableLogError
from bot.audit import WrongWordsError, audit
from bot.core.chain import event_hash
from bot.core.event import Draft
from bot.core.plan import canonical

EVENTS = 6  # of which the first is log_created
MADE = {"words": "/rollback vercel because | *it* <@U1> `broke`", "reason": "| *it* <@U1> `broke`"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log of two requests, one after the other and mixed."""
    log = SqliteLog(tmp_path / "log.db", lambda: datetime(2026, 11, 23, 3, 4, 5, tzinfo=UTC))
    log.open_stream("R", [Draft("request_made", MADE, "U_ANA", "delivery-1")])
    log.open_stream("R", [Draft("request_made", {"words": "/rollback vercel", "reason": ""}, "U_BEN", "delivery-2")])
    log.append("R-1", 1, [Draft("approval_clicked", {}, "U_BEN", "d-3"), Draft("approval_given", {}, "U_BEN")])
    log.append("R-2", 1, [Draft("request_refused", {"rule": "one", "text": "One\na target."})])
    log.close()
    return tmp_path / "log.db"


def told(path: Path, *words: str) -> tuple[bool, str]:
    """Whether the log is sound, and what is said."""
    lines: list[str] = []
    is_sound = audit(words, path, lines.append)
    return is_sound, "\n".join(lines)


def hash_at(path: Path, position: int) -> str:
    with closing(sqlite3.connect(path)) as file:
        return str(file.execute("SELECT hash FROM events WHERE position = ?", [position]).fetchone()[0])


@contextmanager
def tampering(path: Path) -> Iterator[sqlite3.Connection]:
    """The file in the hands of someone who owns the host."""
    with closing(sqlite3.connect(path)) as file:
        file.execute("DROP TRIGGER events_refuse_update")
        file.execute("DROP TRIGGER events_refuse_delete")
        yield file
        file.commit()


# A log that is true


def test_a_true_log_is_sound(path: Path) -> None:
    is_sound, text = told(path, "verify")
    assert is_sound
    assert text.startswith(f"Sound: {EVENTS} events")
    assert f"hash {hash_at(path, EVENTS)[:12]}" in text


@pytest.mark.parametrize("length", [12, 13, 64])
def test_a_hash_that_was_seen_is_found_where_it_stands(path: Path, length: int) -> None:
    is_sound, text = told(path, "verify", hash_at(path, 4)[:length].upper())
    assert is_sound
    assert "is position 4, event 2 of R-1, approval_clicked, 2026-11-23 03:04:05 UTC" in text


def test_a_log_is_read_while_the_bot_writes_it(path: Path) -> None:
    log = SqliteLog(path, lambda: datetime.now(UTC))
    log.append("R-2", 2, [Draft("request_closed", {})])
    try:
        assert told(path, "verify")[0]
        assert f"Sound: {EVENTS + 1} events" in told(path, "verify")[1]
    finally:
        log.close()


def test_reading_changes_no_byte_of_the_log(path: Path) -> None:
    before = path.read_bytes()
    told(path, "verify")
    told(path, "export")
    assert path.read_bytes() == before


# A log that isn't


@pytest.mark.parametrize(
    ("damage", "first_bad"),
    [
        ("UPDATE events SET actor = 'U_EVE' WHERE position = 3", 3),
        ("UPDATE events SET data = CAST(X'FF00' AS TEXT) WHERE position = 3", 3),
        ("UPDATE events SET data = X'7B7D' WHERE position = 4", 4),
        ("UPDATE events SET position = -position WHERE position = 5", 1),
        ("DELETE FROM events WHERE position = 2", 2),
        ("DELETE FROM events WHERE stream = 'R-1'", 2),
        ("DELETE FROM events", 1),
    ],
)
def test_damage_is_found_and_the_first_bad_position_named(path: Path, damage: str, first_bad: int) -> None:
    with tampering(path) as file:
        file.execute(damage)
    is_sound, text = told(path, "verify")
    assert not is_sound
    assert text.startswith(f"Not sound: the first bad position is {first_bad}")


def test_two_events_that_changed_places_are_found(path: Path) -> None:
    with tampering(path) as file:
        for was, becomes in ((3, 99), (5, 3), (99, 5)):
            file.execute("UPDATE events SET position = ? WHERE position = ?", [becomes, was])
    assert "the first bad position is 3 (event 3 of R-1, approval_given" in told(path, "verify")[1]


def test_an_event_that_only_some_readers_see_is_found(path: Path) -> None:
    """The bot reads by stream, a proof by position: an event kept out of the index of positions is one for the bot."""
    index = "name = (SELECT name FROM pragma_index_list('events') WHERE origin = 'u' ORDER BY seq DESC LIMIT 1)"
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("CREATE UNIQUE INDEX stale ON events (position)")
        file.execute("PRAGMA writable_schema = ON")
        root = file.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'stale'").fetchone()[0]
        file.execute("DELETE FROM sqlite_schema WHERE name = 'stale'")
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        forged = [7, "R-1", 4, "request_approved", "bot", "2026-11-23T03:04:05+00:00", "{}", None, "0", "1"]
        file.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", forged)
        file.execute("PRAGMA writable_schema = ON")
        file.execute(f"UPDATE sqlite_schema SET rootpage = ? WHERE {index}", [root])
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT count(*) FROM events WHERE stream = 'R-1'").fetchone() == (4,)
        assert len(file.execute("SELECT position FROM events ORDER BY position").fetchall()) == EVENTS
    is_sound, text = told(path, "verify")
    assert not is_sound
    assert "SQLite finds a fault in the file itself" in text


def test_bytes_changed_in_the_file_are_found(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"U_BEN", b"U_EVE"))
    assert not told(path, "verify")[0]


def test_a_cut_tail_is_found_by_a_hash_that_was_seen(path: Path) -> None:
    seen = hash_at(path, EVENTS)[:12]
    with tampering(path) as file:
        file.execute("DELETE FROM events WHERE position > 4")
    assert told(path, "verify")[0]
    is_sound, text = told(path, "verify", seen)
    assert not is_sound
    assert f"{seen} is no hash of this log" in text
    assert "4 events from position 1 on follow" in text


def test_of_a_damaged_log_everything_up_to_a_seen_hash_is_still_proven(path: Path) -> None:
    with tampering(path) as file:
        file.execute("UPDATE events SET actor = 'U_EVE' WHERE position = 5")
    is_sound, text = told(path, "verify", hash_at(path, 4)[:12])
    assert not is_sound
    assert "Everything up to there is as it was" in text


def test_what_a_damaged_log_says_of_itself_can_do_nothing_to_a_terminal(path: Path) -> None:
    with tampering(path) as file:
        file.execute("UPDATE events SET kind = ? WHERE position = 3", ["\x1b[2J"])
    assert "\x1b" not in told(path, "verify")[1]


# What can't be done


@pytest.mark.parametrize("seen", ["", "3aaf9589baa", "3aaf9589baag", "R-1", "0" * 65])
def test_what_is_no_hash_is_refused(path: Path, seen: str) -> None:
    with pytest.raises(WrongWordsError, match="12 to 64"):
        told(path, "verify", seen)


@pytest.mark.parametrize(
    "words", [[], ["verfy"], ["verify", "a" * 12, "b" * 12], ["export", "csv"], ["export", "R-1", "R-2"]]
)
def test_other_words_get_the_usage(path: Path, words: list[str]) -> None:
    with pytest.raises(WrongWordsError, match="usage"):
        told(path, *words)


def test_a_missing_file_is_said_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(UnreadableLogError, match="there is no file"):
        told(tmp_path / "log.db", "verify")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to look like one" * 20])
def test_a_file_that_is_no_log_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "log.db").write_bytes(content)
    with pytest.raises(UnreadableLogError):
        told(tmp_path / "log.db", "verify")


# The export


def test_every_event_is_one_line_of_json_from_which_its_hash_can_be_made(path: Path) -> None:
    lines = told(path, "export")[1].splitlines()
    assert len(lines) == EVENTS
    previous = "0" * 64
    for line in lines:
        event = json.loads(line)
        fields = [*(event[name] for name in ("stream", "seq", "kind", "actor", "at")), canonical(event["data"])]
        assert event["hash"] == event_hash(previous, [*fields, event["delivery"]])
        assert line == canonical(event)
        previous = event["hash"]


def test_data_that_was_edited_is_exported_as_the_text_that_stands_there(path: Path) -> None:
    with tampering(path) as file:
        file.execute("UPDATE events SET data = '{ }' WHERE position = 4")
    assert json.loads(told(path, "export")[1].splitlines()[3])["data"] == "{ }"


def test_bytes_that_are_no_text_are_exported_all_the_same(path: Path) -> None:
    with tampering(path) as file:
        file.execute("UPDATE events SET actor = CAST(X'FF' AS TEXT), at = X'FF' WHERE position = 4")
    assert json.loads(told(path, "export")[1].splitlines()[3])["actor"] == "\udcff"


def test_one_request_is_exported_alone(path: Path) -> None:
    lines = told(path, "export", "r-2", "jsonl")[1].splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["request_made", "request_refused"]


def test_a_request_that_is_not_in_the_log_is_refused(path: Path) -> None:
    with pytest.raises(WrongWordsError, match="no R-9"):
        told(path, "export", "R-9")


def test_markdown_has_a_section_for_each_stream_and_a_line_for_each_event(path: Path) -> None:
    text = told(path, "export", "markdown")[1]
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## log", "## R-1", "## R-2"]
    assert f"| 4 | 2 | 2026-11-23 03:04:05 | U\\_BEN | Pressed Approve. | {hash_at(path, 4)[:12]} |" in text
    assert "| Refused the request (rule one): One a target. |" in text


def test_what_people_typed_cannot_act_as_markdown(path: Path) -> None:
    text = told(path, "export", "markdown", "R-1")[1]
    assert r"because \| \*it\* \<@U1\> \`broke\` |" in text


# Incidents


@pytest.fixture
def with_incident(path: Path) -> Path:
    """The same log, in which an incident was opened and resolved."""
    log = SqliteLog(path, lambda: datetime(2026, 11, 23, 3, 5, tzinfo=UTC))
    opened = {"team": "T_ACME", "channel": "C_INC", "request": "R-1"}
    log.open_stream("I", [Draft("incident_opened", opened, "U_ANA"), Draft("incident_resolved", {"press": 2}, "U_BEN")])
    log.close()
    return path


def test_an_incident_is_exported_like_a_request(with_incident: Path) -> None:
    text = told(with_incident, "export", "markdown", "I-1")[1]
    assert "## I-1" in text
    assert "| 7 | 1 | 2026-11-23 03:05:00 | U\\_ANA | Opened the incident with R-1. |" in text
    kinds = [json.loads(line)["kind"] for line in told(with_incident, "export", "i-1")[1].splitlines()]
    assert kinds == ["incident_opened", "incident_resolved"]


def test_one_chain_covers_requests_and_incidents(with_incident: Path) -> None:
    assert f"Sound: {EVENTS + 2} events" in told(with_incident, "verify")[1]
    with tampering(with_incident) as file:
        file.execute("UPDATE events SET actor = 'U_EVE' WHERE stream = 'I-1' AND seq = 2")
    assert f"the first bad position is {EVENTS + 2} (event 2 of I-1" in told(with_incident, "verify")[1]
