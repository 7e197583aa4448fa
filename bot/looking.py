"""What can be looked at in production without changing it, by the word that asks for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from bot.actions import Action
from bot.actions.back_up_tables import BackUpTables
from bot.actions.backup_listing import list_backups
from bot.actions.deployment_listing import list_deployments
from bot.actions.inspect_failed_deployment import INSPECT, inspect_failed_deployment
from bot.actions.purge_quarantine import PurgeQuarantine
from bot.actions.restore_tables import RestoreTables
from bot.actions.rollback_deployment import RollbackDeployment
from bot.actions.stop_writes import StopWrites
from bot.actions.writes_reading import WritesReading
from bot.adapters.vercel import Vercel
from bot.changes import Changes, Delivery
from bot.checking import Checking
from bot.core.deployment import label
from bot.core.errors import BotError
from bot.core.pin import Pin, last_rollback, pin_seen
from bot.core.restore import ACTION
from bot.core.runbook.tables import Database
from bot.core.writes import stopped_writes
from bot.incidents import Incidents
from bot.logs import secrets_of
from bot.messages import pin
from bot.messages.backup_set import proposal
from bot.messages.backups import backups
from bot.messages.build_failure import build_failure
from bot.messages.deployments import deployments
from bot.messages.picture import Picture
from bot.messages.private import no_rollback
from bot.messages.quarantine import with_quarantine
from bot.messages.verification import verification
from bot.messages.writes import writes_seen, writes_unseen
from bot.readings import Readings
from bot.settings import Settings
from bot.timelines import Timelines

WRITES = "writes"  # asked by /rollback status where the log knows of a stop or a resume of writes
PINNED = "pinned"  # asked by /rollback status where the log knows of a rollback that may still pin production
VERIFY, TIMELINE = "verify", "timeline"
APART = {VERIFY: timedelta(minutes=1)}  # between two readings
Look: TypeAlias = Callable[[Delivery], None]


def looks(
    settings: Settings,
    actions: Mapping[str, Action],
    *,
    readings: Readings,
    changes: Changes,
    clock: Callable[[], datetime],
) -> dict[str, Look]:
    """Each begins to read, and tells later."""
    database, secrets = settings.runbook.database, secrets_of(settings)
    found: dict[str, Look] = {}
    restore, rollback = actions.get(ACTION), actions.get(RollbackDeployment.name)
    back_up, stop = actions.get(BackUpTables.name), actions.get(StopWrites.name)
    if database and isinstance(restore, RestoreTables):
        found["backups"] = partial(readings.ask, "backups", read=_backups(restore, actions, database, changes, clock))
    if isinstance(back_up, BackUpTables):
        measure = back_up.measure
        found["backup"] = partial(readings.ask, "backup", read=lambda: proposal(measure()), for_approvers=True)
    if isinstance(stop, StopWrites):
        look = partial(look_at_writes, stop.reading, changes)
        found[WRITES] = partial(readings.ask, "whether writes are stopped", read=look)
    if isinstance(rollback, RollbackDeployment):
        found |= _of_vercel(rollback.vercel, readings, changes, secrets, clock)
    return found


def _backups(
    restore: RestoreTables,
    actions: Mapping[str, Action],
    database: Database,
    changes: Changes,
    clock: Callable[[], datetime],
) -> Callable[[], Picture]:
    """The backups, and what operations keep beside them."""

    def look() -> Picture:
        seen = backups(list_backups(restore.reading), clock(), database.max_backup_age)
        purging = actions.get(PurgeQuarantine.name)
        if not isinstance(purging, PurgeQuarantine):
            return seen
        kept = purging.kept()
        runs = changes.runs_of([one.op_id for one in kept])
        known = [replace(one, run=runs.get(one.op_id, "")) for one in kept]
        return with_quarantine(seen, known, clock(), database.quarantine_keep)

    return look


def _of_vercel(
    vercel: Vercel, readings: Readings, changes: Changes, secrets: Sequence[str], clock: Callable[[], datetime]
) -> dict[str, Look]:
    def inspect(delivery: Delivery) -> None:
        def look() -> Picture:
            return build_failure(inspect_failed_deployment(vercel, secrets), delivery.person)

        readings.ask("the failed build", delivery, look, in_channel=True)

    return {
        INSPECT: inspect,
        PINNED: partial(readings.ask, "the pin of the rollback", read=partial(look_at_pin, vercel, changes)),
        "deployments": partial(
            readings.ask, "deployments", read=lambda: deployments(list_deployments(vercel), clock())
        ),
    }


def looks_of_incidents(
    readings: Readings, incidents: Incidents, *, checking: Checking, timelines: Timelines
) -> dict[str, Look]:
    """The same of what belongs to an incident; what is verified may open one."""

    def verify(delivery: Delivery) -> None:
        def look() -> Picture:
            results = checking.everything()
            return verification(results, delivery.person, incidents.note_verification(delivery, results))

        readings.ask(VERIFY, delivery, look, in_channel=True)

    def share(delivery: Delivery) -> None:
        readings.ask(TIMELINE, delivery, lambda: timelines.share(incidents.newest_in(delivery.channel)))

    return {VERIFY: verify, TIMELINE: share}


def look_at_writes(reading: WritesReading, changes: Changes) -> Picture:
    """Which tables refuse writes in the database; what the log took for stopped and isn't is written down.

    What an open request is about to change, or has just changed, is left to that request to tell.
    """
    requests = changes.open_and_newest()
    held = {target for request in requests if not request.is_final for target in request.targets}
    try:
        seen = reading.stopped_now()
    except BotError as error:
        return writes_unseen(error.text)
    known = [name for stopped in stopped_writes(requests) for name in stopped.tables]
    unknown = [name for name in seen if name not in known and f"writes:{name}" not in held]
    resumed = []
    for stopped in stopped_writes(requests):
        if gone := [name for name in stopped.tables if name not in seen and f"writes:{name}" not in held]:
            changes.note_resumed(stopped.request.id, gone)
            resumed += gone
    return writes_seen(seen, resumed, unknown)


def look_at_pin(vercel: Vercel, changes: Changes) -> Picture:
    """Whether the log's last rollback still pins production; a promote that is seen is written down."""
    last = last_rollback(changes.open_and_newest())
    if last is None:
        return no_rollback()
    try:
        seen = pin_seen(last.facts, vercel.read_project(last.facts.project_id))
        live = label(vercel.read_deployment(seen.deployment).deployment) if seen.deployment else "nothing"
    except BotError as error:
        return pin.unseen(last, error.text)
    if seen.pin is Pin.ENDED:
        changes.note_promote(last.request.id, live)
    return pin.pin(last, seen, live)
