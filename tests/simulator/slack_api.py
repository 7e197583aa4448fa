"""What the Web API answers about people, groups, channels and the messages in them; slack_posting has the rest.

Each function takes the state and what was asked, and gives the answer's fields, or raises Refused with Slack's error.
"""

import base64
from collections.abc import Callable
from typing import Any

from tests.simulator.slack_people import BOT, BOT_USER, Channel
from tests.simulator.slack_rules import Refused
from tests.simulator.slack_state import Message, State

Fields = dict[str, Any]


class Asked(dict[str, str]):
    """The arguments of a call, each as the text that a form would carry."""

    def __missing__(self, name: str) -> str:
        raise Refused("invalid_arguments", [f"[ERROR] missing required field: {name}"])

    def flag(self, name: str) -> bool:
        """Whether an argument is given as true."""
        return self.get(name, "").lower() in ("1", "true")


Method = Callable[[State, Asked], Fields]


def auth_test(state: State, _asked: Asked) -> Fields:
    """Who the token belongs to."""
    team = state.team
    fields: Fields = {"url": team.url, "team": team.name, "team_id": team.id}
    fields |= {"user": state.people[BOT_USER].name, "user_id": BOT_USER, "bot_id": BOT, "is_enterprise_install": False}
    return fields | ({"enterprise_id": team.enterprise_id} if team.enterprise_id else {})


def api_test(_state: State, _asked: Asked) -> Fields:
    """Nothing: Slack is there."""
    return {}


def users_info(state: State, asked: Asked) -> Fields:
    """One person; somebody of another organization is a stranger where no channel with the bot is shared."""
    person = state.people.get(asked["user"])
    if person is None:
        raise Refused("user_not_found")
    user = person.as_slack()
    if person.team != state.team.id:
        user["is_stranger"] = not any(c.has_bot and person.id in c.members for c in state.channels.values())
    return {"user": user}


def usergroups_list(state: State, asked: Asked) -> Fields:
    """All user groups."""
    groups = [group.as_slack() for group in state.groups.values()]
    if asked.flag("include_users"):
        for group in groups:
            group["users"] = list(state.groups[group["id"]].users)
    return {"usergroups": groups}


def usergroups_users_list(state: State, asked: Asked) -> Fields:
    """The ids of the people in a group."""
    group = state.groups.get(asked["usergroup"])
    if group is None:
        raise Refused("no_such_subteam")
    return {"users": list(group.users)}


def conversations_info(state: State, asked: Asked) -> Fields:
    """One channel."""
    channel = visible(state, asked)
    counted = {"num_members": len(channel.members)} if asked.flag("include_num_members") else {}
    return {"channel": channel.as_slack() | counted}


def conversations_members(state: State, asked: Asked) -> Fields:
    """The ids of the people in a channel."""
    channel = visible(state, asked)
    start = int(_cursor(asked) or "0")
    members = sorted(channel.members)
    end = start + int(asked.get("limit", "100"))
    return {"members": members[start:end], **_next(str(end) if end < len(members) else "")}


def users_conversations(state: State, asked: Asked) -> Fields:
    """The channels that the bot is in."""
    own = [channel for channel in state.channels.values() if channel.has_bot]
    shown = [channel for channel in own if not (channel.is_archived and asked.flag("exclude_archived"))]
    rows = [channel.as_slack() for channel in shown]
    return {"channels": [{k: v for k, v in row.items() if k != "is_member"} for row in rows], **_next("")}


def conversations_history(state: State, asked: Asked) -> Fields:
    """The messages of a channel, the newest first; replies only where they were broadcast."""
    channel = open_to_bot(state, asked)
    roots = [message for message in state.messages.get(channel.id, []) if in_channel(message)]
    wanted = [message for message in reversed(roots) if _within(message["ts"], asked)]
    mark = _cursor(asked)
    return _page(state, asked, [m for m in wanted if not mark or m["ts"] <= mark])


