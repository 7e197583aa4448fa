"""Which deployment a rollback goes to, whether production is still as planned, and whether the rollback happened.

Vercel's "accepted" and its job's status are hints; what the production domains serve is the truth.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict

from bot.core.checks import CheckResult, Verdict
from bot.core.deployment import Candidate, Deployment, Job, Project, RollbackFacts, RollingRelease, label
from bot.core.errors import OutcomeUnknown, StepFailed
from bot.core.plan import Facts


def previous(candidates: Iterable[Candidate], current: Deployment, job: Job | None) -> Candidate | None:
    """What served production before `current`: where the last promote came from, else the newest older candidate.

    Never simply "the newest other one": after a rollback the broken, newer build is a candidate itself.
    """
    others = [row for row in candidates if row.is_offered and row.deployment.id != current.id]
    if job and (job.type, job.status, job.to_id) == ("promote", "succeeded", current.id):
        for row in others:
            if row.deployment.id == job.from_id:
                return row
    older = [row for row in others if row.deployment.created_at < current.created_at]
    return max(older, key=lambda row: row.deployment.created_at, default=None)


def why_not(candidate: Candidate, project: Project) -> str:
    """Why production may not go to this deployment, read by its id, as half a sentence; "" = it may."""
    rules = (
        (candidate.project_id == project.id, "it does not belong to this project"),
        (candidate.owner_id == project.account_id, "it belongs to another team or account"),
        (candidate.target == "production", "it is a preview; only production builds can be rolled back to"),
        (not candidate.deleted, "it is deleted, as the project's retention does with old ones"),
        (candidate.state == "READY", f"its build is {candidate.state or 'in an unknown state'}, not READY"),
        (candidate.substate == "PROMOTED", f"it never served production ({candidate.substate or 'no word of it'})"),
    )
    return next((reason for holds, reason in rules if not holds), "")


def eligible(candidates: Iterable[Candidate], current_id: str) -> str:
    """A sentence that names the newest deployments that may be rolled back to."""
    named = [label(row.deployment) for row in candidates if row.is_offered and row.deployment.id != current_id]
    return f"Eligible: {'; '.join(named[:5])}." if named else "Nothing is eligible for a rollback now."


def drift(facts: RollbackFacts, project: Project, rolling: RollingRelease | None) -> str:
    """What is no longer as the plan saw it, as a sentence; "" = nothing.

    A last job that Vercel no longer shows is no drift; any other one is, even with the same deployment live.
    """
    if dict(project.live) != dict(facts.live):
        return f"Production has changed since the plan: {spell(project.live)}; the plan saw {spell(facts.live)}."
    if project.job and project.job != facts.job:
        now = "is being" if project.job.is_running else "was"
        return f"Production {now} moved by someone since the plan ({project.job.type} to {project.job.to_id})."
    if _sides(rolling) != _sides(facts.rolling):
        under_way = f"one to {label(rolling.canary)} is under way" if rolling else "it has ended"
        return f"The rolling release has changed since the plan: {under_way}."
    return ""


def judge(facts: RollbackFacts, project: Project, *, at_deadline: bool) -> Facts:
    """What a look at the project after the order says: the facts of success, or why not.

    Raises StepFailed when it is known that it didn't happen, or happened in part; OutcomeUnknown while it isn't.
    """
    if serves_everywhere(facts, project):
        return proof(facts, project)
    new = project.job if project.job and not project.job.is_same_order(facts.job) else None
    if new and new.is_running:
        raise OutcomeUnknown(f"At the last look Vercel was moving domains to {new.to_id}: {spell(project.live)}.")
    reason, way_out = _conflict(facts, project, new), _talk_first(facts)
    if not reason:
        reason, way_out = _refused(facts, new) or (_partial(facts, new) if at_deadline else ""), _again(facts, project)
    if reason:
        text = f"{reason} At the last look, {spell(project.live)}."
        raise StepFailed(text, changed=facts.moved(project.live), way_out=way_out)
    raise OutcomeUnknown(
        f"The {facts.how} to {facts.target.id} is not proven: at the last look, {spell(project.live)}."
    )


def _conflict(facts: RollbackFacts, project: Project, new: Job | None) -> str:
    """Who else moved production, so that it will not happen any more, as a sentence; "" = nobody."""
    if new and (new.type, new.to_id) != (facts.how, facts.target.id):
        return f"Someone else's {new.type} to {new.to_id} took its place."
    known = {"", facts.target.id, facts.deployment.id}
    third = {id_ for domain, id_ in project.live.items() if domain in facts.live} - known - set(facts.live.values())
    return f"Production went to {' and '.join(sorted(third))} instead." if third else ""


def _refused(facts: RollbackFacts, new: Job | None) -> str:
    """Why Vercel's own job ended without it, as a sentence; "" = it didn't."""
    if new is None or new.status not in ("failed", "skipped"):
        return ""
    return f"Vercel says that the {facts.how} {'failed' if new.status == 'failed' else 'was skipped'}."


def _talk_first(facts: RollbackFacts) -> str:
    return (
        f"Find out who did it and why before anything is ordered again; `/rollback deployments` shows what is live. "
        f"If {facts.target.id} is still wanted, ask again: the new plan starts from what is live then."
    )


def _again(facts: RollbackFacts, project: Project) -> str:
    """How to go on, or back, after some domains moved or none did."""
    if facts.how == "promote":
        return "Ask for the undo again; it starts from what is live then."
    onward = f"`/rollback vercel {facts.target.id}`"
    if not facts.moved(project.live):
        return f"Ask again ({onward}); `/rollback deployments` shows what else can be gone to."
    return f"{onward} moves the domains that are left, `/rollback vercel {facts.deployment.id}` brings the others back."


def _partial(facts: RollbackFacts, new: Job | None) -> str:
    done = new is not None and new.status == "succeeded"
    return f"Vercel says that the {facts.how} is done, but not every domain serves {facts.target.id}." if done else ""


def serves_everywhere(facts: RollbackFacts, project: Project) -> bool:
    """Whether every production domain that there is serves the target; one of the plan may have been removed since."""
    return {*project.live.values()} == {facts.target.id}


def proof(facts: RollbackFacts, project: Project) -> Facts:
    """What the log keeps of a rollback that happened."""
    return {
        "deployment": facts.target.id,
        "live": dict(project.live),
        "job": asdict(project.job) if project.job else None,
        "auto_assign": project.auto_assign,
        "crons_deployment": project.crons_deployment,
        "already_live": False,
        "moved_from": moved_from(facts, project),
    }


def moved_from(facts: RollbackFacts, project: Project) -> str:
    """What the order moved production away from, where the plan never saw it; "" = as planned, or Vercel doesn't say.

    Between the last look and the order there is a moment in which somebody else's order is not seen.
    """
    job = project.job
    if job is None or job.is_same_order(facts.job) or (job.type, job.to_id) != (facts.how, facts.target.id):
        return ""
    sides = [facts.rolling.base.id, facts.rolling.canary.id] if facts.rolling else []
    return "" if job.from_id in {"", facts.deployment.id, *facts.live.values(), *sides} else job.from_id


def checks(facts: RollbackFacts, project: Project) -> tuple[CheckResult, ...]:
    """The domains (required), then what a rollback leaves behind: automatic deployments and cron jobs."""
    domains = domains_check(facts, spell(project.live), passed=serves_everywhere(facts, project))
    return (domains, *_origin_check(facts, project), _pushes_check(facts, project), *_crons_check(facts, project))


def domains_check(facts: RollbackFacts, seen: str, *, passed: bool) -> CheckResult:
    """The required one; `seen` is what the domains serve, or why that is not known."""
    verdict = Verdict.PASSED if passed else Verdict.FAILED
    expected = f"every domain on {facts.target.id}"
    return CheckResult("Production domains", verdict, required=True, expected=expected, seen=seen)


def _origin_check(facts: RollbackFacts, project: Project) -> tuple[CheckResult, ...]:
    """Said only where somebody else changed production just before the order."""
    if not (origin := moved_from(facts, project)):
        return ()
    expected, seen = f"moved from {facts.deployment.id}, as planned", f"moved from {origin}, which the plan never saw"
    return (CheckResult("Moved from", Verdict.FAILED, required=False, expected=expected, seen=seen),)


def _pushes_check(facts: RollbackFacts, project: Project) -> CheckResult:
    """After a rollback pushes must not go live, or the next one takes it away; after a promote they should again."""
    words = {True: "on", False: "off", None: "not said by Vercel"}
    wanted = facts.how == "promote"
    effect = "" if project.auto_assign else "; pushes will not go live until a deployment is promoted"
    return CheckResult(
        "Automatic deployments",
        Verdict.PASSED if project.auto_assign is wanted else Verdict.FAILED,
        required=False,
        expected=f"{words[wanted]} after a {facts.how}",
        seen=f"{words[project.auto_assign]} (before: {words[facts.auto_assign]}){effect}",
    )


def _crons_check(facts: RollbackFacts, project: Project) -> tuple[CheckResult, ...]:
    """Cron jobs have been seen to stay on the other deployment for days; no check where there are none."""
    if not project.crons_deployment:
        return ()
    verdict = Verdict.PASSED if project.crons_deployment == facts.target.id else Verdict.FAILED
    expected = f"run from {facts.target.id}"
    return (
        CheckResult(
            "Cron jobs", verdict, required=False, expected=expected, seen=f"run from {project.crons_deployment}"
        ),
    )


def spell(live: Mapping[str, str]) -> str:
    """What the domains serve, as a phrase."""
    ids = set(live.values())
    if len(ids) == 1:
        return f"{'all ' if len(live) > 1 else ''}{len(live)} domain{'s' * (len(live) > 1)} on {ids.pop() or 'nothing'}"
    return "; ".join(f"{domain} on {id_ or 'nothing'}" for domain, id_ in live.items())


def _sides(rolling: RollingRelease | None) -> tuple[str, str] | None:
    return (rolling.base.id, rolling.canary.id) if rolling else None
