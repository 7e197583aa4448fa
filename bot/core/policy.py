"""Who may do what, where and when. Each rule is a Refused with its name and the way out, or None.

The rules are those of the approval design: two different people, none of them the requester, on one plan digest.
What can be said without reading anything is said first.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from bot.core.backup_set import ACTION as BACK_UP
from bot.core.change import FINAL, Kind, State
from bot.core.errors import Refused
from bot.core.event import number_of
from bot.core.people import Channel, Person, Workspace
from bot.core.request import ChangeRequest, Click
from bot.core.watch import ACTION as WATCH
from bot.core.watch import under_way, watch_of

OPEN_REQUESTS_A_PERSON = 2
# Actions that change nothing that is there: what they do needs no approval. What adds is for approvers to ask for.
ADDS_ONLY, LOOKS_ONLY = frozenset({BACK_UP}), frozenset({WATCH})
PATIENCE = timedelta(seconds=60)  # with a person or a target that can't be read; then the answer is no


@dataclass(frozen=True)
class Rule:
    """Who may press something, and while a request stands where."""

    states: frozenset[State]
    verb: str
    by_requester: bool = True
    by_approvers: bool = True
    by_anyone: bool = False  # anyone who may ask


_UNTIL_IT_RUNS = frozenset({State.WAITING, State.APPROVED})
RULES: dict[Kind, Rule] = {
    Kind.APPROVAL_CLICKED: Rule(frozenset({State.WAITING}), "approve", by_requester=False),
    Kind.DENIAL_SUBMITTED: Rule(_UNTIL_IT_RUNS, "deny"),
    Kind.WITHDRAWAL_CLICKED: Rule(_UNTIL_IT_RUNS, "withdraw", by_approvers=False),
    Kind.STOP_CLICKED: Rule(_UNTIL_IT_RUNS | {State.RUNNING}, "stop"),
    Kind.LOOK_AGAIN_CLICKED: Rule(frozenset({State.UNKNOWN}), "look again", by_anyone=True),
    Kind.IT_HAPPENED_CLICKED: Rule(frozenset({State.UNKNOWN}), "say that it happened"),
    Kind.IT_DID_NOT_CLICKED: Rule(frozenset({State.UNKNOWN}), "say that it did not", by_requester=False),
}


def refusal_without_reading(request: ChangeRequest, click: Click) -> Refused | None:
    """What the log alone says against a click: the wrong place, the wrong plan, too late, the wrong person."""
    return (
        _wrong_place(request, click)
        or _too_late(request, click)
        or _wrong_plan(request, click)
        or _wrong_person(request, click)
    )


def waits_for(request: ChangeRequest, person: str, now: datetime) -> bool:
    """Whether a request lacks this person's approval, by what the log alone says; who they are is read at the click."""
    if request.plan is None or not request.required:
        return False
    data = {"team": request.team, "channel": request.channel, "digest": request.plan.digest}
    click = Click(request.seq, Kind.APPROVAL_CLICKED, person, now, data)
    return refusal_without_reading(request, click) is None


def needs_no_reading(request: ChangeRequest, click: Click) -> bool:
    """Whether the log alone proves who this is: the requester, or someone taking back their own approval."""
    if click.kind is Kind.WITHDRAWAL_CLICKED:
        return True
    return click.person == request.requester and RULES[click.kind].by_requester


def _wrong_place(request: ChangeRequest, click: Click) -> Refused | None:
    if click.data.get("team") != request.team:
        return Refused("place", f"{request.id} belongs to another workspace. Nothing was changed.")
    if click.kind is Kind.APPROVAL_CLICKED and click.data.get("channel") != request.channel:
        return Refused("place", f"{request.id} is approved where it was asked for, in <#{request.channel}>.")
    return None


def _too_late(request: ChangeRequest, click: Click) -> Refused | None:
    rule = RULES[click.kind]
    expired = request.expires_at is not None and click.at >= request.expires_at
    if click.kind is Kind.APPROVAL_CLICKED and request.state is State.WAITING and expired:
        return Refused("expired", f"{request.id} expired before you clicked. Ask again to roll back.")
    if request.state in rule.states:
        return _no_step_left(request) if click.kind is Kind.STOP_CLICKED else None
    return Refused("late", f"You can't {rule.verb} {request.id}: {standing(request)}. Nothing was changed by this.")


def _no_step_left(request: ChangeRequest) -> Refused | None:
    steps = len(request.plan.steps) if request.plan else 0
    if request.state is State.RUNNING and len(request.runs) == steps and not under_way(request):
        return Refused("late", f"The last step of {request.id} has begun; there is no further step to hold back.")
    return None


