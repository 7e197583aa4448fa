"""What people press in an incident, and the two modals behind it. Who may do what is decided afterwards."""

from datetime import UTC, datetime
from typing import Any

from slack_bolt import Ack
from slack_sdk import WebClient

from bot.core.errors import Refused
from bot.core.incident import Verb, name_of_outage
from bot.incidents import Incidents
from bot.messages.views import down_since_view, not_needed_view
from handlers.deliveries import about_incident, incident_in, of_interaction


def pressed(ack: Ack, body: dict[str, Any], *, incidents: Incidents, verb: Verb) -> None:
    """Keep what was pressed, then acknowledge it."""
    stream, about = about_incident(body)
    incidents.press(verb, stream, about, of_interaction(body))
    ack()


def not_needed_pressed(ack: Ack, body: dict[str, Any], client: WebClient, *, incidents: Incidents) -> None:
    """Ask why: nothing is dropped before that is said."""
    stream, about = about_incident(body)
    incidents.incident(stream)
    ack()
    client.views_open(trigger_id=body["trigger_id"], view=not_needed_view(stream, about))


def not_needed_submitted(ack: Ack, body: dict[str, Any], *, incidents: Incidents) -> None:
    """Keep it with its reason, then close the modal."""
    stream, about = incident_in(body["view"]["private_metadata"])
    why = (body["view"]["state"]["values"]["reason"]["reason"].get("value") or "").strip()
    if not why:
        ack(response_action="errors", errors={"reason": "Say why: whoever reads the timeline has to know."})
        return
    incidents.press(Verb.NOT_NEEDED, stream, about, of_interaction(body), why=why)
    ack()


def down_since_pressed(ack: Ack, body: dict[str, Any], client: WebClient, *, incidents: Incidents) -> None:
    """Ask since when, beginning with what is known."""
    stream, _ = about_incident(body)
    outages = incidents.incident(stream).outages
    if not outages:
        text = f"The checks have seen no downtime in {stream}, so there is no beginning of it to correct."
        raise Refused("never_down", f"{text} Nothing was changed.")
    ack()
    view = down_since_view(stream, name_of_outage(outages), outages[-1].since)
    client.views_open(trigger_id=body["trigger_id"], view=view)


def down_since_submitted(ack: Ack, body: dict[str, Any], *, incidents: Incidents) -> None:
    """Keep the moment, then close the modal."""
    stream, about = incident_in(body["view"]["private_metadata"])
    chosen = body["view"]["state"]["values"]["at"]["at"].get("selected_date_time")
    if chosen is None:
        ack(response_action="errors", errors={"at": "Choose a day and a time."})
        return
    at = datetime.fromtimestamp(int(chosen), UTC)
    incidents.press(Verb.DOWN_SINCE, stream, about, of_interaction(body), at=at.isoformat())
    ack()
