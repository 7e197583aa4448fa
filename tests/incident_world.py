"""Incidents in one thread on a real log, with everything around them in memory: days pass in seconds.

The parts are the product's; Slack, Vercel, the site and the ways out are stand-ins, and outlive the process, which may
die at any append and at any posting. `hand` is the true time, from which the bot's clock may be off.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from bot.advance import Advance
from bot.changes import Changes, Delivery, Wish
from bot.core.change import Kind
from bot.core.event import Event
from bot.core.incident import SITE, Incident, Verb
from bot.core.plan import Ask
from bot.core.runbook import Runbook, load_runbook
from bot.core.secret import Secret
from bot.courses import Requests
from bot.deciding import Deciding
from bot.drawing import Drawing, Pictures
from bot.eligibility import Eligibility
from bot.incident_composition import Around, Outside, build_incidents
from bot.journal import REQUESTS, Journal
from bot.messages.thread import card_of, messages_of
from bot.planning import Planning
from bot.running import Running
from bot.settings import SHIPPED_RUNBOOK
from tests.demo_runbook import ENVIRONMENT
from tests.incident_stand_ins import ByHand, DyingLog, PinnedVercel, Restore, RollBack, Sent, Site
from tests.memory_slack import MemorySlack
from tests.simulator.hand import Hand
from tests.simulator.slack_people import Channel, default_people
from tests.simulator.slack_reading import text_of
from tests.simulator.slack_transcript import names_of
from tests.small_world import AtOnce, CrashError

ANA, BEN, CHLOE, EVE = "U_ANA", "U_BEN", "U_CHLOE", "U_EVE"
INC, OTHER = "C_INC", "C_INC2"
ROLL_BACK, RESTORE = Ask("rollback_deployment", {}), Ask("restore_tables", {"tables": ["user_profiles"]})
ROLLBACK = Wish((ROLL_BACK,), "Roll back Vercel", "medium", "Login is broken", "vercel")
SCENARIO = Wish(  # whoever asks for it gives no reason
    (ROLL_BACK, RESTORE), "Database schema issues", "high", "", "schema restore_tables", "schema", "restore_tables"
)
PATIENCE = 10  # seconds of the test's own time that a thread beside may take


@cache
def shipped(more: str = "") -> Runbook:
    """The plan that the bot comes with, and what a team adds to it."""
    return load_runbook(
        SHIPPED_RUNBOOK.read_text() + more, {**ENVIRONMENT, "SUPABASE_URL": "https://login.example.com"}
    )


class IncidentWorld:
    """A channel with trouble, and another; the bot on the log in the file at `path`."""

    def __init__(self, path: Path, begin: datetime) -> None:
        self.hand, self.off = Hand(), timedelta(0)
        self.hand.seconds = begin.timestamp()
        self.slack = MemorySlack(self.hand, self.now)
        self.slack.state.channels[OTHER] = Channel(OTHER, "inc-other", set(default_people()))
        self.site, self.sent = Site(), Sent()
        self.down_for = timedelta(0)  # how long a process that died stays away
        self.waits_beside = True  # for what is sent and read beside, before time passes
        self.vercel = PinnedVercel(Secret("token"), "web-shop", self.now)
        self.outside = Outside(self.slack, self.vercel, self.sent, self.sent)  # of the next process
        self.runbook, self.restarts = shipped(), 0
        self._path, self._delivered = path, 0
        self._begin()

    def now(self) -> datetime:
        """What the bot's clock shows."""
        return self.hand.now() + self.off

    def _begin(self) -> None:
        self.log = DyingLog(self._path, self.now)
        self.wakeups, clock, runbook = ByHand(self.now), self.now, self.runbook
        self.requests = Journal(self.log, REQUESTS)
        around = Around(self.log, self.requests, self.site, runbook, clock, self.wakeups.wake)
        self.parts = build_incidents(around, self.outside)
        rollback, eligibility = RollBack(clock), Eligibility(self.slack, runbook)
        actions = {rollback.name: rollback, Restore.name: Restore(clock)}
        journal, pictures = self.requests, Pictures(lambda request: messages_of(request, runbook), card_of)
        drawing = Drawing(slack=self.slack, journal=journal, pictures=pictures, clock=clock)
        course = Requests(
            journal=journal,
            planning=Planning(slack=self.slack, runbook=runbook, actions=actions, link=drawing.link, clock=clock),
            deciding=Deciding(eligibility=eligibility, runbook=runbook, clock=clock),
            running=Running(journal=journal, actions=actions, eligibility=eligibility, runbook=runbook, clock=clock),
            clock=clock,
            wake=self.wakeups.wake,
            incidents=self.parts.incidents,
        ).course(AtOnce(journal).ensure)
        self._engine = Advance(journal=journal, course=course, drawing=drawing, clock=clock)
        self.changes = Changes(
            journal=journal, runbook=runbook, actions=actions, drawing=drawing, wake=self.wakeups.wake
        )
        for stream in (*journal.open_ids(), *self.parts.journal.open_ids(), SITE):
            self.wakeups.wake(stream)

    def _advance(self, stream: str) -> datetime | None:
        if stream == SITE:
            return self.parts.monitoring.look()
        return (self.parts.advance if stream.startswith("I") else self._engine.advance)(stream)

    def restart(self) -> None:
        """kill -9, and a new process on the same file."""
        self.restarts += 1
        self.hand.turn(self.down_for.total_seconds())
        self.parts.stop()
        self.log.close()
        self._begin()

    def close(self) -> None:
        self.parts.stop()
        self.log.close()
        self.vercel.close()

    def dies(self, where: str) -> None:
        """The process will die where it writes an event of this kind: "before:reminder_due", or "after:"."""
        self.log.dies = lambda when, drafts: where in [f"{when}:{draft.kind}" for draft in drafts]

    def carry_on(self) -> None:
        """Do all that is due now, however often the process dies of it."""
        while True:
            self.wakeups.woken.clear()
            with suppress(CrashError):
                if self.wakeups.run(self._advance):
                    continue
                if self._is_busy_beside():
                    assert self.wakeups.woken.wait(PATIENCE)
                    continue
                if not self.log.is_dead:
                    return
            self.restart()

    def _is_busy_beside(self) -> bool:
        looks = self.parts.pin_watch and self.parts.pin_watch._underway
        return self.waits_beside and bool(looks or self.parts.sending._underway)

    def until(self, moment: datetime) -> None:
        """Let time pass until the bot's clock shows `moment`; what is due meanwhile is done when it is."""
        self.carry_on()
        while (next_at := self.wakeups.next_at) and next_at <= moment:
            self.hand.turn(max(0.0, (next_at - self.now()).total_seconds()))
            self.carry_on()
        self.hand.turn(max(0.0, (moment - self.now()).total_seconds()))

    def jump(self, hours: float) -> None:
        """The bot's clock is set; nothing else happens."""
        self.off += timedelta(hours=hours)
        self.carry_on()

    # What people do: Slack delivers again what wasn't acknowledged

    def ask(self, person: str, channel: str = INC, wish: Wish = ROLLBACK) -> None:
        self._deliver(person, channel, lambda delivery: self.changes.ask(wish, delivery))

    def approve(self, request: str, *people: str) -> None:
        plan = self.requests.read(request).plan
        digest = plan.digest if plan else ""
        for person in people:
            self._deliver(
                person,
                self.requests.read(request).channel,
                lambda given: self.changes.click(Kind.APPROVAL_CLICKED, request, given, digest=digest, reason=""),
            )

    def press(self, person: str, verb: Verb, about: str = "", stream: str = "I-1", **more: str) -> None:
        self._deliver(person, INC, lambda given: self.parts.incidents.press(verb, stream, about, given, **more))

    def delivery(self, person: str, channel: str = INC) -> Delivery:
        """Something new that Slack delivers."""
        self._delivered += 1
        return Delivery(f"delivery-{self._delivered}", person, "T_MAIN", channel)

    def _deliver(self, person: str, channel: str, take: Callable[[Delivery], object]) -> None:
        delivery = self.delivery(person, channel)
        try:
            take(delivery)
        except CrashError:
            self.restart()
            take(delivery)
        self.carry_on()

    # What is so

    def incident(self, stream: str = "I-1") -> Incident:
        return self.parts.journal.read(stream)

    def events(self, stream: str = "I-1") -> tuple[Event, ...]:
        return self.log.read(stream)

    def read(self, name: str) -> str:
        """What people see of the message of this name; "" where it isn't there."""
        messages = self.slack.state.messages[INC]
        found = [one for one in messages if one["metadata"]["event_payload"]["key"].endswith(f"/{name}")]
        return text_of(found[-1], names_of(self.slack.state)) if found else ""
