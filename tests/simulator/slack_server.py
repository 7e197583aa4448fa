"""What the bot reaches of the Slack stand-in: the Web API, the addresses for late answers, the uploads."""

import json
import threading
import traceback
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from tests.simulator import slack_api, slack_posting
from tests.simulator.slack_api import Asked
from tests.simulator.slack_people import BOT_USER
from tests.simulator.slack_rules import Refused, check_message
from tests.simulator.slack_state import State
from tests.simulator.wire import Answer, Request, Wire

OPEN_SOCKET = "apps.connections.open"
METHODS = slack_api.METHODS | slack_posting.METHODS
SCOPES = (
    *("commands", "chat:write", "files:write", "users:read", "usergroups:read"),
    *("channels:read", "groups:read", "channels:history", "groups:history"),
)


def rate_limited(seconds: int) -> Answer:
    """The answer of a method called too often, for a Fault."""
    return Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(seconds)})


class SlackServer(Wire):
    """One workspace with the bot installed."""

    def __init__(self) -> None:
        super().__init__()
        self.token = "xoxb-stand-in"  # what the bot is to show
        self.app_token = "xapp-1-A0STANDIN-1-stand-in"  # for Socket Mode
        self.signing_secret = "stand-in-signing-secret"
        self.scopes = set(SCOPES)
        self.refuse_with: dict[str, str] = {}  # a method, "usergroups.*" or "*" -> the error it answers
        self.state = State()
        self.team, self.people = self.state.team, self.state.people
        self.groups, self.channels = self.state.groups, self.state.channels
        self.changed = threading.Condition(self.lock)

    def answer(self, request: Request) -> Answer:
        """Answer the Web API, a response_url or an upload."""
        _, room, *rest = request.path.split("/")
        rooms = {"api": self._call, "response": self._respond, "upload": self._upload}
        if request.method != "POST" or room not in rooms or not rest:
            return Answer(404)
        try:
            return rooms[room](rest[0], request)
        except Exception:  # noqa: BLE001  # a mistake of the stand-in's own has to be seen by the test
            return Answer(500, traceback.format_exc().encode())
        finally:
            self.changed.notify_all()

    def _call(self, method: str, request: Request) -> Answer:
        headers = {"x-oauth-scopes": ",".join(sorted(self.scopes))}
        try:
            self._authorize(request, method)
            fields = self._perform(method, Asked({**request.query, **request.form()}))
        except Refused as no:
            detail = {"response_metadata": {"messages": no.messages}, "errors": no.messages} if no.messages else {}
            return Answer(200, {"ok": False, "error": no.error, **detail}, headers)
        return Answer(200, {"ok": True, **fields}, headers)

    def _authorize(self, request: Request, method: str) -> None:
        given = request.headers.get("authorization", "")
        if not given:
            raise Refused("not_authed")
        if given not in (f"Bearer {self.token}", f"Bearer {self.app_token}"):
            raise Refused("invalid_auth")
        if given.endswith(self.app_token) is not (method == OPEN_SOCKET):
            raise Refused("not_allowed_token_type")
        for pattern, error in list(self.refuse_with.items()):
            if fnmatchcase(method, pattern):
                raise Refused(error)

    def _perform(self, method: str, asked: Asked) -> dict[str, Any]:
        if method not in METHODS:
            raise Refused("unknown_method")
        function, scope = METHODS[method]
        place = self.channels.get(asked.get("channel", ""))
        needed = scope.replace("channels:", "groups:") if place is not None and place.is_private else scope
        if needed and needed not in self.scopes:
            raise Refused("missing_scope")
        fields = function(self.state, asked)
        if "upload_url" in fields:
            fields["upload_url"] = self.url + fields["upload_url"]
        return fields

    def _respond(self, name: str, request: Request) -> Answer:
        """Take a message over a response_url: five times, for 30 minutes."""
        try:
            response = self.state.spend_response(name)
        except Refused as no:
            return Answer(404, {"ok": False, "error": no.error})
        try:
            self.show(response.user, response.channel, "response_url", json.loads(request.body), response.message)
        except Refused as no:
            return Answer(400, no.error.encode())
        return Answer(200, b"ok")

    def show(self, user: str, channel: str, via: str, body: Mapping[str, Any], clicked: str = "") -> None:
        """Show an answer to the person it is for, or to the channel when it says so.

        A private message that was `clicked` can be replaced; nothing else can, in this stand-in.
        """
        if body.get("delete_original"):
            raise Refused("not_in_the_stand_in")
        content = {name: body[name] for name in ("text", "blocks", "thread_ts") if body.get(name)}
        check_message(content.get("text", ""), content.get("blocks"))
        if body.get("replace_original"):
            self.state.replace_private(clicked, content)
        elif body.get("response_type") == "in_channel":
            self.state.post(channel, BOT_USER, content)
        else:
            self.state.whisper(user, channel, via, content)

    def _upload(self, name: str, request: Request) -> Answer:
        """Take the bytes of a file; the number that was announced, or none."""
        file = self.state.files.get(name)
        if file is None:
            return Answer(404)
        if len(request.body) != file.length:
            return Answer(400)
        file.content = request.body
        return Answer(200, f"OK - {len(request.body)}".encode())
