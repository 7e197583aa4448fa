"""Who can take part, over signed HTTP: each way in that has been open in a real system stays shut here."""

import json
import time
from dataclasses import replace

from tests.simulator import vercel_cast as the
from tests.simulator.slack_people import OTHER_TEAM
from tests.world import ANA, BEN, CHLOE, DAN, EVE, INC, World

ASKED = "vercel because checkout is broken"


def test_only_active_full_members_among_the_approvers_can_approve(world: World) -> None:
    world.rollback(ASKED)
    message = world.slack.wait_for(lambda: world.with_button("approve"))
    for person, sentence in (
        (EVE, "not among the approvers"),
        ("U_GUEST", "guests"),
        ("U_OUTSIDER", "own organization"),
        ("U_BOTTY", "bots and workflows"),
        ("U_GONE", "deactivated"),
    ):
        world.slack.forge_click(person, message, "approve", world.value_of(message, "approve"))
        world.told(person, sentence)
    world.approve(BEN)
    world.wait_for_state("(1 of 2)")
    assert world.vercel.posts == []


def test_only_active_full_members_can_ask(world: World) -> None:
    for person in ("U_GUEST", "U_OUTSIDER", "U_BOTTY", "U_GONE"):
        world.rollback(ASKED, user=person)
        world.told(person, "Not counted")
    assert world.cards() == []


def test_an_approver_deactivated_before_the_last_click_does_not_count(world: World) -> None:
    world.rollback(ASKED)
    world.approve(BEN)
    world.wait_for_state("(1 of 2)")
    world.slack.people[BEN].deleted = True
    world.restart()  # what was read of people in the last seconds is forgotten
    world.approve(CHLOE)
    world.wait_until(lambda: "approval_voided" in world.kinds())
    assert "(1 of 2)" in world.wait_for_state("(1 of 2)")
    world.approve(DAN)
    world.wait_for_end("Verified")


def test_an_approver_removed_from_the_group_before_the_last_click_does_not_count(world: World) -> None:
    world.rollback(ASKED)
    world.approve(BEN)
    world.wait_for_state("(1 of 2)")
    world.slack.groups["S_APPROVERS"].users.remove(BEN)
    world.restart()  # what was read of people in the last seconds is forgotten
    world.approve(CHLOE)
    world.wait_until(lambda: "approval_voided" in world.kinds())
    assert world.vercel.posts == []


def test_a_person_who_joined_the_group_after_the_request_cannot_approve_it(world: World) -> None:
    world.rollback(ASKED)
    world.slack.wait_for(lambda: world.with_button("approve"))
    world.slack.groups["S_APPROVERS"].users.append(EVE)
    world.approve(EVE)
    assert "Plan again takes the list as it is now" in world.told(EVE, "not among the approvers")


def test_with_too_few_eligible_people_the_request_is_refused_with_the_number(world: World) -> None:
    world.slack.groups["S_APPROVERS"].users[:] = [ANA, BEN, "U_GUEST", "U_GONE"]
    world.rollback(ASKED)
    assert "only 1 eligible" in world.told(ANA, "needs 2 approvals")
    assert world.cards() == []


def test_a_group_that_cannot_be_read_means_no_request(world: World) -> None:
    world.slack.refuse_with["usergroups.*"] = "paid_teams_only"
    world.rollback(ASKED)
    world.told(ANA, "paid_teams_only")
    assert world.cards() == []


def test_a_click_for_another_plan_is_refused(world: World) -> None:
    world.rollback(ASKED)
    message = world.slack.wait_for(lambda: world.with_button("approve"))
    world.slack.forge_click(BEN, message, "approve", json.dumps({"request": "R-1", "digest": "0" * 64}))
    world.told(BEN, "another plan")


