"""A checklist in the thread: a tick button an item, and beside a ticked one who it was or what the bot saw.

A long one goes on in further messages. Which item stands in which never changes, or a button would move under a thumb.
"""

from collections.abc import Iterator

from bot.core.communication import moment_in
from bot.core.event import BOT
from bot.core.incident import Checklist, Incident, Tick, Verb
from bot.core.runbook import Runbook
from bot.messages.blocks import MESSAGE_TEXT, section, sections
from bot.messages.incident import press
from bot.messages.picture import Block, Picture, picture
from bot.messages.wording import at_most, count, escape, mention, moment

_NAME, _ITEM, _EVIDENCE = 500, 500, 300
_ROOM = MESSAGE_TEXT - 1500  # beside the head
_BESIDE = _EVIDENCE + 100  # what an item may grow by when it is ticked
_ITEMS = 40  # in one message, of the 50 blocks that Slack allows
_LEFT_SHOWN = 15
_DAY_AND_TIME = "{date_short_pretty} at {time}"


def checklist_messages(checklist: Checklist, incident: Incident, runbook: Runbook) -> list[Picture]:
    """The list as it stands, in as many messages as it takes."""
    head = f"📋 *{_name(checklist)}* · {_so_far(checklist)}{_until(checklist, incident, runbook)}"
    parts = list(_parts(checklist))
    pictures = []
    for part, numbers in enumerate(parts, 1):
        of = f" · part {part} of {len(parts)}" if len(parts) > 1 else ""
        items = [_item(checklist, number, incident) for number in numbers]
        needed = " Tick what is done." if checklist.left else ""
        pictures.append(picture(f"{incident.id}: {head}{of}.{needed}", [section(f"{head}{of}"), *items]))
    return pictures


def end_of_checklist(checklist: Checklist, incident: Incident) -> Picture:
    """Its time is over, and some of it was open."""
    at = f" at {moment(checklist.ended_at, _DAY_AND_TIME)}" if checklist.ended_at else ""
    head = f"⏰ *{_name(checklist)}*: its time ended{at}."
    open_now = [f"• {at_most(escape(item), _ITEM)}" for item in checklist.left]
    more = len(open_now) - _LEFT_SHOWN
    told = [f"Still open ({len(open_now)}):", *open_now[:_LEFT_SHOWN], *([f"… and {more} more"] if more > 0 else [])]
    lines = [head, *(told if open_now else ["Everything is ticked by now."])]
    ask = "Tick them in the list above, in this thread." if open_now else ""
    text = f"{incident.id}: {head} {f'{len(open_now)} still open. {ask}' if ask else lines[-1]}"
    return picture(text, sections([*lines, ask] if ask else lines))


def _parts(checklist: Checklist) -> Iterator[list[int]]:
    part: list[int] = []
    length = 0
    for number, item in enumerate(checklist.items):
        grown = min(len(escape(item)), _ITEM) + _BESIDE
        if part and (length + grown > _ROOM or len(part) == _ITEMS):
            yield part
            part, length = [], 0
        part, length = [*part, number], length + grown
    yield part


def _name(checklist: Checklist) -> str:
    return at_most(escape(checklist.name), _NAME)


def _so_far(checklist: Checklist) -> str:
    return f"{len(checklist.items) - len(checklist.left)} of {count(len(checklist.items), 'item')} ticked"


def _until(checklist: Checklist, incident: Incident, runbook: Runbook) -> str:
    """When its time ends or ended; nothing where the runbook sets no end, or that can't be told."""
    if checklist.ended_at:
        return f" · its time ended {moment(checklist.ended_at, _DAY_AND_TIME)}"
    due = next((one.due for one in runbook.checklists if one.name == checklist.name), None)
    at = moment_in(incident, due) if due else None
    return f" · until {moment(at, _DAY_AND_TIME)}" if at and checklist.left else ""


def _item(checklist: Checklist, number: int, incident: Incident) -> Block:
    item, tick = at_most(escape(checklist.items[number]), _ITEM), checklist.ticks.get(number)
    if tick:
        return section(f"☑️ {item}\n{_ticked(tick)}")
    asking = press("Tick", Verb.TICK, incident, f"{checklist.name}/{number}", number)
    return {**section(f"▫️ {item}"), "accessory": asking}


def _ticked(tick: Tick) -> str:
    if tick.by == BOT:
        return f"Ticked by the bot at {moment(tick.at)}: {at_most(escape(tick.evidence), _EVIDENCE)}"
    return f"Ticked by {mention(tick.by)} at {moment(tick.at)}"
