"""A Slack workspace in memory: who is a member, who is in the approvers' group, and whether Slack can be read."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from bot.adapters.slack import Slack
from bot.core.errors import Refused, Unavailable
from bot.core.people import Channel, Person, Workspace
from bot.core.secret import Secret
from tests.histories import ANA, BEN, CHANNEL, CY, DEE, GROUP, TEAM

EVE, FAY, GUS = "U0EVE", "U0FAY", "U0GUS"  # a member; a member who joins the group later; a guest in the group
ENTERPRISE = "E0ACME"
OURS = Workspace(TEAM, "", "U0BOT", "https://acme.slack.com/")


def member(person: str) -> Person:
    """An active full member of the bot's workspace."""
    return Person(person, TEAM, "", is_bot=False, is_guest=False, is_deactivated=False, is_stranger=False)


class Members(Slack):
    """Slack's readings, as the people in it change; it reaches nothing and can't write."""

    def __init__(self, approvers: Iterable[str] = (BEN, CY, DEE, GUS)) -> None:
        super().__init__(Secret("no-token"), None, lambda: datetime.now(UTC))
        self.people = {person: member(person) for person in (ANA, BEN, CY, DEE, EVE, FAY)}
        self.people[GUS] = replace(member(GUS), is_guest=True)
        self.group_members = set(approvers)
        self.is_down = False

    def workspace(self) -> Workspace:
        return OURS

    def person(self, user: str) -> Person:
        self._read()
        if user not in self.people:
            raise Refused("user_not_found", "Slack refused users.info: user_not_found.")
        return self.people[user]

    def group(self, group: str) -> tuple[str, ...]:
        self._read()
        if group != GROUP:
            raise Refused("no_such_subteam", "Slack refused usergroups.users.list: no_such_subteam.")
        return tuple(self.group_members)

    def channel(self, channel: str) -> Channel:
        self._read()
        return Channel(CHANNEL, "incidents", is_member=True, is_shared=False, is_archived=False)

    def eligible(self) -> set[str]:
        """Who could approve now, by the words of the design and not by the code; nobody while Slack is down."""
        if self.is_down:
            return set()
        people = [self.people[one] for one in self.group_members if one in self.people]
        return {one.id for one in people if not (one.is_guest or one.is_deactivated)}

    def leave(self, person: str) -> None:
        """Take someone out of the group."""
        self.group_members.discard(person)

    def join(self, person: str) -> None:
        """Put someone into the group."""
        self.group_members.add(person)

    def deactivate(self, person: str) -> None:
        """Close someone's account."""
        self.people[person] = replace(self.people[person], is_deactivated=True)

    def _read(self) -> None:
        if self.is_down:
            raise Unavailable("Slack can't be reached.")
