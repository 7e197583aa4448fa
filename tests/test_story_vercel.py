"""What is done around a rollback of Vercel, over signed HTTP: taking it back, seeing where it stands, what is there."""

from typing import Any

from tests.simulator import vercel_cast as the
from tests.world import ANA, BEN, CHLOE, DAN, EVE, World

CHECKS_FAIL = "Done, checks fail"  # the cast's broken build is live again


def roll_back(world: World, text: str = "vercel because checkout is broken") -> str:
    """Ask, approve by two, and wait for the end; the thread's text."""
    world.rollback(text)
    world.approve(BEN, CHLOE)
    return world.wait_for_end("Verified")


def undo(world: World, request: str = "R-1", ends: str = CHECKS_FAIL) -> str:
    """Ask for the undo, approve by two, and wait for the end; the newest thread's text."""
    number = len(world.cards()) + 1
    world.rollback(f"undo {request} because the fix is out")
    approve(world, f"R-{number}")
    return world.wait_for_end(ends)


def approve(world: World, request: str) -> None:
    """Two people approve this request, as soon as it can be: the buttons of an earlier one go a moment later."""
    for user in (BEN, CHLOE):
        world.slack.click(user, world.slack.wait_for(lambda: to_approve(world, request)), "approve")


def to_approve(world: World, request: str) -> dict[str, Any] | None:
    """The message with this request's Approve."""
    message = world.with_button("approve")
    return message if message and f'"{request}"' in world.value_of(message, "approve") else None


class TestUndo:
    def test_it_promotes_what_was_live_before_once_and_pushes_go_live_again(self, world: World) -> None:
        roll_back(world)
        undo(world)
        assert "Promoted: every production domain served" in world.read()
        assert world.live() == {the.BROKEN}
        assert [post.path.split("/")[4] for post in world.vercel.posts] == ["rollback", "promote"]
        assert world.vercel.auto_assign is True

    def test_its_card_says_what_it_undoes_and_why_with_the_risk_of_what_it_undoes(self, world: World) -> None:
        roll_back(world)
        world.rollback("undo R-1 because the fix is out")
        world.slack.wait_for(lambda: len(world.cards()) == 2)
        card = world.wait_for_state("Waiting for approval")
        assert "R-2 · Undo of R-1" in card
        assert "Promote" in card
        assert "the fix is out" in card
        assert "Risk: medium" in card

    def test_whoever_asks_for_it_cannot_approve_it(self, world: World) -> None:
        roll_back(world)
        world.rollback("undo R-1", user=BEN)
        world.slack.click(BEN, world.slack.wait_for(lambda: to_approve(world, "R-2")), "approve")
        world.told(BEN, "You asked for R-2, so somebody else has to approve")

    def test_the_first_card_says_by_which_request_it_was_undone_and_is_not_pinned_any_more(self, world: World) -> None:
        roll_back(world)
        assert "Pushes will not go live" in world.read(world.cards()[0])
        undo(world)
        world.slack.wait_for(lambda: "Undone by R-2." in world.read(world.cards()[0]))
        assert "Pushes will not go live" not in world.read(world.cards()[0])

    def test_a_request_is_undone_once(self, world: World) -> None:
        roll_back(world)
        undo(world)
        world.wait_until(lambda: "undone" in world.kinds("R-1"))
        world.rollback("undo R-1")
        world.told(ANA, "R-1 was undone already, by R-2")

    def test_an_undo_is_undone_by_rolling_back_again(self, world: World) -> None:
        roll_back(world)
        undo(world)
        undo(world, "R-2", ends="Verified")
        assert world.live() == {the.PREVIOUS}
        assert [post.path.split("/")[4] for post in world.vercel.posts] == ["rollback", "promote", "rollback"]

    def test_while_one_is_open_another_is_refused_with_a_link_to_it(self, world: World) -> None:
        roll_back(world)
        world.rollback("undo R-1")
        world.slack.wait_for(lambda: len(world.cards()) == 2)
        world.rollback("undo R-1", user=EVE)
        world.told(EVE, "R-2 is open for the same target")

    def test_what_is_still_open_cannot_be_undone(self, world: World) -> None:
        world.rollback("vercel")
        world.wait_for_state("Waiting for approval")
        world.rollback("undo r-1")
        world.told(ANA, "R-1 is still open: Waiting for approval")

    def test_what_did_nothing_cannot_be_undone(self, world: World) -> None:
        world.rollback("vercel")
        world.deny(BEN, "No")
        world.wait_for_state("Denied")
        world.rollback("undo R-1")
        world.told(ANA, "R-1 did nothing (Denied)")

    def test_once_production_has_moved_on_there_is_nothing_left_to_undo(self, world: World) -> None:
        roll_back(world)
        world.vercel.promote_by_someone(the.OLDEST)
        world.rollback("undo R-1")
        world.told(ANA, "Production has moved on")
        assert len(world.cards()) == 1

    def test_a_superseded_undo_is_planned_again_as_an_undo(self, world: World) -> None:
        roll_back(world)
        world.rollback("undo R-1")
        world.slack.wait_for(lambda: len(world.cards()) == 2)
        world.vercel.move_by_someone(the.PREVIOUS, "rollback")  # the same one, by somebody else
        approve(world, "R-2")
        world.wait_for_state("Superseded")
        world.press(DAN, "plan_again")
        world.slack.wait_for(lambda: len(world.cards()) == 3)
        assert "Undo of R-1" in world.wait_for_state("Waiting for approval")
        approve(world, "R-3")
        world.wait_for_end(CHECKS_FAIL)
        assert world.live() == {the.BROKEN}

    def test_a_crash_at_its_end_still_tells_the_first_card(self, world: World) -> None:
        roll_back(world)
        world.restart(HOLD="before:undone")
        world.rollback("undo R-1")
        world.slack.wait_for(lambda: len(world.cards()) == 2)
        approve(world, "R-2")
        world.wait_until(lambda: "verification_failed" in world.kinds("R-2"))
        world.restart(HOLD="")
        world.slack.wait_for(lambda: "Undone by R-2." in world.read(world.cards()[0]))
        assert world.kinds("R-1").count("undone") == 1

    def test_a_promote_that_begins_a_rolling_release_is_not_called_done(self, world: World) -> None:
        roll_back(world)
        world.vercel.rolling_stages = [{"targetPercentage": 10}]
        world.rollback("undo R-1")
        approve(world, "R-2")
        assert "traffic moves in stages" in world.thread()
        world.wait_for_state("Outcome unknown")
        world.slack.wait_for(lambda: "10 % of traffic" in world.thread())
        assert [post.path.split("/")[4] for post in world.vercel.posts] == ["rollback", "promote"]

    def test_the_undo_of_a_restore_is_refused_in_this_version(self, shop: World) -> None:
        shop.restore("user_profiles")
        approve(shop, "R-1")
        shop.wait_for_end("Verified")
        shop.rollback("undo R-1")
        assert "The old rows are in" in shop.told(ANA, "undo of a restore is not in this version")
