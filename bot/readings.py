"""What only reads, asked by a person: who may ask, one at a time of a kind, answered when it is known.

The answer is for who asked, or for the channel. The question is not in the log: it changes nothing, and after a restart
it is asked again.
"""

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType

from bot.adapters.slack import Content, Slack
from bot.changes import Delivery
from bot.core.errors import BotError, Refused, Unavailable
from bot.core.runbook import Runbook
from bot.eligibility import Eligibility
from bot.messages.picture import Picture
from bot.messages.private import fault, refusal

AT_ONCE = 2
ENDING = "The bot is restarting, and did not begin to read. Ask again in a minute."

_logger = logging.getLogger(__name__)


class Readings:
    """Reads beside the deliveries: Slack waits three seconds for an answer, and production may take longer.

    `apart` says how long after a reading began it rests before the next one of the same name.
    """

    def __init__(
        self,
        *,
        slack: Slack,
        runbook: Runbook,
        clock: Callable[[], datetime],
        apart: Mapping[str, timedelta] = MappingProxyType({}),
    ) -> None:
        self._slack, self._clock, self._apart = slack, clock, apart
        self._eligibility = Eligibility(slack, runbook)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="reading")
        self._underway: dict[str, str] = {}  # the delivery that asked, by what is being read
        self._newest: dict[str, tuple[str, datetime]] = {}  # who may ask had it read last: the delivery, and when
        self._lock = threading.Lock()

    def ask(
        self,
        name: str,
        delivery: Delivery,
        read: Callable[[], Picture],
        *,
        in_channel: bool = False,
        for_approvers: bool = False,
    ) -> None:
        """Begin to read what is called `name`; the person is told what `read` gives, or why there is nothing.

        With `in_channel` everybody there is shown what it gives; why there is nothing is still told privately.
        With `for_approvers` nothing is read for anybody who couldn't go on with what it proposes.
        Raises Refused while it is being read for somebody else, and while it rests. The same delivery again begins
        nothing.
        """
        with self._lock:
            underway, (newest, began) = self._underway.get(name), self._newest.get(name, ("", None))
            if delivery.id in (underway, newest):
                return
            if underway is not None:
                text = f"`{name}` is being read already, one at a time. Ask again in a moment. Nothing was changed."
                raise Refused("underway", text)
            rest = self._apart.get(name, timedelta(0))
            if began and began <= self._clock() < began + rest:
                raise _too_soon(name, began, rest)
            self._underway[name] = delivery.id
        reading = self._pool.submit(self._read, name, delivery, read, for_approvers=for_approvers)
        reading.add_done_callback(partial(self._tell, delivery, in_channel=in_channel))

    def stop(self) -> None:
        """Wait for what is being read; who asked for what wasn't begun is told so."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _read(self, name: str, delivery: Delivery, read: Callable[[], Picture], *, for_approvers: bool) -> Picture:
        try:
            self._demand_access(delivery, for_approvers=for_approvers)
            with self._lock:
                self._newest[name] = delivery.id, self._clock()
            return read()
        finally:
            with self._lock:
                del self._underway[name]

    def _demand_access(self, delivery: Delivery, *, for_approvers: bool) -> None:
        """The rules for whoever asks for anything. Raises the first one that says no; Unavailable is a no as well."""
        refused = self._eligibility.refusal_of_place(delivery.team, delivery.channel)
        refused = refused or self._eligibility.refusal_to_ask(delivery.person)
        if for_approvers and not refused:
            refused = self._eligibility.refusal_to_go_ahead(delivery.person)
        if refused:
            raise refused

    def _tell(self, delivery: Delivery, reading: Future[Picture], *, in_channel: bool) -> None:
        picture = _answer(reading)
        content = Content(picture.text, picture.blocks, key="")
        is_shown = in_channel and not reading.cancelled() and not reading.exception()
        try:
            if not (is_shown and self._is_posted(delivery.channel, content)):
                self._whisper(delivery, content)
        except BotError as error:
            _logger.warning("readings.not_told reason=%s", error.text)

    def _is_posted(self, channel: str, content: Content) -> bool:
        """Show it there, once; False where it surely isn't there. Raises OutcomeUnknown."""
        try:
            self._slack.post(channel, content)
        except (Refused, Unavailable) as error:
            _logger.warning("readings.not_posted reason=%s", error.text)
            return False
        return True

    def _whisper(self, delivery: Delivery, content: Content) -> None:
        if delivery.response_url:
            self._slack.answer(delivery.response_url, content)
        else:
            self._slack.whisper(delivery.channel, delivery.person, content)


def _too_soon(name: str, began: datetime, rest: timedelta) -> Refused:
    rule = f"`{name}` was read at {began:%H:%M:%S} UTC, and is read at most once in {rest.total_seconds():.0f} s."
    return Refused("too_soon", f"{rule} Ask again at {began + rest:%H:%M:%S} UTC. Nothing was changed.")


def _answer(reading: Future[Picture]) -> Picture:
    if reading.cancelled():
        return refusal(ENDING)
    error = reading.exception()
    if error is None:
        return reading.result()
    if isinstance(error, BotError):
        return refusal(error.text)
    reference = secrets.token_hex(4)
    _logger.error("readings.fault reference=%s", reference, exc_info=error)
    return fault(reference)
