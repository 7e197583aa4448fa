"""The shapes of what Slack answers: people and channels as our own types, headers, and whether anything was sent."""

import socket
from collections.abc import Mapping
from typing import Any

from slack_sdk.web import SlackResponse

from bot.core.people import Channel, Person


def channel_from(data: Mapping[str, Any]) -> Channel:
    """A channel, as the bot sees it."""
    return Channel(
        id=str(data["id"]),
        name=str(data.get("name", "")),
        is_member=bool(data.get("is_member")),
        is_shared=bool(data.get("is_ext_shared") or data.get("is_pending_ext_shared")),
        is_archived=bool(data.get("is_archived")),
    )


def person_from(user: Mapping[str, Any]) -> Person:
    """A person; who is of an Enterprise organization belongs to that as well."""
    enterprise = user.get("enterprise_user") or {}
    return Person(
        id=str(user["id"]),
        team=str(user.get("team_id", "")),
        enterprise=str(enterprise.get("enterprise_id", "")),
        is_bot=bool(user.get("is_bot") or user.get("is_workflow_bot") or user["id"] == "USLACKBOT"),
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_deactivated=bool(user.get("deleted")),
        is_stranger=bool(user.get("is_stranger")),
    )


def keys_of(message: Mapping[str, Any]) -> tuple[str, ...]:
    """What a message can be found by: the key in its metadata, the names of its files."""
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    return (str(payload.get("key", "")), *(str(file.get("name", "")) for file in message.get("files") or ()))


def header(response: SlackResponse, name: str) -> str:
    """A header of an answer, by its name in small letters; "" where there is none."""
    return next((str(value) for key, value in response.headers.items() if key.lower() == name), "")


def was_never_sent(error: Exception) -> bool:
    """Whether the connection itself failed: urllib wraps the cause."""
    cause = getattr(error, "reason", error)
    return isinstance(cause, ConnectionRefusedError | socket.gaierror)
