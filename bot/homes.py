"""The App Home is published when it is opened, from the log as it stands then, and at no other time.

Slack tells of every opening. Whoever leaves it open reads as of when it is; nothing is kept about who looks, and no
call to Slack is spent on pages that nobody sees while the threads need them.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.adapters.slack import Slack
from bot.changes import Changes
from bot.core.errors import BotError
from bot.core.incident import Incident
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.eligibility import Eligibility
from bot.incidents import Incidents
from bot.messages.home import Overview, closed_home, home
from bot.messages.picture import Block

RUNS = 10  # that are shown

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Homes:
    """Publishes; `link` gives the address of a request's card, and `link_in` that of an incident's message."""

    slack: Slack
    runbook: Runbook
    changes: Changes
    incidents: Incidents
    link: Callable[[ChangeRequest], str]
    link_in: Callable[[Incident, str], str]
    clock: Callable[[], datetime]

    def publish(self, person: str) -> None:
        """Show this person their home; where Slack can't say who they are, or doesn't take it, nothing is shown."""
        try:
            self.slack.publish_home(person, self._view(person))
        except BotError as error:
            _logger.warning("homes.not_published reason=%s", error.text)

    def _view(self, person: str) -> Block:
        refusal = Eligibility(self.slack, self.runbook).refusal_to_ask(person)
        if refusal:
            return closed_home()
        overview = Overview(
            at=self.clock(),
            requests=self.changes.open_and_newest(),
            runs=self.changes.last_runs(RUNS),
            incidents=self.incidents.open_and_newest(),
            link=self.link,
            link_in=self.link_in,
        )
        return home(person, overview, self.runbook)
