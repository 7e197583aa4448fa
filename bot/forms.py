"""The forms that commands open: where commands work, while the trigger lives; and how who sent one is answered."""

import logging

from bot.adapters.slack import Content, Slack
from bot.changes import Delivery
from bot.core.errors import BotError, Refused
from bot.core.runbook import Runbook
from bot.eligibility import Eligibility
from bot.messages.picture import Block, Picture

_logger = logging.getLogger(__name__)


class Forms:
    """Nothing of a form is in the log before it is sent: opened, it has asked for nothing."""

    def __init__(self, *, slack: Slack, runbook: Runbook) -> None:
        self._slack, self._eligibility = slack, Eligibility(slack, runbook)

    def open(self, view: Block, delivery: Delivery) -> None:
        """Show a form to who typed; the delivery's id is its trigger.

        Raises Refused where commands don't work in the channel, and where Slack doesn't say, or doesn't open it.
        """
        try:
            refusal = self._eligibility.refusal_of_place(delivery.team, delivery.channel)
            if refusal is None:
                self._slack.open_view(delivery.id, view)
        except BotError as error:
            _logger.warning("forms.not_opened reason=%s", error.text)
            way = "Type the command instead: `/rollback help` lists them. Nothing was changed."
            raise Refused("no_form", f"I could not see the form open. {error.text} {way}") from None
        if refusal:
            raise refusal

    def answer(self, picture: Picture, delivery: Delivery) -> None:
        """Tell who sent a form, privately, in the channel that it was opened from; the request is safe without."""
        try:
            self._slack.whisper(delivery.channel, delivery.person, Content(picture.text, picture.blocks, key=""))
        except BotError as error:
            _logger.warning("forms.not_told reason=%s", error.text)
