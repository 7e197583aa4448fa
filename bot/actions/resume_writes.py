"""Resuming writes that were stopped: switched off in one transaction that no reader waits for, removed afterwards.

Where the trigger can't be removed, writes are resumed all the same, and what is left is said.
"""

from collections.abc import Sequence
from datetime import timedelta

from bot.actions.stop_writes import CHECK_SECONDS, DEADLINE, changed_by, unreadable
from bot.actions.writes_reading import WritesReading
from bot.adapters.postgres.carrying import carry_out, find
from bot.adapters.postgres.holding import LADDER_SECONDS
from bot.adapters.postgres.session import SqlError, connected
from bot.adapters.postgres.stopping import (
    HELD_SECONDS,
    REMOVAL_SECONDS,
    find_switched_off,
    read_trigger,
    remove,
    resume,
)
from bot.core.checks import CheckResult, Verdict
from bot.core.errors import BotError
from bot.core.plan import Facts, Step
from bot.core.secret import Secret
from bot.core.writes import RESUME, RESUMED, STOP, writes_facts

LEFT = "left"  # tables on which a trigger is left that stops nothing; None where that can't be told


class ResumeWrites:
    """The action `resume_writes`."""

    name = RESUME
    takes_long = True

    def __init__(
        self,
        url: Secret,
        reading: WritesReading,
        *,
        ladder: Sequence[float] = LADDER_SECONDS,
        removal: Sequence[float] = REMOVAL_SECONDS,
    ) -> None:
        self._url, self._reading, self._ladder, self._removal = url, reading, ladder, removal

    def targets(self, params: Facts) -> tuple[str, ...]:
        """The writes to each of the tables."""
        return self._reading.targets(params)

    def plan(self, params: Facts) -> Step:
        """The resume of `params["tables"]`, stopped by now or not; of whatever is stopped where none is named."""
        return self._reading.plan(RESUME, self._reading.tables(params)).as_step()

    def recheck(self, step: Step) -> str:
        """The drift since the plan; it is read once more while the tables are held."""
        return self._reading.drift(writes_facts(step))

    def execute(self, step: Step, op_id: str, reason: str) -> Facts:  # noqa: ARG002  # the ledger keeps no people's text
        """Resume writes in one transaction, then remove what stopped them; the report, and what is left of it."""
        facts = writes_facts(step)
        schema = facts.quarantine_schema
        report = carry_out(
            self._url, schema, op_id, seconds=HELD_SECONDS, work=lambda session: resume(session, facts, self._ladder)
        )
        return {**report, LEFT: remove(self._url, schema, self._removal)}

    def reconcile(self, step: Step, op_id: str, *, at_deadline: bool) -> Facts:  # noqa: ARG002  # the ledger is exact
        """Look into the ledger, once a COMMIT in progress has ended; and what is left."""
        done = find(self._url, writes_facts(step).quarantine_schema, op_id)
        try:
            with connected(self._url, "rollback-bot look") as session, session.reading(CHECK_SECONDS):
                return {**done, LEFT: [str(name) for name in find_switched_off(session)]}
        except (BotError, SqlError):
            return {**done, LEFT: None}

    def verify(self, step: Step, op_id: str) -> tuple[CheckResult, ...]:  # noqa: ARG002  # what is so, whoever did it
        """That no table refuses writes for the bot's sake."""
        facts = writes_facts(step)
        try:
            with connected(self._url, "rollback-bot verify") as session, session.reading(CHECK_SECONDS):
                states = [read_trigger(session, table.live) for table in facts.tables]
        except (BotError, SqlError) as error:
            return (unreadable("Writes resumed", error),)
        refusing = sum(seen is not None and seen.is_on for seen in states)
        verdict = Verdict.FAILED if refusing else Verdict.PASSED
        seen = f"{refusing} of {len(states)} tables refuse them"
        return (CheckResult("Writes resumed", verdict, required=True, expected="no table refuses them", seen=seen),)

    def undo(self, step: Step, op_id: str) -> Step:
        """The stop of writes to the tables that this operation resumed them to."""
        why_none = "Writes to these tables were not stopped when it ran"
        mine = changed_by(self._url, writes_facts(step), op_id, RESUMED, why_none=why_none)
        return self._reading.plan(STOP, mine).as_step()

    def deadline(self) -> timedelta:
        """How long reconcile may wait for the database to answer."""
        return DEADLINE
