"""Every message that an incident shows now. One that was posted and isn't named any more stays as it is."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.incident import Incident
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.messages.blocks import section
from bot.messages.picture import Message, Place, picture
from bot.messages.thread import card_of

ROOT = "incident"


@dataclass(frozen=True)
class Ways:
    """The ways out of Slack that the bot has: then a draft has a button that sends it."""

    has_status_page: bool
    has_mail: bool


def root_of(incident: Incident, request: ChangeRequest | None) -> str:
    """The `ts` of the message that the incident's thread hangs on: the card of the request that opened it.

    Without one it is the incident's own message; "" while it isn't there.
    """
    if request:
        return card_of(request)
    posted = incident.posted.get(ROOT)
    return posted.ts if posted else ""


def messages_of(incident: Incident, runbook: Runbook, ways: Ways) -> tuple[Message, ...]:
    """The messages, in the order in which they are to be posted."""
    return tuple(_messages(incident, runbook, ways))


def _messages(incident: Incident, runbook: Runbook, ways: Ways) -> Iterator[Message]:
    place = Place.BROADCAST if incident.request else Place.CHANNEL
    text = f"{incident.id}: {runbook.service.name} {ways}"
    yield Message(ROOT, place, picture(text, [section(text)]))
