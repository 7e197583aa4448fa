"""The doctor names what is wrong with a set-up, and the remedy, before anybody needs the bot; and changes nothing."""

import atexit
import re
from collections.abc import Iterator
from contextlib import closing
from functools import cache, partial
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.adapters.postgres.way import Way
from bot.doctor.finding import Finding, Level
from bot.doctor.of_database import encryption
from bot.doctor.report import WIDTH, lines_of
from tests.broken_setups import CASES, IN_THE_DATABASE, Broken
from tests.database.inventory import changes, inventory
from tests.database.server import PASSWORD, Database, server
from tests.processes import Forked
from tests.setups import SetUp, bad, healthy, refusing_login, with_backups
from tests.simulator import mail
from tests.simulator.wire import Fault, on
from tests.world import INC, NOWHERE

OK, WARNING = Level.OK, Level.WARNING


@cache
def shared() -> Database:
    """A database for set-ups that change nothing in it."""
    database = with_backups(server().database())
    atexit.register(database.close)
    return database


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[SetUp]:
    """A healthy set-up whose database stays as it is."""
    with closing(healthy(tmp_path, shared())) as made:
        yield made


@pytest.fixture
def own_setup(tmp_path: Path, database: Database) -> Iterator[SetUp]:
    """A healthy set-up with a database of its own."""
    with closing(healthy(tmp_path, with_backups(database))) as made:
        yield made


def name_of(case: Broken) -> str:
    return case.name.replace(" ", "-")


def assert_named(findings: list[Finding], case: Broken) -> None:
    """One line says it, with its remedy; and no line that is bad is without one."""
    named = [one for one in findings if case.says in f"{one.subject}: {one.text}"]
    assert [(one.level, case.remedy in one.remedy) for one in named] == [(case.level, True)], bad(findings)
    assert all(one.remedy for one in bad(findings))


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_broken_set_up_is_named_with_its_remedy(setup: SetUp, case: Broken) -> None:
    setup.keep_one_table()  # none of these is about tables
    case.how(setup)
    assert_named(setup.examined(), case)


@pytest.mark.parametrize("case", IN_THE_DATABASE, ids=name_of)
def test_what_is_wrong_in_the_database_is_named_with_its_remedy(own_setup: SetUp, case: Broken) -> None:
    case.how(own_setup)
    assert_named(own_setup.examined(), case)


def test_no_report_shows_a_secret_or_is_wider_than_a_terminal(setup: SetUp) -> None:
    setup.keep_one_table()
    for how in [case.how for case in CASES if re.search("oken|unreachable|key|password", case.name)]:
        setup.changed.clear()
        how(setup)
        shown = [line for finding in setup.examined() for line in lines_of(finding)]
        assert [line for line in shown if len(line) > WIDTH and len(line.split()) > 3] == []
        assert [secret for secret in secrets(setup) if secret in "".join(shown)] == []


