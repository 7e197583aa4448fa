"""What people do in the Slack stand-in: type commands, press buttons, send modals off; Slack delivers it.

Signed, over HTTP; or over a WebSocket, once the bot has opened one.
"""

import copy
from collections.abc import Mapping
from typing import Any, Unpack

from tests.simulator import slack_reading
from tests.simulator.slack_delivery import (
    PATIENCE,
    Answered,
    Delivery,
    Signing,
    click_payload,
    command_body,
    event_body,
    json_object,
    payload_body,
    send,
    signed,
    submit_payload,
)
from tests.simulator.slack_rules import check_view
from tests.simulator.slack_sockets import SlackSockets
from tests.simulator.slack_state import Message


class SlackHands(SlackSockets):
    """Every method waits for the bot as long as Slack does, and gives what the bot answered."""

    def __init__(self) -> None:
        super().__init__()
        self.bot_url = ""  # where the bot listens, without a slash at the end
        self.patience = PATIENCE  # seconds
        self.deliveries: list[Delivery] = []

    def command(self, user: str, channel: str, command: str, text: str = "", **signing: Unpack[Signing]) -> Answered:
        """Type a slash command; what the bot answers in time is shown to the person."""
        with self.lock:
            body = command_body(self.state, user, channel, (command, text), self._response_url(user, channel))
            delivery = Delivery("command", user, channel, body)
        return self._deliver(delivery, signing)

    def click(
        self, user: str, message: Message, action_id: str, *, chosen: Message | None = None, **signing: Unpack[Signing]
    ) -> Answered:
        """Press an element of a message as it stands now; `chosen` has fields of elements that are no buttons.

        Raises AssertionError when the element isn't there.
        """
        now = self.current(message)
        found = [element for element in slack_reading.elements(now) if element["action_id"] == action_id]
        assert found, f"no {action_id} to press; there are: {slack_reading.buttons(now)}"
        with self.lock:
            response_url = self._response_url(user, now["channel"], now["ts"])
            payload = click_payload(self.state, user, now, found[0] | (chosen or {}), response_url)
        return self._interact(user, now["channel"], payload, signing)

    def forge_click(
        self,
        user: str,
        message: Message,
        action_id: str,
        value: str,
        *,
        channel: str | None = None,
        team: str | None = None,
        **signing: Unpack[Signing],
    ) -> Answered:
        """Press a button that isn't there, or that is in another channel or workspace."""
        message = {**message, "channel": channel or message["channel"]}
        label = {"type": "plain_text", "text": action_id, "emoji": True}
        action = {"type": "button", "action_id": action_id, "block_id": "forged", "text": label, "value": value}
        with self.lock:
            response_url = self._response_url(user, message["channel"])
            payload = click_payload(self.state, user, message, action, response_url)
        if team is not None:
            payload |= {"team": {"id": team, "domain": team.lower()}, "user": payload["user"] | {"team_id": team}}
        return self._interact(user, message["channel"], payload, signing)

    def submit(
        self, user: str, view: Message, values: Mapping[str, Any] | None = None, **signing: Unpack[Signing]
    ) -> Answered:
        """Send a modal off with `values` by action_id; it closes unless the bot answers otherwise."""
        with self.lock:
            payload = submit_payload(self.state, user, view, values or {})
        return self._interact(user, "", payload, signing)

    def open_home(self, user: str, tab: str = "home", **signing: Unpack[Signing]) -> Answered:
        """Open the app's page at one of its tabs; Slack tells the bot each time."""
        with self.lock:
            body = event_body(self.state, {"type": "app_home_opened", "user": user, "tab": tab})
        return self._deliver(Delivery("event_callback", user, "", body), signing)

    def current(self, message: Message) -> Message:
        """A message as it stands now; raises AssertionError when there is none."""
        with self.lock:
            known = [*self.state.messages.get(message["channel"], []), *self.state.private]
            found = [one for one in known if one["ts"] == message["ts"]]
            assert found, f"no message {message['ts']} in {message['channel']}"
            return copy.deepcopy(found[0])

    def say(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> Message:
        """Write an ordinary message."""
        content = {"text": text} | ({"thread_ts": thread_ts} if thread_ts else {})
        with self.changed:
            self.changed.notify_all()
            return copy.deepcopy(self.state.post(channel, user, content))

    def redeliver(self, delivery: Delivery | None = None, attempt: int = 1) -> Answered:
        """Send a delivery (the last one) again as Slack does: same body, signed anew, with the number of the retry."""
        first = delivery or self.deliveries[-1]
        again = Delivery(first.kind, first.user, first.channel, first.body)
        again.headers = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_timeout"}
        return self._deliver(again, {})

    def repeat(self, delivery: Delivery | None = None) -> Answered:
        """Send a delivery (the last one) again in the very same envelope, as Slack's sockets may."""
        first = delivery or self.deliveries[-1]
        again = Delivery(first.kind, first.user, first.channel, first.body, envelope=first.envelope)
        return self._sent(again)

    def replay(self, delivery: Delivery | None = None) -> Answered:
        """Send a delivery (the last one) again as a thief would: the very same bytes and headers."""
        first = delivery or self.deliveries[-1]
        again = Delivery(first.kind, first.user, first.channel, first.body, dict(first.headers))
        return self._sent(again)

    def _response_url(self, user: str, channel: str, clicked: str = "") -> str:
        return f"{self.url}/response/{self.state.new_response(user, channel, message=clicked)}"

    def _interact(self, user: str, channel: str, payload: dict[str, Any], signing: Signing) -> Answered:
        return self._deliver(Delivery(payload["type"], user, channel, payload_body(payload)), signing)

    def _deliver(self, delivery: Delivery, signing: Signing) -> Answered:
        if not self.has_sockets:
            delivery.headers |= signed(delivery.body, self.signing_secret, signing)
        assert not (signing and self.has_sockets), "over a socket nothing is signed"
        return self._sent(delivery)

    def _sent(self, delivery: Delivery) -> Answered:
        with self.lock:
            self.deliveries.append(delivery)
        over_http = f"{self.bot_url}/slack/events"
        answered = (
            self.over_socket(delivery, self.patience) if self.has_sockets else send(over_http, delivery, self.patience)
        )
        with self.changed:
            delivery.answered = answered
            self._take(delivery, answered)
            self.changed.notify_all()
        return answered

    def _take(self, delivery: Delivery, answered: Answered) -> None:
        """Show what the bot answered to the delivery itself."""
        status, text = answered
        if status != 200 or delivery.kind in ("block_actions", "event_callback"):
            return
        body = json_object(text)
        if delivery.kind == "view_submission":
            self._take_view(delivery.user, body)
        elif body or text.strip() not in ("", "{}"):
            self.show(delivery.user, delivery.channel, "ack", body or {"text": text})

    def _take_view(self, user: str, body: dict[str, Any]) -> None:
        """Do with the modal on top what the bot answered to its submission."""
        with self.lock:
            stack = self.state.views.get(user, [])
            action = body.get("response_action")
            if action == "errors" and stack:
                inputs = {block["block_id"] for block in stack[-1]["blocks"] if block["type"] == "input"}
                assert set(body["errors"]) <= inputs, f"errors for blocks that are no inputs: {body['errors']}"
            elif action in ("update", "push"):
                check_view(body["view"])
                shown = self.state.show_view(user, body["view"])
                if action == "update":
                    stack[-2:] = [shown]
            elif action == "clear":
                stack.clear()
            elif stack:
                stack.pop()
