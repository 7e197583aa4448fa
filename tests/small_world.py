"""The engine in one thread on a real log, with people and levers in memory, and places where the process dies."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from bot.actions import Action, Plans
from bot.actions.undo import Undo
from bot.actions.watch import WatchProduction
from bot.adapters.log_sqlite import SqliteLog
from bot.advance import Advance
from bot.changes import Changes, Delivery, Wish
from bot.core.change import Kind, State
from bot.core.checks import CheckResult, Verdict
from bot.core.errors import OutcomeUnknown, Refused, StepFailed, Unavailable
from bot.core.event import ConflictError, Draft, Event
from bot.core.performance import Reading
from bot.core.plan import Ask, Facts, Step
from bot.core.request import UNDO, ChangeRequest
from bot.courses import Requests
from bot.deciding import Deciding
from bot.drawing import Drawing
from bot.eligibility import Eligibility
from bot.journal import REQUESTS, Journal
from bot.planning import Planning
from bot.running import Running
from bot.verification import Verification
from bot.watching import Watching
from tests.histories import ANA, CHANNEL, TEAM, runbook
from tests.simulator.hand import Hand
from tests.workspace import Members

STREAM = "R-1"
Clicked: TypeAlias = tuple[Kind, Delivery, str]  # and the digest that its button holds; "" = the plan's


SLOW = 3.0
SLOWLY = timedelta(seconds=70)  # longer than a reading of people counts, shorter than the action's deadline


class CrashError(BaseException):
    """The process dies here; nobody catches it."""


@dataclass
class Fate:
    """The process dies at one of the next appends: before it is written, or right after."""

    appends: int
    after_writing: bool


class MortalLog(SqliteLog):
    """A log whose process may die."""

    fate: Fate | None = None

    def append(self, stream: str, after: int, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        is_due = self._is_due()
        if is_due and self.fate and not self.fate.after_writing:
            raise CrashError
        events = super().append(stream, after, drafts)
        if is_due:
            raise CrashError
        return events

    def _is_due(self) -> bool:
        if self.fate is None:
            return False
        self.fate.appends -= 1
        return self.fate.appends < 0


class Mood(Enum):
    """What production does with the next act."""

    WORKS = "it happens"
    REFUSES = "it says no"
    UNREACHABLE = "nothing is sent"
    SILENT = "it happens, and no answer comes"
    SLOW = "it is sent, and can be seen only later"
    LOST = "it doesn't happen, and no answer comes"
    DIES_BEFORE = "the process dies before it is sent"
    DIES_AFTER = "it happens, and the process dies"


class Levers:
    """An action: pulls one lever a step, and counts how often each operation did."""

    name = "pull_lever"
    takes_long = False

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._seen_from: dict[str, datetime] = {}
        self.pulled: Counter[str] = Counter()
        self.mood = Mood.WORKS
        self.unreadable: Exception | None = None  # what reading it raises
        self.meanwhile: Callable[[], object] = lambda: None  # what else happens during the act

    def targets(self, params: Facts) -> tuple[str, ...]:
        return (f"lever:{params['lever']}",)

    def plan(self, params: Facts) -> Step:
        if self.unreadable:
            raise self.unreadable
        return Step(self.name, self.targets(params)[0], {"is": "up"}, {"is": "down"})

    def recheck(self, step: Step) -> str:
        if self.unreadable:
            raise self.unreadable
        return ""

    def execute(self, step: Step, op_id: str, reason: str) -> Facts:
        mood, self.mood = self.mood, Mood.WORKS
        self.meanwhile()
        if mood in (Mood.WORKS, Mood.SILENT, Mood.SLOW, Mood.DIES_AFTER):
            self.pulled[op_id] += 1
            self._seen_from[op_id] = self._clock() + (SLOWLY if mood is Mood.SLOW else timedelta(0))
        if mood in (Mood.DIES_BEFORE, Mood.DIES_AFTER):
            raise CrashError
        if mood in (Mood.SILENT, Mood.SLOW, Mood.LOST):
            raise OutcomeUnknown("The lever gave no answer.")
        if mood is Mood.REFUSES:
            raise StepFailed("The lever is locked.")
        if mood is Mood.UNREACHABLE:
            raise Unavailable("The lever can't be reached.")
        return {"is": "down"}

    def reconcile(self, step: Step, op_id: str, *, at_deadline: bool) -> Facts:
        if op_id not in self._seen_from or self._clock() < self._seen_from[op_id]:
            raise OutcomeUnknown("The lever is up.")
        return {"is": "down"}

    def verify(self, step: Step, op_id: str) -> tuple[CheckResult, ...]:
        return ()

    def undo(self, step: Step, op_id: str) -> Step:
        raise Refused("no_undo", "Push it up by hand.")

    def deadline(self) -> timedelta:
        return timedelta(minutes=3)


class Undrawn(Drawing[ChangeRequest]):
    """Draws nothing; `meanwhile` is what else happens while it would."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[ChangeRequest], object] = lambda _: None

    def draw(self, drawn: ChangeRequest) -> bool | datetime | None:
        self.meanwhile(drawn)
        return None


