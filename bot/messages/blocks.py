"""Slack's blocks, within Slack's limits: docs.slack.dev/reference/block-kit.

Every mrkdwn is verbatim: Slack makes no mention, channel or link of its own out of a text.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from bot.messages.picture import Block
from bot.messages.wording import fitting, plain, visible

SECTION, MESSAGE_TEXT, MESSAGE_BLOCKS = 3000, 11_000, 45
_MENTION = re.compile(r"(<[@#]\w+>)")
CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_BUTTON = 100, 300, 30


def header(text: str) -> Block:
    """The title of a part, in plain words."""
    return {"type": "header", "text": _plain(text)}


def section(text: str) -> Block:
    """A paragraph of mrkdwn."""
    return {"type": "section", "text": _mrkdwn(text)}


def people_wrote(text: str) -> Block:
    """A paragraph that shows `text` as it is; nothing in it means anything to Slack."""
    return {"type": "section", "text": {**_plain(text), "emoji": False}}


def sections(lines: Iterable[str]) -> list[Block]:
    """Lines of mrkdwn in as few paragraphs as Slack's limit lets, all of them whole; empty ones are left out.

    A line too long for one paragraph goes on in the next.
    """
    pieces = [piece for line in lines for piece in fitting(line, SECTION)]
    return [section("\n".join(run)) for run in packed(pieces, SECTION)]


def context(text: str) -> Block:
    """A small line of mrkdwn, at most 2,000 characters."""
    return {"type": "context", "elements": [_mrkdwn(text)]}


def preformatted(text: str) -> Block:
    """Lines in a fixed-width font; nothing in them means anything to Slack."""
    inside = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [inside]}


def quote(text: str, ours: Collection[str] = ()) -> Block:
    """Lines set apart, to be copied as they are: nothing in them means anything to Slack but the mentions in `ours`."""
    pieces = (piece for piece in _MENTION.split(visible(text)) if piece)
    elements = [_named(piece) if piece in ours else {"type": "text", "text": piece} for piece in pieces]
    return {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": elements}]}


def _named(mentioned: str) -> Block:
    """A person or a channel, shown by name."""
    if mentioned.startswith("<@"):
        return {"type": "user", "user_id": mentioned[2:-1]}
    return {"type": "channel", "channel_id": mentioned[2:-1]}


def actions(buttons: Sequence[Block]) -> list[Block]:
    """A row of buttons, or nothing where there is none."""
    return [{"type": "actions", "elements": list(buttons)}] if buttons else []


def button(label: str, action_id: str, **about: str) -> Block:
    """A button that says what it belongs to: a request and its plan's digest, or an incident and something in it."""
    value = json.dumps(about, ensure_ascii=False)
    return {"type": "button", "text": _plain(label), "action_id": action_id, "value": value}


def confirmed(asking: Block, *, title: str, text: str, is_dangerous: bool = False) -> Block:
    """The button with a dialog before it. `is_dangerous` = it may change production."""
    label = asking["text"]["text"]
    dialog = {
        "title": _plain(plain(title, CONFIRM_TITLE)),
        "text": _plain(plain(text, CONFIRM_TEXT)),
        "confirm": _plain(plain(label, CONFIRM_BUTTON)),
        "deny": _plain("Go back"),
    }
    danger = {"style": "danger"} if is_dangerous else {}
    return {**asking, **danger, "confirm": {**dialog, **danger}}


def packed(pieces: Sequence[str], most: int) -> Iterator[list[str]]:
    """Runs of pieces, each run at most `most` characters with a line break between two; a longer piece stands alone."""
    run: list[str] = []
    for piece in pieces:
        if run and sum(len(one) + 1 for one in run) + len(piece) > most:
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


def pages(blocks: Sequence[Block]) -> list[list[Block]]:
    """The sections in as few messages as Slack's limits let."""
    found: list[list[Block]] = [[]]
    for block in blocks:
        if length([*found[-1], block]) > MESSAGE_TEXT or len(found[-1]) == MESSAGE_BLOCKS:
            found.append([])
        found[-1].append(block)
    return found


def length(blocks: Sequence[Block]) -> int:
    """The characters of sections: all texts of a message may have about 12,000 (slackapi/bolt-js, issue 2509)."""
    return sum(len(block["text"]["text"]) for block in blocks)


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}
