"""The picture follows the log: what each message of a request shows in Slack, posted once and edited in place.

Posting is: write down that it begins, post, write down that it is there. In doubt, the message is looked for by its
key before anything is posted again; a private one, which can't be looked for, is not sent a second time.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from bot.adapters.slack import Content, Slack
from bot.core.change import Kind
from bot.core.errors import BotError, OutcomeUnknown, Refused, Revoked, Unavailable
from bot.core.event import Draft
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.journal import Journal
from bot.messages.picture import Message, Place
from bot.messages.thread import messages_of

CARD = "card"
BETWEEN_EDITS = timedelta(seconds=1.2)  # of one message: Slack allows about 50 a minute
TRY_AGAIN = timedelta(seconds=2)
AFTER_A_REFUSAL = timedelta(seconds=30)
SHUT_OUT = ("is_archived", "not_in_channel", "channel_not_found")  # what has ended is not drawn there any more
GONE = ("message_not_found", "cant_update_message", "thread_not_found")

T = TypeVar("T")
_logger = logging.getLogger(__name__)


class Drawing:
    """Draws requests in Slack."""

    def __init__(self, *, slack: Slack, journal: Journal, runbook: Runbook, clock: Callable[[], datetime]) -> None:
        self._slack, self._journal, self._runbook, self._clock = slack, journal, runbook, clock
        self._not_before: dict[str, datetime] = {}  # by channel, and by message key
        self._surely_unsent: set[str] = set()  # begun by this process, and refused before it could arrive
        self._response_urls: dict[str, str] = {}

    def answer_through(self, stream: str, response_url: str) -> None:
        """Answer this request's refusal through the command's own address, which works where the bot isn't."""
        self._response_urls[stream] = response_url

    def link(self, request: ChangeRequest) -> str:
        """The address of a request's card; "" while there is none, or Slack hasn't said where it is."""
        try:
            return self._slack.link(request.channel, self._card(request)) if self._card(request) else ""
        except BotError:
            return ""

    def draw(self, request: ChangeRequest) -> bool | datetime | None:
        """Draw the first message that differs from the log: True if one was, else when to come again, or None."""
        later: list[datetime] = []
        for message in messages_of(request, self._runbook):
            if not self._differs(request, message):
                continue
            ready_at = self._ready_at(request, message)
            if ready_at <= self._clock():
                self._draw(request, message)
                return True
            later.append(ready_at)
        return min(later, default=None)

    def _differs(self, request: ChangeRequest, message: Message) -> bool:
        posted = request.posted.get(message.name)
        if posted and not posted.ts:
            return False  # private, or never to be had
        if message.place in (Place.THREAD, Place.BROADCAST) and not self._card(request):
            return False
        return posted is None or posted.digest != message.picture.digest

    def _card(self, request: ChangeRequest) -> str:
        card = request.posted.get(CARD)
        return card.ts if card else ""

    def _key(self, request: ChangeRequest, message: Message) -> str:
        return f"{self._journal.log_id}/{request.id}/{message.name}"

    def _ready_at(self, request: ChangeRequest, message: Message) -> datetime:
        now = self._clock()
        return max(self._not_before.get(of, now) for of in (request.channel, self._key(request, message)))

    def _draw(self, request: ChangeRequest, message: Message) -> None:
        key = self._key(request, message)
        try:
            if message.place is Place.PRIVATE:
                self._whisper(request, message)
            elif message.name in request.posted:
                self._edit(request, message)
            else:
                self._post(request, message)
            self._wait(key, self._clock() + BETWEEN_EDITS)
        except Revoked:
            raise
        except (Unavailable, OutcomeUnknown) as error:
            self._wait(request.channel, error.retry_at or self._clock() + TRY_AGAIN)
        except Refused as refusal:
            _logger.warning("drawing.refused message=%s rule=%s", key, refusal.rule)
            if request.is_final and refusal.rule in SHUT_OUT:
                self._note_posted(request, message, "", shows="")
            self._wait(key, self._clock() + AFTER_A_REFUSAL)

    def _wait(self, key: str, until: datetime) -> None:
        now = self._clock()
        self._not_before = {each: moment for each, moment in self._not_before.items() if moment > now} | {key: until}

    def _send(self, request: ChangeRequest, message: Message, send: Callable[[], T]) -> T:
        """Write down that the posting begins, then post; remember where it surely did not arrive."""
        key = self._key(request, message)
        if message.name not in request.begun:
            self._journal.note(request.id, Draft(Kind.POSTING_BEGUN, {"key": message.name}))
        self._surely_unsent.discard(key)
        try:
            return send()
        except (Unavailable, Refused):
            self._surely_unsent.add(key)
            raise

    def _post(self, request: ChangeRequest, message: Message) -> None:
        thread = "" if message.place is Place.CHANNEL else self._card(request)
        if ts := self._found(request, message, thread):
            self._note_posted(request, message, ts, shows="")  # who knows what; the next edit makes it right
        else:
            post = partial(self._slack.post, request.channel, self._content(request, message), thread=thread)
            ts = self._send(request, message, partial(post, broadcast=message.place is Place.BROADCAST))
            self._note_posted(request, message, ts, shows=message.picture.digest)

    def _found(self, request: ChangeRequest, message: Message, thread: str) -> str:
        """The message, if an earlier attempt of which nobody knows the end has put it there."""
        if message.name not in request.begun or self._key(request, message) in self._surely_unsent:
            return ""
        key = self._key(request, message)
        return self._slack.find(request.channel, key, thread=thread, since=request.made_at)

    def _edit(self, request: ChangeRequest, message: Message) -> None:
        try:
            self._slack.edit(request.channel, request.posted[message.name].ts, self._content(request, message))
        except Refused as refusal:
            if refusal.rule not in GONE:
                raise
            self._post(request, message)
            return
        data = {"key": message.name, "digest": message.picture.digest}
        self._journal.note(request.id, Draft(Kind.MESSAGE_EDITED, data))

    def _whisper(self, request: ChangeRequest, message: Message) -> None:
        if message.name in request.begun and self._key(request, message) not in self._surely_unsent:
            self._note_posted(request, message, "", shows="")
            return
        try:
            self._send(request, message, partial(self._tell, request, message))
        except Refused as refusal:
            _logger.warning("drawing.not_told stream=%s rule=%s", request.id, refusal.rule)
        self._note_posted(request, message, "", shows=message.picture.digest)

    def _tell(self, request: ChangeRequest, message: Message) -> None:
        content, card = self._content(request, message), self._card(request)
        url = "" if card else self._response_urls.get(request.id, "")
        if url:
            self._slack.answer(url, content)
        else:
            self._slack.whisper(request.channel, message.person, content, thread=card)

    def _note_posted(self, request: ChangeRequest, message: Message, ts: str, *, shows: str) -> None:
        self._response_urls.pop(request.id, None)
        data = {"key": message.name, "ts": ts, "digest": shows}
        self._journal.note(request.id, Draft(Kind.MESSAGE_POSTED, data))

    def _content(self, request: ChangeRequest, message: Message) -> Content:
        return Content(message.picture.text, message.picture.blocks, self._key(request, message))
