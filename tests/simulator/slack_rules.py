"""What Slack refuses in a message or a modal, under Slack's own error names and with its pointers into the payload.

The limits are those of docs.slack.dev/reference/block-kit; slack_sdk's models find unknown types and properties.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block as SdkBlock

from tests.simulator.slack_charts import chart_problems
from tests.simulator.slack_elements import Problems, element_problems, items, text

Block = Mapping[str, Any]

POST_TEXT, UPDATE_TEXT = 40_000, 4_000
MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
# All texts of a message's blocks together: undocumented, from what github.com/slackapi/bolt-js/issues/2509 observed.
BLOCKS_TEXT = 12_000
TABLE_TEXT = 10_000  # all cells of a table together
BEYOND_SDK = {"data_visualization"}  # types that the pinned slack_sdk doesn't know; each has a hand rule below
MODAL_ONLY = {"alert"}


class Refused(Exception):
    """Slack says no: `error` is its word, `messages` are the details in response_metadata."""

    def __init__(self, error: str, messages: Sequence[str] = ()) -> None:
        super().__init__(error, *messages)
        self.error = error
        self.messages = list(messages)


def check_message(body: str, blocks: Any, *, max_text: int = POST_TEXT) -> None:
    """Refuse a message that Slack refuses; `blocks` is None or a list of blocks.

    Raises Refused: no_text, msg_too_long, invalid_blocks_format, invalid_blocks, msg_blocks_too_long,
    invalid_attachments.
    """
    if not body and not blocks:
        raise Refused("no_text")
    if len(body) > max_text:
        raise Refused("msg_too_long")
    check_blocks(blocks or [], max_blocks=MESSAGE_BLOCKS, unfit=MODAL_ONLY)
    if sum(len(piece) for piece in texts(blocks)) > BLOCKS_TEXT:
        raise Refused("msg_blocks_too_long")
    if sum(block["type"] == "table" for block in blocks or []) > 1:
        raise Refused("invalid_attachments", ["only_one_table_allowed"])


def check_blocks(blocks: Any, *, max_blocks: int, unfit: set[str]) -> None:
    """Refuse blocks for their number, their shape or their texts; types in `unfit` don't belong on this surface.

    Raises Refused: invalid_blocks_format, invalid_blocks.
    """
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Refused("invalid_blocks_format")
    found = list(_blocks_problems(blocks, "/blocks", max_blocks, unfit))
    if found:
        raise Refused("invalid_blocks", [f"[ERROR] {problem}" for problem in found])


def check_view(view: Any, kind: str = "modal") -> None:
    """Refuse a modal that views.open refuses, or an App Home ("home") that views.publish refuses.

    Raises Refused: invalid_arguments, with every problem.
    """
    found = (
        list(_view_problems(view, kind)) if isinstance(view, dict) else ["must provide an object [json-pointer:/view]"]
    )
    if found:
        raise Refused("invalid_arguments", [f"[ERROR] {problem}" for problem in found])


def texts(node: Any) -> Iterator[str]:
    """Every text anywhere in a block, as Slack counts them."""
    if isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield node["text"]
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, list):
        for item in node:
            yield from texts(item)


def _view_problems(view: Block, kind: str) -> Problems:
    if view.get("type") != kind:
        yield "unsupported type [json-pointer:/view/type]"
    if kind == "modal":
        yield from text(view.get("title"), "/view/title", 24, plain=True)
    for part in ("submit", "close"):
        if part in view and kind == "modal":
            yield from text(view[part], f"/view/{part}", 24, plain=True)
    for part, limit in (("private_metadata", 3000), ("callback_id", 255)):
        if len(view.get(part, "")) > limit:
            yield f"must be less than {limit + 1} characters [json-pointer:/view/{part}]"
    blocks = view.get("blocks")
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        yield "missing required field: blocks [json-pointer:/view]"
        return
    unfit = {"table", "data_visualization"} | (MODAL_ONLY if kind == "home" else set())
    yield from _blocks_problems(blocks, "/view/blocks", VIEW_BLOCKS, unfit)
    if kind == "modal" and "submit" not in view and any(block.get("type") == "input" for block in blocks):
        yield "missing required field: submit [json-pointer:/view]"


def _blocks_problems(blocks: list[Block], pointer: str, most: int, unfit: set[str]) -> Problems:
    yield from items(blocks, pointer, most, least=0)
    for index, block in enumerate(blocks):
        yield from _block_problems(block, f"{pointer}/{index}", unfit)
    yield from _repeated(blocks, "block_id", pointer)
    elements = [element for block in blocks for element in _interactive(block)]
    yield from _repeated(elements, "action_id", pointer)
    if sum(block.get("type") == "data_visualization" for block in blocks) > 2:
        yield f"no more than 2 data_visualization blocks allowed [json-pointer:{pointer}]"


def _block_problems(block: Block, pointer: str, unfit: set[str]) -> Problems:
    kind = block.get("type")
    if kind in unfit:
        yield f"unsupported type: {kind} [json-pointer:{pointer}/type]"
        return
    if len(block.get("block_id", "")) > 255:
        yield f"must be less than 256 characters [json-pointer:{pointer}/block_id]"
    found = list(_RULES.get(str(kind), _no_rule)(block, pointer))
    yield from found
    if not found and kind not in BEYOND_SDK:
        yield from _unknown_to_sdk(block, pointer)


def _no_rule(_block: Block, _pointer: str) -> Problems:
    return iter(())


def _unknown_to_sdk(block: Block, pointer: str) -> Problems:
    """What slack_sdk doesn't know in this block: its type, an element's type, or a property, at any depth."""
    try:
        parsed = SdkBlock.parse(dict(block))
        if parsed is None:
            yield f"unsupported type: {block.get('type')} [json-pointer:{pointer}/type]"
            return
        known = parsed.to_dict()
    except (SlackObjectFormationError, TypeError, KeyError, AttributeError, ValueError) as error:
        yield f"{error} [json-pointer:{pointer}]"
        return
    yield from _lost(block, known, pointer)


def _lost(given: Any, known: Any, pointer: str) -> Problems:
    if isinstance(given, Mapping) and known is None:
        yield f"unsupported type: {given.get('type')} [json-pointer:{pointer}/type]"
    elif isinstance(given, Mapping) and isinstance(known, Mapping):
        for key, value in given.items():
            if key in known:
                yield from _lost(value, known[key], f"{pointer}/{key}")
            elif isinstance(value, Mapping) and "type" in value:
                yield f"unsupported type: {value['type']} [json-pointer:{pointer}/{key}]"
            elif value not in ("", [], {}, None):
                yield f"invalid additional property: {key} [json-pointer:{pointer}]"
    elif isinstance(given, list) and isinstance(known, list):
        for index, (one, other) in enumerate(zip_longest(given, known)):
            yield from _lost(one, other, f"{pointer}/{index}")


def _interactive(node: Any) -> Iterator[Block]:
    """Every element with an action_id, at any depth."""
    if isinstance(node, dict):
        if "action_id" in node:
            yield node
        for value in node.values():
            yield from _interactive(value)
    elif isinstance(node, list):
        for item in node:
            yield from _interactive(item)


def _repeated(nodes: Sequence[Block], key: str, pointer: str) -> Problems:
    seen: set[str] = set()
    for node in nodes:
        name = node.get(key)
        if name is not None and name in seen:
            yield f'`{key}` "{name}" already exists for another element [json-pointer:{pointer}]'
        seen.add(str(name))


def _section(block: Block, pointer: str) -> Problems:
    if "text" not in block and "fields" not in block:
        yield f"missing required field: text [json-pointer:{pointer}]"
    if "text" in block:
        yield from text(block["text"], f"{pointer}/text", 3000)
    if "fields" in block:
        yield from items(block["fields"], f"{pointer}/fields", 10)
        for index, part in enumerate(block["fields"]):
            yield from text(part, f"{pointer}/fields/{index}", 2000)
    if "accessory" in block:
        yield from element_problems(block["accessory"], f"{pointer}/accessory")


def _header(block: Block, pointer: str) -> Problems:
    yield from text(block.get("text"), f"{pointer}/text", 150, plain=True)


def _context(block: Block, pointer: str) -> Problems:
    elements = block.get("elements", [])
    yield from items(elements, f"{pointer}/elements", 10)
    for index, element in enumerate(elements):
        if element.get("type") in ("mrkdwn", "plain_text"):
            yield from text(element, f"{pointer}/elements/{index}", 3000)
        elif element.get("type") != "image":
            yield f"unsupported type: {element.get('type')} [json-pointer:{pointer}/elements/{index}/type]"


def _actions(block: Block, pointer: str) -> Problems:
    elements = block.get("elements", [])
    yield from items(elements, f"{pointer}/elements", 25)
    for index, element in enumerate(elements):
        yield from element_problems(element, f"{pointer}/elements/{index}")


def _input(block: Block, pointer: str) -> Problems:
    yield from text(block.get("label"), f"{pointer}/label", 2000, plain=True)
    if "hint" in block:
        yield from text(block["hint"], f"{pointer}/hint", 2000, plain=True)
    if "element" not in block:
        yield f"missing required field: element [json-pointer:{pointer}]"
    else:
        yield from element_problems(block["element"], f"{pointer}/element")


def _alert(block: Block, pointer: str) -> Problems:
    yield from text(block.get("text"), f"{pointer}/text", 200)


def _table(block: Block, pointer: str) -> Problems:
    rows = block.get("rows", [])
    yield from items(rows, f"{pointer}/rows", 100)
    yield from items(block.get("column_settings", []), f"{pointer}/column_settings", 20, least=0)
    for index, row in enumerate(rows):
        yield from items(row, f"{pointer}/rows/{index}", 20)
        for place, cell in enumerate(row):
            yield from _cell(cell, f"{pointer}/rows/{index}/{place}")
    if sum(len(piece) for piece in texts(rows)) > TABLE_TEXT:
        yield f"no more than {TABLE_TEXT} characters in all cells [json-pointer:{pointer}/rows]"


def _cell(cell: Any, pointer: str) -> Problems:
    kind = cell.get("type") if isinstance(cell, dict) else None
    if kind == "raw_text":
        if not cell.get("text"):
            yield f"must be more than 0 characters [json-pointer:{pointer}/text]"
    elif kind == "rich_text":
        yield from _unknown_to_sdk(cell, pointer)
    else:
        yield f"unsupported type: {kind} [json-pointer:{pointer}/type]"


_RULES: dict[str, Callable[[Block, str], Problems]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "alert": _alert,
    "table": _table,
    "data_visualization": chart_problems,
}
