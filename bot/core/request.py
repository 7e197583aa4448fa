"""A change request as its events say it is; `replay` is the only way to one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.core.change import FINAL, Kind, State
from bot.core.checks import CheckResult
from bot.core.plan import Ask, Plan, Step
from bot.core.quarantine import PURGE

CARD = "card"  # the name of the message in the channel that the thread hangs on
UNDO = "undo"  # what is asked of no action, but of the one that did a step: to plan the way back
AFTER_THE_STEPS = frozenset({State.VERIFYING, State.VERIFIED, State.CHECKS_FAIL})


@dataclass(frozen=True)
class Click:
    """Something a person pressed or sent; `refusal` is the answer that went to them alone."""

    seq: int
    kind: Kind
    person: str
    at: datetime
    data: Mapping[str, Any]
    refusal: str = ""
    is_held: bool = False


@dataclass(frozen=True)
class Approval:
    """One person's word on the plan's digest."""

    person: str
    at: datetime


@dataclass(frozen=True)
class StepRun:
    """One step being carried out. `facts` is what the action found when it was done; None until then."""

    index: int
    op_id: str
    started_at: datetime
    note: str = ""  # what the provider answered, while it isn't proven
    facts: Mapping[str, Any] | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Sample:
    """One look at the site during a watch: by check its seconds (None = no answer), and the checks that failed."""

    at: datetime
    seconds: Mapping[str, float | None]
    failed: tuple[str, ...]


@dataclass(frozen=True)
class Posted:
    """A message in Slack: its `ts` ("" = a private one, a file, or one that was never to be had) and what it shows.

    One that `is_given_up` is drawn no more: it shows what it showed when its channel was shut.
    """

    ts: str
    digest: str
    is_given_up: bool = False


def posted_after(posted: Mapping[str, Posted], data: Mapping[str, Any]) -> dict[str, Posted]:
    """The messages that are there once one more was posted; without a `ts` it is drawn no more, wherever it stands."""
    was = posted.get(data["key"])
    ts = data["ts"] or (was.ts if was else "")
    return {**posted, data["key"]: Posted(ts, data["digest"], is_given_up=not data["ts"])}


@dataclass(frozen=True)
class Ending:
    """The event that ended a request: who, when and the sentence that goes with it."""

    kind: Kind
    actor: str
    at: datetime
    text: str
    changed: str  # of a failed step: what is different in production now
    seq: int
    hash: str
    way_out: str = ""  # of a failed step: what to do next


@dataclass(frozen=True)
class ChangeRequest:
    """One ask: who, why, which plan, and how far it is."""

    id: str
    state: State
    seq: int
    hash: str
    requester: str
    channel: str
    team: str
    made_at: datetime
    title: str
    risk: str
    reason: str
    required: int  # 0 = it only adds: policy.approvals_needed
    words: str  # what was typed
    asks: tuple[Ask, ...]
    targets: tuple[str, ...]
    scenario: str = ""  # the runbook's, by its name
    choice: str = ""  # what of it the requester chose, by its action's name; "" = there was nothing to choose
    proposes: tuple[Ask, ...] = ()  # what a person may ask for with one button, once it was watched
    plan: Plan | None = None
    planned_at: datetime | None = None
    op_ids: tuple[str, ...] = ()
    eligible: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()  # the user groups mentioned when approval is wanted
    half_time_at: datetime | None = None
    expires_at: datetime | None = None
    half_time_passed: bool = False
    approvals: tuple[Approval, ...] = ()
    approved_at: datetime | None = None
    people_read_at: datetime | None = None  # when the approvers were last found eligible
    pending: tuple[Click, ...] = ()
    answered: tuple[Click, ...] = ()  # refused clicks, whose sentence goes to the person
    runs: tuple[StepRun, ...] = ()
    stop_ordered_by: str = ""
    look_ordered: bool = False
    samples: tuple[Sample, ...] = ()  # of its watch, oldest first
    readings: tuple[Mapping[str, Any], ...] = ()  # of the database, at the begin and at the end of its watch
    verify_until: datetime | None = None
    baseline: tuple[CheckResult, ...] | None = None
    results: tuple[CheckResult, ...] | None = None
    faults: tuple[str, ...] = ()
    ending: Ending | None = None
    lost_text: str = ""
    looked_at: datetime | None = None  # when a person's order to look again proved nothing
    settled_by: str = ""  # who said that an unknown outcome happened
    planned_again_as: str = ""
    overtaken_by: str = ""  # the request that has done what this one proposes
    again_of: str = ""  # the ended request that this one plans again
    undone: Mapping[int, str] = field(default_factory=dict)  # steps that were taken back, and the request that did it
    purged_by: str = ""  # the request that removed the copies which this one kept
    promote_seen: str = ""  # what is live since somebody ended the pin of a rollback, by name
    incident: str = ""  # the incident that it belongs to
    incident_told: bool = False  # whether that knows how it ended
    resumed: Mapping[str, str] = field(default_factory=dict)  # tables it stopped writes to, and who resumed; "" = seen
    resumes_told: frozenset[int] = frozenset()  # steps that resumed writes, of which whoever stopped them knows
    undo_told: bool = False  # whether the request that this one takes back or purges knows what was done
    file_refused: str = ""  # why Slack did not take the plan as a file, in its word
    begun: Mapping[str, datetime] = field(default_factory=dict)  # messages whose posting was begun
    posted: Mapping[str, Posted] = field(default_factory=dict)
    is_closed: bool = False

    @property
    def is_final(self) -> bool:
        """Whether nothing can happen to production through this request any more."""
        return self.state in FINAL

    @property
    def running(self) -> StepRun | None:
        """The step that was started and has no end yet."""
        last = self.runs[-1] if self.runs else None
        return last if last and last.ended_at is None else None

    @property
    def finished(self) -> tuple[StepRun, ...]:
        """The steps that are proven done."""
        return tuple(run for run in self.runs if run.facts is not None)

    @property
    def done(self) -> tuple[StepRun, ...]:
        """The steps that are done: proven, or a person looked and said so."""
        settled = self.state in AFTER_THE_STEPS
        return tuple(run for run in self.runs if run.facts is not None or (settled and run.ended_at))

    @property
    def left(self) -> tuple[int, ...]:
        """The places of what was asked for and isn't so: steps that were not done, or were taken back since."""
        done = {run.index for run in self.done} - set(self.undone)
        return tuple(index for index in range(len(self.asks)) if index not in done)

    @property
    def undo_of(self) -> str:
        """The earlier request whose steps this one takes back; "" = it is no undo."""
        return next((str(ask.params["request"]) for ask in self.asks if ask.action == UNDO), "")

    @property
    def purge_of(self) -> str:
        """The earlier request whose copies this one removes; "" = it is no purge."""
        return next((str(ask.params["request"]) for ask in self.asks if ask.action == PURGE), "")

    def step(self, index: int) -> Step:
        """The plan's step at `index`."""
        if self.plan is None:
            raise LookupError(f"{self.id} has no plan")
        return self.plan.steps[index]

    def has_approved(self, person: str) -> bool:
        """Whether this person's approval stands."""
        return any(approval.person == person for approval in self.approvals)
