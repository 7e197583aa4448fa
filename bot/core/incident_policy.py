"""Who may press what in an incident, and when it is too late. Each rule is a Refused with the way out, or None."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.core.change import State
from bot.core.communication import STATUS_PAGE, on_the_page
from bot.core.errors import Refused
from bot.core.incident import Incident, Press, Reminder, Telling, Verb, name_of_outage
from bot.core.request import ChangeRequest
from bot.core.writes import stopped_writes

LONGEST_OUTAGE = timedelta(days=7)  # before the first failed check
BY_APPROVERS = frozenset({Verb.SEND, Verb.SEND_AGAIN})  # and by who asked for a change; all else by anyone who may ask
_ON_REMINDERS = (Verb.DONE, Verb.SNOOZE, Verb.NOT_NEEDED, *BY_APPROVERS)
_NAMED = 5  # tables in a sentence
_WAYS_ON = {
    State.WAITING: "withdraw or deny it in its thread; it expires by itself{at}",
    State.APPROVED: "it goes on by itself; `/rollback stop {id}` lets no further step begin",
    State.RUNNING: "it goes on by itself; `/rollback stop {id}` ends a watch, else lets no further step begin",
    State.UNKNOWN: "look, and say in its thread whether it happened",
}


def refusal_of_press(incident: Incident, press: Press) -> Refused | None:
    """What the log alone says against a press: another workspace, another thing than there is, too late."""
    if press.data.get("team") != incident.team:
        return Refused("place", f"{incident.id} belongs to another workspace. Nothing was changed.")
    if press.verb in _ON_REMINDERS:
        return _reminder(incident, press)
    if press.verb is Verb.TICK:
        return _item(incident, press)
    if incident.resolved_at:
        by = f"<@{incident.resolved_by}> at {incident.resolved_at:%H:%M} UTC"
        return Refused("resolved", f"{incident.id} is resolved already, by {by}. Nothing was changed.")
    if press.verb is Verb.PHASE_DONE:
        return _phase(incident, press)
    return _correction(incident, press) if press.verb is Verb.DOWN_SINCE else None


def is_ended_by_hand(incident: Incident, reminder: Reminder) -> bool:
    """Whether the status page was told by a person, so that the bot doesn't know what to resolve there."""
    return incident.is_final and _is_for_the_page(reminder) and not reminder.reference


def moment_of(press: Press) -> datetime:
    """The moment that was given with a press, in UTC. Raises ValueError or OverflowError where it is none."""
    at = datetime.fromisoformat(str(press.data.get("at")))
    if at.tzinfo is None:
        raise ValueError("a moment without its time zone")
    return at.astimezone(UTC)


def is_requester(incident: Incident, person: str) -> bool:
    """Whether a person asked for one of the incident's changes."""
    return any(joined.requester == person for joined in incident.requests.values())


def refusal_to_resolve(
    incident: Incident, requests: Sequence[ChangeRequest], everywhere: Sequence[ChangeRequest]
) -> Refused | None:
    """Whether something is open that the incident may not end before: who is to be told of it would not be.

    `requests` are its own as they stand, `everywhere` all that are open: writes are stopped for everybody.
    """
    stopped = sorted({name for one in stopped_writes(everywhere) for name in one.tables})
    if stopped:
        tables = f"{', '.join(stopped[:_NAMED])}{' and more' if len(stopped) > _NAMED else ''}"
        text = f"{incident.id} can't be resolved while writes to {tables} are stopped: `/dbrestore resume-writes`."
        return Refused("writes_stopped", f"{text} Nothing was changed.")
    is_open = [_way_on(request) for request in requests if not request.is_final]
    if not is_open:
        return None
    text = f"{incident.id} can't be resolved before its requests have ended. {' '.join(is_open)}"
    return Refused("underway", f"{text} Nothing was changed.")


def _way_on(request: ChangeRequest) -> str:
    """What becomes of an open request, and what people can do to end it, as a sentence."""
    at = f" at {request.expires_at:%H:%M} UTC" if request.expires_at else ""
    way = _WAYS_ON.get(request.state, "it goes on by itself").format(id=request.id, at=at)
    return f"{request.id} ({request.state}): {way}."


def _reminder(incident: Incident, press: Press) -> Refused | None:
    reminder = incident.reminders.get(press.about)
    if reminder is None:
        return Refused("unknown", f"{incident.id} has no reminder of that name. Nothing was changed.")
    if not reminder.is_open:
        by = f" by <@{reminder.by}>" if reminder.by.startswith(("U", "W")) else ""
        at = f" at {reminder.at:%H:%M} UTC" if reminder.at else ""
        return Refused("late", f"This is settled already: {reminder.state}{by}{at}. Nothing was changed by this.")
    if reminder.state is Telling.SENDING:
        return Refused("sending", "It is being sent at this moment. Nothing was changed by this.")
    return _again(reminder, press) or _by_hand(incident, reminder, press) or _after_another(incident, reminder, press)


