"""A log in which many incidents are open, each in a channel of its own, every message of theirs posted.

They were opened one after the other, so that what is due half an hour later comes one after the other, too.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.adapters.log_sqlite import SqliteLog
from bot.core.event import Draft
from bot.core.incident import Happened, Incident
from bot.core.incident_due import brought
from bot.core.runbook import Runbook
from bot.journal import INCIDENTS, Journal
from bot.messages.incident_thread import messages_of
from bot.messages.picture import Place
from bot.messages.ways import Ways
from bot.settings import load_settings
from tests.simulator.slack_people import BOT_USER, Channel, default_people
from tests.world import ANA, World

NO_WAYS = Ways(has_status_page=False, has_mail=False)
BEFORE = timedelta(minutes=29)  # what was due until then has been said


class Writing:
    """The log and its clock, which shows what is written when."""

    def __init__(self, world: World) -> None:
        settings = load_settings(world.env)
        self.world, self.runbook, self.now = world, settings.runbook, datetime.now(UTC)
        self.log = SqliteLog(settings.state_path, lambda: self.now)
        self.journal = Journal(self.log, INCIDENTS)

    def incident(self, number: int, at: datetime) -> int:
        """Write one that was opened then, up to `BEFORE`; how many events it has."""
        channel, self.now = f"C_INC{number}", at
        self.world.slack.channels[channel] = Channel(channel, f"inc-{number}", set(default_people()))
        opened = Draft(Happened.INCIDENT_OPENED, {"team": "T_MAIN", "channel": channel, "request": ""}, ANA)
        incident = self.journal.read(self.journal.begin(opened))
        for moment in (at, at + BEFORE):
            self.now = moment
            incident = self._brought(incident)
        return self.journal.record(incident, *self._posted(incident, self.runbook)).seq

    def _brought(self, incident: Incident) -> Incident:
        """What time brought by now, the bot's own notice at once."""
        while drafts := brought(incident, self.runbook, {}, self.now):
            incident = self.journal.record(incident, *drafts)
            own = [one for one in incident.reminders.values() if one.is_own and one.is_open]
            done = [Draft(Happened.REMINDER_DONE, {"reminder": one.key}) for one in own]
            incident = self.journal.record(incident, *done)
        return incident

    def _posted(self, incident: Incident, runbook: Runbook) -> Iterator[Draft]:
        """The messages in Slack as they are to be seen, and the events that say so."""
        root: dict[str, Any] = {}
        for message in messages_of(incident, runbook, NO_WAYS):
            content = {"text": message.picture.text, "blocks": list(message.picture.blocks)}
            place = {} if message.place is Place.CHANNEL else root
            channel = message.channel or incident.channel
            ts = self.world.slack.state.post(channel, BOT_USER, {**content, **place})["ts"]
            root = root or {"thread_ts": ts}
            yield Draft(Happened.POSTING_BEGUN, {"key": message.name})
            yield Draft(Happened.MESSAGE_POSTED, {"key": message.name, "ts": ts, "digest": message.picture.digest})


def write_incidents(world: World, number: int, first: datetime, over: timedelta) -> int:
    """Write `number` incidents, the first opened at `first`, the others evenly `over` that time; how many events."""
    writing = Writing(world)
    events = sum(writing.incident(at, first + over * at / number) for at in range(number))
    writing.log.close()
    return events
