"""The runbook's checks of the site, asked over the wire: what passes, what doesn't, and what is never shown."""

from collections.abc import Iterator

import pytest

from bot.adapters.probe import Probe
from bot.core.checks import CheckResult, Verdict
from bot.core.runbook import load_runbook
from bot.core.runbook.checks import ErrorRateCheck, HttpCheck
from tests.simulator.wire import Answer, Fault, Request, Wire, on

SECRET = "sb-anon-key-0123456789"
RUNBOOK = """
[service]
name = "Shop"
site = "{site}"
[approval]
approvers = ["S_APPROVERS"]
[[checks]]
name = "Page"
kind = "http"
url = "/page"
{more}
"""


class Page(Wire):
    """A site of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.page = Answer(200, {"status": "ok", "rows": [1, 2]})

    def answer(self, request: Request) -> Answer:
        return self.page


@pytest.fixture
def site() -> Iterator[Page]:
    with Page() as page:
        yield page


def ask(site: Page, more: str = "", **env: str) -> CheckResult:
    probe = Probe()
    check = load_runbook(RUNBOOK.format(site=site.url, more=more), env).checks[0]
    assert isinstance(check, HttpCheck)
    try:
        return probe.ask(check)
    finally:
        probe.close()


def test_an_answer_with_an_expected_status_passes(site: Page) -> None:
    assert ask(site).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("answer", "more", "seen"),
    [
        (Answer(500, b""), "", "status 500"),
        (Answer(302, b"", {"location": "/elsewhere"}), "", "status 302"),
        (Answer(200, b"hello"), 'contains = "welcome"', "the expected text is missing"),
        (Answer(200, b"hello"), 'answer = { status = "ok" }', "the answer is no JSON"),
        (Answer(200, {"status": "down"}), 'answer = { status = "ok" }', "the JSON answer differs"),
        (Answer(200, {"status": 1}), "answer = { status = true }", "the JSON answer differs"),
    ],
)
def test_any_other_answer_fails_and_says_why(site: Page, answer: Answer, more: str, seen: str) -> None:
    site.page = answer
    result = ask(site, more)
    assert result.verdict is Verdict.FAILED
    assert seen in result.seen


@pytest.mark.parametrize("more", ['contains = "ok"', 'answer = { status = "ok" }', "answer = { rows = [1, 2] }"])
def test_a_part_of_the_answer_is_enough(site: Page, more: str) -> None:
    assert ask(site, more).verdict is Verdict.PASSED


def test_redirects_are_not_followed(site: Page) -> None:
    site.page = Answer(302, b"", {"location": f"{site.url}/other"})
    ask(site, "status = [302]")
    assert [request.path for request in site.requests] == ["/page"]


def test_every_sample_must_have_the_status(site: Page) -> None:
    site.lay(Fault(lambda _: len(site.requests) == 3, answer=Answer(503, b"")))
    assert ask(site, "samples = 5").seen == "status 503"


def test_the_median_holds_the_time_and_one_slow_sample_does_not_fail_it(site: Page) -> None:
    site.lay(Fault(on("/page"), delay=0.4))
    result = ask(site, "samples = 5\nmax_seconds = 0.3")
    assert result.verdict is Verdict.PASSED
    assert result.worst_seconds is not None
    assert result.worst_seconds >= 0.4


def test_a_median_over_the_limit_fails(site: Page) -> None:
    site.lay(Fault(on("/page"), times=None, delay=0.1))
    assert "too slow" in ask(site, "samples = 3\nmax_seconds = 0.05").seen


def test_a_site_that_gives_no_answer_fails_the_check_and_raises_nothing(site: Page) -> None:
    site.lay(Fault(on("/page"), times=None, drop=True))
    assert ask(site).seen == "no answer"


def test_values_of_the_environment_are_sent_and_never_shown(site: Page) -> None:
    site.page = Answer(401, {"message": f"bad key {SECRET}"})
    result = ask(site, 'headers = { apikey = "${KEY}" }\nmethod = "POST"\njson = { k = "${KEY}" }', KEY=SECRET)
    assert site.requests[0].headers["apikey"] == SECRET
    assert SECRET in site.requests[0].body.decode()
    assert SECRET not in repr(result)


def error_rate(site: Page, samples: int = 20, *, seconds: float = 30.0) -> CheckResult:
    text = RUNBOOK.format(site=site.url, more=f"samples = {samples}").replace('kind = "http"', 'kind = "error_rate"')
    check = load_runbook(text, {}).checks[0]
    assert isinstance(check, ErrorRateCheck)
    probe = Probe(error_rate_seconds=seconds)
    try:
        return probe.error_rate(check)
    finally:
        probe.close()


@pytest.mark.parametrize("answer", [Answer(503), None])
def test_the_error_rate_is_the_share_of_faults_and_of_answers_that_never_came(
    site: Page, answer: Answer | None
) -> None:
    site.lay(Fault(on("/page"), 3, answer=answer, drop=answer is None))
    result = error_rate(site)
    assert (result.value, result.seen) == (0.15, "3 of 20 failed (15 %)")


def test_an_answer_that_the_site_meant_to_give_is_no_failed_sample(site: Page) -> None:
    site.page = Answer(404)
    assert error_rate(site).value == 0


def test_samples_whose_turn_does_not_come_in_time_have_failed(site: Page) -> None:
    site.lay(Fault(on("/page"), times=None, delay=0.4))
    result = error_rate(site, 50, seconds=0.6)
    assert result.value is not None
    assert result.value >= 0.8
    assert len(site.requests) <= 10


def test_the_samples_of_an_error_rate_follow_no_redirect(site: Page) -> None:
    site.page = Answer(302, b"", {"location": f"{site.url}/other"})
    error_rate(site, 2)
    assert {(request.method, request.path) for request in site.requests} == {("GET", "/page")}
