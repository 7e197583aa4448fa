"""What the bot can tick of a checklist by itself, and what it saw that lets it.

An item that names checks of the runbook, in whatever language, is ticked by those. Of the others, a few English phrases
are understood; each has its verb, because "the symptoms are gone" is not answered by who said what they were.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from bot.core.change import State
from bot.core.incident import Incident, Joined
from bot.core.runbook import Runbook
from bot.core.runbook.checks import ErrorRateCheck


def evidence_for(item: str, incident: Incident, runbook: Runbook) -> str:
    """What was seen that answers this item, as a sentence; "" = the bot doesn't know."""
    words = item.casefold()
    for phrase, see in _UNDERSTOOD.items():
        if all(word in words for word in phrase.split()) and (seen := see(incident, runbook)):
            return seen
    passed = {name: f"{name}: {seen}, after {by}." for by, name, seen in _passed(incident)}
    named = _named(words, {*passed, *(check.name for check in runbook.checks)})
    return " ".join(passed[name] for name in named) if passed.keys() >= set(named) else ""


def _named(words: str, checks: Collection[str]) -> list[str]:
    """The checks whose names stand in an item; where one's is part of another's, only the longer one is meant."""
    found = []
    for name in sorted(checks, key=lambda name: (-len(name), name)):
        words, times = re.subn(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", "\n", words)
        found += [name] if times else []
    return found


def _ran(incident: Incident) -> Iterator[Joined]:
    """The requests that changed something: what was well after one that only looked was well before the others."""
    return (joined for joined in incident.requests.values() if joined.ran)


def _passed(incident: Incident) -> Iterator[tuple[str, str, str]]:
    for joined in _ran(incident):
        for name, seen in joined.passed.items():
            yield joined.request, name, seen


def _symptoms(incident: Incident, _: Runbook) -> str:
    told = [one.request for one in incident.requests.values() if one.has_reason or one.scenario]
    return f"Said with {told[0]}." if told else ""


def _backups(incident: Incident, _: Runbook) -> str:
    found = [one.request for one in incident.requests.values() if one.has_backups]
    return f"The plan of {found[0]} read a backup of every table that it restores." if found else ""


def _stakeholders(incident: Incident, _: Runbook) -> str:
    told = [one for one in incident.reminders.values() if one.was_told and "stakeholder" in one.audience.casefold()]
    return f"Told at {told[0].at:%H:%M} UTC." if told and told[0].at else ""


def _operational(incident: Incident, _: Runbook) -> str:
    verified = [one.request for one in _ran(incident) if one.state == State.VERIFIED]
    return f"Every check that decides passed after {verified[0]}." if verified else ""


def _errors(incident: Incident, runbook: Runbook) -> str:
    rates = {check.name for check in runbook.checks if isinstance(check, ErrorRateCheck)}
    return next((f"{name}: {seen}, after {by}." for by, name, seen in _passed(incident) if name in rates), "")


_UNDERSTOOD: Mapping[str, Callable[[Incident, Runbook], str]] = {
    "identify symptom": _symptoms,
    "verify backup exist": _backups,
    "notify stakeholder": _stakeholders,
    "verify systems operational": _operational,
    "monitor error logs": _errors,
}
