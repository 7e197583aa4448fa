"""Where a request stands, in words: its state's word and symbol, what is true of production, what is needed.

Every sentence is true of the log at the moment it is drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.change import Kind, State
from bot.core.checks import Verdict
from bot.core.policy import steps_that_changed
from bot.core.request import AFTER_THE_STEPS, ChangeRequest, StepRun
from bot.core.runbook import Runbook
from bot.core.watch import is_watch
from bot.messages.steps import StepWords, words_of
from bot.messages.wording import count, escape, listed, mention, moment, plain, sentence

SYMBOLS = {
    State.PLANNING: "🔎",
    State.REFUSED: "🚫",
    State.WAITING: "⏳",
    State.APPROVED: "👍",
    State.RUNNING: "▶️",
    State.VERIFYING: "🔎",
    State.UNKNOWN: "❓",
    State.VERIFIED: "✅",
    State.CHECKS_FAIL: "⚠️",
    State.FAILED: "❌",
    State.STOPPED: "⏹️",
    State.DENIED: "🚫",
    State.EXPIRED: "⌛",
    State.WITHDRAWN: "↩️",
    State.SUPERSEDED: "♻️",
}
RISK_SYMBOLS = {"low": "🟢", "medium": "🟡", "high": "🟠", "critical": "🔴"}
_REASON, _TOLD, _DONE_SHOWN, _FAILING_SHOWN = 500, 500, 5, 5
_NOTHING = "*Nothing changed* through this request."
_SAID_BY_PEOPLE = frozenset({State.DENIED, State.WITHDRAWN, State.STOPPED})
# The bot's own sentences with mentions in them. What an action tells may hold names that anybody chose.
_NAMES_PEOPLE = frozenset({Kind.DRIFT_FOUND, Kind.SETTLED_AS_NOT_DONE})


@dataclass(frozen=True)
class StepDone:
    """A step that is done: proven, or (`run.facts` is None) a person said so."""

    run: StepRun
    words: StepWords


def no_approval(request: ChangeRequest) -> str:
    """Why a request needs no approval, as a sentence."""
    return f"No approval is needed: it only {'looks' if is_watch(request) else 'adds'}."


def headline(request: ChangeRequest) -> str:
    """The state's symbol and word, in bold."""
    return f"{SYMBOLS[request.state]} *{state_words(request)}*"


def state_words(request: ChangeRequest) -> str:
    """The state's word with what the outer contract adds to it."""
    if request.state is State.WAITING and request.required:
        return f"{request.state} ({len(request.approvals)} of {request.required})"
    if request.state is State.FAILED:
        return f"{request.state}: {'partly done' if is_partly_done(request) else 'nothing changed'}"
    return str(request.state)


def is_partly_done(request: ChangeRequest) -> bool:
    """Whether something in production is different, though the request failed or was stopped."""
    return bool(steps_that_changed(request) or (request.ending and request.ending.changed))


def steps_done(request: ChangeRequest, runbook: Runbook) -> tuple[StepDone, ...]:
    """The steps that are done."""
    words = step_words(request, runbook)
    return tuple(StepDone(run, words[run.index]) for run in request.done)


def drifted(request: ChangeRequest) -> StepRun | None:
    """The step that was begun, found that production had changed since the plan, and did nothing."""
    last = request.runs[-1] if request.runs else None
    if last is None or last.facts is not None or request.ending is None:
        return None
    return last if request.ending.kind in (Kind.DRIFT_FOUND, Kind.FIRST_STEP_DRIFTED) else None


def step_words(request: ChangeRequest, runbook: Runbook) -> tuple[StepWords, ...]:
    """Every step of the plan, in words."""
    if request.plan is None:
        return ()
    team = runbook.vercel.team if runbook.vercel else ""
    return tuple(words_of(step, request.plan, team) for step in request.plan.steps)


def what(request: ChangeRequest, runbook: Runbook) -> str:
    """What the whole request does, as one plain phrase."""
    return _in_turn([words.what for words in step_words(request, runbook)])


def asked_for(request: ChangeRequest, runbook: Runbook) -> str:
    """The same as a plain phrase that can be asked for: "a rollback of …"."""
    return _in_turn([words.noun for words in step_words(request, runbook)])


def _in_turn(phrases: Sequence[str]) -> str:
    return phrases[0] if len(phrases) == 1 else f"{count(len(phrases), 'step')}: {', then '.join(phrases)}"


def what_is_true(request: ChangeRequest, runbook: Runbook) -> tuple[str, ...]:
    """What is true of production and of the request now, and what is needed, as lines of mrkdwn."""
    match request.state:
        case State.WAITING:
            return (_needed(request),)
        case State.APPROVED:
            return ("Nothing has changed yet. Production is read once more, then the first step begins.",)
        case State.RUNNING:
            return (*_done(request, runbook), _running(request))
        case State.VERIFYING:
            return (*_done(request, runbook), "The checks are running.")
        case State.UNKNOWN:
            step = f"Step {request.running.index + 1}" if request.running else "A step"
            look = "A person has to look and say; the thread says where."
            return (*_done(request, runbook), f"{step} may or may not have happened. {look}")
        case _:
            return _at_the_end(request, runbook)


def _needed(request: ChangeRequest) -> str:
    missing = count(request.required - len(request.approvals), "more approval" if request.approvals else "approval")
    return f"Needed: {missing}, in the thread." if request.required else no_approval(request)


