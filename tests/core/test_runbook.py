"""A runbook that loads: its defaults, its digests, and what its environment does to it."""

from datetime import timedelta
from hashlib import sha256

import pytest

from bot.core.plan import Ask
from bot.core.runbook import load_runbook
from bot.core.runbook.checks import Expectation, HttpCheck
from bot.core.runbook.moments import Anchor, Moment
from bot.core.runbook.problems import RunbookProblems
from bot.core.runbook.steps import Choice, Propose
from bot.settings import SHIPPED_RUNBOOK
from tests.core.small_runbooks import SMALL, problems

SHIPPED = SHIPPED_RUNBOOK.read_text(encoding="utf-8")
ENV = {"APPROVER_GROUP": "S1, U2", "INTERNAL_CHANNEL": "C1"}
LOGIN = {
    "SUPABASE_URL": "https://auth.example",
    "SUPABASE_ANON_KEY": "anon-key",
    "LOGIN_EMAIL": "probe@shop.example",
    "LOGIN_PASSWORD": "open sesame",
}


def http_check(keys: str, **env: str) -> HttpCheck:
    (check,) = load_runbook(f'{SMALL}[[checks]]\nname = "Site"\nkind = "http"\n{keys}\n', env).checks
    assert isinstance(check, HttpCheck)
    return check


def test_five_mistakes_are_five_lines() -> None:
    text = """
checks = [{ name = "API", kind = "http", url = "/", status = 200 }]
[service]
name = "Shop"
site = "https://shop.example"
[approval]
required = 0
approvers = ["S1"]
expires_after = "soon"
[database]
shema = "public"
[[scenarios]]
name = "undo"
title = "Undo"
risk = "low"
steps = [{ action = "watch" }]
"""
    assert set(problems(text)) == {
        'runbook: checks[0] "API": status: must be a list of HTTP status codes',
        "runbook: [approval] required: must be a whole number, at least 1",
        'runbook: [approval] expires_after: must be a duration like "90s", "15m", "1h" or "7d"',
        'runbook: [database] shema: unknown key; did you mean "schema"?',
        'runbook: scenarios[0] "undo": name: "undo" is a word of the commands',
    }


@pytest.mark.parametrize(
    ("array", "entry"),
    [
        ("checks", 'kind = "http"\nurl = "/"'),
        ("database.tables", ""),
        ("scenarios", 'title = "Bad"\nrisk = "low"\nsteps = [{ action = "watch" }]'),
        ("checklists", 'when = "request"\nitems = ["Look"]'),
    ],
)
def test_a_name_is_given_once(array: str, entry: str) -> None:
    twice = f'[[{array}]]\nname = "same"\n{entry}\n' * 2
    assert problems(SMALL + twice) == (f'runbook: {array}: "same" is the name of 2 entries',)


def test_mistakes_say_which_tables_the_runbook_has_all_the_same() -> None:
    with pytest.raises(RunbookProblems) as caught:
        load_runbook("[vercel]\n[databse]\n", {})
    assert caught.value.has == {"vercel", "databse"}


def test_a_small_runbook_has_the_defaults() -> None:
    runbook = load_runbook(SMALL, {})
    assert (runbook.access.channels, runbook.access.requesters) == (("*",), ("*",))
    assert (runbook.approval.required, runbook.approval.expires_after) == (2, timedelta(minutes=30))
    assert (runbook.vercel, runbook.database, runbook.checks, runbook.scenarios) == (None, None, (), ())


def test_the_shipped_runbook_loads() -> None:
    runbook = load_runbook(SHIPPED, ENV)
    assert runbook.approval.approvers == ("S1", "U2")
    assert runbook.communications.internal_channel == "C1"
    assert runbook.vercel is not None
    assert runbook.vercel.project == "ibam-learn-platform-v3"
    assert [scenario.name for scenario in runbook.scenarios] == [
        "build-failure",
        "schema",
        "data-corruption",
        "performance",
    ]


def test_the_shipped_runbook_restores_the_four_tables_of_the_plan() -> None:
    database = load_runbook(SHIPPED, ENV).database
    assert database is not None
    assert [table.name for table in database.tables] == ["user_profiles", "user_progress", "sessions", "magic_tokens"]
    assert [table.reinsert_deleted for table in database.tables] == [True, True, False, False]


def test_an_unset_name_outside_of_checks_and_reminders_is_a_mistake() -> None:
    assert problems(SHIPPED) == (
        "runbook: [approval] approvers: APPROVER_GROUP is not set",
        "runbook: [communications] internal_channel: INTERNAL_CHANNEL is not set",
    )


def test_the_steps_of_a_scenario_are_asks() -> None:
    schema = load_runbook(SHIPPED, ENV).scenario("schema")
    assert schema is not None
    on_profiles = {"tables": ["user_profiles"]}
    assert schema.steps == (
        Ask("rollback_deployment", {"target": "previous"}),
        Choice((Ask("drop_columns", on_profiles), Ask("restore_tables", on_profiles), Ask("none", {}))),
    )


