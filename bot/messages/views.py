"""Modals: what a person is asked for when a button is not enough."""

import json
from typing import Any

REASON_LENGTH = 500


def denial_view(request_id: str, digest: str) -> dict[str, Any]:
    """The modal behind Deny: a denial needs a reason. What it belongs to travels in private_metadata."""
    reason = {"type": "plain_text_input", "action_id": "reason", "multiline": True, "max_length": REASON_LENGTH}
    asked = {
        "type": "input",
        "block_id": "reason",
        "label": _plain("Why should this not run?"),
        "hint": _plain("The requester is told. It ends the request; nothing is changed in production."),
        "element": reason,
    }
    return {
        "type": "modal",
        "callback_id": "denial",
        "private_metadata": json.dumps({"request": request_id, "digest": digest}),
        "title": _plain(f"Deny {request_id}"[:24]),
        "submit": _plain("Deny"),
        "close": _plain("Go back"),
        "blocks": [asked],
    }


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}
