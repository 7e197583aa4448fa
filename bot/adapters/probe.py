"""Asks the site the runbook's questions. Answers are judged, never shown: bodies and addresses may hold secrets."""

import json
import statistics
import time
from collections.abc import Mapping

import httpx

from bot.core.checks import CheckResult, Verdict
from bot.core.runbook.checks import Check, HttpCheck

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
        is_right, seen = True, ""
        while is_right and len(seconds) < check.samples:
            is_right, seen, took = self._sample(check)
            seconds.append(took)
        median, worst = statistics.median(seconds), max(seconds)
        if is_right and check.max_seconds is not None and median > check.max_seconds:
            is_right, seen = False, f"{seen}, too slow"
        verdict = Verdict.PASSED if is_right else Verdict.FAILED
        return CheckResult(check.name, verdict, check.required, _expected(check), seen, median, worst)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _sample(self, check: HttpCheck) -> tuple[bool, str, float]:
        """Whether one answer is right, what was seen, and the seconds of the whole exchange."""
        asked, began = check.filled(), time.perf_counter()
        try:
            with self._client.stream(asked.method, asked.url, headers=asked.headers, json=asked.json) as response:
                body = _read(response, began + TIMEOUT_SECONDS)
        except httpx.TimeoutException:
            return False, f"no answer in {TIMEOUT_SECONDS:g} s", time.perf_counter() - began
        except (httpx.HTTPError, httpx.InvalidURL):
            return False, "no answer", time.perf_counter() - began
        took = time.perf_counter() - began
        wrong = "" if response.status_code not in check.status else _wrong_body(check, body)
        is_right = response.status_code in check.status and not wrong
        return is_right, f"status {response.status_code}" + (f", {wrong}" if wrong else ""), took


def _read(response: httpx.Response, until: float) -> bytes:
    """The body; httpx's own timeout is for each piece, and an answer in drops would never end."""
    body = b""
    for chunk in response.iter_bytes():
        body += chunk
        if time.perf_counter() > until:
            raise httpx.ReadTimeout("too slow")
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
    except (ValueError, RecursionError):
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
