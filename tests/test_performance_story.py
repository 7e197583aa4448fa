"""`/rollback performance` over signed HTTP: a watch without an approval, its chart, the rollback that it proposes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import vercel_cast as the
from tests.simulator.wire import Answer, Fault
from tests.world import ANA, BEN, CHLOE, DAN, EVE, World

CHART = "data_visualization"


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[World]:
    """A world whose site is broken and whose watch is short; the bot is not started yet."""
    world = World(tmp_path)
    lasting(world, "3s")
    try:
        yield world
    finally:
        world.close()


def lasting(world: World, period: str) -> None:
    """Let the watch of the runbook last so long, with a look every second."""
    text, found = re.subn(r'for = "\w+", every = "\w+"', f'for = "{period}", every = "1s"', world.runbook.read_text())
    assert found == 1
    world.runbook.write_text(text)


def blocks(world: World, message: dict[str, Any]) -> list[str]:
    """The kinds of a message's blocks."""
    return [block["type"] for block in world.slack.current(message)["blocks"]]


def test_a_watch_ends_in_one_button_that_proposes_the_rollback_with_its_figures(slow: World) -> None:
    slow.start()
    slow.rollback("performance because pages load slowly", EVE)
    early = slow.slack.wait_for(lambda: slow.with_button("propose"))
    slow.slack.wait_for(lambda: CHART in blocks(slow, early))
    thread = slow.wait_for_end("Done, checks fail")
    assert "at the end of the watch" in thread
    assert "No approval is needed: it only looks" in slow.read()
    assert slow.live() == {the.BROKEN}
    slow.slack.wait_for(lambda: slow.with_button("propose") not in (None, early))
    slow.slack.wait_for(lambda: "propose" not in slow.slack.buttons(slow.slack.current(early)))
    slow.press(DAN, "propose")
    slow.slack.wait_for(lambda: slow.with_button("approve"))
    assert re.search(r"Why: R-1 watched for 3 s from [-\d]+ [:\d]+ UTC\. Not as expected at ", slow.read())
    assert "Goes on from R-1" in slow.read()
    slow.wait_until_gone("propose")
    slow.approve(DAN, BEN, CHLOE)
    slow.told(DAN, "somebody else has to approve")
    slow.wait_for_end("Verified")
    assert slow.live() == {the.PREVIOUS}


def test_it_goes_on_after_a_kill_is_drawn_plainly_where_slack_takes_no_charts_and_ends_early(slow: World) -> None:
    lasting(slow, "60s")
    refusal = Answer(200, {"ok": False, "error": "invalid_blocks"})
    slow.slack.lay(Fault(lambda r: CHART.encode() in r.body, times=None, apply=False, answer=refusal))
    slow.start()
    slow.rollback("performance")
    slow.slack.wait_for(lambda: slow.with_button("propose"))
    slow.slack.wait_for(lambda: "Response times in seconds, up to" in slow.thread())
    slow.restart()
    seen = len(slow.data("site_sampled"))
    slow.wait_until(lambda: len(slow.data("site_sampled")) > seen)
    slow.press(EVE, "stop")
    slow.told(EVE, "approver")
    slow.press(ANA, "stop")
    slow.wait_for_end("Stopped")
    assert CHART not in json.dumps(slow.slack.messages("C_INC"))
    assert slow.kinds().count("step_started") == slow.kinds().count("step_finished") == 1
    assert slow.with_button("propose")
