"""One question to production with an expected answer, and what it answered. The questions stand in the runbook.

What is a number is judged here: against the runbook's, or against what the same check saw before the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from bot.core.runbook.checks import ErrorRateCheck, Expectation, SqlCheck

WAS_DOWN = 0.5  # from this share of failed samples on the site was down, and "no worse" would mean nothing
IS_UP = 0.05  # which then is what it has to be below
NO_ANSWER_SECONDS = 10.0  # so long an answer of the site is waited for
_EXACT = 1e15  # whole numbers below it are told digit by digit


class Verdict(Enum):
    """What a check says; OFF and SKIPPED never decide."""

    PASSED = "passed"
    FAILED = "failed"
    OFF = "off"  # an environment name it needs is not set
    SKIPPED = "not in this version"  # stands in older logs only


@dataclass(frozen=True)
class CheckResult:
    """One check's answer. `seen` and `expected` are sentences for people and hold no secret and no row.

    Seconds are of the whole exchange: the median and the slowest of the samples; None where nothing answered.
    """

    name: str
    verdict: Verdict
    required: bool
    expected: str
    seen: str
    median_seconds: float | None = None
    worst_seconds: float | None = None
    value: float | None = None  # the number that the answer is, for an expectation against it later

    def as_json(self) -> dict[str, str | bool | float | None]:
        """The result as the log keeps it."""
        return {**self.__dict__, "verdict": self.verdict.value}


def result_from_json(facts: dict[str, object]) -> CheckResult:
    """The result that `CheckResult.as_json` wrote."""
    return CheckResult(**{**facts, "verdict": Verdict(facts["verdict"])})  # type: ignore[arg-type]  # its own writing


def all_pass(results: Sequence[CheckResult]) -> bool:
    """Whether every required check that is on passed: the definition of *Verified*."""
    return all(result.verdict is not Verdict.FAILED for result in results if result.required)


def judged(check: SqlCheck | ErrorRateCheck, answer: CheckResult, before: float | None) -> CheckResult:
    """The answer with its verdict and what was expected; an answer without a number fails.

    `before` is the number that the check saw before the run, None where that is not known: then no expectation to it
    holds, but for a share of 0, which is no worse than any.
    """
    if isinstance(check, SqlCheck):
        expect, expected = check.expect, _expected_number(check.expect, before)
    else:
        expect, expected = _expected_share(check.expect, before)
    return _held(answer, expect, expected, before)


def judged_alone(check: SqlCheck | ErrorRateCheck, answer: CheckResult) -> CheckResult:
    """The same where nothing was changed, so there is no before: a number is compared with itself.

    A share of failed samples is not, or nearly any would be well: it has to be that of a site that is up.
    """
    if isinstance(check, ErrorRateCheck) and check.expect.number is None:
        return _held(answer, Expectation("<", IS_UP), f"under {percent(IS_UP)}")
    return judged(check, answer, answer.value)


def figure(number: float) -> str:
    """A number for people: "1,204", "0.5"."""
    return f"{int(number):,}" if abs(number) < _EXACT and number % 1 == 0 else f"{number:,}"


def percent(share: float) -> str:
    """A share for people: 0.15 is "15 %"."""
    return f"{round(share * 100, 1):g} %"


def _held(answer: CheckResult, expect: Expectation, expected: str, before: float | None = None) -> CheckResult:
    holds = answer.value is not None and expect.holds(answer.value, before)
    return replace(answer, verdict=Verdict.PASSED if holds else Verdict.FAILED, expected=expected)


def _expected_number(expect: Expectation, before: float | None) -> str:
    if expect.number is not None:
        return str(expect)
    return f"{expect} ({'not known before' if before is None else figure(before)})"


def _expected_share(expect: Expectation, before: float | None) -> tuple[Expectation, str]:
    """What a share of failed samples has to be, and the same in words."""
    if expect.number is not None:
        return expect, f"{expect.relation} {percent(expect.number)}"
    words = "no worse than before" if expect.relation == "<=" else str(expect)
    if before is None:
        unknown = Expectation("<=", 0.0) if expect.relation == "<=" else expect
        return unknown, f"{words} (not known before{', so none' if unknown.number is not None else ''})"
    if before >= WAS_DOWN:
        return Expectation("<", IS_UP), f"under {percent(IS_UP)} (before: {percent(before)})"
    return expect, f"{words} ({percent(before)})"
