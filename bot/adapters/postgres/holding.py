"""How tables are held against writers: children before parents, in few short attempts, and autovacuum out of the way.

An attempt that fails goes back to a savepoint, which lets go of what was locked since, and of nothing from before.
"""

import random
import time
from collections.abc import Callable, Sequence
from typing import LiteralString

from psycopg.sql import SQL

from bot.adapters.postgres.catalog import read_holders
from bot.adapters.postgres.session import Session, SqlError, identifier
from bot.core.errors import StepFailed
from bot.core.restore import Holder
from bot.core.table import Name

LADDER_SECONDS = (0.2, 0.3, 0.5, 0.7, 1.0, 1.0, 1.5, 2.0)
FURTHER_TABLE_SECONDS = 0.3  # below deadlock_timeout: whoever waits behind us is let go before a deadlock is looked for
VACUUM_SECONDS = 2.0  # an autovacuum gives way to whoever waited for deadlock_timeout, a second
LONGEST_PAUSE_SECONDS = 5.0
LOCKED_OUT = ("55P03", "40P01")  # lock_not_available, deadlock_detected


def give_way(session: Session, names: Sequence[Name]) -> None:
    """Have autovacuum end, and not come back, by a lock that no reader or writer of rows waits for.

    It holds definitions still, too, and which partitions a table has. `names` stand children first. Raises StepFailed,
    SqlError.
    """
    session.limit("lock_timeout", VACUUM_SECONDS)
    try:
        for name in names:
            session.run(SQL("LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE").format(identifier(name)))
    except SqlError as error:
        if error.state not in LOCKED_OUT:
            raise
        text = "Maintenance of the tables is under way (VACUUM, ANALYZE, or an index that is being made), and did not"
        raise StepFailed(f"{text} give way in {VACUUM_SECONDS:g} s. Everything was rolled back.") from None


def hold_from_writers(session: Session, names: Sequence[Name], ladder: Sequence[float]) -> int:
    """Let nobody but us write to the tables until the transaction ends; how many attempts it took.

    `names` stand children first and each table before its partitions, as whoever writes takes them; PostgreSQL locks
    them in the order of the statement. `ladder` is the patience of each attempt with the first of them, in seconds.
    Raises StepFailed with who holds them, SqlError.
    """
    return climb(session, names, ladder, attempt=_in_turn(session, names, "EXCLUSIVE"))


def hold_for_triggers(session: Session, names: Sequence[Name], ladder: Sequence[float]) -> int:
    """The same, but that whoever only locks rows (`SELECT … FOR UPDATE`) goes on: what a change of triggers needs."""
    return climb(session, names, ladder, attempt=_in_turn(session, names, "SHARE ROW EXCLUSIVE"))


def climb(
    session: Session,
    names: Sequence[Name],
    ladder: Sequence[float],
    *,
    attempt: Callable[[float], None],
    alone: bool = False,
) -> int:
    """Try until the tables are held, each time with the patience of the ladder; how many attempts it took.

    `alone` = readers are waited for, too. Raises StepFailed with who holds them, SqlError.
    """
    for number, patience in enumerate(ladder, 1):
        session.run("SAVEPOINT unlocked")
        try:
            attempt(patience)
        except SqlError as error:
            if error.state not in LOCKED_OUT:
                raise
        else:
            return number
        session.run("ROLLBACK TO SAVEPOINT unlocked")
        if number < len(ladder):
            longest = min(0.2 * 2**number, LONGEST_PAUSE_SECONDS)
            time.sleep(random.uniform(0.5, 1.5) * longest)  # noqa: S311  # so that two don't meet again
    holders = spell_holders(read_holders(session, names, readers=alone))
    raise StepFailed(f"The tables could not be locked in {len(ladder)} attempts. {holders} Everything was rolled back.")


def _in_turn(session: Session, names: Sequence[Name], mode: LiteralString) -> Callable[[float], None]:
    """One attempt to lock the tables in their order; the first with the patience that is given."""
    held = [SQL("ONLY {}").format(identifier(name)) for name in names]

    def attempt(patience: float) -> None:
        for seconds, some in ((patience, held[:1]), (min(patience, FURTHER_TABLE_SECONDS), held[1:])):
            if some:
                session.limit("lock_timeout", seconds)
                session.run(SQL("LOCK TABLE {} IN {} MODE").format(SQL(", ").join(some), SQL(mode)))

    return attempt


def spell_holders(holders: Sequence[Holder]) -> str:
    """Who holds a table, as a sentence; never what they asked."""
    if not holders:
        return "No session is seen to hold them now."
    who = [f"pid {h.pid} ({h.role}, {h.application or 'no name'}, {h.state}, since {h.since})" for h in holders[:5]]
    more = f" and {len(holders) - len(who)} more" if len(holders) > len(who) else ""
    return f"Held by {'; '.join(who)}{more}."
