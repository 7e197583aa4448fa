"""A round of checks: numbers against the runbook's and against what they were before the run."""

from collections.abc import Iterator

import pytest

from bot.adapters.postgres.questions import Questions
from bot.adapters.probe import Probe
from bot.checking import Checking
from bot.core.checks import CheckResult, Verdict, judged, result_from_json
from bot.core.request import ChangeRequest
from bot.core.runbook import load_runbook
from bot.core.runbook.checks import ErrorRateCheck, SqlCheck
from bot.core.secret import Secret
from tests.histories import waiting
from tests.simulator.wire import Answer, Request, Wire

NOWHERE = Secret("postgresql://bot:database-password@127.0.0.1:1/production")  # nothing listens there
RUNBOOK = """
[service]
name = "Shop"
site = "{site}"
[approval]
approvers = ["S_APPROVERS"]
[database]
[[checks]]
name = "Faults"
kind = "error_rate"
url = "/"
samples = 4
expect = "{Faults}"
[[checks]]
name = "Profiles"
kind = "sql"
sql = "SELECT 1"
expect = "{Profiles}"
[[checks]]
name = "Login"
kind = "http"
url = "${{LOGIN_URL}}"
"""
EXPECTED = {"Faults": "<= before", "Profiles": "> 0"}


class Site(Wire):
    """A site that answers one status, but for every so many-th request; 0 = it always does."""

    status = 200
    fails_every = 0
    answered = 0

    def answer(self, request: Request) -> Answer:
        self.answered += 1
        is_fault = self.fails_every and self.answered % self.fails_every == 0
        return Answer(503 if is_fault else self.status)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def ask(site: Site, request: ChangeRequest) -> dict[str, CheckResult]:
    """The round's answers by name."""
    runbook, probe = load_runbook(RUNBOOK.format(site=site.url, **EXPECTED), {}), Probe()
    checking = Checking(runbook=runbook, probe=probe, questions=Questions(NOWHERE, "public"), actions={})
    try:
        return {result.name: result for result in checking.round(request)}
    finally:
        checking.stop()
        probe.close()


def after_a_run(*baseline: CheckResult) -> ChangeRequest:
    return waiting().baseline(baseline).approved().started().request


def result(value: float | None) -> CheckResult:
    return CheckResult("Faults", Verdict.PASSED, required=True, expected="", seen="", value=value)


def compared(name: str, expect: str, number: float | None, before: float | None = None) -> tuple[Verdict, str]:
    """What `number` comes to for the runbook's check of this name, where it expects `expect`."""
    text = RUNBOOK.format(site="https://shop.example", **{**EXPECTED, name: expect})
    check = next(check for check in load_runbook(text, {}).checks if check.name == name)
    assert isinstance(check, SqlCheck | ErrorRateCheck)
    judgment = judged(check, result(number), before)
    return judgment.verdict, judgment.expected


@pytest.mark.parametrize(
    ("expect", "number", "before", "verdict", "expected"),
    [
        ("> 0", 1, None, Verdict.PASSED, "> 0"),
        ("> 0", 0, None, Verdict.FAILED, "> 0"),
        ("> 0", None, None, Verdict.FAILED, "> 0"),
        (">= before", 1204, 1204, Verdict.PASSED, ">= before (1,204)"),
        (">= before", 1203, 1204, Verdict.FAILED, ">= before (1,204)"),
        (">= before", 9999, None, Verdict.FAILED, ">= before (not known before)"),
    ],
)
def test_a_number_is_compared(
    expect: str, number: float | None, before: float | None, verdict: Verdict, expected: str
) -> None:
    assert compared("Profiles", expect, number, before) == (verdict, expected)


@pytest.mark.parametrize(
    ("share", "before", "verdict", "expected"),
    [
        (0.4, 0.4, Verdict.PASSED, "no worse than before (40 %)"),
        (0.45, 0.4, Verdict.FAILED, "no worse than before (40 %)"),
        (0.04, 0.5, Verdict.PASSED, "under 5 % (before: 50 %)"),
        (0.05, 1.0, Verdict.FAILED, "under 5 % (before: 100 %)"),
        (0.0, None, Verdict.PASSED, "no worse than before (not known before, so none)"),
        (0.05, None, Verdict.FAILED, "no worse than before (not known before, so none)"),
    ],
)
def test_failures_may_not_be_more_than_before_and_few_where_the_site_was_down(
    share: float, before: float | None, verdict: Verdict, expected: str
) -> None:
    assert compared("Faults", "<= before", share, before) == (verdict, expected)


def test_an_error_rate_may_be_held_to_a_share() -> None:
    assert compared("Faults", "<= 0.1", 0.2) == (Verdict.FAILED, "<= 10 %")


def test_where_nothing_was_changed_any_share_of_failures_is_not_well(site: Site) -> None:
    answer = ask(site, waiting().request)["Faults"]
    assert (answer.verdict, answer.expected) == (Verdict.PASSED, "under 5 %")
    site.fails_every = 4
    assert ask(site, waiting().request)["Faults"].verdict is Verdict.FAILED


def test_a_round_after_the_run_is_compared_with_the_one_before(site: Site) -> None:
    answer = ask(site, after_a_run(result(0.25)))["Faults"]
    assert (answer.verdict, answer.expected) == (Verdict.PASSED, "no worse than before (25 %)")


def test_a_check_that_had_no_number_before_the_run_has_nothing_to_be_compared_with(site: Site) -> None:
    assert "not known before" in ask(site, after_a_run(result(None)))["Faults"].expected


def test_a_database_that_cannot_be_reached_is_a_failed_check(site: Site) -> None:
    answer = ask(site, after_a_run())["Profiles"]
    assert (answer.verdict, answer.expected) == (Verdict.FAILED, "> 0")
    assert "can't be reached" in answer.seen
    assert "password" not in answer.seen


def test_a_check_whose_value_is_not_set_is_off(site: Site) -> None:
    answer = ask(site, waiting().request)["Login"]
    assert (answer.verdict, answer.seen) == (Verdict.OFF, "LOGIN_URL is not set")


def test_results_of_older_logs_can_be_read() -> None:
    old = {"name": "Rows", "verdict": "not in this version", "required": True, "expected": "", "seen": ""}
    assert result_from_json(old).verdict is Verdict.SKIPPED