def test_a_watch_is_asked_in_seconds_and_ends_as_a_proposal() -> None:
    performance = load_runbook(SHIPPED, ENV).scenario("performance")
    assert performance is not None
    rollback = Ask("rollback_deployment", {"target": "previous"})
    assert performance.steps == (Ask("watch", {"for": 900, "every": 30}), Propose(rollback))


def test_an_unknown_scenario_is_none() -> None:
    assert load_runbook(SHIPPED, ENV).scenario("flood") is None


@pytest.mark.parametrize(("required", "of_risk", "asked"), [(1, 3, 3), (3, 1, 3), (2, 2, 2)])
def test_a_risk_may_ask_for_more_people_never_for_fewer(required: int, of_risk: int, asked: int) -> None:
    text = f"{SMALL}required = {required}\n[approval.risk.critical]\nrequired = {of_risk}\n"
    runbook = load_runbook(text, {})
    assert runbook.required_for("critical") == asked
    assert runbook.required_for("low") == required


def test_the_digest_is_of_the_text_and_not_of_the_environment() -> None:
    runbook = load_runbook(SHIPPED, ENV | LOGIN)
    assert runbook.digest == sha256(SHIPPED.encode()).hexdigest()
    assert runbook.check_digests == load_runbook(SHIPPED, ENV).check_digests


def test_a_checks_digest_changes_with_its_text_alone() -> None:
    before, after = load_runbook(SHIPPED, ENV), load_runbook(SHIPPED.replace('"> 0"  ', '"> 1"  '), ENV)
    changed = [name for name in before.check_digests if before.check_digests[name] != after.check_digests[name]]
    assert changed == ["Progress present"]


def test_a_check_with_unset_names_is_off() -> None:
    some = {**LOGIN, "LOGIN_EMAIL": "", "LOGIN_PASSWORD": ""}
    assert load_runbook(SHIPPED, ENV | some).checks[3].off == "LOGIN_EMAIL, LOGIN_PASSWORD are not set"


def test_a_check_with_every_name_set_is_on_and_filled() -> None:
    login = load_runbook(SHIPPED, ENV | LOGIN).checks[3]
    assert isinstance(login, HttpCheck)
    assert login.off == ""
    request = login.filled()
    assert request.url == "https://auth.example/auth/v1/token?grant_type=password"
    assert request.headers == {"apikey": "anon-key"}
    assert request.json == {"email": "probe@shop.example", "password": "open sesame"}


@pytest.mark.parametrize("value", LOGIN.values())
def test_no_repr_shows_a_value_of_the_environment(value: str) -> None:
    runbook = load_runbook(SHIPPED, ENV | LOGIN)
    login = runbook.checks[3]
    assert isinstance(login, HttpCheck)
    assert value not in repr(runbook) + repr(login.filled())


def test_a_path_is_one_of_the_site() -> None:
    assert http_check('url = "//evil.example"').filled().url == "https://shop.example//evil.example"


def test_a_check_asks_once_for_a_200_by_default() -> None:
    check = http_check('url = "https://other.example/"')
    assert (check.method, check.status, check.samples, check.required) == ("GET", (200,), 1, True)
    assert check.filled().json is None


def test_a_reminder_with_an_unset_name_is_off() -> None:
    reminder = load_runbook(SHIPPED, ENV).communications.reminders[-1]
    assert (reminder.off, reminder.recipients) == ("STAKEHOLDER_EMAILS is not set", ())


def test_a_list_item_that_is_a_name_is_split_at_commas() -> None:
    env = ENV | {"STAKEHOLDER_EMAILS": "a@b.example, c@d.example,"}
    reminder = load_runbook(SHIPPED, env).communications.reminders[-1]
    assert reminder.recipients == ("a@b.example", "c@d.example")


def test_a_due_duration_counts_from_the_anchor_of_when() -> None:
    short_term = load_runbook(SHIPPED, ENV).checklists[2]
    assert short_term.when == Moment(Anchor.RUN_FINISHED, timedelta(hours=1))
    assert short_term.due == Moment(Anchor.RUN_FINISHED, timedelta(hours=24))


@pytest.mark.parametrize(
    ("text", "relation", "number"),
    [
        ('"> 0"', ">", 0),
        ('"5"', "=", 5),
        ("5", "=", 5),
        ('"!= -1.5"', "!=", -1.5),
        ('"<=before"', "<=", None),
        ('"before"', "=", None),
    ],
)
def test_an_expectation_is_a_relation_to_a_number_or_to_before(text: str, relation: str, number: float | None) -> None:
    sql = f'[database]\n[[checks]]\nname = "Rows"\nkind = "sql"\nsql = "SELECT 1"\nexpect = {text}\n'
    (check,) = load_runbook(SMALL + sql, {}).checks
    assert not isinstance(check, HttpCheck)
    assert check.expect == Expectation(relation, number)


def test_an_expectation_to_an_unknown_before_does_not_hold() -> None:
    assert not Expectation("<=", None).holds(0)
    assert Expectation("<=", None).holds(0, before=0)
