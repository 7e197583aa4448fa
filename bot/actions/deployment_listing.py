"""The production deployments of the project, for a person to choose from; reads only."""

from bot.adapters.vercel import Vercel
from bot.core.deployments_seen import DeploymentsSeen, deployments_seen
from bot.core.errors import Refused

NEWEST = 20


def list_deployments(vercel: Vercel) -> DeploymentsSeen:
    """The newest production deployments, and whatever else Vercel offers; raises Unavailable or Refused."""
    project = vercel.read_project()
    rolling = vercel.read_rolling_release(project.id)
    if not project.most_live:
        text = f"Project {project.name} has no production domain that serves a deployment."
        raise Refused("nothing_live", text)
    current = vercel.read_deployment(rolling.canary.id if rolling else project.most_live)
    rows = (*vercel.list_newest(project.id)[:NEWEST], *vercel.list_candidates(project.id)[:NEWEST])
    return deployments_seen(project, rolling, current, rows)
