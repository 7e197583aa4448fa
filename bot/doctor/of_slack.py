"""Slack's tokens, what they are allowed, and whether the two clocks agree."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.adapters.slack import SCOPES, Slack
from bot.core.errors import BotError, Refused, Revoked
from bot.core.runbook import Runbook
from bot.core.secret import Secret
from bot.doctor.finding import Finding, ok, problem, warning
from bot.doctor.of_people import examine_access, examine_approvers

FALSE_CLOCK, UNSURE_CLOCK = timedelta(minutes=5), timedelta(seconds=30)
MINUTES = timedelta(minutes=2)  # from here on seconds say nothing
_APP = "https://api.slack.com/apps, your app"
_NETWORK = "let this host reach Slack over HTTPS (DNS, firewall, HTTPS_PROXY), and look at https://slack-status.com"


def examine_slack(slack: Slack, runbook: Runbook | None) -> Iterator[Finding]:
    """The bot's token, and with it the people and channels of the runbook."""
    try:
        workspace = slack.workspace()
        yield ok("SLACK_BOT_TOKEN", f"accepted; the bot is {workspace.bot_user} in {urlsplit(workspace.url).netloc}")
        yield from scopes(slack.scopes())
    except BotError as error:
        yield bot_token(error)
        return
    if runbook:
        yield from examine_approvers(slack, runbook)
        yield from examine_access(slack, runbook)


def examine_app_token(slack: Slack, token: Secret) -> Iterator[Finding]:
    """The token of Socket Mode: Slack gives an address for a connection, which nobody opens."""
    try:
        slack.socket_address(token)
    except (Revoked, Refused) as error:
        remedy = f"{_APP}: App-Level Tokens: make one with connections:write; Socket Mode: turn it on"
        yield problem("SLACK_APP_TOKEN", error.text, remedy)
    except BotError as error:
        yield warning("SLACK_APP_TOKEN", f"not checked: {error.text}", _NETWORK)
    else:
        yield ok("SLACK_APP_TOKEN", "accepted, and Socket Mode is on")


def examine_clock(slack: Slack, clock: Callable[[], datetime]) -> Iterator[Finding]:
    """The host's clock against the date of an answer from Slack."""
    try:
        theirs = slack.now()
    except BotError as error:
        yield warning("clock", f"not compared with Slack's: {error.text}", _NETWORK)
    else:
        yield clocks(clock() - theirs)


def bot_token(error: BotError) -> Finding:
    """Why Slack can't be asked with the bot's token: the token, or the way there."""
    if isinstance(error, Revoked | Refused):
        remedy = f"{_APP}, OAuth & Permissions: install the app again, and copy the Bot User OAuth Token anew"
        return problem("SLACK_BOT_TOKEN", error.text, remedy)
    return problem("Slack", f"{error.text} The token, people and channels were not checked", _NETWORK)


def scopes(granted: frozenset[str] | None) -> Iterator[Finding]:
    """What the bot's token may do, compared with what its calls need."""
    if granted is None:
        yield warning("scopes", "Slack doesn't say them", "compare them with manifest.yml, in OAuth & Permissions")
        return
    if missing := [scope for scope in SCOPES if scope not in granted]:
        remedy = f"{_APP}, OAuth & Permissions, Bot Token Scopes: add them, then reinstall the app"
        yield problem("scopes", f"missing {', '.join(missing)}", remedy)
    if more := sorted(granted - set(SCOPES)):
        remedy = f"{_APP}, OAuth & Permissions, Bot Token Scopes: remove them, then reinstall the app"
        yield warning("scopes", f"more than it needs: {', '.join(more)}", remedy)
    if granted == set(SCOPES):
        yield ok("scopes", "exactly those of manifest.yml")


def clocks(ahead: timedelta) -> Finding:
    """What it means that this host's clock is `ahead` of Slack's."""
    off = abs(ahead)
    text = f"this host's clock is {_said(off)} {'ahead of' if ahead > timedelta() else 'behind'} Slack's"
    remedy = "synchronize this host's clock (timedatectl set-ntp true), then start the bot again"
    if off >= FALSE_CLOCK:
        return problem("clock", f"{text}: requests expire at the wrong time, and over HTTP all is refused", remedy)
    if off >= UNSURE_CLOCK:
        return warning("clock", text, remedy)
    return ok("clock", "within 30 s of Slack's")


def _said(span: timedelta) -> str:
    seconds = span.total_seconds()
    return f"{seconds:.0f} s" if span < MINUTES else f"{seconds / 60:.0f} min"
