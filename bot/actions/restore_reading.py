"""How production is read for restores before anything is written, and what is no longer as planned.

Always one consistent, read-only look, one at a time, within a minute.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from bot.adapters.postgres.casting import count_lost
from bot.adapters.postgres.catalog import Server, find_backups, read_server, read_table
from bot.adapters.postgres.comparison import checksum
from bot.adapters.postgres.pair import Pair
from bot.adapters.postgres.session import ConnectionLostError, Session, SqlError, connected
from bot.core.backup import Backup
from bot.core.counts import refusal_of_loss
from bot.core.errors import Refused, Unavailable
from bot.core.restore import LiveDeployment, RestoreFacts, drift, fingerprint
from bot.core.runbook.tables import Database
from bot.core.secret import Secret
from bot.core.table import Name, Table, refusal_of_backup, refusal_of_table

READ_SECONDS = 55.0  # of the minute that a plan may take
BUSY_AGAIN = timedelta(seconds=1)
TOO_SLOW, NO_RIGHT, NO_OPERATOR = "57014", "42501", "42883"
UNCHANGED = "Nothing was changed."


class RestoreReading:
    """Reads for restores; `live` says what production serves, or None where that can't be told."""

    def __init__(
        self,
        url: Secret,
        database: Database,
        *,
        clock: Callable[[], datetime],
        live: Callable[[], LiveDeployment | None],
    ) -> None:
        self._url, self.database, self.clock, self.live = url, database, clock, live
        self.tables = {table.name: table for table in database.tables}
        self._one_at_a_time = threading.Lock()

    def drift(self, facts: RestoreFacts) -> str:
        """What is no longer as the plan saw it, as a sentence; "" = nothing. Raises Refused or Unavailable."""
        with self.look("recheck") as session:
            self.writable(session)
            prints, sums = {}, {}
            for table in facts.tables:
                live, backup = read_table(session, table.live), read_table(session, table.copy)
                if live and backup:
                    prints[table.name] = fingerprint(live, backup)
                    sums[table.name] = checksum(session, table.copy)
            return drift(facts, prints, sums)

    @contextmanager
    def look(self, purpose: str) -> Iterator[Session]:
        """One consistent look at the database; Unavailable while another one is under way."""
        if not self._one_at_a_time.acquire(blocking=False):
            raise Unavailable("The database is being read for another plan.", retry_at=self.clock() + BUSY_AGAIN)
        began = time.monotonic()
        try:
            with (
                connected(self._url, f"rollback-bot {purpose}") as session,
                session.within(READ_SECONDS),
                session.reading(READ_SECONDS),
            ):
                yield session
        except ConnectionLostError as error:
            if time.monotonic() - began >= READ_SECONDS:
                raise _refused(SqlError(TOO_SLOW)) from None
            text = f"The connection to the production database broke ({error}); nothing was changed."
            raise Unavailable(text) from None
        except SqlError as error:
            raise _refused(error) from None
        finally:
            self._one_at_a_time.release()

    def writable(self, session: Session) -> Server:
        """What one is connected to. Raises Refused where the bot can't keep its copies there, or can't write at all."""
        server = read_server(session, self.database.quarantine_schema)
        demand(_refusal_of_server(server, self.database.quarantine_schema))
        return server

    def find(self, session: Session, name: str) -> list[Backup]:
        """The backups of a table, newest first."""
        schemas = (self.database.schema, self.database.quarantine_schema)
        return find_backups(session, name, schemas, self.database.backup, self.clock())

    def restorable(self, session: Session, name: str) -> Table:
        """A table of the runbook as the catalog has it. Raises Refused where its rows can't be restored in place."""
        return restorable(session, Name(self.database.schema, name), self.tables[name].sticky)

    def pair(self, live: Table, backup: Table) -> Pair:
        """A table and its backup with the runbook's words for them."""
        words = self.tables[live.name.name]
        return Pair(live, backup, words.sticky, words.reinsert_deleted, words.recent)


def refusal_of_pair(session: Session, pair: Pair) -> Refused | None:
    """Why the backup can't be put into the table, if so; `pair` is with its casts. Raises SqlError."""
    if refusal := refusal_of_backup(pair.live, pair.backup, {cast.column for cast in pair.casts}):
        return refusal
    types = {cast.column: (cast.source, cast.target) for cast in pair.casts}
    return refusal_of_loss(pair.live.name, count_lost(session, pair), types)


def restorable(session: Session, where: Name, sticky: Sequence[str]) -> Table:
    """A table as the catalog has it. Raises Refused where its rows can't be restored in place."""
    live = read_table(session, where)
    if live is None:
        raise Refused("no_table", f"Table {where} does not exist. Nothing was changed.")
    demand(refusal_of_table(live))
    missing = [column for column in sticky if not live.column(column)]
    if missing:
        text = f"The runbook's sticky columns {', '.join(missing)} are not in {where}. Without them a restore would"
        raise Refused("sticky", f"{text} bring used rows back to life. Mend the runbook. Nothing was changed.")
    return live


def _refusal_of_server(server: Server, schema: str) -> Refused | None:
    if server.is_replica:
        return Refused("replica", "DATABASE_URL leads to a read-only replica (pg_is_in_recovery() is true).")
    if server.is_read_only:
        full = "Supabase does this when the disk is full"
        text = f"The database is in read-only mode (default_transaction_read_only is on; {full})."
        return Refused("read_only", text)
    if server.skips_foreign_keys:
        text = "In the bot's sessions session_replication_role is replica, so PostgreSQL would look at no foreign key."
        return Refused(
            "foreign_keys", f"{text} Take it out of DATABASE_URL, or RESET it for the role and the database."
        )
    if not (server.owns_schema if server.has_schema else server.may_make_schema):
        line = f"CREATE SCHEMA {schema} AUTHORIZATION {server.role}"
        text = f"The bot's role may not keep its copies: whoever owns the database runs `{line};` once."
        return Refused("quarantine", text)
    return None


def _refused(error: SqlError) -> Refused:
    told = {
        TOO_SLOW: f"Reading the tables took longer than {READ_SECONDS:g} s.",
        NO_OPERATOR: "A key has a type that PostgreSQL itself can't compare; that is not in this version.",
        NO_RIGHT: "The bot's role may not read what it has to: its rights are in docs/database.md.",
    }
    text = told.get(error.state, f"PostgreSQL refused a reading ({error}).")
    return Refused("database", f"{text} Nothing was changed.")


def demand(refusal: Refused | None) -> None:
    """Raise a rule's no as the person who asked reads it."""
    if refusal:
        raise Refused(refusal.rule, f"{refusal.text} {UNCHANGED}")
