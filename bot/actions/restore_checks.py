"""What production shows of a restore that was committed: the ledger, what is kept apart, and the rows there are now."""

from collections.abc import Iterator, Mapping

from bot.adapters.postgres import ledger
from bot.adapters.postgres.candidates import count_settled
from bot.adapters.postgres.casting import with_casts
from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.comparison import rows_of
from bot.adapters.postgres.pair import Pair, paired
from bot.adapters.postgres.session import Session, SqlError
from bot.core.checks import CheckResult, Verdict
from bot.core.plan import Facts
from bot.core.restore import WHOLE_ROWS, Mode, RestoreFacts, TableRestore
from bot.core.table import Name

COMMITTED, COPIED, COMPARED = "Restore committed", "Old rows copied aside", "Rows as restored"
COMPARE_SECONDS = 45.0
_TOO_SLOW = "57014"


def checks(session: Session, facts: RestoreFacts, op_id: str) -> Iterator[CheckResult]:
    """That the ledger has it and that what was before is kept apart (required); then the rows there are now.

    Tables too large to be compared as a whole before COMMIT are compared now (required, where it can be). Raises
    SqlError.
    """
    report = ledger.committed(session, facts.quarantine_schema, op_id)
    yield _committed(facts, report)
    yield _copied(session, facts)
    for table in facts.tables:
        yield _rows(table, rows_of(session, table.live))
    if report and "snapshot" in report and any(_is_large(facts, table) for table in facts.tables):
        yield _compared(session, facts, report)


def not_seen(seen: str) -> CheckResult:
    """The answer where the database can't be read."""
    return CheckResult(COMMITTED, Verdict.FAILED, required=True, expected="in the ledger", seen=seen)


def _is_large(facts: RestoreFacts, table: TableRestore) -> bool:
    """Whether it was compared before COMMIT only where it can have differed; an undo is of few rows."""
    return table.live_rows > WHOLE_ROWS and facts.mode is not Mode.UNDO


def _committed(facts: RestoreFacts, report: Facts | None) -> CheckResult:
    if report is None:
        return not_seen("not in the ledger")
    what = "no row that can have differed did" if any(_is_large(facts, t) for t in facts.tables) else "no row differed"
    seen = f"in the ledger; at COMMIT {what}, but what was left out"
    return CheckResult(COMMITTED, Verdict.PASSED, required=True, expected="in the ledger", seen=seen)


def _copied(session: Session, facts: RestoreFacts) -> CheckResult:
    copies = [read_table(session, name) for name in facts.kept]
    readers = sorted({role for copy in copies if copy for role in (*copy.readers, *copy.writers)})
    missing = sum(copy is None for copy in copies)
    seen = f"{len(copies) - missing} of {len(copies)} there"
    seen += f", and {', '.join(readers)} can read them" if readers else ", with no right for another role"
    verdict = Verdict.FAILED if missing or readers else Verdict.PASSED
    return CheckResult(COPIED, verdict, required=True, expected="there, with no right for another role", seen=seen)


def _rows(table: TableRestore, rows: int) -> CheckResult:
    """Not deciding: people may delete rows as soon as the restore has ended."""
    planned = table.live_rows + table.insert - table.delete
    verdict = Verdict.PASSED if rows >= planned else Verdict.FAILED
    expected, seen = f"{planned:,} or more, as planned", f"{rows:,}"
    return CheckResult(f"Rows of {table.name}", verdict, required=False, expected=expected, seen=seen)


def _compared(session: Session, facts: RestoreFacts, report: Facts) -> CheckResult:
    """Every row that nobody has written since; the last reading, because what takes too long ends the look."""
    expected = "no row that nobody changed since is otherwise than in the backup"
    session.limit("statement_timeout", COMPARE_SECONDS)
    try:
        pairs = _pairs(session, facts)
        snapshot, ours = str(report["snapshot"]), str(report["transaction"])
        large = [pairs[table.live] for table in facts.tables if _is_large(facts, table) and table.live in pairs]
        rows = sum(count_settled(session, pair, pairs, snapshot, ours) for pair in large)
    except SqlError as error:
        if error.state != _TOO_SLOW:
            raise
        seen = f"not known: comparing took longer than {COMPARE_SECONDS:g} s"
        return CheckResult(COMPARED, Verdict.FAILED, required=False, expected=expected, seen=seen)
    verdict = Verdict.FAILED if rows else Verdict.PASSED
    return CheckResult(COMPARED, verdict, required=True, expected=expected, seen=f"{rows:,} otherwise")


def _pairs(session: Session, facts: RestoreFacts) -> Mapping[Name, Pair]:
    read = [(table, read_table(session, table.live), read_table(session, table.copy)) for table in facts.tables]
    pairs = [paired(table, facts.mode, live, backup) for table, live, backup in read if live and backup]
    return {pair.live.name: with_casts(session, pair) for pair in pairs}
