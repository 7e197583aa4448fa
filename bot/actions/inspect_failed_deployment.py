"""The newest production build that failed, and what production serves meanwhile; reads only, and needs no approval."""

from collections.abc import Sequence

from bot.adapters.vercel import Vercel
from bot.core.build_failure import BuildFailure, Inspection, untouched
from bot.core.errors import Refused

INSPECT = "inspect_failed_deployment"  # as the runbook's steps name it


def inspect_failed_deployment(vercel: Vercel, secrets: Sequence[str]) -> Inspection:
    """Look at it; `secrets` are texts that are never shown. Raises Unavailable or Refused."""
    failed = _newest_failed(vercel)
    project = vercel.read_project()
    if not project.most_live:
        raise Refused("nothing_live", f"Project {project.name} has no production domain that serves a deployment.")
    live = vercel.read_deployment(project.most_live)
    if failed is None:
        return Inspection(project, None, live.deployment, "")
    return Inspection(project, failed.shown(secrets), live.deployment, untouched(failed.deployment, project, live))


def _newest_failed(vercel: Vercel) -> BuildFailure | None:
    rows = vercel.list_newest(vercel.read_project().id, state="ERROR")
    failed = [row.deployment for row in rows if row.state == "ERROR"]
    newest = max(failed, key=lambda deployment: deployment.created_at, default=None)
    return vercel.read_failure(newest.id) if newest else None
