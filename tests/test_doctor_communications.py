"""The doctor on Statuspage and mail: off, well, or what is wrong with the remedy."""

from collections.abc import Iterator

import pytest

from bot.adapters.mail import Mail
from bot.adapters.statuspage import Statuspage
from bot.core.runbook import load_runbook
from bot.core.secret import Secret
from bot.doctor.finding import Finding, Level
from bot.doctor.of_communications import examine_mail, examine_statuspage, without_mail, without_statuspage
from tests.core.small_runbooks import SMALL
from tests.simulator.mail import SENDER, MailStandIn
from tests.simulator.statuspage import KEY, PAGE, StatuspageStandIn

TOLD = '[[communications.reminders]]\nwhen = "request"\ndraft = "It is down."\naudience = '


@pytest.fixture
def server() -> Iterator[MailStandIn]:
    with MailStandIn() as one:
        yield one


def of_page(address: str, page: str = PAGE) -> Finding:
    (finding,) = examine_statuspage(Statuspage(Secret(KEY), page, address))
    return finding


def of_mail(url: str) -> Finding:
    (finding,) = examine_mail(Mail(Secret(url), SENDER))
    return finding


def test_a_page_that_is_not_there_is_a_problem_of_the_settings() -> None:
    with StatuspageStandIn() as page:
        found = of_page(page.url, "another")
    assert found.level is Level.PROBLEM
    assert "STATUSPAGE_PAGE_ID names the page (404: Not found)" in found.text
    assert "https://manage.statuspage.io" in found.remedy


def test_statuspage_out_of_reach_is_a_problem_of_the_network() -> None:
    found = of_page("http://127.0.0.1:1")
    assert (found.level, "let this host reach Statuspage" in found.remedy) == (Level.PROBLEM, True)


def test_a_page_that_the_key_reads_is_well() -> None:
    with StatuspageStandIn() as page:
        assert of_page(page.url) == Finding(Level.OK, "Statuspage", f"the key reads the page {PAGE}")


def test_a_mail_server_out_of_reach_is_a_problem_of_the_network() -> None:
    found = of_mail("smtp://127.0.0.1:1")
    assert (found.level, "correct host and port in SMTP_URL" in found.remedy) == (Level.PROBLEM, True)


def test_a_mail_server_without_starttls_is_a_problem_of_the_settings(server: MailStandIn) -> None:
    found = of_mail(server.url.replace("127.0.0.1", "127.1"))
    assert (found.level, "smtps:// on 465" in found.remedy) == (Level.PROBLEM, True)
    assert "(STARTTLS)" in found.text


def test_a_sender_that_the_server_does_not_take_is_a_problem_of_the_settings(server: MailStandIn) -> None:
    server.faults = {"MAIL": "553 not yours"}
    found = of_mail(server.url)
    assert (found.level, "and MAIL_FROM" in found.remedy) == (Level.PROBLEM, True)


def test_a_mail_server_that_takes_login_and_sender_is_well(server: MailStandIn) -> None:
    assert of_mail(server.url) == Finding(Level.OK, "mail", f"the server takes mail from {SENDER}")


@pytest.mark.parametrize(
    ("audience", "text"),
    [("status page", 'off: people post the draft for "status page" by hand'), ("users", "off")],
)
def test_no_statuspage_is_no_fault(audience: str, text: str) -> None:
    runbook = load_runbook(f'{SMALL}{TOLD}"{audience}"\n', {})
    assert list(without_statuspage(runbook)) == [Finding(Level.OK, "Statuspage", text)]


def test_no_mail_is_a_fault_only_where_a_reminder_has_addresses() -> None:
    reminders = f'{TOLD}"users"\n{TOLD}"board"\nto = ["${{BOARD}}"]\n{TOLD}"owner"\nto = ["ana@shop.example"]\n'
    off, *missed = without_mail(load_runbook(SMALL + reminders, {}))
    assert off == Finding(Level.OK, "mail", "off")
    assert [(one.level, one.subject) for one in missed] == [(Level.WARNING, 'reminder "owner"')]
