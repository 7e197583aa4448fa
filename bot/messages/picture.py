"""What a message is: a text for phones and screen readers, blocks for everyone else, and where it stands."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from bot.messages.wording import fitting

Block: TypeAlias = dict[str, Any]
_TEXT = 3000  # of the 4,000 characters that chat.update takes
_ID_LENGTH = 12


@dataclass(frozen=True)
class Picture:
    """What one message shows. `text` says on its own who, what, to what, and what is needed.

    `plain` shows the same where Slack doesn't take one of the blocks, which it has not rolled out everywhere; () = it
    takes them all.
    """

    text: str
    blocks: tuple[Block, ...]
    plain: tuple[Block, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of the picture, in hexadecimal: two pictures with the same digest look the same."""
        return _digest([self.text, list(self.blocks)])


class Place(Enum):
    """Where a message stands."""

    CHANNEL = "channel"
    THREAD = "thread"
    BROADCAST = "thread, and the channel"
    PRIVATE = "one person alone"


@dataclass(frozen=True)
class File:
    """A text that is shared as a file: once, as it can't be edited. `name` is found again; no other file has it."""

    name: str
    title: str
    text: str
    refused: str = ""  # why Slack did not take it, in its word, for all that the log knows


@dataclass(frozen=True)
class Message:
    """A picture at its place; `name` is unique within the stream, `person` is who sees a private one.

    `channel` is another one than the stream's own, where a message stands by itself. Where there is a `file`, that is
    shared, and the picture says what is in it.
    """

    name: str
    place: Place
    picture: Picture
    person: str = ""
    channel: str = ""
    file: File | None = None


def picture(text: str, blocks: Sequence[Block], *, plain: Sequence[Block] = ()) -> Picture:
    """The picture of these blocks, each with a block id of its own that is new whenever anything changes.

    Slack keeps what a block id showed before, so an edit with an old id may not be seen. A text beyond what an edit
    may hold is cut; the blocks are not.
    """
    text = next(fitting(text, _TEXT), "")
    mark = _digest([text, list(blocks)])[:_ID_LENGTH]
    return Picture(text, _named(mark, blocks), _named(mark, plain))


def _named(mark: str, blocks: Sequence[Block]) -> tuple[Block, ...]:
    return tuple({**block, "block_id": f"{mark}-{index}"} for index, block in enumerate(blocks))


def _digest(value: list[object]) -> str:
    form = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(form.encode()).hexdigest()