def standing(request: ChangeRequest) -> str:
    """Where a request stands, in half a sentence: "it is Denied, by @ana"."""
    names = ", ".join(f"<@{approval.person}> at {approval.at:%H:%M} UTC" for approval in request.approvals)
    approved = f", approved by {names}" if names else ""
    if request.ending and request.state in FINAL:
        by = f", by <@{request.ending.actor}>" if request.ending.actor.startswith(("U", "W")) else ""
        return f"it is already *{request.state}*{by} ({request.ending.at:%H:%M} UTC){approved}"
    return f"it is already *{request.state}*{approved}"


def _wrong_plan(request: ChangeRequest, click: Click) -> Refused | None:
    digest = request.plan.digest if request.plan else ""
    if click.kind in (Kind.APPROVAL_CLICKED, Kind.DENIAL_SUBMITTED) and click.data.get("digest") != digest:
        return Refused("plan", f"That button belongs to another plan than the one {request.id} stands on.")
    return None


def _wrong_person(request: ChangeRequest, click: Click) -> Refused | None:
    rule, is_requester = RULES[click.kind], click.person == request.requester
    if click.kind is Kind.WITHDRAWAL_CLICKED and request.has_approved(click.person):
        return None
    if is_requester and not rule.by_requester:
        return Refused("own_request", f"You asked for {request.id}, so somebody else has to {rule.verb}.")
    if not is_requester and not (rule.by_approvers or rule.by_anyone):
        return Refused("not_yours", f"Only <@{request.requester}> can withdraw {request.id}. To stop it, use Deny.")
    return _no_approver(request, click) if click.kind is Kind.APPROVAL_CLICKED else None


def _no_approver(request: ChangeRequest, click: Click) -> Refused | None:
    if request.has_approved(click.person):
        return Refused("twice", f"Your approval of {request.id} counts already. It takes different people.")
    if click.person not in request.eligible:
        text = f"You were not among the approvers when {request.id} was made. Plan again takes the list as it is now."
        return Refused("not_listed", text)
    return None


def approvals_needed(actions: Collection[str], required: int) -> int:
    """How many people must approve a request of these actions, where `required` are asked for: none or at least one.

    None is for what only adds or only looks, whatever anybody asks for; anything else never goes without.
    """
    return 0 if actions and (ADDS_ONLY | LOOKS_ONLY).issuperset(actions) else max(1, required)


def goes_ahead(request: ChangeRequest) -> bool:
    """Whether a request with a plan needs nobody's approval: it was asked for so, and no step changes what is there."""
    actions = [step.action for step in request.plan.steps] if request.plan else []
    return request.required == approvals_needed(actions, 1) == 0


def adds(request: ChangeRequest) -> bool:
    """Whether it adds something without an approval: then only who could have approved it may ask for it."""
    return not request.required and any(ask.action in ADDS_ONLY for ask in request.asks)


def refusal_of_workspace(team: str, workspace: Workspace) -> Refused | None:
    """Whether a command came from the bot's own workspace; `team` is where it came from."""
    if team == workspace.team:
        return None
    return Refused("workspace", "This command came from another workspace. Ask in the bot's own.")


def refusal_of_person(person: Person, workspace: Workspace) -> Refused | None:
    """Whether someone is an active full member of the bot's own organization."""
    is_ours = person.team == workspace.team or (
        bool(workspace.enterprise) and person.enterprise == workspace.enterprise
    )
    for is_so, rule, what in (
        (person.is_bot, "bot", "bots and workflows can't take part"),
        (person.is_deactivated, "deactivated", "this account is deactivated"),
        (not is_ours or person.is_stranger, "outsider", "only members of this workspace's own organization take part"),
        (person.is_guest, "guest", "guests can't take part"),
    ):
        if is_so:
            return Refused(rule, f"Not counted: {what}. Nothing was changed.")
    return None


def refusal_of_channel(channel: Channel, allowed: Sequence[str]) -> Refused | None:
    """Whether commands work in a channel; `allowed` holds ids and name patterns."""
    if channel.is_shared and channel.id not in allowed:
        text = "This channel is shared with another organization. Ask in one of your own incident channels."
        return Refused("shared_channel", text)
    if not any(channel.id == one or fnmatchcase(channel.name, one) for one in allowed):
        return Refused("channel", f"Commands work in {', '.join(allowed)} only. Ask there; nothing was changed.")
    if channel.is_archived or not channel.is_member:
        return Refused("not_in_channel", "I am not in this channel. Type `/invite @rollback` here, then ask again.")
    return None


def refusal_of_few(eligible: int, required: int) -> Refused | None:
    """Whether enough people besides the requester can approve."""
    if eligible >= required:
        return None
    text = (
        f"This needs {required} approvals and only {eligible} eligible people besides you can give one. "
        "Add full members to the approvers' group (or to the runbook's list), then ask again. Nothing was changed."
    )
    return Refused("few_approvers", text)


