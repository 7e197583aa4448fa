"""Modals: what a person is asked for when a button is not enough. What it is about travels in private_metadata."""

import json
from datetime import datetime
from typing import Any

from bot.core.incident import Verb

REASON_LENGTH = 500


def denial_view(request_id: str, digest: str) -> dict[str, Any]:
    """The modal behind Deny: a denial needs a reason."""
    hint = "The requester is told. It ends the request; nothing is changed in production."
    asked = _input("reason", "Why should this not run?", hint, _line())
    about = {"request": request_id, "digest": digest}
    return _modal("denial", about, title=f"Deny {request_id}", submit="Deny", asked=asked)


def not_needed_view(incident_id: str, reminder: str) -> dict[str, Any]:
    """The modal behind Not needed: whoever reads the timeline later has to know why nobody was told."""
    hint = "It is recorded with your name. Nobody is told, and this reminder does not come again."
    asked = _input("reason", "Why is this not needed?", hint, _line())
    about = {"incident": incident_id, "about": reminder}
    return _modal(
        f"incident_{Verb.NOT_NEEDED}", about, title=f"{incident_id}: not needed", submit="Record", asked=asked
    )


def down_since_view(incident_id: str, since: datetime) -> dict[str, Any]:
    """The modal behind Down since…: when users were first without the site, which may be before a check failed."""
    element = {"type": "datetimepicker", "action_id": "at", "initial_date_time": int(since.timestamp())}
    hint = "In your own time zone. It is recorded with your name; what the checks measured stays in the log."
    asked = _input("at", "Since when was it down?", hint, element)
    about = {"incident": incident_id, "about": ""}
    return _modal(
        f"incident_{Verb.DOWN_SINCE}", about, title=f"{incident_id}: down since", submit="Record", asked=asked
    )


def _line() -> dict[str, Any]:
    return {"type": "plain_text_input", "action_id": "reason", "multiline": True, "max_length": REASON_LENGTH}


def _input(block_id: str, label: str, hint: str, element: dict[str, Any]) -> dict[str, Any]:
    told = {"label": _plain(label), "hint": _plain(hint)}
    return {"type": "input", "block_id": block_id, **told, "element": element}


def _modal(
    callback_id: str, about: dict[str, str], *, title: str, submit: str, asked: dict[str, Any]
) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": json.dumps(about, ensure_ascii=False),
        "title": _plain(title[:24]),
        "submit": _plain(submit),
        "close": _plain("Go back"),
        "blocks": [asked],
    }


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}
