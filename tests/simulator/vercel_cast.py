"""The default cast of the Vercel stand-in: one project, its deployments and its domains."""

from dataclasses import dataclass, field
from typing import Any

TOKEN = "vcp_standin00000000000000"
TEAM, TEAM_SLUG = "team_7Qm2ibamprojects00000001", "ibam-projects"
PROJECT, PROJECT_NAME = "prj_4Kd9ibamlearnplatformv300", "ibam-learn-platform-v3"
NAMES = (PROJECT, PROJECT_NAME)
OTHER_PROJECT = "prj_8Zz1somebodyelses0000000"
SITE = "ibam-learn-platform-v3.vercel.app"
DOMAINS = (SITE, "learn.ibam.example", "app.ibam.example")

BROKEN = "dpl_9bRk3nSe5sionM1ddlewarePush0"
PREVIOUS = "dpl_6gQ0dAssessmentRem1nders0001"
OLDER = "dpl_4hT2Progre5sBarAccess1b1l1ty"
OLDEST = "dpl_1aX8FirstPublicV3Rele4se0000"
STAGED = "dpl_8sT4gedNotYetL1veCert1f1cate"
PREVIEW = "dpl_7pV3viewDarkModeExper1ment00"
ERRORED = "dpl_5eR0rBu1ldFa1ledMissingModul"
FOREIGN = "dpl_0fR3ignProjectOfSomebodyEls0"

PUSHED = "dpl_pushed000000000000000008"  # what the first push becomes
SERVED = (BROKEN, PREVIOUS, OLDER, OLDEST)

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass
class Build:
    """A deployment as the stand-in keeps it; `created` is in seconds."""

    id: str
    created: float
    subject: str
    author: str = "Mia Chen"
    target: str | None = "production"
    state: str = "READY"
    substate: str | None = "PROMOTED"
    project: str = PROJECT
    owner: str = TEAM
    branch: str = "main"
    offered: bool = True  # False: READY, and no rollback candidate all the same
    deleted: bool = False

    @property
    def url(self) -> str:
        """The host that always shows this build."""
        return f"{PROJECT_NAME}-{self.id[4:13].lower()}-{TEAM_SLUG}.vercel.app"

    @property
    def is_production(self) -> bool:
        """Whether it may serve production at all."""
        return self.target == "production" and self.state == "READY" and not self.deleted

    def as_json(self) -> dict[str, Any]:
        """What a list's row and the answer by id have in common."""
        created = int(self.created * 1000)
        author = self.author.split()[0].lower()
        sha = self.id[4:].encode().hex()[:40]
        return {
            "name": PROJECT_NAME,
            "projectId": self.project,
            "url": self.url,
            "createdAt": created,
            "ready": created + 45_000 if self.state == "READY" else None,
            "readyState": self.state,
            "readySubstate": self.substate,
            "target": self.target,
            "type": "LAMBDAS",
            "source": "git",
            "creator": {"uid": f"usr_{author}", "username": author, "email": f"{author}@ibam.example"},
            "buildingAt": created + 2_000,
            "inspectorUrl": f"https://vercel.com/{TEAM_SLUG}/{PROJECT_NAME}/{self.id[4:]}",
            "meta": {
                "githubCommitSha": sha,
                "githubCommitMessage": f"{self.subject}\n\nSee the pull request.",
                "githubCommitRef": self.branch,
                "githubCommitAuthorName": self.author,
                "githubOrg": TEAM_SLUG,
                "githubRepo": PROJECT_NAME,
            },
        }


@dataclass
class Order:
    """A rollback or promote that the stand-in carries out as time passes; times are the stand-in's own seconds."""

    type: str
    from_id: str
    to_id: str
    at: float
    result: str
    takes: float  # seconds for the job, and for each domain
    domain_takes: float
    recorded_at: float  # from then on the project shows it
    stuck: set[str] = field(default_factory=set)  # domains that it never moves
    waiting: list[str] = field(default_factory=list)  # domains still to move, in order

    def status(self, now: float) -> str:
        """How far the job says it is."""
        done = now - self.at >= self.takes - 1e-6
        return self.result if done else ("pending" if now - self.at < self.takes / 4 else "in-progress")


def cast(now: float) -> list[Build]:
    """The deployments: one broken and live, three older good ones, and four that can't be rolled back to."""
    return [
        Build(BROKEN, now - 20 * MINUTE, "Move session checks into middleware"),
        Build(ERRORED, now - 40 * MINUTE, "Import the new chart module", state="ERROR", substate=None),
        Build(PREVIEW, now - HOUR, "Try a dark mode", "Tomás Reyes", None, substate=None, branch="dark-mode"),
        Build(STAGED, now - 2 * HOUR, "Issue certificates as PDF", "Tomás Reyes", substate="STAGED"),
        Build(PREVIOUS, now - DAY, "Remind learners of open assessments"),
        Build(OLDER, now - 3 * DAY, "Make the progress bar readable by screen readers", "Priya Nair"),
        Build(OLDEST, now - 8 * DAY, "First public release of V3", "Priya Nair"),
        Build(FOREIGN, now - DAY, "Another team's work", project=OTHER_PROJECT, owner="team_somebodyelse"),
    ]
