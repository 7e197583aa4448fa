"""Taking a backup set, over signed HTTP with a real PostgreSQL: size first, one button, no approval; a restore."""

from tests.database.server import Database
from tests.restoring import restore
from tests.simulator.slack_state import Message
from tests.world import ANA, BEN, INC, World

TAKE = "take_backup"
SETS = (
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'rollback_bot' AND c.relname ~ '_backup_' ORDER BY 1"
)
DIFFERENT = "SELECT count(*) FROM public.user_profiles WHERE full_name = 'wrong'"


def proposal(world: World) -> Message:
    """An approver asks for a backup; the private message with the button."""
    world.restore("backup", BEN)
    return world.slack.wait_for(lambda: [m for m in world.slack.ephemeral_to(BEN) if TAKE in world.slack.buttons(m)])[0]


def test_a_set_is_proposed_taken_without_an_approval_and_restored_from(shop: World, damaged: Database) -> None:
    proposed = proposal(shop)
    assert "`public.user_profiles`: 301 rows" in shop.slack.text_of(proposed)
    assert (damaged.rows(SETS), shop.slack.messages(INC)) == ([], [])
    shop.slack.click(BEN, proposed, TAKE)
    assert "4 of 4" in shop.wait_for_end("Verified")
    assert "No approval is needed: it only adds" in shop.read()
    assert len(damaged.rows(SETS)) == 4
    assert "baseline_taken" not in shop.kinds()
    assert shop.kinds()[:4] == ["request_made", "plan_made", "request_approved", "step_started"]
    assert not any("approve" in shop.slack.buttons(message) for message in shop.slack.messages(INC))
    shop.slack.wait_for(lambda: TAKE not in shop.slack.buttons(shop.slack.current(proposed)))
    damaged.rows("UPDATE public.user_profiles SET full_name = 'wrong' WHERE member_no < 50")
    restore(shop, "user_profiles because names are wrong")
    assert damaged.value(DIFFERENT) == 0


def test_only_an_approver_is_shown_the_size_or_can_press_the_button(shop: World, damaged: Database) -> None:
    shop.restore("backup", ANA)
    assert "Ask one of them. Nothing was changed." in shop.told(ANA, "What needs no approval is for the runbook's")
    shop.slack.forge_click(ANA, proposal(shop), TAKE, "{}")
    shop.wait_until(lambda: "request_refused" in shop.kinds())
    shop.slack.wait_for(
        lambda: len([m for m in shop.slack.ephemeral_to(ANA) if "Ask one" in shop.slack.text_of(m)]) > 1
    )
    assert damaged.rows(SETS) == []


def test_a_second_set_within_the_hour_is_refused_when_it_is_asked_for_and_when_it_is_pressed(
    shop: World, damaged: Database
) -> None:
    proposed = proposal(shop)
    shop.slack.click(BEN, proposed, TAKE)
    shop.wait_for_end("Verified")
    shop.restore("backup", BEN)
    shop.told(BEN, "at most one an hour")
    shop.slack.forge_click(BEN, proposed, TAKE, "{}")
    shop.wait_until(lambda: "request_refused" in shop.kinds("R-2"))
    assert len(damaged.rows(SETS)) == 4
