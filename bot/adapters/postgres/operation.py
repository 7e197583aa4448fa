"""One operation as one transaction with its line in the ledger: it happened or it didn't, and the ledger tells which.

What fails before COMMIT is sent has changed nothing; where COMMIT's answer is lost, only looking settles it.
"""

import random
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from psycopg.sql import SQL

from bot.adapters.postgres import ledger
from bot.adapters.postgres.catalog import read_holders
from bot.adapters.postgres.restoring import LADDER_SECONDS, LONGEST_PAUSE_SECONDS, VACUUM_SECONDS, spell_holders
from bot.adapters.postgres.session import ConnectionLostError, Session, SqlError, connected, identifier
from bot.core.errors import OutcomeUnknown, Refused, StepFailed, Unavailable
from bot.core.plan import Facts
from bot.core.restore import session_of
from bot.core.secret import Secret
from bot.core.table import Name

BUSY_SECONDS = 2.0  # for another operation, or for somebody who looks whether one was committed
STATEMENT_SECONDS = 60.0
BEFORE_HELD_SECONDS = 120.0  # for all the attempts, where the server answers nothing any more
LEDGER_WAIT_SECONDS = 10.0  # for a COMMIT that is still in progress, at each look
READERS_WAIT_SECONDS = 0.2  # at each attempt, for all the tables together
LOCKED_OUT = ("55P03", "40P01")  # lock_not_available, deadlock_detected
_DURABLE = "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'"
_UNDONE = "Everything was rolled back."
_T = TypeVar("_T")


def carry_out(url: Secret, schema: str, op_id: str, *, seconds: float, work: Callable[[Session], Facts]) -> Facts:
    """Do the `work` in one transaction and keep its report in the ledger; the first report where it was done before.

    `seconds` is how long the work may hold what it locks. Raises StepFailed, Drifted, OutcomeUnknown or Unavailable.
    """
    with connected(url, session_of(op_id)) as session, session.within(BEFORE_HELD_SECONDS + seconds):
        try:
            if (done_before := _begin(session, schema, op_id)) is not None:
                return done_before
            report = work(session)
            ledger.report(session, schema, op_id, report)
        except SqlError as error:
            raise StepFailed(reason(error)) from None
        try:
            session.commit()
        except ConnectionLostError:
            raise OutcomeUnknown("The connection broke while COMMIT was under way; the ledger tells.") from None
        except SqlError as error:
            raise StepFailed(reason(error)) from None
        return report


def find(url: Secret, schema: str, op_id: str) -> Facts:
    """The report of an operation, once a COMMIT in progress has ended; only looks.

    Raises StepFailed where it was not committed, OutcomeUnknown where that can't be seen.
    """
    try:
        with connected(url, f"rollback-bot look {op_id[:8]}") as session, session.within(2 * LEDGER_WAIT_SECONDS):
            session.run("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY")
            session.settle(statement_timeout=f"{STATEMENT_SECONDS:g}s")
            ledger.lock(session, schema, seconds=LEDGER_WAIT_SECONDS)
            report = ledger.committed(session, schema, op_id)
    except (Unavailable, Refused) as error:
        raise OutcomeUnknown(f"Whether it was committed can't be seen. {error.text}") from None
    except SqlError as error:
        raise OutcomeUnknown(f"Whether it was committed can't be seen yet ({error}).") from None
    if report is None:
        raise StepFailed("It was not committed: the ledger in the database doesn't have it.")
    return report


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


def hold_alone(session: Session, names: Sequence[Name], patience: float) -> None:
    """One attempt to have tables to oneself. Whoever comes meanwhile waits behind it: so it is short."""
    session.limit("lock_timeout", min(patience, READERS_WAIT_SECONDS) / len(names))
    for name in names:
        session.run(SQL("LOCK TABLE ONLY {} IN ACCESS EXCLUSIVE MODE").format(identifier(name)))


def in_attempts(
    session: Session, names: Sequence[Name], attempt: Callable[[float], _T], ladder: Sequence[float] = LADDER_SECONDS
) -> tuple[_T, int]:
    """What `attempt` gives once it gets its locks, and how many attempts that took.

    `attempt` is given its patience in seconds. One that fails goes back to a savepoint, which lets go of every lock
    it took, so nobody waits during the pause. Raises StepFailed, with who holds the tables, after the last one.
    """
    for number, patience in enumerate(ladder, 1):
        session.run("SAVEPOINT unlocked")
        try:
            return attempt(patience), number
        except SqlError as error:
            if error.state not in LOCKED_OUT:
                raise
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


def reason(error: SqlError) -> str:
    """Why an operation was rolled back, as sentences without any value."""
    told = {
        "42P01": "Something that this needs is no longer there.",
        "2BP01": "Something depends on it that wasn't there when this was planned.",
        "57014": "It took longer than was accepted.",
        "55P03": "A lock could not be had in time.",
        "53100": "The database's disk is full.",
        "25006": "The database is in read-only mode.",
        "42501": "The bot's role lacks a right that this needs: docs/database.md.",
    }
    lost = "The connection to the database broke before COMMIT was sent."
    is_lost = isinstance(error, ConnectionLostError)
    return f"{lost if is_lost else told.get(error.state, f'PostgreSQL refused it ({error}).')} {_UNDONE}"


def _begin(session: Session, schema: str, op_id: str) -> Facts | None:
    """Open the transaction and claim the operation; its report, where it was committed before."""
    session.run("BEGIN ISOLATION LEVEL READ COMMITTED")  # not READ WRITE: that would overrule a full disk's read-only
    # Said once more: a pooler may have given its own name at the connection.
    session.settle(statement_timeout=f"{STATEMENT_SECONDS:g}s", application_name=session_of(op_id))
    session.rows(_DURABLE)
    try:
        ledger.lock(session, schema, seconds=BUSY_SECONDS)
    except SqlError as error:
        if error.state not in LOCKED_OUT:
            raise
        raise StepFailed("The bot is changing something else in this database at the moment.") from None
    return ledger.claim(session, schema, op_id)
