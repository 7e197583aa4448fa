"""What the slash commands share: what they need to answer, and how an answer reaches the person alone."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from slack_bolt import Ack

from bot.changes import Changes, Delivery
from bot.core.incident import Incident
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.forms import Forms
from bot.incidents import Incidents
from bot.messages.picture import Picture
from handlers.words import Typed


@dataclass(frozen=True)
class Commands:
    """What the commands need to answer; `link` gives the address of a request's card, or "" where it isn't known,
    and `link_in` that of a message of an incident, by its name.

    `questions` are those that this version can answer by reading production: each begins to read, and tells the
    person of the delivery later. It raises Refused where it doesn't begin.
    """

    changes: Changes
    incidents: Incidents
    forms: Forms
    runbook: Runbook
    link: Callable[[ChangeRequest], str]
    actions: Collection[str]
    questions: Mapping[str, Callable[[Delivery], None]] = field(default_factory=dict)
    link_in: Callable[[Incident, str], str] = lambda _, __: ""


Answer: TypeAlias = Callable[[Commands, Typed, Delivery], Picture]


def whisper(ack: Ack, picture: Picture) -> None:
    """Acknowledge a command with an answer that nobody else sees."""
    ack(text=picture.text, blocks=list(picture.blocks), response_type="ephemeral")
