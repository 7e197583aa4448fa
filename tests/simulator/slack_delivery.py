"""What Slack sends to the bot, and how: the bodies of commands, clicks and submissions, their signature, the 3 seconds.

https://docs.slack.dev/authentication/verifying-requests-from-slack has the signature (v0).
"""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple, TypedDict
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.simulator.slack_api import as_read
from tests.simulator.slack_people import APP, BOT_USER, Person
from tests.simulator.slack_state import Message, State

PATIENCE = 3.0  # seconds
VERIFICATION_TOKEN = "legacy-verification-token"

Payload = dict[str, Any]
ENVELOPES = {"command": "slash_commands", "event_callback": "events_api"}  # by kind; all others are interactive


class Signing(TypedDict, total=False):
    """What a test may falsify: `timestamp` in seconds, `signature` as text; an empty signature sends none at all."""

    timestamp: int
    signature: str


class Answered(NamedTuple):
    """What the bot said; status 0 = it did not answer in time, or not at all, and `text` says which."""

    status: int
    text: str


@dataclass
class Delivery:
    """One request to the bot, kept so that it can be sent again."""

    kind: str  # command, block_actions, view_submission or event_callback
    user: str
    channel: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    envelope: str = ""  # the id of the one that it came in, over a socket
    answered: Answered | None = None


def signed(body: bytes, secret: str, falsified: Signing) -> dict[str, str]:
    """The headers that prove a body to be Slack's, as of now unless falsified."""
    timestamp = str(falsified.get("timestamp", int(time.time())))
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    signature = falsified.get("signature", f"v0={digest}")
    proof = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature} if signature else {}
    kind = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
    return {"Content-Type": kind, "User-Agent": "Slackbot 1.0", **proof}


def send(url: str, delivery: Delivery, patience: float) -> Answered:
    """Send a delivery once and wait `patience` seconds for the answer."""
    target = urlsplit(url)
    connection = HTTPConnection(target.hostname or "", target.port, timeout=patience)
    try:
        connection.request("POST", target.path, delivery.body, delivery.headers)
        response = connection.getresponse()
        return Answered(response.status, response.read().decode())
    except TimeoutError:
        return Answered(0, "operation_timeout")
    except (OSError, HTTPException):
        return Answered(0, "dispatch_failed")
    finally:
        connection.close()


def command_body(state: State, user: str, channel: str, words: tuple[str, str], response_url: str) -> bytes:
    """The form of a slash command; `words` are the command and what follows it."""
    place = state.channels[channel]
    form = {
        "token": VERIFICATION_TOKEN,
        "team_id": state.team.id,
        "team_domain": state.team.domain,
        "channel_id": channel,
        "channel_name": "privategroup" if place.is_private else place.name,
        "user_id": user,
        "user_name": _person(state, user).name,
        "command": words[0],
        "text": words[1],
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": state.new_trigger(user),
    }
    if state.team.enterprise_id:
        form |= {"enterprise_id": state.team.enterprise_id, "enterprise_name": state.team.enterprise_name}
    return urlencode(form).encode()


def event_body(state: State, event: Mapping[str, Any]) -> bytes:
    """The JSON of an event that the app subscribed to."""
    authorized = {"enterprise_id": state.team.enterprise_id, "team_id": state.team.id, "user_id": BOT_USER}
    told = {
        "token": VERIFICATION_TOKEN,
        "team_id": state.team.id,
        "api_app_id": APP,
        "event": {**event, "channel": f"D_{event['user']}", "event_ts": state.new_ts()},
        "type": "event_callback",
        "event_id": state.new_id("Ev"),
        "event_time": int(time.time()),
        "authorizations": [{**authorized, "is_bot": True, "is_enterprise_install": False}],
    }
    return json.dumps(told).encode()


def payload_body(payload: Mapping[str, Any]) -> bytes:
    """The form of an interaction."""
    return urlencode({"payload": json.dumps(payload)}).encode()


