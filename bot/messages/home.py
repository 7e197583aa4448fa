"""The App Home: what is open, what waits for the person, what ran. It links to threads, where the plans are decided on.

It shows the log as of one moment, and says which; opened again, it is drawn anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.incident import Incident
from bot.core.pin import last_rollback
from bot.core.policy import waits_for
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.core.writes import stopped_writes
from bot.messages.blocks import context, header, sections
from bot.messages.incident_status import incident_lines
from bot.messages.picture import Block
from bot.messages.private import open_line, pinned
from bot.messages.standing import headline, what
from bot.messages.wording import capital, count, escape, linked, mention, moment
from bot.messages.writes import stopped_in_status

_SHOWN, _PHRASE = 20, 160
_DAY_AND_TIME = "{date_short_pretty} at {time}"


@dataclass(frozen=True)
class Overview:
    """What the log says at a moment: the open and the newest requests, the newest runs that ended, incidents.

    `link` gives the address of a request's card, `link_in` that of a message of an incident; "" = not known.
    """

    at: datetime
    requests: Sequence[ChangeRequest]
    runs: Sequence[ChangeRequest]
    incidents: Sequence[Incident]
    link: Callable[[ChangeRequest], str]
    link_in: Callable[[Incident, str], str]


def home(person: str, seen: Overview, runbook: Runbook) -> Block:
    """The view of somebody who may ask: the same for all of them, but for what waits for this person."""
    is_open = [one for one in seen.requests if not one.is_final and one.plan]
    mine = [one for one in is_open if waits_for(one, person, seen.at)]
    parts = {
        "Waiting for your approval": _requests(mine, seen, runbook),
        "Open requests": _requests(is_open, seen, runbook),
        "Pinned rollback": _pinned(seen, runbook),
        "Stopped writes": _stopped(seen),
        "Incidents and reminders": incident_lines(seen.incidents, seen.link_in)[1:],
        "Last runs": [_run_line(one, seen.link(one), runbook) for one in seen.runs],
    }
    blocks = [block for title, lines in parts.items() for block in (header(title), *sections(lines or ["None."]))]
    clock = f"As of {moment(seen.at, _DAY_AND_TIME)}; open this page again to see it anew."
    return _view([*blocks, context(f"{clock} Requests are decided on in their threads.")])


def closed_home() -> Block:
    """The view of somebody who may not ask."""
    who = "active full members of this workspace's organization whom the runbook's [access] lets ask"
    return _view(sections([f"What is open and what ran is shown here to {who}."]))


def _requests(requests: Sequence[ChangeRequest], seen: Overview, runbook: Runbook) -> list[str]:
    lines = [open_line(one, seen.link(one), runbook) for one in requests[:_SHOWN]]
    more = [f"… and {count(len(requests) - _SHOWN, 'more request')}"] if len(requests) > _SHOWN else []
    return [*lines, *more]


def _pinned(seen: Overview, runbook: Runbook) -> list[str]:
    last = last_rollback(seen.requests)
    return [pinned(last, seen.link(last.request), runbook)] if last else []


def _stopped(seen: Overview) -> list[str]:
    stopped = stopped_writes(seen.requests)[:_SHOWN]
    return [stopped_in_status(one, linked(one.request.id, seen.link(one.request))) for one in stopped]


def _run_line(request: ChangeRequest, address: str, runbook: Runbook) -> str:
    phrase = f"{capital(escape(what(request, runbook), _PHRASE))}, asked by {mention(request.requester)}"
    ended = f", {moment(request.ending.at, _DAY_AND_TIME)}" if request.ending else ""
    return f"{headline(request)} · {linked(request.id, address)}: {phrase}{ended}"


def _view(blocks: Sequence[Block]) -> Block:
    return {"type": "home", "blocks": list(blocks)}
