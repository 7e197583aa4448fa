"""The last production deployments to choose among: what is live, what can be gone to, and why not the rest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.core.deployment import Candidate, Deployment, Project, RollingRelease
from bot.core.rollback import previous


@dataclass(frozen=True)
class DeploymentSeen:
    """One deployment. `unfit` says why production can't be rolled back to it; "" = it can, or it is what is live."""

    deployment: Deployment
    domains: tuple[str, ...]  # production domains that serve it now
    is_previous: bool  # where a rollback without a target goes
    unfit: str


@dataclass(frozen=True)
class DeploymentsSeen:
    """A project's production deployments, newest first."""

    project: Project
    rolling: RollingRelease | None
    rows: tuple[DeploymentSeen, ...]

    @property
    def eligible(self) -> tuple[DeploymentSeen, ...]:
        """Those that can be rolled back to."""
        return tuple(row for row in self.rows if not row.domains and not row.unfit)


def deployments_seen(
    project: Project, rolling: RollingRelease | None, current: Candidate, rows: Iterable[Candidate]
) -> DeploymentsSeen:
    """What is to be seen; `current` is what is live (in a rolling release: what is rolled out), read by its id."""
    known = {row.deployment.id: row for row in rows}
    candidates = [row for row in known.values() if row.is_offered]
    before = rolling.base if rolling else _before(candidates, current, project)
    known.setdefault(current.deployment.id, current)
    newest_first = sorted(known.values(), key=lambda row: -row.deployment.created_at)
    seen = tuple(_seen(row, project, current, before) for row in newest_first)
    return DeploymentsSeen(project, rolling, seen)


def _before(candidates: Sequence[Candidate], current: Candidate, project: Project) -> Deployment | None:
    found = None if project.is_split else previous(candidates, current.deployment, project.job)
    return found.deployment if found else None


def _seen(row: Candidate, project: Project, current: Candidate, before: Deployment | None) -> DeploymentSeen:
    id_ = row.deployment.id
    domains = tuple(domain for domain, live in project.live.items() if live == id_)
    is_previous = before is not None and id_ == before.id
    is_barred = current.plan == "hobby" and not is_previous
    unfit = _unfit(row) or ("the Hobby plan only goes back to the previous one" if is_barred else "")
    return DeploymentSeen(row.deployment, domains, is_previous, "" if domains else unfit)


def _unfit(row: Candidate) -> str:
    """Why a row of Vercel's list can't be rolled back to, as half a sentence."""
    rules = (
        (not row.deleted, "deleted"),
        (row.state == "READY", f"its build is {row.state or 'in an unknown state'}"),
        (row.substate != "STAGED", "it never served production (STAGED)"),
        (row.substate != "ROLLING", "it is being rolled out (ROLLING)"),
        (row.is_offered, "Vercel does not offer it for a rollback"),
    )
    return next((reason for holds, reason in rules if not holds), "")
