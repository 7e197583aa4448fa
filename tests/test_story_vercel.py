"""What is done around a rollback of Vercel, over signed HTTP: taking it back, seeing where it stands, what is there."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.simulator import vercel_cast as the
from tests.simulator.wire import Answer, Fault, on
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


@pytest.fixture(scope="module")
def undone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A rollback that was undone, for several tests to look at."""
    with closing(World(tmp_path_factory.mktemp("undone"))) as world:
        roll_back(world.start())
        assert "Pushes will not go live" in world.read()
        undo(world)
        world.wait_until(lambda: "undone" in world.kinds("R-1"))
        yield world


class TestUndo:
    def test_it_promotes_what_was_live_before_once_and_pushes_go_live_again(self, undone: World) -> None:
        assert "Promoted: every production domain served" in undone.read()
        assert undone.live() == {the.BROKEN}
        assert [post.path.split("/")[4] for post in undone.vercel.posts] == ["rollback", "promote"]
        assert undone.vercel.auto_assign is True

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

    def test_the_first_card_says_by_which_request_it_was_undone_and_is_not_pinned_any_more(self, undone: World) -> None:
        undone.slack.wait_for(lambda: "Undone by R-2." in undone.read(undone.cards()[0]))
        assert "Pushes will not go live" not in undone.read(undone.cards()[0])

    def test_a_request_is_undone_once(self, undone: World) -> None:
        undone.rollback("undo R-1")
        undone.told(ANA, "R-1 was undone already, by R-2")

    def test_afterwards_the_status_says_nothing_of_a_pin(self, undone: World) -> None:
        undone.slack.state.private.clear()
        undone.rollback("status")
        assert "Last rollback" not in undone.told(ANA, "No open requests")

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


class TestDeployments:
    def test_they_are_listed_for_who_asked_with_the_line_to_type(self, world: World) -> None:
        world.rollback("deployments")
        told = world.told(ANA, "can be rolled back to")
        assert f"/rollback vercel {the.PREVIOUS}" in told
        assert "Live" in told
        assert "its build is ERROR" in told
        assert world.cards() == []
        assert {request.method for request in world.vercel.requests} == {"GET"}

    def test_a_line_of_the_list_rolls_back_to_what_it_says(self, world: World) -> None:
        roll_back(world, f"vercel {the.OLDER}")
        assert world.live() == {the.OLDER}

    def test_a_deployment_is_named_by_the_beginning_of_its_commit(self, world: World) -> None:
        sha = world.vercel.builds[the.OLDER].as_json()["meta"]["githubCommitSha"]
        roll_back(world, f"vercel {sha[:7].upper()} because it was fine")
        assert world.live() == {the.OLDER}

    def test_while_vercel_cannot_be_reached_that_is_said_and_nothing_else(self, world: World) -> None:
        world.vercel.lay(Fault(on(the.PROJECT_NAME, "GET"), answer=Answer(503)))
        world.rollback("deployments")
        world.told(ANA, "Vercel could not answer")


class TestStatus:
    def test_after_a_rollback_vercel_is_asked_and_while_it_cannot_be_reached_the_log_answers(
        self, world: World
    ) -> None:
        roll_back(world)
        with world.vercel.failing(Fault(on(the.PROJECT, "GET"), times=None, answer=Answer(503))):
            world.rollback("status")
            world.told(ANA, "Last rollback")
            world.told(ANA, "Couldn't look whether R-1 still pins production")
        world.rollback("status")
        world.told(ANA, "Vercel is being asked whether that still holds")
        assert "`/rollback undo R-1`" in world.told(ANA, "Still pinned since")

    def test_a_promote_by_anyone_is_seen_and_ends_the_pin_on_the_card(self, world: World) -> None:
        roll_back(world)
        world.vercel.promote_by_someone(the.OLDEST)
        world.rollback("status")
        assert the.OLDEST in world.told(ANA, "Not pinned any more")
        world.slack.wait_for(lambda: "Not pinned any more" in world.read(world.cards()[0]))
        world.slack.state.private.clear()
        world.rollback("status")
        assert "Last rollback" not in world.told(ANA, "No open requests")
        assert world.kinds().count("promote_seen") == 1


class TestBuildFailure:
    def test_the_channel_is_shown_what_failed_and_that_production_goes_on_and_nothing_is_changed_or_to_approve(
        self, world: World
    ) -> None:
        world.rollback("build-failure because the pipeline is red")
        world.slack.wait_for(world.cards)
        told = world.read()
        assert "Import the new chart module" in told
        assert 'Command "npm run build" exited with 1' in told
        assert "Module not found: Can't resolve '@/charts/progress'" in told
        assert "No database change, no user impact" in told
        assert "@ana asked to look" in told
        assert world.with_button("approve") is None
        assert world.kinds() == []
        assert {request.method for request in world.vercel.requests} == {"GET"}

    def test_without_proof_nobody_is_told_that_users_have_nothing_of_it(self, world: World) -> None:
        world.vercel.domains[the.SITE] = the.OLDER
        world.rollback("build-failure")
        world.slack.wait_for(world.cards)
        assert "is not proven" in world.read()
        assert "no user impact" not in world.read()

    def test_secrets_in_the_log_are_not_shown(self, world: World) -> None:
        world.vercel.log = (("stderr", f"token {world.vercel.token} and {world.slack.token} and DB_PASSWORD=hunter22"),)
        world.rollback("build-failure")
        world.slack.wait_for(world.cards)
        assert "[redacted] and [redacted] and DB_PASSWORD=[redacted]" in world.read()

    def test_who_may_not_ask_is_told_so_privately_and_nothing_is_read(self, world: World) -> None:
        world.rollback("build-failure", user="U_GUEST")
        world.told("U_GUEST", "guests can't take part")
        assert world.cards() == []
        assert world.vercel.requests == []
