"""What a restore reads of production before anything is written: the plan's facts and its drift.

Always one consistent, read-only look, one at a time, within a minute.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from bot.adapters.postgres.backing_up import read_manifest
from bot.adapters.postgres.catalog import Server, find_backups, read_holders, read_server, read_table
from bot.adapters.postgres.comparison import Pair, checksum, count_rows
from bot.adapters.postgres.session import ConnectionLostError, Session, SqlError, connected
from bot.core.backup import Backup, choose
from bot.core.backup_set import refusal_of_changed
from bot.core.errors import Refused, Unavailable
from bot.core.restore import (
    Counts,
    LiveDeployment,
    RestoreFacts,
    TableRestore,
    drift,
    estimate,
    fingerprint,
    refusal_of_block,
    refusal_of_rows,
)
from bot.core.runbook.tables import Database
from bot.core.secret import Secret
from bot.core.table import Name, Table, parents_first, refusal_of_backup, refusal_of_table

READ_SECONDS = 55.0  # of the minute that a plan may take
BUSY_AGAIN = timedelta(seconds=1)
TOO_SLOW, NO_RIGHT, NO_OPERATOR = "57014", "42501", "42883"
UNCHANGED = "Nothing was changed."
LONGEST_NAME = 38  # bytes of a table's name in that of its quarantine


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
        self._url, self._database, self._clock, self._live = url, database, clock, live
        self.tables = {table.name: table for table in database.tables}
        self._one_at_a_time = threading.Lock()

    def plan(self, names: Sequence[str], named_backup: str, *, accepts_long_block: bool) -> RestoreFacts:
        """The facts of a restore of these tables of the runbook. Raises Refused or Unavailable."""
        with self.look("plan") as session:
            server = self.writable(session)
            found = {name: self.find(session, name) for name in names}
            lives = [self.restorable(session, name) for name in names]
            chosen = choose(found, named=named_backup, now=self._clock(), oldest=self._database.max_backup_age)
            pairs = [self._pair(session, live, chosen[live.name.name]) for live in parents_first(lives)]
            tables, seconds = self._compare(session, pairs, chosen)
            holders = read_holders(session, [pair.live.name for pair in pairs])
            trip = min(_seconds(session) for _ in range(3))
        block = estimate(seconds, [table.update + table.insert for table in tables], trip)
        rows = max(table.live_rows for table in tables)
        limit = self._database.write_block_limit
        _demand(refusal_of_block(block, limit, rows, is_accepted=accepts_long_block))
        return RestoreFacts(
            database=server.database,
            tables=tables,
            sessions=holders,
            live_deployment=self._live(),
            quarantine_schema=self._database.quarantine_schema,
            makes_schema=not server.has_schema,
            publishes_copies=server.publishes_everything,
            estimate_seconds=block,
            limit_seconds=limit.total_seconds(),
        )

    def drift(self, facts: RestoreFacts) -> str:
        """What is no longer as the plan saw it, as a sentence; "" = nothing. Raises Refused or Unavailable."""
        with self.look("recheck") as session:
            _demand(_refusal_of_server(read_server(session, facts.quarantine_schema), facts.quarantine_schema))
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
            raise Unavailable("The database is being read for another plan.", retry_at=self._clock() + BUSY_AGAIN)
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
        server = read_server(session, self._database.quarantine_schema)
        _demand(_refusal_of_server(server, self._database.quarantine_schema))
        return server

    def find(self, session: Session, name: str) -> list[Backup]:
        """The backups of a table, newest first."""
        schemas = (self._database.schema, self._database.quarantine_schema)
        return find_backups(session, name, schemas, self._database.backup, self._clock())

    def restorable(self, session: Session, name: str) -> Table:
        """A table of the runbook as the catalog has it. Raises Refused where its rows can't be restored in place."""
        where = Name(self._database.schema, name)
        live = read_table(session, where)
        if live is None:
            raise Refused("no_table", f"Table {where} does not exist. Nothing was changed.")
        _demand(refusal_of_table(live))
        missing = [column for column in self.tables[name].sticky if not live.column(column)]
        if missing:
            text = f"The runbook's sticky columns {', '.join(missing)} are not in {where}. Without them a restore would"
            raise Refused("sticky", f"{text} bring used rows back to life. Mend the runbook. Nothing was changed.")
        return live

    def _pair(self, session: Session, live: Table, chosen: Backup) -> Pair:
        backup = read_table(session, chosen.name)
        if backup is None:
            raise Refused("no_backup", f"Backup {chosen.name} is gone. Nothing was changed.")
        _demand(refusal_of_backup(live, backup))
        return replace(self.pair(live, backup), made_before=chosen.made_by)

    def pair(self, live: Table, backup: Table) -> Pair:
        """A table and its backup with the runbook's words for them."""
        words = self.tables[live.name.name]
        return Pair(live, backup, words.sticky, words.reinsert_deleted, words.recent)

    def _compare(
        self, session: Session, pairs: Sequence[Pair], chosen: Mapping[str, Backup]
    ) -> tuple[tuple[TableRestore, ...], float]:
        """Every table's facts, and the seconds that comparing them took."""
        parents = {pair.live.name: pair for pair in pairs}
        mark = f"{self._clock():%Y%m%d_%H%M%S}_{secrets.token_hex(2)}"
        tables: list[TableRestore] = []
        seconds = 0.0
        for pair in pairs:
            began = time.monotonic()
            counts = count_rows(session, pair, parents)
            seconds += time.monotonic() - began
            _demand(refusal_of_rows(pair.live, pair.backup.name, counts, pair.columns))
            date, rows = chosen[pair.live.name.name].date, checksum(session, pair.backup.name)
            _demand(refusal_of_changed(pair.backup.name, rows, read_manifest(session, pair.backup.name)))
            tables.append(_facts(pair, counts, date, rows, f"{mark}_{len(tables) + 1}"))
        return tuple(tables), seconds


