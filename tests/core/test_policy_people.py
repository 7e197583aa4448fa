"""Who counts as a person, where commands work, and what stands in a request's way; each with its sentence."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.core.change import State
from bot.core.people import Channel, Workspace
from bot.core.policy import refusal_beside, refusal_of_channel, refusal_of_few, refusal_of_person
from bot.core.request import ChangeRequest
from tests.core.standings import standing
from tests.histories import BEN, CHANNEL, TEAM, waiting
from tests.workspace import ENTERPRISE, OURS, member

GRID = Workspace(TEAM, ENTERPRISE, "U0BOT", "https://acme.slack.com/")
INCIDENTS = Channel(CHANNEL, "inc-42", is_member=True, is_shared=False, is_archived=False)


@pytest.mark.parametrize(
    ("who", "rule", "sentence"),
    [
        ({}, "", ""),
        ({"is_bot": True}, "bot", "bots and workflows can't take part"),
        ({"is_deactivated": True}, "deactivated", "this account is deactivated"),
        ({"is_guest": True}, "guest", "guests can't take part"),
        ({"team": "T0OTHER"}, "outsider", "only members of this workspace's own organization take part"),
        ({"is_stranger": True}, "outsider", "only members of this workspace's own organization take part"),
        ({"team": "T0OTHER", "enterprise": ENTERPRISE}, "outsider", "only members of this workspace's own"),
    ],
)
def test_only_an_active_full_member_takes_part(who: dict[str, Any], rule: str, sentence: str) -> None:
    refusal = refusal_of_person(replace(member(BEN), **who), OURS)
    assert (refusal.rule if refusal else "") == rule
    assert refusal is None or f"Not counted: {sentence}" in refusal.text


@pytest.mark.parametrize(
    ("who", "rule"),
    [
        ({"team": "T0OTHER", "enterprise": ENTERPRISE}, ""),
        ({"team": "T0OTHER", "enterprise": "E0OTHER"}, "outsider"),
        ({"team": "T0OTHER", "enterprise": ENTERPRISE, "is_guest": True}, "guest"),
        ({"team": "T0OTHER", "enterprise": ENTERPRISE, "is_stranger": True}, "outsider"),
    ],
)
def test_on_a_grid_the_whole_enterprise_is_ours(who: dict[str, Any], rule: str) -> None:
    refusal = refusal_of_person(replace(member(BEN), **who), GRID)
    assert (refusal.rule if refusal else "") == rule


@pytest.mark.parametrize(
    ("channel", "allowed", "rule", "sentence"),
    [
        ({}, ["*"], "", ""),
        ({}, ["inc-*"], "", ""),
        ({}, [CHANNEL], "", ""),
        ({}, ["ops", "inc-4"], "channel", "only. Ask there; nothing was changed."),
        ({"name": CHANNEL, "id": "C0OTHER"}, ["inc-*"], "channel", "Commands work in inc-* only"),
        ({"is_shared": True}, ["*"], "shared_channel", "This channel is shared with another organization."),
        ({"is_shared": True}, ["inc-*"], "shared_channel", "Ask in one of your own incident channels."),
        ({"is_shared": True}, [CHANNEL], "", ""),
        ({"is_member": False}, ["*"], "not_in_channel", "Type `/invite @rollback` here, then ask again."),
        ({"is_archived": True}, ["*"], "not_in_channel", "I am not in this channel."),
    ],
)
def test_commands_work_in_the_channels_of_the_runbook(
    channel: dict[str, Any], allowed: Sequence[str], rule: str, sentence: str
) -> None:
    refusal = refusal_of_channel(replace(INCIDENTS, **channel), allowed)
    assert (refusal.rule if refusal else "") == rule
    assert refusal is None or sentence in refusal.text


def test_as_many_approvers_as_are_required_are_enough() -> None:
    assert refusal_of_few(2, 2) is None


def test_with_too_few_approvers_nobody_waits_in_vain() -> None:
    refusal = refusal_of_few(1, 2)
    assert refusal
    assert refusal.rule == "few_approvers"
    assert "needs 2 approvals and only 1 eligible people besides you" in refusal.text
    assert "Add full members to the approvers' group (or to the runbook's list), then ask again." in refusal.text


def numbered(number: int, request: ChangeRequest, **changes: Any) -> ChangeRequest:
    """The same request under another number."""
    return replace(request, id=f"R-{number}", **changes)


def beside(request: ChangeRequest, *others: ChangeRequest) -> tuple[str, str]:
    """The rule and the sentence that refuse a request because of others; "" = it may go on."""
    refusal = refusal_beside(request, others, lambda other: f"<link|{other.id}>")
    return (refusal.rule, refusal.text) if refusal else ("", "")


NEW = numbered(10, standing(State.PLANNING).request)


@pytest.mark.parametrize(
    ("state", "how_it_stands"),
    [
        (State.PLANNING, "it is Reading production"),
        (State.WAITING, "it is waiting for 1 more approval"),
        (State.APPROVED, "it is Approved"),
        (State.RUNNING, "it is Running"),
        (State.UNKNOWN, "it is Outcome unknown"),
        (State.VERIFYING, "it is Verifying"),
    ],
)
def test_a_target_has_one_open_request(state: State, how_it_stands: str) -> None:
    rule, sentence = beside(NEW, numbered(9, standing(state).request))
    assert (rule, sentence) == ("one_a_target", f"<link|R-9> is open for the same target: {how_it_stands}.")


def test_several_missing_approvals_are_counted() -> None:
    assert "waiting for 2 more approvals" in beside(NEW, numbered(9, waiting().request))[1]


@pytest.mark.parametrize("state", [state for state in State if standing(state).request.is_final])
def test_an_ended_request_stands_in_nobodys_way(state: State) -> None:
    assert beside(NEW, numbered(9, standing(state).request)) == ("", "")


def test_of_two_requests_for_a_target_the_later_one_yields() -> None:
    assert beside(NEW, NEW, numbered(11, NEW)) == ("", "")


def test_a_target_among_several_is_enough_to_stand_in_the_way() -> None:
    other = numbered(9, waiting().request, targets=("vercel:web-shop", "table:orders"))
    assert beside(replace(NEW, targets=("table:orders",)), other)[0] == "one_a_target"


def test_a_person_has_two_open_requests_at_most() -> None:
    two = [numbered(n, waiting().request, targets=(f"table:{n}",)) for n in (8, 9)]
    rule, sentence = beside(NEW, *two)
    assert rule == "two_a_person"
    assert sentence == "You have 2 open requests (<link|R-8>, <link|R-9>). Withdraw one, or let somebody else ask."


def test_requests_of_others_do_not_count_as_mine() -> None:
    two = [numbered(n, waiting().request, targets=(f"table:{n}",), requester=BEN) for n in (8, 9)]
    assert beside(NEW, *two) == ("", "")
