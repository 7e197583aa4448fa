"""What the production database does under load, read without adding to it: one connection, a few short looks.

Decided here: each part is a transaction of its own, so one that fails costs only itself. No table is opened, not even
for its size: where somebody waits to change a table, such a look would wait behind. Of the waiting at most 20 are asked
whom they wait for, because that holds PostgreSQL's list of locks for a moment.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import TypeAlias

from psycopg.sql import SQL, Identifier

from bot.adapters.postgres.session import ConnectionLostError, Row, Session, SqlError, connected
from bot.core.build_failure import redacted
from bot.core.errors import BotError
from bot.core.performance import (
    LARGE_BYTES,
    LARGE_ROWS,
    LONG_SECONDS,
    SCANS,
    STATEMENTS,
    TRANSACTIONS,
    WAITS,
    Reading,
    Scan,
    Statement,
    Transaction,
    Wait,
)
from bot.core.secret import Secret
from bot.core.statement_text import clamped, command, shown

APPLICATION = "rollback-bot watch"
STATEMENT_SECONDS, ALL_SECONDS = 5.0, 20.0
LEAST_CALLS = 5  # below that, a mean says little
_BY_MEAN, _BY_TOTAL, _BY_WINDOW, _COMPARED = 10, 12, 10, 100  # statements that are kept
# Some of them turn out to be other statements.
_FETCHED_BY_MEAN, _FETCHED_BY_TOTAL, _FETCHED_BY_WINDOW, _FETCHED_TEXT = 40, 240, 40, 4000
_SCANS, _INDEXES, _INDEX, _TABLE = 8, 6, 60, 100
_WAITS, _HOLDERS, _TRANSACTIONS, _SESSION_TEXT = 20, 5, 12, 120
_HIDDEN = "<insufficient privilege>"  # what PostgreSQL has in place of another role's statement
_ABORTED = "idle in transaction (aborted)"  # what it did last may not even be SQL

# Every text has the bot's name in it, by which its own statements are left out.
_EXTENSION = """/* rollback-bot */
SELECT n.nspname, quote_ident(n.nspname), quote_ident(current_user), has_schema_privilege(n.oid, 'USAGE'),
  EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'pg_stat_statements_info')
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'
"""
_COUNTED = SQL("""/* rollback-bot */
WITH counted AS MATERIALIZED (
  SELECT queryid, (array_agg(left(query, %s)))[1] AS query, sum(calls)::bigint AS calls, sum(total_exec_time) AS total
  FROM {} WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  GROUP BY queryid
), ranked AS (
  SELECT * FROM counted WHERE query ~* '^[(\\s]*(select|insert|update|delete|with|--|/[*])'
  AND query !~ 'rollback[-_]bot' AND query NOT LIKE 'SELECT set_config(name, value, %%'
  AND queryid IS NOT NULL AND calls > 0
)
(SELECT queryid::text, query, calls, total FROM ranked WHERE calls >= %s ORDER BY total / calls DESC LIMIT %s)
UNION ALL (SELECT queryid::text, query, calls, total FROM ranked ORDER BY total DESC LIMIT %s)
UNION ALL (
  SELECT queryid::text, query, calls, total FROM ranked
  LEFT JOIN unnest(%s::text[], %s::float8[]) AS first (key, total_then) ON key = queryid::text
  ORDER BY total - coalesce(total_then, %s) DESC LIMIT %s
)
UNION ALL SELECT '', '', 0, 0 FROM counted WHERE query = %s
""")
_COUNTED_SINCE = SQL("/* rollback-bot */ SELECT stats_reset FROM {}")
_SCANNED = """/* rollback-bot */
SELECT format('%%s.%%s', s.schemaname, s.relname), s.seq_scan, s.seq_tup_read, s.n_live_tup, held.bytes,
  ARRAY(
    SELECT format('%%s (%%s)%%s%%s', i.relname,
      (SELECT string_agg(a.attname, ', ' ORDER BY a.attnum)
       FROM pg_attribute a WHERE a.attrelid = i.oid AND a.attnum <= x.indnkeyatts),
      CASE WHEN x.indpred IS NOT NULL THEN ' of some rows' END, CASE WHEN NOT x.indisvalid THEN ' invalid' END)
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
    WHERE x.indrelid = s.relid ORDER BY x.indisprimary DESC, i.relname
  )
