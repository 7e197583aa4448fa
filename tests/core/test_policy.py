"""Who may press what, and while a request stands where: the table of every decision, and the sentences of refusal."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core.change import CLICKS, Kind, State
from bot.core.errors import Refused
from bot.core.policy import refusal_without_reading
from bot.core.request import ChangeRequest
from bot.deciding import Deciding
from bot.eligibility import Eligibility
from tests.core.standings import standing
from tests.histories import ANA, BEGIN, BEN, CHANNEL, CY, DEE, LIFE, TEAM, History, runbook
from tests.workspace import EVE, FAY, GUS, Members

YES = "allowed"
WHO = {
    "the requester": ANA,
    "an approver": DEE,
    "an approver who approved": BEN,
    "another member": EVE,
    "an approver since the plan": FAY,
}
UNTIL_IT_RUNS = {State.WAITING, State.APPROVED}
# While a request stands there, the rule that answers each of WHO. Anywhere else everybody is told "late".
TABLE: dict[Kind, tuple[set[State], tuple[str, str, str, str, str]]] = {
    Kind.APPROVAL_CLICKED: ({State.WAITING}, ("own_request", YES, "twice", "not_listed", "not_listed")),
    Kind.DENIAL_SUBMITTED: (UNTIL_IT_RUNS, (YES, YES, YES, "not_approver", YES)),
    Kind.WITHDRAWAL_CLICKED: (UNTIL_IT_RUNS, (YES, "not_yours", YES, "not_yours", "not_yours")),
    Kind.STOP_CLICKED: (UNTIL_IT_RUNS | {State.RUNNING}, (YES, YES, YES, "not_approver", YES)),
    Kind.LOOK_AGAIN_CLICKED: ({State.UNKNOWN}, (YES, YES, YES, YES, YES)),
    Kind.IT_HAPPENED_CLICKED: ({State.UNKNOWN}, (YES, YES, YES, "not_approver", YES)),
    Kind.IT_DID_NOT_CLICKED: ({State.UNKNOWN}, ("own_request", YES, YES, "not_approver", YES)),
}
DECISIONS = [(kind, who) for kind in TABLE for who in WHO]


def clicked(history: History, kind: Kind, person: str, **data: Any) -> ChangeRequest:
    """The request with that click to be decided; `data` is what the payload says otherwise."""
    plan = history.request.plan
    said = {"team": TEAM, "channel": CHANNEL, "digest": plan.digest if plan else "", "reason": "Not now", **data}
    return history.then(kind, said, person).request


def decision(request: ChangeRequest, members: Members | None = None) -> tuple[str, str]:
    """The rule that refuses the click and its sentence, or "allowed"."""
    slack, book = members or Members((BEN, CY, DEE, FAY, GUS)), runbook()
    deciding = Deciding(eligibility=Eligibility(slack, book), runbook=book, clock=lambda: BEGIN)
    draft = deciding.drafts(request)[0]
    if draft.kind != Kind.CLICK_REFUSED:
        return YES, ""
    return str(draft.data["rule"]), str(draft.data["text"])


def test_the_table_has_a_line_for_every_kind_of_click() -> None:
    assert set(TABLE) == CLICKS


@pytest.mark.parametrize(("kind", "who"), DECISIONS, ids=[f"{kind}-{who}" for kind, who in DECISIONS])
def test_who_may_press_what_while_the_request_stands_where(kind: Kind, who: str) -> None:
    states, rules = TABLE[kind]
    expected = {state: rules[list(WHO).index(who)] if state in states else "late" for state in State}
    assert {state: decision(clicked(standing(state), kind, WHO[who]))[0] for state in State} == expected


APPROVE, DENY, WITHDRAW = Kind.APPROVAL_CLICKED, Kind.DENIAL_SUBMITTED, Kind.WITHDRAWAL_CLICKED
IT_DID_NOT = Kind.IT_DID_NOT_CLICKED
UNCHANGED = "Nothing was changed by this."
BY_BEN = f"approved by <@{BEN}> at 03:12 UTC"
SENTENCES = [
    (State.WAITING, APPROVE, ANA, "You asked for R-17, so somebody else has to approve."),
    (State.WAITING, APPROVE, BEN, "Your approval of R-17 counts already. It takes different people."),
    (
        State.WAITING,
        APPROVE,
        FAY,
        "You were not among the approvers when R-17 was made. Plan again takes the list as it",
    ),
    (State.WAITING, DENY, EVE, "You are not among the approvers of the runbook. Nothing was changed."),
    (State.WAITING, WITHDRAW, DEE, f"Only <@{ANA}> can withdraw R-17. To stop it, use Deny."),
    (State.UNKNOWN, IT_DID_NOT, ANA, "You asked for R-17, so somebody else has to say that it did not."),
    (
        State.RUNNING,
        DENY,
        DEE,
        f"You can't deny R-17: it is already *Running*, {BY_BEN}, <@{CY}> at 03:12 UTC. {UNCHANGED}",
    ),
    (
        State.DENIED,
        APPROVE,
        DEE,
        f"You can't approve R-17: it is already *Denied*, by <@{CY}> (03:12 UTC), {BY_BEN}. {UNCHANGED}",
    ),
    (
        State.EXPIRED,
        APPROVE,
        DEE,
        f"You can't approve R-17: it is already *Expired* (03:12 UTC), {BY_BEN}. {UNCHANGED}",
    ),
]


@pytest.mark.parametrize(("state", "kind", "person", "sentence"), SENTENCES)
def test_a_refusal_says_which_rule_and_the_way_out(state: State, kind: Kind, person: str, sentence: str) -> None:
    assert sentence in decision(clicked(standing(state), kind, person))[1]


@pytest.mark.parametrize("kind", TABLE)
def test_a_click_from_another_workspace_is_refused(kind: Kind) -> None:
    rule, sentence = decision(clicked(standing(State.WAITING), kind, DEE, team="T0OTHER"))
    assert (rule, sentence) == ("place", "R-17 belongs to another workspace. Nothing was changed.")


def test_an_approval_counts_only_in_the_channel_of_the_request() -> None:
    rule, sentence = decision(clicked(standing(State.WAITING), Kind.APPROVAL_CLICKED, DEE, channel="C0OTHER"))
    assert (rule, sentence) == ("place", f"R-17 is approved where it was asked for, in <#{CHANNEL}>.")


@pytest.mark.parametrize("kind", [Kind.APPROVAL_CLICKED, Kind.DENIAL_SUBMITTED])
@pytest.mark.parametrize("digest", ["", None, "0" * 64])
def test_the_button_of_another_plan_decides_nothing(kind: Kind, digest: str | None) -> None:
    rule, sentence = decision(clicked(standing(State.WAITING), kind, DEE, digest=digest))
    assert (rule, sentence) == ("plan", "That button belongs to another plan than the one R-17 stands on.")


def test_the_last_step_cannot_be_held_back_once_it_began() -> None:
    history = standing(State.RUNNING).finished().started()
    rule, sentence = decision(clicked(history, Kind.STOP_CLICKED, DEE))
    assert (rule, sentence) == (
        "late",
        "The last step of R-17 has begun; there is no further step to hold back.",
    )


def refusal_after(life: timedelta) -> Refused | None:
    """What the log alone says to an approval that came so long after the plan."""
    request = clicked(standing(State.WAITING), Kind.APPROVAL_CLICKED, DEE)
    return refusal_without_reading(request, replace(request.pending[0], at=BEGIN + life))


def test_an_approval_before_the_request_expires_counts_however_late_it_is_decided() -> None:
    assert refusal_after(LIFE - timedelta(milliseconds=1)) is None


def test_an_approval_at_the_moment_of_expiry_is_too_late() -> None:
    refusal = refusal_after(LIFE)
    assert refusal
    assert (refusal.rule, refusal.text) == ("expired", "R-17 expired before you clicked. Ask again to roll back.")
