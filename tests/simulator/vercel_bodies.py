"""The JSON that the Vercel stand-in answers with, in the shapes of the real API."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.simulator import vercel_cast as the
from tests.simulator.vercel_cast import Build, Order
from tests.simulator.wire import Answer


def refusal(status: int, code: str, message: str, **more: Any) -> Answer:
    """An error the way Vercel words it."""
    return Answer(status, {"error": {"code": code, "message": message, **more}})


def reduced(build: Build) -> dict[str, Any]:
    """What somebody sees of a deployment that isn't theirs."""
    return {"id": build.id, "readyState": build.state, "target": build.target, "alias": [], "aliasAssigned": True}


def alias(
    domain: str, *, redirect: str | None = None, branch: str | None = None, deployment: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A domain of the project's settings."""
    return {
        "domain": domain,
        "target": "PREVIEW" if branch else "PRODUCTION",
        "environment": "preview" if branch else "production",
        "redirect": redirect,
        "gitBranch": branch,
        "deployment": deployment,
    }


def project(serving: Mapping[str, Build], plan: str, **shown: Any) -> dict[str, Any]:
    """A project; the fields that are always there are those that the official SDK insists on."""
    current = next(iter(serving.values()), None)
    return {
        "id": the.PROJECT,
        "name": the.PROJECT_NAME,
        "accountId": the.TEAM,
        "alias": domains(serving, plan),
        "targets": {"production": brief(current, plan)} if current else {},
        "nodeVersion": "22.x",
        "directoryListing": False,
        "defaultResourceConfig": {"functionDefaultRegions": ["iad1"]},
        "resourceConfig": {"functionDefaultRegions": ["iad1"]},
        "deploymentExpiration": {},
        "lastRollbackTarget": None,
        **shown,
    }


def crons(deployment: str, now: float) -> dict[str, Any]:
    """The cron jobs, and which deployment's they are."""
    since = int((now - the.DAY) * 1000)
    return {"deploymentId": deployment, "definitions": [], "enabledAt": since, "updatedAt": since, "disabledAt": None}


def domains(serving: Mapping[str, Build], plan: str) -> list[dict[str, Any]]:
    """The project's domains: those that serve production, a redirect, and a preview's."""
    rows = [alias(domain, deployment=brief(build, plan)) for domain, build in serving.items()]
    www = alias("www.learn.ibam.example", redirect="learn.ibam.example")
    return [*rows, www, alias("next.ibam.example", branch="dark-mode")]


def brief(build: Build, plan: str) -> dict[str, Any]:
    """A deployment inside another answer."""
    return {
        "id": build.id,
        **build.as_json(),
        "plan": plan,
        "createdIn": "iad1",
        "deploymentHostname": build.url.removesuffix(".vercel.app"),
        "private": False,
    }


def row(build: Build, *, candidate: bool) -> dict[str, Any]:
    """A deployment in a list: its id is `uid` there."""
    created = int(build.created * 1000)
    extra = {"uid": build.id, "created": created, "state": build.state, "aliasAssigned": created}
    return {**build.as_json(), **extra, "isRollbackCandidate": candidate}


def by_id(build: Build, plan: str) -> dict[str, Any]:
    """A deployment read by its id."""
    return {
        **brief(build, plan),
        "ownerId": build.owner,
        "team": {"id": the.TEAM, "slug": the.TEAM_SLUG, "name": "IBAM Projects"},
        "alias": [],
        "aliasAssigned": True,
        "status": build.state,
        "public": False,
        "version": 2,
        "bootedAt": int(build.created * 1000) + 1_000,
        "buildSkipped": False,
        "isInConcurrentBuildsQueue": False,
        "isInSystemBuildsQueue": False,
        "routes": None,
        "build": {"env": []},
        "env": [],
        "regions": ["iad1"],
        "projectSettings": {},
    }


def rolling_release(base: Build, canary: Build, percent: float, now: float) -> dict[str, Any]:
    """A rolling release in its first of two stages; its deployments come without their commits."""
    stage = {"index": 0, "isFinalStage": False, "targetPercentage": percent, "requireApproval": True, "duration": None}
    last = {**stage, "index": 1, "isFinalStage": True, "targetPercentage": 100}
    return {
        "state": "ACTIVE",
        "substate": None,
        "currentDeployment": _side(base),
        "canaryDeployment": _side(canary),
        "queuedDeploymentId": None,
        "advancementType": "manual-approval",
        "stages": [stage, last],
        "activeStage": stage,
        "nextStage": last,
        "startedAt": int(now * 1000) - 60_000,
        "updatedAt": int(now * 1000),
    }


def _side(build: Build) -> dict[str, Any]:
    shown = ("name", "createdAt", "readyState", "source", "target", "url")
    return {"id": build.id, **{key: value for key, value in build.as_json().items() if key in shown}}


def alias_of(domain: str, build: Build) -> dict[str, Any]:
    """A domain by itself, and which deployment it shows."""
    created = int(build.created * 1000)
    known = {"alias": domain, "uid": f"als_{domain}", "created": f"{datetime.fromtimestamp(build.created, UTC):%FT%TZ}"}
    return {**known, "createdAt": created, "deploymentId": build.id, "projectId": the.PROJECT}


def job(order: Order, now: float, skew: float) -> dict[str, Any]:
    """lastAliasRequest; its time is by Vercel's clock."""
    return {
        "fromDeploymentId": order.from_id,
        "toDeploymentId": order.to_id,
        "jobStatus": order.status(now),
        "requestedAt": int((order.at + skew) * 1000),
        "type": order.type,
    }
