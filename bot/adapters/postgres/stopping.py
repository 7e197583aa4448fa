"""The trigger that stops writes: made, switched off, removed. One on each table, one function for them all.

Making it and switching it off let readers go on. Only removing it needs a moment without readers: so a resume switches
it off first, which is all that anybody waits for, and removes it afterwards where it can.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from psycopg.sql import SQL, Identifier, Literal

from bot.adapters.postgres import ledger
from bot.adapters.postgres.alone import hold_alone
from bot.adapters.postgres.carrying import BUSY_SECONDS
from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.holding import give_way, hold_for_triggers
from bot.adapters.postgres.session import Session, SqlError, connected, identifier
from bot.core.errors import BotError, Drifted, Refused, StepFailed
from bot.core.plan import Facts
from bot.core.restore import LEDGER
from bot.core.secret import Secret
from bot.core.table import Name, Table, refusal_to_resume, refusal_to_stop
from bot.core.writes import FUNCTION, RESUME, RESUMED, STOPPED, TRIGGER, TableWrites, WritesFacts, drift

REMOVAL_SECONDS = (0.1, 0.2, 0.2)  # for each of which readers may have to wait; the resume itself is done before
HELD_SECONDS = 5.0
_CLEANING_SECONDS = 30.0
# Its name and its function's name make it the bot's. 'O' and 'A' fire for everybody; ALWAYS also fires for replicas.
_STATE = """
SELECT c.oid::bigint, coalesce(t.tgenabled::text, ''), coalesce(f.proname = %s, false)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = %s
LEFT JOIN pg_proc f ON f.oid = t.tgfoid
WHERE n.nspname = %s AND c.relname = %s
"""
_FOUND = """
SELECT n.nspname, c.relname
FROM pg_trigger t
JOIN pg_proc f ON f.oid = t.tgfoid AND f.proname = %s
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE t.tgname = %s AND t.tgenabled::text = ANY (%s)
ORDER BY 1, 2
"""
_SUBSCRIPTIONS = """
SELECT DISTINCT s.subname
FROM pg_subscription_rel r
JOIN pg_subscription s ON s.oid = r.srsubid
WHERE r.srrelid = ANY (%s::oid[])
ORDER BY 1
"""
_RESUMED_SINCE = """
SELECT DISTINCT jsonb_array_elements_text(later.report -> 'resumed')
FROM {ledger} AS mine JOIN {ledger} AS later ON later.committed_at > mine.committed_at
WHERE mine.op_id = %s::uuid
"""
_ON, _OFF = ("O", "A"), ("D", "R")
# It is called by its address, so whoever writes needs no right on it or on its schema; and it runs with their own.
_FUNCTION = """
CREATE OR REPLACE FUNCTION {} () RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = '25006', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
        MESSAGE = format('writes to %I.%I are stopped by operation %s of the rollback bot',
                         TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_ARGV[0]),
        HINT = 'Reading works. In Slack, /rollback status says since when, and /dbrestore resume-writes resumes them.';
END $$
"""


@dataclass(frozen=True)
class StopTrigger:
    """What stands in a table's way of being written to: the table's own `oid`, and the state of the trigger."""

    oid: int
    is_on: bool
    is_foreign: bool  # somebody else's trigger has that name


def read_trigger(session: Session, name: Name) -> StopTrigger | None:
    """The table's state; None where there is no such table. Raises SqlError."""
    rows = session.rows(_STATE, FUNCTION, TRIGGER, *name)
    if not rows:
        return None
    oid, state, is_ours = rows[0]
    return StopTrigger(oid, is_ours and state in _ON, bool(state) and not is_ours)


def find_stopped(session: Session) -> tuple[Name, ...]:
    """Every table that the bot stops writes to, in the runbook or not. Raises SqlError."""
    return _found(session, _ON)


def find_switched_off(session: Session) -> tuple[Name, ...]:
    """The tables on which a trigger of the bot's is left that stops nothing. Raises SqlError."""
    return _found(session, _OFF)


def find_subscriptions(session: Session, tables: Sequence[TableWrites]) -> tuple[str, ...]:
    """What replicates rows to these tables, by name. Raises SqlError."""
    return tuple(str(name) for (name,) in session.rows(_SUBSCRIPTIONS, [table.oid for table in tables]))


def find_drift(session: Session, facts: WritesFacts) -> str:
    """What is no longer as the plan saw it, as a sentence; "" = nothing. Raises SqlError."""
    for planned in facts.tables:
        seen, table = read_trigger(session, planned.live), read_table(session, planned.live)
        refusal = refusal_of(facts.action, table, seen) if table and seen else None
        if told := drift(planned, seen.oid if seen else None, refusal):
            return told
    return ""


def refusal_of(action: str, table: Table, seen: StopTrigger) -> Refused | None:
    """Why a table's writes can't be stopped, or resumed, if so."""
    if action == RESUME:
        return refusal_to_resume(table)
    if seen.is_foreign:
        return Refused("trigger", f"{table.name} has a trigger {TRIGGER} that is not the bot's.")
    return refusal_to_stop(table)


