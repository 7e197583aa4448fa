"""What a person hears when what they sent could not be kept."""

import json

from bot.core.errors import Refused
from handlers.errors import tell

MODAL = {
    "type": "view_submission",
    "user": {"id": "U_BEN"},
    "view": {"blocks": [{"type": "input", "block_id": "reason"}]},
}
CLICK = {"type": "block_actions", "user": {"id": "U_BEN"}}
COMMAND = {"command": "/rollback", "text": "vercel"}


def test_a_denial_that_could_not_be_kept_leaves_the_modal_open_and_says_so() -> None:
    answer = tell(OSError("disk full"), MODAL)
    body = json.loads(answer.body)
    assert body["response_action"] == "errors"
    assert "reference" in body["errors"]["reason"]


def test_a_modal_shows_what_is_typed_as_it_is_typed() -> None:
    body = json.loads(tell(Refused("words", "Which table? Type `/dbrestore <table>`."), MODAL).body)
    assert "`/dbrestore <table>`" in body["errors"]["reason"]


def test_a_click_that_could_not_be_kept_is_not_acknowledged() -> None:
    assert tell(OSError("disk full"), CLICK).status == 500


def test_a_click_that_a_rule_refuses_is_acknowledged() -> None:
    assert tell(Refused("unknown_request", "There is no request R-9."), CLICK).status == 200


def test_a_command_that_a_rule_refuses_is_answered_privately_with_the_rule() -> None:
    body = json.loads(tell(Refused("words", "Which request?"), COMMAND).body)
    assert body["response_type"] == "ephemeral"
    assert "Which request?" in body["text"]


def test_the_fault_itself_is_not_shown() -> None:
    assert "disk full" not in tell(OSError("disk full"), COMMAND).body
