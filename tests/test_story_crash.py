"""kill -9 at every kind of line that touches the outside; then a restart, and what has to be so."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.simulator import vercel_cast as the
from tests.simulator.wire import Fault, Request, on
from tests.world import ANA, BEN, CHLOE, World

ASKED = "vercel because checkout is broken"
POST = on("/chat.postMessage", "POST")
BOTH_WAYS = pytest.mark.parametrize("over_socket", [False, True], ids=["http", "socket"])


def keys_of(world: World) -> Counter[str]:
    """How often each of the bot's messages stands in the channel."""
    metadata = [message.get("metadata") or {} for message in world.slack.messages("C_INC")]
    return Counter(one.get("event_payload", {}).get("key", "") for one in metadata)


def assert_done_once(world: World) -> None:
    """Verified, by one order, and no message stands there twice."""
    world.wait_for_end("Verified")
    world.wait_until(lambda: world.kinds()[-1] == "request_closed")
    assert len(world.vercel.posts) == 1
    assert world.live() == {the.PREVIOUS}
    assert max(keys_of(world).values()) == 1


def hold(world: World, where: str) -> None:
    """Start the bot so that it comes to a halt at an append."""
    world.start(HOLD=where)


def kill_where_it_holds(world: World) -> None:
    """Wait for the halt, kill the process, and start it as it should be."""
    assert world.bot
    world.bot.wait_for_line("holding")
    world.restart()


@BOTH_WAYS
def test_a_click_that_died_before_it_was_kept_was_never_acknowledged(quiet_world: World) -> None:
    world = quiet_world
    hold(world, "before:approval_clicked")
    world.slack.patience = 1.0
    world.rollback(ASKED)
    assert world.press(BEN, "approve").status == 0
    kill_where_it_holds(world)
    assert "approval_clicked" not in world.kinds()
    world.approve(BEN, CHLOE)
    assert_done_once(world)


@BOTH_WAYS
def test_a_click_that_was_kept_counts_though_its_acknowledgement_died(quiet_world: World) -> None:
    world = quiet_world
    hold(world, "after:approval_clicked")
    world.slack.patience = 1.0
    world.rollback(ASKED)
    assert world.press(BEN, "approve").status == 0
    kill_where_it_holds(world)
    world.slack.redeliver()
    world.wait_for_state("(1 of 2)")
    world.approve(CHLOE)
    assert_done_once(world)
    assert world.kinds().count("approval_given") == 2


@pytest.mark.parametrize("where", ["after:request_made", "after:plan_made", "after:posting_begun"])
def test_a_request_survives_until_its_card_is_there(quiet_world: World, where: str) -> None:
    world = quiet_world
    hold(world, where)
    world.slack.patience = 1.0
    world.rollback(ASKED)
    kill_where_it_holds(world)
    world.approve(BEN, CHLOE)
    assert_done_once(world)


@pytest.mark.parametrize("message", ["card", "approval", "outcome"])
def test_a_message_whose_posting_is_in_doubt_is_not_posted_twice(world: World, message: str) -> None:
    fault = world.slack.lay(Fault(posts(message), hold=True))
    world.rollback(ASKED)
    if message == "outcome":
        world.approve(BEN, CHLOE)
    assert fault.arrived.wait(30)
    world.kill()
    world.slack.lift(fault)
    world.start()
    if message != "outcome":
        world.approve(BEN, CHLOE)
    assert_done_once(world)


def posts(message: str) -> Callable[[Request], bool]:
    """A matcher for the posting of one message of R-1."""
    return lambda request: POST(request) and f"/R-1/{message}".encode() in request.body


def test_dying_before_the_order_ends_as_unknown_and_nothing_is_sent(quiet_world: World) -> None:
    world = quiet_world
    hold(world, "after:step_started")
    world.rollback(ASKED)
    world.approve(BEN, CHLOE)
    kill_where_it_holds(world)
    world.wait_for_state("Outcome unknown")
    assert world.vercel.posts == []
    assert world.live() == {the.BROKEN}


@pytest.mark.parametrize(
    "where",
    [
        "before:step_unproven",
        "after:step_finished",
        "after:verification_begun",
        "before:verification_passed",
        "after:verification_passed",
        "before:request_closed",
    ],
)
def test_dying_after_the_order_it_is_done_once_and_said_once(quiet_world: World, where: str) -> None:
    world = quiet_world
    hold(world, where)
    world.rollback(ASKED)
    world.approve(BEN, CHLOE)
    kill_where_it_holds(world)
    assert_done_once(world)


def test_dying_while_vercel_has_the_order_but_has_not_answered(world: World) -> None:
    fault = world.vercel.lay(Fault(lambda r: "/rollback/" in r.path and r.method == "POST", hold=True))
    world.rollback(ASKED)
    world.approve(BEN, CHLOE)
    assert fault.arrived.wait(30)
    world.restart()
    assert_done_once(world)


def test_an_order_whose_answer_is_lost_is_looked_for_and_not_sent_again(world: World) -> None:
    world.vercel.lay(Fault(lambda r: "/rollback/" in r.path and r.method == "POST", drop=True))
    world.rollback(ASKED)
    world.approve(BEN, CHLOE)
    assert_done_once(world)


class TestOutcomeUnknown:
    """An order that was lost on its way: nobody can know, so people look."""

    @pytest.fixture
    def unknown(self, world: World) -> World:
        lost = Fault(lambda r: "/rollback/" in r.path and r.method == "POST", apply=False, drop=True)
        world.vercel.lay(lost)
        world.rollback(ASKED)
        world.approve(BEN, CHLOE)
        world.wait_for_state("Outcome unknown")
        return world

    def test_looking_again_never_sends_the_order_again_and_the_line_for_doing_it_by_hand_is_given(
        self, unknown: World
    ) -> None:
        assert f"vercel rollback {the.PREVIOUS}" in unknown.read() + unknown.thread()
        unknown.press(ANA, "look_again")
        unknown.wait_until(lambda: "look_ended" in unknown.kinds())
        assert len(unknown.vercel.posts) == 1
        assert unknown.live() == {the.BROKEN}

    def test_looking_again_finds_what_somebody_did_by_hand(self, unknown: World) -> None:
        unknown.vercel.move_by_someone(the.PREVIOUS, "rollback")
        unknown.press(ANA, "look_again")
        unknown.wait_for_end("Verified")

    def test_a_person_says_that_it_happened_and_the_checks_follow(self, unknown: World) -> None:
        unknown.press(BEN, "it_happened")
        unknown.wait_for_end("Done, checks fail")

    def test_a_person_other_than_the_requester_says_that_it_did_not(self, unknown: World) -> None:
        unknown.press(ANA, "it_did_not")
        unknown.told(ANA, "somebody else")
        unknown.press(CHLOE, "it_did_not")
        assert "nothing changed" in unknown.wait_for_state("Failed").lower()


def test_a_deployment_that_goes_live_between_the_last_approval_and_the_act_stops_it(quiet_world: World) -> None:
    world = quiet_world
    hold(world, "after:request_approved")
    world.rollback(ASKED)
    world.approve(BEN, CHLOE)
    assert world.bot
    world.bot.wait_for_line("holding")
    world.vercel.promote_by_someone(the.OLDER)
    kill_where_it_holds(world)
    world.wait_for_state("Superseded")
    assert world.vercel.posts == []
