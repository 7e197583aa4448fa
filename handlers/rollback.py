"""/rollback: what may be typed after it, and what each word does."""

import difflib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack

from bot.changes import Changes, Delivery, Wish
from bot.core.change import Kind
from bot.core.errors import Refused
from bot.core.plan import Ask
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.messages.picture import Picture
from bot.messages.private import help_text, reading, status, whom_to_call
from handlers.deliveries import of_command, plain

LATER = ("undo", "verify", "deployments", "timeline", "resolve")


@dataclass(frozen=True)
class Commands:
    """What the command needs to answer; `link` gives the address of a request's card, or "" where it isn't known."""

    changes: Changes
    runbook: Runbook
    link: Callable[[ChangeRequest], str]
    actions: Collection[str]


@dataclass(frozen=True)
class Typed:
    """A command's words: the first, the rest of them, and what came after `because`."""

    word: str
    rest: tuple[str, ...]
    reason: str
    text: str


def command(ack: Ack, body: dict[str, Any], *, commands: Commands) -> None:
    """Answer `/rollback …` privately; a request that it makes is in the log before that."""
    typed = read(body.get("text") or "")
    answer = _ANSWERS.get(typed.word) or _scenario
    picture = answer(commands, typed, of_command(body))
    ack(text=picture.text, blocks=list(picture.blocks), response_type="ephemeral")


def read(text: str) -> Typed:
    """The words of what was typed. `because` takes the rest of the line."""
    text = plain(text)
    words = text.split()
    lowered = [word.lower() for word in words]
    at = lowered.index("because") if "because" in lowered else len(words)
    reason = " ".join(words[at + 1 :])
    return Typed(lowered[0] if at else "help", tuple(words[1:at]), reason, text)


def _vercel(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    vercel = commands.runbook.vercel
    if vercel is None:
        raise Refused("no_vercel", "The runbook has no [vercel], so there is nothing to roll back.")
    if len(typed.rest) > 1:
        raise Refused("words", f"One target at most: `{' '.join(typed.rest)[:200]}` is more than that.")
    target = typed.rest[0] if typed.rest else "previous"
    wish = Wish(
        asks=(Ask("rollback_deployment", {"target": target}),),
        title="",  # the card's own sentence says it all
        risk=vercel.risk,
        reason=typed.reason,
        words=f"/rollback {typed.text}",
    )
    return reading(f"production for {commands.changes.ask(wish, delivery)}")


def _scenario(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    scenario = commands.runbook.scenario(typed.word)
    if scenario is None:
        raise Refused("unknown_word", _nearest(commands, typed.word))
    asks = tuple(step for step in scenario.steps if isinstance(step, Ask))
    if len(asks) < len(scenario.steps) or typed.rest:
        raise Refused("not_in_this_version", f"{scenario.title}: its choices are not in this version.")
    wish = Wish(asks, scenario.title, scenario.risk, typed.reason, f"/rollback {typed.text}")
    return reading(f"production for {commands.changes.ask(wish, delivery)}")


def _stop(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    if len(typed.rest) != 1:
        raise Refused("words", "Which request? Type `/rollback stop R-1`.")
    stream = typed.rest[0].upper()
    commands.changes.click(Kind.STOP_CLICKED, stream, delivery)
    return reading(f"who may stop {stream}")


def _status(commands: Commands, _: Typed, __: Delivery) -> Picture:
    return status(commands.changes.open_and_newest(), commands.link, commands.runbook)


def _help(commands: Commands, _: Typed, __: Delivery) -> Picture:
    return help_text(commands.runbook, commands.actions)


def _contacts(commands: Commands, _: Typed, __: Delivery) -> Picture:
    return whom_to_call(commands.runbook)


def _later(_: Commands, typed: Typed, __: Delivery) -> Picture:
    raise Refused("not_in_this_version", f"`/rollback {typed.word}` is not in this version. Nothing was changed.")


def _nearest(commands: Commands, word: str) -> str:
    known = [*_ANSWERS, *(scenario.name for scenario in commands.runbook.scenarios)]
    near = difflib.get_close_matches(word, [one for one in known if one not in LATER], 1, 0.5)
    shown = word[:50]
    hint = f" Did you mean `/rollback {near[0]}`?" if near else " `/rollback help` lists the commands."
    return f"I don't know `{shown}`.{hint} Nothing was changed."


_ANSWERS: dict[str, Callable[[Commands, Typed, Delivery], Picture]] = {
    "vercel": _vercel,
    "stop": _stop,
    "status": _status,
    "contacts": _contacts,
    "help": _help,
    **dict.fromkeys(LATER, _later),
}
