"""The token for Vercel stands in the authorization header of requests to Vercel, and nowhere else that is written."""

import json
import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.conformance.by_bot import Said, through_bot
from tests.simulator import vercel_cast as the
from tests.simulator.vercel_bodies import refusal
from tests.simulator.vercel_case import Case, Says, Trouble
from tests.simulator.vercel_cases import CASES
from tests.simulator.wire import Answer, Request, Wire
from tests.world import BEN, CHLOE, World

ECHO = f"No access with Bearer {the.TOKEN}"
ENDINGS = {case.says: case for case in CASES}  # one case for each way to end
ECHOED = tuple(
    Case(f"{status} of the {at} repeats it", Says.FAILED, troubles=(Trouble(at, refusal(status, ECHO, ECHO)),))
    for at in ("project", "deployment", "list", "order", "look")
    for status in (403, 422, 500)
)


class Elsewhere(Wire):
    """Another host, to which an answer redirects."""

    def answer(self, request: Request) -> Answer:
        return Answer(200, {"id": the.PROJECT})


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with Elsewhere() as server:
        yield server


def written(said: Said) -> str:
    """Everything of a run that is kept, shown or logged: the report, its facts, and each error as a traceback."""
    errors = "".join("".join(traceback.format_exception(error)) + repr(vars(error)) for error in said.errors)
    return repr(said) + json.dumps(dict(said.facts)) + errors


def sent(requests: list[Request]) -> str:
    """Everything of these requests but the authorization header."""
    return "".join(
        repr(replace(one, headers={name: text for name, text in one.headers.items() if name != "authorization"}))
        for one in requests
    )


@pytest.mark.parametrize("case", [*ENDINGS.values(), *ECHOED], ids=lambda case: case.name)
def test_whatever_happens_it_is_only_in_the_authorization_header(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = through_bot(case)
    requests, said.requests, said.orders = said.requests, [], []
    secret = case.token.strip()
    assert secret not in sent(requests)
    assert secret not in written(said)
    assert secret not in caplog.text
    assert {one.headers["authorization"] for one in requests} <= {f"Bearer {secret}"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("at", ["project", "order", "look"])
def test_it_follows_no_redirect_to_another_host(elsewhere: Elsewhere, at: str, status: int) -> None:
    answer = Answer(status, headers={"location": f"{elsewhere.url}/v9/projects/{the.PROJECT}"})
    said = through_bot(Case("redirected", Says.UNKNOWN, troubles=(Trouble(at, answer),)))
    assert elsewhere.requests == []
    assert said.says in (Says.UNKNOWN, Says.UNAVAILABLE)


def test_the_whole_bot_writes_it_nowhere(world: World) -> None:
    world.vercel.stuck_domains = {the.SITE}
    world.rollback("vercel because checkout is broken")
    world.approve(BEN, CHLOE)
    world.wait_for_end("Failed")
    lines = "".join(world.bot.lines) if world.bot else ""
    others = [*world.slack.requests, *world.site.requests]
    assert the.TOKEN not in world.raw_log()
    assert the.TOKEN not in lines
    assert the.TOKEN not in sent(world.vercel.requests)
    assert not [one for one in others if the.TOKEN in repr(one)]
