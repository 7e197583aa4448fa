"""The form and the App Home: typical ones, and with the longest of everything."""

from dataclasses import replace

from bot.core.incident import Incident
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook, load_runbook
from bot.messages.form import Offer, offers, rollback_form
from bot.messages.home import Overview, closed_home, home
from bot.messages.picture import Block
from bot.settings import SHIPPED_RUNBOOK
from tests.demo_runbook import ENVIRONMENT
from tests.histories import ANA, BEGIN, BEN, CHANNEL, runbook, verified, waiting
from tests.messages.incidents import opened
from tests.messages.shown import longest, many_steps
from tests.messages.writes import stopped
from tests.simulator.slack_rules import check_view

ACTIONS = ("rollback_deployment", "restore_tables", "stop_writes", "resume_writes", "inspect_failed_deployment")
LINK = "https://acme.slack.com/archives/C0INC/p1795230720000100"
LONG = "&" * 6000
_MANY = "".join(
    f'[[scenarios]]\nname = "{"long-" * 20}{number}"\ntitle = "{LONG}"\nrisk = "high"\nsymptoms = ["{LONG}"]\n'
    'steps = [{ action = "rollback_deployment" }]\n'
    for number in range(150)
)


def shipped() -> Runbook:
    """The runbook that comes with the bot."""
    return load_runbook(SHIPPED_RUNBOOK.read_text(encoding="utf-8"), ENVIRONMENT)


def crowded() -> Runbook:
    """More scenarios than a form takes, each with as much text as it may have."""
    text = SHIPPED_RUNBOOK.read_text(encoding="utf-8")
    return load_runbook(text.replace("[[contacts]]", f"{_MANY}[[contacts]]", 1), ENVIRONMENT)


def form(book: Runbook, offered: tuple[Offer, ...] = (), reason: str = "Checkout is broken") -> Block:
    """The form of somebody in the incident channel."""
    return rollback_form(book, offered or offers(book, ACTIONS), CHANNEL, reason)


def overview(
    *requests: ChangeRequest, runs: tuple[ChangeRequest, ...] = (), incidents: tuple[Incident, ...] = ()
) -> Overview:
    """What the log says three minutes after it all began."""
    return Overview(BEGIN, requests, runs, incidents, lambda _: LINK, lambda _, __: LINK)


def busy() -> Overview:
    """One request waits, a rollback pins production, writes are stopped, an incident is open."""
    ran = replace(verified().request, id="R-16")
    stop = replace(stopped().request, id="R-15")
    return overview(stop, ran, waiting().request, runs=(ran, stop), incidents=(opened().due().incident,))


def crowd() -> Overview:
    """More of everything than is shown, with as much text as it may have."""
    many = [replace(longest().planned().request, id=f"R-{number}") for number in range(60)]
    many += [replace(stopped().request, id=f"R-{n}") for n in range(90, 120)]
    ran = [replace(many_steps().started().finished().stopped_by(BEN, LONG).request, id=f"R-{n}") for n in range(10)]
    incidents = tuple(opened().due(text=LONG).incident for _ in range(30))
    return overview(*many, runs=tuple(ran), incidents=incidents)


VIEWS: dict[str, Block] = {
    "form": form(shipped()),
    "home_of_an_approver": home(BEN, busy(), runbook()),
    "home_of_the_requester": home(ANA, busy(), runbook()),
    "home_of_nobody": closed_home(),
}


def takes(view: Block) -> None:
    """Slack takes it."""
    check_view(view, view["type"])
