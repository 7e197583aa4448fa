"""The incident's own message: since when, downtime, requests, the recovery timeline, and what comes next.

It is a picture of the events and the runbook and of no clock: moments, never running figures.
"""

from bot.core.incident import Incident, Joined, Verb
from bot.core.runbook import Runbook
from bot.core.runbook.moments import Anchor
from bot.messages.blocks import actions, button, confirmed, context, sections
from bot.messages.downtime import measured, total
from bot.messages.picture import Block, Picture, picture
from bot.messages.recovery import next_phase, phases
from bot.messages.wording import at_most, count, escape, mention, moment, plain

_WHAT, _NAME, _REQUESTS_SHOWN = 240, 120, 8
_DAY_AND_TIME = "{date_short_pretty} at {time}"


def incident_message(incident: Incident, runbook: Runbook) -> Picture:
    """The incident as it stands; it looks dead once it is resolved."""
    head, begun = headline(incident, runbook), _begun(incident)
    seen = measured(incident, runbook)
    ended = [total(incident, runbook)] if incident.is_final and incident.outages else []
    needed = "" if incident.is_final else "Press *Resolve* when it is over."
    blocks = [
        *sections([head, begun, *seen, *ended]),
        *sections(requests(incident)),
        *sections(phases(incident, runbook)),
        *([context(needed)] if needed else []),
        *actions(_buttons(incident, runbook)),
    ]
    return picture(" ".join(part for part in (head, begun, *seen[-1:], *ended, needed) if part), blocks)


def headline(incident: Incident, runbook: Runbook) -> str:
    """Which incident of what, and whether it is over, as mrkdwn."""
    of = f"{at_most(escape(runbook.service.name), _NAME)} ({at_most(escape(runbook.service.environment), _NAME)})"
    if incident.resolved_at is None:
        return f"🚨 *{incident.id} is open* · {of}"
    by = f"by {mention(incident.resolved_by)} at {moment(incident.resolved_at, _DAY_AND_TIME)}"
    return f"✅ *{incident.id} is resolved* · {of} · {by}"


def requests(incident: Incident) -> list[str]:
    """The change requests of it, the newest last, as lines of mrkdwn."""
    joined = list(incident.requests.values())
    lines = [_request(one) for one in joined[-_REQUESTS_SHOWN:]]
    earlier = len(joined) - len(lines)
    more = [f"{count(earlier, 'earlier request')} in this channel."] if earlier else []
    return ["*Requests*", *more, *lines] if lines else []


def action_id(verb: Verb, number: int | None = None) -> str:
    """What a button of an incident is known by: one message may have several of a verb, each with its number."""
    return f"incident_{verb}" if number is None else f"incident_{verb}_{number}"


def press(label: str, verb: Verb, incident: Incident, about: str = "", number: int | None = None) -> Block:
    """A button that knows its incident and what of it it is about."""
    return button(label, action_id(verb, number), incident=incident.id, about=about)


def _begun(incident: Incident) -> str:
    since = f"Since {moment(incident.made_at, _DAY_AND_TIME)}"
    if incident.request:
        return f"{since}, with {incident.request}."
    return f"{since}: `/rollback verify` by {mention(incident.opened_by)} found a required check failing."


def _request(joined: Joined) -> str:
    named_so = f"• {joined.request}: {at_most(escape(joined.what), _WHAT)}"
    if joined.ended_at is None:
        return f"{named_so} · open, see its card"
    return f"{named_so} · *{escape(joined.state)}* at {moment(joined.ended_at)}"


def _buttons(incident: Incident, runbook: Runbook) -> list[Block]:
    if incident.is_final:
        return []
    down = [press("Down since…", Verb.DOWN_SINCE, incident)] if incident.outages else []
    return [*down, *_phase_done(incident, runbook), _resolve(incident, runbook)]


def _phase_done(incident: Incident, runbook: Runbook) -> list[Block]:
    found = next_phase(incident, runbook)
    if found is None:
        return []
    number, phase = found
    asking = press("Phase done", Verb.PHASE_DONE, incident, str(number))
    text = f"Done: {plain(phase.what, 180)}. Your name and the time are recorded."
    return [confirmed(asking, title=f"{incident.id}: is this phase done?", text=text)]


def _resolve(incident: Incident, runbook: Runbook) -> Block:
    still = "The checks still see the site down. " if incident.is_down else ""
    ends = f"{incident.id} ends: its downtime is measured no longer, and no reminder that something is wrong comes. "
    is_told = any(one.when.anchor is Anchor.RESOLVED for one in runbook.communications.reminders)
    told = "A draft comes for whoever is to be told that it is over. " if is_told else ""
    text = f"{still}{ends}{told}Open checklists go on."
    return confirmed(press("Resolve", Verb.RESOLVE, incident), title=f"Resolve {incident.id}?", text=text)
