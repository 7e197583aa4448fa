"""Mail on the wire, against a real SMTP server: what arrives, and what is known when it goes wrong."""

import re
import socket
import ssl
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.mail import Mail, Server, server_of
from bot.core.errors import BotError, OutcomeUnknown, Refused, Unavailable
from bot.core.secret import Secret
from tests.simulator.mail import DROP, PASSWORD, SENDER, SILENT, USER, MailStandIn

ID = "<I-1.stakeholders.5f0c@ibam.example>"
LEA, KIM = "lea@ibam.example", "kim@ibam.example"
DRAFT = "IBAM has a problem since 03:12.\n.\nWhat we are doing: zurück zu “a1b2c3d”\n" + "x" * 1200


@pytest.fixture
def server() -> Iterator[MailStandIn]:
    with MailStandIn() as one:
        yield one


@pytest.fixture
def by_starttls() -> Iterator[MailStandIn]:
    with MailStandIn("starttls") as one:
        yield one


def mail_to(server: MailStandIn, url: str = "", timeout: float = 10.0) -> Mail:
    return Mail(Secret(url or server.url), SENDER, server.context, timeout)


def send(mail: Mail, *to: str) -> None:
    mail.send(to or (LEA, KIM), "IBAM: incident I-1", text=DRAFT, message_id=ID)


def failure(mail: Mail) -> BotError:
    with pytest.raises(BotError) as raised:
        send(mail)
    return raised.value


# What is known when it goes wrong


@pytest.mark.parametrize(
    ("command", "step"), [("EHLO", "greeting"), ("MAIL", "sender"), ("DATA", "message"), (".", "message")]
)
@pytest.mark.parametrize(
    ("reply", "kind"), [("451 4.3.0 not now, lea", Unavailable), ("554 5.7.1 no, lea", Refused)], ids=["4xx", "5xx"]
)
def test_what_the_server_refuses_was_not_sent_and_its_words_are_not_told(
    server: MailStandIn, command: str, step: str, reply: str, kind: type[BotError]
) -> None:
    server.faults = {command: reply, "HELO": reply}
    said = failure(mail_to(server))
    assert type(said) is kind
    assert f"({step}: {reply[:3]}). Nothing was sent." in said.text
    assert "lea" not in said.text
    assert server.mails == []


@pytest.mark.parametrize("command", ["EHLO", "AUTH", "MAIL", "RCPT", "DATA"])
def test_a_connection_that_is_lost_before_the_message_left_nothing_sent(server: MailStandIn, command: str) -> None:
    server.faults = {command: DROP}
    said = failure(mail_to(server))
    assert type(said) is Unavailable
    assert said.text.endswith("Nothing was sent.")


def test_a_connection_that_is_lost_after_the_final_dot_is_an_unknown_outcome(server: MailStandIn) -> None:
    server.faults = {".": DROP}
    said = failure(mail_to(server))
    assert type(said) is OutcomeUnknown
    assert f"Search for {ID}" in said.text
    assert len(server.mails) == 1


def test_an_answer_to_the_final_dot_that_means_nothing_is_an_unknown_outcome(server: MailStandIn) -> None:
    server.faults = {".": "OK 250"}
    assert type(failure(mail_to(server))) is OutcomeUnknown


def test_a_server_that_falls_silent_is_unavailable_in_bounded_time(server: MailStandIn) -> None:
    server.faults = {"RCPT": SILENT}
    assert type(failure(mail_to(server, timeout=0.3))) is Unavailable


def test_a_server_that_says_nothing_at_all_is_unavailable_in_bounded_time(server: MailStandIn) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"smtp://127.0.0.1:{deaf.getsockname()[1]}"
        assert type(failure(mail_to(server, url, timeout=0.3))) is Unavailable


def test_a_server_that_is_not_there_is_unavailable(server: MailStandIn) -> None:
    said = failure(mail_to(server, "smtp://127.0.0.1:1"))
    assert said.text == (
        "The mail server could not be reached, or fell silent (connection: ConnectionRefusedError). Nothing was sent."
    )


