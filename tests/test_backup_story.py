"""Taking a backup set, over signed HTTP with a real PostgreSQL: size first, one button, no approval; a restore."""

from tests.database.server import Database
from tests.restoring import restore
from tests.world import BEN, World

TAKE = "take_backup"
SETS = (
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'rollback_bot' AND c.relname ~ '_backup_' ORDER BY 1"
)


def propose(world: World, user: str = BEN) -> dict[str, object]:
    """Ask for a backup; the private message with the button."""
    world.restore("backup", user)
    told = world.slack.wait_for(lambda: [m for m in world.slack.ephemeral_to(user) if TAKE in world.slack.buttons(m)])
    return dict(told[-1])


def test_a_set_is_proposed_taken_and_restored_from_after_damage(shop: World, damaged: Database) -> None:
    proposed = propose(shop)
    assert "user_profiles" in shop.slack.text_of(proposed)
    assert damaged.rows(SETS) == []
    shop.slack.click(BEN, proposed, TAKE)
    print(shop.wait_for_end("Verified"))
    print(shop.read())
    print(shop.kinds())
    damaged.rows("UPDATE public.user_profiles SET full_name = 'wrong' WHERE member_no < 50")
    print(restore(shop, "user_profiles"))
    assert damaged.value("SELECT count(*) FROM public.user_profiles WHERE full_name = 'wrong'") == 0
