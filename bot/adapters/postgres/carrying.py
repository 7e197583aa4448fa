"""One operation as one transaction with its line in the ledger: it happened or it didn't, and the ledger tells which.

What fails before COMMIT is sent has changed nothing; where COMMIT's answer is lost, only looking settles it.
"""

from collections.abc import Callable

from bot.adapters.postgres import ledger
from bot.adapters.postgres.holding import LOCKED_OUT
from bot.adapters.postgres.session import ConnectionLostError, Session, SqlError, connected
from bot.core.errors import OutcomeUnknown, Refused, StepFailed, Unavailable
from bot.core.plan import Facts
from bot.core.restore import session_of
from bot.core.secret import Secret

BUSY_SECONDS = 2.0  # for another operation, or for somebody who looks whether one was committed
STATEMENT_SECONDS = 60.0
BEFORE_HELD_SECONDS = 120.0  # for all the attempts, where the server answers nothing any more
LEDGER_WAIT_SECONDS = 10.0  # for a COMMIT that is still in progress, at each look
_UNDONE = "Everything was rolled back."


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


def reason(error: SqlError) -> str:
    """Why an operation was rolled back, as sentences without any value."""
    told = {
        "42P01": "Something that this needs is no longer there.",
        "42704": "A role that had a right on a column, or something else that this needs, is no longer there.",
        "2BP01": "Something else in the database depends on what was to be dropped.",
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
    ledger.make_durable(session)
    try:
        ledger.lock(session, schema, seconds=BUSY_SECONDS)
    except SqlError as error:
        if error.state not in LOCKED_OUT:
            raise
        raise StepFailed("The bot is changing something else in this database at the moment.") from None
    return ledger.claim(session, schema, op_id)
