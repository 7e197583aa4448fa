"""What stopping and resuming writes read of production: the tables that are meant, the plan's facts and its drift.

A resume that names no table is one of every table that is stopped, in the runbook or not.
"""

from collections.abc import Sequence

from bot.actions.restore_reading import UNCHANGED, RestoreReading
from bot.adapters.postgres.catalog import read_holders, read_table
from bot.adapters.postgres.session import Session
from bot.adapters.postgres.stopping import find_drift, find_stopped, find_subscriptions, read_trigger, refusal_of
from bot.core.errors import Refused
from bot.core.plan import Facts
from bot.core.runbook.steps import ALL
from bot.core.runbook.tables import Database
from bot.core.table import Name
from bot.core.writes import STOP, TableWrites, WritesFacts


class WritesReading:
    """Reads for stops and resumes, by the looks of restores: one at a time, within a minute."""

    def __init__(self, database: Database, reading: RestoreReading) -> None:
        self._database, self._reading = database, reading

    def targets(self, params: Facts) -> tuple[str, ...]:
        """Writes to a table are a target of their own: a restore of it may be open at the same time."""
        return tuple(f"writes:{name}" for name in self.tables(params) or self.tables({"tables": [ALL]}))

    def tables(self, params: Facts) -> tuple[Name, ...]:
        """The tables of the runbook that `params["tables"]` names, where `all` is all of them; () = none is named."""
        known = [table.name for table in self._database.tables]
        asked = params.get("tables")
        names = [str(name) for name in asked] if isinstance(asked, Sequence) and not isinstance(asked, str) else []
        names = known if names == [ALL] and ALL not in known else list(dict.fromkeys(names))
        if unknown := [name[:60] for name in names if name not in known]:
            text = f"{', '.join(unknown)}: writes are stopped to tables of the runbook only: {', '.join(known)}."
            raise Refused("unknown_table", f"{text} {UNCHANGED}")
        return tuple(Name(self._database.schema, name) for name in names)

    def plan(self, action: str, names: Sequence[Name]) -> WritesFacts:
        """The facts of a stop or a resume; without `names`, of whatever is stopped. Raises Refused or Unavailable."""
        with self._reading.look("plan") as session:
            server = self._reading.writable(session)
            wanted = tuple(names) or find_stopped(session)
            if not wanted:
                raise Refused("not_stopped", f"The bot has stopped writes to no table of this database. {UNCHANGED}")
            tables = tuple(_planned(session, action, name) for name in wanted)
            holders = read_holders(session, wanted) if action == STOP else ()
            subscriptions = find_subscriptions(session, tables) if action == STOP else ()
        return WritesFacts(
            action=action,
            database=server.database,
            tables=tables,
            sessions=holders,
            quarantine_schema=self._database.quarantine_schema,
            makes_schema=not server.has_schema,
            subscriptions=subscriptions,
        )

    def drift(self, facts: WritesFacts) -> str:
        """What is no longer as the plan saw it, or refuses it now, as a sentence; "" = nothing. Raises Unavailable."""
        try:
            with self._reading.look("recheck") as session:
                self._reading.writable(session)
                return find_drift(session, facts)
        except Refused as refusal:
            return refusal.text

    def stopped_now(self) -> tuple[str, ...]:
        """The tables that the bot stops writes to, as the database has it. Raises Refused or Unavailable."""
        with self._reading.look("writes") as session:
            return tuple(str(name) for name in find_stopped(session))


def _planned(session: Session, action: str, name: Name) -> TableWrites:
    table, seen = read_table(session, name), read_trigger(session, name)
    if table is None or seen is None:
        raise Refused("no_table", f"Table {name} does not exist. {UNCHANGED}")
    _demand(refusal_of(action, table, seen))
    return TableWrites(name.schema, name.name, seen.oid, seen.is_on)


def _demand(refusal: Refused | None) -> None:
    if refusal:
        raise Refused(refusal.rule, f"{refusal.text} {UNCHANGED}")