def enveloped(delivery: Delivery) -> Payload:
    """A delivery as it goes over a socket: its payload is what the form would carry."""
    form: Payload = json_object(delivery.body.decode()) or dict(
        parse_qsl(delivery.body.decode(), keep_blank_values=True)
    )
    envelope = {
        "envelope_id": delivery.envelope,
        "type": ENVELOPES.get(delivery.kind, "interactive"),
        "payload": json.loads(form["payload"]) if "payload" in form else form,
        "accepts_response_payload": delivery.kind in ("command", "view_submission"),
    }
    attempt = delivery.headers.get("X-Slack-Retry-Num")
    reason = delivery.headers.get("X-Slack-Retry-Reason")
    return envelope | ({"retry_attempt": int(attempt), "retry_reason": reason} if attempt else {})


def json_object(text: str) -> Payload:
    """What an answer holds as JSON; empty when it is plain text."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def click_payload(state: State, user: str, message: Message, action: Mapping[str, Any], response_url: str) -> Payload:
    """A press of one element of a message; a private message isn't repeated in it, as with Slack."""
    channel, private = message["channel"], "via" in message
    container = {"type": "message", "message_ts": message["ts"], "channel_id": channel, "is_ephemeral": private}
    if "thread_ts" in message:
        container["thread_ts"] = message["thread_ts"]
    place = state.channels.get(channel)
    payload = _interaction(state, "block_actions", user)
    payload |= {"container": container, "response_url": response_url, "state": {"values": {}}}
    payload |= {"channel": {"id": channel, "name": place.name if place and not place.is_private else "privategroup"}}
    payload |= {"actions": [{**action, "action_ts": state.new_ts()}]}
    return payload if private else payload | {"message": as_read(state, message, with_metadata=True)}


def submit_payload(state: State, user: str, view: Mapping[str, Any], values: Mapping[str, Any]) -> Payload:
    """A modal sent off with what was filled in, given by action_id.

    Raises AssertionError where a person could not have done this.
    """
    filled = {**view, "state": {"values": _state_values(view, values)}}
    return _interaction(state, "view_submission", user) | {"view": filled, "response_urls": []}


def _interaction(state: State, kind: str, user: str) -> Payload:
    person, team = _person(state, user), state.team
    enterprise = {"id": team.enterprise_id, "name": team.enterprise_name} if team.enterprise_id else None
    return {
        "type": kind,
        "user": {"id": user, "username": person.name, "name": person.name, "team_id": person.team},
        "api_app_id": APP,
        "token": VERIFICATION_TOKEN,
        "trigger_id": state.new_trigger(user),
        "team": {"id": team.id, "domain": team.domain},
        "enterprise": enterprise,
        "is_enterprise_install": False,
    }


def _person(state: State, user: str) -> Person:
    return state.people.get(user) or Person(user, user.lower())


def _state_values(view: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    unknown = set(values) - {block["element"]["action_id"] for block in inputs}
    assert not unknown, f"the modal has no input {', '.join(sorted(unknown))}"
    found = {}
    for block in inputs:
        element = block["element"]
        value = values.get(element["action_id"], element.get("initial_value", element.get("initial_date_time")))
        assert value or block.get("optional"), f"{element['action_id']} must be filled in"
        found[block["block_id"]] = {element["action_id"]: _value(element, value)}
    return found


def _value(element: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """What an input holds: a string is text or the value of one option, a list the values of several."""
    kind = element["type"]
    if "options" not in element:
        named = {
            "users_select": "selected_user",
            "conversations_select": "selected_conversation",
            "datetimepicker": "selected_date_time",  # seconds
        }
        return {"type": kind, named.get(kind, "value"): value or None}
    options = {option["value"]: option for option in element["options"]}
    if kind in ("checkboxes", "multi_static_select"):
        return {"type": kind, "selected_options": [options[one] for one in value or []]}
    return {"type": kind, "selected_option": options[value] if value else None}