def conversations_replies(state: State, asked: Asked) -> Fields:
    """A thread: its root first, then the replies in order of time."""
    channel = open_to_bot(state, asked)
    thread = state.thread(channel.id, asked["ts"])
    if not thread:
        raise Refused("thread_not_found")
    mark = _cursor(asked)
    root, replies = thread[:1], [m for m in thread[1:] if _within(m["ts"], asked)]
    return _page(state, asked, [m for m in (*root, *replies) if m["ts"] >= mark])


def get_permalink(state: State, asked: Asked) -> Fields:
    """The address at which people read a message."""
    channel = visible(state, asked)
    message = state.message(channel.id, asked["message_ts"])
    if message is None:
        raise Refused("message_not_found")
    root = message.get("thread_ts")
    query = f"?thread_ts={root}&cid={channel.id}" if root else ""
    link = f"{state.team.url}archives/{channel.id}/p{message['ts'].replace('.', '')}{query}"
    return {"channel": channel.id, "permalink": link}


def visible(state: State, asked: Asked, name: str = "channel") -> Channel:
    """The channel that was asked for; a private one doesn't exist for those outside.

    Raises Refused: channel_not_found.
    """
    channel = state.channels.get(asked[name])
    if channel is None or (channel.is_private and not channel.has_bot):
        raise Refused("channel_not_found")
    return channel


def open_to_bot(state: State, asked: Asked, name: str = "channel") -> Channel:
    """The channel that was asked for, where the bot may read.

    Raises Refused: channel_not_found, not_in_channel.
    """
    channel = visible(state, asked, name)
    if not channel.has_bot:
        raise Refused("not_in_channel")
    return channel


def in_channel(message: Message) -> bool:
    """Whether a message stands in the channel itself, not only in a thread."""
    return message.get("thread_ts") in (None, message["ts"]) or message.get("subtype") == "thread_broadcast"


def as_read(state: State, message: Message, *, with_metadata: bool) -> Message:
    """A message as Slack gives it to a reader; a root tells of its replies."""
    hidden = {"channel"} if with_metadata else {"channel", "metadata"}
    read = {name: value for name, value in message.items() if name not in hidden}
    replies = state.thread(message["channel"], message["ts"])[1:]
    if replies:
        read |= {"thread_ts": message["ts"], "reply_count": len(replies), "latest_reply": replies[-1]["ts"]}
    return read


def _within(ts: str, asked: Asked) -> bool:
    oldest, latest = asked.get("oldest") or "0", asked.get("latest") or "9999999999"
    edge = asked.flag("inclusive") and float(ts) in (float(oldest), float(latest))
    return edge or float(oldest) < float(ts) < float(latest)


def _page(state: State, asked: Asked, messages: list[Message]) -> Fields:
    limit = int(asked.get("limit", "100"))
    with_metadata = asked.flag("include_all_metadata")
    page = [as_read(state, message, with_metadata=with_metadata) for message in messages[:limit]]
    rest = messages[limit:]
    return {"messages": page, "has_more": bool(rest), **_next(rest[0]["ts"] if rest else "")}


def _cursor(asked: Asked) -> str:
    return base64.b64decode(asked.get("cursor", "")).decode()


def _next(mark: str) -> Fields:
    return {"response_metadata": {"next_cursor": base64.b64encode(mark.encode()).decode()}}


METHODS: dict[str, tuple[Method, str]] = {  # the method, and the scope that it needs
    "auth.test": (auth_test, ""),
    "api.test": (api_test, ""),
    "users.info": (users_info, "users:read"),
    "usergroups.list": (usergroups_list, "usergroups:read"),
    "usergroups.users.list": (usergroups_users_list, "usergroups:read"),
    "conversations.info": (conversations_info, "channels:read"),
    "users.conversations": (users_conversations, "channels:read"),
    "conversations.members": (conversations_members, "channels:read"),
    "conversations.history": (conversations_history, "channels:history"),
    "conversations.replies": (conversations_replies, "channels:history"),
    "chat.getPermalink": (get_permalink, ""),
}
