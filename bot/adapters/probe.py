"""Asks the site the runbook's questions. Answers are judged, never shown: bodies and addresses may hold secrets."""

import json
import statistics
import time
from collections.abc import Mapping

import httpx

from bot.core.checks import CheckResult, Verdict
from bot.core.runbook_checks import Check, HttpCheck

TIMEOUT_SECONDS = 10.0
LONGEST_BODY = 1_000_000  # bytes that are read of an answer
USER_AGENT = "rollback-bot"


class Probe:
    """Asks checks over HTTP, following no redirect."""

    def __init__(self) -> None:
        self._client = httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False, headers={"user-agent": USER_AGENT})

    def ask(self, check: Check) -> CheckResult:
        """What one check says now; a site that can't be reached is an answer too."""
        if check.off:
            return CheckResult(check.name, Verdict.OFF, check.required, "", check.off)
        if not isinstance(check, HttpCheck):
            return CheckResult(check.name, Verdict.SKIPPED, check.required, "", Verdict.SKIPPED.value)
        seconds: list[float] = []
        fault = ""
        while not fault and len(seconds) < check.samples:
            fault, took = self._sample(check)
            seconds.append(took)
        median, worst = statistics.median(seconds), max(seconds)
        if not fault and check.max_seconds is not None and median > check.max_seconds:
            fault = "too slow"
        verdict = Verdict.FAILED if fault else Verdict.PASSED
        return CheckResult(check.name, verdict, check.required, _expected(check), fault or "as expected", median, worst)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _sample(self, check: HttpCheck) -> tuple[str, float]:
        """What is wrong with one answer ("" = nothing), and the seconds of the whole exchange."""
        asked, began = check.filled(), time.perf_counter()
        try:
            with self._client.stream(asked.method, asked.url, headers=asked.headers, json=asked.json) as response:
                body = _read(response)
        except httpx.TimeoutException:
            return f"no answer in {TIMEOUT_SECONDS:g} s", time.perf_counter() - began
        except (httpx.HTTPError, httpx.InvalidURL):
            return "no answer", time.perf_counter() - began
        took = time.perf_counter() - began
        if response.status_code not in check.status:
            return f"status {response.status_code}", took
        return _wrong_body(check, body), took


def _read(response: httpx.Response) -> bytes:
    body = b""
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LONGEST_BODY:
            break
    return body


def _wrong_body(check: HttpCheck, body: bytes) -> str:
    if check.contains and check.contains.encode() not in body:
        return "the expected text is missing"
    if check.answer is None:
        return ""
    try:
        return "" if _is_part(check.answer, json.loads(body)) else "the JSON answer differs"
    except ValueError:
        return "the answer is no JSON"


def _is_part(expected: object, seen: object) -> bool:
    """Whether `expected` is found in `seen`: an object may hold more keys."""
    if isinstance(expected, Mapping):
        return isinstance(seen, Mapping) and all(
            key in seen and _is_part(value, seen[key]) for key, value in expected.items()
        )
    return expected == seen and type(expected) is type(seen)


def _expected(check: HttpCheck) -> str:
    parts = [f"status {' or '.join(str(one) for one in check.status)}"]
    if check.max_seconds is not None:
        parts.append(f"within {check.max_seconds:g} s")
    if check.contains:
        parts.append("with its text")
    if check.answer is not None:
        parts.append("with its JSON")
    return ", ".join(parts)
