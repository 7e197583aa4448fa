"""What a person sees of a message: all its words as plain text, its buttons, and whom it mentions.

Text objects of type plain_text are shown as they are; mrkdwn is unescaped and its links, dates and mentions resolved.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Message = Mapping[str, Any]
Names = Mapping[str, str]  # id of a person, a group or a channel -> what is shown for it

ANGLE = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
READABLE = ("title", "text", "fields", "label", "element", "elements", "accessory", "placeholder", "options")
READABLE_TOO = ("description", "hint", "alt_text", "rows", "chart", "segments", "name")


def text_of(message: Message, names: Names) -> str:
    """Everything a person can read in a message or a modal, one part a line; confirm dialogs are not in it."""
    parts = [shown(message["text"], names)] if isinstance(message.get("text"), str) else []
    parts += [piece for key in ("title", "blocks", "files") for piece in _pieces(message.get(key), names)]
    return "\n".join(part for part in parts if part)


def shown(mrkdwn: str, names: Names) -> str:
    """mrkdwn as people read it; marks for bold and code stay as they are typed."""

    def resolved(match: re.Match[str]) -> str:
        target, label = match[1], match[2]
        if target.startswith(("@", "#")):
            return target[0] + names.get(target[1:], target[1:])
        if target.startswith("!subteam^"):
            return "@" + names.get(target.removeprefix("!subteam^"), target)
        if target.startswith("!date^"):
            return label or target
        return "@" + target[1:] if target.startswith("!") else label or target

    return html.unescape(ANGLE.sub(resolved, mrkdwn))


def mentions(message: Message) -> list[str]:
    """Whom a message notifies, each once: ids of people and groups, and here, channel or everyone."""
    found = _mentioned(str(message.get("text", "")))
    for node in _nodes(message.get("blocks", [])):
        kind = node.get("type")
        if kind == "mrkdwn":
            found += _mentioned(node["text"])
        elif kind in ("user", "usergroup", "broadcast"):
            found.append(node.get("user_id") or node.get("usergroup_id") or node["range"])
    return list(dict.fromkeys(found))


def elements(message: Message) -> list[dict[str, Any]]:
    """The elements that act, in order, each with the `block_id` of its block."""
    return [
        {**node, "block_id": block.get("block_id")}
        for block in message.get("blocks", [])
        for node in _nodes(block)
        if "action_id" in node
    ]


def buttons(message: Message) -> list[str]:
    """The action_ids of the buttons, in order."""
    return [element["action_id"] for element in elements(message) if element["type"] == "button"]


def confirm_of(message: Message, action_id: str, names: Names) -> str:
    """What the confirm dialog of a button says, one part a line; empty where there is none."""
    found = next(element for element in elements(message) if element["action_id"] == action_id)
    dialog = found.get("confirm", {})
    return "\n".join(piece for key in ("title", "text", "confirm", "deny") for piece in _pieces(dialog.get(key), names))


def _mentioned(mrkdwn: str) -> list[str]:
    found = []
    for target, _label in ANGLE.findall(mrkdwn):
        if target.startswith("@"):
            found.append(target[1:])
        elif target.startswith("!subteam^"):
            found.append(target.removeprefix("!subteam^"))
        elif target in ("!here", "!channel", "!everyone"):
            found.append(target[1:])
    return found


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _nodes(value)
    elif isinstance(node, list):
        for item in node:
            yield from _nodes(item)


def _pieces(node: Any, names: Names) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for item in node:
            yield from _pieces(item, names)
    elif isinstance(node, dict):
        whole = _WHOLE.get(str(node.get("type")))
        if whole is not None:
            yield whole(node, names)
        else:
            for key in (*READABLE, *READABLE_TOO):
                yield from _pieces(node.get(key), names)


def _table(table: Message, names: Names) -> str:
    return "\n".join(" | ".join("".join(_pieces(cell, names)) for cell in row) for row in table["rows"])


def _plotted(chart: Message, names: Names) -> str:  # names of people are in no chart
    """What a person sees drawn, as numbers."""
    return "\n".join(
        f"{one['name']}: {' '.join(str(point['value']) for point in one['data'])}" for one in chart["series"]
    )


def _line(section: Message, names: Names) -> str:
    return "".join(piece for part in section["elements"] for piece in _pieces(part, names))


# Types whose parts belong on one line, or are no text objects with words of their own.
_WHOLE: dict[str, Callable[[Message, Names], str]] = {
    "mrkdwn": lambda node, names: shown(node["text"], names),
    "table": _table,
    "line": _plotted,
    "rich_text_section": _line,
    "rich_text_preformatted": _line,
    "rich_text_quote": _line,
    "link": lambda node, _names: str(node.get("text") or node["url"]),
    "user": lambda node, names: "@" + names.get(node["user_id"], node["user_id"]),
    "usergroup": lambda node, names: "@" + names.get(node["usergroup_id"], node["usergroup_id"]),
    "channel": lambda node, names: "#" + names.get(node["channel_id"], node["channel_id"]),
    "broadcast": lambda node, _names: "@" + str(node["range"]),
    "emoji": lambda node, _names: f":{node['name']}:",
    "date": lambda node, _names: str(node.get("fallback") or node["format"]),
}
