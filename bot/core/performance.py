"""What a database does under load, as read at one moment, and what happened between two such moments.

A reading goes into the log, which is for years: it is small, and holds no value that somebody's statement had in it.
A counter's window is known only where both readings have it and nothing was reset between them; else it is not made up.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from typing import Any, Generic, Protocol, Self, TypeVar

from bot.core.plan import Json

LARGE_ROWS, LARGE_BYTES = 10_000, 10 * 1024 * 1024  # a table with either is large
LONG_SECONDS = 60  # a transaction open for longer is long
STATEMENTS, SCANS, WAITS, TRANSACTIONS = "statements", "scans", "waits", "transactions"  # the parts of a reading


class Counted(Protocol):
    """What has counters that only grow until somebody resets them."""

    @property
    def name(self) -> str:
        """What it is the same as in another reading."""

    def since(self, before: Self) -> Self | None:
        """The same with what was counted since `before`; None where a counter was reset."""


Of = TypeVar("Of", bound=Counted)


@dataclass(frozen=True)
class Statement:
    """A statement, summed over roles. `text` "" = it is among the first by no figure, and kept to be compared."""

    key: str
    text: str
    calls: int
    total_ms: float

    @property
    def name(self) -> str:
        """PostgreSQL's id of it."""
        return self.key

    @property
    def mean_ms(self) -> float:
        """The time of a call."""
        return self.total_ms / self.calls if self.calls else 0.0

    def since(self, before: Self) -> Self | None:
        """See `Counted`."""
        calls, total = self.calls - before.calls, self.total_ms - before.total_ms
        return None if calls < 0 or total < 0 else replace(self, calls=calls, total_ms=total)


@dataclass(frozen=True)
class Scan:
    """A large table that was read from one end towards the other, `rows_read` rows in all `scans`."""

    table: str
    scans: int
    rows_read: int
    live_rows: int
    bytes: int  # as of its last VACUUM or ANALYZE
    indexes: tuple[str, ...]  # with their columns

    @property
    def name(self) -> str:
        """The table's."""
        return self.table

    def since(self, before: Self) -> Self | None:
        """See `Counted`."""
        scans, rows = self.scans - before.scans, self.rows_read - before.rows_read
        return None if scans < 0 or rows < 0 else replace(self, scans=scans, rows_read=rows)


@dataclass(frozen=True)
class Wait:
    """A session that waits for a lock, and the sessions that it waits for; 0 = a prepared transaction."""

    pid: int
    role: str
    seconds: float
    table: str  # "" = not known
    text: str  # "" = not to be seen, here and below
    held_by: tuple[int, ...]


@dataclass(frozen=True)
class Transaction:
    """A session whose transaction has been open for long, or that somebody waits for."""

    pid: int
    role: str
    application: str
    state: str
    seconds: float
    text: str  # what it does, or did last


@dataclass(frozen=True)
class Reading:
    """What was read at one moment. `missing` = what was not, a sentence each with the remedy."""

    at: datetime
    statements: tuple[Statement, ...]
    scans: tuple[Scan, ...]
    waits: tuple[Wait, ...]
    transactions: tuple[Transaction, ...]
    missing: tuple[str, ...]
    unread: tuple[str, ...] = ()  # the parts of which nothing was read
    statements_since: datetime | None = None  # when their counters were last reset; None = not known
    scans_since: datetime | None = None

    def as_json(self) -> dict[str, Json]:
        """The event's facts, at most some 30 kB; `reading_from_json` reads them back."""
        since = (self.statements_since, self.scans_since)
        return {
            "at": self.at.isoformat(),
            STATEMENTS: [_listed(one) for one in self.statements],
            SCANS: [_listed(one) for one in self.scans],
            WAITS: [_listed(one) for one in self.waits],
            TRANSACTIONS: [_listed(one) for one in self.transactions],
            "missing": list(self.missing),
            "unread": list(self.unread),
            "since": [moment.isoformat() if moment else "" for moment in since],
        }


@dataclass(frozen=True)
class Change(Generic[Of]):
    """One counter's story. `last` and `before` count since the last reset, `during` between the two readings."""

    last: Of
    before: Of | None  # None = the first reading doesn't have it
    during: Of | None  # None = not known: the first reading doesn't have it, or it was reset


@dataclass(frozen=True)
class Window:
    """What the last reading has, beside the first. What only the first has fell out of the list: nothing is known."""

    statements: tuple[Change[Statement], ...]
    scans: tuple[Change[Scan], ...]


def during(first: Reading, last: Reading) -> Window:
    """What was counted between two readings."""
    same_statements = _is_same(first.statements_since, last.statements_since)
    return Window(
        statements=tuple(_changes(first.statements, last.statements, is_same=same_statements)),
        scans=tuple(_changes(first.scans, last.scans, is_same=_is_same(first.scans_since, last.scans_since))),
    )


def reading_from_json(facts: Mapping[str, Any]) -> Reading:
    """The reading that `Reading.as_json` wrote; KeyError, TypeError or ValueError where another version did."""
    statements_since, scans_since = (datetime.fromisoformat(at) if at else None for at in facts["since"])
    return Reading(
        at=datetime.fromisoformat(facts["at"]),
        statements=tuple(Statement(*one) for one in facts[STATEMENTS]),
        scans=tuple(Scan(*map(_tupled, one)) for one in facts[SCANS]),
        waits=tuple(Wait(*map(_tupled, one)) for one in facts[WAITS]),
        transactions=tuple(Transaction(*one) for one in facts[TRANSACTIONS]),
        missing=tuple(facts["missing"]),
        unread=tuple(facts["unread"]),
        statements_since=statements_since,
        scans_since=scans_since,
    )


def _is_same(one: datetime | None, other: datetime | None) -> bool:
    return one is None or other is None or one == other


def _changes(first: Sequence[Of], last: Sequence[Of], *, is_same: bool) -> Iterator[Change[Of]]:
    known = {one.name: one for one in first}
    for one in last:
        before = known.get(one.name)
        yield Change(one, before, one.since(before) if before and is_same else None)


def _listed(one: Statement | Scan | Wait | Transaction) -> list[Json]:
    """Its values without their names, which the log needn't have a hundred times."""
    return [list(value) if isinstance(value, tuple) else value for value in astuple(one)]


def _tupled(value: object) -> Any:
    return tuple(value) if isinstance(value, list) else value
