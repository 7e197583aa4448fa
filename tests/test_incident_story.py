"""An incident over Slack: it opens with a request, tells whom the plan says, takes what people press, and ends."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import vercel_cast as the
from tests.world import BEN, CHLOE, DAN, EVE, INC, World

ASKED = "vercel because checkout is broken"
GENERAL, I_1 = "C_GENERAL", "I-1"
TURN_ON = '{ action = "stop_writes", tables = ["all"] }'
SOON = {
    'when = "incident 30m"': 'when = "incident 1s"',
    'when = "downtime 15m"': 'when = "incident 1s"',
    'check_every = "30s"': 'check_every = "1s"',
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world whose plan has shorter times, and whose bot is running."""
    world = World(tmp_path)
    text = world.runbook.read_text()
    for wanted, instead in SOON.items():
        assert wanted in text
        text = text.replace(wanted, instead)
    world.runbook.write_text(text)
    world.add_scenario("drill", TURN_ON)
    try:
        yield world.start()
    finally:
        world.close()


def seen(world: World, text: str, channel: str = INC) -> dict[str, Any]:
    """The newest message that says so, as soon as there is one."""
    return world.slack.wait_for(lambda: world.slack.find(channel, text=text))[-1]


def submit(world: World, user: str, values: dict[str, Any]) -> None:
    """Fill in the modal that opens and send it off."""
    view = world.slack.wait_for(lambda: world.slack.view_of(user))
    world.slack.submit(user, view, values)


def test_the_first_request_opens_the_incident_and_the_internal_channel_is_told(world: World) -> None:
    world.rollback(ASKED)
    opened = seen(world, "I-1 is open")
    assert opened["thread_ts"] == world.cards()[0]["ts"]
    assert opened["subtype"] == "thread_broadcast"
    assert "#inc-2026" in world.read(seen(world, "@ana asks for a rollback of", GENERAL))
    seen(world, "posted in #general")
    assert "Incident I-1" in world.wait_for_state("Incident I-1")


def test_two_requests_in_one_channel_are_one_incident(world: World) -> None:
    world.rollback(ASKED)
    seen(world, "I-1 is open")
    world.rollback("drill", user=EVE)
    told = seen(world, "• R-2:")
    assert "• R-1:" in world.read(told)
    assert world.kinds(I_1).count("request_joined") == 2
    assert len(world.slack.find(INC, text="is open")) == 1
    assert len(world.slack.find(GENERAL, text="asks for")) == 1


def test_what_is_pressed_on_reminders_and_checklists_is_shown_with_who_pressed_it(world: World) -> None:
    world.rollback(ASKED)
    seen(world, "Message for stakeholders*: due now")
    stakeholders = seen(world, "Message for stakeholders")
    world.slack.click(BEN, stakeholders, "incident_snooze")
    seen(world, "Message for stakeholders*: snoozed by @ben")
    world.slack.click(CHLOE, stakeholders, "incident_done")
    seen(world, "Message for stakeholders*: marked as done by @chloe")
    assert world.slack.buttons(world.slack.current(stakeholders)) == []
    page = seen(world, "Message for status page")
    world.slack.click(DAN, page, "incident_not_needed")
    submit(world, DAN, {"reason": "Nobody uses it at night"})
    seen(world, "not needed, said by @dan")
    world.press(EVE, "incident_tick_1")
    assert "Ticked by the bot" in world.read(seen(world, "Ticked by @eve"))


def test_a_guest_who_presses_is_told_why_it_does_not_count(world: World) -> None:
    world.rollback(ASKED)
    reminder = seen(world, "Message for stakeholders")
    world.slack.forge_click("U_GUEST", reminder, "incident_done", world.value_of(reminder, "incident_done"))
    world.told("U_GUEST", "guests")
    assert len(world.data("press_refused", I_1)) == 1
    assert "marked as done" not in world.read(world.slack.current(reminder))


def test_measured_downtime_is_corrected_by_a_person_and_ends_by_itself(world: World) -> None:
    world.rollback(ASKED)
    seen(world, "First seen to fail: Site")
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    world.press(BEN, "incident_down_since")
    submit(world, BEN, {"at": int(began.timestamp())})
    assert f"{began:%H:%M} UTC" in world.read(seen(world, "(said by @ben; the first failed check was at"))
    world.rollback("status", user=EVE)
    world.told(EVE, f"down since {began:%H:%M} UTC")
    world.vercel.promote_by_someone(the.PREVIOUS)
    seen(world, "Works again since")


def test_it_is_resolved_when_nothing_runs_and_who_was_told_gets_an_all_clear(world: World) -> None:
    world.vercel.job_seconds = 2.0
    world.rollback(ASKED)
    world.slack.click(CHLOE, seen(world, "Message for stakeholders"), "incident_done")
    world.approve(BEN, CHLOE)
    world.wait_until(lambda: "step_started" in world.kinds())
    world.press(DAN, "incident_resolve")
    world.told(DAN, "I-1 can't be resolved before its requests have ended. R-1 (")
    world.wait_for_end("Verified")
    world.press(DAN, "incident_resolve")
    seen(world, "All clear for stakeholders")
    seen(world, "works again since", GENERAL)
    summary = world.read(seen(world, "Who was told"))
    assert "I-1 is resolved* · IBAM Learn Platform (Production V3) · by @dan" in summary
    assert "marked as done by @chloe" in summary
    world.wait_until_gone("incident_resolve")
