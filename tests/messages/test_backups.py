"""What a person reads about the backups: age, rows, differences, who else has a hand in them, the line to type."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil

import pytest

from bot.core.backups_seen import BackupSeen, TableBackups, as_typed
from bot.core.table import Name
from bot.messages.backups import backups
from tests.messages.shown import HOSTILE, mentions, words
from tests.simulator.slack_rules import check_message

NOW = datetime(2026, 11, 22, 3, 12, tzinfo=UTC)
OLDEST = timedelta(days=30)
SEEN = BackupSeen(
    name=Name("public", "user_profiles_backup_20261119"),
    date="20261119",
    is_own=False,
    made_at=datetime(2026, 11, 19, tzinfo=UTC),
    rows=990,
    update=12,
    insert=3,
    keep=6,
    missing_columns=(),
    readers=(),
    writers=(),
    unfit="",
)


def told(*seen: BackupSeen, table: str = "user_profiles") -> str:
    return words(backups([TableBackups(table, 1000, seen)], NOW, OLDEST))


def test_a_backup_is_told_with_its_age_its_rows_and_the_line_to_type() -> None:
    text = told(SEEN)
    assert "*user_profiles*: 1,000 rows now" in text
    assert "`public.user_profiles_backup_20261119`: 3 days old, 990 rows" in text
    assert "`/dbrestore user_profiles from 20261119`" in text


def test_a_backup_is_told_with_how_it_differs() -> None:
    assert "12 rows differ, 3 only in the backup, 6 only live" in told(SEEN)
    assert "The same rows as now" in told(replace(SEEN, update=0, insert=0, keep=0))


def test_a_backup_that_was_not_compared_says_nothing_of_differences() -> None:
    text = told(replace(SEEN, rows=None, update=None, insert=None, keep=None))
    assert "differ" not in text
    assert "3 days old\n" in text


@pytest.mark.parametrize(
    ("date", "ago", "age"),
    [
        ("20261122", timedelta(hours=3), "less than a day old"),
        ("20261122", -timedelta(hours=14), "less than a day old"),
        ("20261122_0300", timedelta(minutes=12), "12 min old"),
        ("20261121_2112", timedelta(hours=6), "6 h old"),
        ("20261121", timedelta(hours=27), "1 day old"),
        ("20250903", timedelta(days=445), "445 days old"),
    ],
)
def test_the_age_is_no_finer_than_the_name_of_the_backup(date: str, ago: timedelta, age: str) -> None:
    assert f": {age}, 990 rows" in told(replace(SEEN, date=date, made_at=NOW - ago))


def test_a_backup_beyond_the_limit_says_so() -> None:
    limit = "990 rows, ⏳ over the limit of 30 days"
    assert limit in told(replace(SEEN, made_at=NOW - timedelta(days=31)))
    assert limit not in told(replace(SEEN, made_at=NOW - timedelta(days=30)))


def test_who_else_can_read_or_change_a_backup_is_said_first_and_beside_it() -> None:
    text = told(replace(SEEN, readers=("anon", "authenticated"), writers=("anon",)), SEEN)
    assert text.startswith("*Backups*: 2 backups of 1 table. ⚠️ 1 can be read or changed by others than the owner.")
    assert "⚠️ anon and authenticated can read it: a leak of its rows" in text
    assert "⚠️ anon can change it: its rows may not be yours" in text


def test_a_leak_is_told_with_the_statement_that_closes_it_of_every_backup_of_the_table() -> None:
    dates = ["20261121", "20261120", "20261119", "20261118"]
    names = [Name("public", f"p_backup_{date}") for date in dates]
    open_one, tight = replace(SEEN, readers=("anon", "PUBLIC")), replace(SEEN)
    text = told(*(replace(open_one, name=name) for name in names), tight)
    tables = ", ".join(f'"public"."{name.name}"' for name in names)
    statement = f'REVOKE ALL ON TABLE {tables} FROM PUBLIC, "anon";'
    assert f"4 backups leak. Their owner closes that, the bot never does: `{statement}`" in text


def test_without_a_leak_there_is_no_statement() -> None:
    assert "REVOKE" not in told(SEEN)


def test_a_statement_that_does_not_fit_is_not_cut() -> None:
    text = told(*(replace(SEEN, name=Name("public", f"b{number:060}"), readers=("anon",)) for number in range(60)))
    assert "REVOKE" not in text
    assert "`python -m bot check` tells it" in text


def test_the_backups_that_the_bot_took_are_marked() -> None:
    assert "🤖 taken by the bot" in told(replace(SEEN, is_own=True))
    assert "🤖" not in told(SEEN)


def test_what_was_not_compared_is_named() -> None:
    unread = replace(SEEN, rows=None, update=None, insert=None, keep=None)
    text = told(SEEN, replace(unread, date="20261118"), replace(unread, date="20261117", unfit="It is a view."))
    assert "Not compared with the table: 20261118\n" in text


def test_columns_that_the_backup_lacks_are_named() -> None:
    assert "It lacks plan and tier" in told(replace(SEEN, missing_columns=("plan", "tier")))


def test_a_backup_that_is_unfit_says_why_and_has_no_line_to_type() -> None:
    text = told(replace(SEEN, unfit="It is a view."))
    assert "🚫 It is a view." in text
    assert "/dbrestore" not in text


def test_a_table_without_a_backup_says_so() -> None:
    assert "No backup was found" in told()


def test_the_newest_three_are_shown_and_the_others_counted() -> None:
    dates = ["20261121", "20261120", "20261119", "20261118", "20261117"]
    text = told(*(replace(SEEN, date=date) for date in dates))
    assert "… and 2 older backups: 20261118, 20261117" in text
    assert "from 20261118" not in text


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("user_profiles", "user_profiles"),
        ("Order Items", '"Order Items"'),
        ("Users", '"Users"'),
        ("status", '"status"'),
        ('say "hi"', '"say ""hi"""'),
    ],
)
def test_the_line_to_type_names_the_table_as_the_command_takes_it(name: str, typed: str) -> None:
    assert as_typed(name) == typed
    assert f"`/dbrestore {typed} from 20261119`" in told(SEEN, table=name)


