"""The conversation as a person scrolling through it would read it, as text for failing tests and for a terminal."""

import textwrap
import time
from collections.abc import Iterator

from tests.simulator import slack_reading
from tests.simulator.slack_state import Message, State


def names_of(state: State) -> dict[str, str]:
    """What Slack shows for each id."""
    people = {person.id: person.name for person in state.people.values()}
    groups = {group.id: group.handle for group in state.groups.values()}
    return people | groups | {channel.id: channel.name for channel in state.channels.values()}


def transcript(state: State, channel: str | None = None) -> str:
    """One channel, or every channel where something was said: threads under their roots, private messages in place."""
    said = [*state.messages, *(message["channel"] for message in state.private)]
    wanted = [channel] if channel else list(dict.fromkeys(said))
    return "\n".join(line for name in wanted for line in _channel(state, name)) or "(nobody said anything)"


def _channel(state: State, channel: str) -> Iterator[str]:
    yield f"#{names_of(state).get(channel, channel)}"
    private = [message for message in state.private if message["channel"] == channel]
    everything = sorted([*state.messages.get(channel, []), *private], key=lambda message: str(message["ts"]))
    for message in everything:
        if message.get("thread_ts") in (None, message["ts"]):
            yield from _lines(state, message, "  ")
            replies = [one for one in everything if one.get("thread_ts") == message["ts"] != one["ts"]]
            yield from (line for reply in replies for line in _lines(state, reply, "  | "))


def _lines(state: State, message: Message, indent: str) -> Iterator[str]:
    names = names_of(state)
    at = time.strftime("%H:%M:%S", time.localtime(float(message["ts"])))
    whom = f"only to {names.get(message['to'], message['to'])}" if "to" in message else names.get(message["user"], "?")
    broadcast = " (also in the channel)" if message.get("subtype") == "thread_broadcast" else ""
    edited = " (edited)" if "edited" in message else ""
    yield f"{indent}{at} {whom}{broadcast}{edited}"
    yield textwrap.indent(slack_reading.text_of(message, names), indent + "    ")
