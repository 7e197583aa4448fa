"""Who may take part and where, read from Slack at the moment it matters. Fail closed: unreadable is nobody."""

from collections.abc import Iterable

from bot.adapters.slack import Slack
from bot.core.errors import Refused
from bot.core.policy import refusal_of_channel, refusal_of_person, refusal_of_workspace
from bot.core.runbook import Runbook

ANYONE = "*"
NOT_APPROVER = "not_approver"
UNSEEN = "channel_not_found"  # a private channel or a conversation that the bot is not in


class Eligibility:
    """The runbook's approvers and requesters as Slack knows them now.

    Every method raises Unavailable where Slack can't be read, and Refused where it refuses to say.
    """

    def __init__(self, slack: Slack, runbook: Runbook) -> None:
        self._slack, self._runbook = slack, runbook

    def approver_groups(self) -> tuple[str, ...]:
        """The user groups among the runbook's approvers."""
        return tuple(one for one in self._runbook.approval.approvers if is_group(one))

    def approvers(self) -> frozenset[str]:
        """The ids in the runbook's list and in its groups, eligible or not."""
        return self._members(self._runbook.approval.approvers)

    def refusal_to_take_part(self, person: str) -> Refused | None:
        """Why someone is no active full member, if so."""
        return refusal_of_person(self._slack.person(person), self._slack.workspace())

    def refusal_as_approver(self, person: str) -> Refused | None:
        """Why someone can't decide on a request, if so; also where Slack itself refuses to say."""
        try:
            refusal = self.refusal_to_take_part(person)
            if refusal or person in self.approvers():
                return refusal
        except Refused as unreadable:
            return unreadable
        return Refused(NOT_APPROVER, "You are not among the approvers of the runbook. Nothing was changed.")

    def refusal_to_go_ahead(self, person: str) -> Refused | None:
        """Why someone can't ask for what needs no approval, if so: that is for who could have approved it."""
        refusal = self.refusal_as_approver(person)
        if refusal and refusal.rule == NOT_APPROVER:
            text = "What needs no approval is for the runbook's approvers to ask for, and you are not among them."
            return Refused(NOT_APPROVER, f"{text} Ask one of them. Nothing was changed.")
        return refusal

    def refusal_of_place(self, team: str, channel: str) -> Refused | None:
        """Why commands don't work in a channel, if so; `team` is the workspace that they came from."""
        refusal = refusal_of_workspace(team, self._slack.workspace())
        if refusal:
            return refusal
        try:
            return refusal_of_channel(self._slack.channel(channel), self._runbook.access.channels)
        except Refused as unseen:
            if unseen.rule != UNSEEN:
                raise
            way = "Type `/invite @rollback` here, or ask in an incident channel that I am in. Nothing was changed."
            return Refused(UNSEEN, f"I can't see this channel. {way}")

    def refusal_to_ask(self, person: str) -> Refused | None:
        """Why someone can't ask for anything, if so."""
        refusal = self.refusal_to_take_part(person)
        allowed = self._runbook.access.requesters
        if refusal or ANYONE in allowed or person in self._members(allowed):
            return refusal
        return Refused("not_requester", "The runbook's [access] does not list you among those who may ask.")

    def count_approvers(self, listed: Iterable[str], *, enough: int) -> int:
        """How many of `listed` are active full members; stops reading at `enough`."""
        count = 0
        for person in sorted(listed):
            count += self._is_active_member(person)
            if count >= enough:
                break
        return count

    def _is_active_member(self, person: str) -> bool:
        try:
            return self.refusal_to_take_part(person) is None
        except Refused:  # an id that Slack doesn't know is nobody
            return False

    def _members(self, listed: Iterable[str]) -> frozenset[str]:
        people: set[str] = set()
        for one in listed:
            people.update(self._slack.group(one) if is_group(one) else (one,))
        return frozenset(people)


def is_group(one: str) -> bool:
    """Whether an id in the runbook is a user group's."""
    return one.startswith("S")
