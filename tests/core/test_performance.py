"""No value of a statement is ever shown, and a counter's window is known or said not to be."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.core.performance import Change, Reading, Scan, Statement, Transaction, Wait, during, reading_from_json
from bot.core.plan import canonical
from bot.core.statement_text import command, shown

SECRET = "Ж"  # in every value, and in nothing else
AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
_VALUES = some.text(alphabet="ab'\\$\"/*- \n;E1", max_size=12).map(lambda rest: f"{SECRET}{rest}{SECRET}")


def _plain(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _escaped(value: str) -> str:
    return "E'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _nested(value: str) -> str:
    inside = value.replace("*", "").replace("/", "")
    return f"/* {inside} /* {inside} */ {inside} */"


WRITTEN = (
    _VALUES.map(_plain),
    _VALUES.map(_escaped),
    _VALUES.map(lambda value: f"U&{_plain(value)}"),
    _VALUES.map(lambda value: f"$q$ {value} $q$"),
    _VALUES.map(lambda value: f"$${value.replace('$', '')}$$"),
    _VALUES.map(lambda value: f"-- {value.replace(chr(10), ' ')}\n"),
    _VALUES.map(_nested),
    some.sampled_from(["a", '"b c"', "1.5e-3", "$1", "$2 ", "->>", "x$1", ", ", "= ", "(", "name", "e", "U&"]),
)


@given(some.lists(some.one_of(*WRITTEN), max_size=8), some.integers(0, 200))
def test_no_value_and_no_comment_is_shown_wherever_the_text_was_cut(pieces: list[str], end: int) -> None:
    text = "SELECT " + " ".join(pieces)
    assert SECRET not in shown(text, 10_000)
    assert SECRET not in shown(text[:end], 10_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select *\n from t1 where a = 'x''y' and n = -12.5e-3", "select * from t1 where a = ? and n = -?"),
        ("SELECT 1 FROM t WHERE id IN (1, 2, 3, 4, 5)", "SELECT ? FROM t WHERE id IN (?, …)"),
        ("/* a /* b */ c */ (SELECT $1, B'01', 0xFF) -- d", "(SELECT $1, ?, ?)"),
        (
            'UPDATE "User" SET "createdAt" = now(), "ana@example.com" = $1',
            'UPDATE "User" SET "createdAt" = now(), ? = $1',
        ),
        ('SELECT 1 AS "4111111111111111", "a1" FROM t', 'SELECT ? AS ?, "a1" FROM t'),
        ("select * from t where a = 'unfinished", "select * from t where a = …"),
        ("select 1 /* unfinished", "select ? …"),
        (r"select 'ends here or not\' , 'secret'", "select …"),
        ("delete from t; ALTER ROLE bot PASSWORD 'x'", "delete from t …"),
        ("update t set token = abc", "update t set token = [redacted]"),
        ("ALTER ROLE bot PASSWORD 'x'", ""),
        ("EXPLAIN SELECT 1", ""),
    ],
)
def test_a_statement_is_shown_as_one_line_without_its_values(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_of_other_statements_the_first_word_alone_is_told_where_it_is_known() -> None:
    told = [command(text) for text in ("alter role bot PASSWORD 'x'", "/* tag */ LOCK TABLE t", "hunter2")]
    assert told == ["ALTER …", "LOCK …", ""]


def _reading(*statements: Statement, scans: tuple[Scan, ...] = (), since: datetime | None = AT) -> Reading:
    return Reading(AT, statements, scans, (), (), (), statements_since=since)


def test_what_was_counted_between_two_readings_is_the_difference() -> None:
    one, other = Statement("1", "select a", 10, 100.0), Statement("1", "select a", 14, 900.0)
    before, after = Scan("public.t", 2, 200, 100, 8192, ()), Scan("public.t", 5, 500, 100, 8192, ("t_pkey (id)",))
    window = during(_reading(one, scans=(before,)), _reading(other, scans=(after,)))
    assert window.statements == (Change(other, one, Statement("1", "select a", 4, 800.0)),)
    assert window.statements[0].during is not None
    assert (window.statements[0].during.mean_ms, one.mean_ms) == (200.0, 10.0)
    assert window.scans[0].during == Scan("public.t", 3, 300, 100, 8192, ("t_pkey (id)",))


def test_of_counters_that_were_reset_or_are_new_the_window_is_not_known() -> None:
    first = _reading(Statement("less", "select a", 10, 100.0), Statement("gone", "select b", 1, 1.0))
    last = _reading(Statement("less", "select a", 3, 30.0), Statement("new", "select c", 1, 1.0))
    assert [(one.last.key, one.during) for one in during(first, last).statements] == [("less", None), ("new", None)]
    reset = _reading(Statement("less", "select a", 90, 900.0), since=AT + timedelta(minutes=5))
    assert during(first, reset).statements[0].during is None


def test_the_largest_reading_is_small_and_comes_back_from_the_log_as_it_was() -> None:
    name, text = "t" * 100, "x" * 200
    reading = Reading(
        at=AT,
        statements=tuple(Statement(f"-{10**18 + n}", text if n < 32 else "", 10**9, 10.0**9) for n in range(132)),
        scans=tuple(Scan(name, 10**9, 10**12, 10**9, 10**12, ("i" * 60,) * 7) for n in range(8)),
        waits=tuple(Wait(10**6, "r" * 63, 12345.6, name, text[:120], (10**6,) * 5) for _ in range(20)),
        transactions=tuple(
            Transaction(n, "r" * 63, "a" * 63, "idle in transaction", 1.5, text[:120]) for n in range(12)
        ),
        missing=("m" * 200,) * 4,
        unread=("scans",),
        statements_since=AT,
    )
    assert len(canonical(reading.as_json()).encode()) < 30_000
    assert reading_from_json(json.loads(canonical(reading.as_json()))) == reading
