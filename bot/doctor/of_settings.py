"""Settings and runbook: every mistake as at the start, the mode, and what is off because a name isn't set."""

from collections.abc import Iterator, Mapping

from bot.core.runbook import Runbook
from bot.doctor.finding import Finding, ok, problem, warning
from bot.settings import SHIPPED_RUNBOOK, Environment, Survey

_IN_ENV = "correct it in .env or in the environment; .env.example says what it takes"
_APP = "https://api.slack.com/apps, your app"
_REMEDIES = {
    "SLACK_BOT_TOKEN": f"{_APP}, OAuth & Permissions: copy the Bot User OAuth Token (xoxb-...)",
    "SLACK_APP_TOKEN": f"{_APP}, Basic Information, App-Level Tokens: make one with connections:write (xapp-...)",
    "SLACK_SIGNING_SECRET": f"for Socket Mode set SLACK_APP_TOKEN; for HTTP copy the Signing Secret from {_APP}, "
    "Basic Information",
    "VERCEL_TOKEN": "make a token for the project or the team at https://vercel.com/account/tokens",
    "DATABASE_URL": "postgresql://user:password@host:5432/database, direct or through the session pooler, of the role "
    "in docs/database.md",
    "STATE_URL": "sqlite:/// and a path on a disk that outlives the process",
    "RUNBOOK": "name the runbook's file; without RUNBOOK it is the shipped one",
}


def examine_settings(found: Survey, env: Mapping[str, str]) -> Iterator[Finding]:
    """What the settings and the runbook come to, without asking anybody."""
    path = env.get("RUNBOOK") or str(SHIPPED_RUNBOOK)
    yield from (_mistake(line, path) for line in found.problems)
    if not found.problems:
        yield ok("settings", "complete, and each of the form that it has to have")
    if found.runbook:
        yield ok("runbook", f"{found.runbook.service.name}, with {_size(found.runbook)}; {path}")
        yield from _off(found.runbook)
    else:
        text = "not checked: approvers, channels, Vercel and tables, which it names"
        yield warning("runbook", text, "correct its mistakes, then check again")
    yield from _mode(found.environment)
    yield from (warning(*_parted(line), _REMEDIES["STATE_URL"]) for line in found.environment.warnings)


def _mistake(line: str, path: str) -> Finding:
    subject, text = _parted(line)
    remedy = f"correct it in {path}; docs/runbook.md has every key" if subject == "runbook" else _IN_ENV
    return problem(subject, text, _REMEDIES.get(subject, remedy))


def _parted(line: str) -> tuple[str, str]:
    subject, _, text = line.partition(": ")
    return subject, text


def _size(runbook: Runbook) -> str:
    tables = runbook.database.tables if runbook.database else ()
    parts = {"check": runbook.checks, "table": tables, "scenario": runbook.scenarios}
    return ", ".join(f"{len(many)} {word}{'' if len(many) == 1 else 's'}" for word, many in parts.items())


def _off(runbook: Runbook) -> Iterator[Finding]:
    """A check that is off proves nothing, and a reminder that is off reminds nobody."""
    remedy = "set it in .env, or take this out of the runbook"
    yield from (warning(f'check "{check.name}"', f"off: {check.off}", remedy) for check in runbook.checks if check.off)
    reminders = runbook.communications.reminders
    yield from (warning(f'reminder "{one.audience}"', f"off: {one.off}", remedy) for one in reminders if one.off)


def _mode(environment: Environment) -> Iterator[Finding]:
    if environment.slack_app_token:
        yield ok("mode", "Socket Mode: nothing has to reach the bot")
    elif environment.slack_signing_secret:
        where = f"port {environment.port}; Slack has to reach it at https://your address/slack/events"
        yield ok("mode", f"HTTP on {where}")
