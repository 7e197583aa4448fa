"""The run: each step with its time and what the running one waits for; and, when an outcome is unknown, where to look.

An unknown outcome is a message of its own: an edit notifies nobody, and this needs somebody.
"""

from bot.core.change import State
from bot.core.request import ChangeRequest, StepRun
from bot.core.runbook import Runbook
from bot.core.watch import is_watch, under_way
from bot.messages.blocks import actions, button, confirmed, sections
from bot.messages.card import by_hand, contacts
from bot.messages.picture import Block, Picture, picture
from bot.messages.standing import drifted, headline, state_words, step_words, steps_done, what, what_is_true
from bot.messages.steps import StepWords
from bot.messages.wording import capital, count, escape, listed, mention, moment

_PHRASE, _STEP_PHRASE, _TOLD, _STEPS_SHOWN = 200, 100, 500, 10
_STOPPABLE = frozenset({State.APPROVED, State.RUNNING})
_SECONDS = "{time_secs}"


def run(request: ChangeRequest, runbook: Runbook) -> Picture:
    """The steps of an approved plan, as far as they are."""
    head = f"{headline(request)} · the run of {request.id}"
    steps = [_step(request, index, words) for index, words in enumerate(step_words(request, runbook))]
    first = max(0, min(len(request.runs) - _STEPS_SHOWN // 2, len(steps) - _STEPS_SHOWN))
    left = len(steps) - first - _STEPS_SHOWN
    before, after = f"… {first} before these" if first else "", f"… {left} after these" if left > 0 else ""
    lines = [head, before, *steps[first : first + _STEPS_SHOWN], after, _after_the_steps(request)]
    phrase = capital(escape(what(request, runbook), _PHRASE))
    text = f"{request.id} {state_words(request)}. {phrase}. {_told(request, runbook)}"
    return picture(text, [*sections(lines), *actions(_stop(request))])


def unknown(request: ChangeRequest, runbook: Runbook) -> Picture:
    """The call for a person to look, with what to look at; without its buttons once it is settled."""
    if request.state is not State.UNKNOWN or request.running is None:
        text = f"{request.id}: the outcome that was unknown is settled. Nothing is needed here; the card says more."
        return picture(text, sections([text]))
    words = step_words(request, runbook)[request.running.index]
    people = listed([mention(person) for person in _whose_word(request)])
    what_for = f"step {request.running.index + 1} may or may not have happened: {escape(words.what, _PHRASE)}"
    head = f"{headline(request)} · {people}: {request.id} needs somebody to look. {capital(what_for)}."
    looking = _looking(request)
    wait = "The bot will not try it again."
    lines = [
        head,
        escape(request.lost_text, _TOLD),
        wait,
        looking,
        "*What to look at*",
        *words.look_at(request.running.op_id),
    ]
    more = dict.fromkeys([*by_hand(request, runbook), *contacts(runbook)[:5]])
    text = f"{request.id} Outcome unknown. {people}: somebody has to look. {capital(what_for)}. {wait}"
    blocks = [*sections(lines), *sections(more), *actions(_settling(request, words))]
    return picture(text, blocks)


def _looking(request: ChangeRequest) -> str:
    if request.look_ordered:
        return "Somebody asked to look again; the bot is looking."
    return f"Looked again at {moment(request.looked_at, _SECONDS)}: still not proven." if request.looked_at else ""


def _whose_word(request: ChangeRequest) -> list[str]:
    return list(dict.fromkeys([request.requester, *(approval.person for approval in request.approvals)]))


def _step(request: ChangeRequest, index: int, words: StepWords) -> str:
    phrase = f"{index + 1}. {capital(escape(words.what, _STEP_PHRASE))}"
    if index >= len(request.runs):
        return f"▫️ {phrase}: {'not begun' if request.is_final else 'not begun yet'}"
    ran = request.runs[index]
    began = f"began {moment(ran.started_at, _SECONDS)}"
    if ran.facts is not None:
        return f"✅ {phrase}: {began}, done{_took(ran)}"
    if ran.ended_at is None:
        return _under_way(request, ran, f"{phrase}: {began}", words)
    if ran == drifted(request):
        return f"♻️ {phrase}: {began}, not done: production had changed since the plan"
    if request.state is State.FAILED:
        return f"❌ {phrase}: {began}, ended{_took(ran)} and is not done"
    return f"☑️ {phrase}: {began}; a person says that it happened"


def _under_way(request: ChangeRequest, ran: StepRun, phrase: str, words: StepWords) -> str:
    if request.state is State.UNKNOWN:
        return f"❓ {phrase}; it may or may not have happened"
    if ran.note:
        return f"▶️ {phrase}\nWaiting until {words.proven_when}. {escape(ran.note, _TOLD)}"
    return f"▶️ {phrase}, waiting for {words.waits_for}"


def _took(ran: StepRun) -> str:
    return f" after {(ran.ended_at - ran.started_at).total_seconds():.1f} s" if ran.ended_at else ""


def _after_the_steps(request: ChangeRequest) -> str:
    if request.stop_ordered_by and request.state is State.RUNNING:
        return f"{mention(request.stop_ordered_by)} ordered a stop: the running step ends, no further one begins."
    if request.state is State.VERIFYING and is_watch(request):
        return "🔎 The checks are running, each once."
    if request.state is State.VERIFYING and request.verify_until:
        return (
            f"🔎 The checks are running; one that fails is tried again until {moment(request.verify_until, _SECONDS)}."
        )
    if request.state is State.WAITING:
        return "An approval was withdrawn before the first step; it waits for approval again."
    return ""


def _told(request: ChangeRequest, runbook: Runbook) -> str:
    done = steps_done(request, runbook)
    so_far = f"{len(done)} of {count(len(step_words(request, runbook)), 'step')} done. "
    return so_far + " ".join(what_is_true(request, runbook)[-1:])


def _stop(request: ChangeRequest) -> list[Block]:
    """Until the last step began: policy.RULES."""
    if request.plan is None or request.state not in _STOPPABLE or request.stop_ordered_by:
        return []
    if len(request.runs) >= len(request.plan.steps) and not under_way(request):
        return []
    return [button("Stop", "stop", request=request.id, digest=request.plan.digest)]


def _settling(request: ChangeRequest, words: StepWords) -> list[Block]:
    digest = request.plan.digest if request.plan else ""
    names = {"request": request.id, "digest": digest}
    look = button("Look again", "look_again", **names)
    happened, did_not = button("It happened", "it_happened", **names), button("It did not", "it_did_not", **names)
    yes = f"You looked, and it happened: {words.what[:120]}. Your name is recorded; the checks run next."
    no = f"You looked, and it did not happen: {words.what[:120]}. Your name is recorded; {request.id} ends as Failed."
    return [
        look,
        confirmed(happened, title=f"{request.id}: it happened?", text=yes),
        confirmed(did_not, title=f"{request.id}: it did not happen?", text=no),
    ]
