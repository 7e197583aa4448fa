"""A stand-in for Vercel's REST API: domains move one by one as its clock passes, as after a real rollback.

Time is `clock`, a callable of seconds: a test that advances it moves the domains without sleeping. Every knob is an
attribute; answers that are lost, late or replaced are faults of `Wire`.
"""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from tests.simulator import vercel_bodies as bodies
from tests.simulator import vercel_cast as the
from tests.simulator.vercel_bodies import refusal
from tests.simulator.vercel_builds import Builds, with_reason
from tests.simulator.vercel_cast import Build, Order
from tests.simulator.wire import Answer, Request, Wire

USER = {"id": "usr_standin", "uid": "usr_standin", "username": "standin", "email": "standin@ibam.example"}


class VercelStandIn(Builds, Wire):
    """Vercel with the default cast; the broken deployment is live on every production domain."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.clock = clock
        self.clock_skew = 0.0  # seconds that Vercel's clock is ahead of ours
        self.record_lag = 0.0  # seconds until lastAliasRequest shows an order; the official client gives up on any
        self.job_seconds = 0.4
        self.domain_seconds = 0.1  # for each domain, one after another
        self.stuck_domains: set[str] = set()
        self.job_result = "succeeded"  # or "failed", "skipped" (then nothing moves)
        self.records_jobs = True  # False: lastAliasRequest stays null
        self.promote_after_post = ""  # somebody promotes this deployment right after the next POST
        self.token = the.TOKEN
        self.project_scoped = False  # the token reaches this project only, and no user
        self.plan = "pro"  # "hobby": only the previous production deployment can be gone to
        self.auto_assign = True
        self.crons_deployment: str | None = None  # None: there are no cron jobs
        self.crons_follow = True  # False: they stay where they were
        self.rolling_stages: list[dict[str, Any]] | None = None  # configured, when not None
        self.rolling: dict[str, Any] | None = None  # under way: {"base", "canary", "percent"}
        self.builds = {build.id: build for build in the.cast(self.clock())}
        self.domains = dict.fromkeys(the.DOMAINS, the.BROKEN)
        self.before_live: list[str] = [the.PREVIOUS]  # what was live before, newest last
        self._orders: list[Order] = []

    @property
    def posts(self) -> list[Request]:
        """The rollback and promote orders received, applied or not."""
        with self.lock:
            return [
                one for one in self.requests if one.method == "POST" and re.search("/(rollback|promote)/", one.path)
            ]

    def live(self) -> dict[str, str]:
        """The deployment on each production domain now."""
        with self.lock:
            self._settle()
            return dict(self.domains)

    def promote_by_someone(self, deployment: str) -> None:
        """Somebody promotes a deployment in the dashboard, at once on every domain."""
        self.move_by_someone(deployment, "promote")

    def move_by_someone(self, deployment: str, how: str, *, at_once: bool = True) -> None:
        """Somebody rolls back or promotes from outside; `at_once=False` = as slowly as any order."""
        with self.lock:
            self._settle()
            self._begin(how, deployment, at_once=at_once)

    def push(self, subject: str, author: str = "Mia Chen") -> str:
        """Somebody pushes to main: a new production build, live at once where deployments are automatic."""
        with self.lock:
            self._settle()
            build = Build(f"dpl_pushed{len(self.builds):018d}", self.clock(), subject, author)
            self.builds[build.id] = build
            if self.auto_assign:
                self.before_live.append(self._current())
                self.domains = dict.fromkeys(self.domains, build.id)
            else:
                build.substate = "STAGED"
            return build.id

    def answer(self, request: Request) -> Answer:
        self._settle()
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return refusal(403, "forbidden", "Not authorized", invalidToken=True)
        for method, pattern, route in ROUTES:
            if method == request.method and (found := re.fullmatch(pattern, request.path)):
                parts = tuple(unquote(part) for part in found.groups())
                return self._foreign_scope(request) or route(self, request, *parts)
        return refusal(404, "not_found", "The requested API endpoint was not found.")

    def _foreign_scope(self, request: Request) -> Answer | None:
        if request.path.startswith(("/v2/user", "/teams", "/v1/teams", "/v2/teams")):
            return refusal(404, "not_found", "User not found.") if self.project_scoped else None
        scope = request.query.get("teamId") or request.query.get("slug")
        if scope in (the.TEAM, the.TEAM_SLUG) or (scope is None and self.project_scoped):
            return None
        text = f'Not authorized: Trying to access resource under scope "{scope or "standin"}".'
        return refusal(403, "forbidden", text, saml=True, scope=scope, teamId=None, enforced=False)

    # What it answers

    def _user(self, request: Request) -> Answer:
        return Answer(body={"user": USER})

    def _team(self, request: Request, name: str = "") -> Answer:
        team = {"id": the.TEAM, "slug": the.TEAM_SLUG, "name": "IBAM Projects"}
        if name not in ("", the.TEAM, the.TEAM_SLUG):
            return refusal(403, "forbidden", f'You don\'t have permission to access the team "{name}".')
        return Answer(body=team if name else {"teams": [team], "pagination": {"count": 1, "next": None, "prev": None}})

    def _project(self, request: Request, name: str) -> Answer:
        if name not in (the.PROJECT, the.PROJECT_NAME):
            return refusal(404, "not_found", "Project not found.")
        body = bodies.project(
            {domain: self.builds[id_] for domain, id_ in self.domains.items()},
            self.plan,
            autoAssignCustomDomains=self.auto_assign,
            lastAliasRequest=self._job() if request.query.get("rollbackInfo") == "true" else None,
            rollingRelease={"target": "production", "stages": self.rolling_stages} if self.rolling_stages else None,
            crons=bodies.crons(self.crons_deployment, self.clock()) if self.crons_deployment else None,
        )
        return Answer(body=body)

    def _deployments(self, request: Request) -> Answer:
        query = request.query
        rows = sorted(self.builds.values(), key=lambda build: -build.created)
        rows = [build for build in rows if build.project == the.PROJECT and self._wanted(build, query)]
        if until := int(query.get("until", 0)):
            rows = [build for build in rows if int(build.created * 1000) < until]
        limit = int(query.get("limit", 20))
        page, more = rows[:limit], rows[limit:]
        following = int(page[-1].created * 1000) if more else None
        return Answer(
            body={
                "deployments": [bodies.row(build, candidate=self._is_candidate(build)) for build in page],
                "pagination": {"count": len(page), "next": following, "prev": None},
            }
        )

    def _wanted(self, build: Build, query: Mapping[str, str]) -> bool:
        return (
            query.get("projectId", build.project) in (the.PROJECT, the.PROJECT_NAME)
            and query.get("target", build.target) == build.target
            and build.state in query.get("state", build.state).split(",")
            and query.get("branch", build.branch) == build.branch
            and (query.get("rollbackCandidate") != "true" or self._is_candidate(build))
        )

    def _deployment(self, request: Request, name: str) -> Answer:
        build = self.builds.get(self.domains.get(name, name))
        build = build or next((one for one in self.builds.values() if one.url == name), None)
        if build is None or build.deleted:
            return refusal(404, "not_found", "The deployment could not be found.")
        return Answer(body=bodies.by_id(build, self.plan) if build.owner == the.TEAM else bodies.reduced(build))

    def _alias(self, request: Request, name: str = "") -> Answer:
        rows = [bodies.alias_of(domain, self.builds[id_]) for domain, id_ in self.domains.items()]
        if not name:
            return Answer(body={"aliases": rows, "pagination": {"count": len(rows), "next": None, "prev": None}})
        found = [row for row in rows if row["alias"] == name]
        return Answer(body=found[0]) if found else refusal(404, "not_found", "The alias could not be found.")

    def _rolling_release(self, request: Request, name: str) -> Answer:
        if self.rolling is None:
            return Answer(body={"rollingRelease": None})
        base, canary = (self.builds[self.rolling[side]] for side in ("base", "canary"))
        release = bodies.rolling_release(base, canary, self.rolling["percent"], self.clock())
        return Answer(body={"rollingRelease": release})

    def _order_aliases(self, request: Request, name: str, how: str) -> Answer:
        waiting = self._orders[-1].waiting if self._orders else []
        failed = request.query.get("failedOnly") == "true"
        rows = [
            {
                "alias": {"alias": domain, "deploymentId": id_} if how == "rollback" else domain,
                "id": f"als_{number}",
                "status": "failed" if domain in waiting else "completed",
            }
            for number, (domain, id_) in enumerate(self.domains.items())
            if domain in waiting or not failed
        ]
        return Answer(body={"aliases": rows, "pagination": {"count": len(rows), "next": None, "prev": None}})

    def _rollback(self, request: Request, name: str, deployment: str) -> Answer:
        build = self.builds.get(deployment)
        if problem := self._impossible(name, build):
            return problem
        if self.builds[deployment].substate != "PROMOTED":
            return refusal(422, "unprocessable_entity", "The deployment has never served production.")
        if set(self.domains.values()) == {deployment} and self.rolling is None:
            return refusal(422, "unprocessable_entity", "The deployment is already the current production deployment.")
        if self.plan == "hobby" and deployment != self.before_live[-1]:
            text = "To roll back further than the previous production deployment, upgrade to pro"
            return refusal(402, "payment_required", text)
        self.rolling = None
        self._begin("rollback", deployment)
        self._someone_else()
        return Answer(201)

    def _promote(self, request: Request, name: str, deployment: str) -> Answer:
        build = self.builds.get(deployment)
        if problem := self._impossible(name, build):
            return problem
        if set(self.domains.values()) == {deployment}:
            text = f"The provided deploymentId ({deployment}) is already the current production deployment."
            return refusal(409, "conflict", text)
        if self.rolling is not None:
            return Answer(202)
        if self.rolling_stages:
            percent = self.rolling_stages[0]["targetPercentage"]
            self.rolling = {"base": self._current(), "canary": deployment, "percent": percent}
            return Answer(201)
        self._begin("promote", deployment)
        self._someone_else()
        return Answer(201)

    def _impossible(self, name: str, build: Build | None) -> Answer | None:
        if name not in (the.PROJECT, the.PROJECT_NAME):
            return refusal(404, "not_found", "Project not found.")
        if build is None or build.deleted or build.project != the.PROJECT:
            return refusal(404, "not_found", "The deployment could not be found.")
        return None if build.is_production else refusal(422, "unprocessable_entity", "The deployment is not eligible.")

    # What it keeps

    def _someone_else(self) -> None:
        other, self.promote_after_post = self.promote_after_post, ""
        if other:
            self._begin("promote", other, at_once=True)

    def _begin(self, how: str, to_id: str, *, at_once: bool = False) -> None:
        now = self.clock()
        order = Order(
            type=how,
            from_id=self._current(),
            to_id=to_id,
            at=now,
            result="succeeded" if at_once else self.job_result,
            takes=0.0 if at_once else self.job_seconds,
            domain_takes=0.0 if at_once else self.domain_seconds,
            recorded_at=now if at_once else now + self.record_lag,
            stuck=set() if at_once else self.stuck_domains,
            waiting=[] if self.job_result == "skipped" and not at_once else list(self.domains),
        )
        self._orders.append(order)
        self.auto_assign = how == "promote"
        self.before_live.append(order.from_id)
        if self.crons_deployment and self.crons_follow:
            self.crons_deployment = to_id
        self._settle()

    def _settle(self) -> None:
        """Move the domains whose time has come."""
        if not self._orders:
            return
        order = self._orders[-1]
        for place, domain in enumerate(self.domains, start=1):
            arrived = self.clock() - order.at >= place * order.domain_takes - 1e-6
            if arrived and domain in order.waiting and domain not in order.stuck:
                self.domains[domain] = order.to_id
                order.waiting.remove(domain)
                self.builds[order.to_id].substate = "PROMOTED"

    def _current(self) -> str:
        return next(iter(self.domains.values()))

    def _is_candidate(self, build: Build) -> bool:
        served = build.is_production and build.substate == "PROMOTED"
        return served and build.offered and build.id not in self.domains.values()

    def _job(self) -> dict[str, Any] | None:
        now = self.clock()
        shown = [order for order in self._orders if order.recorded_at <= now] if self.records_jobs else []
        return bodies.job(shown[-1], now, self.clock_skew) if shown else None


V, P = VercelStandIn, "/projects/([^/]+)"
ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", "/v2/user", V._user),
    ("GET", "(?:/v[12])?/teams/([^/]+)", V._team),
    ("GET", "/v[12]/teams", V._team),
    ("GET", f"/v9{P}", V._project),
    ("GET", "/v[67]/deployments", V._deployments),
    ("GET", "/v13/deployments/([^/]+)", with_reason(V._deployment)),
    ("GET", "/v3/deployments/([^/]+)/events", V._events),
    ("GET", "/v11/deployments/([^/]+)/builds", lambda *_: Answer(body={"builds": []})),
    ("GET", "/v4/aliases", V._alias),
    ("GET", "/v4/aliases/([^/]+)", V._alias),
    ("GET", f"/v1{P}/rolling-release", V._rolling_release),
    ("GET", f"/v[19]{P}/(rollback|promote)/aliases", V._order_aliases),
    ("POST", f"/v[19]{P}/rollback/([^/]+)", V._rollback),
    ("POST", f"/v10{P}/promote/([^/]+)", V._promote),
)
