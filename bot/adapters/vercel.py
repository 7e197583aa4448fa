"""Vercel's REST API: each read is one attempt, and each order is sent once at most; who calls decides what follows.

It never asks who the token belongs to (`/v2/user`, `/teams`), so a token that covers only the one project is enough.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import islice
from urllib.parse import quote

import httpx

from bot.adapters.trust import roots
from bot.adapters.vercel_bodies import Body, candidate_from, failure_from, project_from, rolling_from, text_of
from bot.core.build_failure import BuildFailure
from bot.core.deployment import Candidate, Project, RollingRelease
from bot.core.errors import OutcomeUnknown, Refused, Unavailable
from bot.core.secret import Secret

API = "https://api.vercel.com"
CONNECT_SECONDS, READ_SECONDS = 3.0, 8.0
PAGE, PAGES = 100, 5  # rows asked for at once; lists end after so many pages
EVENTS = 200  # the last lines of a build's log, among which its errors are looked for
MESSAGE_LENGTH = 300
DESCRIPTION_LENGTH = 250  # Vercel's limit
LONGEST_WAIT = timedelta(hours=1)
NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
TRY_LATER = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)


class AccessRefused(Refused):
    """Vercel will go on refusing a read: `status` is HTTP's, `is_dead_token` = the token is no good anywhere."""

    def __init__(self, status: int, text: str, *, is_dead_token: bool) -> None:
        self.status, self.is_dead_token = status, is_dead_token
        super().__init__("vercel_access", text)


