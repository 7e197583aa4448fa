"""HTTP mode: Slack's signed deliveries, and whether the process is up and ready."""

import http
import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

EVENTS_PATH = "/slack/events"


def application(app: App, ready: Mapping[str, Callable[[], bool]]) -> "WSGIApplication":
    """The whole HTTP side; `ready` names what has to be well for `/readyz` to say so."""
    slack = SlackRequestHandler(app, path=EVENTS_PATH)

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
            case "GET" | "HEAD", "/healthz":
                return _say(start_response, {"process": True})
            case "GET" | "HEAD", "/readyz":
                return _say(start_response, {name: is_well() for name, is_well in ready.items()})
            case _:
                return slack(environ, start_response)

    return answer


def _say(start_response: "StartResponse", well: Mapping[str, bool]) -> Iterable[bytes]:
    status = http.HTTPStatus.OK if all(well.values()) else http.HTTPStatus.SERVICE_UNAVAILABLE
    start_response(f"{status.value} {status.phrase}", [("content-type", "application/json")])
    return [json.dumps(well).encode()]
