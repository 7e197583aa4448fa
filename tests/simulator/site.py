"""A stand-in for the site and its login: what it answers depends on the deployment that is live at Vercel."""

import json
import time
from http import HTTPStatus

from tests.simulator import vercel_cast as the
from tests.simulator.vercel import VercelStandIn
from tests.simulator.wire import Answer, Request, Wire

HTML = {"content-type": "text/html; charset=utf-8"}
GOOD = {
    "/": Answer(200, b"<!doctype html><title>IBAM Learn Platform</title><h1>Learn</h1>", HTML),
    "/admin": Answer(200, b"<!doctype html><title>Admin</title>", HTML),
    "/api/admin/stats": Answer(401, {"error": "unauthorized"}),
}
BAD = Answer(500, b"<!doctype html><h1>500: INTERNAL_SERVER_ERROR</h1>", HTML)


class SiteStandIn(Wire):
    """The site: 500 on each page of a broken deployment, as it should be on any other."""

    def __init__(self, vercel: VercelStandIn) -> None:
        super().__init__()
        self.vercel = vercel
        self.broken = {the.BROKEN}
        self.overrides: dict[str, Answer] = {}  # path -> what it answers whatever is live
        self.delays: dict[str, float] = {}  # path -> seconds before the answer
        self.email, self.password, self.api_key = "check@ibam.example", "correct horse", "anon-key"

    def serve(self, request: Request) -> Answer | None:
        answer = super().serve(request)
        time.sleep(self.delays.get(request.path, 0.0))  # outside the lock: pages are slow side by side
        return answer

    def answer(self, request: Request) -> Answer:
        if request.path in self.overrides:
            return self.overrides[request.path]
        if request.path == "/auth/v1/token":
            return self._login(request)
        if request.path not in GOOD:
            return Answer(404, b"<!doctype html><h1>404</h1>", HTML)
        live = self.vercel.live()
        host = request.headers.get("host", "")
        return BAD if live.get(host, live[the.SITE]) in self.broken else GOOD[request.path]

    def _login(self, request: Request) -> Answer:
        if request.method != "POST":
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED)
        if request.headers.get("apikey") != self.api_key:
            return Answer(401, {"message": "Invalid API key"})
        asked = json.loads(request.body or b"{}")
        password = request.query.get("grant_type") == "password"
        if not password or (asked.get("email"), asked.get("password")) != (self.email, self.password):
            return Answer(400, {"error_code": "invalid_credentials", "msg": "Invalid login credentials"})
        return Answer(200, {"access_token": "eyJ.e30.standin", "token_type": "bearer", "expires_in": 3600})
