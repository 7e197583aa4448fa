"""The one transaction that takes a backup set: every table as one snapshot shows it, into tables of the bot's own.

Nothing that is there is changed, and nobody who reads or writes rows waits: of the tables no more than a reader's lock
is held. What each backup held when it was taken is written into the comment on it, for a later restore to compare.
"""

import time

from psycopg.sql import SQL, Composed, Literal

from bot.adapters.postgres import ledger
from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.comparison import checksum
from bot.adapters.postgres.session import Session, SqlError, identifier
from bot.core.backup_set import LONGEST_SECONDS, BackupSet, Manifest, TableBackup, manifest_in
from bot.core.errors import Drifted, StepFailed
from bot.core.plan import Facts
from bot.core.restore import session_of
from bot.core.table import Name, Table, refusal_to_copy

BUSY_SECONDS = 2.0  # for another set, or for somebody who looks whether one was committed
_SIZE = """
SELECT coalesce(sum(pg_table_size(t.relid)), 0)::bigint
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT c.oid AS relid UNION SELECT p.relid FROM pg_partition_tree(c.oid) AS p) AS t
WHERE n.nspname = %s AND c.relname = %s
"""
_NAMES = "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s"
_COMMENT = """
SELECT obj_description(c.oid, 'pg_class')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s
"""


class BackingUp:
    """A set being taken on a session of its own. The steps are to be taken in the order in which they stand here.

    Each raises SqlError, Drifted where a table can't be copied as planned, StepFailed where it can't go on.
    """

    def __init__(self, session: Session, taken: BackupSet, op_id: str) -> None:
        self._session, self._set, self._op_id = session, taken, op_id
        self._began = time.monotonic()
        self._taken_at = ""
        self._manifests: dict[str, Manifest] = {}

    def begin(self) -> Facts | None:
        """Open the transaction and claim the operation; its report, where it was committed before."""
        session = self._session
        # Not READ WRITE: that would overrule a full disk's read-only.
        session.run("BEGIN ISOLATION LEVEL REPEATABLE READ")
        # Before the snapshot, which the first query takes: to an older one a table that is emptied or rewritten by
        # somebody's TRUNCATE or ALTER TABLE would look empty, and would be copied so.
        session.run(SQL("SET LOCAL lock_timeout = {}").format(Literal(f"{BUSY_SECONDS:g}s")))
        names = SQL(", ").join([identifier(table.live) for table in self._set.tables])
        session.run(SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))
        session.settle(statement_timeout=f"{LONGEST_SECONDS:g}s", application_name=session_of(self._op_id))
        ledger.make_durable(session)
        try:
            hold_sets(session, self._set.schema, seconds=BUSY_SECONDS)
        except SqlError as error:
            if error.state != "55P03":
                raise
            raise StepFailed("Another backup set is being taken in this database. Nothing was changed.") from None
        self._taken_at = session.row("SELECT transaction_timestamp()")[0].isoformat()
        return ledger.claim(session, self._set.schema, self._op_id)

    def copy(self) -> None:
        """Copy the rows of every table, and say of each copy what it holds."""
        for table in self._set.tables:
            self._copy(table)

    def close(self) -> Facts:
        """Write the report into the ledger; what is left is COMMIT. The report."""
        backups = {name: one.rows for name, one in self._manifests.items()}
        facts: Facts = {"taken_at": self._taken_at, "backups": backups, "seconds": round(self._seconds, 3)}
        self._limit()
        ledger.report(self._session, self._set.schema, self._op_id, facts)
        return facts

    def commit(self) -> None:
        """Make it so. After ConnectionLostError only the ledger tells whether it is."""
        self._session.commit()

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _limit(self) -> None:
        """Let the next statement last until the whole set has taken as long as it may, and no longer."""
        left = LONGEST_SECONDS - self._seconds
        if left <= 0:
            raise StepFailed(f"It took longer than {LONGEST_SECONDS:g} s. Everything was rolled back.")
        self._session.limit("statement_timeout", left)

    def _copy(self, table: TableBackup) -> None:
        self._limit()
        live, copy = read_table(self._session, table.live), self._set.copy_of(table)
        refusal = refusal_to_copy(live) if live else None
        if live is None or refusal:
            raise Drifted(refusal.text if refusal else f"{table.live} is no longer there.")
        self._session.run(SQL("CREATE TABLE {} AS SELECT * FROM {}").format(identifier(copy), _rows_of(live)))
        self._limit()
        summed, backup = checksum(self._session, copy), read_table(self._session, copy)
        rows, _, _ = summed.partition(":")
        columns = tuple((column.name, column.type) for column in backup.columns) if backup else ()
        manifest = Manifest(self._op_id, str(table.live), self._taken_at, int(rows), summed, columns)
        ledger.keep_apart(self._session, copy, manifest.as_comment())
        self._manifests[table.copy] = manifest


def hold_sets(session: Session, schema: str, *, seconds: float) -> None:
    """Take the one lock of backup sets in this database until the transaction ends; SqlError 55P03 after `seconds`.

    It is not the restores' lock: a restore goes on while a set is taken, and the set shows all of it or nothing.
    """
    ledger.lock(session, f"{schema}/backup sets", seconds=seconds)


def read_manifest(session: Session, name: Name) -> Manifest | None:
    """What a backup says of itself; None where it is not one of the bot's. Raises SqlError."""
    comments = [comment for (comment,) in session.rows(_COMMENT, *name) if comment]
    return manifest_in(comments[0]) if comments else None


def read_size(session: Session, table: Table) -> tuple[int, int]:
    """A table's rows, and their bytes without indexes; of all partitions, where it has any. Raises SqlError."""
    rows = int(session.row(SQL("SELECT count(*) FROM {}").format(_rows_of(table)))[0])
    return rows, int(session.row(_SIZE, *table.name)[0])


def read_names(session: Session, schema: str) -> tuple[str, ...]:
    """The names that relations of a schema have. Raises SqlError."""
    return tuple(str(name) for (name,) in session.rows(_NAMES, schema))


def _rows_of(table: Table) -> Composed:
    """What a query reads them from: a partitioned table has none of its own."""
    return SQL("{}{}").format(SQL("" if table.kind == "p" else "ONLY "), identifier(table.name))
