"""A scenario of the runbook as one wish: which of its choices is meant, and what comes of it."""

import difflib
from collections.abc import Sequence

from bot.actions.inspect_failed_deployment import INSPECT
from bot.changes import Wish
from bot.core.errors import Refused
from bot.core.runbook.steps import NOTHING
from bot.core.runbook.tables import Scenario
from handlers.words import shown

_UNCHANGED = "Nothing was changed."


def choice_of(scenario: Scenario, words: Sequence[str]) -> str:
    """The choice that is meant by the words after a scenario's name: NOTHING where none is; "" = it offers none.

    Raises Refused where they name nothing that the scenario offers.
    """
    offered = [ask.action for ask in scenario.choices]
    form = f"/rollback {scenario.name}"
    if not offered and words:
        raise Refused("words", f"`{form}` takes no further word. A reason comes after `because`. {_UNCHANGED}")
    if len(words) > 1:
        raise Refused("words", f"One choice at most: `{form} [{' | '.join([*offered, NOTHING])}]`. {_UNCHANGED}")
    if not words:
        return NOTHING if offered else ""
    meant = words[0].lower().replace("-", "_")
    if meant in (*offered, NOTHING):
        return meant
    near = difflib.get_close_matches(meant, [*offered, NOTHING], 1, 0.5)
    known = ", ".join(f"`{one}`" for one in (*offered, NOTHING))
    hint = f"Did you mean `{form} {near[0]}`?" if near else f"It can be {known}."
    raise Refused("unknown_word", f"`{shown(words[0])}` is no choice of `{form}`. {hint} {_UNCHANGED}")


def wish_of(scenario: Scenario, choice: str, *, reason: str, words: str) -> Wish:
    """What is asked for with this choice. Raises Refused where that is nothing."""
    asks = tuple(ask for ask in scenario.asks(choice) if ask.action != INSPECT)  # told at once, as an answer
    if not asks:
        form = f"/rollback {scenario.name} {scenario.choices[0].action}"
        raise Refused("nothing_to_do", f"Without a choice nothing is left to do, as in `{form}`. {_UNCHANGED}")
    return Wish(asks, scenario.title, scenario.risk, reason, words, scenario.name, choice, scenario.proposes)
