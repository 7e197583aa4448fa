"""How a request is read from the log and written on: by compare-and-swap, and only with what can happen to it."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import reduce
from typing import Protocol

from bot.core.change import NOTES, Kind, next_state
from bot.core.event import ConflictError, Draft, Event
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


NEWEST = 10  # requests that `status` looks back on
LOOKED_BACK = 1000  # requests among which the one of an operation is looked for
REMEMBERED = 2000  # open requests; some 25 MB. Any others are replayed from their first event


class Journal:
    """Change requests as the log has them."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.log_id = log.id
        self._known: dict[str, ChangeRequest] = {}  # as last read: a log only grows, so what was true is where to go on

    def request(self, stream: str) -> ChangeRequest:
        """The request as it stands now. Raises NotARequestError where there is none."""
        known = self._known.get(stream)
        newer = self._log.read(stream, known.seq if known else 0)
        request = reduce(evolve, newer, known) if known else replay(newer)
        if newer:
            self._remember(request)
        return request

    def _remember(self, request: ChangeRequest) -> None:
        if request.is_closed:
            self._known.pop(request.id, None)
        elif request.id in self._known or len(self._known) < REMEMBERED:
            self._known[request.id] = request

    def open_ids(self) -> tuple[str, ...]:
        """The ids of the requests that something is left to do or to draw for."""
        return self._log.open_streams("R", Kind.REQUEST_CLOSED)

    def open_requests(self) -> tuple[ChangeRequest, ...]:
        """Those requests, as they stand."""
        return tuple(self.request(stream) for stream in self.open_ids())

    def open_and_newest(self) -> tuple[ChangeRequest, ...]:
        """The open requests and the newest ones, oldest first."""
        streams = {*self.open_ids(), *self._log.newest_streams("R", NEWEST)}
        return tuple(sorted((self.request(stream) for stream in streams), key=lambda request: request.made_at))

    def runs_of(self, op_ids: Collection[str]) -> dict[str, str]:
        """By operation, the request that it belongs to; those that the last requests don't know are left out."""
        found: dict[str, str] = {}
        for stream in self._log.newest_streams("R", LOOKED_BACK):
            if len(found) == len(set(op_ids)):
                break
            found |= dict.fromkeys({*self.request(stream).op_ids}.intersection(op_ids), stream)
        return found

    def make(self, draft: Draft) -> str:
        """Begin a request; its id. Raises DeliveredBeforeError."""
        return self._log.open_stream("R", [draft])[0].stream

    def record(self, request: ChangeRequest, *drafts: Draft) -> ChangeRequest:
        """Write down what happened to `request`, all of it or nothing.

        Raises ConflictError where it went on meanwhile, IllegalEventError where that can't happen to it.
        """
        state = request.state
        for draft in drafts:
            state = next_state(state, Kind(draft.kind))
        for event in self._log.append(request.id, request.seq, drafts):
            request = evolve(request, event)
        return request

    def note(self, stream: str, draft: Draft) -> ChangeRequest:
        """Write down something that moves nothing, wherever the request stands by now.

        Raises DeliveredBeforeError, NotARequestError.
        """
        if draft.kind not in NOTES:
            raise ValueError(f"{draft.kind} moves a request; use record")
        return self.record_while(stream, lambda _: True, draft)

    def record_while(self, stream: str, is_so: Callable[[ChangeRequest], bool], draft: Draft) -> ChangeRequest:
        """Write down what happened however often others write first, as long as `is_so` of the request.

        Gives the request as it stands then. Raises what `record` does, but no ConflictError.
        """
        while is_so(request := self.request(stream)):
            with suppress(ConflictError):
                return self.record(request, draft)
        return request
