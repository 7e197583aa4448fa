"""The end: what is true in production, the checks before beside after, what comes next. It never changes once posted:
it is made only of what was fixed when the request ended.
"""

from bot.core.change import State
from bot.core.policy import is_proposing
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.messages.blocks import MESSAGE_TEXT, context, length, section, sections
from bot.messages.card import PLANNED_AGAIN, afterwards, by_hand, contacts
from bot.messages.picture import Picture, picture
from bot.messages.plan import short
from bot.messages.standing import (
    ended_by,
    headline,
    not_begun,
    state_words,
    what,
    what_is_true,
)
from bot.messages.tables import TABLE, check_table, summary
from bot.messages.watch import proposed_phrase
from bot.messages.wording import capital, count, escape, mention, moment
from bot.messages.writes import ended_stopped

_PHRASE = 400


def baseline(request: ChangeRequest) -> Picture:
    """The checks before the run."""
    results = request.baseline or ()
    told = f"Checks before the run of {request.id}: {summary(results)}."
    note = "They are shown, and hold nothing back."
    return picture(f"{told} {note}", [section(f"*{told}*\n{note}"), *check_table(results)])


def outcome(request: ChangeRequest, runbook: Runbook) -> Picture:
    """How it ended."""
    ask = f"{capital(escape(what(request, runbook), _PHRASE))}."
    head = f"{headline(request)} · {request.id}{_for_whom(request)}. {ask}"
    true = (*ended_stopped(request), *what_is_true(request, runbook))
    next_ = _next(request, runbook)
    results = request.results or ()
    before = {result.name: result for result in request.baseline or ()}
    told = [f"*Checks*: {summary(results)}"] if results else []
    above, below = sections([head, *true, *told]), sections(next_)
    room = min(TABLE, MESSAGE_TEXT - length([*above, *below]))
    blocks = [*above, *check_table(results, before, most=room), *below]
    parts = [f"{request.id} {state_words(request)}{_for_whom(request)}.", ask, *true, *next_]
    return picture(" ".join(parts), [*blocks, context(_last_line(request))])


def _for_whom(request: ChangeRequest) -> str:
    """The requester, once: who was called to look at an unknown outcome was called then."""
    return "" if request.lost_text else f", asked by {mention(request.requester)}"


def _next(request: ChangeRequest, runbook: Runbook) -> list[str]:
    lines = afterwards(request, runbook)
    if request.runs and request.state not in (State.VERIFIED, State.CHECKS_FAIL):  # there it stands above the checks
        lines.append(not_begun(request, runbook))
    if request.ending and request.ending.way_out:
        lines.append(f"Next: {escape(request.ending.way_out, _PHRASE)}")
    if is_proposing(request):
        lines.append(f"If it did not get better, the thread proposes to {proposed_phrase(request.proposes)}.")
    if request.state in PLANNED_AGAIN:
        lines.append("To go on, press *Plan again* on the card: it reads production anew.")
    lines += by_hand(request, runbook)
    if request.state is State.FAILED and not any(line.startswith("Whom to call") for line in lines):
        lines += contacts(runbook)[:5]
    return [line for line in lines if line]


def _last_line(request: ChangeRequest) -> str:
    if request.ending is None:
        return request.id
    ended = f"{ended_by(request)} at {moment(request.ending.at)}"
    log = f"Log: {count(request.ending.seq, 'event')}, newest hash {short(request.ending.hash)}"
    return f"{ended} · {log}"
