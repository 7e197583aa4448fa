"""Random histories of people, clicks, group changes, crashes and clock jumps, through the real engine and a real log.

What must hold after each of them: a run only by two different eligible people on the plan's digest, none of them the
requester; at most one act a step; no honest approval lost; what has ended stays ended.
"""

# ruff: noqa: FBT001  # hypothesis gives every argument by its name

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.core.change import CLICKS, Kind, State
from bot.core.event import Event
from bot.running import PEOPLE_STAY_READ
from tests.histories import ANA, BEN, CY, DEE
from tests.small_world import Clicked, Fate, Mood, SmallWorld
from tests.workspace import EVE, FAY, GUS

QUICK = settings(deadline=None, max_examples=50, stateful_step_count=15, suppress_health_check=[HealthCheck.too_slow])
EVERYBODY = st.sampled_from([ANA, BEN, CY, DEE, EVE, FAY, GUS])
MOSTLY_APPROVERS = st.sampled_from([BEN, CY, DEE, BEN, CY, DEE, ANA, EVE, FAY, GUS])
AT_ONCE = st.sampled_from([True, True, False])  # or later, together with what comes next
A_WHILE = st.sampled_from([1, 20, 61, 200, 950, 1900])
NO_DIGEST = "0" * 64


def approvals(events: Sequence[Event]) -> dict[str, Event]:
    """The clicks behind the approvals that stand after these events, by person; read without the code's own replay."""
    clicks, standing = {event.seq: event for event in events}, dict[str, Event]()
    for event in events:
        if event.kind == "approval_given":
            assert event.actor not in standing
            standing[event.actor] = clicks[int(str(event.data["click"]))]
        elif event.kind == "approval_withdrawn":
            del standing[event.actor]
        elif event.kind == "approval_voided":
            del standing[str(event.data["person"])]
    return standing


class Life(RuleBasedStateMachine):
    """What happens to any bot."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.world = SmallWorld(Path(self.folder.name) / "log.db")
        self.last: Clicked | None = None
        self.judged = 0
        self.ended: State | None = None

    def teardown(self) -> None:
        self.world.close()
        self.folder.cleanup()

    @initialize()
    def somebody_asks(self) -> None:
        self.world.ask()

    def press(self, kind: Kind, person: str, digest: str = "", *, at_once: bool = True) -> None:
        """A click arrives; the bot takes it up `at_once` or when it carries on."""
        self.last = (kind, self.world.delivery(person), digest)
        self.world.click(*self.last)
        if at_once:
            self.the_bot_carries_on()

    @precondition(lambda self: self.last is not None)
    @rule()
    def slack_delivers_the_last_click_again(self) -> None:
        assert self.last
        self.world.click(*self.last)

    @rule(mood=st.sampled_from(Mood))
    def production_changes_its_mood(self, mood: Mood) -> None:
        self.world.levers.mood = mood

    @rule(appends=st.integers(0, 4), after_writing=st.booleans())
    def the_process_will_die(self, appends: int, after_writing: bool) -> None:
        self.world.mortal.fate = Fate(appends, after_writing)

    @rule()
    def the_process_is_restarted(self) -> None:
        self.world.restart()

    @rule()
    def the_bot_carries_on(self) -> None:
        self.world.carry_on()
        events = self.world.events
        for event in events[self.judged :]:
            if event.kind in ("request_approved", "step_started"):
                self.judge(event, events[: event.seq])
        self.judged = len(events)

    def judge(self, event: Event, before: Sequence[Event]) -> None:
        """Whether it could go on here. People don't change while the bot carries on."""
        request, clicks = self.world.request, approvals(before)
        assert len(clicks) >= request.required
        assert ANA not in clicks
        assert set(clicks) <= request.eligible
        assert {click.actor for click in clicks.values()} == set(clicks)
        assert {click.data["digest"] for click in clicks.values()} == {self.world.digest}
        assert request.expires_at
        assert max(click.at for click in clicks.values()) < request.expires_at
        approved_at = max(e.at for e in before if e.kind == "request_approved")
        if event.kind == "request_approved" or self.world.hand.now() - approved_at > PEOPLE_STAY_READ:
            assert set(clicks) <= self.world.members.eligible()

    @invariant()
    def each_step_acts_once_at_most_and_never_before_it_says_so(self) -> None:
        started = [event.data["op_id"] for event in self.world.events if event.kind == "step_started"]
        assert len(started) == len(set(started)) <= 2
        assert set(self.world.levers.pulled) <= set(started)
        assert max(self.world.levers.pulled.values(), default=0) <= 1

    @invariant()
    def what_has_ended_stays_ended(self) -> None:
        request = self.world.request
        assert self.ended in (None, request.state)
        self.ended = request.state if request.is_final else None

    @invariant()
    def nothing_happens_that_nobody_foresaw(self) -> None:
        assert self.world.request.faults == ()


