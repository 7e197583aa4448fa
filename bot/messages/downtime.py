"""Downtime in words: what the checks measured, as moments, and who corrected its beginning."""

from datetime import timedelta

from bot.core.incident import Incident, Outage, downtime
from bot.core.runbook import Runbook
from bot.messages.wording import at_most, count, escape, listed, mention, moment

_SHOWN, _CHECKS_SHOWN, _NAME = 3, 4, 60
_MINUTE = timedelta(minutes=1)


def measured(incident: Incident, runbook: Runbook) -> list[str]:
    """What is known of it, newest last, as lines of mrkdwn."""
    if not incident.outages:
        return [_none(runbook, "have seen")]
    earlier = len(incident.outages) - _SHOWN
    more = [f"Before that, it was down {count(earlier, 'more time')}."] if earlier > 0 else []
    return [*more, *(_line(outage, incident) for outage in incident.outages[-_SHOWN:])]


def total(incident: Incident, runbook: Runbook) -> str:
    """All of it together, as a sentence; of what has no end yet, until the incident was resolved."""
    if not incident.outages:
        return _none(runbook, "saw")
    whole = downtime(incident, incident.resolved_at or incident.made_at)
    still = " The checks still saw the site down then." if incident.is_down else ""
    return f"Downtime in all: {_minutes(whole)}.{still}"


def _none(runbook: Runbook, have_seen: str) -> str:
    if not runbook.watched:
        return "Downtime is not measured: the runbook has no required check that only reads a page."
    return f"The checks {have_seen} no downtime."


def _line(outage: Outage, incident: Incident) -> str:
    names = [at_most(escape(name), _NAME) for name in outage.checks]
    more = [f"{len(names) - _CHECKS_SHOWN} more"] if len(names) > _CHECKS_SHOWN else []
    since, said = moment(outage.since), _corrected(outage)
    if outage.until:
        return f"🟢 Works again since {moment(outage.until)}; it was down since {since}{said}."
    if incident.is_final:
        return f"🔴 Down since {since}{said}, and still when this was resolved."
    failing = f" First seen to fail: {listed(names[:_CHECKS_SHOWN] + more)}." if names else ""
    return f"🔴 *Down since {since}*{said}.{failing}"


def _corrected(outage: Outage) -> str:
    if not outage.corrected_by:
        return ""
    return f" (said by {mention(outage.corrected_by)}; the first failed check was at {moment(outage.measured_at)})"


def _minutes(whole: timedelta) -> str:
    if whole < _MINUTE:
        return "less than a minute"
    hours, minutes = divmod(int(whole / _MINUTE), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
