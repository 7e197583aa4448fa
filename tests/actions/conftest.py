"""A Vercel stand-in with a clock moved by hand, and the action that talks to it over HTTP."""

from collections.abc import Iterator

import pytest

from bot.actions.rollback_deployment import RollbackDeployment
from bot.adapters.vercel import Vercel
from bot.core.plan import Step
from bot.core.secret import Secret
from tests.simulator.hand import Hand
from tests.simulator.vercel import VercelStandIn
from tests.simulator.vercel_cast import PROJECT_NAME, TEAM_SLUG, TOKEN


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def vercel(hand: Hand) -> Iterator[VercelStandIn]:
    with VercelStandIn(hand) as server:
        yield server


@pytest.fixture
def client(vercel: VercelStandIn, hand: Hand) -> Iterator[Vercel]:
    one = Vercel(Secret(TOKEN), PROJECT_NAME, hand.now, team=TEAM_SLUG, base_url=vercel.url)
    yield one
    one.close()


@pytest.fixture
def rollback(client: Vercel) -> RollbackDeployment:
    return RollbackDeployment(client)


@pytest.fixture
def step(rollback: RollbackDeployment) -> Step:
    return rollback.plan({"target": "previous"})
