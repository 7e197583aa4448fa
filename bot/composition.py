"""Every object, built once, from the settings; what `python -m bot` runs, and a test on a log of its own."""

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
from bot.actions.watch import WatchProduction
from bot.actions.writes_reading import WritesReading
from bot.adapters.log_sqlite import SqliteLog
from bot.adapters.mail import Mail
from bot.adapters.postgres.performance import Performance
from bot.adapters.postgres.questions import Questions
from bot.adapters.probe import Probe
from bot.adapters.slack import Slack
from bot.adapters.statuspage import Statuspage
from bot.adapters.vercel import Vercel
from bot.adapters.wakeups import Wakeups
from bot.advance import Advance
from bot.changes import Changes
from bot.checking import Checking
from bot.core.deployment import label
from bot.core.errors import BotError, Revoked
from bot.core.incident import SITE
from bot.core.quarantine import PURGE
from bot.core.request import UNDO, ChangeRequest
from bot.core.restore import LiveDeployment
from bot.core.runbook import Runbook
from bot.courses import Requests
from bot.deciding import Deciding
from bot.drawing import Drawing, Pictures
from bot.eligibility import Eligibility
from bot.incident_composition import Around, IncidentParts, Outside, build_incidents
from bot.journal import INCIDENTS, REQUESTS, Journal, runs_of
from bot.looking import APART, Look, looks, looks_of_incidents
from bot.messages.thread import card_of, messages_of
from bot.planning import Planning
from bot.readings import Readings
from bot.running import Running
from bot.settings import Settings
from bot.verification import Verification
from bot.watching import Watching


@dataclass(frozen=True)
class Bot:
    """The parts that live as long as the process."""

    settings: Settings
    actions: Mapping[str, Action]
    log: SqliteLog
    slack: Slack
    journal: Journal[ChangeRequest]
    changes: Changes
    incidents: IncidentParts
    wakeups: Wakeups
    drawing: Drawing[ChangeRequest]
    verification: Verification
    checking: Checking
    readings: Readings
    running: Running
    questions: Mapping[str, Look]
    advance: Callable[[str], datetime | None]

    def start(self) -> None:
        """Carry on whatever the log says is open."""
        for stream in (*self.journal.open_ids(), *self.incidents.journal.open_ids(), SITE):
            self.wakeups.wake(stream)
        self.wakeups.start(self.advance)

    def stop(self) -> None:
        """Begin nothing new, let what is running come to its next answer, and close the log."""
        self.wakeups.stop()
        self.running.stop_acting()
        self.incidents.stop()
        self.readings.stop()
        self.verification.stop()
        self.checking.stop()
        self.log.close()


def shipped_actions(settings: Settings, clock: Callable[[], datetime]) -> dict[str, Action]:
    """The actions of this version that the runbook has what it takes for."""
    vercel = _vercel(settings, clock)
    found: list[Action] = [WatchProduction(settings.runbook)]
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


def _status_page(settings: Settings) -> Statuspage | None:
    told = settings.statuspage
    return Statuspage(told.api_key, told.page_id, told.api_url) if told else None


def _post(settings: Settings) -> Mail | None:
    return Mail(settings.mail.url, settings.mail.sender) if settings.mail else None


def _questions(settings: Settings) -> Questions | None:
    told, url = settings.runbook.database, settings.database_url
    return Questions(url, told.schema) if told and url else None


def _watching(
    settings: Settings, journal: Journal[ChangeRequest], checking: Checking, clock: Callable[[], datetime]
) -> Watching:
    url = settings.database_url if settings.runbook.database else None
    performance = Performance(url, clock=clock) if url else None
    return Watching(journal=journal, look=checking.site, performance=performance, clock=clock)


@dataclass(frozen=True)
class Parts:
    """What a bot is built from where there is a choice."""

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
    actions, log = shipped_actions(settings, clock), parts.log(settings.state_path, clock)
    journal, wakeups = Journal(log, REQUESTS), Wakeups(clock)
    plans = _plans(actions, journal)
    eligibility = Eligibility(slack, runbook)
    drawing = Drawing(slack=slack, journal=journal, pictures=_pictures(runbook), clock=clock)
    checking = Checking(runbook=runbook, probe=Probe(), questions=_questions(settings), actions=actions)
    verification = Verification(journal=journal, checking=checking, clock=clock, wake_at=wakeups.wake_at)
    running = Running(journal=journal, actions=actions, eligibility=eligibility, runbook=runbook, clock=clock)
    around = Around(log, journal, checking, runbook, clock, wakeups.wake)
    outside = Outside(slack, _vercel(settings, clock), _status_page(settings), _post(settings))
    incidents = build_incidents(around, outside)
    requests = Requests(
        journal=journal,
        planning=Planning(slack=slack, runbook=runbook, actions=plans, link=drawing.link, clock=clock),
        deciding=Deciding(eligibility=eligibility, runbook=runbook, clock=clock),
        running=running,
        watching=_watching(settings, journal, checking, clock),
        clock=clock,
        wake=wakeups.wake,
        incidents=incidents.incidents,
    )
    engine = Advance(journal=journal, course=requests.course(verification.ensure), drawing=drawing, clock=clock)

    changes = Changes(journal=journal, runbook=runbook, actions=plans, drawing=drawing, wake=wakeups.wake)
    readings = Readings(slack=slack, runbook=runbook, clock=clock, apart=APART)
    questions = looks(settings, actions, readings=readings, changes=changes, clock=clock)
    questions |= looks_of_incidents(readings, incidents.incidents, checking=checking, timelines=incidents.timelines)
    return Bot(
        settings=settings,
        actions=actions,
        log=log,
        slack=slack,
        journal=journal,
        changes=changes,
        incidents=incidents,
        wakeups=wakeups,
        drawing=drawing,
        verification=verification,
        checking=checking,
        readings=readings,
        running=running,
        questions=questions,
        advance=_or_give_up(_by_stream(engine, incidents), give_up),
    )


def _plans(actions: Mapping[str, Action], journal: Journal[ChangeRequest]) -> dict[str, Plans]:
    """What can be asked for: the actions, and what goes on from an earlier request."""
    plans: dict[str, Plans] = {**actions, UNDO: Undo(actions, journal.read)}
    if isinstance(purging := actions.get(PurgeQuarantine.name), PurgeQuarantine):
        plans[PURGE] = Purge(purging, read=journal.read, runs_of=partial(runs_of, journal))
    return plans


def _pictures(runbook: Runbook) -> Pictures[ChangeRequest]:
    return Pictures(messages=lambda request: messages_of(request, runbook), root=card_of)


def _by_stream(engine: Advance[ChangeRequest], incidents: IncidentParts) -> Callable[[str], datetime | None]:
    def advance(stream: str) -> datetime | None:
        if stream == SITE:
            return incidents.monitoring.look()
        return (incidents.advance if stream.startswith(INCIDENTS.prefix) else engine.advance)(stream)

    return advance


def _or_give_up(
    carry_on: Callable[[str], datetime | None], give_up: Callable[[str], None]
) -> Callable[[str], datetime | None]:
    def advance(stream: str) -> datetime | None:
        try:
            return carry_on(stream)
        except Revoked as error:
            give_up(error.text)
            return None

    return advance
