"""Which backup a restore is made from."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.backup import Backup, backup_of, choose
from bot.core.errors import Refused
from bot.core.table import Name

NOW = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
TEMPLATE = "{table}_backup_{date}"
MONTH = timedelta(days=30)


def found(table: str, *dates: str, schema: str = "public") -> list[Backup]:
    return [Backup(table, Name(schema, f"{table}_backup_{date}"), date) for date in dates]


def chosen(*tables: list[Backup], named: str = "", oldest: timedelta = MONTH) -> dict[str, str]:
    by_table = {backups[0].table: backups for backups in tables}
    return {table: b.date for table, b in choose(by_table, named=named, now=NOW, oldest=oldest).items()}


def refusal(*tables: list[Backup], named: str = "", oldest: timedelta = MONTH) -> Refused:
    with pytest.raises(Refused) as caught:
        chosen(*tables, named=named, oldest=oldest)
    return caught.value


# What is a backup


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("20250903", datetime(2025, 9, 3, tzinfo=UTC)),
        ("20250903_1215", datetime(2025, 9, 3, 12, 15, tzinfo=UTC)),
        ("20250903_121530", datetime(2025, 9, 3, 12, 15, 30, tzinfo=UTC)),
    ],
)
def test_a_backup_is_of_the_moment_that_its_name_says(date: str, moment: datetime) -> None:
    backup = backup_of("sessions", Name("public", f"sessions_backup_{date}"), TEMPLATE, NOW)
    assert backup
    assert (backup.date, backup.made_at) == (date, moment)


@pytest.mark.parametrize(
    "name",
    [
        "user_profiles",
        "user_profiles_backup_",
        "user_profiles_backup_2025090",
        "user_profiles_backup_202509031",
        "user_profiles_backup_20250903_12",
        "user_profiles_backup_20250903_12153",
        "user_profiles_backup_20250903_old",
        "old_user_profiles_backup_20250903",
        "userXprofiles_backup_20250903",  # LIKE would take it
        "user_profiles_backup_20250903\n",
        "USER_PROFILES_BACKUP_20250903",
        "user_profiles_backup_٢٠٢٥٠٩٠٣",
    ],
)
def test_a_table_of_another_name_is_no_backup(name: str) -> None:
    assert backup_of("user_profiles", Name("public", name), TEMPLATE, NOW) is None


@pytest.mark.parametrize(
    "date", ["20250230", "20251301", "20250900", "00000101", "20250903_2400", "20250903_1260", "20250903_121560"]
)
def test_a_date_that_is_none_is_no_backup(date: str) -> None:
    assert backup_of("sessions", Name("public", f"sessions_backup_{date}"), TEMPLATE, NOW) is None


def test_a_date_that_has_come_somewhere_on_earth_is_real() -> None:
    late = NOW.replace(hour=10)
    assert backup_of("sessions", Name("public", "sessions_backup_20261122"), TEMPLATE, late)


def test_a_date_to_come_is_no_backup() -> None:
    assert backup_of("sessions", Name("public", "sessions_backup_20261122"), TEMPLATE, NOW) is None


@pytest.mark.parametrize("table", ["User Profiles", "a.b", "a+b", "100%", r"back\slash", "é"])
def test_a_table_with_any_name_has_backups(table: str) -> None:
    assert backup_of(table, Name("public", f"{table}_backup_20250903"), TEMPLATE, NOW)


def test_a_runbook_may_spell_its_backups_otherwise() -> None:
    name = Name("archive", "b-sessions.20250903?")
    assert backup_of("sessions", name, "b-{table}.{date}?", NOW)
    assert backup_of("sessions", Name("archive", "b-20250903xsessions"), "b-{table}.{date}?", NOW) is None


# Which one is taken


def test_the_newest_is_taken() -> None:
    assert chosen(found("sessions", "20261101", "20261120", "20261110")) == {"sessions": "20261120"}


def test_a_time_of_the_day_is_newer_than_the_day() -> None:
    assert chosen(found("sessions", "20261120", "20261120_0300")) == {"sessions": "20261120_0300"}


def test_several_tables_are_taken_from_the_newest_date_that_all_have() -> None:
    one, other = found("sessions", "20261120", "20261110"), found("user_profiles", "20261118", "20261110")
    assert chosen(one, other) == {"sessions": "20261110", "user_profiles": "20261110"}


def test_tables_without_a_common_date_are_refused_with_what_there_is() -> None:
    told = refusal(found("sessions", "20261120"), found("user_profiles", "20261118"))
    assert told.rule == "mixed_dates"
    assert "sessions: 20261120; user_profiles: 20261118" in told.text


def test_one_table_without_a_backup_refuses_them_all() -> None:
    with pytest.raises(Refused, match=r"No backup of payments was found. Nothing was changed."):
        choose({"sessions": found("sessions", "20261120"), "payments": []}, named="", now=NOW, oldest=MONTH)


def test_of_two_backups_of_one_date_the_first_is_taken() -> None:
    own, other = found("sessions", "20261120", schema="rollback_bot"), found("sessions", "20261120")
    for named in ("", "20261120", "sessions_backup_20261120"):
        taken = choose({"sessions": [*own, *other]}, named=named, now=NOW, oldest=MONTH)
        assert taken["sessions"].name.schema == "rollback_bot"


# Which one is named


@pytest.mark.parametrize("named", ["20261110", "2026-11-10", "sessions_backup_20261110"])
def test_a_person_may_name_a_backup_or_its_date(named: str) -> None:
    one, other = found("sessions", "20261120", "20261110"), found("user_profiles", "20261120", "20261110")
    assert chosen(one, other, named=named) == {"sessions": "20261110", "user_profiles": "20261110"}


def test_a_named_moment_may_have_hyphens() -> None:
    assert chosen(found("sessions", "20261110_0300"), named="2026-11-10_0300") == {"sessions": "20261110_0300"}


@pytest.mark.parametrize("named", ["20261111", "payments_backup_20261110", "2026111", "sessions", "2026-11-10_0300"])
def test_a_backup_that_is_not_there_is_refused_with_what_there_is(named: str) -> None:
    told = refusal(found("sessions", "20261110"), named=named)
    assert told.rule == "backup_not_found"
    assert f"{named} is no backup of sessions. There is: sessions: sessions_backup_20261110." in told.text


def test_a_date_that_only_one_table_has_is_refused_for_the_others() -> None:
    one, other = found("sessions", "20261120"), found("user_profiles", "20261110")
    assert "20261120 is no backup of user_profiles." in refusal(one, other, named="20261120").text


# How old it may be


def test_an_old_backup_is_refused_with_the_line_that_takes_it_all_the_same() -> None:
    told = refusal(found("sessions", "20250903"), found("user_profiles", "20250903"))
    assert told.rule == "old_backup"
    assert "sessions_backup_20250903 is 444 days old (limit 30 days)" in told.text
    assert "`/dbrestore sessions user_profiles from 20250903`" in told.text


def test_the_line_puts_a_name_with_capitals_in_double_quotes() -> None:
    assert '`/dbrestore "User Profiles" from 20250903`' in refusal(found("User Profiles", "20250903")).text


def test_an_old_backup_that_is_named_is_taken() -> None:
    assert chosen(found("sessions", "20250903"), named="20250903") == {"sessions": "20250903"}


def test_a_backup_of_exactly_the_limit_is_not_too_old() -> None:
    oldest = timedelta(days=1, hours=3, minutes=12)
    assert chosen(found("sessions", "20261120"), oldest=oldest) == {"sessions": "20261120"}
    assert refusal(found("sessions", "20261120"), oldest=oldest - timedelta(seconds=1)).rule == "old_backup"
