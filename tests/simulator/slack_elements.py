"""What Slack refuses in the parts of a block: text objects, buttons, confirm dialogs, choices, inputs.

Each check yields sentences in Slack's words with a pointer into the payload; none means that Slack takes it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Element = Mapping[str, Any]
Problems = Iterator[str]

OPTIONS = {"static_select": 100, "multi_static_select": 100, "checkboxes": 10, "radio_buttons": 10, "overflow": 5}


def items(found: Any, pointer: str, most: int, *, least: int = 1) -> Problems:
    """What is wrong with a list's length."""
    if len(found) < least:
        yield f"no fewer than {least} items allowed [json-pointer:{pointer}]"
    if len(found) > most:
        yield f"no more than {most} items allowed [json-pointer:{pointer}]"


def text(found: Any, pointer: str, most: int, *, plain: bool = False) -> Problems:
    """What is wrong with a text object: its type, or a length outside 1 to `most` characters."""
    if not isinstance(found, dict) or not isinstance(found.get("text"), str):
        yield f"must provide an object [json-pointer:{pointer}]"
        return
    if found.get("type") not in (("plain_text",) if plain else ("plain_text", "mrkdwn")):
        yield f"unsupported type: {found.get('type')} [json-pointer:{pointer}/type]"
    yield from string(found["text"], f"{pointer}/text", most, least=1)


def string(found: str, pointer: str, most: int, *, least: int = 0) -> Problems:
    """What is wrong with a string's length, in characters."""
    if len(found) < least:
        yield f"must be more than {least - 1} characters [json-pointer:{pointer}]"
    if len(found) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{pointer}]"


def element_problems(element: Any, pointer: str) -> Problems:
    """What is wrong with one element of a block; types without a rule here pass."""
    if not isinstance(element, dict):
        yield f"must provide an object [json-pointer:{pointer}]"
        return
    yield from string(element.get("action_id", ""), f"{pointer}/action_id", 255)
    if "confirm" in element:
        yield from _confirm(element["confirm"], f"{pointer}/confirm")
    if "placeholder" in element:
        yield from text(element["placeholder"], f"{pointer}/placeholder", 150, plain=True)
    kind = str(element.get("type"))
    if kind in OPTIONS:
        yield from _options(element, pointer)
    rule = _RULES.get(kind)
    if rule is not None:
        yield from rule(element, pointer)


def _button(element: Element, pointer: str) -> Problems:
    yield from text(element.get("text"), f"{pointer}/text", 75, plain=True)
    yield from string(element.get("value", ""), f"{pointer}/value", 2000)
    yield from string(element.get("url", ""), f"{pointer}/url", 3000)
    if element.get("style", "primary") not in ("primary", "danger"):
        yield f"unsupported style: {element['style']} [json-pointer:{pointer}/style]"


def _confirm(dialog: Element, pointer: str) -> Problems:
    yield from text(dialog.get("title"), f"{pointer}/title", 100, plain=True)
    yield from text(dialog.get("text"), f"{pointer}/text", 300)
    yield from text(dialog.get("confirm"), f"{pointer}/confirm", 30, plain=True)
    yield from text(dialog.get("deny"), f"{pointer}/deny", 30, plain=True)


def _options(element: Element, pointer: str) -> Problems:
    if element.get("option_groups"):
        return
    options = element.get("options", [])
    yield from items(options, f"{pointer}/options", OPTIONS[str(element["type"])])
    for index, option in enumerate(options):
        yield from text(option.get("text"), f"{pointer}/options/{index}/text", 75)
        yield from string(option.get("value", ""), f"{pointer}/options/{index}/value", 150)
        if "description" in option:
            yield from text(option["description"], f"{pointer}/options/{index}/description", 75)


def _plain_text_input(element: Element, pointer: str) -> Problems:
    if not 0 < element.get("max_length", 3000) <= 3000:
        yield f"must be between 1 and 3000 [json-pointer:{pointer}/max_length]"
    yield from string(element.get("initial_value", ""), f"{pointer}/initial_value", element.get("max_length", 3000))


def _datetimepicker(element: Element, pointer: str) -> Problems:
    at = element.get("initial_date_time", 1_000_000_000)
    if not isinstance(at, int) or len(str(at)) != 10:
        yield f"must be a UNIX timestamp of 10 digits [json-pointer:{pointer}/initial_date_time]"


_RULES: dict[str, Callable[[Element, str], Problems]] = {
    "button": _button,
    "plain_text_input": _plain_text_input,
    "datetimepicker": _datetimepicker,
}
