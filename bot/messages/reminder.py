"""A reminder to tell somebody something: the draft to copy, what is expected of whom, and what came of it."""

from collections.abc import Iterator

from bot.core.event import BOT
from bot.core.incident import Incident, Reminder, Telling, Verb
from bot.core.incident_due import PINNED
from bot.core.runbook import Runbook
from bot.messages.blocks import actions, confirmed, context, quote, section
from bot.messages.incident import press
from bot.messages.notice import ours
from bot.messages.picture import Block, Picture, picture
from bot.messages.ways import Way, Ways, by_hand, way_of, where_to_look
from bot.messages.wording import at_most, capital, escape, escape_lines, mention, moment

_AUDIENCE, _SUBJECT, _TOLD, _FALLBACK, _DRAFT = 200, 300, 500, 700, 7000
_DOWN = "⚠️ *The checks still saw the site down when this was resolved*: make sure of the draft before it goes out."
_SYMBOLS = {
    Telling.DUE: "📣",
    Telling.SNOOZED: "💤",
    Telling.SENDING: "📤",
    Telling.LOST: "❓",
    Telling.DONE: "✅",
    Telling.DROPPED: "🔕",
}


def reminder_message(reminder: Reminder, incident: Incident, runbook: Runbook, ways: Ways) -> Picture:
    """The reminder as it stands; dead once somebody saw to it."""
    if reminder.audience == PINNED:
        return _pinned(reminder, incident)
    way = way_of(reminder, incident, runbook, ways)
    head, expected = _head(reminder), _expected(reminder, incident, runbook, way)
    blocks = [
        section(head),
        *([section(expected)] if expected else []),
        *(_draft(reminder, incident) if _shows_draft(reminder) else []),
        *actions(list(_buttons(reminder, incident, way))),
    ]
    draft = at_most(escape_lines(reminder.text, ours(incident)), _FALLBACK) if reminder.state is Telling.DUE else ""
    return picture(" ".join(part for part in (f"{incident.id}: {head}", expected, draft) if part), blocks)


def earlier_round(reminder: Reminder, incident: Incident) -> Picture:
    """The message of a round that another one followed: nothing can be pressed on it any more."""
    told = f"💤 {called(reminder)}: this was snoozed. A newer message in this thread asks again."
    return picture(f"{incident.id}: {told}", [section(told)])


def overdue(reminder: Reminder, incident: Incident) -> Picture:
    """Said once; it stays true, because it says of what moment it is."""
    at = f"At {moment(reminder.overdue_at)}" if reminder.overdue_at else "When it was due"
    ask = f"{mention(incident.opened_by)}, please see to it or ask somebody; the draft is above, in this thread."
    told = f"⏰ *Overdue: {called(reminder)}.* {at} nobody had said that it is done. {ask}"
    return picture(f"{incident.id}: {told}", [section(told)])


def outcome_of(reminder: Reminder) -> str:
    """What came of it, with who and when, as mrkdwn."""
    at = f" at {moment(reminder.at)}" if reminder.at else ""
    by = f" by {'the bot' if reminder.by == BOT else mention(reminder.by)}"
    why = f": {at_most(escape(reminder.why), _TOLD).rstrip('.')}" if reminder.why else ""
    words = {
        Telling.DUE: "not sent" if reminder.failure else "due now",
        Telling.SNOOZED: f"snoozed{by}{f' until {moment(reminder.until)}' if reminder.until else ''}",
        Telling.SENDING: f"being sent, pressed{by}{at}",
        Telling.LOST: f"maybe sent, pressed{by}",
        Telling.DONE: f"{_how(reminder)}{by}{at}",
        Telling.DROPPED: f"not needed any more{why}" if reminder.by == BOT else f"not needed, said{by}{at}{why}",
    }
    return words[reminder.state]


def _how(reminder: Reminder) -> str:
    if reminder.is_own:
        return "posted"
    return "sent" if reminder.was_sent else "marked as done"


