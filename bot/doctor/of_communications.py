"""Statuspage and mail: whether drafts can be posted and sent with a click, or people do it by hand.

Whether the key may publish shows only when something is published: Statuspage has no question for that.
"""

from collections.abc import Iterator
from contextlib import closing

from bot.adapters.mail import Mail
from bot.adapters.statuspage import Statuspage
from bot.core.communication import STATUS_PAGE
from bot.core.errors import BotError, Refused
from bot.core.runbook import Runbook
from bot.doctor.finding import Finding, ok, problem, warning

_KEYS = "copy key and page id anew: https://manage.statuspage.io, your avatar, API info"
_TO_STATUSPAGE = (
    "let this host reach Statuspage over HTTPS (DNS, firewall, HTTPS_PROXY), and look at https://metastatuspage.com"
)
_LOGIN = "correct SMTP_URL (user and password percent-encoded; STARTTLS on 587, smtps:// on 465) and MAIL_FROM"
_TO_MAIL = "correct host and port in SMTP_URL, and let this host reach them: many hosts block mail but on 587 and 465"
_MAIL_OFF = "set SMTP_URL and MAIL_FROM, or take the addresses (to) out of the runbook"


def examine_statuspage(statuspage: Statuspage) -> Iterator[Finding]:
    """Whether the key reads the page."""
    try:
        with closing(statuspage):
            statuspage.check()
    except BotError as error:
        yield problem("Statuspage", error.text, _KEYS if isinstance(error, Refused) else _TO_STATUSPAGE)
    else:
        yield ok("Statuspage", f"the key reads the page {statuspage.page_id}")


def examine_mail(mail: Mail) -> Iterator[Finding]:
    """Whether the server takes the login and the sender."""
    try:
        mail.check()
    except BotError as error:
        yield problem("mail", error.text, _LOGIN if isinstance(error, Refused) else _TO_MAIL)
    else:
        yield ok("mail", f"the server takes mail from {mail.sender}")


def without_statuspage(runbook: Runbook | None) -> Iterator[Finding]:
    """What it means that Statuspage is off."""
    audiences = {reminder.audience for reminder in runbook.communications.reminders} if runbook else set()
    by_hand = f': people post the draft for "{STATUS_PAGE}" by hand' if STATUS_PAGE in audiences else ""
    yield ok("Statuspage", f"off{by_hand}")


def without_mail(runbook: Runbook | None) -> Iterator[Finding]:
    """What it means that mail is off."""
    yield ok("mail", "off")
    for reminder in runbook.communications.reminders if runbook else ():
        if reminder.recipients:
            text = "it has addresses, but mail is off: people send its draft by hand"
            yield warning(f'reminder "{reminder.audience}"', text, _MAIL_OFF)