def _again(reminder: Reminder, press: Press) -> Refused | None:
    """What was pressed on a message that didn't show yet how the reminder stands."""
    is_lost, is_again = reminder.state is Telling.LOST, press.verb is Verb.SEND_AGAIN
    if is_lost and press.verb in (Verb.SEND, Verb.SNOOZE):
        text = "It was pressed before, and may have been sent: look whether it arrived."
        return Refused("maybe_sent", f"{text} Nothing was changed by this.")
    if is_again and not is_lost:
        return Refused("not_lost", "It is not in doubt any more whether it was sent. Nothing was changed by this.")
    if reminder.state is Telling.SNOOZED and press.verb is Verb.SNOOZE:
        return Refused("late", "It rests already. Nothing was changed by this.")
    return None


def _by_hand(incident: Incident, reminder: Reminder, press: Press) -> Refused | None:
    if press.verb not in BY_APPROVERS or not is_ended_by_hand(incident, reminder):
        return None
    text = "The bot does not know the status page's incident: end it there by hand, then press Done."
    return Refused("by_hand", f"{text} Nothing was changed.")


def _after_another(incident: Incident, reminder: Reminder, press: Press) -> Refused | None:
    """One incident on the status page for one here: while it may be opened there, nothing else opens another."""
    if press.verb not in BY_APPROVERS or not _is_for_the_page(reminder) or on_the_page(incident):
        return None
    others = [one for one in incident.reminders.values() if _is_for_the_page(one) and one.key != reminder.key]
    if any(one.state is Telling.SENDING for one in others):
        text = "Another message is being posted on the status page at this moment. Press again in a moment."
        return Refused("sending", f"{text} Nothing was changed by this.")
    if any(one.state is Telling.LOST for one in others):
        text = "Another message may have opened an incident on the status page: see to that reminder first."
        return Refused("maybe_sent", f"{text} Nothing was changed by this.")
    return None


def _is_for_the_page(reminder: Reminder) -> bool:
    return reminder.audience.casefold() == STATUS_PAGE


def _item(incident: Incident, press: Press) -> Refused | None:
    name, number = press.about.rpartition("/")[::2]
    checklist = incident.checklists.get(name)
    if checklist is None or not number.isdecimal() or int(number) >= len(checklist.items):
        return Refused("unknown", f"{incident.id} has no such item. Nothing was changed.")
    tick = checklist.ticks.get(int(number))
    if tick is None:
        return None
    by = f"<@{tick.by}>" if tick.by.startswith(("U", "W")) else "the bot"
    return Refused("late", f"This was ticked already by {by} at {tick.at:%H:%M} UTC.")


def _phase(incident: Incident, press: Press) -> Refused | None:
    """Phases are done in their order: the next one, and no other."""
    if not press.about.isdecimal() or int(press.about) > len(incident.phases_done):
        return Refused("unknown", f"That is not the phase that {incident.id} is at. Nothing was changed.")
    tick = incident.phases_done.get(int(press.about))
    if tick is None:
        return None
    by = f"<@{tick.by}>" if tick.by.startswith(("U", "W")) else tick.evidence or "the bot"
    return Refused("late", f"This phase was done already, by {by} at {tick.at:%H:%M} UTC. Nothing was changed.")


def _correction(incident: Incident, press: Press) -> Refused | None:
    if not incident.outages:
        text = f"The checks have seen no downtime in {incident.id}, so there is no beginning of it to correct."
        return Refused("never_down", f"{text} Nothing was changed.")
    if press.about != name_of_outage(incident.outages):
        text = "Another downtime began while this form was open, and only the newest can be corrected."
        return Refused("another_outage", f"{text} Press *Down since…* again. Nothing was changed.")
    try:
        at = moment_of(press)
    except (ValueError, OverflowError):
        return Refused("moment", "That is no moment. Nothing was changed.")
    last = incident.outages[-1]
    if at > (last.until or press.at):
        return Refused("moment", "The downtime can't begin after it ended, or in the future. Nothing was changed.")
    if at < last.measured_at - LONGEST_OUTAGE:
        return Refused("moment", f"That is over {LONGEST_OUTAGE.days} days before the first failed check. Look again.")
    return None
