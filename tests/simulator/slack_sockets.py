"""Socket Mode on Slack's side: addresses that are good once, several sockets of one app, each delivery to one of them.

A delivery whose socket dies before the answer goes over another one, in another envelope.
"""

import json
import time
from typing import Any
from uuid import uuid4

from tests.simulator.slack_api import Asked
from tests.simulator.slack_delivery import Answered, Delivery, enveloped
from tests.simulator.slack_people import APP
from tests.simulator.slack_server import OPEN_SOCKET, SlackServer
from tests.simulator.slack_socket import Socket, accept_of
from tests.simulator.wire import Answer, Request

MOST_SOCKETS = 10
LINK = "/link/"


class SlackSockets(SlackServer):
    """The sockets that the bot opens; `sockets` are those open now, the oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[Socket] = []
        self.most_sockets = MOST_SOCKETS
        self._tickets: set[str] = set()  # not used yet
        self._turn = 0

    @property
    def has_sockets(self) -> bool:
        """Whether the app is in Socket Mode: it has opened a socket before."""
        return bool(self.opened)

    @property
    def sockets(self) -> list[Socket]:
        with self.lock:
            return [socket for socket in self.opened if socket.is_open]

    @property
    def socket(self) -> Socket:
        """The newest of those open now."""
        return self.sockets[-1]

    def stop(self) -> None:
        """Close the port and every socket."""
        super().stop()
        for socket in self.sockets:
            socket.cut()

    def answer(self, request: Request) -> Answer:
        """Open a socket, or answer as Slack without Socket Mode does."""
        if request.path != LINK or request.method != "GET":
            return super().answer(request)
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return Answer(401)
        self._tickets.remove(ticket)
        socket = Socket(self.changed, ticket)
        handshake = {"Upgrade": "websocket", "Connection": "Upgrade"}
        handshake["Sec-WebSocket-Accept"] = accept_of(request.headers["sec-websocket-key"])
        return Answer(101, b"", handshake, lambda stream, end: socket.serve(stream, end, lambda: self._greet(socket)))

    def over_socket(self, delivery: Delivery, patience: float) -> Answered:
        """Deliver over one of the sockets and wait for the answer; over the next one where it dies before that."""
        until = time.monotonic() + patience
        socket = self._next_socket()
        while socket is not None:
            delivery.envelope = delivery.envelope or str(uuid4())
            socket.deliver(enveloped(delivery))
            answered = self._await(socket, delivery, until)
            if answered:
                return answered
            delivery.envelope = ""
            with self.changed:
                self.changed.wait_for(lambda: self.sockets, max(0.0, until - time.monotonic()))
            socket = self._next_socket()
        return Answered(0, "dispatch_failed")

    def _perform(self, method: str, asked: Asked) -> dict[str, Any]:
        if method != OPEN_SOCKET:
            return super()._perform(method, asked)
        ticket = str(uuid4())
        self._tickets.add(ticket)
        return {"url": f"{self.url.replace('http', 'ws')}{LINK}?ticket={ticket}&app_id={APP}"}

    def _greet(self, socket: Socket) -> None:
        with self.changed:
            self.opened.append(socket)
            count = len(self.sockets)
            self.changed.notify_all()
        if count > self.most_sockets:
            socket.ask_to_leave("too_many_websockets")
            socket.end()
            return
        debug = {"host": "applink-stand-in", "build_number": 1, "approximate_connection_time": 18060}
        hello = {"type": "hello", "num_connections": count, "connection_info": {"app_id": APP}, "debug_info": debug}
        socket.say(hello)

    def _next_socket(self) -> Socket | None:
        """Each in its turn, but for those that are about to go while there are others."""
        with self.lock:
            known = [socket for socket in self.sockets if not socket.is_leaving] or self.sockets
            self._turn += 1
            return known[self._turn % len(known)] if known else None

    def _await(self, socket: Socket, delivery: Delivery, until: float) -> Answered | None:
        """What the bot answered; None where the socket died first."""
        with self.changed:
            self.changed.wait_for(
                lambda: delivery.envelope in socket.answers or not socket.is_open, max(0.0, until - time.monotonic())
            )
            if delivery.envelope in socket.answers:
                payload = socket.answers[delivery.envelope]
                assert payload is None or delivery.kind != "block_actions", "a click takes no payload"
                return Answered(200, "" if payload is None else json.dumps(payload))
            return Answered(0, "operation_timeout") if socket.is_open else None
