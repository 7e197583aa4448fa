"""Whether production is still pinned to what a rollback went to, looked at once a day and said until it isn't.

Vercel is read beside `advance`, because a slow answer may hold no other reminder back.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.core.errors import BotError, Unavailable
from bot.core.event import Draft
from bot.core.incident import Happened, Incident, Joined, Telling
from bot.core.incident_due import PINNED
from bot.core.pin import Pin
from bot.core.plan import Facts
from bot.journal import Journal
from bot.logs import log_fault

LOOK_LATER, WHEN_UNCLEAR = timedelta(seconds=1), timedelta(minutes=1)
STILL = "Production still serves what {request} rolled it back to: {live}. "
AGAIN = "Production is pinned to {live}: somebody rolled it back again after {request}. "
PUSHES = "What is pushed does not go live until somebody promotes a deployment; "
UNDO = "`/rollback undo {request}` goes back, "
DEPLOYMENTS = "`/rollback deployments` lists what there is."


@dataclass(frozen=True)
class Seen:
    """What a request's pin is now, and what is live, by name; `is_its` = that is where the request went."""

    pin: Pin
    live: str = ""
    is_its: bool = False


class PinWatch:
    """Looks for incidents. `read` gives what is seen of a request's pin now."""

    def __init__(
        self,
        *,
        journal: Journal[Incident],
        read: Callable[[str], Seen],
        clock: Callable[[], datetime],
        wake: Callable[[str], None],
    ) -> None:
        self._journal, self._read, self._clock, self._wake = journal, read, clock, wake
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="pin")
        self._underway: set[str] = set()
        self._seen: dict[str, Seen] = {}
        self._lock = threading.Lock()

    def look(self, incident: Incident) -> None:
        """Write down what was seen; where nothing was yet, begin to look and raise Unavailable."""
        by = incident.pinned_by
        if by is None:
            return
        with self._lock:
            seen = self._seen.pop(incident.id, None)
            begins = seen is None and incident.id not in self._underway
            if begins:
                self._underway.add(incident.id)
        if begins:
            self._pool.submit(self._look, incident.id, by.request).add_done_callback(partial(log_fault, "pin_watch"))
        if seen is None or seen.pin is Pin.UNCLEAR:
            patience = WHEN_UNCLEAR if seen else LOOK_LATER
            raise Unavailable("Vercel is being read, or does not tell.", retry_at=self._clock() + patience)
        if seen.pin is Pin.ENDED:
            self._journal.record(incident, Draft(Happened.PIN_ENDED, {"deployment": seen.live}))
            return
        if later := self._later(by):
            self._journal.record(incident, Draft(Happened.PIN_PASSED_ON, later))
            return
        text = _text(seen, by.request)
        told = {"reminder": _key(incident), "audience": PINNED, "subject": "", "text": text}
        due = Draft(Happened.REMINDER_DUE, {**told, "is_own": False, "reference": ""})
        self._journal.record(incident, Draft(Happened.PIN_SEEN, {"deployment": seen.live}), due)

    def _later(self, by: Joined) -> Facts | None:
        """The rollback after that of `by`, where another incident reminds of it: once a day is enough."""
        others = ((one.id, one.pinned_by) for one in self._journal.open() if not one.pin_ended)
        later = ((stream, its) for stream, its in others if its and _order(its) > _order(by))
        return next(({"incident": stream, "request": its.request} for stream, its in later), None)

    def stop(self) -> None:
        """Wait for what is being read."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _look(self, stream: str, request: str) -> None:
        seen = Seen(Pin.UNCLEAR)
        try:
            with suppress(BotError):
                seen = self._read(request)
        finally:
            with self._lock:
                self._underway.discard(stream)
                self._seen[stream] = seen
            self._wake(stream)


def _text(seen: Seen, request: str) -> str:
    """What is true of it; an undo of the request is a way out only where production is where it went."""
    parts = (STILL, PUSHES, UNDO, DEPLOYMENTS) if seen.is_its else (AGAIN, PUSHES, DEPLOYMENTS)
    return "".join(parts).format(request=request, live=seen.live)


def _order(joined: Joined) -> tuple[datetime, str]:
    return joined.ended_at or joined.at, joined.request


def _key(incident: Incident) -> str:
    """Of the one that rests, which is looked at again instead of repeated; else of a new one."""
    told = [one for one in incident.reminders.values() if one.key.startswith(PINNED)]
    return next((one.key for one in told if one.state is Telling.SNOOZED), f"{PINNED}/{len(told) + 1}")
