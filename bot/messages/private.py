"""What one person alone reads: refusals, answers, help, open requests. State is never shown here only."""

from collections.abc import Callable, Collection, Sequence

from bot.core.backups_seen import as_typed
from bot.core.change import State
from bot.core.pin import LastRollback, last_rollback
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.core.runbook.steps import NOTHING
from bot.core.runbook.tables import Scenario
from bot.core.writes import stopped_writes
from bot.messages.blocks import pages, sections
from bot.messages.card import contacts
from bot.messages.picture import Picture, picture
from bot.messages.pin import last_known
from bot.messages.rollback import Rollback
from bot.messages.standing import headline, what
from bot.messages.wording import capital, count, escape, linked, mention, moment, sentence
from bot.messages.writes import stopped_in_status

ASKING = "Vercel is being asked whether that still holds; the answer comes in a moment."
HELD = "Noted; Slack is slow to say who you are. Your click is kept and decided as soon as it answers."
_REFUSAL, _PHRASE, _SHOWN = 2500, 160, 20
_TABLE = 70  # characters; PostgreSQL takes names of 63 bytes
# The commands without a scenario: its word, how it is typed, what it does.
_COMMANDS = (
    ("stop", "/rollback stop <request>", "no further step begins (the requester or an approver)"),
    ("undo", "/rollback undo <request> [because …]", "take back what an ended request did; needs approval"),
    ("verify", "/rollback verify", "run all checks now"),
    ("deployments", "/rollback deployments", "what is live, and what can be rolled back to"),
    ("status", "/rollback status", "open requests, pinned rollback, stopped writes"),
    ("timeline", "/rollback timeline", "the incident's timeline as a file"),
    ("contacts", "/rollback contacts", "whom to call, and last resorts"),
    ("resolve", "/rollback resolve [<incident>]", "close the channel's incident, or from anywhere the one named"),
    ("help", "/rollback help", "this"),
    ("help", "/dbrestore help", "the commands that restore tables"),
)
# Those of this version.
WORDS = ("stop", "undo", "verify", "deployments", "status", "timeline", "contacts", "resolve", "help")
_RESTORES = (
    (
        "/dbrestore <table> [<table>…] [from <backup or date>] [long-block] [exact] [because …]",
        "put a backup's rows back",
    ),
    (
        "/dbrestore all [from <backup or date>] [long-block] [exact] [because …]",
        "the same for every table of the runbook",
    ),
)
_RESTORE_COMMANDS = (
    ("backups", "/dbrestore backups", "the backups and the quarantine: age, rows, differences, who can read them"),
    ("backup", "/dbrestore backup", "take a backup of every table now; says its size first; approvers, once an hour"),
    ("help", "/dbrestore help", "this"),
)
RESTORE_WORDS = ("backups", "backup", "help")
# By the action that each needs.
_RESTORE_REQUESTS = (
    ("stop_writes", "/dbrestore stop-writes <table…|all> [because …]", "nobody can write there until it is resumed"),
    ("resume_writes", "/dbrestore resume-writes [because …]", "resume writes to every table where they are stopped"),
    ("drop_columns", "/dbrestore columns [[<table>.]<column>…] [because …]", "drop the added columns of the runbook"),
    ("purge_quarantine", "/dbrestore purge <request> [because …]", "remove for good what a finished request keeps"),
)
_HOW_TO_RESTORE = (
    "`from` takes a backup's name or its date; left out, it is the newest date that all the tables have.",
    "`long-block` accepts that writes wait for longer than the runbook's limit.",
    "`exact` also deletes the rows that the backup doesn't have; left out, they stay.",
    "A name with capitals or spaces, or like a word of the commands, is put in double quotes.",
)
_FORM = "`/rollback` alone opens a form: what is wrong, the target, the reason. Sent, it is one of these commands."
_REASON = "`because …` takes the rest of the line as the reason. Options go in any order after the target."


