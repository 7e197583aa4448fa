"""The limits of Slack's messages and modals, each at its edge: the longest is taken, one more is refused."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.simulator.slack_rules import BLOCKS_TEXT, UPDATE_TEXT, Refused, check_message, check_view

Block = dict[str, Any]
Make = Callable[[int], Any]

RICH = {"type": "rich_text_section", "elements": [{"type": "text", "text": "before", "style": {"bold": True}}]}


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def section(text: str) -> Block:
    return {"type": "section", "text": mrkdwn(text)}


def button(number: int = 0, **more: Any) -> Block:
    return {"type": "button", "text": plain("Approve"), "action_id": f"approve_{number}", **more}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def asking(**more: str) -> Block:
    said = {"title": "Approve?", "text": "It rolls back.", "confirm": "Approve", "deny": "Cancel", **more}
    return actions(button(confirm={part: plain(text) for part, text in said.items()}))


def cells(count: int) -> list[Block]:
    return [{"type": "raw_text", "text": "x"}] * count


def table(rows: list[list[Block]]) -> Block:
    return {"type": "table", "rows": rows}


def chart(points: int, **more: Any) -> Block:
    labels = [f"{minute} min" for minute in range(points)]
    line = {"name": "response", "data": [{"label": label, "value": 1} for label in labels]}
    plot = {"type": "line", "series": [line], "axis_config": {"categories": labels}}
    return {"type": "data_visualization", "title": "Response times", "chart": plot, **more}


def reason_input(**more: Any) -> Block:
    return {"type": "input", "label": plain("Reason"), "element": {"type": "plain_text_input", **more}}


def modal(**more: Any) -> Block:
    view = {"type": "modal", "title": plain("Deny"), "submit": plain("Deny"), "blocks": [reason_input()]}
    return view | more


BLOCK_LIMITS: list[tuple[str, int, Make]] = [
    ("section text", 3000, lambda n: [section("x" * n)]),
    ("header text", 150, lambda n: [{"type": "header", "text": plain("x" * n)}]),
    ("fields", 10, lambda n: [{"type": "section", "fields": [mrkdwn("x")] * n}]),
    ("field text", 2000, lambda n: [{"type": "section", "fields": [mrkdwn("x" * n)]}]),
    ("blocks of a message", 50, lambda n: [{"type": "divider"}] * n),
    ("button text", 75, lambda n: [actions(button(text=plain("x" * n)))]),
    ("button value", 2000, lambda n: [actions(button(value="x" * n))]),
    ("accessory text", 75, lambda n: [{**section("x"), "accessory": button(text=plain("x" * n))}]),
    ("confirm title", 100, lambda n: [asking(title="x" * n)]),
    ("confirm text", 300, lambda n: [asking(text="x" * n)]),
    ("confirm yes", 30, lambda n: [asking(confirm="x" * n)]),
    ("confirm no", 30, lambda n: [asking(deny="x" * n)]),
    ("action_id", 255, lambda n: [actions(button(action_id="x" * n))]),
    ("block_id", 255, lambda n: [{"type": "divider", "block_id": "x" * n}]),
    ("elements of actions", 25, lambda n: [actions(*(button(i) for i in range(n)))]),
    ("elements of a context", 10, lambda n: [{"type": "context", "elements": [mrkdwn("x")] * n}]),
    ("rows of a table", 100, lambda n: [table([cells(2)] * n)]),
    ("columns of a table", 20, lambda n: [table([cells(n)])]),
    ("characters of a table", 10_000, lambda n: [table([[{"type": "raw_text", "text": "x" * n}]])]),
    ("charts of a message", 2, lambda n: [chart(3)] * n),
    ("categories of a chart", 20, lambda n: [chart(n)]),
    ("title of a chart", 50, lambda n: [chart(3, title="x" * n)]),
]

VIEW_LIMITS: list[tuple[str, int, Make]] = [
    ("title", 24, lambda n: modal(title=plain("x" * n))),
    ("submit", 24, lambda n: modal(submit=plain("x" * n))),
    ("close", 24, lambda n: modal(close=plain("x" * n))),
    ("private_metadata", 3000, lambda n: modal(private_metadata="x" * n)),
    ("callback_id", 255, lambda n: modal(callback_id="x" * n)),
    ("blocks", 100, lambda n: modal(blocks=[{"type": "divider"}] * n)),
    ("initial value", 3000, lambda n: modal(blocks=[reason_input(initial_value="x" * n)])),
]

REFUSED_BLOCKS: list[tuple[str, list[Block], str]] = [
    ("empty section text", [section("")], "more than 0 characters"),
    ("section without text", [{"type": "section"}], "missing required field: text"),
    ("empty actions", [actions()], "no fewer than 1 items"),
    ("empty table cell", [table([[{"type": "raw_text", "text": ""}]])], "more than 0 characters"),
    ("unknown block", [{"type": "carrousel"}], "unsupported type: carrousel"),
    ("block without type", [{"text": mrkdwn("x")}], "unsupported type"),
    ("unknown element", [actions({"type": "buton", "text": plain("x")})], "unsupported type: buton"),
    ("unknown accessory", [{**section("x"), "accessory": {"type": "buton"}}], "unsupported type: buton"),
    ("unknown property", [actions(button(stlye="danger"))], "invalid additional property: stlye"),
    ("unknown style", [actions(button(style="red"))], "style"),
    ("mrkdwn on a button", [actions(button(text=mrkdwn("*x*")))], "unsupported type: mrkdwn"),
    ("button in a context", [{"type": "context", "elements": [button()]}], "unsupported type: button"),
    ("one action_id twice", [actions(button()), actions(button())], "already exists"),
    ("one block_id twice", [{"type": "divider", "block_id": "b"}] * 2, "already exists"),
    ("alert in a message", [{"type": "alert", "text": mrkdwn("x")}], "unsupported type: alert"),
    (
        "chart whose labels differ",
        [chart(3, chart=chart(3)["chart"] | {"axis_config": {"categories": ["a"]}})],
        "match",
    ),
]

GOOD_BLOCKS: list[tuple[str, list[Block]]] = [
    ("confirm dialog", [asking()]),
    ("image", [{"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a chart"}]),
    ("rich text", [{"type": "rich_text", "elements": [RICH]}]),
    ("table of rich text", [table([[{"type": "rich_text", "elements": [RICH]}]])]),
    ("chart", [chart(20)]),
]


def refusal(check: Callable[[], None]) -> Refused:
    with pytest.raises(Refused) as caught:
        check()
    return caught.value


@pytest.mark.parametrize(("limit", "make"), [pytest.param(n, make, id=name) for name, n, make in BLOCK_LIMITS])
def test_blocks_are_taken_up_to_the_limit_and_refused_above(limit: int, make: Make) -> None:
    check_message("text", make(limit))
    assert refusal(lambda: check_message("text", make(limit + 1))).error == "invalid_blocks"


@pytest.mark.parametrize(("limit", "make"), [pytest.param(n, make, id=name) for name, n, make in VIEW_LIMITS])
def test_modals_are_taken_up_to_the_limit_and_refused_above(limit: int, make: Make) -> None:
    check_view(make(limit))
    assert refusal(lambda: check_view(make(limit + 1))).error == "invalid_arguments"


@pytest.mark.parametrize(("blocks", "why"), [pytest.param(b, why, id=name) for name, b, why in REFUSED_BLOCKS])
def test_blocks_are_refused_with_the_reason(blocks: list[Block], why: str) -> None:
    found = refusal(lambda: check_message("text", blocks))
    assert found.error == "invalid_blocks"
    assert why in "\n".join(found.messages)


@pytest.mark.parametrize("blocks", [pytest.param(b, id=name) for name, b in GOOD_BLOCKS])
def test_good_blocks_are_taken(blocks: list[Block]) -> None:
    check_message("text", blocks)


def test_a_refusal_points_to_the_place() -> None:
    found = refusal(lambda: check_message("text", [{"type": "divider"}, section("x" * 3001)]))
    assert found.messages == ["[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]"]


@pytest.mark.parametrize("limit", [40_000, UPDATE_TEXT])
def test_a_text_is_taken_up_to_its_limit(limit: int) -> None:
    check_message("x" * limit, None, max_text=limit)
    assert refusal(lambda: check_message("x" * (limit + 1), None, max_text=limit)).error == "msg_too_long"


def test_an_empty_message_is_refused() -> None:
    assert refusal(lambda: check_message("", None)).error == "no_text"


def test_blocks_that_are_no_list_are_refused() -> None:
    assert refusal(lambda: check_message("text", {"type": "divider"})).error == "invalid_blocks_format"


def test_the_texts_of_all_blocks_together_have_a_limit() -> None:
    check_message("text", [section("x" * 3000)] * (BLOCKS_TEXT // 3000))
    blocks = [*([section("x" * 3000)] * (BLOCKS_TEXT // 3000)), section("x")]
    assert refusal(lambda: check_message("text", blocks)).error == "msg_blocks_too_long"


def test_a_message_holds_one_table() -> None:
    found = refusal(lambda: check_message("text", [table([cells(1)])] * 2))
    assert (found.error, found.messages) == ("invalid_attachments", ["only_one_table_allowed"])


def test_an_alert_stands_in_a_modal() -> None:
    check_view(modal(blocks=[{"type": "alert", "text": mrkdwn("Careful"), "level": "warning"}]))


def test_a_modal_with_an_input_needs_a_submit_button() -> None:
    view = modal()
    del view["submit"]
    assert "missing required field: submit" in refusal(lambda: check_view(view)).messages[0]


def test_what_is_no_object_is_no_modal() -> None:
    assert refusal(lambda: check_view("modal")).error == "invalid_arguments"


def test_a_home_is_no_modal_and_takes_no_alert() -> None:
    check_view({"type": "home", "blocks": [section("R-1")]}, "home")
    alert = {"type": "alert", "text": mrkdwn("Careful"), "level": "warning"}
    for view in (modal(), {"type": "home", "blocks": [alert]}, {"type": "home", "blocks": [section("x")] * 101}):
        assert refusal(partial(check_view, view, "home")).error == "invalid_arguments"


def test_an_option_has_a_description_of_at_most_75_characters() -> None:
    def choosing(description: str) -> Block:
        option = {"text": plain("Only roll back Vercel"), "value": "vercel", "description": plain(description)}
        return modal(blocks=[{**reason_input(), "element": {"type": "radio_buttons", "options": [option]}}])

    check_view(choosing("x" * 75))
    assert refusal(lambda: check_view(choosing("x" * 76))).error == "invalid_arguments"
