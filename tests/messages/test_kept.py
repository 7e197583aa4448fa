"""What people read of columns that go and come back, and of a quarantine that is kept or removed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.quarantine import Kept, KeptTable
from bot.messages.backups import backups
from bot.messages.quarantine import with_quarantine
from tests.histories import BEGIN, History
from tests.messages.kept import KEEP, KEPT, KEPT_RUNS, LISTED, odd
from tests.messages.shown import HOSTILE, mentions, messages, words
from tests.simulator.slack_rules import check_message


def plan_of(name: str) -> str:
    return words(messages(KEPT[name])["plan"].picture)


def test_the_plan_of_a_drop_recommends_leaving_the_column_first() -> None:
    lines = plan_of("columns_waiting").split("\n")
    assert next(line for line in lines if line.startswith("⚠️")).endswith("*leaving it is the safe choice*")


@pytest.mark.parametrize(
    "told",
    [
        "`subscription_tier text NOT NULL DEFAULT 'free'::text`, with a value in *12,341 rows*",
        "Not there, so nothing to drop: `pre_assessment_completed`",
        "It does not know what functions whose body is a text use",
        "copied in the same transaction to `rollback_bot.user_profiles_20261121_031200_ab12_1`",
        "at the end of the table",
        "Nobody waits while the values are copied",
    ],
)
def test_the_plan_of_a_drop_says_what_goes_what_is_kept_and_what_cannot_be_seen(told: str) -> None:
    assert told in plan_of("columns_waiting")


def test_the_plan_of_a_drop_names_the_functions_to_read_first() -> None:
    plan = plan_of("columns_warned_waiting")
    assert "`public.tier_of(uuid)`. *Read them first*" in plan
    assert "rights `SELECT to anon`; a comment; sequences that stay: `a.s`" in plan


def test_the_way_back_says_which_rows_get_values_and_which_do_not() -> None:
    plan = plan_of("columns_back_waiting")
    for told in ("values back: *12,338*", "default or nothing: *17*", "stay in the copy: *3*"):
        assert told in plan


def test_a_not_null_that_could_not_come_back_is_said_at_the_end() -> None:
    assert "NOT NULL could not be put back on subscription_tier" in words(
        messages(KEPT["columns_back_verified"])["outcome"].picture
    )


def test_a_removal_is_said_to_be_for_good_in_the_plan_and_in_the_dialog() -> None:
    assert "*R-9 can't be undone afterwards*" in plan_of("purge_waiting")
    approval = str(messages(KEPT["purge_waiting"])["approval"].picture.blocks)
    assert "There is no way back." in approval
    assert "3 MB" in plan_of("purge_waiting")


def test_the_quarantine_is_listed_by_its_requests_with_who_can_read_it() -> None:
    text = words(LISTED["looked_quarantine"])
    assert "*R-16*, 2 h old" in text
    assert "anon and authenticated can read or change it" in text
    assert "Operation `op-1`, of a request that this log doesn't know, 20 days old" in text


def test_the_line_to_remove_it_stands_only_where_that_is_possible() -> None:
    text = words(LISTED["looked_quarantine"])
    assert "`/dbrestore purge R-2`" in text
    assert "purge R-16" not in text
    assert "purge R-3" not in text


def test_an_empty_quarantine_is_said() -> None:
    assert "*Quarantine*: nothing is kept." in words(LISTED["looked_quarantine_empty"])


@pytest.mark.parametrize("text", ["&" * 3000, HOSTILE])
def test_slack_takes_the_longest_quarantine_and_nobody_is_mentioned(text: str) -> None:
    tables = tuple(KeptTable(f"{n}{text}", None, n, (text,)) for n in range(30))
    many = [Kept(text, BEGIN - timedelta(days=n), tables, text if n % 2 else "") for n in range(40)]
    listed = with_quarantine(backups([], BEGIN, KEEP), many, BEGIN, KEEP)
    check_message(listed.text, list(listed.blocks), max_text=4000)
    assert "older operations" in words(listed)
    assert mentions(listed) == set()


def test_what_names_mean_to_slack_they_do_not_mean_in_these_messages() -> None:
    for step in odd(HOSTILE):
        for message in messages(History(step).planned(groups=["S0APPROVERS"])).values():
            assert mentions(message.picture) <= {"@U0ANA", "!subteam^S0APPROVERS"}


def test_the_newest_operation_stands_first_and_age_is_never_negative() -> None:
    ahead = replace(KEPT_RUNS[0], at=BEGIN + timedelta(hours=1))
    assert "*R-16*, 0 min old" in words(with_quarantine(backups([], BEGIN, KEEP), [ahead], BEGIN, KEEP))
