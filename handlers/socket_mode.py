"""Socket Mode: Slack's deliveries over WebSockets that the bot opens itself, to the same handlers as over HTTP.

A delivery is acknowledged over the socket that brought it, and before a socket goes its successor is there.
"""

import http
import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from slack_bolt import App, BoltRequest
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from bot.adapters.slack import Slack
from bot.core.errors import BotError, Revoked, Unavailable
from bot.core.secret import Secret

THREADS = 8
ANSWER_SECONDS = 3.5  # Bolt gives a handler three
PING_SECONDS = 10.0  # a line that is dead without a word is given up after twice that
CLOSE_SECONDS = 2.0  # for the other side's farewell
DRAIN_SECONDS = 30.0  # Slack closes a socket that it asked to be replaced; later than this, the bot does
STEADY_SECONDS = 30.0  # a socket that lasted this long is replaced at once
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds between openings that come to nothing
LONGEST_MESSAGE = 10_000_000  # bytes

_logger = logging.getLogger(__name__)


class Addresses:
    """Where Slack lets the bot connect to: each is good for one WebSocket, and as secret as the app-level token."""

    def __init__(self, slack: Slack, token: Secret) -> None:
        self._slack, self._token = slack, token
        self._spare: Secret | None = None

    def check(self) -> None:
        """Have Slack look at the token; the address that it gives is kept, for they may be asked for seldom.

        Raises Revoked, Refused or Unavailable, as `take` does.
        """
        self._spare = self._slack.socket_address(self._token)

    def take(self) -> Secret:
        """An address that was not used yet."""
        spare, self._spare = self._spare, None
        return spare or self._slack.socket_address(self._token)


@dataclass(eq=False)
class _Line:
    """One WebSocket; `leaves_at` is when the bot closes it if Slack didn't (None: it is to stay)."""

    socket: ClientConnection
    opened_at: float = field(default_factory=time.monotonic)
    leaves_at: float | None = None

    def read(self) -> str | bytes:
        """The next message. Raises ConnectionClosed, or TimeoutError when it is time to leave."""
        left = None if self.leaves_at is None else max(0.0, self.leaves_at - time.monotonic())
        return self.socket.recv(timeout=left)


class SocketMode:
    """Keeps one socket to Slack, and for a while two; `give_up` is told why there will never be another."""

    def __init__(self, app: App, addresses: Addresses, give_up: Callable[[str], None]) -> None:
        self._app, self._addresses, self._give_up = app, addresses, give_up
        self._wanted = threading.Event()
        self._wanted.set()
        self._lock = threading.Lock()
        self._lines: dict[_Line, threading.Thread] = {}  # and who reads each
        self._tries = 0  # openings since a socket lasted
        self._not_before = 0.0  # time.monotonic(), when Slack asked for patience
        self._is_down = False
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="delivery")
        self._unanswered: set[Future[None]] = set()

    def run(self) -> None:
        """Keep a socket open, until a signal raises something in this thread."""
        while True:
            self._wanted.wait()
            time.sleep(self._pause())
            self._wanted.clear()
            self._open()

    def close(self) -> None:
        """Answer what has arrived, then close: Slack has the rest for another socket, or tells the person."""
        wait(self._unanswered.copy(), ANSWER_SECONDS)
        with self._lock:
            lines = dict(self._lines)
        for line, reader in lines.items():
            line.socket.close()
            reader.join()
        self._pool.shutdown()

    def _pause(self) -> float:
        """Seconds until the next opening: none after a socket that lasted, ever more after each that didn't."""
        growing = FIRST_PAUSE * 2 ** min(self._tries - 2, 10) if self._tries > 1 else 0.0
        return max(min(growing, LONGEST_PAUSE), self._not_before - time.monotonic())

    def _open(self) -> None:
        self._tries += 1
        try:
            line = _Line(_connected(self._addresses.take()))
        except Revoked as error:
            self._give_up(error.text)
        except BotError as error:
            self._try_again(error)
        else:
            reader = threading.Thread(target=self._listen, args=(line,), name="socket", daemon=True)
            with self._lock:
                self._lines[line] = reader
            reader.start()

    def _try_again(self, error: BotError) -> None:
        """Said once, however often it is tried: until a socket is open again, there is nothing new to say."""
        if isinstance(error, Unavailable) and error.retry_at:
            self._not_before = time.monotonic() + (error.retry_at - datetime.now(UTC)).total_seconds()
        if not self._is_down:
            _logger.warning("socket.unreachable reason=%r; it is tried again", error.text)
        self._is_down = True
        self._wanted.set()

    def _listen(self, line: _Line) -> None:
        try:
            while True:
                self._take(line, line.read())
        except ConnectionClosed:
            pass
        except TimeoutError:
            line.socket.close()
        finally:  # whatever ended it, there is another one
            self._replace(line, "closed")
            with self._lock:
                del self._lines[line]

    def _take(self, line: _Line, text: str | bytes) -> None:
        match _parsed(text):
            case {"type": "hello"}:
                self._is_down = False
                _logger.info("socket.open")
            case {"type": "disconnect", "reason": "link_disabled"}:
                self._give_up("Socket Mode is turned off for this app: link_disabled.")
            case {"type": "disconnect", **told}:
                self._replace(line, str(told.get("reason")))
            case {"envelope_id": str(id_), "payload": dict(payload), **told}:
                takes_payload = told.get("accepts_response_payload") is True
                answer = self._pool.submit(self._answer, line, id_, payload, takes_payload=takes_payload)
                self._unanswered.add(answer)
                answer.add_done_callback(self._settle)
            case _:
                _logger.warning("socket.not_understood")

    def _replace(self, line: _Line, reason: str) -> None:
        """Want a successor, once a line; what still comes by the old one is taken and answered there."""
        if line.leaves_at is not None:
            return
        now = time.monotonic()
        line.leaves_at = now + DRAIN_SECONDS
        if now - line.opened_at >= STEADY_SECONDS:
            self._tries = 0
        _logger.info("socket.leaving reason=%r", reason)
        self._wanted.set()

    def _answer(self, line: _Line, envelope_id: str, payload: dict[str, Any], *, takes_payload: bool) -> None:
        """Have Bolt's listener keep the delivery, and acknowledge it; what it fails at is not acknowledged."""
        response = self._app.dispatch(BoltRequest(mode="socket_mode", body=payload))
        if response.status != http.HTTPStatus.OK:
            return
        answer = {"envelope_id": envelope_id}
        if response.body and takes_payload:
            answer |= {"payload": json.loads(response.body)}
        try:
            line.socket.send(json.dumps(answer))
        except ConnectionClosed:  # not over another socket: there Slack delivers it anew, and it is known then
            _logger.warning("socket.not_acknowledged")

    def _settle(self, answer: "Future[None]") -> None:
        self._unanswered.discard(answer)
        error = answer.exception()
        if error:
            _logger.error("socket.fault", exc_info=error)


def _connected(address: Secret) -> ClientConnection:
    """A socket to an address. Raises Unavailable, which doesn't repeat the address."""
    try:
        return connect(
            address.reveal(),
            legacy=True,  # a connection, not an endless iterator of them: when the next one is due is decided here
            compression=None,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            close_timeout=CLOSE_SECONDS,
            max_size=LONGEST_MESSAGE,
        )
    except (OSError, WebSocketException) as error:
        raise Unavailable(f"Slack's WebSocket can't be opened: {type(error).__name__}.") from None


def _parsed(text: str | bytes) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
