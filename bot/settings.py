"""The settings: the environment, read once. Every problem of the settings and of the runbook is told together."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from bot.adapters.mail import server_of
from bot.core.runbook import Runbook, load_runbook
from bot.core.runbook.addresses import is_address, is_mail_address
from bot.core.runbook.problems import RunbookProblems
from bot.core.secret import Secret

SHIPPED_RUNBOOK = Path(__file__).parent / "runbooks" / "production-v3.toml"
_SQLITE = "sqlite:///"
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_LOG_FORMATS = ("text", "json")
_SPACELESS = "may hold no space or line break"
_BOT_TOKEN = re.compile(r"xoxb-\S+").fullmatch
_APP_TOKEN = re.compile(r"xapp-\S+").fullmatch
_NO_SPACE = re.compile(r"\S+").fullmatch
_WORD = re.compile(r"[A-Za-z0-9_]+").fullmatch
_KEY = re.compile(r"[\x21-\x7e]+").fullmatch  # what a header can hold
_DATABASE = re.compile(r"postgres(ql)?://\S+").fullmatch
_STATE = re.compile(rf"{_SQLITE}(?!:)[^?\x00-\x1f]+").fullmatch  # ":memory:" would forget the log


class SettingsProblems(Exception):
    """The bot can't start: `problems` holds one line for each mistake, and no secret."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class Statuspage:
    """Where status-page drafts are posted on a click."""

    api_key: Secret
    page_id: str
    api_url: str


@dataclass(frozen=True)
class Mail:
    """Through what, and as whom, mail is sent on a click; the address holds the password, percent-encoded."""

    url: Secret
    password: Secret
    sender: str


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The settings but for the runbook; None = not set. `warnings` are for the log and the doctor, one line each."""

    slack_bot_token: Secret
    slack_app_token: Secret | None  # present = Socket Mode
    slack_signing_secret: Secret | None
    slack_api_url: str  # ends with /
    vercel_token: Secret | None
    vercel_api_url: str  # no / at its end
    database_url: Secret | None
    state_path: Path
    port: int
    statuspage: Statuspage | None
    mail: Mail | None
    totp_key: Secret | None
    log_level: str
    log_format: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Settings(Environment):
    """What the bot runs with."""

    runbook: Runbook


def read_environment(dotenv_path: Path) -> Mapping[str, str]:
    """The process's environment over the file's values, which are taken as written; no file is an empty one."""
    written = dotenv_values(dotenv_path, interpolate=False, encoding="utf-8")
    return {**{name: value for name, value in written.items() if value is not None}, **os.environ}


@dataclass(frozen=True)
class Survey:
    """What there is of the settings, mistakes or not: what is wrong stands as if it were not set."""

    environment: Environment
    runbook: Runbook | None  # None where it has a mistake
    problems: tuple[str, ...]  # one line for each mistake, no secret in it


def survey(env: Mapping[str, str]) -> Survey:
    """Everything in `env` and in the runbook that it names; an empty value is an unset one."""
    runbook, has, mistakes = _runbook(env)
    reader = _Reader(env)
    _need(reader, has)
    environment = _environment(reader)
    return Survey(environment, runbook, (*reader.problems, *mistakes))


def load_settings(env: Mapping[str, str]) -> Settings:
    """The settings in `env` and the runbook that they name.

    SettingsProblems names every mistake of both at once.
    """
    found = survey(env)
    if found.problems or found.runbook is None:
        raise SettingsProblems(found.problems)
    return Settings(**vars(found.environment), runbook=found.runbook)


def load_state_path(env: Mapping[str, str]) -> Path:
    """Where the log is, for a command that needs no other setting. Raises SettingsProblems."""
    reader = _Reader(env)
    path = _state_path(reader)
    if reader.problems:
        raise SettingsProblems(tuple(reader.problems))
    return path


class _Reader:
    """Reads one name at a time and keeps what is wrong with it; no sentence shows a value."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: list[str] = []

    def has(self, name: str) -> bool:
        return bool(self.env.get(name))

    def need(self, name: str, why: str = "") -> None:
        if not self.has(name):
            self.problems.append(f"{name}: is not set{why}")

    def text(self, name: str, default: str, right: Callable[[str], object], rule: str) -> str:
        value = self.env.get(name) or default
        if not self.has(name) or right(value):
            return value
        self.problems.append(f"{name}: {rule}")
        return default

    def secret(self, name: str, right: Callable[[str], object], rule: str) -> Secret | None:
        value = self.text(name, "", right, rule)
        return Secret(value) if value else None


