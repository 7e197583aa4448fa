"""The form behind a bare /rollback, sent off: it is the command that it stands for, and takes the same way."""

import json
from dataclasses import replace
from typing import Any

from slack_bolt import Ack

from bot.messages.form import REASON, RESTORE, TARGET, WHAT
from handlers import dbrestore, rollback
from handlers.commands import Commands
from handlers.deliveries import of_interaction
from handlers.words import read


def submitted(ack: Ack, body: dict[str, Any], *, commands: Commands) -> None:
    """Ask for what was chosen, in the channel that the form was opened from; then close it."""
    values = body["view"]["state"]["values"]
    command, _, words = values[WHAT][WHAT]["selected_option"]["value"].partition(" ")
    target, reason = (values[block][block].get("value") or "" for block in (TARGET, REASON))
    typed = read(" ".join(part for part in (words, target, f"because {reason}" if reason.strip() else "") if part))
    delivery = replace(of_interaction(body), channel=json.loads(body["view"]["private_metadata"])["channel"])
    answer = dbrestore.restore if command == RESTORE else rollback.answer
    picture = answer(commands, typed, delivery)
    ack()
    commands.forms.answer(picture, delivery)
