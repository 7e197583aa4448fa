"""Open incidents for whoever asks for the status: since when, down since when, and what waits to be told."""

from collections.abc import Callable, Iterator, Sequence

from bot.core.incident import Incident, Reminder
from bot.messages.incident_thread import ROOT, name_of
from bot.messages.reminder import called, outcome_of
from bot.messages.wording import count, escape, linked, moment

_SHOWN, _REMINDERS_SHOWN = 10, 8
_DAY_AND_TIME = "{date_short_pretty} at {time}"


def incident_lines(incidents: Sequence[Incident], link: Callable[[Incident, str], str]) -> list[str]:
    """Lines of mrkdwn, none where nothing is open or waits; `link` gives a message's address by its name."""
    shown = [one for one in incidents if not one.is_final or _waiting(one)]
    lines = [line for one in shown[:_SHOWN] for line in _lines(one, link)]
    more = [f"… and {count(len(shown) - _SHOWN, 'more incident')}"] if len(shown) > _SHOWN else []
    return ["*Incidents*", *lines, *more] if lines else []


def _lines(incident: Incident, link: Callable[[Incident, str], str]) -> Iterator[str]:
    named = linked(incident.id, link(incident, ROOT))
    if incident.resolved_at:
        yield f"✅ {named} in <#{escape(incident.channel)}>, resolved {moment(incident.resolved_at, _DAY_AND_TIME)}"
    else:
        since = f"open since {moment(incident.made_at, _DAY_AND_TIME)}"
        yield f"🚨 {named} in <#{escape(incident.channel)}>, {since}; {_down(incident)}"
    if incident.shut_out and not incident.is_final:
        why = f"Slack takes no message in its channel (`{escape(incident.shut_out)}`)"
        yield f"   🔇 {why}: `/rollback resolve {incident.id}` closes it from any other"
    waiting = _waiting(incident)
    for one in waiting[:_REMINDERS_SHOWN]:
        yield f"   📣 {linked(called(one), link(incident, name_of(one)))}: {outcome_of(one)}"
    if len(waiting) > _REMINDERS_SHOWN:
        yield f"   … and {count(len(waiting) - _REMINDERS_SHOWN, 'more reminder')}"


def _down(incident: Incident) -> str:
    if not incident.outages:
        return "no downtime seen"
    last = incident.outages[-1]
    return f"up since {moment(last.until)}" if last.until else f"*down since {moment(last.since)}*"


def _waiting(incident: Incident) -> list[Reminder]:
    return [one for one in incident.reminders.values() if one.is_open and not one.is_own]
