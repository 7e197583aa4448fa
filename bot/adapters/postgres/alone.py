"""How tables are had to oneself, readers waiting too: in few short attempts, and autovacuum out of the way first.

An attempt that fails goes back to a savepoint, which lets go of what was locked since, and of nothing from before.
"""

import random
import time
from collections.abc import Sequence

from psycopg.sql import SQL

from bot.adapters.postgres.catalog import read_holders
from bot.adapters.postgres.restoring import LONGEST_PAUSE_SECONDS, VACUUM_SECONDS, spell_holders
from bot.adapters.postgres.session import Session, SqlError, identifier
from bot.core.errors import StepFailed
from bot.core.table import Name

READERS_WAIT_SECONDS = 0.2  # at each attempt, for all the tables together
LOCKED_OUT = ("55P03", "40P01")  # lock_not_available, deadlock_detected
_UNDONE = "Everything was rolled back."


def give_way(session: Session, names: Sequence[Name]) -> None:
    """Have autovacuum end, and not come back, by a lock that no reader or writer of rows waits for."""
    session.limit("lock_timeout", VACUUM_SECONDS)
    try:
        for name in names:
            session.run(SQL("LOCK TABLE ONLY {} IN SHARE UPDATE EXCLUSIVE MODE").format(identifier(name)))
    except SqlError as error:
        if error.state not in LOCKED_OUT:
            raise
        text = "Maintenance of the tables is under way (VACUUM, ANALYZE, or an index that is being made), and did not"
        raise StepFailed(f"{text} give way in {VACUUM_SECONDS:g} s. {_UNDONE}") from None


def hold_alone(session: Session, names: Sequence[Name], ladder: Sequence[float]) -> int:
    """Have tables to ourselves until the transaction ends; how many attempts it took.

    `names` stand children first, as whoever writes takes them; `ladder` is the patience of each attempt, in seconds.
    Whoever comes meanwhile waits behind an attempt, so each is short. No lock that keeps writers out may be held
    before: a transaction that has read and then writes would be ended. Raises StepFailed with who holds them, SqlError.
    """
    for number, patience in enumerate(ladder, 1):
        session.run("SAVEPOINT unlocked")
        try:
            session.limit("lock_timeout", min(patience, READERS_WAIT_SECONDS) / len(names))
            for name in names:
                session.run(SQL("LOCK TABLE ONLY {} IN ACCESS EXCLUSIVE MODE").format(identifier(name)))
        except SqlError as error:
            if error.state not in LOCKED_OUT:
                raise
        else:
            return number
        session.run("ROLLBACK TO SAVEPOINT unlocked")
        if number < len(ladder):
            longest = min(0.2 * 2**number, LONGEST_PAUSE_SECONDS)
            time.sleep(random.uniform(0.5, 1.5) * longest)  # noqa: S311  # so that two don't meet again
    holders = spell_holders(read_holders(session, names))
    raise StepFailed(f"The tables could not be locked in {len(ladder)} attempts. {holders} {_UNDONE}")


def limit(session: Session, until: float) -> None:
    """Let the next statements last until a moment of `time.monotonic()`. Raises StepFailed where it has come."""
    left = until - time.monotonic()
    if left <= 0:
        raise StepFailed(f"The tables were held for as long as was accepted. {_UNDONE}")
    session.limit("statement_timeout", left)
