"""The database's report: what stands out first, true also where something wasn't read, and within one message."""

from dataclasses import replace

from bot.core.performance import SCANS, STATEMENTS, TRANSACTIONS, WAITS, Reading, Scan, Statement, Transaction, Wait
from bot.messages.blocks import SECTION, sections
from bot.messages.performance import report
from tests.messages.readings import AT, BUSIER, BUSY, QUIET
from tests.simulator.slack_rules import check_message

HOSTILE = "<!channel>`&*_<@U0ANA>\n" * 9


def test_where_nothing_was_found_each_part_says_so() -> None:
    text = "\n".join(report(QUIET, None))
    assert "No statement waits for a lock." in text
    assert "No transaction that the bot's role can see has been open for over a minute." in text
    assert "No statement that may be shown was counted (since its counters were last reset)." in text
    assert "No large table was read row after row" in text


def test_of_what_was_not_read_nothing_is_said_but_why() -> None:
    reading = replace(QUIET, unread=(WAITS, TRANSACTIONS, STATEMENTS, SCANS), missing=("It can't be reached.",))
    assert report(QUIET, reading)[1:] == ("*Not read*", "• It can't be reached.")


def test_who_holds_others_up_stands_first() -> None:
    lines = report(BUSY, None)
    holder = "process 7 (`app`, `web`, idle in transaction, its transaction open for 12 min: `UPDATE t SET a = ?`)"
    assert lines[2] == f"• ⚠️ {holder} holds up 1 session"
    assert lines[3] == "• process 12 has waited 95 s for process 7 at `public.t`: `UPDATE t SET a = ?`"
    assert lines[5] == "• process 9 (`ben`, `psql`, active, its transaction open for 61 s)"


def test_figures_of_the_watch_stand_beside_those_before_it() -> None:
    text = "\n".join(report(BUSY, BUSIER))
    calls = "12 ms before → ⚠️ *480 ms* a call during the watch (100 calls, 48 s in all)"
    assert f"• {calls}: `SELECT a FROM t WHERE b = $1`" in text
    size = "(about 12,000 rows, 16 MB): 2 scans during the watch, 12,000 rows each on average"
    assert f"• `public.t` {size}; indexes: `t_pkey (id)`" in text


def test_after_a_reset_no_figure_is_said_to_be_of_the_watch() -> None:
    last = replace(BUSY, statements=(Statement("1", "SELECT a", 4, 800.0),), statements_since=BUSIER.at)
    assert "• 200 ms a call (4 calls, 800 ms in all): `SELECT a`" in report(BUSY, last)


def test_the_longest_report_with_hostile_names_fits_one_message() -> None:
    reading = Reading(
        at=AT,
        statements=tuple(Statement(str(n), HOSTILE, 10**9, 10.0**14 - n) for n in range(24)),
        scans=tuple(Scan(f"{HOSTILE}{n}", 9, 9, 9, 9, (HOSTILE,) * 7) for n in range(8)),
        waits=tuple(Wait(n, HOSTILE, 9.0, HOSTILE, HOSTILE, (99, 98, 97, 96, 0)) for n in range(20)),
        transactions=tuple(Transaction(n + 90, HOSTILE, HOSTILE, HOSTILE, 9.0, HOSTILE) for n in range(12)),
        missing=(HOSTILE,) * 9,
    )
    for lines in (report(reading, None), report(reading, reading)):
        assert sum(len(line) + 1 for line in lines) <= 8000
        assert max(map(len, lines)) <= SECTION
        check_message("The database", sections(lines))
        assert [bad for bad in ("<!channel>", "<@") if bad in "".join(lines)] == []
        assert "*Not read*" in lines
