"""The settings: each rule of a name, and that every mistake is told at once without a secret."""

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.runbook.templates import SETTINGS_NAMES, names_in
from bot.settings import SHIPPED_RUNBOOK, Settings, SettingsProblems, load_settings, read_environment

SMALL = '[service]\nname = "Shop"\n[approval]\napprovers = ["S1"]\n'
SLACK = {"SLACK_BOT_TOKEN": "xoxb-1-a", "SLACK_APP_TOKEN": "xapp-1-a"}
EXAMPLE = (Path(__file__).parents[1] / ".env.example").read_text(encoding="utf-8")
MAIL_SERVER = "must be smtp://user:password@host:port, or smtps://, with user and password percent-encoded"
HTTP_ADDRESS = "must be an address that begins with https:// or http://"


@pytest.fixture
def runbook(tmp_path: Path) -> Path:
    path = tmp_path / "runbook.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def load(runbook: Path, **env: str) -> Settings:
    return load_settings({**SLACK, "RUNBOOK": str(runbook), **env})


def problems(runbook: Path, **env: str) -> tuple[str, ...]:
    with pytest.raises(SettingsProblems) as caught:
        load(runbook, **env)
    return caught.value.problems


class Recording(Mapping[str, str]):
    """An environment that keeps the names it was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values_by_name = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.values_by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)


def test_two_tokens_and_a_small_runbook_are_enough(runbook: Path) -> None:
    settings = load(runbook)
    assert settings.slack_bot_token.reveal() == "xoxb-1-a"
    assert settings.runbook.service.name == "Shop"
    assert (settings.vercel_token, settings.database_url, settings.statuspage, settings.mail) == (None,) * 4


def test_the_defaults(runbook: Path) -> None:
    settings = load(runbook, PORT="", LOG_LEVEL="")
    assert (settings.port, settings.log_level, settings.log_format) == (3000, "INFO", "text")
    assert settings.state_path == Path("var/rollback-bot.db")
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.vercel_api_url == "https://api.vercel.com"
    assert settings.warnings == ()


def test_the_runbook_is_the_shipped_one_by_default() -> None:
    env = {"VERCEL_TOKEN": "t", "DATABASE_URL": "postgresql://h/d", "APPROVER_GROUP": "S1", "INTERNAL_CHANNEL": "C1"}
    settings = load_settings(SLACK | env)
    assert settings.runbook.service.environment == "Production V3"
    assert settings.runbook.approval.expires_after == timedelta(minutes=30)


def test_http_mode_needs_the_signing_secret(runbook: Path) -> None:
    lines = problems(runbook, SLACK_APP_TOKEN="")
    assert lines == ("SLACK_SIGNING_SECRET: is not set, and neither is SLACK_APP_TOKEN",)


def test_http_mode_needs_no_app_token(runbook: Path) -> None:
    settings = load(runbook, SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET="s")
    assert settings.slack_app_token is None


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SLACK_BOT_TOKEN", "", "is not set"),
        ("SLACK_BOT_TOKEN", "xapp-secret", "must begin with xoxb- and hold no space or line break"),
        ("SLACK_BOT_TOKEN", "xoxb-secret\n", "must begin with xoxb- and hold no space or line break"),
        ("SLACK_APP_TOKEN", "xoxb-secret", "must begin with xapp- and hold no space or line break"),
        ("SLACK_APP_TOKEN", " xapp-secret", "must begin with xapp- and hold no space or line break"),
        ("SLACK_SIGNING_SECRET", "secret secret", "may hold no space or line break"),
        ("SLACK_API_URL", "slack.com", HTTP_ADDRESS),
        ("VERCEL_TOKEN", "secret-1", "may hold only letters, digits and _"),
        ("VERCEL_TOKEN", "secret\n", "may hold only letters, digits and _"),
        ("VERCEL_API_URL", "ftp://secret", HTTP_ADDRESS),
        ("DATABASE_URL", "mysql://secret", "must be postgresql://user:password@host:port/database"),
        ("STATE_URL", "postgresql://u:secret@h/d", "needs sqlite:///path (postgresql:// is not in this version)"),
        ("STATE_URL", "sqlite:///:memory:", "needs sqlite:///path (postgresql:// is not in this version)"),
        ("STATE_URL", "sqlite:///", "needs sqlite:///path (postgresql:// is not in this version)"),
        ("PORT", "0", "must be a whole number from 1 to 65535"),
        ("PORT", "65536", "must be a whole number from 1 to 65535"),
        ("PORT", "http", "must be a whole number from 1 to 65535"),
        ("TOTP_KEY", "secret secret", "may hold no space or line break"),
        ("LOG_LEVEL", "info", "must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("LOG_FORMAT", "xml", "must be text or json"),
        ("STATUSPAGE_API_URL", "secret", HTTP_ADDRESS),
    ],
)
def test_each_name_has_its_rule(runbook: Path, name: str, value: str, sentence: str) -> None:
    assert problems(runbook, **{name: value}) == (f"{name}: {sentence}",)


@pytest.mark.parametrize(
    ("one", "value", "other"),
    [
        ("STATUSPAGE_API_KEY", "key", "STATUSPAGE_PAGE_ID"),
        ("STATUSPAGE_PAGE_ID", "page", "STATUSPAGE_API_KEY"),
        ("SMTP_URL", "smtp://mail.example:587", "MAIL_FROM"),
        ("MAIL_FROM", "bot@shop.example", "SMTP_URL"),
    ],
)
def test_some_names_go_together(runbook: Path, one: str, value: str, other: str) -> None:
    assert problems(runbook, **{one: value}) == (f"{other}: is not set, but {one} is",)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("STATUSPAGE_API_KEY", "a secret", "may hold no space, line break or character beyond ASCII"),
        ("STATUSPAGE_API_KEY", "sëcret", "may hold no space, line break or character beyond ASCII"),
        ("STATUSPAGE_PAGE_ID", "a/b", "may hold only letters, digits and _"),
        ("SMTP_URL", "https://u:secret@mail.example", MAIL_SERVER),
        ("SMTP_URL", "smtp://u:secret#1@mail.example", MAIL_SERVER),
        ("SMTP_URL", "smtp://u@mail.example", MAIL_SERVER),
        ("MAIL_FROM", "a@b\nBcc: c@d", "must be a mail address"),
        ("MAIL_FROM", "zoë@b", "must be a mail address"),
        ("MAIL_FROM", "bot(x)@b", "must be a mail address"),
    ],
)
def test_the_integrations_have_their_rules(runbook: Path, name: str, value: str, sentence: str) -> None:
    right = {"STATUSPAGE_API_KEY": "k", "STATUSPAGE_PAGE_ID": "p", "SMTP_URL": "smtps://m", "MAIL_FROM": "a@b"}
    assert problems(runbook, **{**right, name: value}) == (f"{name}: {sentence}",)


def test_the_integrations_are_on_when_complete(runbook: Path) -> None:
    env = {"STATUSPAGE_API_KEY": "k", "STATUSPAGE_PAGE_ID": "p", "SMTP_URL": "smtps://m", "MAIL_FROM": "a@b"}
    settings = load(runbook, **env)
    assert settings.statuspage is not None
    assert settings.statuspage.api_url == "https://api.statuspage.io/v1"
    assert settings.mail is not None
    assert settings.mail.sender == "a@b"


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ('[vercel]\nproject = "shop"\n', "VERCEL_TOKEN"),
        ("[database]\n", "DATABASE_URL"),
        ("[vercel]\n", "VERCEL_TOKEN"),
    ],
)
def test_the_runbook_says_what_is_needed_even_with_mistakes(runbook: Path, table: str, name: str) -> None:
    runbook.write_text(SMALL + table, encoding="utf-8")
    lines = problems(runbook)
    assert f"{name}: is not set, and the runbook has {table.splitlines()[0]}" in lines


def test_every_problem_of_settings_and_runbook_is_told_at_once(runbook: Path) -> None:
    runbook.write_text(SMALL + "requird = 2\ntotp = true\n", encoding="utf-8")
    assert problems(runbook, PORT="x", LOG_FORMAT="x", SLACK_BOT_TOKEN="") == (
        "SLACK_BOT_TOKEN: is not set",
        "PORT: must be a whole number from 1 to 65535",
        "LOG_FORMAT: must be text or json",
        "runbook: [approval] totp: not in this version",
        'runbook: [approval] requird: unknown key; did you mean "required"?',
    )


def test_a_runbook_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    assert problems(path) == (f"RUNBOOK: {path} can't be read: No such file or directory",)


def test_a_runbook_that_is_not_text_is_a_problem(runbook: Path) -> None:
    runbook.write_bytes(b"\xff")
    assert problems(runbook) == (f"RUNBOOK: {runbook} is not UTF-8 text",)


def test_no_problem_and_no_repr_shows_a_secret(runbook: Path) -> None:
    secrets = {name: "hunter2 hunter2" for name in SETTINGS_NAMES if name != "RUNBOOK"}
    assert "hunter2" not in "".join(problems(runbook, **secrets))
    env = {"VERCEL_TOKEN": "hunter2", "DATABASE_URL": "postgresql://u:hunter2@h/d", "TOTP_KEY": "hunter2"}
    mail = {"SMTP_URL": "smtp://u:hunter2@m", "MAIL_FROM": "a@b"}
    assert "hunter2" not in repr(load(runbook, **env, **mail))


@pytest.mark.parametrize(("url", "path"), [("sqlite:///a/b.db", "a/b.db"), ("sqlite:////a/b.db", "/a/b.db")])
def test_three_slashes_begin_a_relative_path_and_four_an_absolute_one(runbook: Path, url: str, path: str) -> None:
    assert load(runbook, STATE_URL=url).state_path == Path(path)


def test_a_log_that_will_not_outlive_its_dyno_is_a_warning(runbook: Path) -> None:
    (warning,) = load(runbook, DYNO="web.1").warnings
    assert warning.startswith("STATE_URL: the log's file won't outlive this dyno")


def test_the_settings_read_exactly_the_names_listed(runbook: Path) -> None:
    env = Recording({**SLACK, "RUNBOOK": str(runbook)})
    load_settings(env)
    assert env.asked - {"DYNO"} == set(SETTINGS_NAMES)


def test_env_example_lists_the_settings_and_then_the_variables_of_the_shipped_runbook() -> None:
    settings, variables = EXAMPLE.split("Variables of the shipped runbook")
    names = re.compile(r"^([A-Z_]+)=", re.MULTILINE)
    assert sorted(names.findall(settings)) == sorted(SETTINGS_NAMES)
    text = re.sub(r"^\s*#.*", "", SHIPPED_RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(names.findall(variables)) == sorted(names_in(text))


def test_env_example_has_only_values_that_are_right() -> None:
    with pytest.raises(SettingsProblems) as caught:
        load_settings(dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, flags=re.MULTILINE)))
    assert all("not set" in line for line in caught.value.problems)


def test_the_environment_goes_before_the_file_which_is_taken_as_written(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("PATH=elsewhere\nSMTP_URL='smtp://u:a${b}#c@m'\nEMPTY\n", encoding="utf-8")
    read = read_environment(path)
    assert read["PATH"] == os.environ["PATH"]
    assert read["SMTP_URL"] == "smtp://u:a${b}#c@m"
    assert "EMPTY" not in read


def test_no_file_is_an_empty_one(tmp_path: Path) -> None:
    assert read_environment(tmp_path / ".env") == dict(os.environ)
