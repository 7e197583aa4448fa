"""Mail over SMTP: one message to everybody on the list or to nobody, sent once at most.

- Encrypted or not at all: `smtps://` is TLS from the first byte, `smtp://` has to offer STARTTLS; the certificate is
  checked. Only a relay on this very host (localhost, 127.0.0.1, ::1) is spoken to as it is.
- Several recipients don't see each other. One that is refused keeps the mail from all: nobody has to ask who got it.
- No address is in what this says: it goes into the log and into messages.
- Nothing is sent before the line with the final dot is on its way; from then on only the server's answer tells.
"""

import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from bot.core.errors import BotError, OutcomeUnknown, Refused, Unavailable
from bot.core.runbook.addresses import is_address
from bot.core.secret import Secret

SECONDS = 10.0  # for each answer of the server
ACCEPT_SECONDS = 60.0  # for the last one: many servers look through the content before they accept it
PORTS = {"smtp": 587, "smtps": 465}
THIS_HOST = frozenset({"localhost", "127.0.0.1", "::1"})
DONE, FORWARDED, GO_AHEAD = 250, 251, 354  # RFC 5321, 4.2.3
LATER, NEVER = range(400, 500), range(500, 600)
UNSENT = "Nothing was sent."
_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*|[0-9a-f:.]*:[0-9a-f:.]*").fullmatch
_LOGIN = re.compile(r"[\x20-\x7e]*").fullmatch  # smtplib sends no other characters


@dataclass(frozen=True)
class Server:
    """Who takes the mail; no `user` = without a login. `is_tls` = from the first byte."""

    host: str
    port: int
    user: str
    password: Secret
    is_tls: bool

    @property
    def needs_starttls(self) -> bool:
        """Whether it has to be asked for encryption before anything else is said."""
        return not self.is_tls and self.host not in THIS_HOST


def server_of(url: str) -> Server:
    """The server that smtp://user:password@host:port or smtps://… names, user and password percent-encoded.

    Raises ValueError, without the address, where it names none.
    """
    parts = urlsplit(url) if is_address(url, frozenset(PORTS)) else urlsplit("")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    is_whole = parts.path in ("", "/") and not (parts.query or parts.fragment)  # else a /, ? or # was not encoded
    is_right = is_whole and _HOST(parts.hostname or "") and _LOGIN(user) and _LOGIN(password)
    if not is_right or bool(user) != bool(password):
        raise ValueError("not the address of a mail server")
    port = parts.port or PORTS[parts.scheme]
    return Server(parts.hostname or "", port, user, Secret(password), is_tls=parts.scheme == "smtps")


