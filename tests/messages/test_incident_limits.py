"""Slack takes every message of an incident and the modals behind its buttons, also with the longest input."""

import json

import pytest
from slack_sdk.models.blocks import Block

from bot.core.incident import Happened
from bot.core.runbook import Runbook, load_runbook
from bot.core.runbook.problems import RunbookProblems
from bot.messages.incident_status import incident_lines
from bot.messages.picture import Picture
from bot.messages.private import status
from bot.messages.views import down_since_view, not_needed_view
from tests.histories import ANA, BEN
from tests.messages.incidents import BEGIN, BOTH, INCIDENTS, PLAN, IncidentHistory, messages, opened
from tests.messages.shown import HOSTILE, mentions, words
from tests.shop import RUNBOOK_TEXT
from tests.simulator.slack_rules import check_message, check_view

UPDATE_TEXT = 4000
LONG = "&" * 6000
NAME = "ü" * 100  # as long as a name may be, and beyond ASCII


def long_runbook() -> Runbook:
    """Everything in it is as long as it may be."""
    text = (RUNBOOK_TEXT + PLAN).replace("Web shop", LONG)
    phase = f'[[timeline]]\nfrom = "0m"\nto = "5m"\nwhat = "{LONG}"\nowner = "{LONG}"\n'
    return load_runbook(text.replace('"Immediate"', f'"{NAME}"') + phase * 20, {})


def longest(text: str = LONG, name: str = NAME) -> IncidentHistory:
    """An incident in which everything that people, the runbook or other sides write is `text`."""
    told = opened()
    for number in range(20):
        told.joined(f"R-{number + 30}", text[:600]).ended(f"R-{number + 30}", "Done, checks fail")
        told.down(*[text] * 10).up()
    told.corrected().checklist(name, [f"{number} {text}" for number in range(90)])
    told.ticked(0, evidence=text, name=name).then(Happened.CHECKLIST_ENDED, {"checklist": name})
    for number in range(30):
        key = f"{name}/{number}"
        told.due(key, text, subject=text).then(Happened.REMINDER_OVERDUE, {"reminder": key})
    told.reminder(Happened.SENDING_LOST, f"{name}/0", text=text).reminder(
        Happened.SENDING_FAILED, f"{name}/1", text=text
    )
    told.posted(f"reminder/{name}/2/1").reminder(Happened.REMINDER_DROPPED, f"{name}/2", why=text)
    told.due("internal/incident", text, is_own=True).refused()
    return told.going_by(BOTH)


LONGEST = {"open": longest(), "resolved": longest().resolved()}


def takes(picture: Picture) -> None:
    check_message(picture.text, list(picture.blocks), max_text=UPDATE_TEXT)
    assert picture.text


@pytest.mark.parametrize("name", INCIDENTS)
def test_slack_takes_every_message_of_a_typical_incident_and_the_sdk_reads_it_as_it_was_written(name: str) -> None:
    for message in messages(INCIDENTS[name]).values():
        takes(message.picture)
        assert all((parsed := Block.parse(b)) and parsed.to_dict() == b for b in message.picture.blocks)


@pytest.mark.parametrize("name", LONGEST)
def test_slack_takes_every_message_with_the_longest_input(name: str) -> None:
    for message in messages(LONGEST[name], long_runbook()).values():
        takes(message.picture)


def test_slack_takes_the_status_of_many_incidents() -> None:
    lines = incident_lines([LONGEST["open"].incident] * 30, lambda _, __: "https://acme.slack.com/archives/C0INC/p1")
    takes(status([], lambda _: "", long_runbook(), incidents=lines))


def test_slack_takes_the_modals() -> None:
    check_view(not_needed_view("I-1234567890", f"{NAME}/1/{NAME}"))
    check_view(down_since_view("I-1234567890", "1", BEGIN))


def test_down_since_begins_with_what_is_known() -> None:
    view = down_since_view("I-3", "1", BEGIN)
    assert view["blocks"][0]["element"]["initial_date_time"] == int(BEGIN.timestamp())
    assert json.loads(view["private_metadata"])["incident"] == "I-3"


def test_a_name_in_the_runbook_may_not_be_longer_than_a_button_holds() -> None:
    with pytest.raises(RunbookProblems, match="may have at most 100 characters"):
        load_runbook(RUNBOOK_TEXT + PLAN.replace('"Immediate"', f'"{NAME}ü"'), {})


def test_nothing_that_is_written_anywhere_mentions_anyone_or_turns_the_reading_direction() -> None:
    for history in (longest(HOSTILE, "n"), longest(HOSTILE, "n").resolved()):
        for message in messages(history).values():
            assert mentions(message.picture) <= {f"@{ANA}", f"@{BEN}", "#C0INC", "#C0TEAM"}
            assert "\u202e" not in words(message.picture)
