"""Random histories of people, clicks, group changes, crashes and clock jumps, through the real engine and a real log.

What must hold after each of them: a run only by two different eligible people on the plan's digest, none of them the
requester; at most one act a step; no honest approval lost; what has ended stays ended.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.change import CLICKS, Kind, State
from bot.core.event import Event
from bot.running import PEOPLE_STAY_READ
from tests.histories import ANA, BEN, CY, DEE
from tests.small_world import Clicked, Fate, Mood, SmallWorld
from tests.workspace import EVE, FAY, GUS

QUICK = settings(deadline=None, max_examples=30)
OTHER_PLAN = "0" * 64


class Life:
    """A bot's life: what can happen to it, and what must be so whatever happens."""

    def __init__(self, world: SmallWorld) -> None:
        self.world = world
        self.last: Clicked | None = None
        self.judged = 0
        self.ended: State | None = None
        self.approved_in_time: set[str] = set()

    # What can happen

    def click(self, kind: Kind, person: str, digest: str = "", *, at_once: bool = True) -> None:
        """It arrives; the bot takes it up at once or when it carries on."""
        if kind is Kind.APPROVAL_CLICKED and not digest and self.world.hand.now() < self.world.expires_at:
            self.approved_in_time.add(person)
        self.last = (kind, self.world.delivery(person), digest)
        self.world.click(*self.last)
        if at_once:
            self.carry_on()

    def deliver_again(self) -> None:
        """Slack delivers the last click once more."""
        if self.last:
            self.world.click(*self.last)

    def carry_on(self) -> None:
        """The bot does all that is due. People don't change meanwhile, so what it went by can be judged now."""
        self.world.carry_on()
        events = self.world.events
        for event in events[self.judged :]:
            if event.kind in ("request_approved", "step_started"):
                self._judge(event, events[: event.seq])
        self.judged = len(events)

    def let_pass(self, seconds: int) -> None:
        self.world.hand.turn(seconds)

    def leave(self, person: str) -> None:
        self.world.members.leave(person)

    def join(self, person: str) -> None:
        self.world.members.join(person)

    def deactivate(self, person: str) -> None:
        self.world.members.deactivate(person)

    def slack_goes(self) -> None:
        self.world.members.is_down = True

    def slack_comes(self) -> None:
        self.world.members.is_down = False

    def next_act(self, mood: Mood) -> None:
        self.world.levers.mood = mood

    def restart(self) -> None:
        self.world.restart()

    def die_soon(self, appends: int, *, after_writing: bool) -> None:
        self.world.log.fate = Fate(appends, after_writing)

    # What must be so

    def _judge(self, event: Event, before: Sequence[Event]) -> None:
        """An approved request, or a step that starts, stands on the right people's word."""
        request, clicks = self.world.request, approvals(before)
        assert len(clicks) >= request.required == 2
        assert ANA not in clicks
        assert set(clicks) <= request.eligible
        assert {person: click.actor for person, click in clicks.items()} == {person: person for person in clicks}
        assert {click.data["digest"] for click in clicks.values()} == {self.world.digest}
        assert max(click.at for click in clicks.values()) < self.world.expires_at
        done = [e.data["step"] for e in before if e.kind == "step_finished"]
        assert done == list(range(len(done)))
        assert event.data.get("step", 0) == len(done)
        approved_at = max(e.at for e in before if e.kind == "request_approved")
        if event.kind == "request_approved" or self.world.hand.now() - approved_at > PEOPLE_STAY_READ:
            assert set(clicks) <= self.world.members.eligible()

    def check(self) -> None:
        """What holds after everything."""
        request, started = self.world.request, self.world.data("step_started")
        operations = [data["op_id"] for data in started]
        assert len(operations) == len(set(operations)) <= 2
        assert set(self.world.levers.pulled) <= set(operations)
        assert max(self.world.levers.pulled.values(), default=0) <= 1
        assert self.ended in (None, request.state)
        assert request.faults == ()
        self.ended = request.state if request.is_final else None


def approvals(events: Sequence[Event]) -> dict[str, Event]:
    """The clicks behind the approvals that stand after these events, by person; read without the code's own replay."""
    clicks, standing = {event.seq: event for event in events}, dict[str, Event]()
    for event in events:
        if event.kind == "approval_given":
            assert event.actor not in standing
            standing[event.actor] = clicks[int(str(event.data["click"]))]
        elif event.kind in ("approval_withdrawn", "approval_voided"):
            del standing[str(event.data.get("person", event.actor))]
    return standing


