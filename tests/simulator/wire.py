"""An HTTP server for stand-ins: it records every request, and faults can be laid over any answer from outside.

A stand-in subclasses `Wire` and answers `answer(request)`. A test lays a `Fault` over the next requests that match:
an answer held back until released (before or after the stand-in applied it), dropped, delayed or replaced.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """One request as it arrived; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: float  # time.time()

    def form(self) -> dict[str, str]:
        """The body of application/x-www-form-urlencoded, or of JSON with its top level as texts."""
        if self.headers.get("content-type", "").startswith("application/json"):
            top = json.loads(self.body or b"{}")
            return {key: value if isinstance(value, str) else json.dumps(value) for key, value in top.items()}
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True)
class Answer:
    """What goes back: `body` as bytes, or anything that JSON can hold."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    talk: Callable[[BufferedIOBase, socket.socket], None] | None = None  # what follows on the connection, to its end


@dataclass
class Fault:
    """Something that happens to the next `times` matching requests (None = until removed)."""

    matches: Callable[[Request], bool]
    times: int | None = 1
    apply: bool = True  # whether the stand-in does what was asked before the fault shows
    answer: Answer | None = None  # sent instead of the stand-in's own
    drop: bool = False  # close the connection without an answer
    hold: bool = False  # send nothing until `release()`
    delay: float = 0.0
    arrived: threading.Event = field(default_factory=threading.Event)  # a request is here, and applied if `apply`
    released: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        """Let the held answers go."""
        self.released.set()


class Wire:
    """A stand-in's server on a free port of 127.0.0.1; use it as a context manager or `start` and `stop` it."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.date_skew = 0.0  # seconds that the Date of the answers is ahead
        self.lock = threading.RLock()  # guards the stand-in's state: one request is applied at a time
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, request: Request) -> Answer:
        """What the stand-in answers; called under `lock`."""
        raise NotImplementedError

    def start(self) -> Self:
        """Serve in a thread of its own."""
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Close the port; held answers are let go."""
        for fault in list(self.faults):
            fault.release()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def lay(self, fault: Fault) -> Fault:
        """Lay a fault over requests to come."""
        with self.lock:
            self.faults.append(fault)
        return fault

    def lift(self, fault: Fault) -> None:
        """Take a fault away; what it holds is let go."""
        fault.release()
        with self.lock:
            if fault in self.faults:
                self.faults.remove(fault)

    @contextmanager
    def failing(self, fault: Fault) -> Iterator[Fault]:
        """A fault for the length of a block."""
        try:
            yield self.lay(fault)
        finally:
            self.lift(fault)

    def asked(self, method: str, path: str) -> list[Request]:
        """The requests so far whose method is `method` and whose path ends with `path`."""
        with self.lock:
            return [r for r in self.requests if r.method == method and r.path.endswith(path)]

    def serve(self, request: Request) -> Answer | None:
        """The answer with faults laid over it; None = close the connection."""
        with self.lock:
            self.requests.append(request)
            fault = self._fault_for(request)
            own = self.answer(request) if fault is None or fault.apply else Answer(500)
        if fault is None:
            return own
        fault.arrived.set()
        if fault.delay:
            time.sleep(fault.delay)
        if fault.hold:
            fault.released.wait()
        return None if fault.drop else (fault.answer or own)

    def _fault_for(self, request: Request) -> Fault | None:
        for fault in self.faults:
            if fault.matches(request):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self.faults.remove(fault)
                return fault
        return None


def on(path_end: str, method: str | None = None) -> Callable[[Request], bool]:
    """A matcher: the path ends with `path_end`, and the method is `method` if one is given."""
    return lambda request: request.path.endswith(path_end) and method in (None, request.method)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed in the middle is what many tests are about."""


def _handler(wire: Wire) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def serve_request(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("content-length") or 0)
            answer = wire.serve(
                Request(
                    method=self.command,
                    path=parts.path,
                    query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=self.rfile.read(length),
                    at=time.time(),
                )
            )
            if answer is None:
                self.close_connection = True
                return
            self.send(answer)
            if answer.talk:
                self.close_connection = True
                answer.talk(self.rfile, self.connection)

        def send(self, answer: Answer) -> None:
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            if not isinstance(answer.body, bytes):
                self.send_header("content-type", "application/json; charset=utf-8")
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if not answer.talk:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = serve_request  # noqa: N815  # http.server's names

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(time.time() + wire.date_skew)

        def log_message(self, *args: Any) -> None:
            pass

    return Handler
