"""What Slack delivered, made plain: who, where, its id, what was typed and which request a button is about."""

import json
import re
from collections.abc import Mapping
from typing import Any

from bot.changes import Delivery

_WRAPPED_LINK = re.compile(r"<((?:https?|mailto):[^|>]*)(?:\|[^>]*)?>")
_WRAPPED_NAME = re.compile(r"<([@#!])([^|>]+)(?:\|[^>]*)?>")


def of_command(command: Mapping[str, Any]) -> Delivery:
    """The delivery of a slash command."""
    return Delivery(
        id=command["trigger_id"],
        person=command["user_id"],
        team=command["team_id"],
        channel=command["channel_id"],
        response_url=command.get("response_url", ""),
    )


def of_interaction(body: Mapping[str, Any]) -> Delivery:
    """The delivery of a click or a submitted modal; a modal knows no channel."""
    channel = body.get("channel") or {}
    return Delivery(
        id=body["trigger_id"],
        person=body["user"]["id"],
        team=(body.get("team") or body["user"]).get("id" if body.get("team") else "team_id", ""),
        channel=channel.get("id", ""),
        response_url=body.get("response_url", ""),
    )


def about(body: Mapping[str, Any]) -> tuple[str, str]:
    """The request and the plan's digest that a button holds; empty where the value isn't one of the bot's."""
    return named_in(body["actions"][0].get("value", ""))


def about_incident(body: Mapping[str, Any]) -> tuple[str, str]:
    """The incident that a button holds, and what of it the button is about; empty as above."""
    return incident_in(body["actions"][0].get("value", ""))


def named_in(text: str) -> tuple[str, str]:
    """The request and the digest in a button's value or a modal's private metadata."""
    return _values(text, "request", "digest")


def incident_in(text: str) -> tuple[str, str]:
    """The incident and what of it is meant, in a button's value or a modal's private metadata."""
    return _values(text, "incident", "about")


def _values(text: str, first: str, second: str) -> tuple[str, str]:
    try:
        value = json.loads(text)
        return str(value[first]), str(value[second])
    except (ValueError, TypeError, KeyError):
        return "", ""


def plain(text: str) -> str:
    """What was typed, with Slack's escapes and wrappings undone and quotes made straight."""
    text = _WRAPPED_NAME.sub(r"\1\2", _WRAPPED_LINK.sub(r"\1", text))
    for escaped, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(escaped, character)
    return text.translate({0x201C: '"', 0x201D: '"', 0x201E: '"', 0x2018: "'", 0x2019: "'"}).replace("\x00", "").strip()
