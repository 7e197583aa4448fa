"""Socket Mode's stand-in, looked at by a WebSocket library that knows nothing of it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.simulator.slack import Slack
from tests.simulator.slack_delivery import Answered
from tests.world import ANA, INC


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as slack:
        yield slack


def address(slack: Slack) -> str:
    client = WebClient(base_url=f"{slack.url}/api/")
    return str(client.apps_connections_open(app_token=slack.app_token)["url"])


@contextmanager
def opened(slack: Slack) -> Iterator[ClientConnection]:
    """A socket of the app that has been greeted."""
    with connect(address(slack), legacy=True) as socket:
        assert json.loads(socket.recv())["type"] == "hello"
        yield socket


def typed(slack: Slack) -> tuple[threading.Thread, list[Answered]]:
    """Somebody types a command; the list has what came of it when the thread has ended."""
    answers: list[Answered] = []
    thread = threading.Thread(target=lambda: answers.append(slack.command(ANA, INC, "/rollback", "help")))
    thread.start()
    return thread, answers


def test_a_command_comes_in_an_envelope_and_its_answer_is_shown(slack: Slack) -> None:
    with opened(slack) as socket:
        typing, answers = typed(slack)
        envelope = json.loads(socket.recv())
        assert envelope["type"] == "slash_commands"
        assert envelope["accepts_response_payload"] is True
        assert envelope["payload"]["text"] == "help"
        socket.send(json.dumps({"envelope_id": envelope["envelope_id"], "payload": {"text": "Here you are"}}))
        typing.join()
    assert answers[0].status == 200
    assert slack.ephemeral_to(ANA)[-1]["text"] == "Here you are"


def test_an_answer_over_another_socket_does_not_count(slack: Slack) -> None:
    slack.patience = 0.3
    with opened(slack) as one, opened(slack) as other:
        typing, answers = typed(slack)
        by = slack.wait_for(lambda: [socket for socket in slack.sockets if socket.sent])[0]
        wrong = other if by is slack.sockets[0] else one
        wrong.send(json.dumps({"envelope_id": by.sent[0]}))
        typing.join()
        slack.wait_for(lambda: [socket for socket in slack.sockets if socket.strays])
    assert answers == [Answered(0, "operation_timeout")]


def test_a_delivery_whose_socket_dies_comes_over_the_next_one_in_another_envelope(slack: Slack) -> None:
    with opened(slack) as first:
        typing, answers = typed(slack)
        lost = json.loads(first.recv())
        slack.socket.cut()
    with opened(slack) as second:
        again = json.loads(second.recv())
        second.send(json.dumps({"envelope_id": again["envelope_id"]}))
        typing.join()
    assert again["envelope_id"] != lost["envelope_id"]
    assert again["payload"]["trigger_id"] == lost["payload"]["trigger_id"]
    assert answers == [Answered(200, "")]


def test_pings_and_farewells_are_answered(slack: Slack) -> None:
    with opened(slack) as socket:
        assert socket.ping().wait(10)
        slack.socket.end(1001)
        with pytest.raises(ConnectionClosed):
            socket.recv()
        assert socket.close_code == 1001


@pytest.mark.parametrize("size", [10, 1_000, 100_000])
def test_messages_of_every_length_arrive_whole(slack: Slack, size: int) -> None:
    with opened(slack) as socket:
        slack.socket.say({"text": "x" * size})
        slack.socket.say({"text": "x" * size}, frames=3)
        assert [len(json.loads(socket.recv())["text"]) for _ in range(2)] == [size, size]


def test_an_address_is_good_once(slack: Slack) -> None:
    once = address(slack)
    with connect(once, legacy=True), pytest.raises(InvalidStatus):
        connect(once, legacy=True)


def test_each_token_is_for_its_own_methods(slack: Slack) -> None:
    client = WebClient(token=slack.app_token, base_url=f"{slack.url}/api/")
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        client.apps_connections_open(app_token=slack.token)
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        client.auth_test()


def test_one_socket_too_many_is_greeted_with_a_farewell(slack: Slack) -> None:
    slack.most_sockets = 1
    with opened(slack), connect(address(slack), legacy=True) as second:
        assert json.loads(second.recv())["reason"] == "too_many_websockets"
