"""The plan: before → after, in facts, and what it does not restore. What people approve is never cut.

A plan that is too long for one message goes on in the next; one that takes more than a few is a file, whole.
"""

from bot.core.plan import Plan
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.messages.blocks import pages, sections
from bot.messages.choices import others
from bot.messages.picture import File, Picture, picture
from bot.messages.standing import no_approval, step_words, what
from bot.messages.wording import capital, escape, listed, spelled_out, unescaped

SHORT = 12  # characters of a digest that people compare
MOST_MESSAGES = 3  # of one plan; nobody reads on through more
_PHRASE = 600


def plan(request: ChangeRequest, runbook: Runbook) -> tuple[tuple[Picture, ...], File | None]:
    """The plan, as the pictures of one message or more; or as a file, with the picture of what it is called."""
    if request.plan is None:
        return (), None
    _, told = _wanted(request)
    told = f"The plan of {request.id}: {escape(what(request, runbook), _PHRASE)}. {told}"
    lines = _lines(request, request.plan, runbook)
    parts = pages(sections(lines))
    if len(parts) > MOST_MESSAGES:
        name = f"{request.id}-plan-{short(request.plan.digest)}.txt"
        text = "\n".join(unescaped(spelled_out(line)) for line in lines)
        file = File(name, f"The plan of {request.id}", f"{text}\n", request.file_refused)
        return (picture(told, sections([told])),), file
    if len(parts) == 1:
        return (picture(told, parts[0]),), None
    return tuple(picture(f"{told} Part {n} of {len(parts)}.", part) for n, part in enumerate(parts, 1)), None


def _lines(request: ChangeRequest, frozen: Plan, runbook: Runbook) -> list[str]:
    asked, _ = _wanted(request)
    first = f"*The plan of {request.id}*: {escape(what(request, runbook), _PHRASE)}\n{asked}"
    steps = _steps(request, runbook)
    return [first, *steps, *others(request, runbook), *_checks(frozen, runbook), _name(request)]


def short(digest: str) -> str:
    """As much of a digest as people compare."""
    return digest[:SHORT]


def _steps(request: ChangeRequest, runbook: Runbook) -> list[str]:
    words = step_words(request, runbook)
    lines = []
    for number, step in enumerate(words, 1):
        lines += [f"*Step {number}: {escape(capital(step.what))}*"] if len(words) > 1 else []
        lines += step.facts
    return lines


def _checks(frozen: Plan, runbook: Runbook) -> list[str]:
    """The checks by name, and which of them decide."""
    known = {check.name: check for check in runbook.checks}
    off = [name for name in frozen.checks if name in known and known[name].off]
    shown = [name for name in frozen.checks if name in known and not known[name].required and name not in off]
    deciding = [name for name in frozen.checks if name not in (*off, *shown)]
    lines = [
        (deciding, "*Checks that decide*"),
        (shown, "Checks shown, not deciding"),
        (off, "Checks that are off, not deciding"),
    ]
    return [f"{label}: {listed([escape(name) for name in names])}." for names, label in lines if names]


def _wanted(request: ChangeRequest) -> tuple[str, str]:
    """What people are to do with it; the same for who reads no more than that."""
    if not request.required:
        return no_approval(request), no_approval(request)
    return "Approve or deny it below.", "Read it, then approve or deny it."


def _name(request: ChangeRequest) -> str:
    digest = f"Plan digest `{short(request.plan.digest if request.plan else '')}`"
    return f"{digest}; an approval is one of exactly this plan." if request.required else f"{digest}."
