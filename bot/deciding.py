"""What a click comes to: the policy asked, people read, and the events that follow. Nothing is done here."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core.change import Kind, State
from bot.core.errors import Refused, Unavailable
from bot.core.event import Draft
from bot.core.policy import PATIENCE, RULES, needs_no_reading, refusal_without_reading
from bot.core.request import ChangeRequest, Click
from bot.core.runbook import Runbook
from bot.eligibility import Eligibility

SAY_SO_AFTER = timedelta(seconds=3)


class Deciding:
    """Decides on clicks, one at a time, in the order they came."""

    def __init__(self, *, eligibility: Eligibility, runbook: Runbook, clock: Callable[[], datetime]) -> None:
        self._eligibility, self._runbook, self._clock = eligibility, runbook, clock
        self._granted: dict[Kind, Callable[[ChangeRequest, Click], list[Draft]]] = {
            Kind.APPROVAL_CLICKED: self._approve,
            Kind.DENIAL_SUBMITTED: _deny,
            Kind.WITHDRAWAL_CLICKED: _withdraw,
            Kind.STOP_CLICKED: _stop,
            Kind.LOOK_AGAIN_CLICKED: _look_again,
            Kind.IT_HAPPENED_CLICKED: self._it_happened,
            Kind.IT_DID_NOT_CLICKED: _it_did_not,
        }

    def drafts(self, request: ChangeRequest) -> list[Draft]:
        """What the oldest pending click comes to.

        Raises Unavailable while its person can't be read and there is patience left.
        """
        click = request.pending[0]
        try:
            refusal = self._refusal(request, click)
            return [_refused(click, refusal)] if refusal else self._granted[click.kind](request, click)
        except Refused as refusal:  # Slack itself said no: an unknown user, an unreadable group
            return [_refused(click, refusal)]
        except Unavailable as error:
            waited = self._clock() - click.at
            if waited >= PATIENCE:
                return [_refused(click, Refused("unreadable", f"{error.text} Your click was not counted. Try again."))]
            if waited >= SAY_SO_AFTER and not click.is_held:
                return [Draft(Kind.CLICK_HELD, {"click": click.seq})]
            raise

    def _refusal(self, request: ChangeRequest, click: Click) -> Refused | None:
        refusal = refusal_without_reading(request, click)
        if refusal or needs_no_reading(request, click):
            return refusal
        if RULES[click.kind].by_anyone:
            return self._eligibility.refusal_to_ask(click.person)
        return self._eligibility.refusal_as_approver(click.person)

    def _approve(self, request: ChangeRequest, click: Click) -> list[Draft]:
        given = Draft(Kind.APPROVAL_GIVEN, {"click": click.seq, "digest": click.data["digest"]}, click.person)
        if len(request.approvals) + 1 < request.required:
            return [given]
        voided = [
            Draft(Kind.APPROVAL_VOIDED, {"person": a.person, "rule": refusal.rule, "text": refusal.text})
            for a in request.approvals
            if (refusal := self._eligibility.refusal_as_approver(a.person))
        ]
        if len(request.approvals) - len(voided) + 1 < request.required:
            return [given, *voided]
        return [given, *voided, Draft(Kind.REQUEST_APPROVED, {})]

    def _it_happened(self, _: ChangeRequest, click: Click) -> list[Draft]:
        until = self._clock() + self._runbook.verification.deadline
        return [Draft(Kind.SETTLED_AS_DONE, {"click": click.seq, "until": until.isoformat()}, click.person)]


def _deny(_: ChangeRequest, click: Click) -> list[Draft]:
    return [Draft(Kind.REQUEST_DENIED, {"click": click.seq, "text": click.data["reason"]}, click.person)]


def _withdraw(request: ChangeRequest, click: Click) -> list[Draft]:
    kind = Kind.REQUEST_WITHDRAWN if click.person == request.requester else Kind.APPROVAL_WITHDRAWN
    return [Draft(kind, {"click": click.seq}, click.person)]


def _stop(request: ChangeRequest, click: Click) -> list[Draft]:
    if request.running or request.state is State.RUNNING:
        return [Draft(Kind.STOP_ORDERED, {"click": click.seq}, click.person)]
    return [Draft(Kind.REQUEST_STOPPED, {"click": click.seq, "text": "No step was begun."}, click.person)]


def _look_again(_: ChangeRequest, click: Click) -> list[Draft]:
    return [Draft(Kind.LOOK_ORDERED, {"click": click.seq}, click.person)]


def _it_did_not(request: ChangeRequest, click: Click) -> list[Draft]:
    done = len(request.finished)
    text = f"<@{click.person}> looked and says that step {done + 1} did not happen."
    return [Draft(Kind.SETTLED_AS_NOT_DONE, {"click": click.seq, "text": text}, click.person)]


def _refused(click: Click, refusal: Refused) -> Draft:
    return Draft(Kind.CLICK_REFUSED, {"click": click.seq, "rule": refusal.rule, "text": refusal.text})
