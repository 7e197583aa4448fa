"""What is due in an incident now, and what time alone brings: reminders, checklists, phases. Pure; the clock is given.

What time brings is written down before it is posted, so each of it is said once, whatever happens in between.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum

from bot.core.communication import INTERNAL, Planned, facts_of, moment_in, planned
from bot.core.event import Draft
from bot.core.evidence import evidence_for
from bot.core.incident import Happened, Incident, Reminder, Telling, name_of_notice
from bot.core.next import Due
from bot.core.runbook import Runbook
from bot.core.runbook.tables import OWN_REMINDER

PIN_EVERY = timedelta(days=1)
OWN_PATIENCE = timedelta(seconds=60)  # with the internal channel
PINNED = OWN_REMINDER  # the key of the daily reminder, and its audience


class Act(Enum):
    """One thing that can be due."""

    NOTE = "write down what time brought"
    DECIDE = "decide on the oldest press"
    SETTLE = "say that nobody knows whether something was sent"
    LOOK_AT_PIN = "see whether production is still pinned"


def what_is_due(incident: Incident, runbook: Runbook, now: datetime) -> Due[Act]:
    """What is next for `incident`."""
    acts = [Act.NOTE] if brought(incident, runbook, {}, now) else []
    acts += [Act.DECIDE] if incident.pending else []
    acts += [Act.SETTLE] if any(r.state is Telling.SENDING for r in incident.reminders.values()) else []
    pin_at = _pin_at(incident)
    acts += [Act.LOOK_AT_PIN] if pin_at and pin_at <= now else []
    moments = [*_moments(incident, runbook), *([pin_at] if pin_at else [])]
    return Due(tuple(acts), min((moment for moment in moments if moment > now), default=None))


def brought(incident: Incident, runbook: Runbook, states: Mapping[str, str], now: datetime) -> list[Draft]:
    """What time has brought by `now` and nobody has written down; `states` are the words of the incident's requests."""
    facts = facts_of(incident, runbook, states, now)
    return [
        *(_due(one, incident, runbook, facts) for one in planned(incident, runbook) if _is_due(one, incident, now)),
        *(Draft(Happened.REMINDER_OVERDUE, {"reminder": key}) for key, at in _overdue(incident, runbook) if at <= now),
        *_own(incident, now),
        *_dropped(incident, runbook),
        *_checklists(incident, runbook, now),
        *_ticks(incident, runbook),
        *_phases(incident, runbook, now),
    ]


def refilled(incident: Incident, key: str, runbook: Runbook, facts: Mapping[str, str]) -> Draft | None:
    """The draft of a reminder as it is to be posted now, where it says something else than when it became due."""
    was = incident.reminders[key]
    filled = next((one.filled(facts) for one in planned(incident, runbook) if one.key == key), (was.subject, was.text))
    if filled == (was.subject, was.text):
        return None
    return Draft(Happened.REMINDER_REFILLED, {"reminder": key, "subject": filled[0], "text": filled[1]})


def _is_due(one: Planned, incident: Incident, now: datetime) -> bool:
    return _has_come(_due_at(one, incident), incident, now)


def _has_come(at: datetime | None, incident: Incident, now: datetime) -> bool:
    """Whether a moment is there; what was past when the incident was closed isn't caught up by a later runbook."""
    return at is not None and at <= now and (incident.closed_at is None or at > incident.closed_at)


def _due_at(one: Planned, incident: Incident) -> datetime | None:
    """When it becomes due next: at its time, or when its rest is over; None = it won't."""
    was = incident.reminders.get(one.key)
    if was is None:
        return one.at if _is_wanted(one, incident) else None
    return was.until if was.state is Telling.SNOOZED and _is_wanted(one, incident) else None


def _is_wanted(one: Planned, incident: Incident) -> bool:
    """Once it is over, nobody is told that something is wrong."""
    return one.says_it_is_over or not incident.is_final


def _due(one: Planned, incident: Incident, runbook: Runbook, facts: Mapping[str, str]) -> Draft:
    """The bot posts no all clear by itself while the checks see the site down: a person reads that draft first."""
    subject, text = one.filled(facts)
    is_internal = one.audience.casefold() == INTERNAL and bool(runbook.communications.internal_channel)
    is_own = is_internal and not (one.says_it_is_over and incident.is_down)
    data = {"reminder": one.key, "audience": one.audience, "subject": subject, "text": text}
    return Draft(Happened.REMINDER_DUE, {**data, "is_own": is_own, "reference": one.reference})


def _overdue(incident: Incident, runbook: Runbook) -> Iterator[tuple[str, datetime]]:
    for one in planned(incident, runbook):
        was = incident.reminders.get(one.key)
        asks = was is not None and was.is_open and not was.is_own and _is_wanted(one, incident)
        if was and asks and was.overdue_at is None and one.late_at:
            yield one.key, one.late_at