def _head(reminder: Reminder) -> str:
    symbol = "⚠️" if reminder.state is Telling.DUE and reminder.failure else _SYMBOLS[reminder.state]
    known = f" Its reference: `{escape(reminder.reference, _SUBJECT)}`." if reminder.was_sent else ""
    return f"{symbol} *{called(reminder)}*: {outcome_of(reminder)}.{known}"


def called(reminder: Reminder) -> str:
    """What it is called, as mrkdwn."""
    if reminder.audience == PINNED:
        return "Still pinned"
    follows = not reminder.key.startswith(f"{reminder.audience}/")  # the key of an all clear begins with its own name
    own, _, _ = reminder.key.removesuffix(f"/{reminder.audience}").rpartition("/")
    what = capital(own) if follows else "Message"
    return at_most(escape(f"{what} for {reminder.audience}"), _AUDIENCE)


def _expected(reminder: Reminder, incident: Incident, runbook: Runbook, way: Way | None) -> str:
    """What somebody has to do now, and who may."""
    failed = f"{at_most(escape(reminder.failure), _TOLD)} " if reminder.failure else ""
    doubt = f"{_DOWN} " if incident.is_final and incident.is_down else ""
    match reminder.state:
        case Telling.DUE if way:
            may = "(for approvers, and whoever asked for a change here)"
            return f"{failed}{doubt}*{way.label}* {way.does} {may}. *Done*: somebody told them otherwise."
        case Telling.DUE:
            return f"{failed}{doubt}{by_hand(reminder, incident, runbook)} Then press *Done*; anybody here may."
        case Telling.LOST:
            return f"{failed}{where_to_look(reminder)} If it is there, press *Done*."
        case _:
            return ""


def _shows_draft(reminder: Reminder) -> bool:
    """While somebody may need it, and where it is what was sent."""
    return reminder.is_open or reminder.was_sent


def _draft(reminder: Reminder, incident: Incident) -> list[Block]:
    is_cut = len(reminder.text) > _DRAFT
    subject = [section(f"Subject: {escape(reminder.subject, _SUBJECT)}")] if reminder.subject else []
    note = [context("The draft is longer than a message holds; this is its beginning.")] if is_cut else []
    return [*subject, quote(reminder.text[:_DRAFT], ours(incident)), *note]


def _buttons(reminder: Reminder, incident: Incident, way: Way | None) -> Iterator[Block]:
    """Those that can act: incident_policy.refusal_of_press."""
    if not reminder.is_open or reminder.state is Telling.SENDING:
        return
    is_lost = reminder.state is Telling.LOST
    if way:
        label = f"{way.label} again" if is_lost else way.label
        twice = "It may have arrived already, and would then be there twice. " if is_lost else ""
        text = f"{twice}This button {way.does}, now and with names in place of mentions."
        asking = press(label, Verb.SEND_AGAIN if is_lost else Verb.SEND, incident, reminder.key)
        yield confirmed(asking, title=f"{label}?", text=text, is_dangerous=is_lost)
    yield press("Done", Verb.DONE, incident, reminder.key)
    if reminder.state is Telling.DUE:
        yield press("Snooze 10 min", Verb.SNOOZE, incident, reminder.key)
    yield press("Not needed", Verb.NOT_NEEDED, incident, reminder.key)


def _pinned(reminder: Reminder, incident: Incident) -> Picture:
    """Once a day, a sentence of the bot's own: nobody outside is to be told."""
    state = "" if reminder.state is Telling.DUE else f", {outcome_of(reminder)}"
    head = f"📌 *Still pinned*{state}. {at_most(escape_lines(reminder.text), _FALLBACK)}"
    note = "A day later it is looked at again; *Not needed* ends these reminders." if reminder.is_open else ""
    blocks = [section(head), *([context(note)] if note else []), *actions(list(_buttons(reminder, incident, None)))]
    return picture(f"{incident.id}: {head} {note}".strip(), blocks)
