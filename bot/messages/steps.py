"""A step in words, made from the facts that are executed and from nothing else.

An action without words of its own is shown fact by fact, so that nothing is hidden from who approves it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.core.deployment import rollback_facts
from bot.core.plan import Step
from bot.messages.rollback import Rollback
from bot.messages.wording import capital, escape


@dataclass(frozen=True)
class AnyStep:
    """A step of whose action only the name and the facts are known."""

    step: Step
    by_hand = ""  # the command that does the same without the bot
    waits_for = "the provider's answer"
    proven_when = "it is proven"

    @property
    def what(self) -> str:
        """What happens to what, as a plain phrase that begins small."""
        return f"{self.step.action.replace('_', ' ')} on {self.step.target}"

    @property
    def effect(self) -> str:
        """What it comes to, as a plain sentence."""
        return "The plan lists every fact of it."

    @property
    def facts(self) -> tuple[str, ...]:
        """Before and after, as lines of mrkdwn, complete."""
        before, after = _lines(self.step.before), _lines(self.step.after)
        return ("*Before*", *before, "*After*", *after)

    def done(self, at: str) -> str:
        """What was proven `at` a moment, as a sentence of mrkdwn."""
        return f"{capital(escape(self.what, 200))}: proven done at {at}."

    @property
    def look_at(self) -> tuple[str, ...]:
        """What a person looks at to know whether it happened."""
        return (f"Look at `{escape(self.step.target, 200)}`: is it as the plan's *After* says?",)

    def afterwards(self, found: Mapping[str, object] | None) -> tuple[str, ...]:  # noqa: ARG002  # nothing is known of it
        """What comes next, by what was found when it was done."""
        return ()


def words_of(step: Step, team: str) -> AnyStep | Rollback:
    """The step in words; `team` is Vercel's, "" for a personal account."""
    if step.action != "rollback_deployment":
        return AnyStep(step)
    try:
        return Rollback(rollback_facts(step), team)
    except (KeyError, TypeError):  # written by another version
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
