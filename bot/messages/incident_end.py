"""The closing summary of an incident: who ended it, downtime, what was done, who was told, what is still open.

It follows what happens afterwards, so what it calls open is open.
"""

from collections.abc import Iterator

from bot.core.incident import Incident, Reminder
from bot.core.incident_due import PINNED
from bot.core.runbook import Runbook
from bot.messages.blocks import sections
from bot.messages.downtime import total
from bot.messages.incident import headline, requests
from bot.messages.picture import Picture, picture
from bot.messages.reminder import called, outcome_of
from bot.messages.wording import at_most, count, escape, moment

_NAME, _SHOWN = 160, 12
_TIMELINE = "`/rollback timeline` gives all of it as a file, with room for the cause and the lessons."


def resolved(incident: Incident, runbook: Runbook) -> Picture:
    """The summary."""
    head = f"{headline(incident, runbook)}\n{_since(incident)} {total(incident, runbook)}"
    told, left = list(_told(incident)), list(_open(incident))
    blocks = sections(
        [
            head,
            *requests(incident),
            *(["*Who was told*", *_some(told)] if told else ["Nobody was told through the bot."]),
            *(["*Still open*", *_some(left)] if left else ["Nothing is open."]),
            _TIMELINE,
        ]
    )
    is_open = f"Still open: {count(len(left), 'thing')}, see the thread." if left else "Nothing is open."
    return picture(f"{head} {is_open}", blocks)


def _since(incident: Incident) -> str:
    return f"It was open since {moment(incident.made_at, '{date_short_pretty} at {time}')}."


def _told(incident: Incident) -> Iterator[str]:
    """Whoever was to be told, and what came of it."""
    for one in _settled(incident):
        yield f"• {called(one)}: {outcome_of(one)}"


def _settled(incident: Incident) -> list[Reminder]:
    return [one for one in incident.reminders.values() if not one.is_open and one.audience != PINNED]


def _open(incident: Incident) -> Iterator[str]:
    for one in incident.requests.values():
        if one.ended_at is None:
            yield f"• {one.request} has not ended: see its card"
    for reminder in incident.reminders.values():
        if reminder.is_open and reminder.audience != PINNED:
            yield f"• {called(reminder)}: {outcome_of(reminder)}, in the thread"
    for checklist in incident.checklists.values():
        if checklist.left:
            yield f"• {at_most(escape(checklist.name), _NAME)}: {count(len(checklist.left), 'item')} not ticked"
    if incident.pinned_by and not incident.pin_ended:
        yield f"• Production may still be pinned by {incident.pinned_by.request}: pushes do not go live then"


def _some(lines: list[str]) -> list[str]:
    more = len(lines) - _SHOWN
    return [*lines[:_SHOWN], *([f"… and {more} more"] if more > 0 else [])]