def _need(reader: _Reader, has: frozenset[str]) -> None:
    reader.need("SLACK_BOT_TOKEN")
    if not reader.has("SLACK_APP_TOKEN"):
        reader.need("SLACK_SIGNING_SECRET", ", and neither is SLACK_APP_TOKEN")
    for table, name in (("vercel", "VERCEL_TOKEN"), ("database", "DATABASE_URL")):
        if table in has:
            reader.need(name, f", and the runbook has [{table}]")
    for one, other in (("STATUSPAGE_API_KEY", "STATUSPAGE_PAGE_ID"), ("SMTP_URL", "MAIL_FROM")):
        if reader.has(one) or reader.has(other):
            reader.need(one, f", but {other} is")
            reader.need(other, f", but {one} is")


def _environment(reader: _Reader) -> Environment:
    text, secret = reader.text, reader.secret
    bot_token = secret("SLACK_BOT_TOKEN", _BOT_TOKEN, "must begin with xoxb- and hold no space or line break")
    return Environment(
        slack_bot_token=bot_token or Secret(""),
        slack_app_token=secret("SLACK_APP_TOKEN", _APP_TOKEN, "must begin with xapp- and hold no space or line break"),
        slack_signing_secret=secret("SLACK_SIGNING_SECRET", _NO_SPACE, _SPACELESS),
        slack_api_url=_api(reader, "SLACK_API_URL", "https://slack.com/api") + "/",
        vercel_token=secret("VERCEL_TOKEN", _WORD, "may hold only letters, digits and _"),
        vercel_api_url=_api(reader, "VERCEL_API_URL", "https://api.vercel.com"),
        database_url=secret("DATABASE_URL", _DATABASE, "must be postgresql://user:password@host:port/database"),
        state_path=_state_path(reader),
        port=int(text("PORT", "3000", _is_port, "must be a whole number from 1 to 65535")),
        statuspage=_statuspage(reader),
        mail=_mail(reader),
        totp_key=secret("TOTP_KEY", _NO_SPACE, _SPACELESS),
        log_level=text("LOG_LEVEL", "INFO", _LOG_LEVELS.__contains__, f"must be one of {', '.join(_LOG_LEVELS)}"),
        log_format=text("LOG_FORMAT", "text", _LOG_FORMATS.__contains__, "must be text or json"),
        warnings=_warnings(reader),
    )


def _api(reader: _Reader, name: str, default: str) -> str:
    return reader.text(name, default, is_address, "must be an address that begins with https:// or http://").rstrip("/")


def _is_port(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,5}", text) is not None and int(text) in range(1, 65536)


def _state_path(reader: _Reader) -> Path:
    rule = "needs sqlite:///path (postgresql:// is not in this version)"
    return Path(reader.text("STATE_URL", f"{_SQLITE}var/rollback-bot.db", _STATE, rule).removeprefix(_SQLITE))


def _statuspage(reader: _Reader) -> Statuspage | None:
    key = reader.secret("STATUSPAGE_API_KEY", _KEY, "may hold no space, line break or character beyond ASCII")
    page = reader.text("STATUSPAGE_PAGE_ID", "", _WORD, "may hold only letters, digits and _")
    api_url = _api(reader, "STATUSPAGE_API_URL", "https://api.statuspage.io/v1")
    return Statuspage(key, page, api_url) if key and page else None


def _mail(reader: _Reader) -> Mail | None:
    rule = "must be smtp://user:password@host:port, or smtps://, with user and password percent-encoded"
    url = reader.secret("SMTP_URL", _is_mail_server, rule)
    sender = reader.text("MAIL_FROM", "", is_mail_address, "must be a mail address")
    return Mail(url, server_of(url.reveal()).password, sender) if url and sender else None


def _is_mail_server(url: str) -> bool:
    try:
        server_of(url)
    except ValueError:
        return False
    return True


def _warnings(reader: _Reader) -> tuple[str, ...]:
    if not reader.has("DYNO"):  # Heroku's mark of a process whose files are deleted at each restart
        return ()
    return ("STATE_URL: the log's file won't outlive this dyno, whose files are deleted at each restart",)


def _runbook(env: Mapping[str, str]) -> tuple[Runbook | None, frozenset[str], tuple[str, ...]]:
    """The runbook, the tables that it has even where it doesn't load, and its mistakes."""
    path = Path(env.get("RUNBOOK") or SHIPPED_RUNBOOK)
    try:
        runbook = load_runbook(path.read_text(encoding="utf-8"), env)
    except RunbookProblems as error:
        return None, error.has, error.problems
    except OSError as error:
        return None, frozenset(), (f"RUNBOOK: {path} can't be read: {error.strerror}",)
    except UnicodeDecodeError:
        return None, frozenset(), (f"RUNBOOK: {path} is not UTF-8 text",)
    has = {"vercel": runbook.vercel, "database": runbook.database}
    return runbook, frozenset(name for name, table in has.items() if table), ()