def to_change(session: Session, facts: WritesFacts) -> list[TableWrites]:
    """The tables that are not yet as they are to be. Raises Drifted where one is no longer as planned; SqlError."""
    if told := find_drift(session, facts):
        raise Drifted(told)
    wanted = facts.action != RESUME
    states = {table: read_trigger(session, table.live) for table in facts.tables}
    return [table for table, seen in states.items() if seen and seen.is_on != wanted]


def stop(session: Session, facts: WritesFacts, op_id: str, ladder: Sequence[float]) -> Facts:
    """Stop writes to the tables; the report names those to which they weren't stopped before.

    Raises Drifted where one is no longer as planned, StepFailed where they can't be held; SqlError.
    """
    function = identifier(Name(facts.quarantine_schema, FUNCTION))
    session.run(SQL(_FUNCTION).format(function))
    attempts = _hold(session, facts, ladder)
    tables = to_change(session, facts)
    for table in tables:
        made = SQL(
            "CREATE OR REPLACE TRIGGER {} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {}"
            " FOR EACH STATEMENT EXECUTE FUNCTION {} ({})"
        )
        session.run(made.format(Identifier(TRIGGER), identifier(table.live), function, Literal(op_id)))
        _switch(session, table.live, "ENABLE ALWAYS")  # also where foreign keys and triggers are off
    return {STOPPED: [str(table.live) for table in tables], "attempts": attempts}


def resume(session: Session, facts: WritesFacts, ladder: Sequence[float]) -> Facts:
    """Switch the triggers of the tables off; the report names those to which writes were stopped.

    Raises Drifted where one is no longer as planned, StepFailed where they can't be held; SqlError.
    """
    attempts = _hold(session, facts, ladder)
    tables = to_change(session, facts)
    for table in tables:
        _switch(session, table.live, "DISABLE")
    return {RESUMED: [str(table.live) for table in tables], "attempts": attempts}


def remove(url: Secret, schema: str, ladder: Sequence[float]) -> list[str] | None:
    """Remove what is switched off, also by earlier resumes, and the function where nothing uses it any more.

    The tables on which a trigger is left, because somebody read them all the time; None where that can't be told.
    """
    try:
        with connected(url, "rollback-bot clean") as session, session.within(_CLEANING_SECONDS):
            with session.reading(HELD_SECONDS):
                found = find_switched_off(session)
            for name in found:
                _remove_trigger(session, schema, name, ladder)
            _remove_function(session, schema)
            with session.reading(HELD_SECONDS):
                return [str(name) for name in find_switched_off(session)]
    except (SqlError, BotError):  # writes are resumed all the same
        return None


def resumed_since(session: Session, schema: str, op_id: str) -> set[str]:
    """The tables that operations have resumed writes to after this one was committed. Raises SqlError."""
    table = identifier(Name(schema, LEDGER))
    return {name for (name,) in session.rows(SQL(_RESUMED_SINCE).format(ledger=table), op_id)}


def _found(session: Session, states: Sequence[str]) -> tuple[Name, ...]:
    return tuple(Name(*row) for row in session.rows(_FOUND, FUNCTION, TRIGGER, list(states)))


def _switch(session: Session, name: Name, how: LiteralString) -> None:
    session.run(SQL("ALTER TABLE ONLY {} {} TRIGGER {}").format(identifier(name), SQL(how), Identifier(TRIGGER)))


def _hold(session: Session, facts: WritesFacts, ladder: Sequence[float]) -> int:
    names = [table.live for table in to_change(session, facts)]
    give_way(session, names)
    attempts = hold_for_triggers(session, names, ladder)
    session.limit("statement_timeout", HELD_SECONDS)
    return attempts


def _remove_trigger(session: Session, schema: str, name: Name, ladder: Sequence[float]) -> None:
    """Under the operations' lock, so that nobody stops writes meanwhile; it is left where the table can't be had."""
    _begin(session, schema)
    try:
        hold_alone(session, [name], ladder)
    except StepFailed:
        session.run("ROLLBACK")
        return
    if name in find_switched_off(session):
        session.run(SQL("DROP TRIGGER {} ON {}").format(Identifier(TRIGGER), identifier(name)))
    session.commit()


def _remove_function(session: Session, schema: str) -> None:
    _begin(session, schema)
    if not (find_stopped(session) or find_switched_off(session)):
        session.run(SQL("DROP FUNCTION IF EXISTS {} ()").format(identifier(Name(schema, FUNCTION))))
    session.commit()


def _begin(session: Session, schema: str) -> None:
    session.run("BEGIN ISOLATION LEVEL READ COMMITTED")
    session.settle(statement_timeout=f"{HELD_SECONDS:g}s")
    ledger.lock(session, schema, seconds=BUSY_SECONDS)
