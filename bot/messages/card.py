"""The card: the request, in the channel, on one phone screen. The rest is in its thread."""

from collections.abc import Sequence

from bot.core.change import State
from bot.core.quarantine import KEEPERS
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.messages.blocks import actions, button, context, people_wrote, sections
from bot.messages.choices import choice_line
from bot.messages.picture import Block, Picture, picture
from bot.messages.rollback import PINNED
from bot.messages.standing import (
    RISK_SYMBOLS,
    StepDone,
    ended_by,
    headline,
    no_approval,
    state_words,
    step_words,
    steps_done,
    what,
    what_is_true,
)
from bot.messages.wording import capital, escape, mention, moment, plain
from bot.messages.writes import left_stopped

_STEPS_SHOWN, _LEFT_SHOWN = 4, 6
_REASON, _TITLE, _PHRASE = 300, 80, 160
_BY_HAND = frozenset({State.EXPIRED, State.FAILED, State.UNKNOWN})
PLANNED_AGAIN = frozenset({State.EXPIRED, State.SUPERSEDED})


def card(request: ChangeRequest, runbook: Runbook) -> Picture:
    """The request's card."""
    title = f" · {escape(request.title, _TITLE)}" if request.title else ""
    first = f"{headline(request)} · {request.id}{title}\n{_ask(request, runbook)}"
    blocks = [
        *sections([first]),
        *sections(left_stopped(request)),
        *sections(what_is_true(request, runbook)),
        people_wrote(f"Why: {plain(request.reason, _REASON)}" if plain(request.reason) else "Why: no reason given"),
        context(_clock(request)),
        *sections(_last_lines(request, runbook)),
        *_plan_again(request),
    ]
    return picture(_fallback(request, runbook), blocks)


def _ask(request: ChangeRequest, runbook: Runbook) -> str:
    phrases = [capital(escape(words.what, _PHRASE)) for words in step_words(request, runbook)]
    if len(phrases) == 1:
        return "\n".join([f"{mention(request.requester)} asks: *{phrases[0]}*", *choice_line(request, runbook)])
    lines = [f"{number}. *{phrase}*" for number, phrase in enumerate(phrases[:_STEPS_SHOWN], 1)]
    more = len(phrases) - _STEPS_SHOWN
    rest = [f"… and {more} more; the plan in the thread has them all"] if more > 0 else []
    return "\n".join(
        [f"{mention(request.requester)} asks for {len(phrases)} steps:", *lines, *rest, *choice_line(request, runbook)]
    )


def _clock(request: ChangeRequest) -> str:
    risk = f"{RISK_SYMBOLS.get(request.risk, '')} Risk: {escape(request.risk, _TITLE)}".strip()
    parts = [
        risk,
        f"Asked at {moment(request.made_at)}",
        *([] if request.required else [no_approval(request).rstrip(".")]),
    ]
    if request.ending:
        parts.append(f"{ended_by(request)} at {moment(request.ending.at)}")
    elif request.state is State.WAITING and request.expires_at:
        parts.append(f"Expires at {moment(request.expires_at)}")
    elif request.approved_at and request.required:
        parts.append(f"Approved at {moment(request.approved_at)}")
    parts += [f"Goes on from {escape(request.again_of)}"] if request.again_of else []
    return " · ".join([*parts, *([f"Incident {request.incident}"] if request.incident else [])])


def _last_lines(request: ChangeRequest, runbook: Runbook) -> list[str]:
    went_on = "What it proposed was asked for" if request.proposes else "Planned again"
    again = [f"{went_on} as {escape(request.planned_again_as)}."] if request.planned_again_as else []
    return [*_left_now(request, runbook), *_undone(request), *again, *by_hand(request, runbook)]


def _left_now(request: ChangeRequest, runbook: Runbook) -> list[str]:
    """What the steps leave behind that nobody took back."""
    left = [one for one in steps_done(request, runbook) if one.run.index not in request.undone]
    purged = [one for one in left if request.purged_by and request.step(one.run.index).action in KEEPERS]
    by = escape(request.purged_by)
    gone = f"🗑️ {by} removed the copies that it kept, for good: what it did to these tables can't be undone any more."
    lines = [gone] if purged else []
    lines += _left_by([one for one in left if one not in purged], request)
    if not any(PINNED in line for line in lines):
        return lines[:2]
    ended = (
        f"📌 Not pinned any more: {escape(request.promote_seen, _PHRASE)} was seen live, by somebody's promote or push."
    )
    return [ended if request.promote_seen else f"📌 {PINNED}"]


def _undone(request: ChangeRequest) -> list[str]:
    """Which request took it back; of several steps, which ones."""
    if not request.undone:
        return []
    by = ", ".join(dict.fromkeys(escape(one) for one in request.undone.values()))
    is_whole = {run.index for run in request.done} == set(request.undone)
    steps = "" if is_whole else f" (step {', '.join(str(index + 1) for index in sorted(request.undone))} of it)"
    return [f"↩️ Undone by {by}{steps}."]


def afterwards(request: ChangeRequest, runbook: Runbook) -> list[str]:
    """What the steps that are done leave behind, as lines of mrkdwn; what several leave, once."""
    return _left_by(steps_done(request, runbook), request)


def _left_by(steps: Sequence[StepDone], request: ChangeRequest) -> list[str]:
    lines = [line for done in steps for line in done.words.afterwards(done.run.facts, request.id)]
    return list(dict.fromkeys(lines))[:_LEFT_SHOWN]


def by_hand(request: ChangeRequest, runbook: Runbook) -> list[str]:
    """How to go on without the bot, as lines of mrkdwn; of data, whom to call and never SQL."""
    if request.state not in _BY_HAND:
        return []
    done = {one.run.index for one in steps_done(request, runbook)}
    left = [words for index, words in enumerate(step_words(request, runbook)) if index not in done]
    commands = [f"`{escape(words.by_hand)}`" for words in left if words.by_hand][:2]
    first = (
        "Look first. If it did not happen, by hand:" if request.state is State.UNKNOWN else "By hand, without the bot:"
    )
    lines = [first, *commands] if commands else []
    return lines if all(words.by_hand for words in left) else [*lines, *_whom_to_call(runbook)]


def contacts(runbook: Runbook) -> list[str]:
    """Whom to call, as the runbook says, as lines of mrkdwn."""
    lines = []
    for one in runbook.contacts:
        more = "; ".join(escape(text, 200) for text in (one.detail, one.url) if text)
        lines.append(f"{escape(one.role, 60)}: *{escape(one.name, 80)}*{f' ({more})' if more else ''}")
    return ["Whom to call:", *lines] if lines else []


def _whom_to_call(runbook: Runbook) -> list[str]:
    return contacts(runbook)[:_STEPS_SHOWN] or [
        "By hand: call whoever runs the database. The runbook names no contacts."
    ]


def _plan_again(request: ChangeRequest) -> list[Block]:
    if request.state not in PLANNED_AGAIN or request.planned_again_as or request.plan is None:
        return []
    return actions([button("Plan again", "plan_again", request=request.id, digest=request.plan.digest)])


def _fallback(request: ChangeRequest, runbook: Runbook) -> str:
    asks = f"{mention(request.requester)} asks: {escape(what(request, runbook), 600)}."
    reason = f"Why: {escape(request.reason, _REASON)}" if plain(request.reason) else ""
    now = " ".join([*left_stopped(request), *what_is_true(request, runbook)])
    return " ".join(part for part in (f"{request.id} {state_words(request)}.", asks, now, reason) if part)
