"""Modals: what a person is asked for when a button is not enough. What it is about travels in private_metadata."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.core.incident import Verb
from bot.messages.picture import Block

REASON_LENGTH = 500


def denial_view(request_id: str, digest: str) -> Block:
    """The modal behind Deny: a denial needs a reason."""
    hint = "The requester is told. It ends the request; nothing is changed in production."
    asked = input_block("reason", "Why should this not run?", hint, lines_input("reason", REASON_LENGTH))
    about = {"request": request_id, "digest": digest}
    return modal("denial", about, title=f"Deny {request_id}", submit="Deny", blocks=[asked])


def not_needed_view(incident_id: str, reminder: str) -> Block:
    """The modal behind Not needed: whoever reads the timeline later has to know why nobody was told."""
    hint = "It is recorded with your name. Nobody is told, and this reminder does not come again."
    asked = input_block("reason", "Why is this not needed?", hint, lines_input("reason", REASON_LENGTH))
    about = {"incident": incident_id, "about": reminder}
    return modal(
        f"incident_{Verb.NOT_NEEDED}", about, title=f"{incident_id}: not needed", submit="Record", blocks=[asked]
    )


def down_since_view(incident_id: str, outage: str, since: datetime) -> Block:
    """The modal behind Down since…: when users were first without the site, which may be before a check failed.

    `outage` is the name of the one that it is opened in: when it is sent, there may be another.
    """
    element = {"type": "datetimepicker", "action_id": "at", "initial_date_time": int(since.timestamp())}
    hint = "In your own time zone. It is recorded with your name; what the checks measured stays in the log."
    asked = input_block("at", "Since when was it down?", hint, element)
    about = {"incident": incident_id, "about": outage}
    return modal(
        f"incident_{Verb.DOWN_SINCE}", about, title=f"{incident_id}: down since", submit="Record", blocks=[asked]
    )


def lines_input(action_id: str, most: int) -> Block:
    """Where a person writes a text of several lines."""
    return {"type": "plain_text_input", "action_id": action_id, "multiline": True, "max_length": most}


def input_block(block_id: str, label: str, hint: str, element: Block) -> Block:
    """A question with its element; it must be answered."""
    told = {"label": plain_text(label), "hint": plain_text(hint)}
    return {"type": "input", "block_id": block_id, **told, "element": element}


def modal(callback_id: str, about: Mapping[str, str], *, title: str, submit: str, blocks: Sequence[Block]) -> Block:
    """The modal; `about` comes back with what was filled in."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": json.dumps(about, ensure_ascii=False),
        "title": plain_text(title[:24]),
        "submit": plain_text(submit),
        "close": plain_text("Go back"),
        "blocks": list(blocks),
    }


def plain_text(text: str) -> Block:
    """A text object in which nothing means anything to Slack."""
    return {"type": "plain_text", "text": text}
