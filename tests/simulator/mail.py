"""A real SMTP server (aiosmtpd) for the mail that the bot sends: it keeps what it took, and goes wrong on demand.

`url` is what SMTP_URL would be. As 127.0.0.1 it is on the bot's own host, and needs no TLS; STARTTLS is demanded of it
under another name of the same address.
"""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP as POLICY
from functools import partial
from typing import Any, Self
from urllib.parse import quote

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "bot@ibam.example", "pass/word #1%"
SENDER = "rollback@ibam.example"
ELSEWHERE = "127.1"  # loopback, written so that it is not one of the names of this host
DROP, SILENT = "drop", "silent"  # instead of a reply

_Command = Callable[[str | None], Awaitable[None]]


@dataclass(frozen=True)
class Received:
    """One mail that the server took."""

    sender: str
    to: tuple[str, ...]  # of the envelope
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        message = BytesParser(policy=POLICY).parsebytes(self.raw)
        assert isinstance(message, EmailMessage)
        return message


class MailStandIn:
    """One server; `tls` is "" (none), "starttls" or "smtps". Use it as a context manager or `start` and `stop` it.

    `faults`: a command, or "." for the end of the message -> the reply in its place, DROP or SILENT. A mail is taken
    before the connection drops at its end. `refused`: a recipient -> the reply.
    """

    def __init__(self, tls: str = "") -> None:
        self.mails: list[Received] = []
        self.faults: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        self.logins: list[tuple[str, str]] = []  # by which way, and who
        self.commands: list[str] = []
        self.tls = tls
        self.authority = trustme.CA() if tls else None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        context = self._server_context()
        listening = self._loop.create_server(
            lambda: _Conversation(self, self._loop, context),
            "127.0.0.1",
            0,
            ssl=context if tls == "smtps" else None,
        )
        self._server = self._loop.run_until_complete(listening)
        self.port: int = self._server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        scheme, host = ("smtps" if self.tls == "smtps" else "smtp"), (ELSEWHERE if self.tls else "127.0.0.1")
        return f"{scheme}://{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@{host}:{self.port}"

    @property
    def context(self) -> ssl.SSLContext | None:
        """A context that trusts this server's certificate, where it has one."""
        if self.authority is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificates and names, as the default one does
        self.authority.configure_trust(context)
        return context

    def start(self) -> Self:
        """Serve in a thread of its own."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._server.close()
        self._loop.run_until_complete(self._end_conversations())
        self._loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _end_conversations(self) -> None:
        talking = asyncio.all_tasks() - {asyncio.current_task()}
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)  # each closes its connection,
        await asyncio.sleep(0)  # which is gone one turn of the loop later

    def _server_context(self) -> ssl.SSLContext | None:
        if self.authority is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(ELSEWHERE).configure_cert(context)
        return context

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, way: str, given: Any) -> AuthResult:
        """Let the one user in."""
        assert isinstance(given, LoginPassword)
        is_right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        if is_right:
            self.logins.append((way, USER))
        return AuthResult(success=is_right, handled=False)

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, or refuse it."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # see above
        """Take a mail, or refuse it, or leave the other side in doubt."""
        assert isinstance(envelope.content, bytes)
        assert isinstance(server, _Conversation)
        fault = self.faults.get(".", "250 OK")
        if fault in (DROP, SILENT) or fault.startswith("250"):
            self.mails.append(Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), envelope.content))
        await server.break_off(fault)
        return fault


class _Conversation(SMTP):
    """One connection."""

    def __init__(self, stand_in: MailStandIn, loop: asyncio.AbstractEventLoop, context: ssl.SSLContext | None) -> None:
        by_starttls = context if stand_in.tls == "starttls" else None
        super().__init__(
            stand_in,
            hostname="mail.ibam.example",
            tls_context=by_starttls,
            require_starttls=by_starttls is not None,
            auth_require_tls=by_starttls is not None,
            authenticator=stand_in.authenticate,
            loop=loop,
        )
        self._stand_in = stand_in
        commands: Mapping[str, _Command] = self._smtp_methods
        self._smtp_methods = {name: partial(self._meet, name, method) for name, method in commands.items()}

    async def _meet(self, name: str, method: _Command, arg: str | None) -> None:
        """Answer a command, or go wrong at it."""
        self._stand_in.commands.append(name)
        fault = self._stand_in.faults.get(name)
        if fault is None:
            await method(arg)
            return
        await self.break_off(fault)
        await self.push(fault)

    async def break_off(self, fault: str) -> None:
        """End the conversation without an answer, or never give one; nothing where `fault` is a reply."""
        if fault == DROP and self.transport:
            self.transport.close()
        if fault in (DROP, SILENT):
            await asyncio.Event().wait()
