"""The Statuspage client on the wire: what it publishes, and what each kind of answer says of the page."""

import traceback
from collections.abc import Iterator

import pytest

from bot.adapters.statuspage import Statuspage
from bot.core.errors import BotError, OutcomeUnknown, Refused, Unavailable
from bot.core.secret import Secret
from tests.simulator.statuspage import KEY, PAGE, Incident, StatuspageStandIn
from tests.simulator.wire import Answer, Fault, on

DRAFT = "We are investigating a problem with IBAM. Started 03:12 UTC."
INCIDENTS = on("/incidents", "POST")


@pytest.fixture
def page() -> Iterator[StatuspageStandIn]:
    with StatuspageStandIn() as server:
        yield server


@pytest.fixture
def client(page: StatuspageStandIn) -> Iterator[Statuspage]:
    one = Statuspage(Secret(KEY), PAGE, page.url)
    yield one
    one.close()


def failure(client: Statuspage) -> BotError:
    """What publishing comes to; the stand-in was asked once."""
    with pytest.raises(BotError) as raised:
        client.publish("IBAM: incident I-1", DRAFT)
    return raised.value


@pytest.mark.parametrize("status", [401, 403, 404, 410, 422, 400, 409])
def test_what_statuspage_refuses_is_refused_in_its_words(
    client: Statuspage, page: StatuspageStandIn, status: int
) -> None:
    page.lay(Fault(INCIDENTS, apply=False, answer=Answer(status, {"error": ["Name can't be blank", "x" * 999]})))
    said = failure(client)
    assert isinstance(said, Refused)
    assert f"({status}: Name can't be blank; xxx" in said.text
    assert said.text.endswith("Nothing was published.")
    assert said.text.count("x") < 320


@pytest.mark.parametrize("status", [420, 429, 408])
def test_too_many_requests_is_unavailable_and_says_how_long_to_wait(
    client: Statuspage, page: StatuspageStandIn, status: int
) -> None:
    page.lay(Fault(INCIDENTS, apply=False, answer=Answer(status, headers={"Retry-After": "60"})))
    said = failure(client)
    assert isinstance(said, Unavailable)
    assert said.text == f"Statuspage asks to wait 60 s ({status}). Nothing was published."
    assert len(page.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, {"error": "oops"}),
        Answer(502, b"<html>"),
        Answer(503),
        Answer(302, headers={"location": "http://127.0.0.1:1"}),
        Answer(200, b"<html>"),
        Answer(201, {}),
        Answer(201, []),
    ],
    ids=lambda answer: f"{answer.status}-{answer.body!r}",
)
def test_an_answer_that_says_nothing_is_an_unknown_outcome(
    client: Statuspage, page: StatuspageStandIn, answer: Answer
) -> None:
    page.lay(Fault(INCIDENTS, answer=answer))
    said = failure(client)
    assert isinstance(said, OutcomeUnknown)
    assert "look at the page" in said.text.lower()
    assert len(page.requests) == 1


@pytest.mark.parametrize("fault", [{"drop": True}, {"hold": True}], ids=["dropped", "late"])
def test_an_answer_that_was_lost_is_an_unknown_outcome(page: StatuspageStandIn, fault: dict[str, bool]) -> None:
    client = Statuspage(Secret(KEY), PAGE, page.url, http_timeout=0.3)
    with page.failing(Fault(INCIDENTS, **fault)):  # type: ignore[arg-type]  # one of its flags
        assert isinstance(failure(client), OutcomeUnknown)
    client.close()
    assert len(page.incidents) == len(page.requests) == 1


def test_a_page_that_cannot_be_reached_has_nothing_published() -> None:
    client = Statuspage(Secret(KEY), PAGE, "http://127.0.0.1:1")
    said = failure(client)
    client.close()
    assert isinstance(said, Unavailable)
    assert said.text == "Statuspage could not be reached. Nothing was published."


def test_an_incident_is_published_as_written_and_subscribers_are_told(
    client: Statuspage, page: StatuspageStandIn
) -> None:
    id_ = client.publish("IBAM: incident I-1", DRAFT)
    assert page.incidents == [Incident(id_, "IBAM: incident I-1", [("investigating", DRAFT)], told=1)]


def test_a_name_is_cut_to_what_statuspage_takes(client: Statuspage, page: StatuspageStandIn) -> None:
    client.publish("n" * 300, DRAFT)
    assert len(page.incidents[0].name) == 255


def test_an_incident_is_resolved_and_subscribers_are_told(client: Statuspage, page: StatuspageStandIn) -> None:
    id_ = client.publish("IBAM", DRAFT)
    client.resolve(id_, "It works again.")
    assert page.incidents[0].updates[-1] == ("resolved", "It works again.")
    assert page.incidents[0].told == 2


def test_an_incident_goes_on_and_subscribers_are_told(client: Statuspage, page: StatuspageStandIn) -> None:
    client.update(client.publish("IBAM: incident I-1", DRAFT), "Still at it.")
    (incident,) = page.incidents
    assert (incident.updates[-1], incident.told) == (("investigating", "Still at it."), 2)


def test_only_an_answer_that_says_resolved_is_one(client: Statuspage, page: StatuspageStandIn) -> None:
    id_ = client.publish("IBAM", DRAFT)
    page.lay(Fault(on(id_, "PATCH"), answer=Answer(200, {"status": "investigating"})))
    with pytest.raises(OutcomeUnknown):
        client.resolve(id_, "It works again.")


def test_an_incident_that_is_not_there_is_refused(client: Statuspage) -> None:
    with pytest.raises(Refused, match="no such page or incident"):
        client.resolve("inc/../../other", "It works again.")


def test_the_page_is_checked_by_reading_it(client: Statuspage, page: StatuspageStandIn) -> None:
    client.check()
    assert [request.method for request in page.requests] == ["GET"]


@pytest.mark.parametrize("answer", [Answer(500), Answer(200, b"<html>"), Answer(200, {"id": "other"}), Answer(302)])
def test_another_answer_than_the_page_is_unavailable(
    client: Statuspage, page: StatuspageStandIn, answer: Answer
) -> None:
    page.lay(Fault(on(PAGE), answer=answer))
    with pytest.raises(Unavailable):
        client.check()


def test_the_key_is_nowhere_to_be_seen(page: StatuspageStandIn) -> None:
    client = Statuspage(Secret("another-key"), PAGE, page.url)
    page.lay(Fault(INCIDENTS, answer=Answer(401, {"error": "no key another-key"})))
    said = failure(client)
    client.close()
    assert "another-key" not in repr(client) + "".join(traceback.format_exception(said))