def _nothing_done(request: ChangeRequest) -> bool:
    """Whether no step was done, not even one that only looks."""
    is_begun = bool(request.finished) or is_partly_done(request)
    return request.is_final and request.state not in AFTER_THE_STEPS and not is_begun


def not_begun(request: ChangeRequest, runbook: Runbook) -> str:
    """The steps that were never begun, as a sentence of mrkdwn; "" where every step was."""
    words = step_words(request, runbook)[len(request.runs) :]
    phrases = "; ".join(escape(word.what, 100) for word in words[:_DONE_SHOWN])
    more = f"; and {len(words) - _DONE_SHOWN} more" if len(words) > _DONE_SHOWN else ""
    return f"Not begun: {phrases}{more}." if words else ""


def ended_by(request: ChangeRequest) -> str:
    """The final word and, where it was a person's to say, who said it, as mrkdwn: "Denied by @ana"."""
    if request.ending is None or request.state not in _SAID_BY_PEOPLE:
        return str(request.state)
    return f"{request.state} by {mention(request.ending.actor)}"


def _failing(request: ChangeRequest) -> str:
    results = request.results or ()
    names = [escape(r.name, 60) for r in results if r.required and r.verdict is Verdict.FAILED]
    more = [f"{len(names) - _FAILING_SHOWN} more"] if len(names) > _FAILING_SHOWN else []
    return f"Failing: {listed(names[:_FAILING_SHOWN] + more)}."


def _done(request: ChangeRequest, runbook: Runbook) -> tuple[str, ...]:
    done = steps_done(request, runbook)
    lines = [_done_line(one, request) for one in done[-_DONE_SHOWN:]]
    earlier = len(done) - len(lines)
    return (*([f"Steps 1 to {earlier} are done."] if earlier else []), *lines)


def _done_line(done: StepDone, request: ChangeRequest) -> str:
    steps = len(request.plan.steps) if request.plan else 0
    number = f"Step {done.run.index + 1}: " if steps > 1 else ""
    if done.run.facts is None or done.run.ended_at is None:
        return (
            f"{number}{mention(request.settled_by)} looked and says that it happened: {escape(done.words.what, 200)}."
        )
    return f"{number}{done.words.done(moment(done.run.ended_at), done.run.facts)}"


def _running(request: ChangeRequest) -> str:
    steps = len(request.plan.steps) if request.plan else 0
    now = f"{len(request.runs)} of {count(steps, 'step')} done."
    if request.running:
        number = request.running.index + 1
        now = f"Step {number} of {steps} is being carried out; the thread shows what it waits for."
    stop = f" {mention(request.stop_ordered_by)} ordered a stop: no further step begins."
    return now + (stop if request.stop_ordered_by else "")


def _at_the_end(request: ChangeRequest, runbook: Runbook) -> tuple[str, ...]:
    if _nothing_done(request):
        why = " ".join(line for line in (_not_done(request), _why(request)) if line)
        return (f"{_NOTHING} {why}".strip(),)
    if request.state in (State.VERIFIED, State.CHECKS_FAIL):
        left = not_begun(request, runbook)
        checked = _failing(request) if request.state is State.CHECKS_FAIL else "Every check that decides passed."
        return (*_done(request, runbook), *([f"⚠️ {left}"] if left else []), checked)
    changed = plain(request.ending.changed, _TOLD) if request.ending else ""
    different = f"Different in production: {escape(changed)}." if changed else ""
    how_far = ("*Partly done.*" if is_partly_done(request) else _NOTHING) if request.state is State.FAILED else ""
    lines = (how_far, *_done(request, runbook), different, _not_done(request), _why(request))
    return tuple(line for line in lines if line)


def _not_done(request: ChangeRequest) -> str:
    """The step that did nothing, where there are others beside it."""
    ran = drifted(request)
    if ran is None or request.plan is None or len(request.plan.steps) == 1:
        return ""
    return f"Step {ran.index + 1} was not done: production had changed since the plan."


def _why(request: ChangeRequest) -> str:
    """Why it ended so, as a sentence of mrkdwn."""
    if request.ending is None:
        return ""
    text, actor = request.ending.text, mention(request.ending.actor)
    match request.ending.kind:
        case Kind.REQUEST_DENIED:
            return f"{actor} denied it: “{escape(text, _REASON)}”" if text else f"{actor} denied it."
        case Kind.REQUEST_WITHDRAWN:
            return f"{actor} withdrew it."
        case Kind.REQUEST_STOPPED:
            return f"{actor} stopped it. {sentence(text, _TOLD)}".strip()
        case Kind.REQUEST_EXPIRED:
            had = f"It had {len(request.approvals)} of {count(request.required, 'approval')} when time ran out."
            return had if request.required else "Time ran out before it began."
        case kind:
            return _which_failed(request) + (sentence if kind in _NAMES_PEOPLE else escape)(text, _TOLD)


def _which_failed(request: ChangeRequest) -> str:
    """Of several steps, the one whose words follow: "everything was rolled back" is not said of those before it."""
    ending = request.ending
    if not ending or ending.kind is not Kind.STEP_FAILED or request.plan is None or len(request.plan.steps) == 1:
        return ""
    alone = "" if ending.changed or _nothing_done(request) else " and changed nothing"
    return f"Step {request.runs[-1].index + 1} failed{alone}: "
