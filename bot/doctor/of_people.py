"""Who can approve and ask, and where: whether the policy of the runbook can be satisfied by the people there are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.adapters.slack import Slack
from bot.core.errors import BotError, Refused, Unavailable
from bot.core.people import Channel
from bot.core.runbook import Runbook
from bot.doctor.finding import Finding, ok, problem, warning
from bot.eligibility import ANYONE, Eligibility, is_group

SHOWN = 5  # channels that are named
_ANY_CHANNEL = "*"
_REASONS = {
    "bot": "a bot",
    "deactivated": "deactivated",
    "outsider": "of another organization",
    "guest": "a guest",
    "user_not_found": "unknown to Slack",
}
_GROUP_REMEDY = "copy the id (S...) from the group's menu in Slack; or list ids of people (U...) instead"
_SCOPE_REMEDY = "add the scope in OAuth & Permissions, reinstall the app; or list ids of people (U...) instead"
_GROUP_REASONS = {
    "no_such_subteam": "this workspace has no such user group",
    "missing_scope": "the scope usergroups:read is missing",
    "paid_teams_only": "user groups need a paid Slack plan",
}


@dataclass(frozen=True)
class Electorate:
    """Those who are listed: how many can approve, counted no further than one more than `required`; who can't, why."""

    required: int
    can: int
    cannot: Mapping[str, str]


def examine_approvers(slack: Slack, runbook: Runbook) -> Iterator[Finding]:
    """Whether a request can be approved at all."""
    listed = runbook.approval.approvers
    try:
        if unreadable := list(_unreadable_groups(slack, "approvers", listed)):
            yield from unreadable
            return
        yield approvers(_electorate(Eligibility(slack, runbook), runbook))
    except (Refused, Unavailable) as error:
        yield problem("approvers", f"can't be read, so nobody can approve: {error.text}", _again(error))


def examine_access(slack: Slack, runbook: Runbook) -> Iterator[Finding]:
    """Who may ask, and in which channels."""
    access, internal = runbook.access, runbook.communications.internal_channel
    try:
        unreadable = list(_unreadable_groups(slack, "requesters", access.requesters))
        yield from unreadable
        if not unreadable:
            yield ok("requesters", _askers(access.requesters))
        for channel in access.channels:
            if _is_channel_id(channel):
                yield listed_channel("channel", channel, _channel(slack, channel))
        if patterns := [one for one in access.channels if not _is_channel_id(one)]:
            yield patterned(patterns, slack.own_channels())
        if internal:
            yield listed_channel("internal channel", internal, _channel(slack, internal))
    except (Refused, Unavailable) as error:
        yield problem("access", f"requesters and channels can't be read: {error.text}", _again(error))


def approvers(seen: Electorate) -> Finding:
    """Whether enough people can approve, also where one of them asks."""
    out = ", ".join(f"{person} ({why})" for person, why in seen.cannot.items())
    not_counted = f"; not counted: {out}" if out else ""
    need = f"{seen.required} must approve"
    if seen.can < seen.required:
        remedy = f"put at least {seen.required + 1} active full members into the group or the runbook's list"
        return problem("approvers", f"{need} and only {seen.can} can: no request can pass{not_counted}", remedy)
    if seen.can == seen.required:
        text = f"{need} and {seen.can} can: as soon as one of them asks, nobody can approve it{not_counted}"
        return warning("approvers", text, "add one more active full member to the group or to the runbook's list")
    return ok("approvers", f"{need}, and at least {seen.can} people can")


def listed_channel(subject: str, name: str, channel: Channel | None) -> Finding:
    """What a channel is good for that the runbook names by its id."""
    if channel is None:
        text = f"{name} can't be seen: the id is wrong, or it is private and the bot isn't in it"
        return warning(subject, text, "copy the id from the channel's details in Slack; /invite @rollback there")
    if channel.is_archived:
        return warning(subject, f"#{channel.name} ({name}) is archived", "name another channel in the runbook")
    if not channel.is_member:
        return warning(subject, f"the bot is not in #{channel.name} ({name})", "type /invite @rollback there")
    return ok(subject, f"#{channel.name}, and the bot is in it")


def patterned(patterns: Sequence[str], own: Sequence[Channel]) -> Finding:
    """Where the bot works by the names of channels; they come and go with incidents, so none is no mistake."""
    ours = [one.name for one in own if not one.is_shared]
    fitting = sorted(f"#{name}" for name in ours if any(fnmatchcase(name, pattern) for pattern in patterns))
    here = f"now in {', '.join(fitting[:SHOWN])}{' and more' if len(fitting) > SHOWN else ''}"
    allowed = ", ".join("every channel" if one == _ANY_CHANNEL else one for one in patterns)
    return ok("channels", f"commands work in {allowed}; {here if fitting else 'the bot is in none yet: /invite it'}")


def _electorate(eligibility: Eligibility, runbook: Runbook) -> Electorate:
    approval = runbook.approval
    required = max(approval.required, *(runbook.required_for(risk) for risk in approval.risk), 0)
    can, cannot = 0, {}
    for person in sorted(eligibility.approvers()):
        try:
            refusal = eligibility.refusal_to_take_part(person)
        except Refused as unreadable:
            refusal = unreadable
        if refusal:
            cannot[person] = _REASONS.get(refusal.rule, refusal.rule)
        can += refusal is None
        if can > required:
            break
    return Electorate(required, can, cannot)


def _unreadable_groups(slack: Slack, subject: str, listed: Sequence[str]) -> Iterator[Finding]:
    """One group that can't be read is enough for nobody to count."""
    for group in filter(is_group, listed):
        try:
            slack.group(group)
        except Refused as error:
            why = _GROUP_REASONS.get(error.rule, error.text)
            text = f"{group} can't be read, so nobody counts: {why}"
            yield problem(subject, text, _SCOPE_REMEDY if error.rule == "missing_scope" else _GROUP_REMEDY)


def _askers(requesters: Sequence[str]) -> str:
    return "any active full member may ask" if ANYONE in requesters else f"{', '.join(requesters)} may ask"


def _channel(slack: Slack, channel: str) -> Channel | None:
    try:
        return slack.channel(channel)
    except Refused as error:
        if error.rule == "channel_not_found":
            return None
        raise


def _again(error: BotError) -> str:
    refused = "add the scopes that the line on scopes names, then check again"
    return refused if isinstance(error, Refused) else "check again when Slack answers"


def _is_channel_id(one: str) -> bool:
    return one[:1] in ("C", "G") and one.isupper() and len(one) > 1