def refusal(text: str) -> Picture:
    """A rule said no: `text` is the bot's own sentence with the rule and the way out."""
    return _told([f"🚫 {sentence(text, _REFUSAL)}"])


def held() -> Picture:
    """The answer to a click whose person can't be read yet."""
    return _told([f"⏳ {HELD}"])


def reading(what_is_read: str) -> Picture:
    """The answer to a command at once: what is being read, as a noun ("the production deployments")."""
    return _told([f"🔎 Reading {escape(what_is_read, _PHRASE)}. That changes nothing."])


def fault(reference: str) -> Picture:
    """The answer where a command or a click met a fault of the bot: it may not have been taken."""
    again = "It may not have taken your command or click: look at the card or `/rollback status`, then try again."
    return _told([f"⚠️ Something went wrong in the bot (reference `{escape(reference, 40)}`). {again}"])


def fault_of_request(request_id: str, reference: str) -> Picture:
    """A fault while a request was carried on: what is written down stays, and `advance` tries again by itself."""
    went = f"⚠️ Something went wrong in the bot while it carried on {request_id} (reference `{escape(reference, 40)}`)."
    kept = "What is recorded so far is kept, and it tries again by itself."
    return _told([f"{went} {kept} If nothing moves for some minutes, tell whoever runs the bot the reference."])


def whom_to_call(runbook: Runbook) -> Picture:
    """The runbook's contacts and last resorts."""
    return _told(contacts(runbook) or ["The runbook names no contacts."])


def help_text(runbook: Runbook, actions: Collection[str], words: Collection[str] = WORDS) -> Picture:
    """The commands that work with this version's `actions`; `words` are those that need none."""
    scenarios = [scenario for scenario in runbook.scenarios if works(scenario, actions)]
    lines = ["*Commands*"]
    if "rollback_deployment" in actions and runbook.vercel:
        form = "/rollback vercel [previous | <commit> | dpl_… | https://…] [because …]"
        lines.append(_command(form, "roll production back; needs approval"))
    lines += [_command(form, effect) for word, form, effect in _COMMANDS if word in words]
    for scenario in scenarios:
        form = f"/rollback {scenario.name} {_choices(scenario, actions)}[because …]"
        needs = "looks only, no approval" if scenario.is_read_only else f"risk {scenario.risk}"
        lines += [_command(form, f"{scenario.title} ({needs})"), *_symptoms(scenario)]
    left = [escape(s.title) for s in runbook.scenarios if s not in scenarios]
    lines += [f"In the runbook, not in this version: {', '.join(left)}."] if left else []
    has_form = bool(scenarios) or not {"rollback_deployment", "restore_tables"}.isdisjoint(actions)
    return _told([*lines, *([_FORM] if has_form else []), _REASON])


def restore_help(runbook: Runbook, actions: Collection[str], words: Collection[str] = RESTORE_WORDS) -> Picture:
    """The commands about the database that work with this version's `actions`, and the tables; `words` as above."""
    tables = [as_typed(table.name) for table in runbook.database.tables] if runbook.database else []
    works = "restore_tables" in actions and bool(tables)
    lines = ["*Commands*"]
    lines += [_command(form, f"{effect}; needs approval") for form, effect in _RESTORES if works]
    lines += [_command(form, f"{effect}; needs approval") for one, form, effect in _RESTORE_REQUESTS if one in actions]
    lines += [_command(form, effect) for word, form, effect in _RESTORE_COMMANDS if word in words]
    return _told([*lines, _tables(tables), *((*_HOW_TO_RESTORE, _REASON) if works else ())])


def _tables(names: Sequence[str]) -> str:
    if not names:
        return "The runbook lists no tables of a database, so there is nothing to restore."
    shown = [f"`{escape(name, _TABLE)}`" for name in names[:_SHOWN]]
    more = [f"{len(names) - _SHOWN} more, as in the runbook"] if len(names) > _SHOWN else []
    return f"*Tables that can be restored*: {', '.join([*shown, *more])}"


