"""10,000 random damages to a log, each found, and the first bad position named."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from bot.adapters.log_sqlite import SqliteLog
from bot.adapters.log_sqlite_reading import LogFile
from bot.core.chain import Row, event_hash, prove
from bot.core.event import Draft
from tests.histories import verified

TIMES = 10_000
SEED = 20261123
AT_THE_SEEN_HASH = 0  # nothing in the log itself is untrue; only the hash that somebody saw tells


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """A true log of some 50 events, of four requests at the same time."""
    path = tmp_path_factory.mktemp("log") / "log.db"
    log = SqliteLog(path, lambda: datetime.now(UTC))
    made, *later = verified().events
    names = [log.open_stream("R", [Draft("request_made", made.data, made.actor)])[0].stream for _ in range(4)]
    for event in later:
        for name in names:
            log.append(name, event.seq - 1, [Draft(event.kind, event.data, event.actor, f"{name}/{event.seq}")])
    log.close()
    file = LogFile(path)
    found = list(file.rows())
    file.close()
    assert len(found) >= 40
    return found


Damaged = tuple[list[Row], int]  # the rows, and the first bad position


def edited(rows: Sequence[Row], chance: random.Random) -> Damaged:
    """One cell says something else."""
    at = chance.randrange(len(rows))
    field = chance.choice(Row._fields)
    others: list[object] = ["", "x", "f" * 64, None, 7, 1e9, b"\xff", f"{getattr(rows[at], field)} ", "\udcff"]
    position: list[object] = [10_000 + chance.randrange(100), 1e6]
    other = chance.choice(position if field == "position" else [o for o in others if o != getattr(rows[at], field)])
    return sorted_by_position([*rows[:at], rows[at]._replace(**{field: other}), *rows[at + 1 :]]), at + 1


def edited_with_its_hash(rows: Sequence[Row], chance: random.Random) -> Damaged:
    """One event says something else, and its own hash fits."""
    at = chance.randrange(len(rows) - 1)
    return [*rows[:at], *linked([rows[at]._replace(actor="U_EVE")], rows[:at]), *rows[at + 1 :]], at + 2


def written_anew(rows: Sequence[Row], chance: random.Random) -> Damaged:
    """One event says something else, and every hash from there on fits."""
    at = chance.randrange(len(rows))
    changed = rows[at]._replace(data='{"nothing":"happened"}')
    return [*rows[:at], *linked([changed, *rows[at + 1 :]], rows[:at])], AT_THE_SEEN_HASH


def with_a_gap(rows: Sequence[Row], chance: random.Random) -> Damaged:
    """Some events in a row are gone."""
    at = chance.randrange(len(rows) - 1)
    until = chance.randrange(at + 1, len(rows))
    return [*rows[:at], *rows[until:]], at + 1


def with_a_closed_gap(rows: Sequence[Row], chance: random.Random) -> Damaged:
    """The same, and the positions after it were closed up."""
    left, first = with_a_gap(rows, chance)
    return numbered(left), first


def with_two_exchanged(rows: Sequence[Row], chance: random.Random) -> Damaged:
    """Two events changed places."""
    one, other = sorted(chance.sample(range(len(rows)), 2))
    changed = list(rows)
    changed[one], changed[other] = rows[other], rows[one]
    return numbered(changed), one + 1


def with_one_moved(rows: Sequence[Row], chance: random.Random) -> Damaged:
    """One event stands earlier or later than it happened."""
    source, target = chance.sample(range(len(rows)), 2)
    changed = [*rows[:source], *rows[source + 1 :]]
    changed.insert(target, rows[source])
    return numbered(changed), min(source, target) + 1


def with_one_put_in(rows: Sequence[Row], chance: random.Random) -> Damaged:
    """An event that never happened stands in the middle, and its own hash fits."""
    at = chance.randrange(1, len(rows) - 1)
    forged = linked([rows[at]._replace(stream="R-9", seq=1, delivery=None)], rows[:at])
    return numbered([*rows[:at], *forged, *rows[at:]]), at + 2


def cut(rows: Sequence[Row], chance: random.Random) -> Damaged:
    """The newest events are gone, perhaps with others in their places."""
    left = list(rows[: chance.randrange(1, len(rows))])
    others = chance.randrange(3) if len(left) > 1 else 0
    forged = [left[-1]._replace(actor=f"U_{number}") for number in range(others)]
    return numbered([*left, *linked(forged, left)]), AT_THE_SEEN_HASH


DAMAGES: tuple[Callable[[Sequence[Row], random.Random], Damaged], ...] = (
    edited,
    edited_with_its_hash,
    written_anew,
    with_a_gap,
    with_a_closed_gap,
    with_two_exchanged,
    with_one_moved,
    with_one_put_in,
    cut,
)


def test_every_one_of_10000_random_damages_is_found_and_the_first_bad_position_named(rows: list[Row]) -> None:
    chance = random.Random(SEED)
    seen = str(rows[-1].hash)[:12]
    assert prove(rows, seen).seen == (rows[-1],)
    for number in range(TIMES):
        damage = chance.choice(DAMAGES)
        damaged, first = damage(rows, chance)
        proof = prove(damaged, seen)
        named = proof.damage.position if proof.damage else AT_THE_SEEN_HASH
        assert named == first, (number, damage.__name__, proof)
        assert proof.seen == (), (number, damage.__name__)


def test_a_hash_that_was_seen_proves_everything_up_to_it_and_nothing_after(rows: list[Row]) -> None:
    chance = random.Random(SEED)
    for _ in range(30):
        damaged, first = edited(rows, chance)
        before = rows[: first - 1]
        seen = [row for row in rows if prove(damaged, str(row.hash)[:12]).seen]
        assert seen == before


def linked(rows: Sequence[Row], before: Sequence[Row]) -> list[Row]:
    """The rows with hashes that fit, after those before."""
    done: list[Row] = []
    for row in rows:
        previous = str([*before, *done][-1].hash) if before or done else "0" * 64
        done.append(row._replace(prev_hash=previous, hash=event_hash(previous, row[1:8])))
    return done


def numbered(rows: Sequence[Row]) -> list[Row]:
    """The rows with positions without a gap."""
    return [row._replace(position=number) for number, row in enumerate(rows, 1)]


def sorted_by_position(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: float(str(row.position)))