class AnyHistory(Life):
    """Everybody presses everything; people come and go; Slack comes and goes."""

    @rule(kind=st.sampled_from(sorted(CLICKS)), person=EVERYBODY, at_once=AT_ONCE)
    def somebody_clicks(self, kind: Kind, person: str, at_once: bool) -> None:
        self.press(kind, person, at_once=at_once)

    @rule(person=MOSTLY_APPROVERS, digest=st.sampled_from(["", "", "", NO_DIGEST]), at_once=AT_ONCE)
    def somebody_approves(self, person: str, digest: str, at_once: bool) -> None:
        self.press(Kind.APPROVAL_CLICKED, person, digest, at_once=at_once)

    @rule(first=MOSTLY_APPROVERS, second=MOSTLY_APPROVERS, at_once=AT_ONCE)
    def two_approve_in_the_same_instant(self, first: str, second: str, at_once: bool) -> None:
        self.press(Kind.APPROVAL_CLICKED, first, at_once=False)
        self.press(Kind.APPROVAL_CLICKED, second, at_once=at_once)

    @rule(seconds=A_WHILE)
    def time_passes(self, seconds: int) -> None:
        self.world.hand.turn(seconds)

    @rule(person=EVERYBODY)
    def somebody_leaves_the_group(self, person: str) -> None:
        self.world.members.leave(person)

    @rule(person=EVERYBODY)
    def somebody_joins_the_group(self, person: str) -> None:
        self.world.members.join(person)

    @rule(person=EVERYBODY)
    def an_account_is_closed(self, person: str) -> None:
        self.world.members.deactivate(person)

    @rule(is_down=st.booleans())
    def slack_comes_or_goes(self, is_down: bool) -> None:
        self.world.members.is_down = is_down


class HonestHistory(Life):
    """BEN and CY are approvers all the time, and nobody says no. Others come, go, and press what isn't theirs."""

    def __init__(self) -> None:
        super().__init__()
        self.in_time: set[str] = set()

    @rule(person=st.sampled_from([BEN, CY]), at_once=AT_ONCE)
    def an_approver_approves(self, person: str, at_once: bool) -> None:
        request = self.world.request
        if request.expires_at and self.world.hand.now() < request.expires_at:
            self.in_time.add(person)
        self.press(Kind.APPROVAL_CLICKED, person, at_once=at_once)

    @rule(person=EVERYBODY, at_once=AT_ONCE)
    def somebody_presses_the_button_of_another_plan(self, person: str, at_once: bool) -> None:
        self.press(Kind.APPROVAL_CLICKED, person, NO_DIGEST, at_once=at_once)

    @rule(person=st.sampled_from([ANA, DEE, EVE, FAY, GUS]), at_once=AT_ONCE)
    def somebody_else_approves(self, person: str, at_once: bool) -> None:
        self.press(Kind.APPROVAL_CLICKED, person, at_once=at_once)

    @rule(kind=st.sampled_from(sorted(CLICKS - {Kind.APPROVAL_CLICKED})), person=st.sampled_from([EVE, GUS]))
    def an_outsider_presses_anything(self, kind: Kind, person: str) -> None:
        self.press(kind, person)

    @rule(seconds=st.sampled_from([1, 61, 400]))
    def time_passes(self, seconds: int) -> None:
        self.world.hand.turn(seconds)

    @rule(person=st.sampled_from([DEE, FAY, GUS]))
    def somebody_else_leaves(self, person: str) -> None:
        self.world.members.leave(person)

    @rule(person=st.sampled_from([DEE, FAY]))
    def somebody_else_joins(self, person: str) -> None:
        self.world.members.join(person)

    @rule()
    def somebody_elses_account_is_closed(self) -> None:
        self.world.members.deactivate(DEE)

    def teardown(self) -> None:
        """However it went: two honest approvals in time have been counted."""
        self.world.carry_on()
        assert self.in_time != {BEN, CY} or "request_approved" in self.world.kinds
        super().teardown()


def test_whatever_happens_it_runs_only_by_the_word_of_two_and_acts_once() -> None:
    run_state_machine_as_test(AnyHistory, settings=QUICK)  # type: ignore[no-untyped-call]


def test_no_honest_approval_is_lost() -> None:
    run_state_machine_as_test(HonestHistory, settings=QUICK)  # type: ignore[no-untyped-call]


def test_the_last_of_two_approvals_may_be_decided_after_the_request_would_have_expired(tmp_path: Path) -> None:
    world = SmallWorld(tmp_path / "log.db")
    world.ask()
    world.approve(BEN)
    world.approve(CY)
    world.hand.turn(timedelta(days=1).total_seconds())  # the bot was down
    world.carry_on()
    assert world.request.state is State.VERIFIED
    assert list(world.levers.pulled.values()) == [1, 1]
    world.close()
