"""Every object, built once, from the settings; what `python -m bot` runs and what a test may run with more actions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.actions import Action
from bot.actions.rollback_deployment import RollbackDeployment
from bot.adapters.log_sqlite import SqliteLog
from bot.adapters.probe import Probe
from bot.adapters.slack import Slack
from bot.adapters.vercel import Vercel
from bot.adapters.wakeups import Wakeups
from bot.advance import Advance, acts
from bot.changes import Changes
from bot.checking import Checking
from bot.core.errors import Revoked
from bot.deciding import Deciding
from bot.drawing import Drawing
from bot.eligibility import Eligibility
from bot.journal import Journal
from bot.planning import Planning
from bot.running import Running
from bot.settings import Settings
from bot.verification import Verification


@dataclass(frozen=True)
class Bot:
    """The parts that live as long as the process."""

    settings: Settings
    actions: Mapping[str, Action]
    log: SqliteLog
    slack: Slack
    journal: Journal
    changes: Changes
    wakeups: Wakeups
    drawing: Drawing
    verification: Verification
    checking: Checking
    advance: Callable[[str], datetime | None]

    def start(self) -> None:
        """Carry on whatever the log says is open."""
        for stream in self.journal.open_ids():
            self.wakeups.wake(stream)
        self.wakeups.start(self.advance)

    def stop(self) -> None:
        """Begin nothing new, let what is running come to its next answer, and close the log."""
        self.wakeups.stop()
        self.verification.stop()
        self.checking.stop()
        self.log.close()


def shipped_actions(settings: Settings, clock: Callable[[], datetime]) -> dict[str, Action]:
    """The actions of this version that the runbook has what it takes for."""
    told = settings.runbook.vercel
    if told is None or settings.vercel_token is None:
        return {}
    vercel = Vercel(settings.vercel_token, told.project, clock, team=told.team or "", base_url=settings.vercel_api_url)
    rollback = RollbackDeployment(vercel, deadline=told.deadline)
    return {rollback.name: rollback}


@dataclass(frozen=True)
class Parts:
    """What a bot is built from where there is a choice."""

    actions: Callable[[Settings, Callable[[], datetime]], Mapping[str, Action]] = shipped_actions
    log: Callable[[Path, Callable[[], datetime]], SqliteLog] = SqliteLog


SHIPPED = Parts()


def build(
    settings: Settings,
    *,
    slack: Slack,
    clock: Callable[[], datetime],
    give_up: Callable[[str], None],
    parts: Parts = SHIPPED,
) -> Bot:
    """The bot, not started. Raises LogInUseError, OSError or sqlite3.Error where the log can't be opened."""
    runbook = settings.runbook
    actions = parts.actions(settings, clock)
    log = parts.log(settings.state_path, clock)
    journal, wakeups = Journal(log), Wakeups(clock)
    eligibility = Eligibility(slack, runbook)
    drawing = Drawing(slack=slack, journal=journal, runbook=runbook, clock=clock)
    checking = Checking(runbook=runbook, probe=Probe(), actions=actions)
    verification = Verification(journal=journal, checking=checking, clock=clock, wake_at=wakeups.wake_at)
    engine = Advance(
        journal=journal,
        acts=acts(
            journal,
            planning=Planning(slack=slack, runbook=runbook, actions=actions, link=drawing.link, clock=clock),
            deciding=Deciding(eligibility=eligibility, runbook=runbook, clock=clock),
            running=Running(journal=journal, actions=actions, eligibility=eligibility, runbook=runbook, clock=clock),
            wake=wakeups.wake,
        ),
        verification=verification,
        drawing=drawing,
        clock=clock,
    )

    def advance(stream: str) -> datetime | None:
        try:
            return engine.advance(stream)
        except Revoked as error:
            give_up(error.text)
            return None

    changes = Changes(journal=journal, runbook=runbook, actions=actions, drawing=drawing, wake=wakeups.wake)
    return Bot(settings, actions, log, slack, journal, changes, wakeups, drawing, verification, checking, advance)
