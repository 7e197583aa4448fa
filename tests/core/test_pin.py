"""Which rollback pins production as far as the log knows, and whether Vercel shows that it still does."""

from dataclasses import replace
from typing import Any

import pytest

from bot.core.deployment import Job
from bot.core.pin import Pin, last_rollback, pin_seen
from tests.histories import History, of_two_steps, running, undo, unknown, verified, waiting
from tests.messages.looked import ROLLED_BACK, project, rolled_back
from tests.shop import BROKEN, DOMAINS, GOOD, facts


def promoted(**changes: Any) -> Job:
    return replace(ROLLED_BACK, type="promote", to_id=BROKEN.id, **changes)


def undone() -> History:
    """The undo, done a while after the rollback."""
    history = undo().approved().started().finished().verifying().verified()
    history.events = [replace(event, stream="R-18", at=event.at.replace(hour=4)) for event in history.events]
    return history


def test_the_newest_rollback_pins() -> None:
    last = last_rollback([verified().request])
    assert last
    assert (last.request.id, last.facts.target.id) == ("R-17", GOOD.id)


def test_a_rollback_that_a_person_says_happened_pins() -> None:
    assert last_rollback([unknown().settled("U0DEE", as_done=True).verified().request])


def test_a_rollback_of_a_request_that_failed_later_pins() -> None:
    assert last_rollback([of_two_steps().approved().started().finished().drifted().request])


@pytest.mark.parametrize("history", [waiting(), running(), waiting().expired(), unknown()])
def test_what_has_not_happened_pins_nothing(history: History) -> None:
    assert last_rollback([history.request]) is None


def test_a_promote_since_ends_it() -> None:
    assert last_rollback([verified().request, undone().request]) is None
    assert last_rollback([verified().promote_seen().request]) is None


def test_an_older_rollback_does_not_pin_again_when_the_newest_is_ended() -> None:
    newer = verified().promote_seen()
    newer.events = [replace(event, stream="R-18", at=event.at.replace(hour=4)) for event in newer.events]
    assert last_rollback([verified().request, newer.request]) is None


def test_where_pushes_went_live_all_the_same_nothing_is_pinned() -> None:
    assert last_rollback([running().finished(auto_assign=True).verifying().verified().request]) is None


@pytest.mark.parametrize(
    ("seen", "pin", "live", "at"),
    [
        (rolled_back(), Pin.HOLDS, GOOD.id, ROLLED_BACK.requested_at),
        (rolled_back(job=None), Pin.HOLDS, GOOD.id, None),
        (rolled_back(job=None, auto_assign=None), Pin.UNCLEAR, GOOD.id, None),
        (project(job=promoted()), Pin.ENDED, BROKEN.id, ROLLED_BACK.requested_at),
        (project(job=promoted(), auto_assign=False), Pin.ENDED, BROKEN.id, ROLLED_BACK.requested_at),
        (project(), Pin.ENDED, BROKEN.id, None),
        (project(auto_assign=False), Pin.UNCLEAR, BROKEN.id, None),
        (project(job=promoted(status="in-progress")), Pin.UNCLEAR, BROKEN.id, None),
        (project(job=promoted(status="failed"), auto_assign=False), Pin.UNCLEAR, BROKEN.id, None),
        (project(live={}, auto_assign=False), Pin.UNCLEAR, "", None),
        (
            rolled_back(live=dict.fromkeys(DOMAINS, "dpl_Third"), job=replace(ROLLED_BACK, to_id="dpl_Third")),
            Pin.HOLDS,
            "dpl_Third",
            ROLLED_BACK.requested_at,
        ),
    ],
)
def test_what_vercel_shows_of_it(seen: Any, pin: Pin, live: str, at: float | None) -> None:
    found = pin_seen(facts(), seen)
    assert (found.pin, found.deployment, found.at) == (pin, live, at)
