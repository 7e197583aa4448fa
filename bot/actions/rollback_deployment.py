"""Rolling a Vercel project back: what is read for the plan, what is read again, and the one order that is sent.

It is sent once and never again: after it, only looking settles the outcome. Decisions are those of `core/rollback.py`.
"""

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

from bot.actions.rollback_target import PREVIOUS, Production, choose
from bot.adapters.vercel import DESCRIPTION_LENGTH, Answer, Vercel
from bot.core.checks import CheckResult
from bot.core.deployment import Candidate, Project, RollbackFacts, label, rollback_facts
from bot.core.errors import OutcomeUnknown, Refused, StepFailed, Unavailable
from bot.core.plan import Facts, Step
from bot.core.rollback import (
    checks,
    domains_check,
    drift,
    judge,
    proof,
    serves_everywhere,
    why_not,
)

DEADLINE = timedelta(minutes=3)
REJECTED = (400, 401, 402, 403, 404, 410, 429)  # Vercel did nothing
REJECTED_FOR_STATE = (409, 422)  # Vercel did nothing; maybe because the target is live already
LOOK_AT_THE_LIST = "`/rollback deployments` shows what is live and what can be gone to."
_CHECK_ACCESS = "Check that VERCEL_TOKEN is valid and may roll this project back, then ask again."
WAYS_OUT = {
    401: _CHECK_ACCESS,
    402: "The Vercel plan only goes back to the previous production deployment: `/rollback vercel` without a target.",
    403: _CHECK_ACCESS,
    429: "Vercel asks for patience: ask again in a minute.",
}


