"""The command line; the only file that sees both sides. `python -m bot` runs everything in one process."""

import logging
import os
import signal
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from waitress.server import BaseWSGIServer, MultiSocketServer, create_server

from bot.adapters.log_sqlite import LogInUseError
from bot.adapters.log_sqlite_reading import UnreadableLogError
from bot.adapters.slack import Slack
from bot.audit import WrongWordsError, audit
from bot.composition import SHIPPED, Bot, Parts, build
from bot.core.errors import BotError, Refused, Revoked
from bot.core.secret import Secret
from bot.doctor.examination import examine
from bot.doctor.finding import exit_status
from bot.doctor.report import lines_of, summary
from bot.forms import Forms
from bot.homes import Homes
from bot.logs import set_up
from bot.settings import Settings, SettingsProblems, load_settings, load_state_path, read_environment
from handlers import register
from handlers.commands import Commands
from handlers.socket_mode import Addresses, SocketMode
from handlers.web import application

BAD_SETTINGS, GAVE_UP, NOT_SOUND = 2, 1, 1
LATER = {
    "web": "needs STATE_URL=postgresql://… (not in this version)",
    "worker": "needs STATE_URL=postgresql://… (not in this version)",
}
HTTP_THREADS = 8
LONGEST_BODY = 1_000_000  # bytes; read into memory before the signature is looked at

Edge = BaseWSGIServer | MultiSocketServer | SocketMode

_logger = logging.getLogger("bot")


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for; the exit status."""
    match list(arguments):
        case []:
            return run(read_environment(Path(".env")))
        case ["audit", *words]:
            return _audit(words)
        case ["check"]:
            return check(read_environment(Path(".env")))
        case [word, *_] if word in LATER:
            return _refuse([f"python -m bot {word}: {LATER[word]}"])
        case _:
            return _refuse(["usage: python -m bot [check | audit …]"])


def run(env: Mapping[str, str], parts: Parts = SHIPPED) -> int:
    """Run the bot until it is told to end. Every problem with what it is given is said at once, before it starts."""
    settings, problems = _settings(env)
    slack = _slack(env)
    addresses = _addresses(env, slack)
    problems = [*problems, *_refused_tokens(slack, addresses)]
    if settings is None or slack is None or problems:
        return _refuse(problems)
    set_up(settings)
    status = [0]

    def give_up(reason: str) -> None:
        _logger.critical("bot.gave_up reason=%s", reason)
        status[0] = GAVE_UP
        os.kill(os.getpid(), signal.SIGTERM)

    try:
        bot = build(settings, slack=slack, clock=_now, give_up=give_up, parts=parts)
    except (LogInUseError, OSError, sqlite3.Error) as error:
        return _refuse([f"STATE_URL: {error}"])
    app = _bolt(bot)
    try:
        edge = SocketMode(app, addresses, give_up) if addresses else _listen(bot, app)
    except OSError as error:
        bot.log.close()
        return _refuse([f"PORT: {settings.port} can't be listened on: {error.strerror}"])
    _serve(bot, edge)
    return status[0]


def check(env: Mapping[str, str]) -> int:
    """Print what the doctor finds, each thing as soon as it is known; the exit status."""
    findings = []
    for finding in examine(env, _now):
        findings.append(finding)
        print(*lines_of(finding), sep="\n", flush=True)  # noqa: T201  # the report is what was asked for
    print("", summary(findings), sep="\n")  # noqa: T201  # see above
    return exit_status(findings)


def _listen(bot: Bot, app: App) -> BaseWSGIServer | MultiSocketServer:
    """Slack's edge on its port; deliveries wait there until the bot serves. Raises OSError."""
    ready = {"log": bot.log.is_writable, "slack": bot.slack.is_reachable}
    return create_server(
        application(app, ready),
        host="0.0.0.0",  # noqa: S104  # a host like Heroku reaches the process from outside; deliveries are signed
        port=bot.settings.port,
        threads=HTTP_THREADS,
        max_request_body_size=LONGEST_BODY,
        ident="rollback-bot",
    )