# Something that happens: the name of one of Life's methods, and what it is called with.
Happening: TypeAlias = tuple[str, dict[str, Any]]


def happening(name: str, **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Happening]:
    return st.tuples(st.just(name), st.fixed_dictionaries(arguments))


def clicking(kinds: Sequence[Kind], *people: str, digest: str = "") -> st.SearchStrategy[Happening]:
    """One of these people presses one of these; three times of four the bot takes it up at once."""
    at_once = st.sampled_from([True, True, True, False])
    what = {"kind": st.sampled_from(kinds), "person": st.sampled_from(people), "digest": st.just(digest)}
    return happening("click", at_once=at_once, **what)


def among(*people: str) -> st.SearchStrategy[str]:
    return st.sampled_from(people)


EVERYBODY = (ANA, BEN, CY, DEE, EVE, FAY, GUS)
APPROVE = (Kind.APPROVAL_CLICKED,)
ANYTHING_ELSE = sorted(CLICKS - {Kind.APPROVAL_CLICKED})
BOTS_LIFE = (
    happening("carry_on"),
    happening("deliver_again"),
    happening("restart"),
    happening("die_soon", appends=st.integers(0, 3), after_writing=st.booleans()),
    happening("next_act", mood=st.sampled_from(Mood)),
)
ANYTHING = st.one_of(
    *BOTS_LIFE,
    *[clicking(APPROVE, BEN, CY, DEE)] * 5,
    clicking(APPROVE, *EVERYBODY),
    clicking(APPROVE, FAY),
    clicking(APPROVE, *EVERYBODY, digest=OTHER_PLAN),
    clicking(ANYTHING_ELSE, *EVERYBODY),
    *[happening("let_pass", seconds=st.sampled_from([1, 61, 200, 950, 1900]))] * 2,
    *[happening("leave", person=among(BEN, CY, DEE))] * 2,
    happening("join", person=among(*EVERYBODY)),
    happening("join", person=among(FAY)),
    happening("deactivate", person=among(BEN, CY, DEE)),
    happening("slack_goes"),
    happening("slack_comes"),
)
BESIDE_HONEST_PEOPLE = st.one_of(
    *BOTS_LIFE,
    clicking(APPROVE, ANA, DEE, EVE, FAY, GUS),
    clicking(APPROVE, *EVERYBODY, digest=OTHER_PLAN),
    clicking(ANYTHING_ELSE, EVE, GUS),
    happening("let_pass", seconds=st.sampled_from([1, 61, 400])),
    happening("leave", person=among(DEE, FAY, GUS)),
    happening("join", person=among(DEE, FAY)),
    happening("deactivate", person=among(DEE, FAY)),
)

THE_END: tuple[Happening, ...] = (("slack_comes", {}), ("restart", {}), ("carry_on", {}))


@contextmanager
def living(*happenings: Happening) -> Iterator[Life]:
    """A life in which ANA asks, and then these things happen."""
    with TemporaryDirectory() as folder:
        life = Life(SmallWorld(Path(folder) / "log.db"))
        life.world.ask()
        for name, arguments in (*happenings, *THE_END):
            getattr(life, name)(**arguments)
            life.check()
        yield life
        life.world.close()


@QUICK
@given(st.lists(clicking(APPROVE, BEN), max_size=1), st.lists(ANYTHING, min_size=12, max_size=25))
def test_whatever_happens_it_runs_only_by_the_word_of_two_and_acts_once(
    first: list[Happening], then: list[Happening]
) -> None:
    with living(*first, *then):
        pass  # judged and checked after each of them


@QUICK
@given(*[st.lists(BESIDE_HONEST_PEOPLE, max_size=8)] * 3, clicking(APPROVE, BEN), clicking(APPROVE, CY))
def test_no_honest_approval_is_lost(
    first: list[Happening], then: list[Happening], last: list[Happening], ben: Happening, cy: Happening
) -> None:
    with living(*first, ben, *then, cy, *last) as life:
        assert not {BEN, CY} <= life.approved_in_time or "request_approved" in life.world.kinds


def test_approvals_in_time_count_also_when_the_bot_was_down_until_long_after(tmp_path: Path) -> None:
    world = SmallWorld(tmp_path / "log.db")
    world.ask()
    world.approve(BEN)
    world.approve(CY)
    world.hand.turn(timedelta(days=1).total_seconds())
    world.restart()
    world.carry_on()
    assert world.request.state is State.VERIFIED
    assert list(world.levers.pulled.values()) == [1, 1]
    world.close()