class AtOnce(Verification):
    """Every check passes, at once."""

    def __init__(self, journal: Journal[ChangeRequest]) -> None:
        self._at = journal

    def ensure(self, request: ChangeRequest) -> None:
        if request.state is State.VERIFYING:
            with suppress(ConflictError):
                self._at.record(request, Draft(Kind.VERIFICATION_PASSED, {"results": []}))


class SmallWorld:
    """One request of two steps, R-1, in the file at `path`; `hand` is the time."""

    def __init__(self, path: Path) -> None:
        self.hand, self.members, self.drawing = Hand(), Members(), Undrawn()
        self.levers = Levers(self.hand.now)
        self.runbook = runbook()
        self.seconds: float | None = 0.4
        self.meanwhile: Callable[[], object] = lambda: None  # what else happens while the site is looked at
        self._path, self._delivered = path, 0
        self.log = MortalLog(path, self.hand.now)
        self._build()

    def _build(self) -> None:
        self.journal = Journal(self.log, REQUESTS)
        clock, watch = self.hand.now, WatchProduction(self.runbook)
        actions = dict[str, Action]({self.levers.name: self.levers, watch.name: watch})
        eligibility = Eligibility(self.members, self.runbook)
        self.running = Running(
            journal=self.journal, actions=actions, eligibility=eligibility, runbook=self.runbook, clock=clock
        )
        plans = dict[str, Plans]({**actions, UNDO: Undo(actions, self.journal.read)})
        planning = Planning(slack=self.members, runbook=self.runbook, actions=plans, link=lambda _: "", clock=clock)
        deciding = Deciding(eligibility=eligibility, runbook=self.runbook, clock=clock)
        requests = Requests(
            journal=self.journal,
            planning=planning,
            deciding=deciding,
            running=self.running,
            watching=Watching(journal=self.journal, look=self.look, performance=self, clock=clock),
            clock=clock,
        )
        course = requests.course(AtOnce(self.journal).ensure)
        self.advance = Advance(journal=self.journal, course=course, drawing=self.drawing, clock=clock).advance
        self.changes = Changes(
            journal=self.journal, runbook=self.runbook, actions=plans, drawing=self.drawing, wake=lambda _: None
        )

    def look(self) -> tuple[CheckResult, ...]:
        """What a look at the site says: it is as slow as `seconds`, where None is no answer; up to 3 s are well."""
        self.meanwhile()
        verdict = Verdict.FAILED if self.seconds is None or self.seconds > SLOW else Verdict.PASSED
        return (CheckResult("Site", verdict, required=True, expected="", seen="", median_seconds=self.seconds),)

    def read(self, first: Reading | None) -> Reading:  # it is always quiet
        """What a look at the database says."""
        return Reading(self.hand.now(), (), (), (), (), ())

    def restart(self) -> None:
        """A new process on the same file."""
        self.log.close()
        self.log = MortalLog(self._path, self.hand.now)
        self._build()

    def close(self) -> None:
        self.log.close()

    def carry_on(self) -> None:
        """Advance until nothing more is due now, or until the process dies; the new one does nothing yet."""
        newest = -1
        while newest != len(self.events):
            newest = len(self.events)
            try:
                self.advance(STREAM)
            except CrashError:
                self.restart()
                return

    def ask(self) -> None:
        """ANA asks for two levers, and the plan is made where they can be read."""
        asks = tuple(Ask(self.levers.name, {"lever": lever}) for lever in "ab")
        self.changes.ask(Wish(asks, "Pull", "medium", "Login is broken", "pull"), self.delivery(ANA))
        self.carry_on()
        plan, expires_at = self.request.plan, self.request.expires_at
        if plan and expires_at:
            self.digest, self.expires_at = plan.digest, expires_at

    def delivery(self, person: str) -> Delivery:
        """Something new that Slack delivers."""
        self._delivered += 1
        return Delivery(f"delivery-{self._delivered}", person, TEAM, CHANNEL)

    def click(self, kind: Kind, delivery: Delivery, digest: str = "") -> None:
        """What a person pressed arrives; what dies before it answers gets it from Slack again."""
        said = {"digest": digest or self.digest, "reason": "Not now"}
        try:
            self.changes.click(kind, STREAM, delivery, **said)
        except CrashError:
            self.restart()
            self.changes.click(kind, STREAM, delivery, **said)

    def approve(self, person: str) -> None:
        """A new, honest click on Approve."""
        self.click(Kind.APPROVAL_CLICKED, self.delivery(person))

    @property
    def request(self) -> ChangeRequest:
        """As it stands."""
        return self.journal.read(STREAM)

    @property
    def events(self) -> tuple[Event, ...]:
        """All that happened to it."""
        return self.log.read(STREAM)

    @property
    def kinds(self) -> list[str]:
        """The kinds of what happened to it."""
        return [event.kind for event in self.events]

    def data(self, kind: str) -> list[Facts]:
        """What the events of one kind hold."""
        return [event.data for event in self.events if event.kind == kind]
