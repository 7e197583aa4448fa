"""/rollback: what may be typed after it, and what each word does."""

import difflib
from typing import Any

from slack_bolt import Ack

from bot.actions.inspect_failed_deployment import INSPECT
from bot.changes import Delivery, Wish
from bot.core.change import Kind
from bot.core.errors import Refused
from bot.core.pin import last_rollback
from bot.core.plan import Ask
from bot.core.writes import may_be_stopped
from bot.looking import TIMELINE, VERIFY
from bot.messages.form import offers, rollback_form
from bot.messages.incident_status import incident_lines
from bot.messages.picture import Picture
from bot.messages.private import WORDS, help_text, reading, status, whom_to_call
from handlers.commands import Answer, Commands, whisper
from handlers.deliveries import of_command
from handlers.scenarios import choice_of, wish_of
from handlers.words import Typed, read, shown


def command(ack: Ack, body: dict[str, Any], *, commands: Commands) -> None:
    """Answer `/rollback …` privately; a request that it makes is in the log before that. Alone, it opens the form."""
    typed, delivery = read(body.get("text") or ""), of_command(body)
    offered = () if typed.words else offers(commands.runbook, {*commands.actions, *commands.questions})
    if not offered:
        whisper(ack, answer(commands, typed, delivery))
        return
    commands.forms.open(rollback_form(commands.runbook, offered, delivery.channel, typed.reason), delivery)
    ack()


def answer(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    """Do what the words say, and what their person alone reads at once. Raises Refused with what is wrong with them."""
    return (_ANSWERS.get(typed.first.keyword) or _scenario)(commands, typed, delivery)


def _vercel(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    vercel = commands.runbook.vercel
    if vercel is None:
        rule = "The runbook has no [vercel], so there is no deployment to roll back."
        raise Refused("no_vercel", f"{rule} `/rollback help` lists what works. Nothing was changed.")
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
    name = typed.first.text.lower()
    scenario = commands.runbook.scenario(name)
    if scenario is None:
        raise Refused("unknown_word", _nearest(commands, name))
    choice = choice_of(scenario, typed.rest)
    actions = [ask.action for ask in scenario.asks(choice)]
    if INSPECT in actions:
        commands.questions[INSPECT](delivery)
    if set(actions) == {INSPECT}:
        return reading("what Vercel says; the answer is shown to the whole channel")
    wish = wish_of(scenario, choice, reason=typed.reason, words=f"/rollback {typed.text}")
    return reading(f"production for {commands.changes.ask(wish, delivery)}")


def _demand_no_more(typed: Typed) -> None:
    if typed.rest:
        raise Refused("words", f"`/rollback {typed.first.keyword}` takes no further word. Nothing was changed.")


def _verify(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    _demand_no_more(typed)
    if not commands.runbook.checks:
        raise Refused("no_checks", "The runbook has no [[checks]], so there is nothing to verify. Nothing was changed.")
    commands.questions[VERIFY](delivery)
    return reading("what every check says; the answers are shown to the whole channel")


def _timeline(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    _demand_no_more(typed)
    commands.questions[TIMELINE](delivery)
    return reading("the log of this channel's incident; the file is shared in its thread")


def _resolve(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    if len(typed.rest) > 1:
        raise Refused("words", "Which incident? Type `/rollback resolve`, or `/rollback resolve I-1`.")
    named = typed.rest[0].upper() if typed.rest else ""
    return reading(f"who may resolve {commands.incidents.resolve(delivery, named)}")


def _deployments(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    if commands.runbook.vercel is None:
        rule = "The runbook has no [vercel], so there are no deployments to list."
        raise Refused("no_vercel", f"{rule} Nothing was changed.")
    look = commands.questions.get("deployments")
    if look is None:
        return _later(commands, typed, delivery)
    look(delivery)
    return reading("the production deployments")


def _stop(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    stream = _request(typed)
    commands.changes.click(Kind.STOP_CLICKED, stream, delivery)
    return reading(f"who may stop {stream}")


def _undo(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    stream, words = _request(typed), f"/rollback {typed.text}"
    made = commands.changes.undo(stream, delivery, reason=typed.reason, words=words)
    return reading(f"production for {made}, the undo of {stream}")


def _request(typed: Typed) -> str:
    """The one request that a command is about. Raises Refused where it names none, or more."""
    if len(typed.rest) != 1:
        raise Refused("words", f"Which request? Type `/rollback {typed.first.keyword} R-1`.")
    return typed.rest[0].upper()


def _status(commands: Commands, _: Typed, delivery: Delivery) -> Picture:
    requests = commands.changes.open_and_newest()
    is_asked = last_rollback(requests) is not None and _is_asked(commands, "pinned", delivery)
    if may_be_stopped(requests):
        _is_asked(commands, "writes", delivery)
    open_now = incident_lines(commands.incidents.open_and_newest(), commands.link_in)
    return status(requests, commands.link, commands.runbook, is_asked=is_asked, incidents=open_now)


def _is_asked(commands: Commands, question: str, delivery: Delivery) -> bool:
    """Have it looked at, beside an answer that is complete without; False where that isn't to be had now."""
    look = commands.questions.get(question)
    try:
        if look:
            look(delivery)
    except Refused:  # it is being looked at for somebody else
        return False
    return look is not None


def _help(commands: Commands, _: Typed, __: Delivery) -> Picture:
    words = [word for word in WORDS if word != "deployments" or word in commands.questions]
    return help_text(commands.runbook, {*commands.actions, *commands.questions}, words)


def _contacts(commands: Commands, _: Typed, __: Delivery) -> Picture:
    return whom_to_call(commands.runbook)


def _later(_: Commands, typed: Typed, __: Delivery) -> Picture:
    word = typed.first.keyword
    raise Refused("not_in_this_version", f"`/rollback {word}` is not in this version. Nothing was changed.")


def _nearest(commands: Commands, word: str) -> str:
    known = [*_ANSWERS, *(scenario.name for scenario in commands.runbook.scenarios)]
    near = difflib.get_close_matches(word, known, 1, 0.5)
    hint = f" Did you mean `/rollback {near[0]}`?" if near else " `/rollback help` lists the commands."
    return f"I don't know `{shown(word)}`.{hint} Nothing was changed."


_ANSWERS: dict[str, Answer] = {
    "vercel": _vercel,
    "stop": _stop,
    "undo": _undo,
    "verify": _verify,
    "deployments": _deployments,
    "status": _status,
    "timeline": _timeline,
    "contacts": _contacts,
    "resolve": _resolve,
    "help": _help,
}
