"""Eight days of an incident under the shipped plan: restarts, deaths, a clock that is set, summer time that ends.

Moments are minutes after the incident was opened, by the bot's clock. The machine's own time zone is one whose summer
time ends on the way.
"""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import OutcomeUnknown
from bot.core.incident import Happened, Telling, Verb
from bot.messages.timeline import timeline
from bot.timelines import Timelines
from tests.incident_world import ANA, BEN, CHLOE, EVE, OTHER, IncidentWorld, shipped
from tests.memory_slack import Mishap

BEGIN = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)  # Berlin's summer time ends five hours later
HOUR, DAY = 60, 24 * 60
LATE = timedelta(seconds=5)
STATUS, STAKEHOLDERS, OVER = "status page/downtime 15m", "stakeholders/incident 30m", "all clear/resolved/"
IMMEDIATE, SHORT, LONG = (checklist.name for checklist in shipped().checklists[1:])

TOLD = [  # everything that time brings in eight days, and when
    (Happened.REMINDER_DUE, "internal/incident", 0),
    (Happened.CHECKLIST_OPENED, "Pre-rollback", 0),
    (Happened.PHASE_LATE, 0, 5),
    (Happened.PHASE_LATE, 1, 15),
    (Happened.REMINDER_DUE, STATUS, 19.5),  # down from 1.5 to 9.5, and from 12.5
    (Happened.CHECKLIST_OPENED, IMMEDIATE, 20),
    (Happened.REMINDER_DUE, STAKEHOLDERS, 30),
    (Happened.REMINDER_DUE, STAKEHOLDERS, 41),  # snoozed at 31, by a clock that was set back at 35
    (Happened.REMINDER_OVERDUE, STAKEHOLDERS, 60),
    (Happened.PHASE_LATE, 3, 60),
    (Happened.CHECKLIST_ENDED, IMMEDIATE, 80),
    (Happened.CHECKLIST_OPENED, SHORT, 80),
    (Happened.REMINDER_DUE, f"{OVER}internal", 100),  # resolved
    (Happened.REMINDER_DUE, f"{OVER}status page", 100),
    (Happened.REMINDER_DUE, f"{OVER}stakeholders", 100),
    (Happened.REMINDER_DUE, f"{OVER}stakeholders", 112),  # snoozed at 102
    (Happened.CHECKLIST_ENDED, SHORT, 1520),  # due at 1460, which the clock jumped over
    (Happened.CHECKLIST_OPENED, LONG, 1520),
    (Happened.REMINDER_DUE, "still pinned/1", 1520),
    (Happened.REMINDER_DUE, "still pinned/2", 1520 + DAY),
    (Happened.REMINDER_DUE, "still pinned/3", 1520 + 2 * DAY),
    (Happened.REMINDER_DUE, "still pinned/3", 4411),  # snoozed at 4401, and still so
    (Happened.REMINDER_DUE, "still pinned/4", 4411 + DAY),
    (Happened.PIN_ENDED, None, 4411 + 2 * DAY),  # somebody promoted in between
    (Happened.CHECKLIST_ENDED, LONG, 20 + 7 * DAY),
]
ABOUT = ("reminder", "checklist", "phase")


class Days:
    """The story, by the minutes of the bot's clock."""

    def __init__(self, folder: Path) -> None:
        self.world = IncidentWorld(folder / "log.db", BEGIN)

    def at(self, *minutes: float) -> IncidentWorld:
        """Go on to each of these minutes; at all but the last, the process dies and comes back."""
        for minute in minutes[:-1]:
            self.world.until(moment(minute))
            self.world.restart()
        self.world.until(moment(minutes[-1]))
        return self.world

    def tell(self) -> None:
        self.first_hour()
        self.after_an_hour()
        self.later()

    def first_hour(self) -> None:
        self.at(0).ask(ANA)
        self.at(1).site.is_up = False
        self.at(4, 9).site.is_up = True
        self.at(12).site.is_up = False
        self.at(19).dies("after:reminder_due")
        self.at(20).approve("R-1", BEN, CHLOE)
        self.at(21).press(BEN, Verb.SEND, STATUS)
        self.at(22).site.is_up = True
        self.at(29).dies("before:reminder_due")
        self.at(31).press(BEN, Verb.SNOOZE, STAKEHOLDERS)
        self.at(35).jump(-2)
        self.at(-30, 35, 40).slack.mishaps["I-1/reminder/stakeholders/incident 30m/2"] = Mishap.DIES_AFTER

    def after_an_hour(self) -> None:
        self.at(59).dies("before:reminder_overdue")
        self.at(65).press(CHLOE, Verb.DONE, STAKEHOLDERS)
        self.at(79).dies("after:checklist_opened")
        self.at(99).slack.mishaps[f"I-1/reminder/{OVER}status page/downtime 15m"] = Mishap.SILENT
        self.at(100).press(ANA, Verb.RESOLVE)
        world = self.at(101)
        world.sent.fails = OutcomeUnknown("Statuspage did not answer.")
        world.press(BEN, Verb.SEND, f"{OVER}status page")
        self.at(102).press(BEN, Verb.SNOOZE, f"{OVER}stakeholders")
        self.at(110).press(BEN, Verb.DONE, f"{OVER}status page")
        self.at(115).press(BEN, Verb.DONE, f"{OVER}stakeholders")

    def later(self) -> None:
        self.at(290, 310, 1400).jump(2)
        self.at(1521, 2000).jump(-2)
        self.at(1950, 2500, 2959).dies("after:pin_seen")
        self.at(3000).ask(EVE, OTHER)
        self.at(3010, 3050).press(EVE, Verb.RESOLVE, stream="I-2")
        self.at(4401).press(BEN, Verb.SNOOZE, "still pinned/3")
        self.at(4405, 5000, 6000).vercel.is_pinned = False
        self.at(7290, 9000, 10000, 10099, 8 * DAY)


