"""From what a person asked to the plan that people approve; or a refusal with its reason. Reads only."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.actions import Plans
from bot.adapters.slack import Slack
from bot.core.change import Kind
from bot.core.errors import Refused, Unavailable
from bot.core.event import Draft
from bot.core.plan import Facts, Plan
from bot.core.policy import PATIENCE, adds, refusal_beside, refusal_of_few
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.eligibility import Eligibility


class Planning:
    """Makes plans out of requests."""

    def __init__(
        self,
        *,
        slack: Slack,
        runbook: Runbook,
        actions: Mapping[str, Plans],
        link: Callable[[ChangeRequest], str],
        clock: Callable[[], datetime],
    ) -> None:
        self._runbook, self._actions, self._link, self._clock = runbook, actions, link, clock
        self._eligibility = Eligibility(slack, runbook)

    def drafts(self, request: ChangeRequest, others: Callable[[], Sequence[ChangeRequest]]) -> list[Draft]:
        """The event that gives the request its plan, or the one that refuses it; `others` reads the open requests.

        Raises Unavailable while something can't be reached and there is patience left.
        """
        try:
            listed = self._accept(request, others)
            return [Draft(Kind.PLAN_MADE, self._plan(request, listed))]
        except Refused as refusal:
            return [Draft(Kind.REQUEST_REFUSED, {"rule": refusal.rule, "text": refusal.text})]
        except Unavailable as error:
            if self._clock() - request.made_at < PATIENCE:
                raise
            text = f"{error.text} Nothing was changed. Ask again when it answers."
            return [Draft(Kind.REQUEST_REFUSED, {"rule": "unavailable", "text": text})]

    def _accept(self, request: ChangeRequest, others: Callable[[], Sequence[ChangeRequest]]) -> frozenset[str]:
        """The ids that may approve, the requester not among them. Raises Refused with the first rule that says no."""
        _demand(self._eligibility.refusal_of_place(request.team, request.channel))
        _demand(self._eligibility.refusal_to_ask(request.requester))
        if adds(request):
            _demand(self._eligibility.refusal_to_go_ahead(request.requester))
        _demand(refusal_beside(request, others(), self._named))
        listed = self._eligibility.approvers() - {request.requester}
        eligible = self._eligibility.count_approvers(listed, enough=request.required)
        _demand(refusal_of_few(eligible, request.required))
        return listed

    def _named(self, request: ChangeRequest) -> str:
        address = self._link(request)
        return f"<{address}|{request.id}>" if address else request.id

    def _plan(self, request: ChangeRequest, listed: frozenset[str]) -> Facts:
        steps = tuple(self._actions[ask.action].plan(ask.params) for ask in request.asks)
        now = self._clock()
        # What only adds can make nothing of the site better or worse: the steps' own checks say whether it is done.
        checks = {} if adds(request) else self._runbook.check_digests
        plan = Plan(steps, checks, self._runbook.digest, now)
        life = self._runbook.approval.expires_after
        return {
            "plan": plan.as_json(),
            "digest": plan.digest,
            "op_ids": [str(uuid.uuid4()) for _ in steps],
            "eligible": sorted(listed),
            "groups": list(self._eligibility.approver_groups()),
            "half_time_at": (now + life / 2).isoformat(),
            "expires_at": (now + life).isoformat(),
        }


def _demand(refusal: Refused | None) -> None:
    if refusal:
        raise refusal
