"""What is looked at for people: a project's deployments, a failed build, a pin; typical ones, and with odd texts."""

from dataclasses import replace
from typing import Any

from bot.core.build_failure import BuildFailure, Inspection
from bot.core.deployment import Candidate, Deployment, Job, Project, RollingRelease, label
from bot.core.deployments_seen import DeploymentsSeen, deployments_seen
from bot.core.pin import LastRollback, Pin, PinSeen, last_rollback
from bot.messages.backup_set import proposal
from bot.messages.build_failure import build_failure
from bot.messages.deployments import deployments
from bot.messages.picture import Picture
from bot.messages.pin import pin
from bot.messages.verification import verification
from tests.histories import ANA, BEGIN, FAILING, PASSING, verified
from tests.messages.backup_sets import TAKEN
from tests.shop import BROKEN, DOMAINS, GOOD, LIVE_BEFORE

OLDER = replace(
    GOOD, id="dpl_Older333333333333333333", sha="c3d4e5f6a7b8", subject="Add a logo", created_at=1_794_900_000
)
FAILED = replace(
    BROKEN, id="dpl_Failed44444444444444444", sha="d4e5f6a7b8c9", subject="Charts", created_at=1_795_230_500
)
ROLLED_BACK = Job("rollback", "succeeded", BROKEN.id, GOOD.id, 1_795_230_300.0)


def project(**changes: Any) -> Project:
    """The shop, with the broken build live."""
    known: dict[str, Any] = {
        "id": "prj_shop",
        "name": "web-shop",
        "account_id": "team_acme",
        "live": LIVE_BEFORE,
        "target_production": BROKEN.id,
        "job": None,
        "auto_assign": True,
        "crons_deployment": "",
        "rolling_configured": False,
    }
    return Project(**{**known, **changes})


def rolled_back(**changes: Any) -> Project:
    """The shop after a rollback to the good build."""
    known = {"live": dict.fromkeys(DOMAINS, GOOD.id), "job": ROLLED_BACK, "auto_assign": False}
    return project(**{**known, **changes})


def row(deployment: Deployment, *, offered: bool | None = True, **changes: Any) -> Candidate:
    """A row of Vercel's list."""
    known: dict[str, Any] = {
        "project_id": "prj_shop",
        "owner_id": "team_acme",
        "target": "production",
        "state": "READY",
        "substate": "PROMOTED",
        "deleted": False,
        "plan": "pro",
    }
    return Candidate(deployment=deployment, offered=offered, **{**known, **changes})


ROWS = (
    row(FAILED, state="ERROR", substate="", offered=False),
    row(BROKEN, offered=False),
    row(GOOD),
    row(OLDER),
)


def listed(
    of: Project | None = None, rows: tuple[Candidate, ...] = ROWS, rolling: RollingRelease | None = None, **current: Any
) -> DeploymentsSeen:
    """The shop's deployments; `current` changes what is known of the live one."""
    seen = of or project()
    id_ = rolling.canary.id if rolling else seen.most_live
    live = next(one for one in rows if one.deployment.id == id_)
    return deployments_seen(seen, rolling, replace(live, **current), rows)


def failure(**changes: Any) -> BuildFailure:
    """A build that failed, as it may be shown."""
    known: dict[str, Any] = {
        "deployment": FAILED,
        "state": "ERROR",
        "message": 'Command "npm run build" exited with 1',
        "code": "BUILD_FAILED",
        "lines": ("Failed to compile.", "Module not found: Can't resolve '@/charts'"),
        "log_url": "https://vercel.com/acme/web-shop/Failed44444444444444444",
    }
    return BuildFailure(**{**known, **changes})


def inspected(doubt: str = "", **changes: Any) -> Inspection:
    """What was seen of it."""
    return Inspection(project(), failure(**changes), BROKEN, doubt)


def rollback() -> LastRollback:
    """The rollback that the log knows of."""
    last = last_rollback([verified().request])
    assert last
    return last


LOOKED: dict[str, Picture] = {
    "looked_backup": proposal(TAKEN),
    "looked_deployments": deployments(listed(), BEGIN),
    "looked_deployments_rolled_back": deployments(
        listed(rolled_back(), (row(BROKEN), row(GOOD, offered=False), row(OLDER))), BEGIN
    ),
    "looked_build_failure": build_failure(inspected(), ANA),
    "looked_build_failure_in_doubt": build_failure(inspected("The production domains serve different ones."), ANA),
    "looked_verification": verification(PASSING, ANA, ""),
    "looked_verification_failing": verification(FAILING, ANA, "I-3"),
    "looked_pin": pin(rollback(), PinSeen(Pin.HOLDS, GOOD.id, ROLLED_BACK.requested_at), label(GOOD)),
    "looked_pin_ended": pin(rollback(), PinSeen(Pin.ENDED, BROKEN.id, ROLLED_BACK.requested_at), label(BROKEN)),
}
