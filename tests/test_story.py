"""The main job, over signed HTTP and in Socket Mode: request, two approvals, run, verified; every way it can end."""

import threading

import pytest

from tests.simulator import vercel_cast as the
from tests.simulator.wire import Answer, Fault
from tests.world import ANA, BEN, CHLOE, DAN, EVE, INC, NOWHERE, World

ASKED = "vercel because checkout is broken"

# What comes to the bot in another way, or goes back to a person in one: commands, clicks, forms, what one person reads.
both_ways = pytest.mark.parametrize("over_socket", [False, True], ids=["http", "socket"])


@both_ways
def test_a_rollback_is_asked_for_approved_by_two_run_and_verified_and_its_reason_goes_to_vercel(world: World) -> None:
    world.rollback(ASKED)
    world.approve(BEN, CHLOE)
    thread = world.wait_for_end("Verified")
    assert world.live() == {the.PREVIOUS}
    (order,) = world.vercel.posts
    assert order.query["description"].startswith("checkout is broken")
    assert "Site: pass" in thread
    assert "checkout is broken" in world.read()


def test_the_database_being_down_does_not_hold_a_rollback_back(quiet_world: World) -> None:
    world = quiet_world.start(DATABASE_URL=NOWHERE)
    world.rollback("vercel")
    world.approve(BEN, CHLOE)
    assert "Profiles present: fail" in world.wait_for_end("Done, checks fail")
    assert world.live() == {the.PREVIOUS}


def test_a_named_target_is_rolled_back_to(world: World) -> None:
    world.rollback(f"vercel {the.OLDER}")
    world.approve(BEN, CHLOE)
    world.wait_for_end("Verified")
    assert world.live() == {the.OLDER}


@both_ways
def test_the_requester_cannot_approve(world: World) -> None:
    world.rollback(ASKED)
    world.press(ANA, "approve")
    world.told(ANA, "somebody else has to approve")
    assert "(0 of 2)" in world.read()


def test_the_same_person_twice_counts_once(world: World) -> None:
    world.rollback(ASKED)
    world.approve(BEN, BEN)
    world.told(BEN, "counts already")
    assert "(1 of 2)" in world.wait_for_state("(1 of 2)")
    assert world.vercel.posts == []


