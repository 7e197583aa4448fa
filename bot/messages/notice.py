"""What the bot posts in the internal channel itself, and the line of the incident's thread that says so."""

from bot.core.incident import Incident, Reminder
from bot.core.runbook import Runbook
from bot.messages.blocks import context, section
from bot.messages.picture import Picture, picture
from bot.messages.wording import at_most, escape, escape_lines, moment

_TEXT, _AUDIENCE = 2800, 200


def ours(incident: Incident) -> frozenset[str]:
    """The mentions that a draft may have put in: of the incident's own people, and its channel."""
    people = {incident.opened_by, *(one.requester for one in incident.requests.values())}
    return frozenset({f"<#{incident.channel}>", *(f"<@{person}>" for person in people)})


def notice(reminder: Reminder, incident: Incident) -> Picture:
    """The notice, with the channel to follow it in."""
    text = at_most(f"📣 {escape_lines(reminder.text, ours(incident))}", _TEXT)
    where = f"{incident.id} · <#{incident.channel}>"
    return picture(f"{text} ({where})", [section(text), context(where)])


def noted_notice(reminder: Reminder, incident: Incident, runbook: Runbook) -> Picture:
    """That it is there."""
    at = f" at {moment(reminder.at)}" if reminder.at else ""
    audience = at_most(escape(reminder.audience), _AUDIENCE)
    told = f"📣 Told {audience}: posted in <#{escape(runbook.communications.internal_channel)}>{at}."
    return picture(f"{incident.id}: {told}", [section(told)])
