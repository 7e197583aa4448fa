"""A button, a modal and a bot that only listens, for the tests of the stand-in itself."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from tests.simulator.wire import Answer, Request, Wire

APPROVE = {
    "type": "button",
    "action_id": "approve",
    "value": "R-1",
    "text": {"type": "plain_text", "text": "Approve"},
    "confirm": {
        "title": {"type": "plain_text", "text": "Approve R-1?"},
        "text": {"type": "mrkdwn", "text": "Production goes to *a1b2c3d*."},
        "confirm": {"type": "plain_text", "text": "Approve"},
        "deny": {"type": "plain_text", "text": "Cancel"},
    },
}
REASON = {"type": "plain_text_input", "action_id": "reason"}
MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "deny",
    "title": {"type": "plain_text", "text": "Deny R-1"},
    "submit": {"type": "plain_text", "text": "Deny"},
    "blocks": [
        {"type": "input", "block_id": "why", "label": {"type": "plain_text", "text": "Reason"}, "element": REASON}
    ],
}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


class Listener(Wire):
    """A bot that writes down what it hears and says what it was told to."""

    says = Answer(200)

    def answer(self, request: Request) -> Answer:
        return self.says

    def heard(self) -> dict[str, str]:
        return self.requests[-1].form()


def error_of(call: Any, *args: Any, **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(*args, **arguments)
    return str(caught.value.response["error"])
