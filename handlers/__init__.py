"""Slack's edge: every trigger and the function that answers it.

A handler parses, makes one call on a verb and answers. What arrived is in the log before it is acknowledged.
"""

import re
from collections.abc import Callable
from functools import partial

from slack_bolt import App

from bot.changes import Changes
from bot.core.change import Kind
from bot.core.incident import Verb
from bot.homes import Homes
from bot.messages.form import FORM
from bot.messages.watch import PROPOSE
from handlers import dbrestore, decide, errors, follow, form, home, incident, rollback
from handlers.commands import Commands

COMMANDS = {"/rollback": rollback.command, "/dbrestore": dbrestore.command}
BUTTONS: dict[str, Callable[..., None]] = {
    "approve": partial(decide.clicked, kind=Kind.APPROVAL_CLICKED),
    "deny": decide.deny_clicked,
    "withdraw": partial(decide.clicked, kind=Kind.WITHDRAWAL_CLICKED),
    "stop": partial(decide.clicked, kind=Kind.STOP_CLICKED),
    "look_again": partial(decide.clicked, kind=Kind.LOOK_AGAIN_CLICKED),
    "it_happened": partial(decide.clicked, kind=Kind.IT_HAPPENED_CLICKED),
    "it_did_not": partial(decide.clicked, kind=Kind.IT_DID_NOT_CLICKED),
    "take_backup": dbrestore.take_backup_clicked,
    "plan_again": follow.plan_again_clicked,
    PROPOSE: follow.propose_clicked,
}
VIEWS = {"denial": decide.denial_submitted}
INCIDENT_BUTTONS: dict[Verb, Callable[..., None]] = {
    **{verb: partial(incident.pressed, verb=verb) for verb in Verb},
    Verb.NOT_NEEDED: incident.not_needed_pressed,
    Verb.DOWN_SINCE: incident.down_since_pressed,
}
COMMAND_VIEWS = {FORM: form.submitted}
EVENTS = {"app_home_opened": home.opened}
INCIDENT_VIEWS = {Verb.NOT_NEEDED: incident.not_needed_submitted, Verb.DOWN_SINCE: incident.down_since_submitted}


def register(app: App, *, changes: Changes, commands: Commands, homes: Homes) -> None:
    """Bind every trigger to its function."""
    for name, answer in COMMANDS.items():
        app.command(name)(partial(answer, commands=commands))
    for action_id, answer_click in BUTTONS.items():
        app.action(action_id)(partial(answer_click, changes=changes))
    for callback_id, answer_view in VIEWS.items():
        app.view(callback_id)(partial(answer_view, changes=changes))
    for callback_id, answer_sent in COMMAND_VIEWS.items():
        app.view(callback_id)(partial(answer_sent, commands=commands))
    for event, answer_event in EVENTS.items():
        app.event(event)(partial(answer_event, homes=homes))
    for verb, answer_press in INCIDENT_BUTTONS.items():  # a message may have several of one: each has its number
        app.action(re.compile(rf"^incident_{verb}(_\d+)?$"))(partial(answer_press, incidents=commands.incidents))
    for verb, answer_form in INCIDENT_VIEWS.items():
        app.view(f"incident_{verb}")(partial(answer_form, incidents=commands.incidents))
    app.error(errors.tell)
