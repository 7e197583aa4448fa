"""The runbook's HTTP checks, asked over the wire: what passes, what doesn't, and what is never shown."""

from collections.abc import Iterator

import pytest

from bot.adapters.probe import Probe
from bot.core.checks import CheckResult, Verdict
from bot.core.runbook import load_runbook
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
    runbook = load_runbook(RUNBOOK.format(site=site.url, more=more), env)
    try:
        return probe.ask(runbook.checks[0])
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


def test_a_check_whose_value_is_not_set_is_off_and_asks_nothing(site: Page) -> None:
    result = ask(site, 'headers = { apikey = "${KEY}" }')
    assert (result.verdict, result.seen) == (Verdict.OFF, "KEY is not set")
    assert site.requests == []


def test_a_check_that_this_version_cannot_run_is_skipped(site: Page) -> None:
    text = RUNBOOK.format(site=site.url, more="").replace('kind = "http"', 'kind = "error_rate"')
    probe = Probe()
    assert probe.ask(load_runbook(text, {}).checks[0]).verdict is Verdict.SKIPPED
    probe.close()
    assert site.requests == []
