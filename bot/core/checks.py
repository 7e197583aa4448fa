"""One question to production with an expected answer, and what it answered. The questions stand in the runbook."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """What a check says; OFF and SKIPPED never decide."""

    PASSED = "passed"
    FAILED = "failed"
    OFF = "off"  # an environment name it needs is not set
    SKIPPED = "not in this version"


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
    """Whether every required check that ran passed: the definition of *Verified*."""
    return all(result.verdict is not Verdict.FAILED for result in results if result.required)
