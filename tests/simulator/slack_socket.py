"""Slack's end of one WebSocket, frame by frame (RFC 6455): what Slack says over it, and what the bot answers."""

import json
import socket
import struct
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha1
from io import BufferedIOBase
from itertools import cycle
from typing import Any, NamedTuple

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
CONTINUED, FINAL, MASKED, LENGTH = 0x0, 0x80, 0x80, 0x7F
SHORTEST_16_BITS, SHORTEST_64_BITS = 126, 1 << 16


class Frame(NamedTuple):
    """One frame as the bot sent it, unmasked."""

    opcode: int
    data: bytes


def accept_of(key: str) -> str:
    """What the handshake's answer says to the client's key: RFC 6455, section 4.2.2."""
    return b64encode(sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()).decode()  # noqa: S324


class Socket:
    """One WebSocket of the app, from its handshake on; `changed` guards it and tells of each answer."""

    def __init__(self, changed: threading.Condition, ticket: str) -> None:
        self.ticket = ticket
        self.answers: dict[str, Any] = {}  # by envelope: its payload, None where there was none
        self.sent: list[str] = []  # envelopes
        self.strays: list[str] = []  # acknowledged here, though they came elsewhere or were answered before
        self.pongs: list[bytes] = []
        self.is_open = False
        self.is_leaving = False  # the bot was asked to replace it
        self._changed = changed
        self._sending = threading.Lock()
        self._connection: socket.socket | None = None

    def serve(self, stream: BufferedIOBase, connection: socket.socket, greet: Callable[[], None]) -> None:
        """Say hello, and take what the bot says until one of them goes."""
        self._connection, self.is_open = connection, True
        greet()
        try:
            for frame in frames(stream):
                self._take(frame)
                if frame.opcode == CLOSE:
                    break
        except OSError:
            pass
        finally:
            with self._changed:
                self.is_open = False
                self._changed.notify_all()

    def say(self, message: Mapping[str, Any], frames: int = 1) -> None:
        """Send a JSON text, in one frame or in more."""
        text = json.dumps(message).encode()
        size = -(-len(text) // frames)
        for at in range(0, len(text), size):
            self.send(CONTINUED if at else TEXT, text[at : at + size], is_last=at + size >= len(text))

    def deliver(self, envelope: Mapping[str, Any]) -> None:
        """Send an envelope; its answer shows in `answers`."""
        with self._changed:
            self.sent.append(envelope["envelope_id"])
            self.answers.pop(envelope["envelope_id"], None)
        self.say(envelope)

    def ask_to_leave(self, reason: str = "refresh_requested") -> None:
        """Tell the bot that this socket is about to go."""
        self.is_leaving = True
        self.say({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-stand-in"}})

    def ping(self, data: bytes = b"Ping from applink-stand-in") -> None:
        """Send a ping frame; the answer shows in `pongs`."""
        self.send(PING, data)

    def end(self, code: int = 1000) -> None:
        """Close it as Slack does: with a close frame."""
        self.send(CLOSE, struct.pack("!H", code))

    def cut(self) -> None:
        """Have the connection die without a word."""
        if self._connection:
            self.is_open = False
            self._connection.shutdown(socket.SHUT_RDWR)

    def send(self, opcode: int, data: bytes, *, is_last: bool = True) -> None:
        """Send one frame; to nobody where the bot is gone."""
        head = bytes([FINAL * is_last | opcode])
        if len(data) < SHORTEST_16_BITS:
            head += bytes([len(data)])
        elif len(data) < SHORTEST_64_BITS:
            head += struct.pack("!BH", 126, len(data))
        else:
            head += struct.pack("!BQ", 127, len(data))
        try:
            with self._sending:
                if self._connection:
                    self._connection.sendall(head + data)
        except OSError:
            pass

    def _take(self, frame: Frame) -> None:
        with self._changed:
            if frame.opcode == TEXT:
                self._answered(json.loads(frame.data))
            elif frame.opcode == PONG:
                self.pongs.append(frame.data)
            self._changed.notify_all()
        if frame.opcode == PING:
            self.send(PONG, frame.data)
        elif frame.opcode == CLOSE:
            self.send(CLOSE, frame.data)

    def _answered(self, answer: Mapping[str, Any]) -> None:
        envelope = answer["envelope_id"]
        if envelope in self.sent and envelope not in self.answers:
            self.answers[envelope] = answer.get("payload")
        else:
            self.strays.append(envelope)


def frames(stream: BufferedIOBase) -> Iterator[Frame]:
    """The frames that a client sends, to the end of the stream; each must be masked and whole."""
    while head := stream.read(2):
        first, second = head
        assert second & MASKED, "a client masks what it sends"
        assert first & FINAL, "the bot sends no fragments"
        length = second & LENGTH
        if length == 126:
            (length,) = struct.unpack("!H", stream.read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", stream.read(8))
        mask = stream.read(4)
        data = stream.read(length)
        yield Frame(first & 0x0F, bytes(byte ^ key for byte, key in zip(data, cycle(mask), strict=False)))
