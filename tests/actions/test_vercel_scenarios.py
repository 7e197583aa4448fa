"""Every case of a rollback on Vercel: what was ordered, what is reported, and what is true agree."""

import pytest

from bot.core.checks import Verdict
from tests.conformance.by_bot import Said, through_bot
from tests.simulator.vercel_case import Case, Says
from tests.simulator.vercel_cases import CASES


def rows() -> list[object]:
    """One a case; those that show a known fault of the product are expected to fail, and only those."""
    fault = pytest.mark.xfail
    return [
        pytest.param(case, id=case.name, marks=[fault(strict=True, reason=case.faulty)] if case.faulty else [])
        for case in CASES
    ]


def test_there_are_enough_cases_and_each_has_its_own_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 50


@pytest.mark.parametrize("case", rows())
def test_what_is_reported_is_what_is_true(case: Case) -> None:
    said = through_bot(case)
    assert (said.says, said.rule) == (case.says, case.rule), said.text
    assert len(said.orders) == case.posts
    assert said.live_later == case.live
    assert case.names in " ".join(check.seen for check in said.checks)
    assert_true(said)


def assert_true(said: Said) -> None:
    """No report may be false at the moment it is made, and none of failure may become false later."""
    if said.says is Says.DONE:
        assert said.live_then == said.target
        assert {check.verdict for check in said.checks if check.required} == {Verdict.PASSED}
    elif said.says is Says.FAILED:
        assert said.target not in (said.live_then, said.live_later)
        assert bool(said.changed) == (said.live_then != said.live_before)
    elif said.says is not Says.UNKNOWN:
        assert said.orders == []
