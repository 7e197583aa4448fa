"""The Slack stand-in: Slack's Web API on loopback for the bot, and people's hands and eyes for the tests.

The bot's WebClient gets `base_url=f"{slack.url}/api/"`; commands and clicks go signed to `slack.bot_url` and wait for
the answer as Slack does. People, groups and channels are plain data in `slack.people`, `slack.groups`,
`slack.channels`: change them at any time.
"""

import copy
from collections.abc import Callable
from typing import Any, TypeVar

from tests.simulator import slack_reading
from tests.simulator.slack_hands import SlackHands
from tests.simulator.slack_state import Message
from tests.simulator.slack_transcript import names_of, transcript

T = TypeVar("T")


class Slack(SlackHands):
    """One workspace with the bot installed, and what people see in it; messages are given as copies."""

    def messages(self, channel: str) -> list[Message]:
        """Every message of a channel and its threads, in order of time."""
        with self.lock:
            return copy.deepcopy(self.state.messages.get(channel, []))

    def thread(self, channel: str, root_ts: str) -> list[Message]:
        """A thread: its root first, then the replies in order of time."""
        with self.lock:
            return copy.deepcopy(self.state.thread(channel, root_ts))

    def find(self, channel: str, *, text: str = "", thread_ts: str | None = None) -> list[Message]:
        """The messages in which a person reads `text`, everywhere in the channel or in one thread."""
        known = self.messages(channel) if thread_ts is None else self.thread(channel, thread_ts)
        return [message for message in known if text in self.text_of(message)]

    def ephemeral_to(self, user: str) -> list[Message]:
        """What only this person was shown, in order; `via` is ack, response_url or chat.postEphemeral."""
        with self.lock:
            return copy.deepcopy([message for message in self.state.private if message["to"] == user])

    def view_of(self, user: str) -> dict[str, Any] | None:
        """The modal that this person has in front, if any."""
        with self.lock:
            return copy.deepcopy(next(reversed(self.state.views.get(user, [])), None))

    def homes_of(self, user: str) -> list[dict[str, Any]]:
        """What this person's App Home has shown, in order."""
        with self.lock:
            return copy.deepcopy(self.state.homes.get(user, []))

    def edits(self, ts: str) -> list[Message]:
        """The versions of a message, as first posted and after each edit."""
        with self.lock:
            return copy.deepcopy(self.state.versions.get(ts, []))

    def file(self, name: str) -> str | None:
        """The text of the file shared last under this name."""
        with self.lock:
            found = [file.content for file in self.state.files.values() if file.name == name and file.channel]
            return found[-1].decode() if found and found[-1] is not None else None

    def text_of(self, message: Message) -> str:
        """Everything a person can read in a message or a modal, as plain text."""
        with self.lock:
            return slack_reading.text_of(message, names_of(self.state))

    def buttons(self, message: Message) -> list[str]:
        """The action_ids of a message's buttons, in order."""
        return slack_reading.buttons(message)

    def confirm_of(self, message: Message, action_id: str) -> str:
        """What the confirm dialog of an element says; empty where there is none."""
        with self.lock:
            return slack_reading.confirm_of(message, action_id, names_of(self.state))

    def mentions(self, message: Message) -> list[str]:
        """Whom a message notifies: ids of people and groups, and here, channel or everyone."""
        return slack_reading.mentions(message)

    def transcript(self, channel: str | None = None) -> str:
        """The conversation as text, of one channel or of all."""
        with self.lock:
            return transcript(self.state, channel)

    def wait_for(self, predicate: Callable[[], T | None], seconds: float = 30) -> T:
        """Wait until `predicate` gives something true, and give that; it is asked anew at each change here.

        Raises AssertionError, with the conversation so far, when the time is over.
        """
        with self.changed:
            found = self.changed.wait_for(predicate, seconds)
            assert found, f"not so within {seconds} s; the conversation is:\n{self.transcript()}"
            return found