def test_a_table_fits_one_phone_screen_but_for_the_statement_to_copy() -> None:
    exposed = replace(SEEN, missing_columns=("plan", "tier"), readers=("anon", "authenticated"), writers=("anon",))
    message = backups([TableBackups("user_profiles", 1000, (exposed,) * 9)], NOW, OLDEST)
    *lines, statement = message.blocks[1]["text"]["text"].splitlines()
    assert "REVOKE" in statement
    assert sum(ceil(len(line) / 45) for line in lines) <= 25
    assert "… and 7 older backups" in lines[-1]


LONG = "&" * 6000
WORST = replace(
    SEEN,
    name=Name(LONG, LONG),
    made_at=NOW,
    is_own=True,
    rows=10**12,
    update=10**12,
    insert=10**12,
    keep=10**12,
    missing_columns=(LONG,) * 9,
    readers=(LONG,) * 9,
    writers=(LONG,) * 9,
    unfit=LONG,
)


@pytest.mark.parametrize("tables", [0, 1, 60])
@pytest.mark.parametrize("seen", [SEEN, WORST])
def test_slack_takes_it_however_long_it_is(seen: BackupSeen, tables: int) -> None:
    name = LONG if seen is WORST else "user_profiles"
    message = backups([TableBackups(name, 10**12, (seen,) * 30)] * tables, NOW, OLDEST)
    check_message(message.text, list(message.blocks), max_text=4000)
    assert message.text


def test_what_one_message_cannot_hold_is_counted() -> None:
    tables = [TableBackups(f"table_{number}", 1, (SEEN,) * 3) for number in range(60)]
    text = words(backups(tables, NOW, OLDEST))
    shown = sum(f"*table_{number}*" in text for number in range(60))
    assert 10 < shown < 60
    assert f"… and {60 - shown} more tables" in text


def test_one_table_is_shown_however_long_its_names_are() -> None:
    assert "more table" not in words(backups([TableBackups(LONG, 1, (WORST,) * 30)], NOW, OLDEST))


def test_names_can_neither_mention_nor_fake_anything() -> None:
    hostile = replace(
        SEEN, name=Name(HOSTILE, HOSTILE), missing_columns=(HOSTILE,), readers=(HOSTILE,), writers=(HOSTILE,)
    )
    seen = [TableBackups(HOSTILE, 1, (hostile, replace(hostile, unfit=HOSTILE)))]
    assert mentions(backups(seen, NOW, OLDEST)) == set()
