"""The buttons that decide on a request: Approve, Deny with its modal, Withdraw, Stop, and how an unknown one ended."""

from typing import Any

from slack_bolt import Ack
from slack_sdk import WebClient

from bot.changes import Changes
from bot.core.change import Kind
from bot.messages.views import denial_view
from handlers.deliveries import about, named_in, of_interaction


def clicked(ack: Ack, body: dict[str, Any], *, changes: Changes, kind: Kind) -> None:
    """Keep the click, then acknowledge it. Who may do what is decided afterwards, by `advance`."""
    request, digest = about(body)
    changes.click(kind, request, of_interaction(body), digest=digest)
    ack()


def deny_clicked(ack: Ack, body: dict[str, Any], client: WebClient, *, changes: Changes) -> None:
    """Ask for the reason: nothing is denied before it is given."""
    request, digest = about(body)
    changes.request(request)
    ack()
    client.views_open(trigger_id=body["trigger_id"], view=denial_view(request, digest))


def denial_submitted(ack: Ack, body: dict[str, Any], *, changes: Changes) -> None:
    """Keep the denial with its reason, then close the modal."""
    request, digest = named_in(body["view"]["private_metadata"])
    reason = (body["view"]["state"]["values"]["reason"]["reason"].get("value") or "").strip()
    if not reason:
        ack(response_action="errors", errors={"reason": "A denial needs a reason: the requester has to know it."})
        return
    changes.click(Kind.DENIAL_SUBMITTED, request, of_interaction(body), digest=digest, reason=reason)
    ack()
