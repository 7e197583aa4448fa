"""A build that failed, what may be shown of it, and whether it is proven that people have nothing of it.

A build's log may hold what it should not: whatever is a secret of the bot's, or looks like anybody's, is replaced.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.core.deployment import Candidate, Deployment, Project

LINES = 5
REDACTED = "[redacted]"
_SHORTEST_SECRET = 4  # a shorter one would be found everywhere
_LOG_ADDRESS = re.compile(r"https://vercel\.com/[\w./-]{1,300}", re.ASCII)
_COLORS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# What looks like a secret wherever it stands; of the last two, all but the name before it.
_SHAPES = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        r"-----BEGIN [A-Z ]+-----.*",
        r"\beyJ[\w-]+\.[\w-]+\.?[\w-]*",  # a JWT
        r"\b(?:sk|pk|rk|vcp|ghp|gho|ghs|glpat|npm|xox[abeprs]|xapp|sbp|whsec|github_pat)[-_][\w-]{6,}",
        r"\b(?:AKIA|ASIA)[0-9A-Z]{12,}",
        r"(?<=://)[^\s/@]*:[^\s/]*@",  # a name and a password in an address
        r"(?<=bearer )\S+",
        r"(?<![\w/.-])(?=[\w+-]*[a-z])(?=[\w+-]*\d)[\w+-]{32,}={0,2}",  # long, of letters and digits
    )
)
_NAMED = re.compile(
    r"(?i)(\b[\w.-]*(?:password|passwd|pwd|secret|token|api_?key|apikey|private_?key|credential|database_url|dsn|[_-]key)[\w.-]*"
    r"[\"']?\s*[=:]\s*[\"']?)(?!\[redacted\])[^\s\"',;&]+"
)


@dataclass(frozen=True)
class BuildFailure:
    """The newest deployment that failed. `lines` went to standard error, oldest first; None = the log can't be read."""

    deployment: Deployment
    state: str
    message: str
    code: str
    lines: tuple[str, ...] | None
    log_url: str  # Vercel's page of it; "" = none that may be shown

    def shown(self, secrets: Sequence[str]) -> "BuildFailure":
        """The same with what may be shown of it: the last lines, no secret, no link but to Vercel."""
        told = tuple(_COLORS.sub("", line).strip() for line in self.lines or ())
        last = tuple(redacted(line, secrets) for line in told if line)[-LINES:]
        return replace(
            self,
            message=redacted(self.message, secrets),
            code=redacted(self.code, secrets),
            lines=None if self.lines is None else last,
            log_url=self.log_url if _LOG_ADDRESS.fullmatch(self.log_url) else "",
        )


@dataclass(frozen=True)
class Inspection:
    """What was seen. `doubt` is why it is not proven that production goes on as before; "" = it is proven."""

    project: Project
    failure: BuildFailure | None  # None = no production build failed, as far as Vercel's list goes
    live: Deployment
    doubt: str


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text with every known secret, and all that is shaped like one, replaced."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, REDACTED)
    for shape in _SHAPES:
        text = shape.sub(REDACTED, text)
    return _NAMED.sub(rf"\1{REDACTED}", text)


def untouched(failed: Deployment, project: Project, live: Candidate) -> str:
    """Why it is not proven that production goes on without the failed build, as a sentence; "" = it is proven.

    `live` is what most domains serve, read by its id.
    """
    return next(_doubts(failed, project, live), "")


def _doubts(failed: Deployment, project: Project, live: Candidate) -> Iterator[str]:
    if project.job and project.job.is_running:
        yield f"Vercel is moving the domains now ({project.job.type} to {project.job.to_id})."
    if project.is_split:
        yield "The production domains serve different deployments."
    if failed.id in project.live.values():
        yield "A production domain serves the build that failed."
    if not project.most_live or live.deployment.id != project.most_live:
        yield "No production domain serves anything."
    if live.state != "READY":
        yield f"What production serves is {live.state or 'in an unknown state'}, not READY."
