"""advance(stream): the one thing that core says is next, done and recorded, until there is nothing to do.

It may be called at any time, by anyone, any number of times. It never sleeps: waiting is an answer. Correctness
never depends on being called once, so after a crash nothing special happens: someone calls it again.
"""

import logging
import secrets
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Generic, TypeVar

from bot.core.errors import Revoked, Unavailable
from bot.core.event import ConflictError, Draft
from bot.core.next import Due
from bot.core.policy import PATIENCE
from bot.drawing import Drawing, Drawn
from bot.journal import Journal

TRY_AGAIN = timedelta(seconds=1)
AFTER_A_FAULT = timedelta(seconds=30)
SOONEST = timedelta(seconds=0.1)

S = TypeVar("S", bound=Drawn)
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Course(Generic[S]):
    """How streams of one kind go on.

    `due` says what is next, `acts` does it, and `beside` begins what runs by itself. `note_fault` writes down, by its
    reference, what nobody foresaw. People see where things stand before one of `slow` begins.
    """

    due: Callable[[S, datetime], Due[Any]]
    acts: Mapping[Any, Callable[[S], object]]  # by core's answers
    note_fault: Callable[[S, str], None]
    beside: Callable[[S], None] = lambda _: None
    slow: Collection[Any] = ()


class Advance(Generic[S]):
    """Carries every stream of one kind on."""

    def __init__(
        self, *, journal: Journal[S], course: Course[S], drawing: Drawing[S], clock: Callable[[], datetime]
    ) -> None:
        self._journal, self._course, self._drawing, self._clock = journal, course, drawing, clock
        self._held: dict[tuple[str, Enum], datetime] = {}  # what could not be done yet, and when to try again

    def advance(self, stream: str) -> datetime | None:
        """Do all that is due for `stream`; when to come again, or None.

        Raises Revoked when the bot can't go on at all.
        """
        try:
            return self._advance(stream)
        except Revoked:
            raise
        except Exception:  # what nobody foresaw ends here: logged, said, and tried again later
            reference = secrets.token_hex(4)
            _logger.exception("advance.fault reference=%s stream=%s", reference, stream)
            self._course.note_fault(self._journal.read(stream), reference)
            return self._clock() + AFTER_A_FAULT

    def _advance(self, stream: str) -> datetime | None:
        while True:
            found, now = self._journal.read(stream), self._clock()
            self._course.beside(found)
            due = self._course.due(found, now)
            ready = next((act for act in due.acts if self._held_until(stream, act, now) <= now), None)
            drawn = self._drawing.draw(found) if ready is None or ready in self._course.slow else None
            if drawn is True:
                continue
            if ready:
                self._do(ready, found)
                continue
            moments = [self._held[stream, act] for act in due.acts] + [m for m in (due.until, drawn) if m]
            if found.is_final and not moments and not due.stays_open:
                self._close(found)
            return min(moments, default=None)

    def _held_until(self, stream: str, act: Enum, now: datetime) -> datetime:
        """Now, where it isn't held, and where the clock was set back since: nothing is held for longer than that."""
        until = self._held.get((stream, act), now)
        return until if until <= now + PATIENCE else now

    def _do(self, act: Enum, found: S) -> None:
        self._held.pop((found.id, act), None)
        try:
            self._course.acts[act](found)
        except ConflictError:
            return  # someone else wrote first: read again, decide again
        except Revoked:
            raise
        except Unavailable as error:
            now = self._clock()
            moment = max(error.retry_at or now + TRY_AGAIN, now + SOONEST)
            self._held[found.id, act] = min(moment, now + PATIENCE)  # whatever a provider asks for

    def _close(self, found: S) -> None:
        if not found.is_closed:
            with suppress(ConflictError):  # whoever wrote meanwhile wakes the stream again
                self._journal.record(found, Draft(self._journal.closing, {}))
        for act in self._course.acts:
            self._held.pop((found.id, act), None)
