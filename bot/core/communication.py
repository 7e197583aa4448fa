"""The communication plan in one incident: which reminders there are, when each is due, and the words of its draft.

The plan is the runbook's. A reminder at `resolved` without recipients of its own goes to each audience that was told.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.incident import Incident, Reminder, stretches
from bot.core.runbook import Runbook
from bot.core.runbook import tables as runbook_tables
from bot.core.runbook.moments import Anchor, Moment
from bot.core.runbook.templates import fill_draft

INTERNAL, STATUS_PAGE = "internal", "status page"  # the audiences that the bot has a way to itself


@dataclass(frozen=True)
class Planned:
    """One reminder of the plan. `at` and `late_at` are None while they can't be told; `reference` is what it follows.

    `recipients` are mail addresses. One that `says_it_is_over` is due when the incident is resolved, any other before.
    """

    key: str
    audience: str
    at: datetime | None
    late_at: datetime | None
    draft: str
    subject: str
    recipients: tuple[str, ...]
    says_it_is_over: bool
    reference: str = ""

    def filled(self, facts: Mapping[str, str]) -> tuple[str, str]:
        """The subject and the text with the facts put in."""
        return fill_draft(self.subject, facts), fill_draft(self.draft, facts)


def planned(incident: Incident, runbook: Runbook) -> tuple[Planned, ...]:
    """Every reminder of the plan that is on, in the runbook's order."""
    return tuple(_planned(incident, runbook))


def _planned(incident: Incident, runbook: Runbook) -> Iterator[Planned]:
    keyed = _keyed(runbook)
    for key, reminder in keyed.items():
        if reminder.when.anchor is Anchor.RESOLVED and not reminder.recipients:
            yield from _for_each_told(incident, keyed, key)
        else:
            yield _one(incident, reminder, key)


def _keyed(runbook: Runbook) -> dict[str, runbook_tables.Reminder]:
    """The reminders that are on, by their keys: whom they tell, and when.

    So each is known again after the runbook changed, whatever stands before it; only those that tell the same audience
    at the same moment are told apart by their order.
    """
    keyed: dict[str, runbook_tables.Reminder] = {}
    counted: Counter[str] = Counter()
    for reminder in runbook.communications.reminders:
        key = f"{reminder.audience}/{reminder.when}"
        counted[key] += 1
        if not reminder.off:
            keyed[key if counted[key] == 1 else f"{key} ({counted[key]})"] = reminder
    return keyed


def _one(incident: Incident, reminder: runbook_tables.Reminder, key: str) -> Planned:
    return Planned(
        key=key,
        audience=reminder.audience,
        at=moment_in(incident, reminder.when),
        late_at=moment_in(incident, reminder.due) if reminder.due else None,
        draft=reminder.draft,
        subject=reminder.subject,
        recipients=reminder.recipients,
        says_it_is_over=reminder.when.anchor is Anchor.RESOLVED,
    )


def _for_each_told(incident: Incident, keyed: Mapping[str, runbook_tables.Reminder], key: str) -> Iterator[Planned]:
    """Who was told that something is wrong is told that it is over, in the same way."""
    of_trouble = {one.audience: one for one in keyed.values() if one.when.anchor is not Anchor.RESOLVED}
    for audience, one in of_trouble.items():
        earlier = _told_of_trouble(incident, audience)
        if earlier is None:
            continue
        clear = _one(incident, keyed[key], f"{key}/{audience}")
        is_told_since = incident.closed_at and earlier.at and earlier.at > incident.closed_at
        yield replace(
            clear,
            audience=audience,
            at=earlier.at if is_told_since else clear.at,
            subject=keyed[key].subject or earlier.subject,
            recipients=keyed.get(earlier.key, one).recipients,
            reference=on_the_page(incident) if audience.casefold() == STATUS_PAGE else earlier.reference,
        )


def _told_of_trouble(incident: Incident, audience: str) -> Reminder | None:
    """How an audience was told last that something is wrong, though the runbook may have another moment for it now."""
    of_it = [one for one in incident.reminders.values() if one.was_told and one.key.startswith(f"{audience}/")]
    return next((one for one in reversed(of_it) if one.key != f"{audience}/{Anchor.RESOLVED.value}"), None)


def on_the_page(incident: Incident) -> str:
    """What the status page calls the incident that the bot opened there; "" = it knows of none."""
    told = [one for one in incident.reminders.values() if one.was_sent and one.audience.casefold() == STATUS_PAGE]
    return next((one.reference for one in told if not one.reference.startswith("<")), "")  # which is a mail's


def recipients_of(incident: Incident, runbook: Runbook, key: str) -> tuple[str, ...]:
    """The mail addresses that a reminder goes to; () where it isn't mail."""
    return next((one.recipients for one in planned(incident, runbook) if one.key == key), ())


def says_it_is_over(incident: Incident, runbook: Runbook, key: str) -> bool:
    """Whether a reminder is an all clear; of one that the runbook has no more, whether the incident is resolved."""
    known = (one.says_it_is_over for one in planned(incident, runbook) if one.key == key)
    return next(known, incident.is_final)


def moment_in(incident: Incident, moment: Moment) -> datetime | None:
    """When a moment of the runbook comes in this incident; None while that can't be told, or never."""
    if moment.anchor is Anchor.DOWNTIME:
        return _reached(incident, moment.after)
    begun = _begun(incident, moment)
    return begun + moment.after if begun else None


def _reached(incident: Incident, wanted: timedelta) -> datetime | None:
    """When the downtime comes to that much, all outages together; None = it doesn't."""
    left = wanted
    for since, until in stretches(incident):
        if until is None or since + left <= until:
            return since + left
        left -= until - since
    return None


def _begun(incident: Incident, moment: Moment) -> datetime | None:
    joined = incident.requests.values()
    match moment.anchor:
        case Anchor.INCIDENT:
            return incident.made_at
        case Anchor.REQUEST:
            return min((one.at for one in joined), default=None)
        case Anchor.SCENARIO:
            return min((one.at for one in joined if one.scenario == moment.scenario), default=None)
        case Anchor.RUN_FINISHED:
            return incident.run_finished_at
        case _:
            return incident.resolved_at


def facts_of(incident: Incident, runbook: Runbook, states: Mapping[str, str], now: datetime) -> dict[str, str]:
    """What the placeholders of a draft stand for. `states` are the words of its requests as they stand now.

    Moments are in UTC, because a draft is copied to where nobody knows the reader's time zone, and days in digits,
    because it may be in any language. Once it is over, "now" is when it was resolved: a draft that comes back after a
    rest says so still.
    """
    joined = list(incident.requests.values())
    newest = joined[-1] if joined else None
    since = incident.outages[0].since if incident.outages else incident.made_at
    return {
        "service": runbook.service.name,
        "environment": runbook.service.environment,
        "site": runbook.service.site,
        "incident": incident.id,
        "request": newest.request if newest else "",
        "requester": f"<@{newest.requester if newest else incident.opened_by}>",
        "channel": f"<#{incident.channel}>",
        "what": newest.what if newest else "a look at what is wrong",
        "state": states.get(newest.request, "") if newest else "we are looking at it",
        "since": _spelled(since, now),
        "now": _spelled(incident.resolved_at or now, now),
    }


def _spelled(at: datetime, now: datetime) -> str:
    return f"{at:%H:%M} UTC" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M} UTC"
