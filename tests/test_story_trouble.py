"""Slack slow, full or gone, time running out, secrets: what people see, and what never happens."""

from datetime import UTC, datetime

from tests.simulator import vercel_cast as the
from tests.simulator.slack_server import rate_limited
from tests.simulator.wire import Answer, Fault, on
from tests.world import ANA, BEN, CHLOE, NOWHERE, World

ASKED = "vercel because checkout is broken"


def test_a_request_that_nobody_approves_expires_after_one_reminder(quiet_world: World) -> None:
    world = quiet_world
    world.shorten({"[approval] expires_after": "3s"})
    world.start()
    world.rollback(ASKED)
    card = world.wait_for_state("Expired")
    assert f"vercel rollback {the.PREVIOUS} --yes --scope ibam-projects" in card + world.thread()
    assert world.kinds().count("half_time_passed") == 1
    assert world.with_button("plan_again")
    world.wait_until_gone("approve")


def test_slack_asking_for_patience_delays_messages_and_loses_none(world: World) -> None:
    for _ in range(3):
        world.slack.lay(Fault(on("/chat.postMessage"), apply=False, answer=rate_limited(1)))
    world.rollback(ASKED)
    world.approve(BEN, CHLOE)
    world.wait_for_end("Verified")
    assert len(world.cards()) == 1


def test_slack_failing_in_the_middle_doubles_no_message(world: World) -> None:
    world.slack.lay(Fault(on("/chat.postMessage"), apply=True, answer=Answer(503, b"<html>busy</html>")))
    world.slack.lay(Fault(on("/chat.update"), apply=False, answer=Answer(500, b"oops")))
    world.rollback(ASKED)
    world.approve(BEN, CHLOE)
    world.wait_for_end("Verified")
    assert len(world.cards()) == 1


def test_a_message_in_doubt_is_not_posted_again_while_it_cannot_be_looked_for(world: World) -> None:
    world.slack.lay(Fault(on("/chat.postMessage"), apply=True, answer=Answer(503, b"")))
    world.slack.lay(Fault(on("/conversations.history"), apply=False, answer=Answer(503, b"")))
    world.rollback(ASKED)
    world.approve(BEN, CHLOE)
    world.wait_for_end("Verified")
    assert len(world.cards()) == 1


def test_slack_being_gone_during_a_run_holds_nothing_back(world: World) -> None:
    world.rollback(ASKED)
    world.approve(BEN)
    world.wait_for_state("(1 of 2)")
    message = world.slack.wait_for(lambda: world.with_button("approve"))
    gone = Fault(on("/chat.postMessage"), times=None, apply=False, answer=Answer(503, b""))
    stale = Fault(on("/chat.update"), times=None, apply=False, answer=Answer(503, b""))
    with world.slack.failing(gone), world.slack.failing(stale):
        world.slack.click(CHLOE, message, "approve")
        world.wait_until(lambda: "verification_passed" in world.kinds())
        assert world.live() == {the.PREVIOUS}
    world.wait_for_end("Verified")


def test_vercel_being_gone_at_the_request_is_said_when_patience_ends(world: World) -> None:
    gone = Fault(lambda r: True, times=None, apply=False, answer=Answer(503, b"<html>no</html>"))
    with world.vercel.failing(gone):
        world.rollback(ASKED)
        world.wait_until(lambda: len(world.vercel.requests) > 2)
    world.wait_for_state("Waiting for approval")


def test_vercel_going_away_after_the_order_is_said_as_unknown_and_found_by_looking_again(world: World) -> None:
    reads = Fault(lambda r: r.method == "GET" and ordered(world), times=None, apply=False, answer=Answer(503, b"<p>"))
    with world.vercel.failing(reads):
        world.rollback(ASKED)
        world.approve(BEN, CHLOE)
        world.wait_for_state("Outcome unknown")
        world.slack.wait_for(lambda: "can't be seen" in world.thread())
    world.press(ANA, "look_again")
    world.wait_for_end("Verified")
    assert len(world.vercel.posts) == 1


def ordered(world: World) -> bool:
    """Whether the order was sent."""
    return bool(world.vercel.posts)


