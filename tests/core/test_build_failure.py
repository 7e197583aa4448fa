"""A failed build: what of its log may be shown, and whether people have nothing of it."""

import pytest

from bot.core.build_failure import LINES, REDACTED, redacted, untouched
from bot.core.deployment import Job
from tests.messages.looked import FAILED, failure, project, row
from tests.shop import BROKEN, DOMAINS, GOOD

OUR_SECRET = "correct horse"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no secret in 3 lines of src/pages/index.tsx:12", "no secret in 3 lines of src/pages/index.tsx:12"),
        ("login with correct horse failed", f"login with {REDACTED} failed"),
        ("Authorization: Bearer abc.def", f"Authorization: Bearer {REDACTED}"),
        ("postgres://app:hunter2@db.example/prod", f"postgres://{REDACTED}db.example/prod"),
        ("STRIPE_KEY=sk_live_51Habcdefgh", f"STRIPE_KEY={REDACTED}"),
        ('"password": "hunter2"', f'"password": "{REDACTED}"'),
        ("api_key: abcdef ok", f"api_key: {REDACTED} ok"),
        ("ghp_0123456789abcdef in the clone url", f"{REDACTED} in the clone url"),
        ("AKIAIOSFODNN7EXAMPLE", REDACTED),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJ", REDACTED),
        ("-----BEGIN RSA PRIVATE KEY----- MIIE", REDACTED),
        ("key 0123456789abcdef0123456789abcdef", f"key {REDACTED}"),
        ("vcp_standin00000000000000", REDACTED),
    ],
)
def test_what_is_a_secret_or_looks_like_one_is_not_shown(text: str, shown: str) -> None:
    assert redacted(text, [OUR_SECRET, ""]) == shown


def test_a_value_too_short_to_be_a_secret_does_not_blot_everything_out() -> None:
    assert redacted("a fine line", ["a"]) == "a fine line"


def test_the_longer_of_two_secrets_goes_first() -> None:
    assert redacted("secretly", ["secret", "secretly"]) == REDACTED


def test_only_the_last_lines_are_shown_and_none_that_is_blank() -> None:
    lines = (*(f"line {number}" for number in range(9)), "", "  ", "\x1b[31mlast\x1b[0m")
    assert failure(lines=lines).shown([]).lines == ("line 5", "line 6", "line 7", "line 8", "last")
    assert LINES == 5


def test_a_log_that_could_not_be_read_stays_so() -> None:
    assert failure(lines=None).shown([]).lines is None


@pytest.mark.parametrize(
    "url", ["https://evil.example/x", "https://vercel.com/x|y>", "https://vercel.com.evil.example/", ""]
)
def test_only_vercels_own_page_is_linked(url: str) -> None:
    assert failure(log_url=url).shown([]).log_url == ""
    assert failure().shown([]).log_url == failure().log_url


def test_one_other_ready_deployment_on_every_domain_is_the_proof() -> None:
    assert untouched(FAILED, project(), row(BROKEN)) == ""


@pytest.mark.parametrize(
    ("changes", "live", "doubt"),
    [
        ({"live": {DOMAINS[0]: BROKEN.id, DOMAINS[1]: GOOD.id}}, row(BROKEN), "serve different deployments"),
        ({"live": dict.fromkeys(DOMAINS, FAILED.id)}, row(FAILED), "serves the build that failed"),
        ({"job": Job("promote", "in-progress", "", GOOD.id, 1.0)}, row(BROKEN), "is moving the domains now"),
        ({}, row(BROKEN, state="ERROR"), "is ERROR, not READY"),
        ({}, row(GOOD), "No production domain serves anything"),
        ({"live": {}}, row(BROKEN), "No production domain serves anything"),
    ],
)
def test_without_it_there_is_a_doubt(changes: dict[str, object], live: object, doubt: str) -> None:
    assert doubt in untouched(FAILED, project(**changes), live)  # type: ignore[arg-type]
