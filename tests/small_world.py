"""The engine in one thread on a real log, with people and levers in memory, and places where the process dies."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from bot.actions import Action
from bot.adapters.log_sqlite import SqliteLog
from bot.advance import Advance, acts
from bot.changes import Changes, Delivery, Wish
from bot.core.change import Kind, State
from bot.core.checks import CheckResult
from bot.core.errors import OutcomeUnknown, Refused, StepFailed, Unavailable
from bot.core.event import Draft, Event
from bot.core.plan import Ask, Facts, Step
from bot.core.request import ChangeRequest
from bot.deciding import Deciding
from bot.drawing import Drawing
from bot.eligibility import Eligibility
from bot.journal import Journal
from bot.planning import Planning
from bot.running import Running
from bot.verification import Verification
from tests.histories import ANA, CHANNEL, TEAM, runbook
from tests.simulator.hand import Hand
from tests.workspace import Members

STREAM = "R-1"
Clicked: TypeAlias = tuple[Kind, Delivery, str]  # and the digest that its button holds; "" = the plan's


class CrashError(BaseException):
    """The process dies here; nobody catches it."""


@dataclass
class Fate:
    """The process dies at one of the next appends: before it is written, or right after."""

    appends: int
    after_writing: bool


class MortalLog:
    """A log whose process may die."""

    def __init__(self, log: SqliteLog, fate: Fate | None) -> None:
        self.id, self._log, self.fate = log.id, log, fate

    def append(self, stream: str, after: int, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        is_due = self._is_due()
        if is_due and self.fate and not self.fate.after_writing:
            raise CrashError
        events = self._log.append(stream, after, drafts)
        if is_due:
            raise CrashError
        return events

    def open_stream(self, prefix: str, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        return self._log.open_stream(prefix, drafts)

    def read(self, stream: str) -> tuple[Event, ...]:
        return self._log.read(stream)

    def open_streams(self, prefix: str, closing: str) -> tuple[str, ...]:
        return self._log.open_streams(prefix, closing)

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
    LOST = "it doesn't happen, and no answer comes"
    DIES_BEFORE = "the process dies before it is sent"
    DIES_AFTER = "it happens, and the process dies"


class Levers:
    """An action: pulls one lever a step, and counts how often each operation did."""

    name = "pull_lever"

    def __init__(self) -> None:
        self.pulled: Counter[str] = Counter()
        self.mood = Mood.WORKS
        self.meanwhile: Callable[[], object] = lambda: None  # what else happens during the act

    def target(self, params: Facts) -> str:
        return f"lever:{params['lever']}"

    def plan(self, params: Facts) -> Step:
        return Step(self.name, self.target(params), {"is": "up"}, {"is": "down"})

    def recheck(self, step: Step) -> str:
        return ""

    def execute(self, step: Step, op_id: str, reason: str) -> Facts:
        mood, self.mood = self.mood, Mood.WORKS
        self.meanwhile()
        if mood in (Mood.WORKS, Mood.SILENT, Mood.DIES_AFTER):
            self.pulled[op_id] += 1
        if mood in (Mood.DIES_BEFORE, Mood.DIES_AFTER):
            raise CrashError
        if mood in (Mood.SILENT, Mood.LOST):
            raise OutcomeUnknown("The lever gave no answer.")
        if mood is Mood.REFUSES:
            raise StepFailed("The lever is locked.")
        if mood is Mood.UNREACHABLE:
            raise Unavailable("The lever can't be reached.")
        return {"is": "down"}

    def reconcile(self, step: Step, op_id: str, *, at_deadline: bool) -> Facts:
        if not self.pulled[op_id]:
            raise OutcomeUnknown("The lever is up.")
        return {"is": "down"}

    def verify(self, step: Step) -> tuple[CheckResult, ...]:
        return ()

    def undo(self, step: Step) -> Step:
        raise Refused("no_undo", "Push it up by hand.")

    def deadline(self) -> timedelta:
        return timedelta(minutes=3)


class Undrawn(Drawing):
    """Draws nothing; `meanwhile` is what else happens while it would."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[ChangeRequest], object] = lambda _: None

    def draw(self, request: ChangeRequest) -> bool | datetime | None:
        self.meanwhile(request)
        return None


class AtOnce(Verification):
    """Every check passes, at once."""

    def __init__(self, journal: Journal) -> None:
        self._at = journal

    def ensure(self, request: ChangeRequest) -> None:
        if request.state is State.VERIFYING:
            self._at.record(request, Draft(Kind.VERIFICATION_PASSED, {"results": []}))


class SmallWorld:
    """One request of two steps, R-1, in the file at `path`; `hand` is the time."""

    def __init__(self, path: Path) -> None:
        self.hand, self.members, self.levers, self.drawing = Hand(), Members(), Levers(), Undrawn()
        self.runbook = runbook()
        self._path, self._delivered = path, 0
        self._log = SqliteLog(path, self.hand.now)
        self._build()

    def _build(self) -> None:
        self.mortal = MortalLog(self._log, None)
        self.journal = Journal(self.mortal)
        clock, actions = self.hand.now, dict[str, Action]({self.levers.name: self.levers})
        eligibility = Eligibility(self.members, self.runbook)
        self.running = Running(
            journal=self.journal, actions=actions, eligibility=eligibility, runbook=self.runbook, clock=clock
        )
        planning = Planning(slack=self.members, runbook=self.runbook, actions=actions, link=lambda _: "", clock=clock)
        deciding = Deciding(eligibility=eligibility, runbook=self.runbook, clock=clock)
        self.advance = Advance(
            journal=self.journal,
            acts=acts(self.journal, planning=planning, deciding=deciding, running=self.running),
            verification=AtOnce(self.journal),
            drawing=self.drawing,
            clock=clock,
        ).advance
        self.changes = Changes(
            journal=self.journal, runbook=self.runbook, actions=actions, drawing=self.drawing, wake=lambda _: None
        )

    def restart(self) -> None:
        """A new process on the same file."""
        self._log.close()
        self._log = SqliteLog(self._path, self.hand.now)
        self._build()

    def close(self) -> None:
        self._log.close()

    def carry_on(self) -> None:
        """Advance until nothing more is due now; a process that dies is started again."""
        newest = -1
        while newest != self.request.seq:
            newest = self.request.seq
            try:
                self.advance(STREAM)
            except CrashError:
                self.restart()
                newest = -1

    def ask(self) -> None:
        """ANA asks for two levers, and the plan is made."""
        asks = tuple(Ask(self.levers.name, {"lever": lever}) for lever in "ab")
        self.changes.ask(Wish(asks, "Pull", "medium", "Login is broken", "pull"), self.delivery(ANA))
        self.carry_on()

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
        return self.journal.request(STREAM)

    @property
    def events(self) -> tuple[Event, ...]:
        """All that happened to it."""
        return self._log.read(STREAM)

    @property
    def kinds(self) -> list[str]:
        """The kinds of what happened to it."""
        return [event.kind for event in self.events]

    @property
    def digest(self) -> str:
        """Of the plan."""
        plan = self.request.plan
        return plan.digest if plan else ""
