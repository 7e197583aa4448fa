"""Random incidents: presses, deaths, postings that go wrong, clocks that are set; and what is so in all of them.

For more of them: `HYPOTHESIS_MAX_EXAMPLES=500 python -m pytest tests/test_incident_histories.py`.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.errors import OutcomeUnknown, Refused
from bot.core.event import Draft
from bot.core.incident import Happened, Verb
from tests.incident_world import ANA, BEN, EVE, INC, IncidentWorld
from tests.memory_slack import Mishap

BEGIN = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
EXAMPLES = int(os.environ.get("HYPOTHESIS_MAX_EXAMPLES", "12"))
REMINDERS = (
    "stakeholders/incident 30m",
    "status page/downtime 15m",
    "all clear/resolved/status page",
    "all clear/resolved/stakeholders",
    "still pinned/1",
)
MESSAGES = (
    "incident",
    "notice/internal/incident",
    "checklist/Pre-rollback",
    *(f"reminder/{key}/1" for key in REMINDERS),
)
Move: TypeAlias = tuple[str, Any]

MISHAPS = st.dictionaries(st.sampled_from([f"I-1/{name}" for name in MESSAGES]), st.sampled_from(Mishap))
MOVES = st.one_of(
    st.tuples(st.just("pass"), st.sampled_from([0.5, 7, 16, 31, 65, 1500])),
    st.tuples(st.just("site"), st.booleans()),
    st.tuples(
        st.just("press"),
        st.tuples(
            st.sampled_from([ANA, BEN, EVE]),
            st.sampled_from([Verb.DONE, Verb.SNOOZE, Verb.NOT_NEEDED, Verb.SEND]),
            st.sampled_from(REMINDERS),
        ),
    ),
    st.tuples(st.just("resolve"), st.sampled_from([ANA, EVE])),
    st.tuples(st.just("die"), st.integers(0, 6)),
    st.tuples(st.just("jump"), st.sampled_from([-2, 2])),
    st.tuples(st.just("answer"), st.sampled_from([OutcomeUnknown("No answer."), Refused("no", "No.")])),
    st.tuples(st.just("pin"), st.booleans()),
    st.tuples(st.just("archive"), st.booleans()),
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="HYPOTHESIS_MAX_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(MISHAPS, st.lists(MOVES, min_size=5, max_size=25))
def test_whatever_happens_each_thing_is_said_once_and_sent_once(
    mishaps: dict[str, Mishap], moves: Sequence[Move]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = IncidentWorld(Path(folder) / "log.db", BEGIN)
        world.slack.mishaps = mishaps
        try:
            world.ask(ANA)
            world.approve("R-1", BEN, "U_CHLOE")
            for move in moves:
                make(world, *move)
            make(world, "pass", 65)
            assert_so(world)
        finally:
            world.close()


def make(world: IncidentWorld, what: str, more: Any) -> None:
    """One move."""
    match what:
        case "pass":
            world.until(world.now() + timedelta(minutes=more))
        case "site":
            world.site.is_up = more
        case "press":
            person, verb, about = more
            world.press(person, verb, about)
        case "resolve":
            world.press(more, Verb.RESOLVE)
        case "die":
            world.log.dies = _at_append(more)
        case "jump":
            world.jump(more)
        case "answer":
            world.sent.fails = more
        case "archive":
            world.slack.state.channels[INC].is_archived = more
        case _:
            world.vercel.is_pinned = more


def _at_append(number: int) -> Any:
    """At one of the next appends, before it is written or right after."""
    left = [number]

    def dies(_: str, __: Sequence[Draft]) -> bool:
        left[0] -= 1
        return left[0] < 0

    return dies


def assert_so(world: IncidentWorld) -> None:
    """The promises of the clock."""
    events = world.events()
    assert max(world.slack.times_posted().values()) == 1
    for kind, of in (
        (Happened.REMINDER_OVERDUE, "reminder"),
        (Happened.CHECKLIST_OPENED, "checklist"),
        (Happened.CHECKLIST_ENDED, "checklist"),
        (Happened.PHASE_LATE, "phase"),
    ):
        told = Counter(event.data[of] for event in events if event.kind == kind)
        assert max(told.values(), default=1) == 1, kind
    due = _count(world, Happened.REMINDER_DUE)
    again = _count(world, Happened.REMINDER_SNOOZED) + _given_up(world)
    for key, times in due.items():
        assert times <= 1 + again[key], key
    begun = _count(world, Happened.SENDING_BEGUN)
    assert len(world.sent.mails) + len(world.sent.published) + len(world.sent.resolved) <= begun.total()
    assert_none_after_the_end(world)


def assert_none_after_the_end(world: IncidentWorld) -> None:
    """After Done and Not needed a reminder is not due again; after the end nothing of the trouble is."""
    settled, is_over = set[str](), False
    for event in world.events():
        key = str(event.data.get("reminder", ""))
        if event.kind == Happened.REMINDER_DUE:
            assert key not in settled
            assert not is_over or key.startswith(("all clear", "still pinned", "internal"))
        settled |= {key} if event.kind in (Happened.REMINDER_DONE, Happened.REMINDER_DROPPED) else set()
        is_over = is_over or event.kind == Happened.INCIDENT_RESOLVED


def _count(world: IncidentWorld, kind: Happened) -> Counter[str]:
    return Counter(str(event.data["reminder"]) for event in world.events() if event.kind == kind)


def _given_up(world: IncidentWorld) -> Counter[str]:
    """The bot's own notices that Slack didn't take, which people were then asked to post."""
    own = {str(event.data["reminder"]) for event in world.events() if event.data.get("is_own")}
    theirs = (event for event in world.events() if event.kind == Happened.REMINDER_DUE and not event.data["is_own"])
    return Counter(key for event in theirs if (key := str(event.data["reminder"])) in own)
