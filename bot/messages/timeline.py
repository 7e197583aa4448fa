"""An incident as a document, the draft of its post-mortem: what happened, who decided, what was changed and told.

It is made of the log alone and leaves no event out; what only people know has a heading and no text.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bot.core.change import Kind
from bot.core.event import BOT, Event
from bot.core.incident import Happened, downtime
from bot.messages import timeline_requests, timeline_told
from bot.messages.account import Account
from bot.messages.events import spelled, told
from bot.messages.markdown import harmless, table
from bot.messages.plan import short
from bot.messages.standing import state_words, what
from bot.messages.wording import capital, count

_DECIDED = frozenset(
    {
        *(Kind.REQUEST_MADE, Kind.APPROVAL_GIVEN, Kind.APPROVAL_WITHDRAWN, Kind.APPROVAL_VOIDED),
        *(Kind.REQUEST_APPROVED, Kind.REQUEST_REFUSED, Kind.REQUEST_DENIED, Kind.REQUEST_WITHDRAWN),
        *(Kind.REQUEST_EXPIRED, Kind.STOP_ORDERED, Kind.REQUEST_STOPPED, Kind.DRIFT_FOUND, Kind.FIRST_STEP_DRIFTED),
        *(Kind.SETTLED_AS_DONE, Kind.SETTLED_AS_NOT_DONE, Kind.LOOK_ORDERED),
        *(Happened.INCIDENT_OPENED, Happened.INCIDENT_RESOLVED, Happened.DOWN_SINCE_CORRECTED),
    }
)
_DECIDED_BY_PEOPLE = frozenset(
    {Happened.REMINDER_DONE, Happened.REMINDER_DROPPED, Happened.REMINDER_SNOOZED, Happened.PHASE_DONE}
)
_EMPTY_LINES = re.compile(r"\n{3,}")
_HEAD = ("at (UTC)", "event", "who", "what")


def timeline(account: Account) -> str:
    """The document, in Markdown."""
    return _EMPTY_LINES.sub("\n\n", "\n".join([*_lines(account), ""]))


def _lines(account: Account) -> Iterator[str]:
    incident, service = account.incident, account.runbook.service
    yield f"# {incident.id}: {harmless(service.name)}, {harmless(service.environment)}"
    yield from ("", f"Made from the bot's log at {spelled(account.drawn_at)}. Every moment is UTC.")
    yield from ("", "## Summary", "", *_summary(account))
    yield from ("", "## Downtime", *_outages(account))
    yield from ("", "## What happened", *_events(account))
    yield from ("", "## Who decided what", *table(_HEAD, (_row(account, e) for e in account.events if _is_decision(e))))
    yield from ("", "## Changes: before and after", *timeline_requests.lines(account))
    yield from ("", "## Communication", *timeline_told.communication(account))
    yield from ("", "## Checklists", *timeline_told.checklists(account))
    yield from ("", "## Recovery timeline", *timeline_told.phases(account))
    yield from ("", "## Cause", "", "## Lessons")
    yield from ("", "## People and channels", *_people(account))
    yield from ("", "## The log", *_log(account))


def _summary(account: Account) -> Iterator[str]:
    incident, runbook = account.incident, account.runbook
    opened = f"with {incident.request}" if incident.request else "with a look at production at which checks failed"
    yield f"- **Service**: {harmless(f'{runbook.service.name} ({runbook.service.environment})')}"
    yield f"- **Opened**: {spelled(incident.made_at)} by {account.who(incident.opened_by)}, {opened}"
    if incident.outages:
        yield f"- **Down since**: {spelled(min(outage.since for outage in incident.outages))}"
    yield f"- **Downtime**: {_downtime(account)}"
    if incident.resolved_at:
        after = _length(incident.resolved_at - incident.made_at)
        yield f"- **Resolved**: {spelled(incident.resolved_at)} by {account.who(incident.resolved_by)}, after {after}"
    else:
        yield "- **Resolved**: not yet"
    for request in account.requests:
        phrase, state = harmless(capital(what(request, runbook))), harmless(state_words(request))
        yield f"- **{request.id}**: {phrase}. {state}, asked by {account.who(request.requester)}"
    items = sum(len(checklist.left) for checklist in incident.checklists.values())
    yield f"- **Open**: {count(items, 'checklist item')}"


def _downtime(account: Account) -> str:
    incident = account.incident
    if not incident.outages:
        return "none was measured"
    length = _length(downtime(incident, account.drawn_at))
    if not incident.is_down:
        return length
    return f"{length} {'until it was resolved' if incident.resolved_at else 'so far'}; the site was not seen up again"


def _outages(account: Account) -> Iterator[str]:
    yield from ("", "Measured by the required checks of the site that only read, while the incident was open.")
    rows = [
        (
            spelled(outage.since),
            spelled(outage.until) if outage.until else "not seen",
            spelled(outage.measured_at),
            account.who(outage.corrected_by) if outage.corrected_by else "",
            harmless(", ".join(outage.checks)),
        )
        for outage in account.incident.outages
    ]
    head = ("down since", "up again", "first failed check", "beginning corrected by", "failing then")
    yield from table(head, rows) if rows else ("", "None of them failed.")


def _events(account: Account) -> Iterator[str]:
    streams = [account.incident.id, *(request.id for request in account.requests)]
    yield from ("", f"{count(len(account.events), 'event')}: all that the log has of {', '.join(streams)}.")
    yield from table(_HEAD, (_row(account, event) for event in account.events))


def _row(account: Account, event: Event) -> tuple[str, str, str, str]:
    data: dict[str, Any] = dict(event.data)
    about = account.incident.checklists.get(str(data.get("checklist", "")))
    if about and event.kind == Happened.ITEM_TICKED:
        data["item_text"] = about.items[data["item"]]
    return (
        spelled(event.at),
        f"{event.stream}/{event.seq}",
        account.who(event.actor),
        account.said(told(event.kind, data)),
    )


def _is_decision(event: Event) -> bool:
    return event.kind in _DECIDED or (event.kind in _DECIDED_BY_PEOPLE and event.actor != BOT)


def _people(account: Account) -> Iterator[str]:
    people = sorted(id_ for id_, name in account.names.items() if name)
    yield from table(("name", "id"), ((harmless(account.names[id_]), harmless(id_)) for id_ in people))


def _log(account: Account) -> Iterator[str]:
    yield from ("", "`python -m bot audit verify <hash>` proves what stands here against the log.")
    newest = {event.stream: event for event in account.events}
    rows = ((event.stream, str(event.seq), f"`{short(event.hash)}`") for event in newest.values())
    yield from table(("stream", "events", "newest hash"), rows)


def _length(of: timedelta) -> str:
    """How long, to the second: "1 d 2 h 14 min 20 s"."""
    minutes, seconds = divmod(int(of.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join([*parts, *([f"{seconds} s"] if seconds or not parts else [])])
