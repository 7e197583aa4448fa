"""The parts that carry incidents on, built once; `bot/composition.py` puts them beside those of requests."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.adapters.slack import Slack
from bot.adapters.vercel import Vercel
from bot.advance import Advance
from bot.checking import Checking
from bot.core.deployment import label
from bot.core.incident import Happened, Incident
from bot.core.pin import Pin, last_rollback, pin_seen
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.courses import course_of_incidents
from bot.drawing import Drawing, Pictures
from bot.eligibility import Eligibility
from bot.incidents import Incidents
from bot.journal import INCIDENTS, Journal, Log
from bot.messages import incident_thread, ways
from bot.messages.picture import Message
from bot.monitoring import Monitoring
from bot.pin_watch import PinWatch, Seen
from bot.responding import Responding
from bot.sending import Post, Sending, StatusPage, Ways
from bot.timelines import Timelines


@dataclass(frozen=True)
class Outside:
    """What incidents reach: Slack, production, and the ways to those who are told; None = there is none."""

    slack: Slack
    vercel: Vercel | None
    status_page: StatusPage | None
    post: Post | None


@dataclass(frozen=True)
class IncidentParts:
    """What lives as long as the process."""

    journal: Journal[Incident]
    incidents: Incidents
    monitoring: Monitoring
    drawing: Drawing[Incident]
    advance: Callable[[str], datetime | None]
    sending: Sending
    pin_watch: PinWatch | None
    timelines: Timelines

    def stop(self) -> None:
        """Let what is running come to its end."""
        self.sending.stop()
        if self.pin_watch:
            self.pin_watch.stop()


@dataclass(frozen=True)
class Around:
    """What incidents share with requests."""

    log: Log
    requests: Journal[ChangeRequest]
    checking: Checking
    runbook: Runbook
    clock: Callable[[], datetime]
    wake: Callable[[str], None]


def build_incidents(around: Around, outside: Outside) -> IncidentParts:
    """The parts, not started."""
    journal, runbook = Journal(around.log, INCIDENTS), around.runbook
    ways_out = Ways(status_page=outside.status_page, post=outside.post, names=outside.slack)
    sending = Sending(journal=journal, runbook=runbook, ways=ways_out, clock=around.clock, wake=around.wake)
    pin_watch = _pin_watch(around, journal, outside.vercel)
    responding = Responding(
        journal=journal,
        requests=around.requests,
        eligibility=Eligibility(outside.slack, runbook),
        sending=sending,
        clock=around.clock,
    )
    course = course_of_incidents(journal, runbook, responding=responding, sending=sending, pin_watch=pin_watch)
    shown = _pictures(around, outside, responding)
    drawing = Drawing(slack=outside.slack, journal=journal, pictures=shown, clock=around.clock)
    return IncidentParts(
        journal=journal,
        incidents=Incidents(
            journal=journal,
            requests=around.requests,
            runbook=runbook,
            wake=around.wake,
            answer_through=drawing.answer_through,
        ),
        monitoring=Monitoring(
            journal=journal, checking=around.checking, runbook=runbook, clock=around.clock, wake=around.wake
        ),
        drawing=drawing,
        advance=Advance(journal=journal, course=course, drawing=drawing, clock=around.clock).advance,
        sending=sending,
        pin_watch=pin_watch,
        timelines=Timelines(log=around.log, slack=outside.slack, root=shown.root, runbook=runbook, clock=around.clock),
    )


def _pictures(around: Around, outside: Outside, responding: Responding) -> Pictures[Incident]:
    has = ways.Ways(has_status_page=outside.status_page is not None, has_mail=outside.post is not None)

    def root(incident: Incident) -> str:
        opener = around.requests.read(incident.request) if incident.request else None
        return incident_thread.root_of(incident, opener)

    def messages(incident: Incident) -> tuple[Message, ...]:
        return incident_thread.messages_of(incident, around.runbook, has)

    def renew(incident: Incident, message: Message) -> bool:
        return responding.renew(incident, message, around.runbook)

    return Pictures(messages, root, shut_out=Happened.CHANNEL_SHUT, renew=renew)


def _pin_watch(around: Around, journal: Journal[Incident], vercel: Vercel | None) -> PinWatch | None:
    if vercel is None:
        return None

    def read(stream: str) -> Seen:
        last = last_rollback([around.requests.read(stream)])
        if last is None:
            return Seen(Pin.ENDED, "another deployment")
        seen = pin_seen(last.facts, vercel.read_project(last.facts.project_id))
        live = label(vercel.read_deployment(seen.deployment).deployment) if seen.deployment else "nothing"
        return Seen(seen.pin, live, is_its=seen.deployment == last.facts.target.id)

    return PinWatch(journal=journal, read=read, clock=around.clock, wake=around.wake)