class RollbackDeployment:
    """The action `rollback_deployment`; its undo is the same kind of step with a promote."""

    name = "rollback_deployment"
    takes_long = False

    def __init__(self, vercel: Vercel, *, deadline: timedelta = DEADLINE) -> None:
        self.vercel = vercel
        self._deadline = deadline
        self._target = f"vercel:{vercel.project}"

    def targets(self, params: Facts) -> tuple[str, ...]:  # noqa: ARG002  # the project is the same for every ask
        """The project, as the runbook names it."""
        return (self._target,)

    def plan(self, params: Facts) -> Step:
        """The rollback to `params["target"]`: "previous" (default), a deployment id, a commit, or an address."""
        asked = str(params.get("target") or PREVIOUS)
        project = self.vercel.read_project()
        rolling = self.vercel.read_rolling_release(project.id)
        _refuse_unplannable(project)
        current = self.vercel.read_deployment(rolling.canary.id if rolling else project.most_live)
        candidates = self.vercel.list_candidates(project.id)
        seen = Production(project, current.deployment, rolling, candidates, current.plan)
        return _facts(seen, choose(self.vercel, seen, asked), "rollback").as_step(self._target)

    def recheck(self, step: Step) -> str:
        """The drift since the plan; the project is read last."""
        facts = rollback_facts(step)
        try:
            target = self.vercel.read_deployment(facts.target.id)
            rolling = self.vercel.read_rolling_release(facts.project_id)
            project = self.vercel.read_project(facts.project_id)
        except Refused as refusal:
            return refusal.text
        same = target.deployment.id == facts.target.id
        reason = why_not(target, project) if same else f"Vercel shows {target.deployment.id} in its place"
        lost = f"{facts.target.id} can no longer be gone to: {reason}." if reason else ""
        return drift(facts, project, rolling) or lost

    def execute(self, step: Step, op_id: str, reason: str) -> Facts:
        """Send the order, once, and look once."""
        facts = rollback_facts(step)
        answer = self._order(facts, f" ({op_id})", reason)
        if answer.status in REJECTED:
            raise _failure(facts, answer)
        if answer.status in REJECTED_FOR_STATE:
            return self._maybe_live_already(facts, answer)
        if not answer.is_accepted:
            raise OutcomeUnknown(f"Vercel answered {answer.status} to the {facts.how}; it may or may not carry it out.")
        if answer.status == HTTPStatus.ACCEPTED and facts.how == "promote":
            raise OutcomeUnknown("Vercel queued the promote behind a rolling release; nothing has moved yet.")
        try:
            return self._look(facts, at_deadline=False)
        except OutcomeUnknown as error:
            raise OutcomeUnknown(f"Vercel accepted the {facts.how}.", retry_at=error.retry_at) from error

    def reconcile(self, step: Step, op_id: str, *, at_deadline: bool) -> Facts:  # noqa: ARG002  # Vercel keeps no ids
        """Look whether the production domains serve the target."""
        return self._look(rollback_facts(step), at_deadline=at_deadline)

    def verify(self, step: Step, op_id: str) -> tuple[CheckResult, ...]:  # noqa: ARG002  # Vercel keeps no ids
        """The domains (required), then what a rollback leaves behind: automatic deployments and cron jobs."""
        facts = rollback_facts(step)
        try:
            project = self.vercel.read_project(facts.project_id)
        except (Unavailable, Refused) as error:
            return (domains_check(facts, error.text, passed=False),)
        return checks(facts, project)

    def undo(self, step: Step, op_id: str) -> Step:  # noqa: ARG002  # Vercel knows no operation of ours
        """Promote what was live before, which also turns automatic deployments on; of an undo: roll back again."""
        done = rollback_facts(step)
        project = self.vercel.read_project(done.project_id)
        rolling = self.vercel.read_rolling_release(project.id)
        _refuse_unplannable(project)
        if len(set(done.live.values())) > 1:
            text = "The domains served different deployments before; name the one to go to instead of an undo."
            raise Refused("undo_split", text)
        if done.target.id not in project.live.values():
            text = f"Production has moved on from {label(done.target)}; there is nothing left to undo."
            raise Refused("undo_moved_on", text)
        target = self.vercel.read_deployment(done.deployment.id)
        if reason := why_not(target, project):
            raise Refused("ineligible_target", f"{label(done.deployment)} can't be live again: {reason}.")
        how = "promote" if done.how == "rollback" else "rollback"
        if rolling and how == "promote":
            text = f"A rolling release to {label(rolling.canary)} is under way; Vercel would queue a promote behind it."
            raise Refused("rolling_release", f"{text} Complete or abort it at Vercel, then ask again.")
        facts = _facts(Production(project, done.target, rolling, ()), target, how)
        return replace(facts, auto_assign_once=done.auto_assign).as_step(step.target)

    def deadline(self) -> timedelta:
        """How long reconcile may look; the runbook's [vercel] deadline."""
        return self._deadline

    def _order(self, facts: RollbackFacts, mark: str, reason: str) -> Answer:
        if facts.how == "promote":
            return self.vercel.request_promote(facts.project_id, facts.target.id)
        description = reason[: DESCRIPTION_LENGTH - len(mark)] + mark
        return self.vercel.request_rollback(facts.project_id, facts.target.id, description)

    def _maybe_live_already(self, facts: RollbackFacts, answer: Answer) -> Facts:
        """After 409 or 422: done where the target is live all the same; unknown while an order like ours runs.

        Also while production can't be read: it may be live by somebody else's order.
        """
        try:
            project = self.vercel.read_project(facts.project_id)
        except (Unavailable, Refused) as error:
            retry_at = error.retry_at if isinstance(error, Unavailable) else None
            text = f"{_failure(facts, answer).text} Whether {facts.target.id} is live already can't be seen."
            raise OutcomeUnknown(text, retry_at=retry_at) from error
        if serves_everywhere(facts, project):
            return {**proof(facts, project), "already_live": True}
        if project.job and project.job.is_running and project.job.to_id == facts.target.id:
            raise OutcomeUnknown(f"Vercel is already moving the domains to {facts.target.id}.")
        raise _failure(facts, answer, changed=facts.moved(project.live))

    def _look(self, facts: RollbackFacts, *, at_deadline: bool) -> Facts:
        staged = facts.rolling_configured or facts.rolling is not None
        unseen = f"Whether the {facts.how} to {facts.target.id} happened can't be seen."
        try:
            project = self.vercel.read_project(facts.project_id)
            rolling = self.vercel.read_rolling_release(facts.project_id) if staged else None
        except Unavailable as error:
            raise OutcomeUnknown(f"{unseen} {error.text}", retry_at=error.retry_at) from error
        except Refused as refusal:
            raise OutcomeUnknown(f"{unseen} {refusal.text}") from refusal
        if rolling:
            share = "" if rolling.percent is None else f" ({rolling.percent:g} % of traffic)"
            raise OutcomeUnknown(f"A rolling release to {label(rolling.canary)}{share} is under way.")
        return judge(facts, project, at_deadline=at_deadline)


def _refuse_unplannable(project: Project) -> None:
    if not project.most_live:
        raise Refused("nothing_live", f"Project {project.name} has no production domain that serves a deployment.")
    if project.job and project.job.is_running:
        text = f"Vercel is moving the domains ({project.job.type} to {project.job.to_id}); ask again after it."
        raise Refused("job_running", text)


def _failure(facts: RollbackFacts, answer: Answer, *, changed: str = "") -> StepFailed:
    said = f": {answer.message}" if answer.message else ""
    text = f"Vercel refused the {facts.how} to {facts.target.id} ({answer.status}{said})."
    return StepFailed(text, changed=changed, way_out=WAYS_OUT.get(answer.status, LOOK_AT_THE_LIST))


def _facts(seen: Production, target: Candidate, how: str) -> RollbackFacts:
    project, job = seen.project, seen.project.job
    return RollbackFacts(
        project_id=project.id,
        project_name=project.name,
        live=project.live,
        deployment=seen.current,
        target=target.deployment,
        domains=list(project.live),
        how=how,
        auto_assign=project.auto_assign,
        job=job,
        rolled_back=seen.project.is_rolled_back_to(seen.current.id),
        rolling=seen.rolling,
        rolling_configured=project.rolling_configured,
        plan=target.plan,
        target_production=project.target_production,
        crons_deployment=project.crons_deployment,
    )
