"""Everything that an incident's timeline is made of, and how it names people: by their name where Slack told it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from heapq import merge

from bot.core.event import BOT, Event
from bot.core.incident import Incident
from bot.core.plan import canonical
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.messages.markdown import harmless
from bot.messages.wording import spelled_out, unescaped

_PERSON = re.compile(r"[UW][A-Z0-9_]+")
_NAMED = re.compile(r"<([@#])([UWCG][A-Z0-9_]+)>")
_OWN_MARKS = re.compile(r"^(?:[•◦] )?(?:\*([^*]+)\*)?")  # a bullet, and bold text at the beginning of a line
THE_BOT = "the bot"


@dataclass(frozen=True)
class Account:
    """An incident with its requests, and the events of all of them in order of time.

    `names` holds what Slack calls people and channels, by id; "" or nothing where Slack didn't say.
    """

    incident: Incident
    requests: Sequence[ChangeRequest]
    events: Sequence[Event]
    names: Mapping[str, str]
    runbook: Runbook
    drawn_at: datetime

    def who(self, actor: str) -> str:
        """The actor of an event, as Markdown."""
        return THE_BOT if actor == BOT else harmless(self._name(actor))

    def said(self, text: str) -> str:
        """A text of the log as Markdown: mentions are names in it."""
        return harmless(_NAMED.sub(lambda found: self._name(found[2]), text))

    def shown(self, mrkdwn: str) -> str:
        """A line that people read in Slack, as Markdown: what means something to Slack is text."""
        line = _OWN_MARKS.sub(lambda found: found[1] or "", mrkdwn.strip())
        return harmless(unescaped(_NAMED.sub(lambda found: self._name(found[2]), spelled_out(line))))

    def _name(self, of: str) -> str:
        """A name that two people have, or that is the bot's, stands with the id."""
        name = self.names.get(of, "")
        if not name:
            return of
        return f"{name} ({of})" if self._times[name.casefold()] > 1 else name

    @cached_property
    def _times(self) -> Counter[str]:
        return Counter([THE_BOT, BOT, *(name.casefold() for name in self.names.values())])


def in_order(streams: Iterable[Sequence[Event]]) -> tuple[Event, ...]:
    """The events of all streams by their moments. Those of one stay in its order, though a clock was set back."""
    return tuple(merge(*streams, key=lambda event: event.at))


def named_in(events: Iterable[Event]) -> tuple[tuple[str, str], ...]:
    """Who and what the events name: ("@", a person's id) and ("#", a channel's), each once."""
    found: dict[tuple[str, str], None] = {}
    for event in events:
        people = [event.actor, str(event.data.get("person", ""))]
        found |= dict.fromkeys(("@", one) for one in people if _PERSON.fullmatch(one))
        found |= dict.fromkeys(_NAMED.findall(canonical(event.data)))
    return tuple(found)