def _serve(bot: Bot, edge: Edge) -> None:
    signal.signal(signal.SIGTERM, _end)
    try:
        bot.start()
        where = "socket" if isinstance(edge, SocketMode) else f"port={bot.settings.port}"
        _logger.info("bot.started %s log=%s", where, bot.log.id)
        edge.run()
    except SystemExit:
        _logger.info("bot.ending")
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would cut this off, and the exit status with it
        edge.close()
        bot.stop()
        _logger.info("bot.stopped")


def _bolt(bot: Bot) -> App:
    """Bolt with every handler, without its call to Slack at every delivery: a click is kept also while that is down."""
    quiet = logging.getLogger("slack_bolt.quiet")  # Bolt takes its level for all its own loggers, not the root's
    quiet.setLevel(logging.ERROR)  # below that it warns of its own reading of SLACK_BOT_TOKEN, and writes bodies
    token = bot.settings.slack_bot_token.reveal()
    secret = bot.settings.slack_signing_secret
    app = App(
        name="rollback-bot",  # or Bolt would look for its caller's in the files of every module: 0.1 s
        logger=quiet,
        signing_secret=secret.reveal() if secret else None,
        client=bot.slack.client,
        authorize=lambda: AuthorizeResult(enterprise_id=None, team_id=None, bot_token=token),
    )
    changes, incidents, runbook = bot.changes, bot.incidents.incidents, bot.settings.runbook
    link, link_in = bot.drawing.link, bot.incidents.drawing.link
    forms = Forms(slack=bot.slack, runbook=runbook)
    commands = Commands(changes, incidents, forms, runbook, link, bot.actions, bot.questions, link_in)
    homes = Homes(bot.slack, runbook, changes, incidents, link=link, link_in=link_in, clock=_now)
    register(app, changes=changes, commands=commands, homes=homes)
    return app


def _audit(words: Sequence[str]) -> int:
    """What the log proves, or the log itself; it is read beside a running bot, and needs no setting but STATE_URL."""
    try:
        is_sound = audit(words, load_state_path(read_environment(Path(".env"))), print)
        sys.stdout.flush()
    except SettingsProblems as found:
        return _refuse(found.problems)
    except UnreadableLogError as error:
        return _refuse([f"STATE_URL: the log can't be read: {error}"])
    except WrongWordsError as error:
        return _refuse([str(error)])
    except BrokenPipeError:  # whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 0 if is_sound else NOT_SOUND


def _settings(env: Mapping[str, str]) -> tuple[Settings | None, Sequence[str]]:
    try:
        return load_settings(env), []
    except SettingsProblems as found:
        return None, found.problems


def _slack(env: Mapping[str, str]) -> Slack | None:
    token = _token(env, "SLACK_BOT_TOKEN")
    return Slack(token, env.get("SLACK_API_URL") or None, _now) if token else None


def _addresses(env: Mapping[str, str], slack: Slack | None) -> Addresses | None:
    """What Socket Mode needs, where the settings ask for it."""
    token = _token(env, "SLACK_APP_TOKEN")
    return Addresses(slack, token) if slack and token else None


def _token(env: Mapping[str, str], name: str) -> Secret | None:
    """A token that can be sent; whether it looks right is the settings' question."""
    token = env.get(name, "")
    return Secret(token) if token.isascii() and token.split() == [token] else None


def _refused_tokens(slack: Slack | None, addresses: Addresses | None) -> Sequence[str]:
    """What Slack has against the tokens; nothing where Slack can't be reached: it is asked again when it is needed."""
    asks = {"SLACK_BOT_TOKEN": slack and slack.workspace, "SLACK_APP_TOKEN": addresses and addresses.check}
    problems = []
    for name, ask in asks.items():
        try:
            if ask:
                ask()
        except (Revoked, Refused) as error:
            problems.append(f"{name}: {error.text}")
        except BotError as error:
            _say(f"Slack can't be reached now; it is asked again when it is needed. {error.text}")
            break
    return problems


def _refuse(lines: Sequence[str]) -> int:
    for line in lines:
        _say(line)
    return BAD_SETTINGS


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201  # before the log is set up, standard error is where people look


def _end(*_: object) -> None:
    raise SystemExit


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
