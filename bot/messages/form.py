"""The form behind a bare `/rollback`: what it offers, by what people see. Every offer stands for a command as typed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.core.runbook import Runbook
from bot.core.runbook.tables import Scenario
from bot.messages.blocks import sections
from bot.messages.picture import Block
from bot.messages.private import works
from bot.messages.views import input_block, lines_input, modal, plain_text
from bot.messages.wording import count, escape, plain

FORM = "rollback_form"  # the callback_id
ROLLBACK, RESTORE = "/rollback", "/dbrestore"
WHAT, TARGET, REASON = "what", "target", "reason"  # each names an input, and its element
LONGEST_REASON, LONGEST_TARGET = 1000, 1000
_RADIO, _MOST = 10, 60  # options: Slack takes 10 radio buttons; of more than 60 nobody chooses in a hurry
_OPTION, _VALUE = 75, 150  # characters of an option's texts, and of its value
_TITLE, _SYMPTOMS = 100, 300
_TARGET_HINT = (
    "For Vercel: left empty, the deployment before; else a commit, dpl_… or https://…. "
    "For tables: their names or `all`, then `from <backup or date>` if it is not to be the newest."
)


@dataclass(frozen=True)
class Offer:
    """A command as it is typed, and how the form calls what it does."""

    command: str
    label: str
    note: str


def offers(runbook: Runbook, actions: Collection[str]) -> tuple[Offer, ...]:
    """What the form offers where these actions work: what the runbook's scenarios do, and the two plain ones."""
    vercel, database = runbook.vercel, runbook.database
    plain_ones: list[Offer] = []
    if vercel and "rollback_deployment" in actions:
        plain_ones.append(Offer(f"{ROLLBACK} vercel", "Only roll back Vercel", f"risk {vercel.risk}"))
    if database and database.tables and "restore_tables" in actions:
        risk = f"risk {database.risk}; of all tables critical"
        plain_ones.append(Offer(RESTORE, "Only restore tables from a backup", risk))
    found = [
        one for scenario in runbook.scenarios if works(scenario, actions) for one in of_scenario(scenario, actions)
    ]
    takes = [one for one in found if len(one.command) <= _VALUE]
    return (*takes[: _MOST - len(plain_ones)], *plain_ones)


def of_scenario(scenario: Scenario, actions: Collection[str]) -> tuple[Offer, ...]:
    """The scenario as it is typed alone, and with each of its choices that these actions can do."""
    command = f"{ROLLBACK} {scenario.name}"
    note = "only looks, needs no approval" if scenario.is_read_only else f"risk {scenario.risk}"
    named = [ask.action for ask in scenario.choices if ask.action in actions]
    further = (Offer(f"{command} {one}", _with(scenario.title, one.replace("_", " ")), note) for one in named)
    return (Offer(command, plain(scenario.title, _OPTION), note), *further)


def rollback_form(runbook: Runbook, offered: Sequence[Offer], channel: str, reason: str) -> Block:
    """The modal for who asks in `channel`, with what was typed as the reason."""
    where = f"What you send is asked in <#{escape(channel)}>, as if you had typed it there."
    lines = [f"{where} Nothing is changed without the approval of others.", *_symptoms(runbook, offered)]
    return modal(
        FORM,
        {"channel": channel},
        title="Roll back",
        submit="Ask",
        blocks=[*sections(lines), _what(offered), _target(), _reason(reason)],
    )


def _symptoms(runbook: Runbook, offered: Sequence[Offer]) -> list[str]:
    """Each scenario that is offered, by what people see of it."""
    commands = {one.command for one in offered}
    shown = [one for one in runbook.scenarios if f"{ROLLBACK} {one.name}" in commands]
    lines = [": ".join([f"*{escape(one.title, _TITLE)}*", *_seen(one)]) for one in shown]
    left = len(runbook.scenarios) - len(shown)
    more = f"The runbook has {count(left, 'scenario')} more, not in this form: `/rollback help` says which work."
    return [*(["*What do you see?*"] if shown else []), *lines, *([more] if left else [])]


def _seen(scenario: Scenario) -> list[str]:
    return [escape("; ".join(scenario.symptoms), _SYMPTOMS)] if scenario.symptoms else []


def _what(offered: Sequence[Offer]) -> Block:
    kind = "radio_buttons" if len(offered) <= _RADIO else "static_select"
    element = {"type": kind, "action_id": WHAT, "options": [_option(one) for one in offered]}
    return input_block(WHAT, "What shall be done?", "The command that each stands for is under its name.", element)


def _option(offer: Offer) -> Block:
    note = plain(f"{offer.command} · {offer.note}", _OPTION)
    return {"text": plain_text(plain(offer.label, _OPTION)), "value": offer.command, "description": plain_text(note)}


def _target() -> Block:
    element = {"type": "plain_text_input", "action_id": TARGET, "max_length": LONGEST_TARGET}
    return {**input_block(TARGET, "Target, where one is needed", _TARGET_HINT, element), "optional": True}


def _reason(typed: str) -> Block:
    element = lines_input(REASON, LONGEST_REASON)
    told = {"initial_value": typed[:LONGEST_REASON]} if typed else {}
    asked = input_block(REASON, "Why?", "It stands on the card, and goes into the incident's timeline.", element | told)
    return {**asked, "optional": True}


def _with(title: str, choice: str) -> str:
    """The title with a choice that is never cut off."""
    return f"{plain(title, _OPTION - len(choice) - 2)}: {choice}"
