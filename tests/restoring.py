"""What the stories of restores have in common."""

from pathlib import Path

from tests.database.server import Database
from tests.simulator import vercel_cast as the
from tests.world import BEN, CHLOE, World


def shop_over(damaged: Database, folder: Path) -> World:
    """A world with a database to which a bad deployment has happened, whose code works again; its bot isn't started."""
    world = World(folder, database=damaged.url)
    world.vercel.promote_by_someone(the.PREVIOUS)
    return world


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