def test_a_click_from_another_channel_or_workspace_is_refused(world: World) -> None:
    world.rollback(ASKED)
    message = world.slack.wait_for(lambda: world.with_button("approve"))
    value = world.value_of(message, "approve")
    world.slack.forge_click(BEN, message, "approve", value, channel="C_GENERAL")
    world.told(BEN, "approved where it was asked for")
    world.slack.forge_click(CHLOE, message, "approve", value, team=OTHER_TEAM)
    world.told(CHLOE, "another workspace")
    assert "approval_given" not in world.kinds()


def test_a_button_of_a_request_that_never_was_is_answered_privately(world: World) -> None:
    world.rollback(ASKED)
    message = world.slack.wait_for(lambda: world.with_button("approve"))
    world.slack.forge_click(BEN, message, "approve", json.dumps({"request": "R-99", "digest": ""}))
    world.told(BEN, "no request R-99")


def test_unsigned_wrongly_signed_and_old_deliveries_change_nothing(world: World) -> None:
    for how in ({"signature": ""}, {"signature": "v0=" + "0" * 64}, {"timestamp": str(int(time.time()) - 301)}):
        answered = world.slack.command(ANA, INC, "/rollback", "vercel", **how)  # type: ignore[arg-type]  # one of each
        assert answered.status == 401
    assert world.kinds() == []


def test_a_delivery_that_comes_again_counts_once(world: World) -> None:
    world.rollback(ASKED)
    world.slack.redeliver()
    world.slack.replay()
    world.approve(BEN)
    world.slack.redeliver()
    world.slack.replay()
    world.wait_for_state("(1 of 2)")
    assert len(world.cards()) == 1
    assert world.kinds().count("approval_clicked") == 1
    assert world.kinds("R-2") == []


def test_a_third_open_request_of_one_person_is_refused(world: World) -> None:
    for table in ("user_profiles", "sessions"):
        world.restore(f"stop-writes {table}")
        world.wait_for_state(f"Stop writes to {table}")
    world.rollback("vercel")
    world.told(ANA, "You have 2 open requests")


def test_a_channel_outside_the_runbook_or_shared_with_others_is_refused(world: World) -> None:
    world.rollback(ASKED, channel="C_GENERAL")
    world.told(ANA, "inc-*")
    world.rollback(ASKED, channel="C_SHARED")
    world.told(ANA, "shared with another organization")
    assert world.vercel.posts == []


def test_where_the_bot_is_no_member_the_command_is_answered_with_how_to_invite_it(world: World) -> None:
    world.slack.channels["C_QUIET"] = replace(world.slack.channels["C_QUIET"], name="inc-quiet")
    world.rollback(ASKED, channel="C_QUIET")
    world.told(ANA, "/invite")


def test_what_people_type_can_mention_nobody(world: World) -> None:
    world.rollback("vercel because <!channel> <@U_EVE> <https://evil.example|click> & so on")
    world.wait_for_state("Waiting for approval")
    assert world.slack.mentions(world.cards()[0]) == [ANA]
    assert "!channel" in world.read()


WORDS = (
    ("vercl", "Did you mean `/rollback vercel`?"),
    ("frobnicate", "/rollback help"),
    ("vercel one two", "One target at most"),
    ("vercel https://evil.example/x", "evil.example"),
    ("vercel \u202edpl_x", "neither `previous`"),
    ("stop", "Which request?"),
    ("stop R-77", "no request R-77"),
    ("undo R-77", "no request R-77"),
    ("undo", "Which request? Type `/rollback undo R-1`."),
    ("help", "/rollback vercel"),
    ("status", "No open requests"),
    ("contacts", "Vercel Support"),
    ("x" * 4000, "/rollback help"),
    ("'; DROP TABLE events; --", "/rollback help"),
)


def test_what_is_not_understood_is_answered_privately_and_changes_nothing(world: World) -> None:
    for typed, told in WORDS:
        world.slack.state.private.clear()
        world.rollback(typed)
        world.told(ANA, told)
    assert world.cards() == []
    assert world.live() == {the.BROKEN}
