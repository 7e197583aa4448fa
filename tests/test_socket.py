"""Socket Mode's unhappy paths: no click is lost, doubled or acknowledged unkept, whatever becomes of the sockets."""

import os
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.simulator.slack_delivery import Answered
from tests.simulator.slack_server import rate_limited
from tests.simulator.wire import Answer, Fault, on
from tests.world import ANA, BEN, CHLOE, World

ASKED = "vercel because checkout is broken"
OPEN = "apps.connections.open"
FATAL = ["invalid_auth", "account_inactive", "link_disabled", "not_allowed_token_type", "token_revoked"]


@pytest.fixture
def over_socket() -> bool:
    return True


def in_the_background(deliver: Callable[[], Answered]) -> tuple[threading.Thread, list[Answered]]:
    """Begin a delivery; its answer shows in the list when the thread has ended."""
    answers: list[Answered] = []
    thread = threading.Thread(target=lambda: answers.append(deliver()))
    thread.start()
    return thread, answers


def start_holding(world: World, where: str) -> Path:
    """Start the bot so that it halts at an append, until the file is there."""
    go_on = world.folder / "go_on"
    world.start(HOLD=where, HOLD_UNTIL=str(go_on))
    return go_on


def wait_until_it_holds(world: World) -> None:
    assert world.bot
    world.bot.wait_for_line("holding")


def wait_for_sockets(world: World, opened: int) -> None:
    """Wait until the bot has opened so many sockets in all."""
    world.slack.wait_for(lambda: len(world.slack.opened) >= opened)


# The socket goes, and another one comes


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
def test_a_socket_that_is_to_go_is_used_until_it_goes_and_replaced_before(world: World, reason: str) -> None:
    world.rollback(ASKED)
    message = world.slack.wait_for(lambda: world.with_button("approve"))
    old = world.slack.socket
    old.ask_to_leave(reason)
    assert world.slack.click(BEN, message, "approve").status == 200
    wait_for_sockets(world, 2)
    assert old.is_open
    old.end()
    world.approve(CHLOE)
    world.wait_for_end("Verified")
    assert len(world.slack.opened) == 2


def test_a_click_on_its_way_while_the_socket_is_replaced_is_acknowledged_where_it_came(quiet_world: World) -> None:
    world = quiet_world
    go_on = start_holding(world, "before:approval_clicked")
    world.rollback(ASKED)
    message = world.slack.wait_for(lambda: world.with_button("approve"))
    old = world.slack.socket
    clicking, answers = in_the_background(lambda: world.slack.click(BEN, message, "approve"))
    wait_until_it_holds(world)
    old.ask_to_leave()
    wait_for_sockets(world, 2)
    go_on.touch()
    clicking.join()
    assert answers == [Answered(200, "")]
    assert len(old.answers) == 2
    assert not [one.strays for one in world.slack.opened if one.strays]


def test_a_delivery_whose_socket_died_before_the_answer_counts_once(quiet_world: World) -> None:
    world = quiet_world
    go_on = start_holding(world, "after:approval_clicked")
    world.rollback(ASKED)
    message = world.slack.wait_for(lambda: world.with_button("approve"))
    old = world.slack.socket
    clicking, answers = in_the_background(lambda: world.slack.click(BEN, message, "approve"))
    wait_until_it_holds(world)
    old.cut()
    wait_for_sockets(world, 2)
    go_on.touch()
    clicking.join()
    assert answers == [Answered(200, "")]
    assert len(world.slack.opened[1].answers) == 1
    world.approve(CHLOE)
    world.wait_for_end("Verified")
    assert world.kinds().count("approval_clicked") == 2


def test_the_same_envelope_twice_counts_once(world: World) -> None:
    world.rollback(ASKED)
    world.press(BEN, "approve")
    assert world.slack.repeat().status == 200
    assert world.slack.redeliver().status == 200
    world.wait_for_state("(1 of 2)")
    assert world.kinds().count("approval_clicked") == 1


def test_a_command_delivered_again_over_another_socket_asks_once(world: World) -> None:
    world.rollback(ASKED)
    world.slack.socket.cut()
    wait_for_sockets(world, 2)
    world.slack.redeliver()
    world.slack.wait_for(lambda: world.with_button("approve"))
    assert world.kinds("R-2") == []


@pytest.mark.parametrize("how", ["cut", "end"])
def test_a_socket_that_goes_without_notice_is_replaced_at_once(world: World, how: str) -> None:
    since = datetime.now(UTC)
    getattr(world.slack.socket, how)()
    wait_for_sockets(world, 2)
    assert (datetime.now(UTC) - since).total_seconds() < 5
    world.rollback(ASKED)
    world.wait_for_state("Waiting for approval")


def test_clicks_of_one_request_count_by_whichever_socket_they_come(world: World) -> None:
    world.rollback(ASKED)
    first = world.slack.socket
    first.ask_to_leave()
    wait_for_sockets(world, 2)
    first.is_leaving = False  # Slack may still use it
    world.approve(BEN, CHLOE)
    world.wait_for_end("Verified")
    assert all(one.answers for one in world.slack.opened)


def test_too_many_sockets_are_not_opened_one_after_the_other_without_a_pause(world: World) -> None:
    world.slack.most_sockets = 0
    world.slack.socket.cut()
    wait_for_sockets(world, 4)
    world.slack.most_sockets = 10
    times = [request.at for request in world.slack.asked("POST", OPEN)]
    assert times[-1] - times[1] > 1.0
    world.slack.wait_for(lambda: world.slack.sockets and not world.slack.socket.is_leaving)
    world.rollback(ASKED)
    world.wait_for_state("Waiting for approval")


