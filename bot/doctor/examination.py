"""What the doctor examines, in the order of the report: all at once, and all within a bounded time.

Each examination has a thread of its own and tells what it finds as it finds it. One that doesn't end in time is
reported as that, and left alone: its thread ends with the process.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from bot.adapters.mail import Mail
from bot.adapters.slack import Slack
from bot.adapters.statuspage import Statuspage
from bot.adapters.vercel import Vercel
from bot.core.runbook import Runbook
from bot.core.runbook.tables import Database
from bot.core.runbook.tables import Vercel as VercelTable
from bot.doctor.finding import Finding, ok, problem, warning
from bot.doctor.of_communications import examine_mail, examine_statuspage, without_mail, without_statuspage
from bot.doctor.of_database import examine_database
from bot.doctor.of_log import examine_log
from bot.doctor.of_settings import examine_settings
from bot.doctor.of_slack import examine_app_token, examine_clock, examine_slack
from bot.doctor.of_vercel import examine_vercel
from bot.settings import Environment, Survey, survey

SECONDS = 25.0  # for everything, also where nothing answers

Examination = Callable[[], Iterator[Finding]]


def examine(env: Mapping[str, str], clock: Callable[[], datetime], seconds: float = SECONDS) -> Iterator[Finding]:
    """Everything that can be found out about a set-up by reading, each as soon as it and all before it are there."""
    return _in_order(list(_examinations(survey(env), env, clock)), seconds)


def _examinations(
    found: Survey, env: Mapping[str, str], clock: Callable[[], datetime]
) -> Iterator[tuple[str, Examination]]:
    """The table, as far as these settings go; what they lack is a problem of the settings already."""
    environment, runbook = found.environment, found.runbook
    slack = Slack(environment.slack_bot_token, environment.slack_api_url, clock)
    has_token = bool(environment.slack_bot_token.reveal())
    yield "settings", lambda: examine_settings(found, env)
    yield "log", lambda: examine_log(environment.state_path)
    yield "Slack", (lambda: examine_slack(slack, runbook)) if has_token else _unasked("Slack", "SLACK_BOT_TOKEN")
    if app_token := environment.slack_app_token:
        yield "app token", lambda: examine_app_token(slack, app_token)
    yield "clock", lambda: examine_clock(slack, clock)
    if runbook:
        yield "Vercel", _of_vercel(runbook.vercel, environment, clock)
    if runbook or environment.database_url:
        yield "database", _of_database(runbook.database if runbook else Database(), environment, clock)
    yield "Statuspage", _of_statuspage(environment, runbook, env)
    yield "mail", _of_mail(environment, runbook, env)


def _of_vercel(told: VercelTable | None, environment: Environment, clock: Callable[[], datetime]) -> Examination:
    token = environment.vercel_token
    if told is None:
        return lambda: iter([ok("Vercel", "not used: the runbook has no [vercel]")])
    if token is None:
        return _unasked("Vercel", "VERCEL_TOKEN")
    vercel = Vercel(token, told.project, clock, team=told.team, base_url=environment.vercel_api_url)
    return lambda: examine_vercel(vercel)


def _of_database(told: Database | None, environment: Environment, clock: Callable[[], datetime]) -> Examination:
    url = environment.database_url
    if told is None:
        return lambda: iter([ok("database", "not used: the runbook has no [database]")])
    if url is None:
        return _unasked("database", "DATABASE_URL")
    return lambda: examine_database(url, told, clock)


def _of_statuspage(environment: Environment, runbook: Runbook | None, env: Mapping[str, str]) -> Examination:
    if told := environment.statuspage:
        statuspage = Statuspage(told.api_key, told.page_id, told.api_url)
        return lambda: examine_statuspage(statuspage)
    if env.get("STATUSPAGE_API_KEY") or env.get("STATUSPAGE_PAGE_ID"):
        return _unasked("Statuspage", "STATUSPAGE_API_KEY and STATUSPAGE_PAGE_ID")
    return lambda: without_statuspage(runbook)


def _of_mail(environment: Environment, runbook: Runbook | None, env: Mapping[str, str]) -> Examination:
    if told := environment.mail:
        mail = Mail(told.url, told.sender)
        return lambda: examine_mail(mail)
    if env.get("SMTP_URL") or env.get("MAIL_FROM"):
        return _unasked("mail", "SMTP_URL and MAIL_FROM")
    return lambda: without_mail(runbook)


def _unasked(subject: str, name: str) -> Examination:
    return lambda: iter([warning(subject, "not checked: a setting is missing", f"set {name}, then check again")])


def _in_order(examinations: Sequence[tuple[str, Examination]], seconds: float) -> Iterator[Finding]:
    until = time.monotonic() + seconds
    for name, told in [(name, _begin(name, examination)) for name, examination in examinations]:
        while True:
            try:
                finding = told.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                text = f"no answer within {seconds:g} s; the rest of this was not checked"
                yield problem(name, text, "see whether it is slow or unreachable from here, then check again")
                break
            if finding is None:
                break
            yield finding


def _begin(name: str, examination: Examination) -> "queue.SimpleQueue[Finding | None]":
    """Examine in a thread that nobody has to wait for; None is the end of what is found."""
    told: queue.SimpleQueue[Finding | None] = queue.SimpleQueue()

    def tell() -> None:
        try:
            for finding in examination():
                told.put(finding)
        except Exception as error:  # noqa: BLE001  # a fault in one examination hides nothing of the others
            told.put(problem(name, f"not checked: a fault in the doctor ({_place(error)})", "report it"))
        told.put(None)

    threading.Thread(target=tell, name=f"examine {name}", daemon=True).start()
    return told


def _place(error: Exception) -> str:
    """What went wrong, and where; never its text, which may hold what is secret."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f" in {at.tb_frame.f_code.co_name}, line {at.tb_lineno}" if at else ""
    return f"{type(error).__name__}{where}"
