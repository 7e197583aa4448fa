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


def shut(incident: Incident) -> Picture:
    """That the incident can't be told in its channel, and what people can do about it."""
    at = f"At {moment(incident.shut_at)} " if incident.shut_at else ""
    seen = f"🔇 *{incident.id}*: {at}Slack took no message of the bot in <#{incident.channel}>"
    why = f"(`{escape(incident.shut_out)}`)."
    lines = (
        f"{seen} {why} `/rollback status` lists what is due.",
        "Unarchive that channel, or invite the bot there again: it goes on there with the next message or command.",
        f"`/rollback resolve {incident.id}`, typed in another channel, closes the incident.",
    )
    return picture(" ".join(lines), [section("\n".join(lines))])


def noted_notice(reminder: Reminder, incident: Incident, runbook: Runbook) -> Picture:
    """That it is there."""
    at = f" at {moment(reminder.at)}" if reminder.at else ""
    audience = at_most(escape(reminder.audience), _AUDIENCE)
    told = f"📣 Told {audience}: posted in <#{escape(runbook.communications.internal_channel)}>{at}."
    return picture(f"{incident.id}: {told}", [section(told)])
