"""The one transaction that writes: hold still what was approved, copy it aside, write the differences, prove them.

Nothing is deleted, dropped, renamed or truncated, and readers never wait. Nobody else sees any of it before COMMIT;
whatever fails before COMMIT is sent has changed nothing. Why this order: the design's table-restore page, section 4.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.sql import SQL, Identifier

from bot.adapters.postgres import ledger
from bot.adapters.postgres.catalog import read_holders, read_table
from bot.adapters.postgres.comparison import Pair, checksum, count_rows, difference, tally
from bot.adapters.postgres.session import Session, SqlError, identifier
from bot.adapters.postgres.writing import move_forward, write_differences
from bot.core.errors import Drifted, Refused, StepFailed
from bot.core.plan import Facts
from bot.core.restore import (
    Counts,
    Holder,
    RestoreFacts,
    TableRestore,
    drift,
    fingerprint,
    grown,
    refusal_of_rows,
    session_of,
)
from bot.core.table import Name, Table

LADDER_SECONDS = (0.2, 0.3, 0.5, 0.7, 1.0, 1.0, 1.5, 2.0)
FURTHER_TABLE_SECONDS = 0.3  # below deadlock_timeout: whoever waits behind us is let go before a deadlock is looked for
VACUUM_SECONDS = 2.0  # an autovacuum gives way to whoever waited for deadlock_timeout, a second
HELD_LOCK_SECONDS = 0.7  # for what a foreign key has to look at while the tables are held
LONGEST_PAUSE_SECONDS = 5.0
BUSY_SECONDS = 2.0  # for another restore, or for somebody who looks whether one was committed
STATEMENT_SECONDS = 60.0  # before the tables are held
ANALYZE_SECONDS = 10.0
# Functions that checks and indexes call find what they name without a schema; our own statements name everything.
WRITING = {"search_path": "pg_catalog, public, extensions, pg_temp"}
# A role may have it off; then a crash of the server could take back what was said to be committed.
_DURABLE = "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'"
_LOCKED_OUT = ("55P03", "40P01")  # lock_not_available, deadlock_detected


@dataclass(frozen=True)
class Done:
    """What was done to one table, in rows."""

    updated: int
    inserted: int
    left_out: int
    kept: int
    rows: int
    quarantine: str


class Restoration:
    """A restore on a session of its own. The steps are to be taken in the order in which they stand here.

    Each raises SqlError, Drifted where production is not as approved, StepFailed where it can't go on. `ladder` is the
    patience of each attempt to lock the first table, in seconds.
    """

    def __init__(
        self, session: Session, facts: RestoreFacts, op_id: str, ladder: Sequence[float] = LADDER_SECONDS
    ) -> None:
        self._session, self._facts, self._op_id, self._ladder = session, facts, op_id, ladder
        self._pairs: dict[Name, Pair] = {}
        self._done: dict[str, Done] = {}
        self._attempts = 0
        self._held_since = 0.0

    def begin(self) -> Facts | None:
        """Open the transaction and claim the operation; its report, where it was committed before."""
        session, schema = self._session, self._facts.quarantine_schema
        session.run(
            "BEGIN ISOLATION LEVEL READ COMMITTED"
        )  # not READ WRITE: that would overrule a full disk's read-only
        # Said once more: a pooler may have given its own name at the connection.
        name = session_of(self._op_id)
        session.settle(statement_timeout=f"{STATEMENT_SECONDS:g}s", application_name=name, **WRITING)
        session.rows(_DURABLE)
        try:
            ledger.lock(session, schema, seconds=BUSY_SECONDS)
        except SqlError as error:
            if error.state not in _LOCKED_OUT:
                raise
            raise StepFailed("Another restore is running in this database.") from None
        return ledger.claim(session, schema, self._op_id)

    def hold(self) -> None:
        """Hold the backups, then the tables, and see that they are as approved."""
        for table in self._facts.tables:
            self._session.run(SQL("LOCK TABLE {} IN SHARE MODE").format(identifier(table.copy)))
        checksums = {table.name: checksum(self._session, table.copy) for table in self._facts.tables}
        backups = {table.name: read_table(self._session, table.copy) for table in self._facts.tables}
        self._end_vacuums()
        while not self._lock_tables():
            pass
        self._held_since = time.monotonic()
        self._session.limit("lock_timeout", HELD_LOCK_SECONDS)
        self._pairs = {table.live: self._pair(table, backups[table.name]) for table in self._facts.tables}
        fingerprints = {pair.live.name.name: fingerprint(pair.live, pair.backup) for pair in self._pairs.values()}
        if found := drift(self._facts, fingerprints, checksums):
            raise Drifted(found)

    def copy(self) -> None:
        """Copy every row as it is now into quarantine tables that only their owner can read."""
        for table in self._facts.tables:
            self._limit()
            aside = Name(self._facts.quarantine_schema, table.quarantine)
            made = SQL("CREATE TABLE {} AS SELECT * FROM ONLY {}").format(identifier(aside), identifier(table.live))
            rows = self._session.run(made)
            comment = f"Rows of {table.live} before operation {self._op_id} restored it."
            ledger.keep_apart(self._session, aside, comment)
            self._done[table.name] = Done(0, 0, 0, 0, rows, table.quarantine)

    def write(self) -> None:
        """Write the differences, parents first, with the owner's triggers off and every foreign key on."""
        self._switch_triggers(on=False)
        self._session.run("SET CONSTRAINTS ALL DEFERRED")
        for number, table in enumerate(self._facts.tables):
            self._write_table(table, Name("pg_temp", f"difference_{number}"))
        self._limit()
        self._session.run("SET CONSTRAINTS ALL IMMEDIATE")
        self._switch_triggers(on=True)
        for pair in self._pairs.values():
            for counter in pair.live.sequences:
                move_forward(self._session, pair.live, counter)

    def verify(self) -> None:
        """Compare once more: nothing may differ but what was left out, and no definition."""
        for table in self._facts.tables:
            pair, done = self._pairs[table.live], self._done[table.name]
            self._limit()
            counts = count_rows(self._session, pair, {})
            left = counts.update + counts.insert
            if left or counts.live_rows != done.rows:
                text = f"{left} rows of {table.live} still differ from the backup, and it has {counts.live_rows} rows"
                raise StepFailed(f"{text} where {done.rows} were expected. Everything was rolled back.")
            if (now := read_table(self._session, table.live)) is None or now.fingerprint != pair.live.fingerprint:
                raise StepFailed(f"The definition of {table.live} has changed meanwhile. Everything was rolled back.")

    def close(self) -> Facts:
        """Write the report into the ledger; what is left is COMMIT. The report."""
        self._limit()
        facts = self._report()
        ledger.report(self._session, self._facts.quarantine_schema, self._op_id, facts)
        self._limit()
        return facts

    def commit(self) -> None:
        """Make it so. After ConnectionLostError only the ledger tells whether it is."""
        self._session.commit()

    def _report(self) -> Facts:
        tables = {name: dict(vars(done)) for name, done in self._done.items()}
        held = round(time.monotonic() - self._held_since, 3)
        return {"tables": tables, "held_seconds": held, "attempts": self._attempts}

    def _limit(self) -> None:
        """Let the next statement last until the tables were held for as long as was accepted, and no longer."""
        left = self._facts.longest_seconds - (time.monotonic() - self._held_since)
        if left <= 0:
            raise StepFailed(f"The tables were held for {self._facts.longest_seconds:g} s. Everything was rolled back.")
        self._session.limit("statement_timeout", left)

    def _lock_tables(self) -> bool:
        """One attempt, children before parents, as whoever writes takes them; False where it has to be tried again."""
        self._session.run("SAVEPOINT unlocked")
        try:
            self._attempt(self._ladder[self._attempts])
        except SqlError as error:
            if error.state not in _LOCKED_OUT:
                raise
            self._attempts += 1
            self._session.run("ROLLBACK TO SAVEPOINT unlocked")  # which lets go of what was locked since
            if self._attempts == len(self._ladder):
                raise StepFailed(self._locked_out()) from None
            longest = min(0.2 * 2**self._attempts, LONGEST_PAUSE_SECONDS)
            time.sleep(random.uniform(0.5, 1.5) * longest)  # noqa: S311  # so that two don't meet again
            return False
        self._attempts += 1
        return True

    def _end_vacuums(self) -> None:
        """Have autovacuum give way, and not come back, by a lock that no reader or writer of rows waits for."""
        self._session.limit("lock_timeout", VACUUM_SECONDS)
        try:
            for table in reversed(self._facts.tables):
                lock = SQL("LOCK TABLE ONLY {} IN SHARE UPDATE EXCLUSIVE MODE")
                self._session.run(lock.format(identifier(table.live)))
        except SqlError as error:
            if error.state not in _LOCKED_OUT:
                raise
            text = (
                "Maintenance of the tables is under way (VACUUM, ANALYZE, or an index that is being made), and did not"
            )
            raise StepFailed(f"{text} give way in {VACUUM_SECONDS:g} s. Everything was rolled back.") from None

    def _attempt(self, patience: float) -> None:
        for number, table in enumerate(reversed(self._facts.tables)):
            self._session.limit("lock_timeout", min(patience, FURTHER_TABLE_SECONDS) if number else patience)
            self._session.run(SQL("LOCK TABLE ONLY {} IN EXCLUSIVE MODE").format(identifier(table.live)))

    def _locked_out(self) -> str:
        holders = read_holders(self._session, [table.live for table in self._facts.tables])
        return f"The tables could not be locked in {self._attempts} attempts. {spell_holders(holders)}"

    def _pair(self, table: TableRestore, backup: Table | None) -> Pair:
        live = read_table(self._session, table.live)
        if live is None or backup is None:
            raise Drifted(f"{table.live} or its backup is no longer there.")
        return Pair(live, backup, table.sticky, table.reinserts, table.recent)

    def _write_table(self, table: TableRestore, differences: Name) -> None:
        """The parents of this restore are written already, so only the table itself may bring its own back."""
        pair, session, done = self._pairs[table.live], self._session, self._done[table.name]
        self._limit()
        session.run(
            SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS {}").format(Identifier(differences.name), difference(pair, {}))
        )
        counts = tally(session, pair, identifier(differences), done.rows, (table.backup_rows, 0, 0))
        self._refuse(table, pair, counts)
        self._limit()
        updated, inserted = write_differences(session, pair, differences)
        left_out = sum(counts.orphans.values())
        if (updated, inserted) != (counts.update, counts.insert):
            text = f"{updated} rows of {table.live} were changed and {inserted} inserted; {counts.update} and"
            raise StepFailed(f"{text} {counts.insert} were to be. Everything was rolled back.")
        rows = done.rows + inserted
        self._done[table.name] = Done(updated, inserted, left_out, counts.keep, rows, table.quarantine)

    def _refuse(self, table: TableRestore, pair: Pair, counts: Counts) -> None:
        refusal: Refused | None = refusal_of_rows(pair.live, table.copy, counts, pair.columns)
        if refusal:
            raise Drifted(refusal.text)
        if found := grown(table, counts.update, counts.insert):
            raise Drifted(found)

    def _switch_triggers(self, *, on: bool) -> None:
        """Each by its name and back into its own state: DISABLE TRIGGER USER forgets which were off (measured)."""
        for pair in self._pairs.values():
            switches = [
                SQL("{} TRIGGER {}").format(
                    SQL("DISABLE" if not on else "ENABLE ALWAYS" if trigger.is_always else "ENABLE"),
                    Identifier(trigger.name),
                )
                for trigger in pair.live.triggers
            ]
            if switches:
                table, all_ = identifier(pair.live.name), SQL(", ").join(switches)
                self._session.run(SQL("ALTER TABLE ONLY {} {}").format(table, all_))


def analyze(session: Session, names: Sequence[Name]) -> None:
    """Let the planner know the new rows; on tables by name, as without one it floods a log with warnings."""
    for name in names:
        session.run("BEGIN")
        session.settle(statement_timeout=f"{ANALYZE_SECONDS:g}s")
        session.run(SQL("ANALYZE {}").format(identifier(name)))
        session.run("COMMIT")


def spell_holders(holders: Sequence[Holder]) -> str:
    """Who holds a table, as a sentence; never what they asked."""
    if not holders:
        return "Nobody holds them now."
    who = [f"pid {h.pid} ({h.role}, {h.application or 'no name'}, {h.state}, since {h.since})" for h in holders[:5]]
    more = f" and {len(holders) - len(who)} more" if len(holders) > len(who) else ""
    return f"Held by {'; '.join(who)}{more}."
