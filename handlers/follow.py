"""What follows a request: planning an ended one again, and asking for what a watch proposes."""

from typing import Any

from slack_bolt import Ack

from bot.changes import Changes
from handlers.deliveries import about, of_interaction


def plan_again_clicked(ack: Ack, body: dict[str, Any], *, changes: Changes) -> None:
    """Ask anew for what ended; whoever presses is the new request's requester."""
    changes.plan_again(about(body)[0], of_interaction(body))
    ack()


def propose_clicked(ack: Ack, body: dict[str, Any], *, changes: Changes) -> None:
    """Ask for what a watch proposes; whoever presses is the new request's requester."""
    changes.propose(about(body)[0], of_interaction(body))
    ack()
