"""The way that a reminder goes: where the bot would send it, else what a person does instead; in words."""

from dataclasses import dataclass

from bot.core.communication import INTERNAL, STATUS_PAGE, on_the_page, recipients_of, says_it_is_over
from bot.core.incident import Incident, Reminder
from bot.core.incident_policy import is_ended_by_hand
from bot.core.runbook import Runbook
from bot.messages.wording import count, escape


@dataclass(frozen=True)
class Ways:
    """The ways out of Slack that the bot has: then a draft has a button that sends it."""

    has_status_page: bool
    has_mail: bool


@dataclass(frozen=True)
class Way:
    """How its button is called, and what that does. No address is in it, only how many there are."""

    label: str
    does: str


def way_of(reminder: Reminder, incident: Incident, runbook: Runbook, ways: Ways) -> Way | None:
    """As `Ways.send` of bot/sending.py chooses; None = the bot has none."""
    recipients = recipients_of(incident, runbook, reminder.key)
    if recipients and ways.has_mail:
        return Way("Send it", f"mails this to {count(len(recipients), 'recipient')} named in the runbook")
    is_page = reminder.audience.casefold() == STATUS_PAGE and not is_ended_by_hand(incident, reminder)
    if not (is_page and ways.has_status_page):
        return None
    return Way("Post it", f"publishes this on the status page{_there(reminder, incident, runbook)}")


def _there(reminder: Reminder, incident: Incident, runbook: Runbook) -> str:
    """What that does to the incident that the bot opened there."""
    if not (reminder.reference or on_the_page(incident)):
        return ""
    is_over = says_it_is_over(incident, runbook, reminder.key)
    return ", and closes the incident there" if is_over else ", as an update of the incident there"


def by_hand(reminder: Reminder, incident: Incident, runbook: Runbook) -> str:
    """What a person does where the bot has no way, as mrkdwn."""
    recipients, internal = recipients_of(incident, runbook, reminder.key), runbook.communications.internal_channel
    if recipients:
        return f"Mail this to {count(len(recipients), 'recipient')} named in the runbook."
    if reminder.audience.casefold() == STATUS_PAGE:
        return f"Post this on the status page{', and end the incident there' if incident.is_final else ''}."
    if reminder.audience.casefold() == INTERNAL and internal:
        if incident.is_final and incident.is_down:
            return f"Post this in <#{escape(internal)}> when it is true."
        return (
            f"The bot could not see its notice arrive in <#{escape(internal)}>. Look there; post it if it is missing."
        )
    return "Tell them, in these words or your own."


def where_to_look(reminder: Reminder) -> str:
    """Where a person finds out whether it was sent, as mrkdwn."""
    if reminder.reference.startswith("<"):
        return f"Look in the sender's or a recipient's mailbox for the Message-ID `{escape(reminder.reference)}`."
    return "Look at the status page."
