"""What the Vercel stand-in tells of builds that failed: the reason, and the log, in the shapes of the real API."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tests.simulator.vercel_bodies import refusal
from tests.simulator.vercel_cast import Build
from tests.simulator.wire import Answer, Request

REASON = {"errorCode": "BUILD_UTILS_SPAWN_1", "errorMessage": 'Command "npm run build" exited with 1'}
LOG = (
    ("stdout", "Cloning github.com/ibam-projects/ibam-learn-platform-v3 (Branch: main)"),
    ("command", "npm run build"),
    ("stderr", "npm warn deprecated glob@7.2.3"),
    ("stderr", "Failed to compile."),
    ("stderr", ""),
    ("stderr", "./src/pages/progress.tsx\nModule not found: Can't resolve '@/charts/progress'"),
    ("stderr", "> Build failed because of webpack errors"),
    ("stdout", "npm notice"),
    ("exit", ""),
)


class Builds:
    """Mixed into the stand-in. The knobs: why builds failed, and what their logs hold."""

    builds: dict[str, Build]
    reason: Mapping[str, Any] = REASON
    log: tuple[tuple[str, str], ...] = LOG
    lines_in_payload = False  # as older answers have them

    def _events(self, request: Request, name: str) -> Answer:
        """A build's log; nothing is streamed."""
        build = self.builds.get(name)
        if build is None or build.deleted:
            return refusal(404, "not_found", "The deployment could not be found.")
        rows = [self._event(build, number, *line) for number, line in enumerate(self.log)]
        rows = rows[::-1] if request.query.get("direction") == "backward" else rows
        limit = int(request.query.get("limit", 100))
        return Answer(body=rows if limit < 0 else rows[:limit])

    def _event(self, build: Build, number: int, type_: str, text: str) -> dict[str, Any]:
        created = int(build.created * 1000) + number
        told = {"id": f"{created}{number:06}", "date": created, "deploymentId": build.id, "serial": f"{number}"}
        told |= {"text": text, "info": {"type": "build", "name": "bld_1"}}
        if self.lines_in_payload:
            return {"type": type_, "created": created, "payload": told}
        return {"type": type_, "created": created, **told}


def with_reason(route: Callable[..., Answer]) -> Callable[..., Answer]:
    """The route of a deployment read by its id, which also says why its build failed."""

    def answer(stand_in: Builds, request: Request, *parts: str) -> Answer:
        found = route(stand_in, request, *parts)
        is_failed = found.status == 200 and found.body.get("readyState") == "ERROR" and "ownerId" in found.body
        return replace(found, body={**found.body, **stand_in.reason}) if is_failed else found

    return answer
