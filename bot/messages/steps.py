"""A step in words, made from the facts that are executed and from nothing else.

An action without words of its own is shown fact by fact, so that nothing is hidden from who approves it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.core.backup_set import set_in
from bot.core.columns import drop_facts, return_facts
from bot.core.deployment import rollback_facts
from bot.core.plan import Plan, Step
from bot.core.quarantine import purge_facts
from bot.core.restore import restore_facts
from bot.core.writes import writes_facts
from bot.messages.backup_set import BackUp
from bot.messages.columns import DropColumns, ReturnColumns
from bot.messages.quarantine import PurgeQuarantine
from bot.messages.restore import Restore
from bot.messages.rollback import Rollback
from bot.messages.watch import WatchProduction
from bot.messages.wording import capital, escape
from bot.messages.writes import ResumeWrites, StopWrites


class StepWords(Protocol):
    """What people read of one step. Plain texts are not escaped yet; lines of mrkdwn are."""

    @property
    def what(self) -> str:
        """What happens to what, as a plain phrase that begins small."""
        ...

    @property
    def noun(self) -> str:
        """What it is called, as a plain phrase that can be asked for: "a rollback of …"."""
        ...

    @property
    def effect(self) -> str:
        """What it comes to, as a plain sentence."""
        ...

    @property
    def caution(self) -> str:
        """What nobody may overlook who approves it, as a plain sentence of about 120 characters; "" = nothing."""
        ...

    @property
    def by_hand(self) -> str:
        """The command that does the same without the bot; "" where one calls somebody instead."""
        ...

    @property
    def facts(self) -> tuple[str, ...]:
        """Before and after, as lines of mrkdwn, complete."""
        ...

    @property
    def waits_for(self) -> str:
        """What the step waits for once it is begun, as a plain phrase."""
        ...

    @property
    def proven_when(self) -> str:
        """What proves that it is done, as a plain clause."""
        ...

    def done(self, at: str, found: Mapping[str, object]) -> str:
        """What was proven `at` a moment, by what the action `found`, as a sentence of mrkdwn."""
        ...

    def look_at(self, op_id: str) -> tuple[str, ...]:
        """What a person looks at to know whether the operation happened, as lines of mrkdwn."""
        ...

    def afterwards(self, found: Mapping[str, object] | None, request: str) -> tuple[str, ...]:
        """What comes next, as lines of mrkdwn, by what was `found` when it was done; None where a person said so.

        `request` is the id of the one that did it.
        """
        ...


@dataclass(frozen=True)
class AnyStep:
    """A step of whose action only the name and the facts are known."""

    step: Step
    by_hand = caution = ""
    waits_for = "the provider's answer"
    proven_when = "it is proven"

    @property
    def what(self) -> str:
        """What happens to what, as a plain phrase that begins small."""
        return f"{self.step.action.replace('_', ' ')} on {self.step.target}"

    @property
    def noun(self) -> str:
        """What it is called, as a plain phrase that can be asked for: "a rollback of …"."""
        return f"the step “{self.what}”"

    @property
    def effect(self) -> str:
        """What it comes to, as a plain sentence."""
        return "The plan lists every fact of it."

    @property
    def facts(self) -> tuple[str, ...]:
        """Before and after, as lines of mrkdwn, complete."""
        before, after = _lines(self.step.before), _lines(self.step.after)
        return ("*Before*", *before, "*After*", *after)

    def done(self, at: str, found: Mapping[str, object]) -> str:  # noqa: ARG002  # nothing is known of it
        """What was proven `at` a moment, as a sentence of mrkdwn."""
        return f"{capital(escape(self.what, 200))}: proven done at {at}."

    def look_at(self, op_id: str) -> tuple[str, ...]:  # noqa: ARG002  # nothing is known of it
        """What a person looks at to know whether it happened."""
        return (f"Look at `{escape(self.step.target, 200)}`: is it as the plan's *After* says?",)

    def afterwards(self, found: Mapping[str, object] | None, request: str) -> tuple[str, ...]:  # noqa: ARG002  # unknown
        """What comes next, by what was found when it was done."""
        return ()


def words_of(step: Step, plan: Plan, team: str) -> StepWords:
    """The step of a plan in words; `team` is Vercel's, "" for a personal account."""
    rolls_back = any(one.action == "rollback_deployment" for one in plan.steps)
    known: Mapping[str, Callable[[], StepWords]] = {
        "rollback_deployment": lambda: Rollback(rollback_facts(step), team),
        "restore_tables": lambda: Restore(restore_facts(step), plan.made_at, rolls_back=rolls_back),
        "back_up_tables": lambda: BackUp(set_in(step)),
        "drop_columns": lambda: DropColumns(drop_facts(step)),
        "add_columns_back": lambda: ReturnColumns(return_facts(step)),
        "purge_quarantine": lambda: PurgeQuarantine(purge_facts(step)),
        "stop_writes": lambda: StopWrites(writes_facts(step)),
        "resume_writes": lambda: ResumeWrites(writes_facts(step)),
        "watch": lambda: WatchProduction(step),
    }
    try:
        return known.get(step.action, lambda: AnyStep(step))()
    except (KeyError, TypeError, ValueError):  # written by another version
        return AnyStep(step)


def _lines(facts: Mapping[str, object]) -> list[str]:
    return [f"• {line}" for line in _walk(facts, "")] or ["• nothing"]


def _walk(value: object, name: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _walk(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, (list, tuple)) and value:
        for index, inner in enumerate(value, 1):
            yield from _walk(inner, f"{name}[{index}]")
    elif name:
        yield f"{escape(name)}: {escape(_spelled(value))}"


def _spelled(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return str(value)