def status(
    requests: Sequence[ChangeRequest],
    link: Callable[[ChangeRequest], str],
    runbook: Runbook,
    *,
    is_asked: bool = False,
    incidents: Sequence[str] = (),
) -> Picture:
    """Stopped writes, open requests, what holds a target, and the newest rollback; `link` is a card's address.

    `is_asked` says that Vercel is being asked whether that rollback still pins production; `incidents` are the lines
    about open ones.
    """
    is_open = [r for r in requests if not r.is_final and r.plan]
    stopped = stopped_writes(requests)[:_SHOWN]
    lines = [stopped_in_status(one, linked(one.request.id, link(one.request))) for one in stopped]
    lines += ["*Open requests*" if is_open else "No open requests."]
    lines += [open_line(request, link(request), runbook) for request in is_open[:_SHOWN]]
    lines += [f"… and {count(len(is_open) - _SHOWN, 'more request')}"] if len(is_open) > _SHOWN else []
    last = last_rollback(requests)
    held = [pinned(last, link(last.request), runbook)] if last else []
    return _told([*incidents, *lines, *held, *([ASKING] if last and is_asked else [])])


def timeline_shared(incident: str, *, in_thread: bool) -> Picture:
    """The answer where the timeline is in Slack."""
    where = "in its thread" if in_thread else "in this channel"
    return _told([f"📄 The timeline of {escape(incident)} is shared as a file, {where}."])


def timeline_in_doubt(incident: str, *, in_thread: bool) -> Picture:
    """The answer where Slack didn't say whether it took the file."""
    where = "its thread" if in_thread else "this channel"
    look = f"Look in {where}; if the file isn't there, type `/rollback timeline` again."
    return _told([f"❓ Slack did not say whether the timeline of {escape(incident)} arrived. {look}"])


def no_rollback() -> Picture:
    """The answer where nothing pins production, for all that the log knows."""
    return _told(["No rollback of the last requests pins production, as far as the log knows."])


def _told(lines: Sequence[str]) -> Picture:
    return picture("\n".join(lines), pages(sections(lines))[0])


def _command(form: str, effect: str) -> str:
    return f"`{escape(form)}`: {escape(effect, _PHRASE)}"


def _symptoms(scenario: Scenario) -> list[str]:
    return [f"   when: {escape('; '.join(scenario.symptoms), 300)}"] if scenario.symptoms else []


def _choices(scenario: Scenario, actions: Collection[str]) -> str:
    """What may be typed after its name."""
    offered = [ask.action for ask in scenario.choices if ask.action in actions]
    return f"[{' | '.join([*offered, NOTHING])}] " if offered else ""


def works(scenario: Scenario, actions: Collection[str]) -> bool:
    """Whether this version's `actions` can do it, and what it proposes; what can be chosen may be."""
    return all(ask.action in actions for ask in (*scenario.asks(NOTHING), *scenario.proposes))


def open_line(request: ChangeRequest, address: str, runbook: Runbook) -> str:
    """An open request as a line of mrkdwn: its state, what it does, who asked, and what it holds."""
    phrase = f"{capital(escape(what(request, runbook), _PHRASE))}, asked by {mention(request.requester)}"
    ends = ""
    if request.state is State.WAITING and request.expires_at:
        ends = f", expires at {moment(request.expires_at)}"
    holds = f"; it holds {escape(', '.join(request.targets), _PHRASE)}" if request.running else ""
    return f"{headline(request)} · {linked(request.id, address)}: {phrase}{ends}{holds}"


def pinned(last: LastRollback, address: str, runbook: Runbook) -> str:
    """The rollback that a finished request left; whether somebody promoted since is not known here."""
    team = runbook.vercel.team if runbook.vercel else ""
    phrase = escape(Rollback(last.facts, team).what, _PHRASE)
    when = moment(last.at, "{date_short_pretty} at {time}")
    return f"📌 Last rollback: {linked(last.request.id, address)}, {phrase}, {when}. {last_known()}"