def _facts(pair: Pair, counts: Counts, date: str, backup_checksum: str, mark: str) -> TableRestore:
    live, backup = pair.live, pair.backup
    columns = tuple(column.name for column in pair.columns)
    return TableRestore(
        name=live.name.name,
        schema=live.name.schema,
        backup_schema=backup.name.schema,
        backup=backup.name.name,
        backup_date=date,
        backup_rows=counts.backup_rows,
        backup_checksum=backup_checksum,
        backup_writers=backup.writers,
        live_rows=counts.live_rows,
        fingerprint=fingerprint(live, backup),
        columns=columns,
        live_only=tuple(column.name for column in live.own_columns if column.name not in columns),
        sticky=pair.sticky,
        reinserts=pair.reinserts,
        recent=pair.recent,
        waiting=tuple(str(name) for name in live.referenced_by),
        stale_views=tuple(str(name) for name in live.stale_views),
        update=counts.update,
        insert=counts.insert,
        keep=counts.keep,
        left_deleted=counts.left_deleted,
        orphans=counts.orphans,
        undone=counts.undone,
        quarantine=f"{_cut(live.name.name)}_{mark}",
    )


def _cut(name: str) -> str:
    """As much of a table's name as leaves room for the rest in PostgreSQL's 63 bytes."""
    return name.encode()[:LONGEST_NAME].decode(errors="ignore")


def _refusal_of_server(server: Server, schema: str) -> Refused | None:
    if server.is_replica:
        return Refused("replica", "DATABASE_URL leads to a read-only replica (pg_is_in_recovery() is true).")
    if server.is_read_only:
        full = "Supabase does this when the disk is full"
        text = f"The database is in read-only mode (default_transaction_read_only is on; {full})."
        return Refused("read_only", text)
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


def _seconds(session: Session) -> float:
    """How long the shortest statement takes: the way there and back."""
    began = time.monotonic()
    session.row("SELECT 1")
    return time.monotonic() - began


def _demand(refusal: Refused | None) -> None:
    """Raise a rule's no as the person who asked reads it."""
    if refusal:
        raise Refused(refusal.rule, f"{refusal.text} {UNCHANGED}")