@both_ways
def test_two_people_in_the_same_instant_both_count(world: World) -> None:
    world.rollback(ASKED)
    message = world.slack.wait_for(lambda: world.with_button("approve"))
    clicks = [threading.Thread(target=world.slack.click, args=(who, message, "approve")) for who in (BEN, CHLOE)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    world.wait_for_end("Verified")
    assert world.kinds().count("approval_given") == 2


@both_ways
def test_a_denial_ends_it_with_its_reason(world: World) -> None:
    world.rollback(ASKED)
    world.deny(BEN, "The database is the problem")
    assert "The database is the problem" in world.wait_for_state("Denied")
    world.wait_until_gone("approve")


def test_a_click_after_the_denial_is_answered_with_who_and_changes_nothing(world: World) -> None:
    world.rollback(ASKED)
    message = world.slack.wait_for(lambda: world.with_button("approve"))
    value = next(
        e["value"] for b in message["blocks"] for e in b.get("elements", ()) if e.get("action_id") == "approve"
    )
    world.deny(BEN, "No")
    world.wait_for_state("Denied")
    world.slack.forge_click(CHLOE, message, "approve", value)
    world.told(CHLOE, "already *Denied*, by @ben")
    assert world.vercel.posts == []


@both_ways
def test_the_requester_withdraws_it(world: World) -> None:
    world.rollback(ASKED)
    world.press(ANA, "withdraw")
    world.wait_for_state("Withdrawn")
    world.wait_until_gone("approve")


def test_an_approver_takes_an_approval_back(world: World) -> None:
    world.rollback(ASKED)
    world.approve(BEN)
    world.wait_for_state("(1 of 2)")
    world.press(BEN, "withdraw")
    world.wait_for_state("(0 of 2)")
    world.approve(CHLOE, DAN)
    world.wait_for_end("Verified")


def test_another_deployment_going_live_stops_it_before_it_acts(world: World) -> None:
    world.rollback(ASKED)
    world.approve(BEN)
    world.wait_for_state("(1 of 2)")
    world.vercel.promote_by_someone(the.OLDER)
    world.approve(CHLOE)
    world.wait_for_state("Superseded")
    assert world.vercel.posts == []
    assert world.live() == {the.OLDER}


@both_ways
def test_a_superseded_request_is_planned_again_by_one_button(world: World) -> None:
    world.rollback(ASKED)
    world.approve(BEN)
    world.vercel.push("A newer build")
    world.approve(CHLOE)
    world.wait_for_state("Superseded")
    world.press(DAN, "plan_again")
    world.slack.wait_for(lambda: len(world.cards()) == 2)
    assert "@dan asks" in world.wait_for_state("Waiting for approval")
    world.slack.wait_for(lambda: "Planned again as R-2" in world.read(world.cards()[0]))
    world.wait_until_gone("plan_again")


@both_ways
def test_a_second_request_for_the_same_target_gets_a_link_to_the_first(world: World) -> None:
    world.rollback(ASKED)
    world.slack.wait_for(lambda: world.with_button("approve"))
    world.rollback("vercel", user=EVE)
    told = world.told(EVE, "open for the same target")
    assert "waiting for 2 more approvals" in told
    assert any(f"archives/{INC}/p" in str(message) for message in world.slack.ephemeral_to(EVE))
    assert len(world.cards()) == 1


def test_checks_that_fail_afterwards_are_said(world: World) -> None:
    world.site.overrides["/admin"] = Answer(503)
    world.rollback(ASKED)
    world.approve(BEN, CHLOE)
    thread = world.wait_for_end("Done, checks fail")
    assert "Admin dashboard: fail" in thread
    assert "status 503" in thread
    assert world.live() == {the.PREVIOUS}


ROLL_BACK = '{ action = "rollback_deployment", target = "previous" }'
WATCH = '{ action = "watch", for = "1s", every = "1s" }'


@both_ways
def test_stop_between_two_steps_begins_no_further_step(quiet_world: World) -> None:
    world = quiet_world
    world.add_scenario("two-steps", ROLL_BACK, WATCH)
    world.start()
    world.vercel.job_seconds = world.vercel.domain_seconds = 0.8
    world.rollback("two-steps because the drill says so")
    world.approve(BEN, CHLOE)
    world.press(ANA, "stop")
    world.wait_for_end("Stopped")
    assert world.live() == {the.PREVIOUS}
    assert "site_sampled" not in world.kinds()


def test_several_steps_run_in_their_order(quiet_world: World) -> None:
    world = quiet_world
    world.add_scenario("two-steps", ROLL_BACK, WATCH)
    world.start()
    world.rollback("two-steps")
    world.approve(BEN, CHLOE)
    world.wait_for_end("Verified")
    assert "site_sampled" in world.kinds()
    assert world.kinds().count("step_finished") == 2


@both_ways
def test_a_target_that_cannot_be_rolled_back_to_is_refused_with_what_can(world: World) -> None:
    world.rollback(f"vercel {the.PREVIEW}")
    assert "Eligible:" in world.told(ANA, "is a preview")
    assert world.cards() == []


def test_the_order_being_refused_by_vercel_is_said_as_failed_with_nothing_changed(world: World) -> None:
    refusal = Answer(403, {"error": {"code": "forbidden", "message": "Your plan <!here> says no"}})
    world.vercel.lay(Fault(lambda r: "/rollback/" in r.path and r.method == "POST", apply=False, answer=refusal))
    world.rollback(ASKED)
    world.approve(BEN, CHLOE)
    card = world.wait_for_state("Failed")
    assert "nothing changed" in card.lower()
    assert world.live() == {the.BROKEN}
