"""The hash chain over all streams: what an event's hash covers, and how far a log is true.

A cut tail, or a log written anew, is found only by a hash that was seen somewhere else.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

GENESIS = "0" * 64  # what the first event follows


class Row(NamedTuple):
    """One event as it is stored; in a damaged log anything may stand in any place."""

    position: object
    stream: object
    seq: object
    kind: object
    actor: object
    at: object
    data: object  # the text whose bytes were hashed
    delivery: object
    prev_hash: object
    hash: object


@dataclass(frozen=True)
class Damage:
    """The first position that doesn't follow from the ones before it; `row` is what stands there, if anything."""

    position: int
    reason: str
    row: Row | None = None


@dataclass(frozen=True)
class Proof:
    """How far a log is true: `events` follow from each other, from the first one to `newest`.

    `seen` are those of them whose hash begins with the one that was looked for.
    """

    events: int
    newest: Row | None
    seen: tuple[Row, ...]
    damage: Damage | None


def event_hash(previous: str, row: Sequence[object]) -> str:
    """The hash of an event over the hash before it and a canonical form of itself.

    `row` is stream, seq, kind, actor, at, data (the text that is stored) and delivery.
    """
    return hashlib.sha256((previous + json.dumps(row, ensure_ascii=False)).encode()).hexdigest()


def prove(rows: Iterable[Row], looked_for: str = "") -> Proof:
    """Follow the chain through `rows`, which are in the order of their positions, as far as it holds.

    `looked_for` is how a hash begins that somebody saw ("" = none).
    """
    newest: Row | None = None
    seen: list[Row] = []
    expected = 0
    for expected, row in enumerate(rows, 1):
        if reason := _untrue(row, expected, str(newest.hash) if newest else GENESIS):
            return Proof(expected - 1, newest, tuple(seen), Damage(expected, reason, row))
        newest = row
        if looked_for and str(row.hash).startswith(looked_for):
            seen.append(row)
    damage = None if newest else Damage(1, "missing: a log has at least the event that made it")
    return Proof(expected, newest, tuple(seen), damage)


def _untrue(row: Row, expected: int, previous: str) -> str:
    """Why this can't be the event at the position `expected`; "" = it is."""
    if row.position != expected:
        return f"missing: position {row.position} stands here instead"
    if row.prev_hash != previous:
        return "it does not follow the event before: events were taken out, put in or moved, or one was edited"
    try:
        matches = row.hash == event_hash(previous, row[1:8])
    except (TypeError, ValueError):  # bytes, or text that isn't UTF-8
        matches = False
    return "" if matches else "it was edited: its hash was made of something else"
