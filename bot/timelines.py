"""An incident's timeline as a file in its thread: read from the log, with people's names as Slack has them now.

It is uploaded once an ask. Whether an unclear upload arrived is not looked for: a file has no key to find it by.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from bot.adapters.slack import Slack
from bot.core.errors import OutcomeUnknown, Refused
from bot.core.incident import Incident
from bot.core.replay import replay
from bot.core.runbook import Runbook
from bot.journal import Log
from bot.messages.account import Account, in_order, named_in
from bot.messages.picture import Picture
from bot.messages.private import timeline_in_doubt, timeline_shared
from bot.messages.timeline import timeline

NAMED = 80  # people and channels; Slack tells about 100 a minute
READ_AT_ONCE = 8


class Timelines:
    """Makes and shares timelines. `root` gives the `ts` of the message that an incident's thread hangs on, or ""."""

    def __init__(
        self,
        *,
        log: Log,
        slack: Slack,
        root: Callable[[Incident], str],
        runbook: Runbook,
        clock: Callable[[], datetime],
    ) -> None:
        self._log, self._slack, self._root, self._runbook, self._clock = log, slack, root, runbook, clock

    def share(self, incident: Incident) -> Picture:
        """Upload the timeline of an incident, and what the person who asked is told. Raises Refused, Unavailable.

        Where Slack takes nothing in its thread, because somebody deleted what that hangs on, it goes to the channel.
        """
        text, thread = timeline(self.account(incident)), self._root(incident)
        try:
            return self._shared(incident, text, thread)
        except Refused:
            if not thread:
                raise
        return self._shared(incident, text, "")

    def _shared(self, incident: Incident, text: str, thread: str) -> Picture:
        name, title = f"{incident.id}-timeline.md", f"{incident.id}: timeline"
        try:
            self._slack.upload(incident.channel, name=name, title=title, text=text, thread=thread)
        except OutcomeUnknown:
            return timeline_in_doubt(incident.id, in_thread=bool(thread))
        return timeline_shared(incident.id, in_thread=bool(thread))

    def account(self, incident: Incident) -> Account:
        """All that the log has of an incident as it stands, and of its requests, with the names of who is in it."""
        own = self._log.read(incident.id)[: incident.seq]
        others = [self._log.read(request) for request in incident.requests]
        events = in_order([own, *others])
        requests = tuple(map(replay, others))
        return Account(incident, requests, events, self._names(named_in(events)), self._runbook, self._clock())

    def _names(self, named: tuple[tuple[str, str], ...]) -> dict[str, str]:
        """What Slack calls them; one that can't be read stays an id."""
        asked = named[:NAMED]
        with ThreadPoolExecutor(READ_AT_ONCE, thread_name_prefix="name") as pool:
            names = pool.map(lambda one: self._slack.name_of(*one), asked)
            return {id_: name for (_, id_), name in zip(asked, names, strict=True)}
