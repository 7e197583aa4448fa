"""What the bot can do to production: one file an action, and the verbs that each of them has.

The order of the verbs is decided in `bot/advance.py`; an action never calls its own.
"""

from datetime import timedelta
from typing import Protocol

from bot.core.checks import CheckResult
from bot.core.plan import Facts, Step


class Plans(Protocol):
    """What can be asked for: from the parameters of an ask to a step."""

    def targets(self, params: Facts) -> tuple[str, ...]:
        """What one open request at a time may be about, such as "vercel:<project>" or "table:<name>"; reads nothing.

        Raises Refused where the parameters name what the runbook doesn't have.
        """
        ...

    def plan(self, params: Facts) -> Step:
        """The step that these parameters ask for, frozen against production as it is; reads only.

        Raises Refused or Unavailable.
        """
        ...


class Action(Plans, Protocol):
    """One kind of remediation. A step is self-contained: each verb works in a new process from the step alone."""

    name: str
    takes_long: bool  # `execute` may take longer than a person should wait for news of it

    def recheck(self, step: Step) -> str:
        """The drift since the plan, as a sentence; "" when production is as planned. The last read before the act.

        An action that can hold its target still reads it once more in `execute`, which then raises Drifted.
        Raises Unavailable.
        """
        ...

    def execute(self, step: Step, op_id: str, reason: str) -> Facts:
        """Send the step's one intent and look once; the facts, when it is proven done.

        Raises StepFailed; Drifted (nothing was done); OutcomeUnknown (accepted, or maybe); Unavailable (certainly
        nothing was sent).
        """
        ...

    def reconcile(self, step: Step, op_id: str, *, at_deadline: bool) -> Facts:
        """Look, and only look, whether it happened; the facts, when it did. `at_deadline` is the last look.

        Raises StepFailed when it is known that it didn't; OutcomeUnknown while that isn't known.
        """
        ...

    def verify(self, step: Step, op_id: str) -> tuple[CheckResult, ...]:
        """What production shows of the step now; an unreachable provider is a failed check, not an error."""
        ...

    def undo(self, step: Step, op_id: str) -> Step:
        """The step that takes back what this one did as operation `op_id`; raises Refused or Unavailable."""
        ...

    def deadline(self) -> timedelta:
        """How long reconcile may look before the outcome is called unknown."""
        ...
