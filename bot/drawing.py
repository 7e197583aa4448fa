"""The picture follows the log: what each message of a stream shows in Slack, posted once and edited in place.

Posting is: write down that it begins, post, write down that it is there. In doubt, the message is looked for by its
key before anything is posted again; a private one, which can't be looked for, is not sent a second time.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Generic, Protocol, TypeVar

from bot.adapters.slack import Content, Slack
from bot.core.change import Kind
from bot.core.errors import BotError, OutcomeUnknown, Refused, Revoked, Unavailable
from bot.core.event import Draft
from bot.core.request import Posted
from bot.journal import Journal, Standing
from bot.messages.picture import File, Message, Place

BETWEEN_EDITS = timedelta(seconds=1.2)  # of one message: Slack allows about 50 a minute
TRY_AGAIN = timedelta(seconds=2)
AFTER_A_REFUSAL = timedelta(seconds=30)
LONGEST_WAIT = timedelta(seconds=60)  # whatever Slack asks for; what is further off was noted before the clock was set
SHUT_OUT = ("is_archived", "is_inactive", "not_in_channel", "channel_not_found")  # nothing is drawn in that channel
NO_THREAD = "thread_not_found"
GONE = ("message_not_found", "cant_update_message", NO_THREAD)


class Drawn(Standing, Protocol):
    """A stream that is drawn in a channel."""

    @property
    def channel(self) -> str:
        """Where its messages stand."""

    @property
    def made_at(self) -> datetime:
        """No message of it is older."""

    @property
    def is_final(self) -> bool:
        """Whether it can't act on anything any more."""

    @property
    def begun(self) -> Mapping[str, datetime]:
        """The messages whose posting was begun, by name."""

    @property
    def posted(self) -> Mapping[str, Posted]:
        """The messages that are there, by name."""


S = TypeVar("S", bound=Drawn)
T = TypeVar("T")


@dataclass(frozen=True)
class Pictures(Generic[S]):
    """What a stream shows; `root` is the `ts` of the message whose thread it is told in, "" = not there yet.

    `shut_out` is the kind of event that says that Slack takes nothing in the stream's channel; "" = such a stream is
    given up message by message, once it has ended. `renew` is asked right before a message is posted: whether the log
    says something newer since.
    """

    messages: Callable[[S], Iterable[Message]]
    root: Callable[[S], str]
    shut_out: str = ""
    renew: Callable[[S, Message], bool] = lambda _, __: False


_logger = logging.getLogger(__name__)