@dataclass(frozen=True)
class Answer:
    """What Vercel said to an order: the HTTP status, and its own sentence where it gave one."""

    status: int
    message: str

    @property
    def is_accepted(self) -> bool:
        """Whether Vercel took the order; it may not be carried out yet."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


@dataclass
class Vercel:
    """One project's client. `project` and `team` are ids or names; no `team` = a personal account.
    `http_timeout` is in seconds.

    Raises ValueError (without the value) for a token that can't stand in a header.
    """

    token: Secret
    project: str
    clock: Callable[[], datetime]
    team: str = ""
    base_url: str = API
    http_timeout: float = READ_SECONDS
    _http: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\x21-\x7e]+", self.token.reveal()):
            raise ValueError("the Vercel token is empty or has a character that no token has")
        self._http = httpx.Client(
            base_url=self.base_url,
            verify=roots(),
            timeout=httpx.Timeout(self.http_timeout, connect=min(CONNECT_SECONDS, self.http_timeout)),
            transport=None,  # httpx's own: retries=0, and proxies as the environment says
            follow_redirects=False,  # the token goes nowhere else
            headers={
                "authorization": f"Bearer {self.token.reveal()}",
                "user-agent": "rollback-bot",
                "accept": "application/json",
            },
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def read_project(self, project_id: str = "") -> Project:
        """The project with its domains and its last job; Unavailable, or Refused with rule "vercel_access"."""
        name = project_id or self.project
        return project_from(self._read(f"/v9/projects/{quote(name, safe='')}", f"project {name}", rollbackInfo="true"))

    def read_deployment(self, id_or_host: str) -> Candidate:
        """One deployment by its id or by a host that shows it; Unavailable, or Refused with rule "vercel_access"."""
        body = self._read(f"/v13/deployments/{quote(id_or_host, safe='')}", f"deployment {id_or_host}")
        return candidate_from(body)

    def list_candidates(self, project_id: str) -> tuple[Candidate, ...]:
        """What Vercel offers to roll back to, newest first; the newest 500."""
        pages = self._pages(projectId=project_id, target="production", state="READY", rollbackCandidate="true")
        return tuple(row for page in islice(pages, PAGES) for row in page)

    def list_newest(self, project_id: str, *, state: str = "") -> tuple[Candidate, ...]:
        """The newest production deployments, at most 100, of every state or of one."""
        of_state = {"state": state} if state else {}
        return next(self._pages(projectId=project_id, target="production", **of_state))

    def read_failure(self, deployment_id: str) -> BuildFailure:
        """What Vercel says of a build that failed, with the end of its log where it can be read."""
        path = f"/v13/deployments/{quote(deployment_id, safe='')}"
        return failure_from(self._read(path, f"deployment {deployment_id}"), self._log_of(deployment_id))

    def _log_of(self, deployment_id: str) -> object:
        """The events of a build, newest first; None where they can't be read: the failure is told all the same."""
        path = f"/v3/deployments/{quote(deployment_id, safe='')}/events"
        try:
            return self._json_of(path, "the build's log", direction="backward", follow="0", limit=str(EVENTS))
        except (Refused, Unavailable):
            return None

    def read_rolling_release(self, project_id: str) -> RollingRelease | None:
        """The rolling release under way; None when there is none, or this plan or token can't see any."""
        path = f"/v1/projects/{quote(project_id, safe='')}/rolling-release"
        try:
            release = self._read(path, "the rolling release", state="ACTIVE").get("rollingRelease")
        except Refused:
            return None
        return rolling_from(release) if isinstance(release, dict) and release.get("state") == "ACTIVE" else None

    def request_rollback(self, project_id: str, deployment_id: str, description: str) -> Answer:
        """Order the rollback, once; `description` is shown beside it at Vercel. Raises as `_order` does."""
        path = f"/v1/projects/{quote(project_id, safe='')}/rollback/{quote(deployment_id, safe='')}"
        return self._order(path, description=description[:DESCRIPTION_LENGTH])

    def request_promote(self, project_id: str, deployment_id: str) -> Answer:
        """Order the promote of a built deployment, once; 202 = queued. Raises as `_order` does."""
        return self._order(f"/v10/projects/{quote(project_id, safe='')}/promote/{quote(deployment_id, safe='')}")

    def _order(self, path: str, **query: str) -> Answer:
        """The one POST. Unavailable: certainly nothing was sent. OutcomeUnknown: sent, and no whole answer."""
        try:
            answer = self._http.post(path, params={**self._scope(), **query})
        except NOTHING_SENT as error:
            raise Unavailable("Vercel could not be reached; nothing was sent and nothing was changed.") from error
        except httpx.RequestError as error:
            text = f"Vercel did not answer the order ({type(error).__name__}); it may or may not carry it out."
            raise OutcomeUnknown(text) from error
        return Answer(answer.status_code, self._message(answer))

    def _read(self, path: str, what: str, **query: str) -> Body:
        body = self._json_of(path, what, **query)
        if not isinstance(body, dict):
            raise Unavailable(f"Vercel's answer for {what} is not the JSON it should be.")
        return body

    def _json_of(self, path: str, what: str, **query: str) -> object:
        try:
            answer = self._http.get(path, params={**self._scope(), **query})
        except httpx.RequestError as error:
            raise Unavailable(f"Vercel could not be reached for {what} ({type(error).__name__}).") from error
        status, said = answer.status_code, self._message(answer)
        if answer.is_client_error and status not in TRY_LATER:
            is_dead = status == HTTPStatus.UNAUTHORIZED or _error(answer).get("invalidToken") is True
            raise AccessRefused(status, _access_sentence(status, what, said), is_dead_token=is_dead)
        if not answer.is_success:
            text = f"Vercel could not answer for {what} {_because(status, said)}."
            raise Unavailable(text, retry_at=self._retry_at(answer))
        return _json(answer)

    def _pages(self, **query: str) -> Iterator[tuple[Candidate, ...]]:
        until: dict[str, str] = {}
        while True:
            body = self._read("/v7/deployments", "the deployments", **query, **until, limit=str(PAGE))
            rows = body.get("deployments")
            if not isinstance(rows, list):
                raise Unavailable("Vercel's list of deployments came without its rows.")
            yield tuple(candidate_from(row) for row in rows)
            pagination = body.get("pagination")
            following = pagination.get("next") if isinstance(pagination, dict) else None
            if not following:
                return
            until = {"until": str(following)}

    def _scope(self) -> dict[str, str]:
        if not self.team:
            return {}
        return {"teamId" if self.team.startswith("team_") else "slug": self.team}

    def _message(self, answer: httpx.Response) -> str:
        """Vercel's own sentence on one line, clamped, without the token should it be echoed."""
        said = " ".join(text_of(_error(answer), "message").split()).replace(self.token.reveal(), "[redacted]")
        return said[:MESSAGE_LENGTH].rstrip(".")

    def _retry_at(self, answer: httpx.Response) -> datetime | None:
        now = self.clock()
        after, reset = answer.headers.get("retry-after", ""), answer.headers.get("x-ratelimit-reset", "")
        try:
            if after.isdecimal():
                wait = timedelta(seconds=int(after))
            elif after:
                wait = parsedate_to_datetime(after).astimezone(UTC) - now
            elif answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                wait = datetime.fromtimestamp(int(reset), UTC) - now
            else:
                return None
        except (ValueError, OverflowError, OSError):
            return None
        return now + min(max(wait, timedelta()), LONGEST_WAIT)


def _access_sentence(status: int, what: str, said: str) -> str:
    """The sentence for a read that Vercel will go on refusing, with what to check."""
    because = _because(status, said)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        check = "Check that VERCEL_TOKEN is valid and covers the project, and [vercel] team in the runbook."
        return f"Vercel does not let the bot read {what} {because}. {check}"
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        check = "Check its name, and [vercel] project and team in the runbook."
        return f"Vercel finds no {what} {because}. {check}"
    return f"Vercel does not accept the question about {what} {because}. Check its name."


def _because(status: int, said: str) -> str:
    return f"({status}: {said})" if said else f"({status})"


def _error(answer: httpx.Response) -> Body:
    """What an answer says of an error."""
    body = _json(answer)
    top = body if isinstance(body, dict) else {}
    return next((top[key] for key in ("error", "err") if isinstance(top.get(key), dict)), top)


def _json(answer: httpx.Response) -> object:
    try:
        return answer.json()
    except ValueError:
        return None
