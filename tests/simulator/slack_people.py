"""Who and what is in the stand-in's workspace: people, user groups, channels, and the cast every test begins with.

Plain data that a test changes at any time; `as_slack` gives a person or a channel in the fields that Slack answers.
"""

from dataclasses import dataclass, field
from typing import Any

TEAM, OTHER_TEAM = "T_MAIN", "T_OTHER"
APP, BOT, BOT_USER = "A_ROLLBACK", "B_ROLLBACK", "U_ROLLBACK"


@dataclass
class Team:
    """The workspace the bot is installed in."""

    id: str = TEAM
    name: str = "Acme"
    domain: str = "acme"
    enterprise_id: str | None = None
    enterprise_name: str = "Acme Group"

    @property
    def url(self) -> str:
        """Where people read the workspace; ends with a slash."""
        return f"https://{self.domain}.slack.com/"


@dataclass
class Person:
    """Somebody, or a bot, that Slack knows by an id."""

    id: str
    name: str
    team: str = TEAM
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    deleted: bool = False
    enterprise_id: str | None = None

    def as_slack(self) -> dict[str, Any]:
        """The user object of users.info; Slack leaves the roles out for a deactivated person."""
        user: dict[str, Any] = {
            "id": self.id,
            "team_id": self.team,
            "name": self.name,
            "real_name": self.name.capitalize(),
            "deleted": self.deleted,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": 1_760_000_000,
            "profile": {
                "real_name": self.name.capitalize(),
                "display_name": self.name,
                "team": self.team,
                "email": f"{self.name}@example.com",
            },
        }
        if not self.deleted:
            user |= {"is_admin": False, "is_owner": False, "is_primary_owner": False, "tz": "Europe/Paris"}
            user |= {"is_restricted": self.is_restricted, "is_ultra_restricted": self.is_ultra_restricted}
        if self.enterprise_id:
            user["enterprise_user"] = {"id": self.id, "enterprise_id": self.enterprise_id, "teams": [self.team]}
        return user


@dataclass
class Group:
    """A user group: a handle to mention, and the ids of the people in it."""

    id: str
    handle: str
    users: list[str] = field(default_factory=list)

    def as_slack(self) -> dict[str, Any]:
        """The usergroup object of usergroups.list."""
        return {
            "id": self.id,
            "team_id": TEAM,
            "is_usergroup": True,
            "name": self.handle.capitalize(),
            "handle": self.handle,
            "date_delete": 0,
            "user_count": len(self.users),
        }


@dataclass
class Channel:
    """A channel and the ids of the people in it; the bot posts and reads only where it is one of them."""

    id: str
    name: str
    members: set[str] = field(default_factory=set)
    is_private: bool = False
    is_ext_shared: bool = False
    is_archived: bool = False

    @property
    def has_bot(self) -> bool:
        """Whether the bot is a member."""
        return BOT_USER in self.members

    def as_slack(self) -> dict[str, Any]:
        """The channel object of conversations.info."""
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": True,
            "is_group": False,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_general": self.name == "general",
            "is_shared": self.is_ext_shared,
            "is_ext_shared": self.is_ext_shared,
            "is_org_shared": False,
            "is_member": self.has_bot,
            "context_team_id": TEAM,
            "shared_team_ids": [TEAM, OTHER_TEAM] if self.is_ext_shared else [TEAM],
            "created": 1_760_000_000,
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }


def default_people() -> dict[str, Person]:
    """The cast: a requester, three approvers, a bystander, and four who may never approve; by id."""
    people = [
        Person("U_ANA", "ana"),
        Person("U_BEN", "ben"),
        Person("U_CHLOE", "chloe"),
        Person("U_DAN", "dan"),
        Person("U_EVE", "eve"),
        Person("U_GUEST", "guest", is_restricted=True),
        Person("U_OUTSIDER", "outsider", team=OTHER_TEAM),
        Person("U_BOTTY", "botty", is_bot=True),
        Person("U_GONE", "gone", deleted=True),
        Person(BOT_USER, "rollback", is_bot=True),
    ]
    return {person.id: person for person in people}


def default_groups() -> dict[str, Group]:
    """One group of approvers; those who may never approve stand in it too, so that the list alone decides nothing."""
    users = ["U_BEN", "U_CHLOE", "U_DAN", "U_GUEST", "U_OUTSIDER", "U_BOTTY", "U_GONE"]
    return {"S_APPROVERS": Group("S_APPROVERS", "approvers", users)}


def default_channels() -> dict[str, Channel]:
    """An incident channel with everybody in it, one without the bot, one shared with another organization; by id."""
    everybody = set(default_people())
    inside = everybody - {"U_OUTSIDER"}
    channels = [
        Channel("C_INC", "inc-2026", everybody),
        Channel("C_QUIET", "quiet", inside - {BOT_USER}),
        Channel("C_SHARED", "inc-shared", set(everybody), is_ext_shared=True),
        Channel("C_GENERAL", "general", inside),
    ]
    return {channel.id: channel for channel in channels}
