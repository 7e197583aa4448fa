"""Two looks at one busy database, 15 minutes apart; and one at a quiet one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.performance import Reading, Scan, Statement, Transaction, Wait

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
QUIET = Reading(AT, (), (), (), (), ())
BUSY = Reading(
    at=AT,
    statements=(Statement("1", "SELECT a FROM t WHERE b = $1", 1000, 12_000.0), Statement("2", "", 5, 1.0)),
    scans=(Scan("public.t", 10, 120_000, 12_000, 2**24, ("t_pkey (id)",)),),
    waits=(Wait(12, "app", 95.0, "public.t", "UPDATE t SET a = ?", (7,)),),
    transactions=(
        Transaction(7, "app", "web", "idle in transaction", 720.0, "UPDATE t SET a = ?"),
        Transaction(9, "ben", "psql", "active", 61.0, ""),
    ),
    missing=(),
    statements_since=AT,
)
BUSIER = replace(
    BUSY,
    at=AT + timedelta(minutes=15),
    statements=(Statement("1", "SELECT a FROM t WHERE b = $1", 1100, 60_000.0), Statement("2", "", 5, 1.0)),
    scans=(Scan("public.t", 12, 144_000, 12_000, 2**24, ("t_pkey (id)",)),),
)
