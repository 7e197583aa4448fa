"""What a person hears when a handler fails: the rule's sentence, or a reference that stands in the bot's own log."""

import json
import logging
import secrets
from typing import Any

from slack_bolt import BoltResponse
from slack_sdk.webhook import WebhookClient

from bot.core.errors import Refused
from bot.messages.private import fault, refusal
from handlers.deliveries import plain

_logger = logging.getLogger(__name__)


def tell(error: Exception, body: dict[str, Any]) -> BoltResponse:
    """Answer privately, whatever went wrong: the one broad net of the handlers."""
    if isinstance(error, Refused):
        picture = refusal(error.text)
    else:
        reference = secrets.token_hex(4)
        _logger.error("handlers.fault reference=%s kind=%s", reference, body.get("type", "command"), exc_info=error)
        picture = fault(reference)
    if "command" in body:
        return _json({"response_type": "ephemeral", "text": picture.text, "blocks": list(picture.blocks)})
    if body.get("type") == "view_submission":  # 200 without a body would close the modal as if it was taken
        return _json({"response_action": "errors", "errors": {_input_of(body): plain(picture.text)}})  # no mrkdwn there
    if body.get("response_url"):
        _send(body["response_url"], picture.text)
    return BoltResponse(status=200 if isinstance(error, Refused) else 500)


def _input_of(body: dict[str, Any]) -> str:
    """The modal's input that the answer stands at: Slack shows it nowhere else."""
    return next(str(block["block_id"]) for block in body["view"]["blocks"] if block["type"] == "input")


def _json(body: dict[str, Any]) -> BoltResponse:
    return BoltResponse(status=200, body=json.dumps(body), headers={"content-type": "application/json"})


def _send(response_url: str, text: str) -> None:
    try:
        WebhookClient(response_url, timeout=3, retry_handlers=[]).send(text=text, replace_original=False)
    except OSError:
        _logger.warning("handlers.not_told")
