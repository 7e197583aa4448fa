"""Every message that an incident shows now. One that was posted and isn't named any more stays as it is."""

from collections.abc import Iterator

from bot.core.incident import Incident, Reminder, Telling, elsewhere, name_of_notice
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.messages import checklist, incident_end, notice, private, reminder
from bot.messages.incident import incident_message
from bot.messages.picture import Message, Place
from bot.messages.thread import card_of
from bot.messages.ways import Ways

ROOT = "incident"


def root_of(incident: Incident, request: ChangeRequest | None) -> str:
    """The `ts` of the message that the incident's thread hangs on: the card of the request that opened it.

    Without one it is the incident's own message; "" while it isn't there.
    """
    if request:
        return card_of(request)
    posted = incident.posted.get(ROOT)
    return posted.ts if posted else ""


def messages_of(incident: Incident, runbook: Runbook, ways: Ways) -> tuple[Message, ...]:
    """The messages, in the order in which they are to be posted; none in a channel that takes nothing."""
    shown = tuple(_messages(incident, runbook, ways))
    return tuple(one for one in shown if one.channel) if incident.shut_out else shown


def name_of(one: Reminder) -> str:
    """The name of a reminder's newest message."""
    return f"reminder/{one.key}/{one.round}"


def _messages(incident: Incident, runbook: Runbook, ways: Ways) -> Iterator[Message]:
    place = Place.BROADCAST if incident.request else Place.CHANNEL
    yield Message(ROOT, place, incident_message(incident, runbook))
    for one in incident.reminders.values():
        yield from _own(one, incident, runbook) if one.is_own else _reminder(one, incident, runbook, ways)
    yield from _answers(incident)
    yield from _checklists(incident, runbook)
    if incident.is_final:
        yield Message("resolved", Place.BROADCAST, incident_end.resolved(incident, runbook))
    if incident.resolved_in:
        told = incident_end.resolved(incident, runbook)
        yield Message("resolved-told", Place.PRIVATE, told, incident.resolved_by, channel=incident.resolved_in)
    internal = runbook.communications.internal_channel
    if incident.shut_out and internal and not incident.is_final:
        yield Message("channel-shut", Place.CHANNEL, notice.shut(incident), channel=internal)
    for reference in incident.faults:
        yield Message(f"fault/{reference}", Place.THREAD, private.fault_of_request(incident.id, reference))


def _own(one: Reminder, incident: Incident, runbook: Runbook) -> Iterator[Message]:
    internal = runbook.communications.internal_channel
    yield Message(name_of_notice(one), Place.CHANNEL, notice.notice(one, incident), channel=internal)
    if one.state is Telling.DONE:
        yield Message(name_of(one), Place.THREAD, notice.noted_notice(one, incident, runbook))


def _reminder(one: Reminder, incident: Incident, runbook: Runbook, ways: Ways) -> Iterator[Message]:
    for number in range(1, one.round):
        earlier = f"reminder/{one.key}/{number}"
        if _is_begun(incident, earlier):
            yield Message(earlier, Place.BROADCAST, reminder.earlier_round(one, incident))
    if one.is_open or _is_begun(incident, name_of(one)):
        yield Message(name_of(one), Place.BROADCAST, reminder.reminder_message(one, incident, runbook, ways))
    if one.overdue_at and (one.is_open or _is_begun(incident, f"overdue/{one.key}")):
        yield Message(f"overdue/{one.key}", Place.THREAD, reminder.overdue(one, incident))


def _checklists(incident: Incident, runbook: Runbook) -> Iterator[Message]:
    for one in incident.checklists.values():
        for part, shown in enumerate(checklist.checklist_messages(one, incident, runbook), 1):
            name = f"checklist/{one.name}" if part == 1 else f"checklist-{part}/{one.name}"
            yield Message(name, Place.THREAD, shown)
        ending = f"checklist-end/{one.name}"
        if one.ended_at and (one.left or _is_begun(incident, ending)):
            yield Message(ending, Place.BROADCAST, checklist.end_of_checklist(one, incident))


def _answers(incident: Incident) -> Iterator[Message]:
    for press in incident.answered:
        told = private.refusal(press.refusal)
        yield Message(f"answer/{press.seq}", Place.PRIVATE, told, press.person, channel=elsewhere(incident, press))
    for press in incident.pending:
        if press.is_held:
            told = private.held()
            where = elsewhere(incident, press)
            yield Message(f"answer-held/{press.seq}", Place.PRIVATE, told, press.person, channel=where)


def _is_begun(incident: Incident, name: str) -> bool:
    """Whether the message is there, or may be: then it has to follow what happens."""
    return name in incident.begun or name in incident.posted
