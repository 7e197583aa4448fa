"""Vercel: whether the token reaches the runbook's project, and whether there is anything to go back to.

Whether it may order a rollback shows only when one is ordered: Vercel has no question for that.
"""

from collections.abc import Iterator
from contextlib import closing
from http import HTTPStatus

from bot.adapters.vercel import AccessRefused, Vercel
from bot.core.deployment import Project, label
from bot.core.errors import BotError
from bot.doctor.finding import Finding, ok, problem, warning

_TOKENS = "https://vercel.com/account/tokens"
_NETWORK = (
    "let this host reach Vercel over HTTPS (DNS, firewall, HTTPS_PROXY), and look at https://www.vercel-status.com"
)


def examine_vercel(vercel: Vercel) -> Iterator[Finding]:
    """The project as the token sees it, and what production could go back to."""
    try:
        with closing(vercel):
            project = vercel.read_project()
            yield served(project)
            offered = [one for one in vercel.list_candidates(project.id) if one.is_offered]
    except AccessRefused as error:
        yield refused(error, vercel.project, vercel.team)
    except BotError as error:
        yield problem("Vercel", error.text, _NETWORK)
    else:
        back = [one for one in offered if one.deployment.id not in project.live.values()]
        yield way_back(label(back[0].deployment) if back else "", len(back))


def served(project: Project) -> Finding:
    """What production is, as the project says it."""
    if not project.live:
        text = f"the project {project.name} has no production domain, so a rollback would move nothing"
        return problem("Vercel", text, "add a production domain, or name another project in [vercel] project")
    count = len(project.live)
    text = f"the token reaches {project.name}, with {count} production domain{'' if count == 1 else 's'}"
    if project.is_split:
        return warning("Vercel", f"{text} that serve different deployments", "promote one deployment to all of them")
    return ok("Vercel", text)


def way_back(newest: str, count: int) -> Finding:
    """Whether there is a deployment to roll back to."""
    if not count:
        remedy = "deploy to production once more, or look at the project's deployment retention"
        return warning("Vercel", "no earlier production deployment is there to roll back to", remedy)
    return ok("Vercel", f"{count} to roll back to; the newest is {newest}")


def refused(error: AccessRefused, project: str, team: str) -> Finding:
    """Why the project can't be read: the token, its team, or the project's name."""
    scope = f'team "{team}"' if team else "the personal account (the runbook names no team)"
    if error.is_dead_token:
        return problem("VERCEL_TOKEN", "Vercel accepts it nowhere: it is wrong, expired or revoked", _a_token(project))
    if error.status == HTTPStatus.FORBIDDEN:
        text = f"it is not for {scope}: it is another team's, or [vercel] team is wrong"
        return problem("VERCEL_TOKEN", text, f"{_a_token(project)}; or correct [vercel] team in the runbook")
    if error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        remedy = "correct [vercel] project and team in the runbook: both are in the project's address at Vercel"
        return problem("Vercel", f'no project "{project}" in {scope}', remedy)
    return problem("Vercel", error.text, "compare [vercel] in the runbook with the project's address at Vercel")


def _a_token(project: str) -> str:
    return f"make a token for {project} or its team at {_TOKENS}"
