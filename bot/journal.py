"""How a stream is read from the log and written on: by compare-and-swap, and only with what can happen to it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from typing import Generic, Protocol, TypeVar

from bot.core import incident_replay
from bot.core.change import NOTES, Kind, next_state
from bot.core.event import ConflictError, Draft, Event, number_of
from bot.core.incident import Happened
from bot.core.replay import evolve, replay
from bot.core.request import ChangeRequest


class Log(Protocol):
    """Where events are kept: SQLite now, PostgreSQL for several processes later."""

    id: str

    def append(self, stream: str, after: int, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        """Append after event number `after`. Raises ConflictError, DeliveredBeforeError."""

    def open_stream(self, prefix: str, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        """Begin the next stream of a kind. Raises DeliveredBeforeError."""

    def read(self, stream: str, after: int = 0) -> tuple[Event, ...]:
        """Every event of a stream, or those after event number `after`."""

    def open_streams(self, prefix: str, closing: str) -> tuple[str, ...]:
        """The streams whose newest event isn't `closing`."""

    def newest_streams(self, prefix: str, most: int) -> tuple[str, ...]:
        """The streams begun last."""


class Standing(Protocol):
    """What the events of a stream come to."""

    @property
    def id(self) -> str:
        """The stream's name."""

    @property
    def seq(self) -> int:
        """The number of its newest event."""

    @property
    def is_closed(self) -> bool:
        """Whether nothing is left to do or to draw."""


S = TypeVar("S", bound=Standing)


@dataclass(frozen=True)
class Story(Generic[S]):
    """How one kind of stream is told: its prefix, how its events are read, and what may happen when.

    `demand` raises IllegalEventError where drafts can't follow; `notes` may be written down at any time.
    """

    prefix: str
    replay: Callable[[Iterable[Event]], S]
    evolve: Callable[[S, Event], S]
    demand: Callable[[S, Sequence[Draft]], None]
    notes: Collection[str]
    closing: str


def _demand(request: ChangeRequest, drafts: Sequence[Draft]) -> None:
    state = request.state
    for draft in drafts:
        state = next_state(state, Kind(draft.kind))


REQUESTS = Story("R", replay, evolve, _demand, NOTES, Kind.REQUEST_CLOSED)
INCIDENTS = Story(  # any of it may happen at any time
    "I",
    incident_replay.replay,
    incident_replay.evolve,
    lambda _, __: None,
    frozenset(Happened),
    Happened.INCIDENT_CLOSED,
)
LOOKED_BACK = 1000  # requests among which the one of an operation is looked for
NEWEST = 10  # streams that `status` looks back on
REMEMBERED = 2000  # open streams; some 25 MB. Any others are replayed from their first event


class Journal(Generic[S]):
    """The streams of one kind as the log has them."""

    def __init__(self, log: Log, story: Story[S]) -> None:
        self._log, self._story = log, story
        self.log_id = log.id
        self.closing = story.closing
        self._known: dict[str, S] = {}  # as last read: a log only grows, so what was true is where to go on

    def read(self, stream: str) -> S:
        """What the stream comes to now. Raises UnknownStreamError where there is none of this kind."""
        known = self._known.get(stream)
        newer = self._log.read(stream, known.seq if known else 0)
        found = reduce(self._story.evolve, newer, known) if known else self._story.replay(newer)
        if newer:
            self._remember(found)
        return found

    def _remember(self, found: S) -> None:
        if found.is_closed:
            self._known.pop(found.id, None)
        elif found.id in self._known or len(self._known) < REMEMBERED:
            self._known[found.id] = found

    def open_ids(self) -> tuple[str, ...]:
        """The streams that something is left to do or to draw for."""
        return self._log.open_streams(self._story.prefix, self._story.closing)

    def open(self) -> tuple[S, ...]:
        """What those streams come to."""
        return tuple(self.read(stream) for stream in self.open_ids())

    def open_and_newest(self) -> tuple[S, ...]:
        """The open streams and the newest ones, oldest first."""
        streams = {*self.open_ids(), *self._log.newest_streams(self._story.prefix, NEWEST)}
        return tuple(sorted((self.read(stream) for stream in streams), key=lambda found: number_of(found.id)))

    def newest(self, most: int) -> Iterator[S]:
        """The streams begun last, whether they are open or not."""
        return (self.read(stream) for stream in self._log.newest_streams(self._story.prefix, most))

    def begin(self, *drafts: Draft) -> str:
        """Begin a stream; its id. Raises DeliveredBeforeError."""
        return self._log.open_stream(self._story.prefix, drafts)[0].stream

    def record(self, found: S, *drafts: Draft) -> S:
        """Write down what happened to `found`, all of it or nothing.

        Raises ConflictError where it went on meanwhile, IllegalEventError where that can't happen to it.
        """
        self._story.demand(found, drafts)
        return reduce(self._story.evolve, self._log.append(found.id, found.seq, drafts), found)

    def note(self, stream: str, draft: Draft) -> S:
        """Write down something that moves nothing, wherever the stream stands by now.

        Raises DeliveredBeforeError, UnknownStreamError.
        """
        if draft.kind not in self._story.notes:
            raise ValueError(f"{draft.kind} moves a request; use record")
        return self.record_while(stream, lambda _: True, draft)

    def record_while(self, stream: str, is_so: Callable[[S], bool], draft: Draft) -> S:
        """Write down what happened however often others write first, as long as `is_so` of the stream.

        Gives what it comes to then. Raises what `record` does, but no ConflictError.
        """
        while is_so(found := self.read(stream)):
            with suppress(ConflictError):
                return self.record(found, draft)
        return found


def runs_of(journal: Journal[ChangeRequest], op_ids: Collection[str]) -> dict[str, str]:
    """By operation, the request that it belongs to; those that the last requests don't know are left out."""
    found: dict[str, str] = {}
    for request in journal.newest(LOOKED_BACK):
        if len(found) == len(set(op_ids)):
            break
        found |= dict.fromkeys({*request.op_ids}.intersection(op_ids), request.id)
    return found