@pytest.mark.parametrize(("reply", "kind"), [("450 busy", Unavailable), ("550 no such user", Refused)])
def test_one_refused_recipient_keeps_the_mail_from_everybody_and_is_told_by_its_place(
    server: MailStandIn, reply: str, kind: type[BotError]
) -> None:
    server.refused = {KIM: reply}
    said = failure(mail_to(server))
    assert type(said) is kind
    assert said.text == f"The mail server does not take recipient 2 ({reply[:3]}) of 2. Nothing was sent to anybody."
    assert (server.mails, "DATA" in server.commands) == ([], False)


def test_what_goes_wrong_after_the_mail_was_taken_changes_nothing(server: MailStandIn) -> None:
    server.faults = {"QUIT": DROP}
    send(mail_to(server))
    assert len(server.mails) == 1


# The login, and TLS


def test_a_refused_login_is_refused(server: MailStandIn) -> None:
    said = failure(mail_to(server, server.url.replace("1%25@", "2%25@")))
    assert said.text == "The mail server said no (login: 535). Nothing was sent."


def test_the_login_is_percent_decoded(server: MailStandIn) -> None:
    send(mail_to(server))
    assert server.logins == [("PLAIN", USER)]


def test_a_server_without_starttls_is_told_nothing(server: MailStandIn) -> None:
    said = failure(mail_to(server, server.url.replace("127.0.0.1", "127.1")))
    assert type(said) is Refused
    assert "STARTTLS" in said.text
    assert set(server.commands) <= {"EHLO", "QUIT"}


@pytest.mark.parametrize("tls", ["starttls", "smtps"])
def test_a_certificate_that_is_not_trusted_is_refused(tls: str) -> None:
    with MailStandIn(tls) as server:
        said = failure(Mail(Secret(server.url), SENDER))
    assert type(said) is Refused
    assert "certificate" in said.text
    assert "AUTH" not in server.commands


@pytest.mark.parametrize("tls", ["starttls", "smtps"])
def test_mail_goes_over_tls(tls: str) -> None:
    with MailStandIn(tls) as server:
        send(mail_to(server))
    assert len(server.mails) == len(server.logins) == 1


def test_a_certificate_of_another_host_is_refused(by_starttls: MailStandIn) -> None:
    said = failure(mail_to(by_starttls, by_starttls.url.replace("127.1:", "127.0.1:")))
    assert "certificate is not trusted" in said.text


@pytest.mark.parametrize(("tls", "host"), [("", "smtp://127.0.0.1"), ("starttls", "smtp://127.1")])
def test_a_login_is_not_needed(tls: str, host: str) -> None:
    with MailStandIn(tls) as server:
        send(mail_to(server, f"{host}:{server.port}"))
    assert (len(server.mails), server.logins) == (1, [])


# What arrives


def test_a_mail_arrives_as_written(server: MailStandIn) -> None:
    send(mail_to(server))
    (mail,) = server.mails
    assert (mail.sender, mail.to) == (SENDER, (LEA, KIM))
    assert mail.message.get_content().replace("\r\n", "\n") == f"{DRAFT}\n"
    headers = {name: mail.message[name] for name in ("From", "Subject", "Message-ID", "Auto-Submitted")}
    assert headers == {
        "From": SENDER,
        "Subject": "IBAM: incident I-1",
        "Message-ID": ID,
        "Auto-Submitted": "no",
    }
    assert abs(mail.message["Date"].datetime - datetime.now(UTC)) < timedelta(minutes=1)


def test_what_goes_over_the_wire_is_seven_bit_in_short_lines(server: MailStandIn) -> None:
    long_id = f"<{'I-1.stakeholders' * 8}@ibam.example>"
    mail_to(server).send([LEA], "Störung: ☂ " * 30, text=DRAFT, message_id=long_id)
    raw = server.mails[0].raw
    assert raw.isascii()
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", raw) is None
    assert long_id.encode() in raw
    assert server.mails[0].message["Subject"] == ("Störung: ☂ " * 30).strip()


