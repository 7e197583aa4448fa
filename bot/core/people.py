"""Who someone is, as Slack says it now. People are ids, never names."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Workspace:
    """Where the bot lives. `enterprise` is "" outside Enterprise Grid."""

    team: str
    enterprise: str
    bot_user: str
    url: str  # "https://acme.slack.com/"


@dataclass(frozen=True)
class Person:
    """One account. `is_stranger` alone proves nothing in a shared channel: compare the team as well."""

    id: str
    team: str
    enterprise: str
    is_bot: bool
    is_guest: bool
    is_deactivated: bool
    is_stranger: bool


@dataclass(frozen=True)
class Channel:
    """A channel as the bot sees it."""

    id: str
    name: str
    is_member: bool  # the bot is
    is_shared: bool  # with another organization
    is_archived: bool
