"""The Vercel client on the wire: what it sends, and what each kind of answer means."""

import traceback
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.adapters.vercel import Vercel
from bot.core.errors import OutcomeUnknown, Refused, Unavailable
from bot.core.secret import Secret
from tests.simulator import vercel_cast as the
from tests.simulator.hand import Hand
from tests.simulator.vercel import VercelStandIn
from tests.simulator.wire import Answer, Fault, on

ANY_PROJECT = on(the.PROJECT_NAME)
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def vercel() -> Iterator[VercelStandIn]:
    with VercelStandIn(Hand()) as server:
        yield server


@pytest.fixture
def client(vercel: VercelStandIn) -> Iterator[Vercel]:
    one = Vercel(Secret(the.TOKEN), the.PROJECT_NAME, lambda: NOON, team=the.TEAM, base_url=vercel.url)
    yield one
    one.close()


def unavailable(client: Vercel) -> Unavailable:
    with pytest.raises(Unavailable) as raised:
        client.read_project()
    return raised.value


def test_every_request_says_who_it_is_and_which_team_it_means(client: Vercel, vercel: VercelStandIn) -> None:
    client.read_project()
    (request,) = vercel.requests
    assert request.query == {"rollbackInfo": "true", "teamId": the.TEAM}
    assert request.headers["authorization"] == f"Bearer {the.TOKEN}"
    assert (request.headers["user-agent"], request.headers["accept"]) == ("rollback-bot", "application/json")


def test_a_personal_account_sends_no_team(vercel: VercelStandIn) -> None:
    vercel.project_scoped = True
    client = Vercel(Secret(the.TOKEN), the.PROJECT, lambda: NOON, base_url=vercel.url)
    client.read_project()
    client.close()
    assert "teamId" not in vercel.requests[0].query


def test_names_are_percent_encoded_into_the_path(client: Vercel, vercel: VercelStandIn) -> None:
    with pytest.raises(Refused):
        client.read_deployment("a/../../v2/user?x#y")
    assert vercel.requests[0].path == "/v13/deployments/a%2F..%2F..%2Fv2%2Fuser%3Fx%23y"


def test_lists_are_read_to_their_end(client: Vercel, vercel: VercelStandIn) -> None:
    for number in range(150):
        vercel.builds[f"dpl_{number}"] = the.Build(f"dpl_{number}", 1000.0 + number, "An old one")
    assert len(client.list_candidates(the.PROJECT)) == 153


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408, 307])
def test_a_read_that_may_work_later_is_unavailable(client: Vercel, vercel: VercelStandIn, status: int) -> None:
    vercel.lay(Fault(ANY_PROJECT, answer=Answer(status, b"<html>", {"location": vercel.url})))
    assert str(status) in unavailable(client).text
    assert len(vercel.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_read_that_vercel_refuses_says_so_with_vercels_words(
    client: Vercel, vercel: VercelStandIn, status: int
) -> None:
    vercel.lay(Fault(ANY_PROJECT, answer=Answer(status, {"error": {"message": "x" * 1000}})))
    with pytest.raises(Refused, match="Check") as refused:
        client.read_project()
    assert refused.value.rule == "vercel_access"
    assert refused.value.text.count("x") < 320


def test_a_dropped_or_late_answer_to_a_read_is_unavailable(vercel: VercelStandIn) -> None:
    client = Vercel(Secret(the.TOKEN), the.PROJECT_NAME, lambda: NOON, base_url=vercel.url, http_timeout=0.2)
    vercel.lay(Fault(ANY_PROJECT, drop=True))
    unavailable(client)
    with vercel.failing(Fault(ANY_PROJECT, hold=True)):
        unavailable(client)
    client.close()
    assert len(vercel.requests) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        {"id": the.PROJECT},
        {"id": the.PROJECT, "accountId": the.TEAM},
        {"id": the.PROJECT, "accountId": the.TEAM, "alias": [{"target": "PRODUCTION"}]},
    ],
)
def test_an_answer_without_what_decides_is_unavailable(client: Vercel, vercel: VercelStandIn, body: object) -> None:
    vercel.lay(Fault(ANY_PROJECT, answer=Answer(200, body)))
    unavailable(client)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "20"}, 20),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "999999"}, 3600),
        ({"x-ratelimit-reset": str(int(NOON.timestamp()) + 40)}, 40),
        ({"x-ratelimit-reset": "0"}, 0),
    ],
)
def test_vercels_word_on_when_to_ask_again_is_kept(
    client: Vercel, vercel: VercelStandIn, headers: dict[str, str], seconds: int
) -> None:
    vercel.lay(Fault(ANY_PROJECT, answer=Answer(429, headers=headers)))
    retry_at = unavailable(client).retry_at
    assert retry_at is not None
    assert (retry_at - NOON).total_seconds() == seconds


@pytest.mark.parametrize(
    "headers",
    [{}, {"retry-after": "9" * 20}, {"retry-after": "soon"}, {"retry-after": ""}, {"x-ratelimit-reset": "soon"}],
)
def test_no_readable_word_on_when_to_ask_again_is_none(
    client: Vercel, vercel: VercelStandIn, headers: dict[str, str]
) -> None:
    vercel.lay(Fault(ANY_PROJECT, answer=Answer(429, headers=headers)))
    assert unavailable(client).retry_at is None


def test_an_order_is_answered_by_its_status_and_vercels_words(client: Vercel, vercel: VercelStandIn) -> None:
    assert client.request_rollback(the.PROJECT, the.PREVIOUS, "because").is_accepted
    answer = client.request_promote(the.PROJECT, "dpl_nobodys")
    assert (answer.status, answer.message, answer.is_accepted) == (404, "The deployment could not be found", False)


def test_a_team_that_is_wrong_is_refused(vercel: VercelStandIn) -> None:
    client = Vercel(Secret(the.TOKEN), the.PROJECT, lambda: NOON, team="somebody-else", base_url=vercel.url)
    with pytest.raises(Refused, match="somebody-else"):
        client.read_project()
    client.close()


@pytest.mark.parametrize("fault", ["echo", "drop", "redirect", "html"])
def test_no_error_holds_the_token(client: Vercel, vercel: VercelStandIn, fault: str) -> None:
    answers = {
        "echo": Answer(403, {"error": {"message": f"Bearer {the.TOKEN} is not valid"}}),
        "redirect": Answer(302, headers={"location": f"{vercel.url}/?{the.TOKEN}"}),
        "html": Answer(502, the.TOKEN.encode()),
    }
    vercel.lay(Fault(lambda _: True, times=None, answer=answers.get(fault), drop=fault == "drop"))
    with pytest.raises((Refused, Unavailable)) as read:
        client.read_project()
    texts = ["".join(traceback.format_exception(read.value)), repr(read.value)]
    try:
        texts.append(repr(client.request_rollback(the.PROJECT, the.PREVIOUS, "")))
    except OutcomeUnknown as unknown:
        texts.append("".join(traceback.format_exception(unknown)))
    assert the.TOKEN not in "".join(texts)


def test_the_client_shows_no_token(client: Vercel) -> None:
    assert the.TOKEN not in f"{client!r} {client.token} {client.token!r}"


@pytest.mark.parametrize("token", ["", "secret\nsecret", "sécret", " secret"])
def test_a_token_that_cannot_stand_in_a_header_is_refused_unseen(token: str) -> None:
    with pytest.raises(ValueError, match="token") as raised:
        Vercel(Secret(token), "p", lambda: NOON)
    assert "ecret" not in str(raised.value)