def test_several_recipients_do_not_see_each_other(server: MailStandIn) -> None:
    send(mail_to(server))
    raw = server.mails[0].raw
    assert b"To: undisclosed-recipients:;" in raw
    assert (LEA.encode() in raw, KIM.encode() in raw) == (False, False)


def test_a_single_recipient_is_named(server: MailStandIn) -> None:
    send(mail_to(server), LEA)
    assert server.mails[0].message["To"] == LEA


@pytest.mark.parametrize("subject", ["a\r\nBcc: eve@x", "a\nBcc: eve@x", "a\u2028Bcc: eve@x\0"])
def test_a_subject_cannot_add_a_header(server: MailStandIn, subject: str) -> None:
    mail_to(server).send([LEA], subject, text=DRAFT, message_id=ID)
    message = server.mails[0].message
    assert (message["Subject"], message["Bcc"]) == ("a Bcc: eve@x", None)


# The check, the address


def test_the_check_logs_in_and_sends_nothing(server: MailStandIn) -> None:
    mail_to(server).check()
    assert (server.commands, server.mails) == (["EHLO", "AUTH", "MAIL", "QUIT"], [])


def test_the_check_finds_a_sender_that_is_not_allowed(server: MailStandIn) -> None:
    server.faults = {"MAIL": "553 5.7.1 not yours"}
    with pytest.raises(Refused, match="sender: 553"):
        mail_to(server).check()


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.x", Server("mail.x", 587, "", Secret(""), is_tls=False)),
        ("smtps://mail.x/", Server("mail.x", 465, "", Secret(""), is_tls=True)),
        ("smtp://u:p@[::1]:25", Server("::1", 25, "u", Secret("p"), is_tls=False)),
    ],
)
def test_an_address_names_a_server(url: str, server: Server) -> None:
    assert repr(server_of(url)) == repr(server)


@pytest.mark.parametrize(("host", "needs"), [("mail.x", True), ("127.1", True), ("LOCALHOST", False), ("[::1]", False)])
def test_only_this_host_is_spoken_to_in_the_open(host: str, *, needs: bool) -> None:
    assert server_of(f"smtp://{host}").needs_starttls is needs
    assert not server_of(f"smtps://{host}").needs_starttls


@pytest.mark.parametrize(
    "url",
    [
        "smtp://u:hunter/2@mail.x",
        "smtp://u:25#hunter2@mail.x",
        "smtp://u:25?hunter2@mail.x",
        "smtp://hunter2@mail.x",
        "smtp://:hunter2@mail.x",
        "smtp://u:hunter2%0a@mail.x",
        "smtp://u:hunter2ü@mail.x",
        "smtp://u:hunter2@mail..x",
        "smtp://u:hunter2@",
        "http://u:hunter2@mail.x",
    ],
)
def test_another_address_is_none_and_is_not_told(url: str) -> None:
    with pytest.raises(ValueError, match="not the address of a mail server") as raised:
        server_of(url)
    assert "hunter" not in "".join(traceback.format_exception(raised.value))


def test_the_password_is_nowhere_to_be_seen(server: MailStandIn) -> None:
    server.faults = {"AUTH": f"535 {PASSWORD}"}
    mail = mail_to(server)
    told = repr(mail) + "".join(traceback.format_exception(failure(mail)))
    assert [one for one in (PASSWORD, server.url, "pass%2Fword") if one in told] == []


def test_the_hosts_own_certificates_are_trusted_where_no_others_are_given() -> None:
    mail = Mail(Secret("smtps://mail.x"), SENDER)
    assert mail._context().verify_mode is ssl.CERT_REQUIRED
    assert mail._context().check_hostname
