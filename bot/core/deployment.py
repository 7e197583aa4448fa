"""What a Vercel rollback is decided on: deployments, and what production shows of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from bot.core.plan import Step


@dataclass(frozen=True)
class Deployment:
    """One build. Times are seconds since 1970, as Vercel's milliseconds divided; unknown texts are ""."""

    id: str
    url: str
    created_at: float
    sha: str = ""
    subject: str = ""  # the first line of the commit message
    author: str = ""
    branch: str = ""


def deployment_from_json(facts: object) -> Deployment:
    """The deployment that `dataclasses.asdict` wrote."""
    if not isinstance(facts, Mapping):
        raise TypeError("not a deployment")
    return Deployment(**facts)


@dataclass(frozen=True)
class Candidate:
    """A deployment with what decides whether production may go to it. `offered` is None where Vercel doesn't say."""

    deployment: Deployment
    project_id: str
    owner_id: str
    target: str  # "production", or "" and other names for previews
    state: str  # "READY", "ERROR", …
    substate: str  # "PROMOTED": has served production; "STAGED": never did
    deleted: bool
    offered: bool | None  # only lists say: isRollbackCandidate
    plan: str  # "hobby", "pro", "enterprise" or ""

    @property
    def is_offered(self) -> bool:
        """Whether a row of the list may be rolled back to: vercel-api.md, section 5."""
        ready = self.target == "production" and self.state == "READY" and self.substate in ("", "PROMOTED")
        return ready and self.offered is True and not self.deleted


@dataclass(frozen=True)
class Job:
    """Vercel's last order to move the production domains; `requested_at` is by Vercel's clock, never by ours."""

    type: str  # "rollback" or "promote"
    status: str  # "pending", "in-progress", "succeeded", "failed" or "skipped"
    from_id: str
    to_id: str
    requested_at: float

    @property
    def is_running(self) -> bool:
        """Whether the domains may still move."""
        return self.status in ("pending", "in-progress")

    def is_same_order(self, other: "Job | None") -> bool:
        """Whether both are the same order, at whatever status."""
        return other is not None and (self.type, self.to_id, self.requested_at) == (
            other.type,
            other.to_id,
            other.requested_at,
        )


@dataclass(frozen=True)
class RollingRelease:
    """Traffic on its way from one deployment to another; `percent` is the new one's share, None when unknown."""

    base: Deployment
    canary: Deployment
    percent: float | None


@dataclass(frozen=True)
class Project:
    """A project as Vercel shows it. `live` is the deployment on each production domain, "" = none."""

    id: str
    name: str
    account_id: str
    live: Mapping[str, str]
    target_production: str  # may lag behind `live` in a rolled-back project
    job: Job | None
    auto_assign: bool | None
    crons_deployment: str
    rolling_configured: bool

    @property
    def is_split(self) -> bool:
        """Whether the production domains serve different deployments."""
        return len(set(self.live.values())) > 1

    def is_rolled_back_to(self, deployment: str) -> bool:
        """Whether Vercel's last order was a rollback to it, and succeeded."""
        job = self.job
        return job is not None and (job.type, job.status, job.to_id) == ("rollback", "succeeded", deployment)

    @property
    def most_live(self) -> str:
        """The deployment on most production domains; "" when none serves any."""
        serving = Counter(id_ for id_ in self.live.values() if id_)
        return serving.most_common(1)[0][0] if serving else ""


@dataclass(frozen=True)
class RollbackFacts:
    """A rollback step, typed: `deployment` is what was live (in a rolling release: what was being rolled out)."""

    project_id: str
    project_name: str
    live: Mapping[str, str]
    deployment: Deployment
    target: Deployment
    domains: Sequence[str]
    how: str  # "rollback" or "promote"
    auto_assign: bool | None
    job: Job | None
    rolled_back: bool  # production was already rolled back when the plan was made
    rolling: RollingRelease | None
    rolling_configured: bool
    plan: str
    target_production: str
    crons_deployment: str
    auto_assign_once: bool | None = None  # of an undo: what it was before what is undone

    def as_step(self, lock: str) -> Step:
        """The step whose target is `lock`; `rollback_facts` reads it back to equal facts."""
        before = asdict(self)
        after = {
            "deployment": before.pop("target"),
            "domains": list(before.pop("domains")),
            "how": before.pop("how"),
        }
        return Step(action="rollback_deployment", target=lock, before={**before, "live": dict(self.live)}, after=after)

    def moved(self, live: Mapping[str, str]) -> str:
        """What the planned domains serve that they did not before, as a phrase; "" = nothing moved."""
        now = [(domain, live[domain]) for domain in self.domains if live.get(domain, "") not in ("", self.live[domain])]
        still = [domain for domain in self.domains if domain not in dict(now)]
        moved = "; ".join(f"{domain} now serves {id_}" for domain, id_ in now)
        return f"{moved}; not moved: {', '.join(still)}" if moved and still else moved


def rollback_facts(step: Step) -> RollbackFacts:
    """The facts that `RollbackFacts.as_step` wrote; TypeError or KeyError for any other step."""
    before, after = step.before, step.after
    job, rolling = before["job"], before["rolling"]
    typed = {
        "deployment": deployment_from_json(before["deployment"]),
        "target": deployment_from_json(after["deployment"]),
        "domains": after["domains"],
        "how": after["how"],
        "job": Job(**job) if isinstance(job, dict) else None,
        "rolling": _rolling_from_json(rolling) if isinstance(rolling, dict) else None,
    }
    return RollbackFacts(**{**before, **typed})  # type: ignore[arg-type]  # its own writing


def _rolling_from_json(facts: Mapping[str, object]) -> RollingRelease:
    sides = {side: deployment_from_json(facts[side]) for side in ("base", "canary")}
    return RollingRelease(**{**facts, **sides})  # type: ignore[arg-type]  # its own writing


def label(deployment: Deployment) -> str:
    """A deployment in a sentence: its id, and the commit where it is known."""
    commit = " ".join(part for part in (deployment.sha[:7], deployment.subject) if part)
    return f"{deployment.id} ({commit})" if commit else deployment.id