def test_time_runs_out_also_while_the_process_is_down(quiet_world: World) -> None:
    world = quiet_world
    world.shorten({"[approval] expires_after": "2s"})
    world.start()
    world.rollback(ASKED)
    world.slack.wait_for(lambda: world.with_button("approve"))
    expires = datetime.fromisoformat(world.data("plan_made")[0]["expires_at"])
    world.kill()
    world.wait_until(lambda: datetime.now(UTC) > expires)
    world.start()
    world.wait_for_state("Expired")
    world.wait_until_gone("approve")


def test_a_deleted_card_is_posted_anew(world: World) -> None:
    world.rollback(ASKED)
    world.slack.wait_for(lambda: world.with_button("approve"))
    with world.slack.lock:
        messages = world.slack.state.messages["C_INC"]
        card = next(one for one in messages if one["ts"] == world.cards()[0]["ts"])
        messages.remove(card)
    world.deny(BEN, "No")
    world.slack.wait_for(lambda: any("Denied" in world.read(card) for card in world.cards()))


def test_a_token_that_stops_being_accepted_ends_the_process_with_a_clear_line(world: World) -> None:
    world.slack.refuse_with["*"] = "account_inactive"
    world.rollback(ASKED)
    assert world.bot
    assert world.bot.wait() == 1
    world.bot.wait_for_line("account_inactive")


def test_the_process_is_up_and_ready(world: World) -> None:
    assert world.get("/healthz") == (200, {"process": True})
    assert world.get("/readyz") == (200, {"log": True, "slack": True})


def test_without_slack_the_process_is_up_and_not_ready(quiet_world: World) -> None:
    world = quiet_world
    world.slack.lay(Fault(on("/auth.test"), times=None, apply=False, answer=Answer(503, b"")))
    world.start()
    assert world.get("/healthz")[0] == 200
    assert world.get("/readyz") == (503, {"log": True, "slack": False})


def test_no_secret_and_no_row_is_in_any_log_line_event_or_message(quiet_world: World) -> None:
    world = quiet_world
    world.start(LOG_LEVEL="DEBUG")
    world.vercel.lay(Fault(lambda r: "/rollback/" in r.path and r.method == "POST", drop=True))
    world.rollback(ASKED)
    world.approve(BEN, CHLOE)
    world.wait_for_end("Verified")
    world.kill()
    everything = "".join(world.written) + world.raw_log() + world.slack.transcript() + repr(world.slack.deliveries)
    for secret in (world.slack.token, world.slack.signing_secret, world.vercel.token, NOWHERE, "database-password"):
        assert secret not in everything
    for value in ("correct horse", "anon-key", "check@ibam.example", "eyJ.e30.standin"):
        assert value not in everything


def test_the_vercel_token_is_in_the_authorization_header_only(world: World) -> None:
    world.rollback(ASKED)
    world.approve(BEN, CHLOE)
    world.wait_for_end("Verified")
    for request in world.vercel.requests:
        elsewhere = {**request.headers, "authorization": "", "path": request.path, "query": str(request.query)}
        assert world.vercel.token not in repr(elsewhere) + request.body.decode()
    assert not [one for one in world.vercel.requests if one.path.startswith(("/v2/user", "/teams"))]


def test_stopping_the_process_in_the_middle_is_no_loss(world: World) -> None:
    world.vercel.job_seconds = world.vercel.domain_seconds = 0.5
    world.rollback(ASKED)
    world.approve(BEN, CHLOE)
    world.wait_until(lambda: "step_started" in world.kinds())
    assert world.bot
    assert world.bot.end() == 0
    world.start()
    world.wait_for_end("Verified")
    assert len(world.vercel.posts) == 1


def test_status_lists_what_is_open_with_links(world: World) -> None:
    world.rollback(ASKED)
    world.slack.wait_for(lambda: world.with_button("approve"))
    world.rollback("status", user=CHLOE)
    assert "R-1" in world.told(CHLOE, "Waiting for approval")


def test_the_requester_stops_a_waiting_request_by_command(world: World) -> None:
    world.rollback(ASKED)
    world.slack.wait_for(lambda: world.with_button("approve"))
    world.rollback("stop r-1", user=ANA)
    world.wait_for_state("Stopped")
    assert world.live() == {the.BROKEN}
