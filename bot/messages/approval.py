"""The approval: who is needed, who has approved, until when; its buttons, for as long as they can act."""

from bot.core.change import State
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.messages.blocks import CONFIRM_TEXT, actions, button, confirmed, context, sections
from bot.messages.picture import Block, File, Picture, picture
from bot.messages.plan import short
from bot.messages.standing import ended_by, headline, state_words, step_words, what
from bot.messages.wording import capital, count, escape, listed, mention, mention_of_group, moment, plain

_PHRASE, _RULE = 400, 80
_DIALOG_PHRASE, _DIALOG_SHORTEST, _DIALOG_REST = 160, 20, 240  # characters, of the 300 that a dialog may have
_MENTIONED = 20
_DENIABLE = frozenset({State.WAITING, State.APPROVED})


def approval(request: ChangeRequest, runbook: Runbook, file: File | None = None) -> Picture:
    """Who is needed and who has approved; dead once nothing can be pressed. `file` is the plan, where it is one."""
    ask = f"{capital(escape(what(request, runbook), _PHRASE))}."
    if request.state is State.WAITING:
        head = f"{_approvers(request)}: {request.id} needs {_needed(request)}. {ask}"
        rule = "It takes different people; whoever asked is not one of them."
        lines = [head, *_where_the_plan_is(request, file), rule, _so_far(request)]
        text = f"{head} {_so_far(request)} {_until(request)}"
    else:
        lines = [f"{_word(request)} · {request.id}. {ask}", _so_far(request)]
        text = f"{request.id} {_plain_word(request)}. {ask} Nothing is needed here."
    small = f"{_until(request)} Plan digest `{_digest(request)}`".strip()
    return picture(text, [*sections(lines), context(small), *actions(_buttons(request, runbook, file))])


def half_time(request: ChangeRequest, runbook: Runbook, file: File | None = None) -> Picture:
    """The one reminder: half the time is gone and approvals are missing."""
    head = f"⏳ {_approvers(request)}: half the time is gone and {request.id} needs {_needed(request)}."
    ask = f"{capital(escape(what(request, runbook), _PHRASE))}. {_so_far(request)} {_until(request)}"
    if _is_shown(request, file):
        where = ["The plan and the buttons are above, in this thread."]
    else:
        where = _where_the_plan_is(request, file)
    return picture(f"{head} {ask}", sections([head, ask, *where]))


def _needed(request: ChangeRequest) -> str:
    return count(request.required - len(request.approvals), "more approval" if request.approvals else "approval")


def _approvers(request: ChangeRequest) -> str:
    """The groups; where the runbook names people only, they themselves."""
    if request.groups:
        return " ".join(mention_of_group(group) for group in request.groups)
    people = sorted(request.eligible - {request.requester})
    rest = [f"{len(people) - _MENTIONED} others"] if len(people) > _MENTIONED else []
    return listed([*(mention(person) for person in people[:_MENTIONED]), *rest])


def _so_far(request: ChangeRequest) -> str:
    given = [f"{mention(one.person)} at {moment(one.at)}" for one in request.approvals]
    return f"Approved by {listed(given)} ({len(given)} of {request.required})." if given else "Approved by nobody yet."


def _until(request: ChangeRequest) -> str:
    if request.state is not State.WAITING or request.expires_at is None:
        return ""
    return f"Expires at {moment(request.expires_at)}."


def _never_ran(request: ChangeRequest) -> bool:
    """Whether it came to nothing; a step that was begun and found drift did nothing."""
    return request.is_final and (not request.runs or request.state is State.SUPERSEDED)


def _word(request: ChangeRequest) -> str:
    if not _never_ran(request) or request.ending is None:
        return "👍 *Approved*"
    by = ended_by(request).removeprefix(str(request.state))
    return f"{headline(request)}{by} at {moment(request.ending.at)}"


def _plain_word(request: ChangeRequest) -> str:
    return state_words(request) if _never_ran(request) else str(State.APPROVED)


def _digest(request: ChangeRequest) -> str:
    return short(request.plan.digest) if request.plan else ""


def _buttons(request: ChangeRequest, runbook: Runbook, file: File | None) -> list[Block]:
    if request.plan is None or request.state not in _DENIABLE:
        return []
    names = {"request": request.id, "digest": request.plan.digest}
    deny, withdraw = button("Deny", "deny", **names), button("Withdraw", "withdraw", **names)
    if request.state is State.APPROVED or not _is_shown(request, file):
        return [deny, withdraw]
    approve = button("Approve", "approve", **names)
    title, text = f"Approve {request.id}?", _effect(request, runbook)
    return [confirmed(approve, title=title, text=text, is_dangerous=True), deny, withdraw]


def _where_the_plan_is(request: ChangeRequest, file: File | None) -> list[str]:
    """Of a plan that is a file: that it is one, and whether it is there yet."""
    if file is None:
        return []
    if not _is_shown(request, file):
        return [_why_it_is_not_there(file)]
    return [f"*The whole plan is the file* `{file.name}` in this thread: it is too long for messages."]


def _why_it_is_not_there(file: File) -> str:
    if not file.refused:
        return "The plan is too long for messages, so it is being shared as a file. Approve comes when it is there."
    missing = "the app has no scope `files:write`. Add it to the Slack app and install the app again"
    other = f"`{escape(file.refused, _RULE)}`. Whoever looks after the workspace can allow it"
    why = missing if file.refused == "missing_scope" else other
    return (
        "⚠️ *Nobody can approve this yet.* The plan is too long for messages, and Slack does not take it as a file: "
        f"{why}; the bot tries again by itself, and Approve comes with the file. Or withdraw this, and ask for less "
        "at once. Nothing was changed."
    )


def _is_shown(request: ChangeRequest, file: File | None) -> bool:
    """Whether what is approved is in the thread: a message stands before this one, a file may come later."""
    posted = request.posted.get("plan")
    return file is None or bool(posted and posted.digest)


def _effect(request: ChangeRequest, runbook: Runbook) -> str:
    """Target and effect, for the dialog before Approve. Where it is too long, the phrase of the target is cut."""
    steps = step_words(request, runbook)
    effect = steps[0].effect if len(steps) == 1 else "The plan in the thread lists every step."
    cautions = dict.fromkeys(words.caution for words in steps if words.caution)
    rest = f"{plain(' '.join([effect, *cautions]), _DIALOG_REST)} With the last approval it begins."
    room = max(_DIALOG_SHORTEST, min(_DIALOG_PHRASE, CONFIRM_TEXT - len(rest) - 2))
    return f"{capital(plain(what(request, runbook), room))}. {rest}"