FROM pg_stat_user_tables s
CROSS JOIN LATERAL (
  SELECT c.relpages::bigint * current_setting('block_size')::bigint FROM pg_class c WHERE c.oid = s.relid
) AS held (bytes)
WHERE s.seq_scan > 0 AND (s.n_live_tup >= %s OR held.bytes >= %s)
ORDER BY s.seq_tup_read DESC, 1 LIMIT %s
"""
_SCANNED_SINCE = """/* rollback-bot */
SELECT current_setting('track_counts') = 'on', stats_reset FROM pg_stat_database WHERE datname = current_database()
"""
_WAITING = """/* rollback-bot */
WITH locks AS MATERIALIZED (SELECT pid, locktype, relation, granted, waitstart FROM pg_locks),
waiting AS (
  SELECT a.pid, a.usename, a.query, coalesce(extract(epoch FROM clock_timestamp() - min(l.waitstart)), 0) AS seconds,
    coalesce(min(l.relation),
      (SELECT min(h.relation) FROM locks h WHERE h.pid = a.pid AND h.locktype = 'tuple')) AS held
  FROM locks l JOIN pg_stat_activity a USING (pid)
  WHERE NOT l.granted AND a.datname = current_database() AND a.application_name NOT LIKE 'rollback-bot%%'
  GROUP BY a.pid, a.usename, a.query
  ORDER BY seconds DESC, a.pid LIMIT %s
)
SELECT w.pid, coalesce(w.usename::text, ''), w.seconds::float8,
  coalesce((SELECT format('%%s.%%s', n.nspname, c.relname)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = w.held), ''),
  left(w.query, %s), pg_blocking_pids(w.pid)
FROM waiting w ORDER BY w.seconds DESC, w.pid
"""
_OPEN = """/* rollback-bot */
SELECT pid, coalesce(usename::text, ''), coalesce(application_name, ''),
  coalesce(nullif(backend_type, 'client backend'), state, ''),
  coalesce(extract(epoch FROM clock_timestamp() - xact_start), 0)::float8, left(query, %s)
FROM pg_stat_activity
WHERE pid = ANY (%s) OR datname = current_database() AND backend_type = 'client backend'
  AND xact_start < clock_timestamp() - make_interval(secs => %s) AND application_name NOT LIKE 'rollback-bot%%'
ORDER BY pid = ANY (%s) DESC, xact_start LIMIT %s
"""
_VISIBLE = """/* rollback-bot */
SELECT current_setting('track_activities') = 'on', quote_ident(current_user), EXISTS (
  SELECT FROM pg_stat_activity WHERE datname = current_database() AND usesysid IS NOT NULL AND query = %s
)
"""
_NAMES = {
    WAITS: "Waits for locks",
    TRANSACTIONS: "Open transactions",
    STATEMENTS: "The times of statements (pg_stat_statements)",
    SCANS: "Scans of tables",
}
_NOT_INSTALLED = (
    "pg_stat_statements is not installed in this database, so no statement's times are known. To have them next time:"
    " CREATE EXTENSION pg_stat_statements; (it has to be in shared_preload_libraries, too)."
)
_SAID = {  # by SQLSTATE
    "55000": "the library is not loaded. It has to be in shared_preload_libraries, which needs a restart of PostgreSQL",
    "57014": f"the database took longer than {STATEMENT_SECONDS:g} s",
    "42501": "the bot's role may not. A superuser can: GRANT pg_monitor to it",
    "42703": "a version is too old: ALTER EXTENSION pg_stat_statements UPDATE; PostgreSQL itself has to be 14 or newer",
}


_Part: TypeAlias = Callable[[Session, Reading], Reading]


class _AbsentError(Exception):
    """A part can't be read; its text says why, with the remedy."""


class Performance:
    """Reads the database at `url`; `clock` tells when."""

    def __init__(self, url: Secret, *, clock: Callable[[], datetime]) -> None:
        self._url, self._clock = url, clock

    def read(self, first: Reading | None = None) -> Reading:
        """What it does now. What it lacks, refuses or takes too long for is said in `missing`; nothing is raised.

        With an earlier reading, the statements that took the most time since then are among those that are kept.
        """
        found = Reading(self._clock(), (), (), (), (), (), unread=tuple(_PARTS))
        parts: dict[str, _Part] = {**_PARTS, STATEMENTS: partial(_with_statements, then=_totals(first))}
        try:
            with connected(self._url, APPLICATION) as session, session.within(ALL_SECONDS):
                for part, read_part in parts.items():
                    found = _with_part(part, session, found, read_part)
        except BotError as error:
            return _lacking(found, error.text)
        except ConnectionLostError:
            text = f"The connection to the database broke, or {ALL_SECONDS:g} s were over; the rest was not read."
            return _lacking(found, text)
        return found


def _with_part(part: str, session: Session, found: Reading, read_part: _Part) -> Reading:
    """The reading with one part more, or with the reason why not."""
    try:
        with session.reading(STATEMENT_SECONDS):
            read = read_part(session, found)
    except _AbsentError as error:
        return _lacking(found, str(error))
    except ConnectionLostError:
        raise
    except SqlError as error:
        return _lacking(found, f"{_NAMES[part]} could not be read: {_SAID.get(error.state, error)}.")
    return replace(read, unread=tuple(name for name in read.unread if name != part))


def _lacking(found: Reading, text: str) -> Reading:
    return found if text in found.missing else replace(found, missing=(*found.missing, text))


def _with_waits(session: Session, found: Reading) -> Reading:
    rows = session.rows(_WAITING, _WAITS, _FETCHED_TEXT)
    waits = (
        Wait(
            pid,
            role,
            round(seconds, 1),
            clamped(table, _TABLE),
            _of_session(text),
            tuple(dict.fromkeys(held_by))[:_HOLDERS],
        )
        for pid, role, seconds, table, text, held_by in rows
    )
    return replace(found, waits=tuple(waits))


