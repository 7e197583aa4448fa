"""Which deployment a rollback goes to, from what somebody typed; every refusal says what is eligible instead."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.adapters.vercel import Vercel
from bot.core.deployment import Candidate, Deployment, Project, RollingRelease, label
from bot.core.errors import Refused
from bot.core.rollback import eligible, previous, spell, why_not

PREVIOUS = "previous"
DASHBOARD = ("vercel.com", "www.vercel.com")
DPL = re.compile(r"dpl_[A-Za-z0-9]{1,64}")
COMMIT = re.compile(r"[0-9a-f]{7,40}", re.IGNORECASE)
BARE_ID = re.compile(r"[A-Za-z0-9]{20,64}")
HOST = re.compile(r"(?=.{1,253}$)[\w-]+(\.[\w-]+)+")


@dataclass(frozen=True)
class Production:
    """What a plan is made on; `current` is what is live, or in a rolling release what is being rolled out."""

    project: Project
    current: Deployment
    rolling: RollingRelease | None
    candidates: Sequence[Candidate]
    plan: str = ""  # Vercel's, of the account

    @property
    def instead(self) -> str:
        """A sentence that names what may be rolled back to; on the Hobby plan that is the previous one only."""
        only = {self.previous_id} if self.plan == "hobby" else {row.deployment.id for row in self.candidates}
        return eligible([row for row in self.candidates if row.deployment.id in only], self.current.id)

    @property
    def previous_id(self) -> str:
        """What served before; "" = nothing that may be gone to."""
        if self.rolling:
            return self.rolling.base.id
        found = previous(self.candidates, self.current, self.project.job)
        return found.deployment.id if found else ""

    def is_offered(self, id_: str) -> bool:
        """Whether Vercel lists it for a rollback, or it serves a part of production (a split, a rolling release)."""
        serving = {*self.project.live.values(), *([self.rolling.base.id] if self.rolling else [])}
        return id_ in serving or any(row.deployment.id == id_ for row in self.candidates if row.is_offered)


def choose(vercel: Vercel, seen: Production, asked: str) -> Candidate:
    """The deployment that `asked` names, if production may go back to it. Raises Refused or Unavailable."""
    try:
        target = _find(vercel, seen, asked)
    except Refused as refusal:
        raise Refused(refusal.rule, f"{refusal.text} {seen.instead}") from refusal
    refused = _refusal(target, seen, asked)
    if refused:
        raise Refused(refused.rule, f"{refused.text} {seen.instead}")
    return target


def _refusal(target: Candidate, seen: Production, asked: str) -> Refused | None:
    id_, name = target.deployment.id, label(target.deployment)
    if reason := why_not(target, seen.project):
        return Refused("ineligible_target", f"{id_} can't be rolled back to: {reason}.")
    if id_ == seen.current.id and (seen.rolling or not seen.project.is_split):
        return Refused("already_live", f"{name} is what is live already.")
    if not seen.is_offered(id_):
        return Refused("ineligible_target", f"Vercel does not offer {name} for a rollback.")
    if asked != PREVIOUS and seen.plan == "hobby" and id_ != seen.previous_id:
        text = "Vercel's Hobby plan only goes back to the previous production deployment; leave the target out."
        return Refused("hobby_plan", text)
    return None


def _find(vercel: Vercel, seen: Production, asked: str) -> Candidate:
    if asked == PREVIOUS:
        if seen.project.is_split and not seen.rolling:
            text = f"The production domains are split ({spell(seen.project.live)}); name the deployment to go to."
            raise Refused("split_production", text)
        if not seen.previous_id:
            raise Refused("nothing_eligible", "No earlier production deployment can be rolled back to.")
        return vercel.read_deployment(seen.previous_id)
    if COMMIT.fullmatch(asked):
        return vercel.read_deployment(_of_commit(vercel, seen, asked.lower()))
    name = lookup(asked)
    if name in seen.project.live:
        text = f"{name} shows what is live now. For the deployment before it, leave the target out."
        raise Refused("production_domain", text)
    try:
        return vercel.read_deployment(name)
    except Refused as refusal:
        raise Refused("unknown_target", refusal.text) from refusal


def _of_commit(vercel: Vercel, seen: Production, commit: str) -> str:
    """The one deployment of a commit, by the beginning of its hash; of several, the one that may be rolled back to."""
    rows = (*vercel.list_newest(seen.project.id), *seen.candidates)
    built = {row.deployment.id: row.deployment for row in rows if row.deployment.sha.lower().startswith(commit)}
    offered = [id_ for id_ in built if id_ != seen.current.id and seen.is_offered(id_)]
    if len(built) == 1 or len(offered) == 1:
        return (offered or list(built))[0]
    if not built:
        text = f"No production deployment that Vercel lists is of a commit that begins with {commit}."
        raise Refused("unknown_target", text)
    several = "; ".join(label(deployment) for deployment in list(built.values())[:5])
    text = f"{len(built)} deployments are of commit {commit}: {several}. Name one by its id."
    raise Refused("ambiguous_target", text)


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
    text = (
        "The target is neither `previous`, a deployment id (dpl_…), seven or more characters of a commit's hash, "
        "nor the address of a deployment."
    )
    raise Refused("unreadable_target", text)
