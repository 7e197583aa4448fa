"""Vercel's JSON as our own types: the one place where its shapes are known.

Shapes from its reference of getProject, getDeployments and getDeployment. What the reference marks as always present
is still taken as maybe absent: an unknown text is "", and what nothing can be decided without raises Unavailable.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from bot.core.build_failure import BuildFailure
from bot.core.deployment import Candidate, Deployment, Job, Project, RollingRelease
from bot.core.errors import Unavailable

SUBJECT_LENGTH = 300
Body: TypeAlias = Mapping[str, Any]


def text_of(raw: object, *keys: str) -> str:
    """The first of these keys that holds a text; "" when none does."""
    found = raw if isinstance(raw, dict) else {}
    return next((value for key in keys if isinstance(value := found.get(key), str) and value), "")


def _seconds(raw: Body, *keys: str) -> float:
    """The first of these keys that holds milliseconds since 1970, as seconds; 0 when none does."""
    return next((value / 1000 for key in keys if isinstance(value := raw.get(key), int | float)), 0.0)


def _deployment(raw: object) -> Deployment:
    id_ = text_of(raw, "id", "uid")
    if not isinstance(raw, dict) or not id_:
        raise Unavailable("Vercel's answer has a deployment without an id.")
    meta, source = raw.get("meta"), raw.get("gitSource")
    hosts = ("github", "gitlab", "bitbucket")
    lines = text_of(meta, *(f"{host}CommitMessage" for host in hosts)).splitlines()
    authors = (f"{host}Commit{part}" for host in hosts for part in ("AuthorName", "AuthorLogin"))
    return Deployment(
        id=id_,
        url=text_of(raw, "url"),
        created_at=_seconds(raw, "createdAt", "created"),
        sha=text_of(meta, *(f"{host}CommitSha" for host in hosts)) or text_of(source, "sha"),
        subject=lines[0][:SUBJECT_LENGTH] if lines else "",
        author=text_of(meta, *authors) or text_of(raw.get("creator"), "username"),
        branch=text_of(meta, *(f"{host}CommitRef" for host in hosts)) or text_of(source, "ref"),
    )


def candidate_from(raw: object) -> Candidate:
    """A row of a list, or a deployment read by its id; Unavailable without an id."""
    deployment = _deployment(raw)
    body: Body = raw if isinstance(raw, dict) else {}
    offered = body.get("isRollbackCandidate")
    state = text_of(body, "readyState", "state")
    deleted = any(body.get(key) for key in ("deleted", "deletedAt", "softDeletedByRetention"))
    return Candidate(
        deployment=deployment,
        project_id=text_of(body, "projectId"),
        owner_id=text_of(body, "ownerId"),
        target=text_of(body, "target"),
        state=state,
        substate=text_of(body, "readySubstate"),
        deleted=deleted or state == "DELETED",
        offered=offered if isinstance(offered, bool) else None,
        plan=text_of(body, "plan"),
    )


def project_from(raw: Body) -> Project:
    """A project; Unavailable without its id, its account or its domains."""
    aliases, targets, crons = raw.get("alias"), raw.get("targets"), raw.get("crons")
    id_, account = text_of(raw, "id"), text_of(raw, "accountId")
    if not (id_ and account and isinstance(aliases, list)):
        raise Unavailable("Vercel's answer for the project lacks its id, its account or its domains.")
    auto_assign = raw.get("autoAssignCustomDomains")
    return Project(
        id=id_,
        name=text_of(raw, "name") or id_,
        account_id=account,
        live={
            text_of(row, "domain"): text_of(row.get("deployment"), "id", "uid") for row in aliases if _is_direct(row)
        },
        target_production=text_of(targets.get("production"), "id", "uid") if isinstance(targets, dict) else "",
        job=_job(raw.get("lastAliasRequest")),
        auto_assign=auto_assign if isinstance(auto_assign, bool) else None,
        crons_deployment=text_of(crons, "deploymentId"),
        rolling_configured=bool(raw.get("rollingRelease")),
    )


def _is_direct(row: object) -> bool:
    """Whether an entry of `alias` is a production domain that serves by itself."""
    if not isinstance(row, dict) or not text_of(row, "domain"):
        raise Unavailable("Vercel's answer for the project has a domain without a name.")
    production = row.get("target") == "PRODUCTION" or row.get("environment") == "production"
    return production and not row.get("redirect") and not row.get("gitBranch")


def _job(raw: object) -> Job | None:
    if not isinstance(raw, dict):
        return None
    return Job(
        type=text_of(raw, "type"),
        status=text_of(raw, "jobStatus"),
        from_id=text_of(raw, "fromDeploymentId"),
        to_id=text_of(raw, "toDeploymentId"),
        requested_at=_seconds(raw, "requestedAt"),
    )


def failure_from(raw: Body, events: object) -> BuildFailure:
    """A build that failed; `events` are those of its log, newest first, or anything where it can't be read."""
    failed = candidate_from(raw)
    return BuildFailure(
        deployment=failed.deployment,
        state=failed.state,
        message=text_of(raw, "errorMessage") or text_of(raw.get("aliasError"), "message"),
        code=text_of(raw, "errorCode"),
        lines=tuple(_error_lines(events))[::-1] if isinstance(events, list) else None,
        log_url=text_of(raw, "inspectorUrl"),
    )


def _error_lines(events: list[object]) -> Iterator[str]:
    """The texts of what went to standard error; older answers have them in `payload`."""
    for event in events:
        if text_of(event, "type") in ("stderr", "fatal") or text_of(event, "level") == "error":
            payload = event.get("payload") if isinstance(event, dict) else None
            yield from reversed((text_of(event, "text") or text_of(payload, "text")).splitlines())


def rolling_from(raw: Body) -> RollingRelease:
    """A rolling release under way; Unavailable without both of its deployments."""
    stage = raw.get("activeStage")
    percent = stage.get("targetPercentage") if isinstance(stage, dict) else None
    return RollingRelease(
        base=_deployment(raw.get("currentDeployment")),
        canary=_deployment(raw.get("canaryDeployment")),
        percent=float(percent) if isinstance(percent, int | float) else None,
    )