def secrets(setup: SetUp) -> list[str]:
    """What may be shown nowhere."""
    names = (
        *("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "VERCEL_TOKEN", "LOGIN_PASSWORD", "SUPABASE_ANON_KEY"),
        *("STATUSPAGE_API_KEY", "SMTP_URL"),
    )
    return [PASSWORD, mail.PASSWORD, *(setup.env[name] for name in names if name in setup.env)]


@pytest.mark.parametrize("over_socket", [True, False], ids=["socket", "http"])
def test_nothing_is_wrong_with_a_healthy_set_up(tmp_path: Path, *, over_socket: bool) -> None:
    with closing(healthy(tmp_path, shared(), over_socket=over_socket)) as setup:
        assert bad(setup.examined()) == []
        assert f"mode: {'Socket Mode' if over_socket else 'HTTP on port'}" in setup.report()


def test_nothing_is_changed_anywhere(setup: SetUp) -> None:
    with setup.database.superuser() as connection:
        before = inventory(connection)
        setup.examined()
        assert changes(before, inventory(connection)) == {}
    assert {path.name for path in setup.world.folder.iterdir()} == {"runbook.toml"}
    assert {request.method for request in (*setup.world.vercel.requests, *setup.statuspage.requests)} == {"GET"}
    assert ("MAIL" in setup.mail.commands, "DATA" in setup.mail.commands) == (True, False)
    asked = {request.path.removeprefix("/api/") for request in setup.world.slack.requests}
    reads = {"auth.test", "api.test", "users.info", "usergroups.users.list", "users.conversations"}
    assert asked == reads | {"conversations.info", "apps.connections.open"}
    assert setup.world.slack.opened == []


@pytest.mark.parametrize("is_running", [True, False])
def test_a_log_is_looked_at_and_left_as_it_is(setup: SetUp, *, is_running: bool) -> None:
    log = setup.make_log()
    if not is_running:
        log.close()
    before = {path: path.stat().st_mtime_ns for path in setup.world.folder.iterdir()}
    report = setup.report()
    assert f"log: {'a bot is running' if is_running else 'no bot is running'}" in report
    assert "1 event, the chain of hashes holds" in report
    assert {path: path.stat().st_mtime_ns for path in setup.world.folder.iterdir()} == before
    if is_running:
        log.close()


def test_a_mistake_in_one_setting_hides_nothing_of_the_others(own_setup: SetUp) -> None:
    setup = own_setup
    setup.in_runbook("required = 2 ", "requird = 2 ")
    setup.set(SLACK_BOT_TOKEN=None, PORT="http", VERCEL_TOKEN="a b")
    setup.run_sql(f"ALTER DATABASE {setup.database.name} SET default_transaction_read_only = on")
    setup.world.slack.date_skew = 600.0
    subjects = [finding.subject for finding in bad(setup.examined())]
    for subject in ("SLACK_BOT_TOKEN", "PORT", "VERCEL_TOKEN", "runbook", "database", "clock"):
        assert subject in subjects


def test_what_is_not_checked_for_want_of_a_setting_is_said(setup: SetUp) -> None:
    setup.set(SLACK_BOT_TOKEN=None, VERCEL_TOKEN=None, DATABASE_URL=None, STATUSPAGE_PAGE_ID=None, SMTP_URL="smtp://")
    unasked = [one.subject for one in bad(setup.examined()) if one.text.startswith("not checked")]
    assert unasked == ["Slack", "Vercel", "database", "Statuspage", "mail"]


def test_a_runbook_without_vercel_and_database_needs_neither(setup: SetUp) -> None:
    setup.world.runbook.write_text('[service]\nname = "Shop"\n[approval]\napprovers = ["S_APPROVERS"]\n')
    setup.set(VERCEL_TOKEN=None, DATABASE_URL=None)
    findings = setup.examined()
    assert bad(findings) == []
    assert [one.subject for one in findings if one.text.startswith("not used")] == ["Vercel", "database"]


def test_a_refused_login_is_told_apart_from_a_database_that_is_not_there(setup: SetUp) -> None:
    with refusing_login() as url:
        setup.set(DATABASE_URL=url)
        (named,) = bad(setup.examined())
    assert "answers, but it refuses the login" in named.text


def test_what_does_not_answer_is_told_in_bounded_time(setup: SetUp) -> None:
    setup.keep_one_table()
    with (
        setup.world.slack.failing(Fault(on(""), times=None, hold=True)),
        setup.world.vercel.failing(Fault(on(""), times=None, hold=True)),
    ):
        findings = bad(setup.examined(seconds=1.5))
    silent = [one.subject for one in findings if "no answer within 1.5 s" in one.text]
    assert silent == ["Slack", "app token", "clock", "Vercel"]


@pytest.mark.parametrize(
    ("host", "sslmode", "level"),
    [
        ("db.example.com", "prefer", WARNING),
        ("db.example.com", "disable", WARNING),
        ("203.0.113.7", "allow", WARNING),
        ("db.example.com", "require", OK),
        ("db.example.com", "verify-full", OK),
        ("localhost", "prefer", OK),
        ("127.0.0.1", "disable", OK),
        ("::1", "prefer", OK),
        ("/var/run/postgresql", "prefer", OK),
    ],
)
def test_a_remote_database_needs_tls(host: str, sslmode: str, level: Level) -> None:
    found = encryption(Way(((host, 5432),), sslmode))
    assert (found.level, "sslmode=require" in found.remedy) == (level, level is WARNING)


def test_names_from_outside_do_not_steer_the_terminal() -> None:
    lines = lines_of(Finding(OK, "Vercel", "the newest is \x1b[31mred\u202e"))
    assert not re.search(r"[\x00-\x1f\u202e]", "".join(lines))


def run_check(setup: SetUp) -> tuple[int, str]:
    process = Forked(setup.env, partial(main, ["check"]))
    status = process.wait()
    return status, "".join(process.lines)


def test_the_exit_status_is_0_where_all_is_well(setup: SetUp) -> None:
    status, said = run_check(setup)
    assert (status, said.splitlines()[-1].endswith("ok. Nothing was changed.")) == (0, True)


def test_the_exit_status_is_1_with_warnings_only(setup: SetUp) -> None:
    setup.set(LOGIN_EMAIL=None)
    status, said = run_check(setup)
    assert status == 1
    assert "\n1 warning, " in said


def test_the_exit_status_is_2_with_problems_and_the_report_says_what_to_do(setup: SetUp) -> None:
    setup.set(SLACK_SIGNING_SECRET=None, SLACK_APP_TOKEN=None, DATABASE_URL=NOWHERE)
    setup.world.slack.channels[INC].is_archived = True
    status, said = run_check(setup)
    assert status == 2
    assert "\n2 problems, " in said
    assert said.count("-> ") == 2
    assert "Traceback" not in said
