"""No client of the bot's gives a request to a server that it can't be sure of."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from bot.adapters.probe import Probe
from bot.adapters.statuspage import Statuspage
from bot.adapters.trust import roots
from bot.adapters.vercel import Vercel
from bot.core.checks import Verdict
from bot.core.errors import Unavailable
from bot.core.runbook import load_runbook
from bot.core.runbook.checks import HttpCheck
from bot.core.secret import Secret
from tests.adapters.test_probe import RUNBOOK
from tests.simulator.wire import Answer, Request, Wire

NOBODYS = Path(__file__).with_name("localhost.pem")  # a certificate for this host, and its key, that nobody vouches for


class Impostor(Wire):
    """A server that says who it is by that certificate."""

    def __init__(self) -> None:
        super().__init__()
        told = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        told.load_cert_chain(NOBODYS)
        self._server.socket = told.wrap_socket(self._server.socket, server_side=True)
        self.url = self.url.replace("http:", "https:")

    def answer(self, request: Request) -> Answer:
        return Answer(200, {"status": "ok"})


@pytest.fixture
def impostor() -> Iterator[Impostor]:
    with Impostor() as server:
        assert httpx.get(server.url, verify=False).status_code == 200  # noqa: S501  # who doesn't look is answered
        server.requests.clear()
        yield server


def test_vercels_token_is_not_sent_to_a_server_that_nobody_vouches_for(impostor: Impostor) -> None:
    client = Vercel(Secret("vcp_token"), "shop", lambda: datetime.now(UTC), base_url=impostor.url)
    with pytest.raises(Unavailable):
        client.read_project()
    client.close()
    assert impostor.requests == []


def test_a_status_pages_key_is_not_sent_to_one_either(impostor: Impostor) -> None:
    client = Statuspage(Secret("key"), "page", impostor.url)
    with pytest.raises(Unavailable):
        client.check()
    client.close()
    assert impostor.requests == []


def test_a_check_of_a_site_that_nobody_vouches_for_does_not_pass(impostor: Impostor) -> None:
    (check,) = load_runbook(RUNBOOK.format(site=impostor.url, more=""), {}).checks
    assert isinstance(check, HttpCheck)
    probe = Probe()
    result = probe.ask(check)
    probe.close()
    assert (result.verdict, impostor.requests) == (Verdict.FAILED, [])


def test_the_name_of_the_server_is_looked_at_too() -> None:
    assert roots().check_hostname
    assert roots().cert_store_stats()["x509_ca"] > 0