def refusal_to_undo(earlier: ChangeRequest, step: int | None = None) -> Refused | None:
    """Whether an earlier request can be taken back, as far as the log knows; one `step` of it, or any that is left."""
    if not earlier.is_final:
        return Refused("open", f"{earlier.id} is still open: {earlier.state}. It can be undone when it has ended.")
    done = steps_that_changed(earlier)
    if step is None and earlier.ending and earlier.ending.changed and not done:
        told = f"{earlier.id} was not carried through, so there is no step to undo. What is different in production:"
        ways = "`/rollback deployments` shows what can be gone to. Nothing was changed."
        return Refused("nothing_done", f"{told} {earlier.ending.changed}. {ways}")
    if not done or (step is not None and step not in done):
        return Refused("nothing_done", f"{earlier.id} did nothing ({earlier.state}), so there is nothing to undo.")
    left = done - set(earlier.undone)
    if not left or (step is not None and step not in left):
        by = ", ".join(dict.fromkeys(earlier.undone.values()))
        return Refused("undone", f"{earlier.id} was undone already, by {by}. Nothing was changed.")
    return None


def steps_that_changed(request: ChangeRequest) -> frozenset[int]:
    """The steps that are done and can have changed something."""
    return frozenset(run.index for run in request.done if request.asks[run.index].action not in LOOKS_ONLY)


def refusal_to_plan_again(ended: ChangeRequest) -> Refused | None:
    """Whether what a request asked for and didn't do can be asked for anew, as far as the log knows."""
    if not ended.is_final:
        return Refused("open", f"{ended.id} is still open: {ended.state}. Nothing was changed.")
    if ended.planned_again_as:
        text = f"{ended.id} was planned again already, as {ended.planned_again_as}. Nothing was changed."
        return Refused("planned_again", text)
    if not ended.left:
        return Refused("nothing_left", f"{ended.id} did all of its steps: nothing of it is left to be planned.")
    return None


def refusal_to_propose(watched: ChangeRequest) -> Refused | None:
    """Whether what a request proposes can be asked for, as far as the log knows."""
    if not is_proposing(watched):
        return Refused("nothing_proposed", f"{watched.id} proposes nothing: {standing(watched)}. Nothing was changed.")
    if watched.planned_again_as:
        text = f"What {watched.id} proposes was asked for already, as {watched.planned_again_as}. Nothing was changed."
        return Refused("planned_again", text)
    if by := watched.overtaken_by:
        text = f"{by} has done such a step since {watched.id} began to watch: its figures may not be of what is live."
        way = "To go further all the same, ask by a command: `/rollback help` lists them. Nothing was changed."
        return Refused("done_since", f"{text} {way}")
    return None


def overtaking(watched: ChangeRequest, others: Iterable[ChangeRequest]) -> str:
    """The request that has done what a watch proposes since that began; "" = none of the others has."""
    return next((other.id for other in others if _did_it_since(other, watched)), "")


def _did_it_since(other: ChangeRequest, watched: ChangeRequest) -> bool:
    """Whether another request did what a watch proposes, after that began: to do it again would go further."""
    watch, proposed = watch_of(watched), {ask.action for ask in watched.proposes}
    if watch is None or other.id == watched.id:
        return False
    did = [run for run in other.done if other.step(run.index).action in proposed]
    return any(run.ended_at and run.ended_at >= watch.began_at for run in did)


def is_proposing(request: ChangeRequest) -> bool:
    """Whether it is time for what a request proposes: while it watches, and once its steps ended and some are done."""
    has_ended = request.is_final or request.state is State.VERIFYING
    return bool(request.proposes) and bool(under_way(request) or (has_ended and request.done))


def refusal_beside(
    request: ChangeRequest, others: Sequence[ChangeRequest], name: Callable[[ChangeRequest], str]
) -> Refused | None:
    """Whether another open request, asked earlier, stands in the way: one a target, two a person.

    `name` gives a request's name, linked to its card.
    """
    earlier = [o for o in others if not o.is_final and number_of(o.id) < number_of(request.id)]
    for other in earlier:
        if set(other.targets) & set(request.targets):
            return Refused("one_a_target", f"{name(other)} is open for the same target: {_waits_for(other)}.")
    mine = [name(o) for o in earlier if o.requester == request.requester and o.required]
    if request.required and len(mine) >= OPEN_REQUESTS_A_PERSON:
        text = f"You have {len(mine)} open requests ({', '.join(mine)}). Withdraw one, or let somebody else ask."
        return Refused("two_a_person", text)
    return None


def _waits_for(other: ChangeRequest) -> str:
    if other.state is not State.WAITING:
        return f"it is {other.state}"
    missing = other.required - len(other.approvals)
    return f"it is waiting for {missing} more approval{'' if missing == 1 else 's'}"
