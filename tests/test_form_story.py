"""The form behind a bare /rollback and the App Home, as people meet them: over signed HTTP and in Socket Mode."""

import pytest

from tests.simulator.slack import Slack
from tests.world import ANA, BEN, CHLOE, INC, World

pytestmark = pytest.mark.parametrize("over_socket", [False, True], ids=["http", "socket"])


def parts(slack: Slack, user: str, published: int) -> dict[str, str]:
    """What stands under each title of somebody's home, once it was published so often."""
    slack.open_home(user)
    view = slack.wait_for(lambda: slack.homes_of(user)[published - 1 :])[0]
    found: dict[str, str] = {}
    title = ""
    for block in view["blocks"]:
        if block["type"] == "header":
            title = block["text"]["text"]
        else:
            found[title] = found.get(title, "") + slack.text_of({"blocks": [block]})
    return found


def test_a_rollback_is_asked_for_by_the_form_found_on_the_home_and_carried_out(world: World) -> None:
    slack = world.slack
    world.rollback("")
    view = slack.wait_for(lambda: slack.view_of(ANA))
    chosen = {"what": "/rollback vercel", "reason": "checkout is broken"}
    assert "One target at most" in slack.submit(ANA, view, chosen | {"target": "one two"}).text
    assert slack.view_of(ANA) == view
    slack.submit(ANA, view, chosen)
    slack.redeliver()
    assert slack.view_of(ANA) is None
    assert "checkout is broken" in world.wait_for_state("(0 of 2)")
    assert "R-1" in parts(slack, BEN, 1)["Waiting for your approval"]
    assert parts(slack, ANA, 1)["Waiting for your approval"] == "None."
    world.approve(BEN, CHLOE)
    world.wait_for_end("Verified")
    of_ben = parts(slack, BEN, 2)
    assert of_ben["Waiting for your approval"] == "None."
    assert "Verified · R-1" in of_ben["Last runs"].replace("*", "")
    assert "pushes do not go live" in of_ben["Pinned rollback"]
    assert world.kinds("R-2") == []


def test_who_may_not_ask_finds_one_sentence_and_no_form_where_commands_do_not_work(world: World) -> None:
    world.slack.open_home("U_GUEST")
    (view,) = world.slack.wait_for(lambda: world.slack.homes_of("U_GUEST"))
    assert "is shown here to active full members" in world.slack.text_of(view)
    assert len(view["blocks"]) == 1
    world.rollback("", channel="C_SHARED")
    assert world.slack.view_of(ANA) is None
    assert "shared with another organization" in world.told(ANA, "Ask in one of your own")
    assert world.cards(INC) == []
