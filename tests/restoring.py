"""What the stories of restores have in common."""

from tests.database.server import Database
from tests.world import BEN, CHLOE, World


def restore(world: World, text: str, ends: str = "Verified") -> str:
    """Ask, approve by two, and wait for the end; the thread's text."""
    world.restore(text)
    world.approve(BEN, CHLOE)
    return world.wait_for_end(ends)


def quarantines(database: Database) -> list[str]:
    """The copies of rows that the bot made."""
    found = database.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('rollback_bot') AND relkind = 'r'"
        " AND relname <> 'ledger' AND relname NOT LIKE '%\\_changes' ORDER BY 1"
    )
    return [name for (name,) in found]