def _own(incident: Incident, now: datetime) -> Iterator[Draft]:
    """A notice of the bot's own is done when it is there; one that Slack doesn't take is for people to post."""
    for one in _own_notices(incident):
        posted = incident.posted.get(name_of_notice(one))
        given_up_at = _given_up_at(one, incident)
        if posted and posted.ts:
            yield Draft(Happened.REMINDER_DONE, {"reminder": one.key})
        elif given_up_at and given_up_at <= now:
            told = {"reminder": one.key, "audience": one.audience, "subject": one.subject, "text": one.text}
            yield Draft(Happened.REMINDER_DUE, {**told, "is_own": False, "reference": one.reference})


def _given_up_at(one: Reminder, incident: Incident) -> datetime | None:
    """A minute after the first attempt: what nobody tried yet, because the bot was down, isn't given up."""
    begun_at = incident.begun.get(name_of_notice(one))
    return begun_at + OWN_PATIENCE if begun_at else None


def _own_notices(incident: Incident) -> list[Reminder]:
    return [one for one in incident.reminders.values() if one.is_own and one.state is Telling.DUE]


def _dropped(incident: Incident, runbook: Runbook) -> Iterator[Draft]:
    """What nobody did while it made sense, or can do anything about, is not asked for any more."""
    wanted = {one.key for one in planned(incident, runbook) if _is_wanted(one, incident)}
    pinned = [one.key for one in incident.reminders.values() if one.key.startswith(PINNED)]
    for one in incident.reminders.values():
        if one.key in pinned[:-1]:
            why = "A later reminder says it anew."
        elif one.key in pinned:
            why = incident.pin_ended
        else:
            why = "The incident is resolved." if incident.is_final and one.key not in wanted else ""
        if incident.is_final and incident.shut_out:
            why = "Slack takes no message in the incident's channel any more, so nobody can be asked there."
        if why and one.state in (Telling.DUE, Telling.SNOOZED) and not one.is_own:
            yield Draft(Happened.REMINDER_DROPPED, {"reminder": one.key, "why": why})


def _checklists(incident: Incident, runbook: Runbook, now: datetime) -> Iterator[Draft]:
    for one in runbook.checklists:
        opens_at, ends_at = moment_in(incident, one.when), moment_in(incident, one.due) if one.due else None
        was = incident.checklists.get(one.name)
        if was is None and _has_come(opens_at, incident, now):
            yield Draft(Happened.CHECKLIST_OPENED, {"checklist": one.name, "items": list(one.items)})
        elif was and was.ended_at is None and _has_come(ends_at, incident, now):
            yield Draft(Happened.CHECKLIST_ENDED, {"checklist": one.name})


def _ticks(incident: Incident, runbook: Runbook) -> Iterator[Draft]:
    """What the bot can see by itself."""
    for checklist in incident.checklists.values():
        for number, item in enumerate(checklist.items):
            evidence = "" if number in checklist.ticks else evidence_for(item, incident, runbook)
            if evidence:
                yield Draft(Happened.ITEM_TICKED, {"checklist": checklist.name, "item": number, "evidence": evidence})


def _phases(incident: Incident, runbook: Runbook, now: datetime) -> Iterator[Draft]:
    """A run that was carried through ends the phase that was going on; one whose time is over without that is late."""
    if incident.is_final:
        return
    ran = [one for one in incident.requests.values() if one.ran and one.ended_at]
    for number, phase in enumerate(runbook.timeline):
        begins, ends = incident.made_at + phase.begins, incident.made_at + phase.ends
        by = next((one.request for one in ran if one.ended_at and one.ended_at >= begins), "")
        if number in incident.phases_done:
            continue
        if by:
            yield Draft(Happened.PHASE_DONE, {"phase": number, "request": by})
        elif ends <= now and number not in incident.phases_late:
            yield Draft(Happened.PHASE_LATE, {"phase": number})


def _moments(incident: Incident, runbook: Runbook) -> Iterator[datetime]:
    """Every moment at which time alone brings something that it hasn't brought yet."""
    yield from (at for one in planned(incident, runbook) if (at := _due_at(one, incident)))
    yield from (at for _, at in _overdue(incident, runbook))
    yield from (at for one in _own_notices(incident) if (at := _given_up_at(one, incident)))
    for one in runbook.checklists:
        was = incident.checklists.get(one.name)
        wanted = one.when if was is None else one.due if was.ended_at is None else None
        if wanted and (at := moment_in(incident, wanted)):
            yield at
    for number, phase in enumerate(runbook.timeline):
        if not incident.is_final and number not in incident.phases_done and number not in incident.phases_late:
            yield incident.made_at + phase.ends


def _pin_at(incident: Incident) -> datetime | None:
    """When to look next whether production is still pinned; None = not at all."""
    by = incident.pinned_by
    if by is None or by.ended_at is None or incident.pin_ended:
        return None
    told = [one for one in incident.reminders.values() if one.key.startswith(PINNED) and one.due_at > by.ended_at]
    if told and told[-1].state is Telling.DROPPED:  # the newest: those before it made room for it
        return None
    rests = [one.until for one in told if one.state is Telling.SNOOZED and one.until]
    return min([*rests, max(by.ended_at, incident.pin_seen_at or by.ended_at) + PIN_EVERY])