def _with_transactions(session: Session, found: Reading) -> Reading:
    """The long ones, after those that somebody waits for."""
    is_visible, role, hides = session.row(_VISIBLE, _HIDDEN)
    if not is_visible:
        raise _AbsentError("PostgreSQL doesn't say what sessions do: its setting track_activities is off.")
    holders = list({pid for wait in found.waits for pid in wait.held_by})
    rows = session.rows(_OPEN, _FETCHED_TEXT, holders, LONG_SECONDS, holders, _TRANSACTIONS)
    transactions = (
        Transaction(
            pid, user, redacted(name, ()), state, round(seconds, 1), _of_session("" if _ABORTED in state else text)
        )
        for pid, user, name, state, seconds, text in rows
    )
    read = replace(found, transactions=tuple(transactions))
    return _lacking(read, _hidden_from(role)) if hides else read


def _totals(first: Reading | None) -> Mapping[str, float]:
    """Milliseconds by statement, as of an earlier reading."""
    return {one.key: one.total_ms for one in first.statements} if first else {}


def _at_most(then: Mapping[str, float]) -> float:
    """The total that a statement can have had which an earlier reading doesn't have: less than each that it has."""
    return min(then.values()) if len(then) >= _COMPARED else 0.0


def _with_statements(session: Session, found: Reading, then: Mapping[str, float] = MappingProxyType({})) -> Reading:
    """`then` = the totals of an earlier reading."""
    installed = session.rows(_EXTENSION)
    if not installed:
        raise _AbsentError(_NOT_INSTALLED)
    ((schema, quoted, role, may_look, tells_since),) = installed
    if not may_look:
        raise _AbsentError(f"pg_stat_statements can't be read. Remedy: GRANT USAGE ON SCHEMA {quoted} TO {role};")
    limits = (LEAST_CALLS, _FETCHED_BY_MEAN, _FETCHED_BY_TOTAL)
    window = (list(then), list(then.values()), _at_most(then), _FETCHED_BY_WINDOW if then else 0)
    view, info = Identifier(schema, "pg_stat_statements"), Identifier(schema, "pg_stat_statements_info")
    rows = session.rows(_COUNTED.format(view), _FETCHED_TEXT, *limits, *window, _HIDDEN)
    since = session.row(_COUNTED_SINCE.format(info))[0] if tells_since else None
    read = replace(found, statements=tuple(_kept([row for row in rows if row[0]], then)), statements_since=since)
    return read if all(row[0] for row in rows) else _lacking(read, _hidden_from(role))


def _with_scans(session: Session, found: Reading) -> Reading:
    is_counted, since = session.row(_SCANNED_SINCE)
    if not is_counted:
        raise _AbsentError("PostgreSQL doesn't count scans of tables: its setting track_counts is off.")
    rows = session.rows(_SCANNED, LARGE_ROWS, LARGE_BYTES, _SCANS)
    scans = tuple(
        Scan(clamped(table, _TABLE), number, read, live, held, _indexes(names))
        for table, number, read, live, held, names in rows
    )
    return replace(found, scans=scans, scans_since=since)


_PARTS: Mapping[str, _Part] = {  # what is over soonest first
    WAITS: _with_waits,
    TRANSACTIONS: _with_transactions,
    STATEMENTS: _with_statements,
    SCANS: _with_scans,
}


def _hidden_from(role: str) -> str:
    return f"What other roles do is hidden from {role}. Remedy: GRANT pg_read_all_stats TO {role};"


def _of_session(text: str | None) -> str:
    """What a session does, as far as it may be shown."""
    return shown(text or "", _SESSION_TEXT) or command(text or "")


def _kept(rows: Sequence[Row], then: Mapping[str, float]) -> list[Statement]:
    """The first by mean, by total and by what they took since `then` with their text, then some that are only compared.

    By total, the largest first.
    """
    texts = {key: shown(text) for key, text, *_ in rows}
    known = {key: Statement(key, texts[key], calls, round(total, 1)) for key, _, calls, total in rows if texts[key]}
    by_total = sorted(known.values(), key=lambda one: -one.total_ms)
    by_mean = sorted((one for one in by_total if one.calls >= LEAST_CALLS), key=lambda one: -one.mean_ms)
    by_window = sorted(by_total, key=lambda one: then.get(one.key, _at_most(then)) - one.total_ms) if then else []
    named = {one.key for one in (*by_mean[:_BY_MEAN], *by_total[:_BY_TOTAL], *by_window[:_BY_WINDOW])}
    compared = {one.key for one in by_total[:_COMPARED]} | named
    return [one if one.key in named else replace(one, text="") for one in by_total if one.key in compared]


def _indexes(names: Sequence[str]) -> tuple[str, ...]:
    more = [f"and {len(names) - _INDEXES} more"] if len(names) > _INDEXES else []
    return (*(clamped(name, _INDEX) for name in names[:_INDEXES]), *more)
