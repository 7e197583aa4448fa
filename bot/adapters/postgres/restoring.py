"""The one transaction that writes: hold still what was approved, keep it aside, write the differences, prove them.

Nothing is dropped, renamed or truncated, and readers never wait. Nobody else sees any of it before COMMIT; whatever
fails before COMMIT is sent has changed nothing. Why this order: docs/adr/0006 and 0009.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.sql import SQL, Identifier

from bot.adapters.postgres import ledger
from bot.adapters.postgres.candidates import complete, read_snapshot, stage
from bot.adapters.postgres.casting import with_casts
from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.collateral import count_collateral
from bot.adapters.postgres.comparison import checksum, difference, rows_of, tally
from bot.adapters.postgres.holding import LADDER_SECONDS, LOCKED_OUT, give_way, hold_from_writers
from bot.adapters.postgres.pair import Pair, paired, whole
from bot.adapters.postgres.session import Session, SqlError, identifier
from bot.adapters.postgres.writing import Write, make_change_set, move_forward, write_differences
from bot.core.counts import Counts, grown, refusal_of_collateral, refusal_of_rows
from bot.core.errors import Drifted, StepFailed
from bot.core.plan import Facts
from bot.core.restore import WHOLE_ROWS, RestoreFacts, TableRestore, drift, fingerprint, session_of
from bot.core.table import Name

HELD_LOCK_SECONDS = 0.7  # for what a foreign key has to look at while the tables are held
BUSY_SECONDS = 2.0  # for another restore, or for somebody who looks whether one was committed
STATEMENT_SECONDS = 60.0  # before the tables are held
ANALYZE_SECONDS = 10.0
# Functions that checks and indexes call find what they name without a schema; our own statements name everything.
WRITING = {"search_path": "pg_catalog, public, extensions, pg_temp"}
_PATH = "SELECT set_config('search_path', %s, true)"
# The rows to write are few, and the tables were read a moment before: looking them up by an index is what is fast.
_CACHED = {"random_page_cost": "1.1"}


@dataclass(frozen=True)
class Done:
    """What was done to one table, in rows."""

    updated: int
    inserted: int
    deleted: int
    left_out: int
    kept: int
    rows: int
    quarantine: str
    changes: str


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
        self._candidates = {table.live: Name("pg_temp", f"candidates_{n}") for n, table in enumerate(facts.tables)}
        self._differences = {table.live: Name("pg_temp", f"difference_{n}") for n, table in enumerate(facts.tables)}
        self._done: dict[str, Done] = {}
        self._attempts = 0
        self._held_since = 0.0
        self._snapshot = ""

    def begin(self) -> Facts | None:
        """Open the transaction and claim the operation; its report, where it was committed before."""
        session, schema = self._session, self._facts.quarantine_schema
        session.run(
            "BEGIN ISOLATION LEVEL READ COMMITTED"
        )  # not READ WRITE: that would overrule a full disk's read-only
        # Said once more: a pooler may have given its own name at the connection.
        name = session_of(self._op_id)
        session.settle(statement_timeout=f"{STATEMENT_SECONDS:g}s", application_name=name, **_CACHED)
        ledger.make_durable(session)
        try:
            ledger.lock(session, schema, seconds=BUSY_SECONDS)
        except SqlError as error:
            if error.state not in LOCKED_OUT:
                raise
            raise StepFailed("Another restore is running in this database.") from None
        return ledger.claim(session, schema, self._op_id)

    def prepare(self) -> None:
        """Hold the backups and every definition, see that they are as approved, and find what may differ.

        Nobody who reads or writes rows of the tables waits for any of it.
        """
        session, tables = self._session, self._facts.tables
        for table in tables:
            session.run(SQL("LOCK TABLE {} IN SHARE MODE").format(identifier(table.copy)))
        checksums = {table.name: checksum(session, table.copy) for table in tables}
        give_way(session, self._children_first)
        self._pairs = {table.live: self._pair(table) for table in tables}
        fingerprints = {pair.live.name.name: fingerprint(pair.live, pair.backup) for pair in self._pairs.values()}
        if found := drift(self._facts, fingerprints, checksums):
            raise Drifted(found)
        for table in tables:
            changes = Name(self._facts.quarantine_schema, table.changes)
            make_change_set(session, self._pairs[table.live].live, changes)
            comment = f"What operation {self._op_id} did to rows of {table.live}, and how they were before."
            ledger.keep_apart(session, changes, comment)
        self._snapshot = read_snapshot(session)
        for name, pair in self._pairs.items():
            stage(session, pair, self._pairs, self._candidates[name])

    def hold(self) -> None:
        """Hold the tables against writers."""
        names = [one.name for table in self._children_first for one in self._pairs[table].live.relations]
        self._attempts = hold_from_writers(self._session, names, self._ladder)
        self._held_since = time.monotonic()
        self._session.limit("lock_timeout", HELD_LOCK_SECONDS)

    def copy(self) -> None:
        """Copy every row as it is now into tables that only their owner can read, where that was planned."""
        for table in self._facts.tables:
            if not table.quarantine:
                continue
            self._limit()
            aside = Name(self._facts.quarantine_schema, table.quarantine)
            rows = whole(self._pairs[table.live].live)
            self._session.run(SQL("CREATE TABLE {} AS SELECT * FROM {}").format(identifier(aside), rows))
            ledger.keep_apart(self._session, aside, f"Rows of {table.live} before operation {self._op_id} restored it.")

    def write(self) -> None:
        """Write the differences, with the owner's triggers off and every foreign key on."""
        session, counts = self._session, self._compare()
        self._refuse_collateral(counts)
        self._switch_triggers(on=False)
        session.run("SET CONSTRAINTS ALL DEFERRED")
        writes = [self._write_of(table) for table in self._facts.tables]
        session.rows(_PATH, WRITING["search_path"])  # not before: whether a regclass names its schema depends on it
        self._limit()
        for table, written in zip(self._facts.tables, write_differences(session, writes), strict=True):
            planned = counts[table.live]
            if (written.updated, written.inserted, written.deleted) != (planned.update, planned.insert, planned.delete):
                text = f"Of {table.live}, {written.updated} rows were changed, {written.inserted} inserted and"
                more = f"{written.deleted} deleted; {planned.update}, {planned.insert} and {planned.delete} were to be."
                raise StepFailed(f"{text} {more} Everything was rolled back.")
            self._done[table.name] = _done(table, planned)
        self._limit()
        session.run("SET CONSTRAINTS ALL IMMEDIATE")
        self._switch_triggers(on=True)
        for pair in self._pairs.values():
            for counter in pair.live.sequences:
                move_forward(session, pair.live, counter)

    def verify(self) -> None:
        """Compare once more: nothing may differ but what was left out, and no definition.

        A table too large to be compared as a whole while writers wait is compared in what was looked at, and counted.
        """
        for table in self._facts.tables:
            pair, done = self._pairs[table.live], self._done[table.name]
            self._limit()
            listed = {} if table.live_rows <= WHOLE_ROWS else {table.live: identifier(self._candidates[table.live])}
            source = SQL("({})").format(difference(pair, {}, listed))
            counts = tally(self._session, pair, source, rows_of(self._session, table.live), (0, 0, 0))
            left = counts.update + counts.insert + counts.delete
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

    @property
    def _children_first(self) -> list[Name]:
        return [table.live for table in reversed(self._facts.tables)]

    def _report(self) -> Facts:
        tables = {name: dict(vars(done)) for name, done in self._done.items()}
        held = round(time.monotonic() - self._held_since, 3)
        ours = str(self._session.row("SELECT pg_current_xact_id()::xid::text")[0])
        known: Facts = {"tables": tables, "held_seconds": held, "attempts": self._attempts}
        return {**known, "snapshot": self._snapshot, "transaction": ours}

    def _limit(self) -> None:
        """Let the next statement last until the tables were held for as long as was accepted, and no longer."""
        left = self._facts.longest_seconds - (time.monotonic() - self._held_since)
        if left <= 0:
            raise StepFailed(f"The tables were held for {self._facts.longest_seconds:g} s. Everything was rolled back.")
        self._session.limit("statement_timeout", left)

    def _pair(self, table: TableRestore) -> Pair:
        live, backup = read_table(self._session, table.live), read_table(self._session, table.copy)
        if live is None or backup is None:
            raise Drifted(f"{table.live} or its backup is no longer there.")
        return with_casts(self._session, paired(table, self._facts.mode, live, backup))

    def _write_of(self, table: TableRestore) -> Write:
        changes = Name(self._facts.quarantine_schema, table.changes)
        return Write(self._pairs[table.live], self._differences[table.live], changes)

    def _compare(self) -> dict[Name, Counts]:
        """What is to be written to each table, kept in its difference; it must not be much more than was approved."""
        session, rows, found = self._session, dict[Name, int](), dict[Name, Counts]()
        for table in self._facts.tables:
            self._limit()
            pair, candidates = self._pairs[table.live], self._candidates[table.live]
            rows[table.live] = complete(session, pair, candidates, self._snapshot, table.backup_rows)
        listed = {name: identifier(candidates) for name, candidates in self._candidates.items()}
        for table in self._facts.tables:
            pair, kept = self._pairs[table.live], self._differences[table.live]
            self._limit()
            made = SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS {}")
            session.run(made.format(Identifier(kept.name), difference(pair, self._pairs, listed)))
            session.run(SQL("ANALYZE {}").format(identifier(kept)))
            counts = tally(session, pair, identifier(kept), rows[table.live], (table.backup_rows, 0, 0))
            if refusal := refusal_of_rows(pair.live, table.copy, counts, pair.columns, mode=pair.mode):
                raise Drifted(refusal.text)
            if more := grown(table, counts):
                raise Drifted(more)
            found[table.live] = counts
        return found

    def _refuse_collateral(self, counts: dict[Name, Counts]) -> None:
        if not any(one.delete for one in counts.values()):
            return
        self._limit()
        kept = {name: SQL("SELECT * FROM {}").format(identifier(one)) for name, one in self._differences.items()}
        if refusal := refusal_of_collateral(count_collateral(self._session, self._pairs, kept)):
            raise Drifted(refusal.text)

    def _switch_triggers(self, *, on: bool) -> None:
        """Each by its name and back into its own state: DISABLE TRIGGER USER forgets which were off (measured)."""
        for one in (one for pair in self._pairs.values() for one in pair.live.relations):
            switches = [
                SQL("{} TRIGGER {}").format(
                    SQL("DISABLE" if not on else "ENABLE ALWAYS" if trigger.is_always else "ENABLE"),
                    Identifier(trigger.name),
                )
                for trigger in one.triggers
            ]
            if switches:
                self._session.run(SQL("ALTER TABLE ONLY {} {}").format(identifier(one.name), SQL(", ").join(switches)))


def _done(table: TableRestore, counts: Counts) -> Done:
    return Done(
        updated=counts.update,
        inserted=counts.insert,
        deleted=counts.delete,
        left_out=sum(counts.orphans.values()),
        kept=counts.keep,
        rows=counts.live_rows + counts.insert - counts.delete,
        quarantine=table.quarantine,
        changes=table.changes,
    )


def analyze(session: Session, names: Sequence[Name]) -> None:
    """Let the planner know the new rows; on tables by name, as without one it floods a log with warnings."""
    for name in names:
        session.run("BEGIN")
        session.settle(statement_timeout=f"{ANALYZE_SECONDS:g}s")
        session.run(SQL("ANALYZE {}").format(identifier(name)))
        session.run("COMMIT")
