"""Rolling a Vercel project back: what is read for the plan, what is read again, and the one order that is sent.

It is sent once and never again: after it, only looking settles the outcome. Decisions are those of `core/rollback.py`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from bot.adapters.vercel import DESCRIPTION_LENGTH, Answer, Vercel
from bot.core.checks import CheckResult
from bot.core.deployment import Candidate, Deployment, Project, RollbackFacts, RollingRelease, label, rollback_facts
from bot.core.errors import OutcomeUnknown, Refused, StepFailed, Unavailable
from bot.core.plan import Facts, Step
from bot.core.rollback import (
    checks,
    domains_check,
    drift,
    eligible,
    judge,
    previous,
    proof,
    serves_everywhere,
    spell,
    why_not,
)

PREVIOUS = "previous"
DEADLINE = timedelta(minutes=3)
DASHBOARD = ("vercel.com", "www.vercel.com")
REJECTED = (400, 401, 402, 403, 404, 410, 429)  # Vercel did nothing
REJECTED_FOR_STATE = (409, 422)  # Vercel did nothing; maybe because the target is live already
DPL = re.compile(r"dpl_[A-Za-z0-9]{1,64}")
BARE_ID = re.compile(r"[A-Za-z0-9]{20,64}")
HOST = re.compile(r"(?=.{1,253}$)[\w-]+(\.[\w-]+)+")


@dataclass(frozen=True)
class Production:
    """What a plan is made on; `current` is what is live, or in a rolling release what is being rolled out."""

    project: Project
    current: Deployment
    rolling: RollingRelease | None
    candidates: Sequence[Candidate]


class RollbackDeployment:
    """The action `rollback_deployment`; its undo is the same kind of step with a promote."""

    name = "rollback_deployment"

    def __init__(self, vercel: Vercel, *, deadline: timedelta = DEADLINE) -> None:
        self._vercel = vercel
        self._deadline = deadline
        self._target = f"vercel:{vercel.project}"

    def targets(self, params: Facts) -> tuple[str, ...]:  # noqa: ARG002  # the project is the same for every ask
        """The project, as the runbook names it."""
        return (self._target,)

    def plan(self, params: Facts) -> Step:
        """The rollback to `params["target"]`: "previous" (default), a deployment id, or an address."""
        asked = str(params.get("target") or PREVIOUS)
        project = self._vercel.read_project()
        rolling = self._vercel.read_rolling_release(project.id)
        _refuse_unplannable(project, needs_one_live=asked == PREVIOUS and not rolling)
        current = self._vercel.read_deployment(rolling.canary.id if rolling else project.most_live).deployment
        seen = Production(project, current, rolling, self._vercel.list_candidates(project.id))
        return _facts(seen, self._choose(seen, asked), "rollback").as_step(self._target)

    def recheck(self, step: Step) -> str:
        """The drift since the plan; the project is read last."""
        facts = rollback_facts(step)
        try:
            target = self._vercel.read_deployment(facts.target.id)
            rolling = self._vercel.read_rolling_release(facts.project_id)
            project = self._vercel.read_project(facts.project_id)
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
            raise StepFailed(_refusal(facts, answer))
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
            project = self._vercel.read_project(facts.project_id)
        except (Unavailable, Refused) as error:
            return (domains_check(facts, error.text, passed=False),)
        return checks(facts, project)

    def undo(self, step: Step) -> Step:
        """Promote what was live before, which also turns automatic deployments on; of an undo: roll back again."""
        done = rollback_facts(step)
        project = self._vercel.read_project(done.project_id)
        rolling = self._vercel.read_rolling_release(project.id)
        _refuse_unplannable(project, needs_one_live=False)
        if len(set(done.live.values())) > 1:
            text = "The domains served different deployments before; name the one to go to instead of an undo."
            raise Refused("undo_split", text)
        if done.target.id not in project.live.values():
            text = f"Production has moved on from {label(done.target)}; there is nothing left to undo."
            raise Refused("undo_moved_on", text)
        target = self._vercel.read_deployment(done.deployment.id)
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

    def _choose(self, seen: Production, asked: str) -> Candidate:
        instead = eligible(seen.candidates, seen.current.id)
        target = self._find(seen, asked, instead)
        if reason := why_not(target, seen.project):
            raise Refused("ineligible_target", f"{target.deployment.id} can't be rolled back to: {reason}. {instead}")
        if target.deployment.id == seen.current.id and (seen.rolling or not seen.project.is_split):
            raise Refused("already_live", f"{label(target.deployment)} is what is live already. {instead}")
        if not _is_offered(seen, target.deployment.id):
            text = f"Vercel does not offer {label(target.deployment)} for a rollback. {instead}"
            raise Refused("ineligible_target", text)
        if asked != PREVIOUS and target.plan == "hobby" and target.deployment.id != _previous_id(seen):
            text = "Vercel's Hobby plan only goes back to the previous production deployment; leave the target out."
            raise Refused("hobby_plan", text)
        return target

    def _find(self, seen: Production, asked: str, instead: str) -> Candidate:
        if asked == PREVIOUS:
            if not (id_ := _previous_id(seen)):
                raise Refused("nothing_eligible", f"No earlier production deployment can be rolled back to. {instead}")
            return self._vercel.read_deployment(id_)
        name = lookup(asked)
        if name in seen.project.live:
            text = f"{name} shows what is live now. For the deployment before it, leave the target out. {instead}"
            raise Refused("production_domain", text)
        try:
            return self._vercel.read_deployment(name)
        except Refused as refusal:
            raise Refused("unknown_target", f"{refusal.text} {instead}") from refusal

    def _order(self, facts: RollbackFacts, mark: str, reason: str) -> Answer:
        if facts.how == "promote":
            return self._vercel.request_promote(facts.project_id, facts.target.id)
        description = reason[: DESCRIPTION_LENGTH - len(mark)] + mark
        return self._vercel.request_rollback(facts.project_id, facts.target.id, description)

    def _maybe_live_already(self, facts: RollbackFacts, answer: Answer) -> Facts:
        """After 409 or 422: done where the target is live all the same; unknown while an order like ours runs."""
        try:
            project = self._vercel.read_project(facts.project_id)
        except (Unavailable, Refused) as error:
            raise StepFailed(_refusal(facts, answer)) from error
        if serves_everywhere(facts, project):
            return {**proof(facts, project), "already_live": True}
        if project.job and project.job.is_running and project.job.to_id == facts.target.id:
            raise OutcomeUnknown(f"Vercel is already moving the domains to {facts.target.id}.")
        raise StepFailed(_refusal(facts, answer), changed=facts.moved(project.live))

    def _look(self, facts: RollbackFacts, *, at_deadline: bool) -> Facts:
        staged = facts.rolling_configured or facts.rolling is not None
        unseen = f"Whether the {facts.how} to {facts.target.id} happened can't be seen."
        try:
            project = self._vercel.read_project(facts.project_id)
            rolling = self._vercel.read_rolling_release(facts.project_id) if staged else None
        except Unavailable as error:
            raise OutcomeUnknown(f"{unseen} {error.text}", retry_at=error.retry_at) from error
        except Refused as refusal:
            raise OutcomeUnknown(f"{unseen} {refusal.text}") from refusal
        if rolling:
            share = "" if rolling.percent is None else f" ({rolling.percent:g} % of traffic)"
            raise OutcomeUnknown(f"A rolling release to {label(rolling.canary)}{share} is under way.")
        return judge(facts, project, at_deadline=at_deadline)


def lookup(asked: str) -> str:
    """What to ask Vercel for: the deployment id, or the host of an address; Refused where it is neither."""
    if DPL.fullmatch(asked):
        return asked
    try:
        address = urlsplit(asked if "://" in asked else f"//{asked}")
        host, last = (address.hostname or "").rstrip("."), address.path.rstrip("/").rpartition("/")[2]
    except ValueError:
        host, last = "", ""
    if host in DASHBOARD and BARE_ID.fullmatch(last.removeprefix("dpl_")):
        return f"dpl_{last.removeprefix('dpl_')}"
    if HOST.fullmatch(host) and host not in DASHBOARD:
        return host
    text = "The target is neither `previous`, a deployment id (dpl_…) nor the address of a deployment."
    raise Refused("unreadable_target", text)


def _refuse_unplannable(project: Project, *, needs_one_live: bool) -> None:
    if not project.most_live:
        raise Refused("nothing_live", f"Project {project.name} has no production domain that serves a deployment.")
    if project.job and project.job.is_running:
        text = f"Vercel is moving the domains ({project.job.type} to {project.job.to_id}); ask again after it."
        raise Refused("job_running", text)
    if needs_one_live and project.is_split:
        text = f"The production domains are split ({spell(project.live)}); name the deployment to go to."
        raise Refused("split_production", text)


def _previous_id(seen: Production) -> str:
    if seen.rolling:
        return seen.rolling.base.id
    found = previous(seen.candidates, seen.current, seen.project.job)
    return found.deployment.id if found else ""


def _is_offered(seen: Production, id_: str) -> bool:
    """Whether Vercel lists it for a rollback, or it serves a part of production: of a split or a rolling release."""
    serving = {*seen.project.live.values(), *([seen.rolling.base.id] if seen.rolling else [])}
    return id_ in serving or any(row.deployment.id == id_ for row in seen.candidates if row.is_offered)


def _refusal(facts: RollbackFacts, answer: Answer) -> str:
    said = f": {answer.message}" if answer.message else ""
    return f"Vercel refused the {facts.how} to {facts.target.id} ({answer.status}{said})."


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
