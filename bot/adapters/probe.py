"""Asks the site the runbook's questions. Answers are judged, never shown: bodies and addresses may hold secrets."""

import json
import statistics
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import httpx

from bot.adapters.trust import roots
from bot.core.checks import NO_ANSWER_SECONDS, CheckResult, Verdict, percent
from bot.core.runbook.checks import ErrorRateCheck, HttpCheck, HttpRequest

ERROR_RATE_SECONDS = 30.0  # all samples of an error rate
SAMPLES_AT_ONCE = 5
LONGEST_BODY = 1_000_000  # bytes that are read of an answer
USER_AGENT = "rollback-bot"
_FAULTS = range(500, 600)  # any other answer is one that the site meant to give


class Probe:
    """Asks checks over HTTP, following no redirect. A site that can't be reached is an answer too."""

    def __init__(self, *, error_rate_seconds: float = ERROR_RATE_SECONDS) -> None:
        headers = {"user-agent": USER_AGENT}
        self._client = httpx.Client(verify=roots(), timeout=NO_ANSWER_SECONDS, follow_redirects=False, headers=headers)
        self._error_rate_seconds = error_rate_seconds

    def ask(self, check: HttpCheck, samples: int | None = None) -> CheckResult:
        """What one check says now; its samples, or so many, one after another, up to the first that is wrong."""
        seconds: list[float] = []
        is_right, seen = True, ""
        for _ in range(samples or check.samples):
            is_right, seen, took = self._sample(check)
            seconds += [] if took is None else [took]
            if not is_right:
                break
        median = statistics.median(seconds) if seconds else None
        if is_right and check.max_seconds is not None and median is not None and median > check.max_seconds:
            is_right, seen = False, f"{seen}, too slow"
        verdict = Verdict.PASSED if is_right else Verdict.FAILED
        return CheckResult(
            check.name, verdict, check.required, _expected(check), seen, median, max(seconds, default=None)
        )

    def error_rate(self, check: ErrorRateCheck) -> CheckResult:
        """The share of failed samples, not compared with anything yet.

        A sample fails where there is no answer or one of status 5xx, and where its turn doesn't come in time.
        """
        asked, until = check.filled(), time.perf_counter() + self._error_rate_seconds

        def sample(_: int) -> _Answer | None:
            left = until - time.perf_counter()
            return self._exchange(asked, min(NO_ANSWER_SECONDS, left)) if left > 0 else None

        with ThreadPoolExecutor(SAMPLES_AT_ONCE, thread_name_prefix="sample") as pool:
            answers = [answer for answer in pool.map(sample, range(check.samples)) if answer]
        failed = check.samples - sum(answer.status not in (None, *_FAULTS) for answer in answers)
        share, seconds = failed / check.samples, [answer.seconds for answer in answers]
        seen = f"{failed} of {check.samples} failed ({percent(share)})"
        median, worst = (statistics.median(seconds), max(seconds)) if seconds else (None, None)
        return CheckResult(check.name, Verdict.PASSED, check.required, "", seen, median, worst, share)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _sample(self, check: HttpCheck) -> tuple[bool, str, float | None]:
        """Whether one answer is right, what was seen, and the seconds of the whole exchange; None without an answer."""
        answer = self._exchange(check.filled(), NO_ANSWER_SECONDS)
        if answer.status is None:
            return False, answer.missing, None
        wrong = "" if answer.status not in check.status else _wrong_body(check, answer.body)
        is_right = answer.status in check.status and not wrong
        return is_right, f"status {answer.status}" + (f", {wrong}" if wrong else ""), answer.seconds

    def _exchange(self, asked: HttpRequest, patience: float) -> "_Answer":
        began = time.perf_counter()
        try:
            with self._client.stream(
                asked.method, asked.url, headers=asked.headers, json=asked.json, timeout=patience
            ) as response:
                body = _read(response, began + patience)
        except httpx.TimeoutException:
            return _Answer(None, time.perf_counter() - began, missing=f"no answer in {patience:g} s")
        except (httpx.HTTPError, httpx.InvalidURL):
            return _Answer(None, time.perf_counter() - began, missing="no answer")
        return _Answer(response.status_code, time.perf_counter() - began, body)


class _Answer(NamedTuple):
    """One exchange; `status` None = none came, and `missing` says how."""

    status: int | None
    seconds: float
    body: bytes = b""
    missing: str = ""


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