@dataclass
class Mail:
    """One server and one sender. `context` says which certificates are trusted; None = those that this host trusts.

    Raises ValueError, without the address, where `url` is none. `timeout` is in seconds.
    """

    url: Secret
    sender: str
    context: ssl.SSLContext | None = None
    timeout: float = SECONDS
    _server: Server = field(init=False)

    def __post_init__(self) -> None:
        self._server = server_of(self.url.reveal())

    def check(self) -> None:
        """Log in and name the sender; nothing is sent. Raises as `send` does, but never OutcomeUnknown."""
        with self._session() as smtp, _nothing_sent("sender"):
            self._name_sender(smtp)

    def send(self, to: Sequence[str], subject: str, *, text: str, message_id: str) -> None:
        """Send one message; `message_id` is whole, <left@right>, and what a person can search for.

        Raises Unavailable (try again later) and Refused, both with nothing sent to anybody, or OutcomeUnknown.
        """
        message = self._message(to, subject, text, message_id)
        with self._session() as smtp:
            with _nothing_sent("message"):
                self._name_sender(smtp)
                _name_recipients(smtp, to)
                _expect(GO_AHEAD, smtp.docmd("DATA"), "message")
                smtp.send(message)
            _finish(smtp, message_id)

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A connection, encrypted and logged in; its QUIT drops what was not finished (RFC 5321, 4.1.1.10)."""
        with _nothing_sent("connection"):
            smtp = self._connect()
        try:
            with _nothing_sent("greeting"):
                smtp.ehlo_or_helo_if_needed()
            if self._server.needs_starttls:
                with _nothing_sent("STARTTLS"):
                    smtp.starttls(context=self._context())
                    smtp.ehlo_or_helo_if_needed()  # what was said in the open doesn't count (RFC 3207, 4.2)
            if self._server.user:
                with _nothing_sent("login"):
                    smtp.login(self._server.user, self._server.password.reveal())
            yield smtp
        finally:
            with suppress(OSError):  # what it says to QUIT changes nothing; every SMTPException is an OSError
                smtp.quit()
            smtp.close()

    def _connect(self) -> smtplib.SMTP:
        host, port = self._server.host, self._server.port
        if self._server.is_tls:
            return smtplib.SMTP_SSL(host, port, timeout=self.timeout, context=self._context())
        return smtplib.SMTP(host, port, timeout=self.timeout)

    def _context(self) -> ssl.SSLContext:
        return self.context or ssl.create_default_context()

    def _name_sender(self, smtp: smtplib.SMTP) -> None:
        _expect(DONE, smtp.mail(self.sender), "sender")

    def _message(self, to: Sequence[str], subject: str, text: str, message_id: str) -> bytes:
        """The message as it goes over the wire: 7-bit, CR LF after each line, a dot at its beginning doubled."""
        message = EmailMessage(policy=SMTP)
        message["From"] = self.sender
        message["To"] = to[0] if len(to) == 1 else "undisclosed-recipients:;"
        message["Subject"] = _on_one_line(subject)
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = message_id
        message["Auto-Submitted"] = "no"  # a person pressed the button (RFC 3834); answers are welcome
        message.set_content(text, cte="quoted-printable")
        return re.sub(rb"(?m)^\.", b"..", message.as_bytes())


def _name_recipients(smtp: smtplib.SMTP, to: Sequence[str]) -> None:
    """Name all of them, before anything is sent; who is refused is told by its place, because a log is for years."""
    codes = [smtp.rcpt(address)[0] for address in to]
    refused = {place: code for place, code in enumerate(codes, 1) if code not in (DONE, FORWARDED)}
    if refused:
        whom = ", ".join(f"{place} ({code})" for place, code in refused.items())
        text = f"The mail server does not take recipient {whom} of {len(to)}. Nothing was sent to anybody."
        raise Refused("mail", text) if any(code in NEVER for code in refused.values()) else Unavailable(text)


def _finish(smtp: smtplib.SMTP, message_id: str) -> None:
    """Send the final dot, and learn whether the server took the mail on itself."""
    unknown = f"it may or may not be sent. Search for {message_id} in a recipient's mailbox or in the server's log."
    try:
        if smtp.sock:
            smtp.sock.settimeout(ACCEPT_SECONDS)
        smtp.send(b".\r\n")
        code, _ = smtp.getreply()
    except OSError as error:  # every SMTPException is one
        raise OutcomeUnknown(f"The mail server did not answer ({type(error).__name__}); {unknown}") from None
    if code in (*LATER, *NEVER):
        raise _answered("message", code)
    if code != DONE:
        raise OutcomeUnknown(f"The mail server answered with {code}; {unknown}")


@contextmanager
def _nothing_sent(step: str) -> Iterator[None]:
    """Say what fails in here as our own errors; the server's words may hold addresses, so only its codes are told."""
    try:
        yield
    except smtplib.SMTPServerDisconnected as error:
        raise Unavailable(_silent(step, error)) from None
    except smtplib.SMTPResponseException as error:
        raise _answered(step, error.smtp_code) from None
    except smtplib.SMTPException:
        raise Refused("mail", f"The mail server does not offer what is needed ({step}). {UNSENT}") from None
    except ssl.SSLCertVerificationError as error:
        text = f"The mail server's certificate is not trusted ({error.verify_message}). {UNSENT}"
        raise Refused("mail", text) from None
    except OSError as error:
        raise Unavailable(_silent(step, error)) from None


def _silent(step: str, error: Exception) -> str:
    return f"The mail server could not be reached, or fell silent ({step}: {type(error).__name__}). {UNSENT}"


def _expect(code: int, answer: tuple[int, bytes], step: str) -> None:
    if answer[0] != code:
        raise _answered(step, answer[0])


def _answered(step: str, code: int) -> BotError:
    """What a code other than the expected one says: from 500 on it will be the same the next time."""
    if code in NEVER:
        return Refused("mail", f"The mail server said no ({step}: {code}). {UNSENT}")
    return Unavailable(f"The mail server asks to try later ({step}: {code}). {UNSENT}")


def _on_one_line(text: str) -> str:
    """A text without line breaks and other characters that would steer a header."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
