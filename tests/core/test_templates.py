"""Values put into texts: plainly, once."""

import pytest

from bot.core.runbook.templates import fill_draft, template


def test_a_draft_is_filled_plainly_and_once() -> None:
    facts = {"service": "Shop", "what": "a rollback of {service}"}
    assert fill_draft("{service}: {what}, since {since}", facts) == "Shop: a rollback of {service}, since {since}"


def test_a_value_is_never_read_as_a_name() -> None:
    filled = template(["${A}", {"key": "x${B}"}], {"A": "${B}", "B": "b"}).filled()
    assert filled == ["${B}", {"key": "xb"}]


def test_only_a_whole_item_is_split_at_commas() -> None:
    assert template(["${A}", "x,${A}"], {"A": "1, 2"}).filled_list() == ("1", "2", "x,1, 2")


def test_an_unset_name_cannot_be_filled() -> None:
    with pytest.raises(KeyError):
        template("${A}", {"A": ""}).filled()
