"""Downtime, measured: one round of the site's checks serves every open incident; what changes is written down.

A round whose process dies is run again. It is woken like a stream, under a name that no stream has.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.checking import Checking
from bot.core.checks import CheckResult, Verdict
from bot.core.event import Draft
from bot.core.incident import Happened, Incident
from bot.core.runbook import Runbook
from bot.journal import Journal

QUIET, SELDOM = timedelta(hours=1), timedelta(minutes=5)  # after an hour without a failure, every five minutes


class Monitoring:
    """Looks at the site while an incident is open. `wake` is called with an incident after something was written."""

    def __init__(
        self,
        *,
        journal: Journal[Incident],
        checking: Checking,
        runbook: Runbook,
        clock: Callable[[], datetime],
        wake: Callable[[str], None],
    ) -> None:
        self._journal, self._checking, self._clock, self._wake = journal, checking, clock, wake
        self._every = runbook.communications.check_every

    def look(self) -> datetime | None:
        """One round, where an incident is open; when to look next, or None where none is."""
        incidents = [incident for incident in self._journal.open() if not incident.is_final]
        if not incidents:
            return None
        began = self._clock()
        results = self._checking.site()
        if results:
            for incident in incidents:
                self._note(incident, began, [r for r in results if r.verdict is Verdict.FAILED])
        newest = max(_last_change(self._journal.read(incident.id)) for incident in incidents)
        is_quiet = began - newest >= QUIET and all(r.verdict is Verdict.PASSED for r in results)
        return began + (max(SELDOM, self._every) if is_quiet else self._every)

    def _note(self, incident: Incident, at: datetime, failed: Sequence[CheckResult]) -> None:
        if bool(failed) is incident.is_down:
            return
        names = [result.name for result in failed]
        draft = Draft(Happened.SITE_FAILED if failed else Happened.SITE_PASSED, {"at": at.isoformat(), "checks": names})
        self._journal.record_while(incident.id, lambda i: i.is_down is not bool(failed) and not i.is_final, draft)
        self._wake(incident.id)


def _last_change(incident: Incident) -> datetime:
    """When it began, or its site was last seen to fail or to recover."""
    moments = [incident.made_at, *(o.measured_at for o in incident.outages), *(o.until for o in incident.outages)]
    return max(moment for moment in moments if moment)
