"""What a press in an incident comes to: the policy asked, people read, and the events that follow.

Also what time brought is written down here, with the words that the incident's requests stand at now.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from bot.core.communication import facts_of
from bot.core.errors import Refused, Unavailable
from bot.core.event import ConflictError, Draft
from bot.core.incident import Happened, Incident, Press, Telling, Verb, elsewhere, name_of_notice
from bot.core.incident_due import brought, refilled
from bot.core.incident_policy import BY_APPROVERS, is_requester, moment_of, refusal_of_press, refusal_to_resolve
from bot.core.plan import Facts
from bot.core.policy import PATIENCE
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.eligibility import Eligibility
from bot.journal import Journal
from bot.messages.incident_thread import name_of
from bot.messages.picture import Message
from bot.sending import Sending

REST = timedelta(minutes=10)
SAY_SO_AFTER = timedelta(seconds=3)
LONGEST_WHY = 500


class Responding:
    """Decides on presses, one at a time, in the order they came."""

    def __init__(
        self,
        *,
        journal: Journal[Incident],
        requests: Journal[ChangeRequest],
        eligibility: Eligibility,
        sending: Sending,
        clock: Callable[[], datetime],
    ) -> None:
        self._journal, self._requests, self._eligibility = journal, requests, eligibility
        self._sending, self._clock = sending, clock

    def note(self, incident: Incident, runbook: Runbook) -> None:
        """Write down what time brought."""
        self._journal.record(incident, *brought(incident, runbook, self._states(incident), self._clock()))

    def renew(self, incident: Incident, message: Message, runbook: Runbook) -> bool:
        """Fill the draft anew that a message is about to show, where Slack took so long that it isn't so any more.

        Gives whether it was: the message has to be drawn anew, then.
        """
        due = (one for one in incident.reminders.values() if one.state is Telling.DUE)
        shown = next((one for one in due if message.name in (name_of(one), name_of_notice(one))), None)
        draft = refilled(incident, shown.key, runbook, self._facts(incident, runbook)) if shown else None
        if draft is None:
            return False
        with suppress(ConflictError):  # somebody wrote meanwhile: it is drawn from that
            self._journal.record(incident, draft)
        return True

    def decide(self, incident: Incident) -> None:
        """Write down what the oldest pending press comes to.

        Raises Unavailable while its person can't be read and there is patience left.
        """
        press = incident.pending[0]
        try:
            refusal = self._refusal(incident, press)
        except Refused as unreadable:  # Slack itself said no: an unknown user, an unreadable group
            refusal = unreadable
        except Unavailable as error:
            waited = self._clock() - press.at
            if waited < PATIENCE:
                self._hold(incident, press, waited)
                raise
            refusal = Refused("unreadable", f"{error.text} What you pressed was not counted. Try again.")
        if refusal:
            told: Facts = {"press": press.seq, "rule": refusal.rule, "text": refusal.text}
            self._journal.record(incident, Draft(Happened.PRESS_REFUSED, told))
        elif press.verb in BY_APPROVERS:
            self._sending.begin(incident, press)
        else:
            self._journal.record(incident, self._granted(incident, press))

    def _hold(self, incident: Incident, press: Press, waited: timedelta) -> None:
        if waited >= SAY_SO_AFTER and not press.is_held:
            self._journal.record(incident, Draft(Happened.PRESS_HELD, {"press": press.seq}))

    def _refusal(self, incident: Incident, press: Press) -> Refused | None:
        refusal = refusal_of_press(incident, press)
        if refusal is None and press.verb is Verb.RESOLVE:
            refusal = refusal_to_resolve(incident, self._of(incident), self._requests.open())
        refusal = refusal or self._refusal_of_place(incident, press)
        if refusal:
            return refusal
        if press.verb in BY_APPROVERS and not is_requester(incident, press.person):
            return self._eligibility.refusal_as_approver(press.person)
        return self._eligibility.refusal_to_ask(press.person)

    def _refusal_of_place(self, incident: Incident, press: Press) -> Refused | None:
        """The channel that an incident of another one is named in is one where commands work."""
        asked_in = elsewhere(incident, press)
        return self._eligibility.refusal_of_place(incident.team, asked_in) if asked_in else None

    def _facts(self, incident: Incident, runbook: Runbook) -> dict[str, str]:
        return facts_of(incident, runbook, self._states(incident), self._clock())

    def _states(self, incident: Incident) -> dict[str, str]:
        return {request.id: str(request.state) for request in self._of(incident)}

    def _of(self, incident: Incident) -> Sequence[ChangeRequest]:
        return [self._requests.read(stream) for stream in incident.requests]

    def _granted(self, incident: Incident, press: Press) -> Draft:
        kind, data = self._comes_to(incident, press)
        return Draft(kind, {"press": press.seq, **data}, press.person)

    def _comes_to(self, incident: Incident, press: Press) -> tuple[Happened, Facts]:
        name, _, number = press.about.rpartition("/")
        why = str(press.data.get("why", ""))[:LONGEST_WHY]
        found: dict[Verb, Callable[[], tuple[Happened, Facts]]] = {
            Verb.DONE: lambda: (Happened.REMINDER_DONE, {"reminder": press.about}),
            Verb.SNOOZE: lambda: (Happened.REMINDER_SNOOZED, {"reminder": press.about, "until": self._after_a_rest()}),
            Verb.NOT_NEEDED: lambda: (Happened.REMINDER_DROPPED, {"reminder": press.about, "why": why}),
            Verb.TICK: lambda: (Happened.ITEM_TICKED, {"checklist": name, "item": int(number)}),
            Verb.PHASE_DONE: lambda: (Happened.PHASE_DONE, {"phase": int(press.about)}),
            Verb.RESOLVE: lambda: (Happened.INCIDENT_RESOLVED, {}),
            Verb.DOWN_SINCE: lambda: (
                Happened.DOWN_SINCE_CORRECTED,
                {"at": moment_of(press).isoformat(), "was": incident.outages[-1].since.isoformat()},
            ),
        }
        return found[press.verb]()

    def _after_a_rest(self) -> str:
        return (self._clock() + REST).isoformat()