def moment(minute: float) -> datetime:
    return BEGIN + timedelta(minutes=minute)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IncidentWorld]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        story = Days(tmp_path_factory.mktemp("days"))
        story.tell()
        yield story.world
        story.world.close()
    time.tzset()


def brought(world: IncidentWorld, stream: str = "I-1") -> list[tuple[Happened, Any, datetime]]:
    """What time brought, what each of it is about, and when it was written down."""
    kinds = {kind for kind, _, _ in TOLD}
    events = [event for event in world.events(stream) if event.kind in kinds]
    return [
        (Happened(one.kind), next((one.data[of] for of in ABOUT if of in one.data), None), one.at) for one in events
    ]


def test_everything_is_written_down_once_and_in_time(days: IncidentWorld) -> None:
    happened = brought(days)
    assert Counter((kind, about) for kind, about, _ in happened) == Counter((kind, about) for kind, about, _ in TOLD)
    in_order = sorted(TOLD, key=lambda one: (one[2], str(one[:2])))
    for (kind, about, minute), found in zip(
        in_order, sorted(happened, key=lambda one: (one[2], str(one[:2]))), strict=True
    ):
        assert (kind, about) == found[:2]
        assert timedelta(0) <= found[2] - moment(minute) <= LATE, (kind, about)


def test_a_site_that_was_never_down_is_nothing_for_the_status_page(days: IncidentWorld) -> None:
    told = [about for kind, about, _ in brought(days, "I-2") if kind is Happened.REMINDER_DUE]
    assert told == ["internal/incident", STAKEHOLDERS, f"{OVER}internal"]


def test_no_message_stands_twice_though_the_process_died_between_event_and_post(days: IncidentWorld) -> None:
    assert days.restarts >= 20
    assert set(days.slack.times_posted().values()) == {1}


def test_each_reminder_is_posted_within_five_seconds_of_its_time(days: IncidentWorld) -> None:
    rounds: Counter[str] = Counter()
    for event in days.events():
        if event.kind == Happened.REMINDER_DUE:
            key = str(event.data["reminder"])
            rounds[key] += 1
            name = f"I-1/notice/{key}" if event.data["is_own"] else f"I-1/reminder/{key}/{rounds[key]}"
            assert timedelta(0) <= days.slack.posted_at[name] - event.at <= LATE, name


def test_what_a_person_pressed_to_send_was_sent_once(days: IncidentWorld) -> None:
    assert (len(days.sent.published), days.sent.resolved, days.sent.mails) == (1, ["inc1"], [])


def test_nothing_is_left_to_do(days: IncidentWorld) -> None:
    assert days.parts.journal.open_ids() == days.requests.open_ids() == ()
    states = {reminder.key: reminder.state for reminder in days.incident().reminders.values()}
    pinned = {f"still pinned/{number}": Telling.DROPPED for number in range(1, 5)}
    assert states == dict.fromkeys([key for key in states if key not in pinned], Telling.DONE) | pinned


def test_every_event_is_in_the_timeline(days: IncidentWorld) -> None:
    timelines = Timelines(log=days.log, slack=days.slack, root=lambda _: "", runbook=days.runbook, clock=days.now)
    text = timeline(timelines.account(days.incident()))
    everything = [f"| {one.stream}/{one.seq} |" for stream in ("I-1", "R-1") for one in days.events(stream)]
    assert [event for event in everything if event not in text] == []


def test_every_moment_is_in_utc_whatever_the_machine_says(days: IncidentWorld) -> None:
    assert time.localtime(BEGIN.timestamp()).tm_isdst
    assert {event.at.tzinfo for event in days.events()} == {UTC}
    (text,) = {
        event.data["text"]
        for event in days.events()
        if event.data.get("reminder") == f"{OVER}internal" and "text" in event.data
    }
    assert text == "IBAM Learn Platform works again since 21:40 UTC. It was affected since 20:01 UTC."
