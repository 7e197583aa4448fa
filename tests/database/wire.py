"""The network between the bot and PostgreSQL: a proxy on a free port, and what can go wrong on it, laid on by a test.

A `Fault` lies over the next messages of a client that hold some bytes, such as COMMIT: the message or its answer is
held, lost with the connection, or met by silence. However TCP cuts a message up, it is matched as a whole.
"""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self

from tests.database.server import OWNER, PASSWORD, Database

_ENCRYPTION = (80877103, 80877104)  # SSLRequest and GSSENCRequest, which come instead of a first message
_READY, _HEAD = (
    b"Z",
    5,
)  # ReadyForQuery ends each answer; a message is its type, its length (without the type), its rest


@dataclass(eq=False)
class Fault:
    """Something that happens to the next `times` messages that hold `matches` (None = until lifted).

    With `apply` the server gets the message and has answered it in full before the fault shows; else it never gets it,
    or only after the release. One of `drop`, `hold` and `silent` says what the fault is.
    """

    matches: bytes
    times: int | None = 1
    apply: bool = True
    drop: bool = False  # cut the connection, on both sides
    hold: bool = False  # pass the message, or its answer, on only after the release
    silent: bool = (
        False  # half-open: nothing passes in either direction, no end of either side either, until the release
    )
    arrived: threading.Event = field(default_factory=threading.Event)  # the message is here, and answered if `apply`
    released: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        """Let go what is held."""
        self.released.set()


class DatabaseWire:
    """The way to a database through a port of 127.0.0.1; `url` is the bot's. A context manager, or close it."""

    def __init__(self, database: Database) -> None:
        with database.superuser() as connection:
            self._host, self._port = connection.info.host, connection.info.port
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self.url = f"postgresql://{OWNER}:{PASSWORD}@{address}/{database.name}?sslmode=disable&gssencmode=disable"
        self.messages: list[bytes] = []  # of clients, each with its type and length, in the order they came
        self._faults: list[Fault] = []
        self._lines: list[_Line] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def lay(self, fault: Fault) -> Fault:
        """Lay a fault over messages to come."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def lift(self, fault: Fault) -> None:
        """Take a fault away; what it holds is let go."""
        with self._lock:
            self._faults.remove(fault)
        fault.release()

    @contextmanager
    def failing(self, fault: Fault) -> Iterator[Fault]:
        """A fault for the length of a block."""
        try:
            yield self.lay(fault)
        finally:
            self.lift(fault)

    def cut(self) -> None:
        """Cut every connection there is; new ones are taken."""
        for line in list(self._lines):
            line.cut()

    def close(self) -> None:
        """Close the port and cut every connection; from now on the database can't be reached this way."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        for fault in self._faults:
            fault.release()
        for line in list(self._lines):
            line.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def met(self, message: bytes) -> Fault | None:
        """Note a client's message; the fault that lies over it."""
        with self._lock:
            self.messages.append(message)
            fault = next((fault for fault in self._faults if fault.times != 0 and fault.matches in message), None)
            if fault and fault.times is not None:
                fault.times -= 1
        return fault

    def _accept(self) -> None:
        with suppress(OSError):  # the port was closed
            while True:
                client, _ = self._listening.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                line = _Line(self, client, self._connected())
                line.start()
                self._lines.append(line)

    def _connected(self) -> socket.socket:
        if not self._host.startswith("/"):
            return socket.create_connection((self._host, self._port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{self._host}/.s.PGSQL.{self._port}")
        return server


class _Line(threading.Thread):
    """One connection: a thread for each direction."""

    def __init__(self, wire: DatabaseWire, client: socket.socket, server: socket.socket) -> None:
        super().__init__(daemon=True)
        self._wire, self._client, self._server = wire, client, server
        self._answered: Fault | None = None  # shows when the server has answered
        self._silence: Fault | None = None

    def run(self) -> None:
        with self._client, self._server:
            back = threading.Thread(target=self._ending, args=(self._pass_answers,), daemon=True)
            back.start()
            self._ending(self._pass_messages)
            back.join()

    def cut(self) -> None:
        for end in (self._client, self._server):
            with suppress(OSError):  # it is cut already
                end.shutdown(socket.SHUT_RDWR)

    def _ending(self, passing: Callable[[], None]) -> None:
        """Pass on until either side ends, or is cut; then so does the other, but in a silence nobody hears of it."""
        with suppress(OSError, EOFError):
            passing()
        self._keep_silence()
        self.cut()

    def _pass_messages(self) -> None:
        self._server.sendall(_first_message(self._client))
        while True:
            message = _message(self._client)
            self._keep_silence()
            fault = self._wire.met(message)
            if fault and fault.apply:
                self._answered = fault
            elif fault:
                self._show(fault)
            self._server.sendall(message)

    def _pass_answers(self) -> None:
        held = b""
        while True:
            message = _message(self._server)
            self._keep_silence()
            held += message
            fault = self._answered
            if fault and not message.startswith(_READY):
                continue
            if fault:
                self._answered = None
                self._show(fault)
            self._client.sendall(held)
            held = b""

    def _show(self, fault: Fault) -> None:
        if fault.silent:
            self._silence = fault
        fault.arrived.set()
        if fault.drop:
            raise EOFError
        fault.released.wait()

    def _keep_silence(self) -> None:
        if self._silence:
            self._silence.released.wait()


def _first_message(client: socket.socket) -> bytes:
    """The start of a session or a request to cancel; one for encryption is answered with no."""
    while True:
        head = _exactly(client, 8)
        size, code = struct.unpack("!ii", head)
        if code not in _ENCRYPTION:
            return head + _exactly(client, size - 8)
        client.sendall(b"N")


def _message(end: socket.socket) -> bytes:
    head = _exactly(end, _HEAD)
    return head + _exactly(end, int.from_bytes(head[1:], "big") - 4)


def _exactly(end: socket.socket, size: int) -> bytes:
    """So many bytes, however they arrive; EOFError where the other side ended before."""
    got = b""
    while len(got) < size:
        part = end.recv(size - len(got))
        if not part:
            raise EOFError
        got += part
    return got