def test_a_message_in_several_frames_and_a_ping_between_them_are_understood(world: World) -> None:
    socket = world.slack.socket
    socket.ping(b"before")
    socket.say({"type": "disconnect", "reason": "warning"}, frames=3)
    socket.ping(b"after")
    world.slack.wait_for(lambda: socket.pongs == [b"before", b"after"])
    wait_for_sockets(world, 2)


def test_what_is_not_understood_is_passed_over_and_not_logged(world: World) -> None:
    socket = world.slack.socket
    socket.say({"type": "brand_new", "of": "customer data"})
    socket.say({"type": "interactive", "envelope_id": "e", "payload": "customer data"})
    world.rollback(ASKED)
    world.wait_for_state("Waiting for approval")
    assert world.bot
    world.bot.wait_for_line("socket.not_understood")
    assert "customer data" not in "".join(world.bot.lines)


def test_what_the_bot_answers_to_a_modal_goes_with_the_acknowledgement(world: World) -> None:
    world.rollback(ASKED)
    world.press(BEN, "deny")
    view = world.slack.wait_for(lambda: world.slack.view_of(BEN))
    assert "needs a reason" in world.slack.submit(BEN, view, {"reason": " "}).text
    assert world.slack.view_of(BEN)
    world.slack.submit(BEN, view, {"reason": "The database is the problem"})
    world.wait_for_state("Denied")


# Slack can't be reached, or says no


def test_slack_being_unreachable_does_not_keep_the_bot_from_starting_in_socket_mode(quiet_world: World) -> None:
    world = quiet_world
    world.slack.lay(Fault(on("/auth.test"), apply=False, drop=True))
    world.slack.lay(Fault(on(OPEN), times=3, apply=False, answer=Answer(503, b"<html>")))
    world.start()
    assert world.bot
    told = [line for line in world.bot.lines if "can't be reached" in line or "socket.unreachable" in line]
    assert len(told) == 2
    world.rollback(ASKED)
    world.wait_for_state("Waiting for approval")


def test_an_address_that_leads_nowhere_is_tried_again(quiet_world: World) -> None:
    world = quiet_world
    world.slack.lay(Fault(on("/link/"), apply=False, drop=True))
    world.slack.lay(Fault(on("/link/"), apply=False, answer=Answer(500)))
    world.start()
    world.rollback(ASKED)
    world.wait_for_state("Waiting for approval")


def test_slack_asking_for_patience_is_given_it(world: World) -> None:
    world.slack.lay(Fault(on(OPEN), apply=False, answer=rate_limited(2)))
    world.slack.socket.cut()
    wait_for_sockets(world, 2)
    asked = [request.at for request in world.slack.asked("POST", OPEN)]
    assert asked[-1] - asked[-2] > 1.9


@pytest.mark.parametrize("error", FATAL)
def test_an_error_that_never_heals_ends_the_process_with_a_clear_line(world: World, error: str) -> None:
    world.slack.refuse_with[OPEN] = error
    world.slack.socket.cut()
    assert world.bot
    assert world.bot.wait() == 1
    world.bot.wait_for_line(f"bot.gave_up reason=Slack does not accept the app-level token: {error}.")


def test_socket_mode_being_turned_off_ends_the_process_with_a_clear_line(world: World) -> None:
    world.slack.socket.ask_to_leave("link_disabled")
    assert world.bot
    assert world.bot.wait() == 1
    world.bot.wait_for_line("bot.gave_up reason=Socket Mode is turned off for this app: link_disabled.")


# The end, and what is never told


def test_stopping_answers_what_has_arrived_and_closes_the_socket(quiet_world: World) -> None:
    world = quiet_world
    go_on = start_holding(world, "after:approval_clicked")
    world.rollback(ASKED)
    message = world.slack.wait_for(lambda: world.with_button("approve"))
    clicking, answers = in_the_background(lambda: world.slack.click(BEN, message, "approve"))
    wait_until_it_holds(world)
    assert world.bot
    os.kill(world.bot.pid, signal.SIGTERM)
    world.bot.wait_for_line("bot.ending")
    go_on.touch()
    assert world.bot.wait() == 0
    clicking.join()
    assert answers == [Answered(200, "")]
    assert world.slack.sockets == []
    world.start()
    world.approve(CHLOE)
    world.wait_for_end("Verified")


def test_in_socket_mode_nothing_listens_and_no_signing_secret_is_needed(world: World) -> None:
    assert "SLACK_SIGNING_SECRET" not in world.env
    with pytest.raises(httpx.ConnectError):
        world.get("/healthz")


def test_the_address_that_the_token_was_checked_with_is_the_one_that_is_used(world: World) -> None:
    assert len(world.slack.asked("POST", OPEN)) == 1


def test_no_secret_of_socket_mode_is_in_any_log_line(quiet_world: World) -> None:
    world = quiet_world
    world.slack.lay(Fault(on("/link/"), apply=False, drop=True))
    world.start(LOG_LEVEL="DEBUG")
    world.rollback(ASKED)
    world.press(ANA, "approve")
    world.slack.lay(Fault(on("/link/"), apply=False, answer=Answer(403)))
    world.slack.socket.cut()
    wait_for_sockets(world, 2)
    world.approve(BEN, CHLOE)
    world.wait_for_end("Verified")
    world.kill()
    everything = "".join(world.written) + world.raw_log()
    assert "socket.open" in everything
    links = [request.query["ticket"] for request in world.slack.asked("GET", "/link/")]
    for secret in (world.slack.app_token, world.slack.token, *links):
        assert secret not in everything
    assert "callback_id" not in "".join(world.written)
    assert "trigger_id" not in "".join(world.written)
