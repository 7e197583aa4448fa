"""How tables are had to oneself, readers waiting too, and for how long."""

import time
from collections.abc import Sequence

from psycopg.sql import SQL

from bot.adapters.postgres.holding import climb
from bot.adapters.postgres.session import Session, identifier
from bot.core.errors import StepFailed
from bot.core.table import Name

READERS_WAIT_SECONDS = 0.2  # at each attempt, for all the tables together
_UNDONE = "Everything was rolled back."


def hold_alone(session: Session, names: Sequence[Name], ladder: Sequence[float]) -> int:
    """Have tables to ourselves until the transaction ends; how many attempts it took.

    `names` stand children first, as whoever writes takes them; `ladder` is the patience of each attempt, in seconds.
    Whoever comes meanwhile waits behind an attempt, so each is short. No lock that keeps writers out may be held
    before: a transaction that has read and then writes would be ended. Raises StepFailed with who holds them, SqlError.
    """

    def attempt(patience: float) -> None:
        session.limit("lock_timeout", min(patience, READERS_WAIT_SECONDS) / len(names))
        for name in names:
            session.run(SQL("LOCK TABLE ONLY {} IN ACCESS EXCLUSIVE MODE").format(identifier(name)))

    return climb(session, names, ladder, attempt=attempt, alone=True)


def limit(session: Session, until: float) -> None:
    """Let the next statements last until a moment of `time.monotonic()`. Raises StepFailed where it has come."""
    left = until - time.monotonic()
    if left <= 0:
        raise StepFailed(f"The tables were held for as long as was accepted. {_UNDONE}")
    session.limit("statement_timeout", left)
