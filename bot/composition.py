"""Every object, built once, from the settings; what `python -m bot` runs and what a test may run with more actions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bot.actions import Action, Plans
from bot.actions.add_columns_back import AddColumnsBack
from bot.actions.back_up_tables import BackUpTables
from bot.actions.drop_columns import DropColumns
from bot.actions.purge_quarantine import Purge, PurgeQuarantine
from bot.actions.restore_reading import RestoreReading
from bot.actions.restore_tables import RestoreTables
from bot.actions.resume_writes import ResumeWrites
from bot.actions.rollback_deployment import RollbackDeployment
from bot.actions.stop_writes import StopWrites
from bot.actions.undo import Undo
from bot.actions.writes_reading import WritesReading
from bot.adapters.log_sqlite import SqliteLog
from bot.adapters.postgres.questions import Questions
from bot.adapters.probe import Probe
from bot.adapters.slack import Slack
from bot.adapters.vercel import Vercel
from bot.adapters.wakeups import Wakeups
from bot.advance import Advance, acts
from bot.changes import Changes
from bot.checking import Checking
from bot.core.deployment import label
from bot.core.errors import BotError, Revoked
from bot.core.quarantine import PURGE
from bot.core.request import UNDO
from bot.core.restore import LiveDeployment
from bot.deciding import Deciding
from bot.drawing import Drawing
from bot.eligibility import Eligibility
from bot.journal import Journal
from bot.looking import Look, looks
from bot.planning import Planning
from bot.readings import Readings
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
    readings: Readings
    running: Running
    questions: Mapping[str, Look]
    advance: Callable[[str], datetime | None]

    def start(self) -> None:
        """Carry on whatever the log says is open."""
        for stream in self.journal.open_ids():
            self.wakeups.wake(stream)
        self.wakeups.start(self.advance)

    def stop(self) -> None:
        """Begin nothing new, let what is running come to its next answer, and close the log."""
        self.wakeups.stop()
        self.running.stop_acting()
        self.readings.stop()
        self.verification.stop()
        self.checking.stop()
        self.log.close()


def shipped_actions(settings: Settings, clock: Callable[[], datetime]) -> dict[str, Action]:
    """The actions of this version that the runbook has what it takes for."""
    vercel = _vercel(settings, clock)
    found: list[Action] = []
    if vercel and settings.runbook.vercel:
        found.append(RollbackDeployment(vercel, deadline=settings.runbook.vercel.deadline))
    told, url = settings.runbook.database, settings.database_url
    if told and told.tables and url:
        reading = RestoreReading(url, told, clock=clock, live=partial(_live, vercel))
        drop, writes = DropColumns(url, told, reading, clock=clock), WritesReading(told, reading)
        found += [RestoreTables(url, told, reading), BackUpTables(url, told, reading, clock=clock)]
        found += [drop, AddColumnsBack(url, reading, drop), PurgeQuarantine(url, told, reading, clock=clock)]
        found += [StopWrites(url, writes), ResumeWrites(url, writes)]
    return {action.name: action for action in found}


def _vercel(settings: Settings, clock: Callable[[], datetime]) -> Vercel | None:
    told, token = settings.runbook.vercel, settings.vercel_token
    if told is None or token is None:
        return None
    return Vercel(token, told.project, clock, team=told.team or "", base_url=settings.vercel_api_url)


def _live(vercel: Vercel | None) -> LiveDeployment | None:
    """What production serves; None where that can't be told: data is restored whatever Vercel says."""
    if vercel is None:
        return None
    try:
        project = vercel.read_project()
        live = vercel.read_deployment(project.most_live).deployment
    except BotError:
        return None
    built_at = datetime.fromtimestamp(live.created_at, UTC).isoformat()
    return LiveDeployment(live.id, label(live), built_at, is_rolled_back=project.is_rolled_back_to(live.id))


def _questions(settings: Settings) -> Questions | None:
    told, url = settings.runbook.database, settings.database_url
    return Questions(url, told.schema) if told and url else None


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
    plans: dict[str, Plans] = {**actions, UNDO: Undo(actions, journal.request)}
    if isinstance(purging := actions.get(PurgeQuarantine.name), PurgeQuarantine):
        plans[PURGE] = Purge(purging, read=journal.request, runs_of=journal.runs_of)
    eligibility = Eligibility(slack, runbook)
    drawing = Drawing(slack=slack, journal=journal, runbook=runbook, clock=clock)
    checking = Checking(runbook=runbook, probe=Probe(), questions=_questions(settings), actions=actions)
    verification = Verification(journal=journal, checking=checking, clock=clock, wake_at=wakeups.wake_at)
    running = Running(journal=journal, actions=actions, eligibility=eligibility, runbook=runbook, clock=clock)
    engine = Advance(
        journal=journal,
        acts=acts(
            journal,
            planning=Planning(slack=slack, runbook=runbook, actions=plans, link=drawing.link, clock=clock),
            deciding=Deciding(eligibility=eligibility, runbook=runbook, clock=clock),
            running=running,
            wake=wakeups.wake,
        ),
        verification=verification,
        drawing=drawing,
        clock=clock,
    )

    changes = Changes(journal=journal, runbook=runbook, actions=plans, drawing=drawing, wake=wakeups.wake)
    readings = Readings(slack=slack, runbook=runbook)
    return Bot(
        settings=settings,
        actions=actions,
        log=log,
        slack=slack,
        journal=journal,
        changes=changes,
        wakeups=wakeups,
        drawing=drawing,
        verification=verification,
        checking=checking,
        readings=readings,
        running=running,
        questions=looks(settings, actions, readings=readings, changes=changes, clock=clock),
        advance=_or_give_up(engine, give_up),
    )


def _or_give_up(engine: Advance, give_up: Callable[[str], None]) -> Callable[[str], datetime | None]:
    def advance(stream: str) -> datetime | None:
        try:
            return engine.advance(stream)
        except Revoked as error:
            give_up(error.text)
            return None

    return advance