class Drawing(Generic[S]):
    """Draws the streams of one kind in Slack."""

    def __init__(
        self, *, slack: Slack, journal: Journal[S], pictures: Pictures[S], clock: Callable[[], datetime]
    ) -> None:
        self._slack, self._journal, self._pictures, self._clock = slack, journal, pictures, clock
        self._not_before: dict[str, datetime] = {}  # by channel, and by message key
        self._surely_unsent: set[str] = set()  # begun by this process, and refused before it could arrive
        self._response_urls: dict[tuple[str, str], str] = {}

    def answer_through(self, stream: str, response_url: str, person: str = "") -> None:
        """Answer through the command's own address, which works where the bot isn't.

        It is what is told before there is a card; with a `person`, what is told them in another channel.
        """
        self._response_urls[stream, person] = response_url

    def link(self, drawn: S, name: str = "") -> str:
        """The address of its message of this name, else of the one that its thread hangs on; "" while there is none."""
        posted = drawn.posted.get(name)
        ts = posted.ts if posted and posted.ts else self._pictures.root(drawn)
        try:
            return self._slack.link(drawn.channel, ts) if ts else ""
        except BotError:
            return ""

    def draw(self, drawn: S) -> bool | datetime | None:
        """Draw the first message that differs from the log: True if one was, else when to come again, or None."""
        later: list[datetime] = []
        has_root = bool(self._pictures.root(drawn))
        for message in self._pictures.messages(drawn):
            if not _differs(drawn, message, has_root=has_root):
                continue
            ready_at = self._ready_at(drawn, message)
            if ready_at <= self._clock():
                self._draw(drawn, message)
                return True
            later.append(ready_at)
        return min(later, default=None)

    def _key(self, drawn: S, message: Message) -> str:
        return f"{self._journal.log_id}/{drawn.id}/{message.name}"

    def _ready_at(self, drawn: S, message: Message) -> datetime:
        now = self._clock()
        waits = (self._not_before.get(of, now) for of in (_channel(drawn, message), self._key(drawn, message)))
        return max(until if until <= now + LONGEST_WAIT else now for until in waits)

    def _draw(self, drawn: S, message: Message) -> None:
        key = self._key(drawn, message)
        try:
            if message.place is Place.PRIVATE:
                self._whisper(drawn, message)
            elif message.file:
                self._share(drawn, message, message.file)
            elif message.name in drawn.posted:
                self._edit(drawn, message)
            else:
                self._post(drawn, message)
            self._wait(key, self._clock() + BETWEEN_EDITS)
        except Revoked:
            raise
        except (Unavailable, OutcomeUnknown) as error:
            self._wait(_channel(drawn, message), error.retry_at or self._clock() + TRY_AGAIN)
        except Refused as refusal:
            _logger.warning("drawing.refused message=%s rule=%s", key, refusal.rule)
            if refusal.rule in SHUT_OUT:
                self._note_shut_out(drawn, message, refusal.rule)
            elif drawn.is_final and message.file:
                self._note_posted(drawn, message, "", shows="")
            self._wait(key, self._clock() + AFTER_A_REFUSAL)

    def _note_shut_out(self, drawn: S, message: Message, rule: str) -> None:
        """Say in the log that its channel is shut; what stands by itself elsewhere is not to be had."""
        if self._pictures.shut_out and not message.channel:
            self._journal.note(drawn.id, Draft(self._pictures.shut_out, {"rule": rule}))
        elif drawn.is_final or message.channel:
            self._note_posted(drawn, message, "", shows="")

    def _wait(self, key: str, until: datetime) -> None:
        now = self._clock()
        waiting = {each: moment for each, moment in self._not_before.items() if moment > now}
        self._not_before = waiting | {key: min(until, now + LONGEST_WAIT)}

    def _send(self, drawn: S, message: Message, send: Callable[[], T]) -> T:
        """Write down that the posting begins, then post; remember where it surely did not arrive."""
        key = self._key(drawn, message)
        if message.name not in drawn.begun:
            self._journal.note(drawn.id, Draft(Kind.POSTING_BEGUN, {"key": message.name}))
        self._surely_unsent.discard(key)
        try:
            return send()
        except (Unavailable, Refused):
            self._surely_unsent.add(key)
            raise

    def _post(self, drawn: S, message: Message) -> None:
        """Post it in its thread; in the channel where somebody deleted what the thread hung on: nothing is lost."""
        thread = self._pictures.root(drawn) if message.place in (Place.THREAD, Place.BROADCAST) else ""
        try:
            self._post_once(drawn, message, thread)
        except Refused as refusal:
            if not thread or refusal.rule != NO_THREAD:
                raise
            self._post_once(drawn, message, "")

    def _post_once(self, drawn: S, message: Message, thread: str) -> None:
        if ts := self._found(drawn, message, thread):
            self._note_posted(drawn, message, ts, shows="")  # who knows what; the next edit makes it right
        elif not self._pictures.renew(drawn, message):
            post = partial(self._slack.post, _channel(drawn, message), self._content(drawn, message), thread=thread)
            ts = self._send(drawn, message, partial(post, broadcast=message.place is Place.BROADCAST))
            self._note_posted(drawn, message, ts, shows=message.picture.digest)

    def _share(self, drawn: S, message: Message, file: File) -> None:
        """Once; should Slack show late what it was given, the file may stand there twice, and says the same."""
        thread = self._pictures.root(drawn)
        if not self._found(drawn, message, thread):
            upload = partial(self._slack.upload, _channel(drawn, message), thread=thread)
            try:
                self._send(drawn, message, partial(upload, name=file.name, title=file.title, text=file.text))
            except Refused as refusal:
                if refusal.rule != file.refused:  # said once, in the message that waits for the file
                    told = {"key": message.name, "rule": refusal.rule}
                    self._journal.note(drawn.id, Draft(Kind.FILE_REFUSED, told))
                raise
        self._note_posted(drawn, message, "", shows=message.picture.digest)

    def _found(self, drawn: S, message: Message, thread: str) -> str:
        """The message, if an earlier attempt of which nobody knows the end has put it there."""
        if message.name not in drawn.begun or self._key(drawn, message) in self._surely_unsent:
            return ""
        key = message.file.name if message.file else self._key(drawn, message)
        return self._slack.find(_channel(drawn, message), key, thread=thread, since=drawn.made_at)

    def _edit(self, drawn: S, message: Message) -> None:
        try:
            self._slack.edit(_channel(drawn, message), drawn.posted[message.name].ts, self._content(drawn, message))
        except Refused as refusal:
            if refusal.rule not in GONE:
                raise
            self._post(drawn, message)
            return
        data = {"key": message.name, "digest": message.picture.digest}
        self._journal.note(drawn.id, Draft(Kind.MESSAGE_EDITED, data))

    def _whisper(self, drawn: S, message: Message) -> None:
        if message.name in drawn.begun and self._key(drawn, message) not in self._surely_unsent:
            self._note_posted(drawn, message, "", shows="")
            return
        try:
            self._send(drawn, message, partial(self._tell, drawn, message))
        except Refused as refusal:
            _logger.warning("drawing.not_told stream=%s rule=%s", drawn.id, refusal.rule)
        self._note_posted(drawn, message, "", shows=message.picture.digest)

    def _tell(self, drawn: S, message: Message) -> None:
        content, card = self._content(drawn, message), "" if message.channel else self._pictures.root(drawn)
        url = "" if card else self._response_urls.get(_asked(drawn, message), "")
        if url:
            self._slack.answer(url, content)
        else:
            self._slack.whisper(_channel(drawn, message), message.person, content, thread=card)

    def _note_posted(self, drawn: S, message: Message, ts: str, *, shows: str) -> None:
        self._response_urls.pop(_asked(drawn, message), None)
        data = {"key": message.name, "ts": ts, "digest": shows}
        self._journal.note(drawn.id, Draft(Kind.MESSAGE_POSTED, data))

    def _content(self, drawn: S, message: Message) -> Content:
        shown = message.picture
        return Content(shown.text, shown.blocks, self._key(drawn, message), shown.plain)


def _channel(drawn: Drawn, message: Message) -> str:
    return message.channel or drawn.channel


def _asked(drawn: Drawn, message: Message) -> tuple[str, str]:
    """Whose command a message answers."""
    return drawn.id, message.person if message.channel else ""


def _differs(drawn: Drawn, message: Message, *, has_root: bool) -> bool:
    """Whether it has to be drawn, and can be: a thread needs the message that it hangs on."""
    posted = drawn.posted.get(message.name)
    if posted and posted.is_given_up:
        return False  # also a private one, which can't be edited
    if message.place in (Place.THREAD, Place.BROADCAST) and not has_root:
        return False
    return posted is None or posted.digest != message.picture.digest
