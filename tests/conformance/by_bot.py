"""A case put through the bot's action: plan, read again, order, look until it is known, with the clock in hand."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from bot.actions.rollback_deployment import RollbackDeployment
from bot.adapters.vercel import Vercel
from bot.core.checks import CheckResult
from bot.core.deployment import rollback_facts
from bot.core.errors import OutcomeUnknown, Refused, StepFailed, Unavailable
from bot.core.plan import Facts, Step
from bot.core.secret import Secret
from bot.running import LOOK_LATER, LOOK_SOON
from tests.simulator import vercel_cast as the
from tests.simulator.hand import Hand
from tests.simulator.vercel import VercelStandIn
from tests.simulator.vercel_case import Case, Says, lay, play, prepare, served
from tests.simulator.wire import Request

OP = "7d9f6a52-0a6e-4f1c-9d6e-1f2a3b4c5d6e"
REASON = "users can't log in"
DEADLINE = timedelta(seconds=20)
PATIENCE = 30.0  # seconds that reads are tried again before an order
HOUR = 3600.0

T = TypeVar("T")


@dataclass
class Said:
    """What was reported, and what was true."""

    says: Says
    target: str = ""
    rule: str = ""
    text: str = ""
    changed: str = ""
    facts: Facts = field(default_factory=dict)
    checks: tuple[CheckResult, ...] = ()  # of verification, after a success
    live_before: str = ""  # what every production domain served at the plan; "" = different ones
    live_then: str = ""  # and as it was said
    live_later: str = ""  # and an hour later
    orders: list[Request] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)


class Run:
    """One case, run once."""

    def __init__(self, case: Case, hand: Hand, vercel: VercelStandIn) -> None:
        self._case, self._hand, self._vercel = case, hand, vercel
        self._said = Said(Says.NOT_STARTED)
        self._orders_before = 0

    def through(self) -> Said:
        """What is said in the end, and what is true."""
        prepare(self._vercel, self._case)
        try:
            client = self._client()
        except ValueError as error:
            return self._ended(Says.NOT_STARTED, error)
        with closing(client):
            try:
                self._carry_out(RollbackDeployment(client, deadline=DEADLINE))
            except Refused as error:
                self._said.rule = error.rule
                return self._ended(Says.REFUSED, error)
            except Unavailable as error:
                return self._ended(Says.UNAVAILABLE, error)
            except StepFailed as error:
                self._said.changed = error.changed
                return self._ended(Says.FAILED, error)
            except OutcomeUnknown as error:
                return self._ended(Says.UNKNOWN, error)
        return self._ended(Says.DRIFT if self._said.text else Says.DONE)

    def _client(self, url: str = "") -> Vercel:
        return Vercel(
            Secret(self._case.token),
            the.PROJECT_NAME,
            self._hand.now,
            team=self._case.team,
            base_url=url or self._vercel.url,
            http_timeout=self._case.patience,
        )

    def _carry_out(self, action: RollbackDeployment) -> None:
        """Like a run of the engine; what ends it early is raised, drift is in `text`, and success in `facts`."""
        done = self._rolled_back(action) if self._case.undo else None
        self._lay(after_the_plan=False)
        if done:
            play(self._vercel, self._case.meanwhile)
        step = self._patiently(lambda: action.undo(done, OP) if done else action.plan({"target": self._case.asked}))
        self._said.target, self._said.live_before = rollback_facts(step).target.id, served(self._vercel)
        self._lay(after_the_plan=True)
        if not done:
            play(self._vercel, self._case.meanwhile)
        self._said.text = self._patiently(lambda: action.recheck(step))
        if not self._said.text:
            self._said.facts = self._order(action, step)
            self._said.checks = action.verify(step, OP)

    def _rolled_back(self, action: RollbackDeployment) -> Step:
        """The rollback that the case undoes."""
        step = action.plan({})
        play(self._vercel, (("rollback", rollback_facts(step).target.id),))
        return step

    def _lay(self, *, after_the_plan: bool) -> None:
        for trouble in self._case.troubles:
            if trouble.after_the_plan is after_the_plan:
                lay(self._vercel, trouble)

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Ask again while Vercel can't be reached, as planning and the run do."""
        until = self._hand() + PATIENCE
        while True:
            try:
                return ask()
            except Unavailable as error:
                self._said.errors.append(error)
                if self._hand() >= until:
                    raise
                self._wait(error.retry_at, 1.0)

    def _order(self, action: RollbackDeployment, step: Step) -> Facts:
        play(self._vercel, self._case.at_the_act)
        started = self._hand()
        try:
            if not self._case.gone:
                return action.execute(step, OP, REASON)
            with closing(self._client(nowhere())) as client:
                return RollbackDeployment(client).execute(step, OP, REASON)
        except OutcomeUnknown as error:
            self._said.errors.append(error)
            asked_for = error.retry_at
        play(self._vercel, self._case.afterwards)
        while True:
            passed = self._hand() - started
            self._wait(asked_for, min(LOOK_LATER.total_seconds(), max(LOOK_SOON.total_seconds(), passed / 2)))
            is_last = self._hand() - started >= DEADLINE.total_seconds()
            try:
                return action.reconcile(step, OP, at_deadline=is_last)
            except OutcomeUnknown as error:
                self._said.errors.append(error)
                if is_last:
                    raise
                asked_for = error.retry_at

    def _wait(self, asked_for: datetime | None, seconds: float) -> None:
        self._hand.turn(max(0.0, asked_for.timestamp() - self._hand()) if asked_for else seconds)

    def _ended(self, says: Says, error: BaseException | None = None) -> Said:
        said = self._said
        said.says, said.text = says, str(error) if error else said.text
        said.errors += [error] if error else []
        said.live_then = served(self._vercel)
        self._hand.turn(HOUR)
        said.live_later = served(self._vercel)
        said.orders, said.requests = self._vercel.posts, list(self._vercel.requests)
        return said


def nowhere() -> str:
    """An address where nobody listens any more."""
    with VercelStandIn() as gone:
        return gone.url


def through_bot(case: Case) -> Said:
    """The case against a stand-in of its own."""
    hand = Hand()
    with VercelStandIn(hand) as vercel:
        return Run(case, hand, vercel).through()
