"""What people can do in an incident, and how a change request comes to belong to one: one open incident a channel."""

import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from bot.changes import Delivery
from bot.core.change import Kind, State
from bot.core.checks import CheckResult, Verdict
from bot.core.errors import Refused
from bot.core.event import DeliveredBeforeError, Draft, UnknownStreamError
from bot.core.incident import SITE, Happened, Incident, Verb
from bot.core.pin import last_rollback
from bot.core.plan import Facts
from bot.core.request import ChangeRequest
from bot.core.restore import ACTION
from bot.core.runbook import Runbook
from bot.journal import Journal
from bot.messages.standing import asked_for
from bot.messages.wording import plain

EVER = sys.maxsize  # incidents: the last one of a channel may be long ago
LONGEST_WHAT = 600  # characters; it stands in drafts
_RAN = (State.VERIFIED, State.CHECKS_FAIL)


class Incidents:
    """The verbs. `wake` is called with a stream after something was written to it, never before.

    `answer_through` is given an incident, and the address at which a person reads its answer in another channel.
    """

    def __init__(
        self,
        *,
        journal: Journal[Incident],
        requests: Journal[ChangeRequest],
        runbook: Runbook,
        wake: Callable[[str], None],
        answer_through: Callable[[str, str, str], None] = lambda _, __, ___: None,
    ) -> None:
        self._journal, self._requests, self._runbook, self._wake = journal, requests, runbook, wake
        self._answer_through = answer_through
        self._opening = threading.Lock()  # two requests of one channel may come at once

    def open_in(self, channel: str) -> Incident | None:
        """The channel's incident that isn't resolved yet; None = all is well there."""
        return next((one for one in self._journal.open() if one.channel == channel and not one.is_final), None)

    def newest_in(self, channel: str) -> Incident:
        """The channel's incident: the open one, else the one that was opened last. Raises Refused where none was."""
        found = next((one for one in self._journal.newest(EVER) if one.channel == channel), None)
        if found is None:
            text = "No incident was ever open in this channel. One opens with the first request, or when a required"
            raise Refused("no_incident", f"{text} check fails at `/rollback verify`. Nothing was changed.")
        return found

    def open_and_newest(self) -> tuple[Incident, ...]:
        """Every incident that something is left to do for, and the newest of the others, oldest first."""
        return self._journal.open_and_newest()

    def join(self, request: ChangeRequest) -> None:
        """Let a request belong to the incident of its channel, which it opens where there is none."""
        joined = Draft(Happened.REQUEST_JOINED, self._said_of(request), request.requester)
        with self._opening:
            if self._incident_of(request) is None:
                incident = self.open_in(request.channel)
                if incident:  # resolved meanwhile, it is left as it is: asked again, the request opens the next one
                    self._journal.record_while(incident.id, lambda one: not one.is_final, joined)
                else:
                    where: Facts = {"team": request.team, "channel": request.channel, "request": request.id}
                    self._open(Draft(Happened.INCIDENT_OPENED, where, request.requester), joined)
            incident = self._incident_of(request)
        if incident:
            self._requests.note(request.id, Draft(Kind.INCIDENT_JOINED, {"incident": incident.id}))
            self._wake(incident.id)

    def _incident_of(self, request: ChangeRequest) -> Incident | None:
        return next((one for one in self._journal.open() if request.id in one.requests), None)

    def tell(self, request: ChangeRequest) -> None:
        """Let the incident know how one of its requests ended."""
        data: Facts = {
            "request": request.id,
            "state": str(request.state),
            "at": (request.ending.at if request.ending else request.made_at).isoformat(),
            "ran": request.state in _RAN and bool(request.required),  # what needs no approval rolls nothing back
            "pins": last_rollback([request]) is not None,
            "passed": {r.name: r.seen for r in request.results or () if r.verdict is Verdict.PASSED},
        }
        ended = Draft(Happened.REQUEST_ENDED, data)
        self._journal.record_while(request.incident, lambda i: not i.requests[request.id].ended_at, ended)
        self._requests.note(request.id, Draft(Kind.INCIDENT_TOLD, {}))
        self._wake(request.incident)

    def note_verification(self, delivery: Delivery, results: Sequence[CheckResult]) -> str:
        """Open the channel's incident where a person's look at production found a required check failing.

        Gives its id; "" where none was opened: nothing fails, or one is open there already.
        """
        failing = [result.name for result in results if result.required and result.verdict is Verdict.FAILED]
        if not failing:
            return ""
        with self._opening:
            if self.open_in(delivery.channel):
                return ""
            where: Facts = {"team": delivery.team, "channel": delivery.channel, "request": "", "checks": failing}
            opened = self._open(Draft(Happened.INCIDENT_OPENED, where, delivery.person))
        self._wake(opened)
        return opened

    def press(self, verb: Verb, stream: str, about: str, delivery: Delivery, **more: Any) -> None:
        """Keep what someone pressed; it is decided afterwards. The same delivery again changes nothing.

        Raises Refused where there is no such incident.
        """
        data = {"verb": str(verb), "about": about, "team": delivery.team, "channel": delivery.channel, **more}
        try:
            self._journal.note(stream, Draft(Happened.PRESSED, data, delivery.person, delivery.id))
        except DeliveredBeforeError:
            pass
        except UnknownStreamError:
            raise Refused("unknown_incident", f"There is no incident {stream}. Nothing was changed.") from None
        self._wake(stream)

    def resolve(self, delivery: Delivery, stream: str = "") -> str:
        """Have an incident closed, of any channel where it is named, else the channel's own; its id.

        Raises Refused where there is none.
        """
        incident = self.incident(stream) if stream else self.open_in(delivery.channel)
        if incident is None:
            way = "`/rollback resolve I-1` closes one of another channel; `/rollback status` lists them."
            raise Refused("no_incident", f"No incident is open in this channel. {way} Nothing was changed.")
        if incident.channel != delivery.channel and delivery.response_url:
            self._answer_through(incident.id, delivery.response_url, delivery.person)
        self.press(Verb.RESOLVE, incident.id, "", delivery)
        return incident.id

    def incident(self, stream: str) -> Incident:
        """An incident as it stands. Raises Refused where there is none."""
        try:
            return self._journal.read(stream)
        except UnknownStreamError:
            raise Refused("unknown_incident", f"There is no incident {stream}. Nothing was changed.") from None

    def _said_of(self, request: ChangeRequest) -> Facts:
        return {
            "request": request.id,
            "what": plain(asked_for(request, self._runbook), LONGEST_WHAT),
            "scenario": request.scenario,
            "has_reason": bool(request.reason),
            "has_backups": any(step.action == ACTION for step in request.plan.steps) if request.plan else False,
        }

    def _open(self, *drafts: Draft) -> str:
        stream = self._journal.begin(*drafts)
        self._wake(SITE)
        return stream
