"""Which rows can differ, found before the tables are held, so that only those are looked at while writers wait.

A row version that no candidate stands for is older than the snapshot that was compared, and was as in the backup there.
Nothing is trusted of that comparison but its keys: what is to be done is found anew, under the lock, for each of them.
"""

from psycopg import sql
from psycopg.sql import SQL, Identifier

from bot.adapters.postgres.comparison import difference, rows_of
from bot.adapters.postgres.pair import Pair, Parents, as_keys, cast_backup, found, key, keys, matching, whole
from bot.adapters.postgres.session import Session, identifier
from bot.core.restore import Mode
from bot.core.table import Name

# Whatever is newer than this, or not ended yet, can have written a row that a comparison made later doesn't see.
_SNAPSHOT = "SELECT pg_snapshot_xmin(pg_current_snapshot())::xid::text"


def read_snapshot(session: Session) -> str:
    """The oldest transaction that may still write, or has not ended yet; to be read before `stage`."""
    return str(session.row(_SNAPSHOT)[0])


def stage(session: Session, pair: Pair, parents: Parents, candidates: Name) -> None:
    """Keep the keys of what differs now, with what would be done, in a temporary table of that name."""
    source = difference(pair, parents)
    if pair.mode is Mode.UNDO:  # whoever writes meanwhile: an undo is of these keys and of no others
        listed = SQL("SELECT {}, ''::text AS op FROM {} AS b")
        source = listed.format(as_keys(pair, "b"), cast_backup(pair))
    statement = SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {}, op FROM ({}) AS s")
    session.run(statement.format(Identifier(candidates.name), keys(pair), source))


def complete(session: Session, pair: Pair, candidates: Name, snapshot: str, backup_rows: int) -> int:
    """Add the keys of what was written since the snapshot; the table is held, so nothing is written any more.

    How many rows the table has.
    """
    rows = rows_of(session, pair.live.name)
    if pair.mode is Mode.UNDO:
        return rows
    newer = SQL("INSERT INTO {} SELECT {}, 'R' FROM {} AS l WHERE age(l.xmin) <= age({}::xid)")
    since = sql.Literal(snapshot)  # as a parameter, no name could have a percent sign
    session.run(newer.format(identifier(candidates), as_keys(pair, "l"), whole(pair.live), since))
    if rows < _expected(session, pair, candidates, backup_rows):
        gone = SQL("INSERT INTO {} SELECT {}, 'G' FROM {} AS b WHERE NOT EXISTS (SELECT FROM {} AS l WHERE {})")
        live, backup = whole(pair.live), cast_backup(pair)
        match = matching(pair, "l", "b")
        session.run(gone.format(identifier(candidates), as_keys(pair, "b"), backup, live, match))
    session.run(SQL("ANALYZE {}").format(identifier(candidates)))
    return rows


def count_settled(session: Session, pair: Pair, parents: Parents, snapshot: str, ours: str) -> int:
    """How many rows differ now though nobody has written them since the transaction `ours` compared or wrote them.

    A transaction that had not ended by the snapshot may have written after ours, whatever its number.
    """
    query = SQL(
        "SELECT count(*) FROM ({}) AS d JOIN {} AS l ON {} WHERE d.op = 'U' AND NOT d.is_orphan"
        " AND (age(l.xmin) > age({}::xid) OR l.xmin = {}::xid)"
    )
    source, live = difference(pair, parents), whole(pair.live)
    since, own = sql.Literal(snapshot), sql.Literal(ours)
    return int(session.row(query.format(source, live, found(pair, "l", "d"), since, own))[0])


def _expected(session: Session, pair: Pair, candidates: Name, backup_rows: int) -> int:
    """How many rows there would be if none had been deleted since: those of then, and those that are new.

    Then there were the backup's rows without those that were missing, and those that the table alone had.
    """
    newer = SQL("{} AS r WHERE r.op = 'R' AND").format(identifier(candidates))
    was_staged = SQL("EXISTS (SELECT FROM {} AS s WHERE {} AND s.op {})")
    same = _same(pair, "r", "s")
    query = SQL(
        "SELECT {then} - (SELECT count(*) FILTER (WHERE op IN ('I', 'L')) - count(*) FILTER (WHERE op IN ('K', 'D'))"
        " FROM {candidates}) + (SELECT count(*) FROM {newer} {came_back})"
        " + (SELECT count(*) FROM {newer} NOT {staged} AND NOT EXISTS (SELECT FROM {backup} AS b WHERE {known}))"
    ).format(
        then=sql.Literal(backup_rows),
        candidates=identifier(candidates),
        newer=newer,
        came_back=was_staged.format(identifier(candidates), same, SQL("IN ('I', 'L')")),
        staged=was_staged.format(identifier(candidates), same, SQL("<> 'R'")),
        backup=cast_backup(pair),
        known=found(pair, "b", "r"),
    )
    return int(session.row(query)[0])


def _same(pair: Pair, one: str, other: str) -> sql.Composed:
    equal = [SQL("{} OPERATOR(pg_catalog.=) {}").format(key(n, one), key(n, other)) for n in range(len(pair.live.key))]
    return SQL(" AND ").join(equal)
