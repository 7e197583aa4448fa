"""What people do in the Slack stand-in arrives at the bot as from Slack, and they see what the bot answers."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook import WebhookClient

from tests.simulator.slack import Slack
from tests.simulator.slack_people import BOT_USER
from tests.simulator.slack_samples import APPROVE, MODAL, Listener, error_of, mrkdwn
from tests.simulator.slack_state import RESPONSE_LIFE, TRIGGER_LIFE, Message
from tests.simulator.wire import Answer, Fault, on


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as slack:
        yield slack


@pytest.fixture
def bot(slack: Slack) -> Iterator[Listener]:
    with Listener() as bot:
        slack.bot_url = bot.url
        yield bot


@pytest.fixture
def client(slack: Slack) -> WebClient:
    return WebClient(token=slack.token, base_url=f"{slack.url}/api/", retry_handlers=[])


@pytest.fixture
def card(slack: Slack, client: WebClient) -> Message:
    blocks = [mrkdwn("Roll back"), {"type": "actions", "elements": [APPROVE]}]
    client.chat_postMessage(channel="C_INC", text="R-1", blocks=blocks)
    return slack.messages("C_INC")[-1]


# What people do.


def test_a_command_arrives_signed_with_all_fields(slack: Slack, bot: Listener) -> None:
    assert slack.command("U_ANA", "C_INC", "/rollback", "vercel because x") == (200, "")
    request = bot.requests[-1]
    assert SignatureVerifier(slack.signing_secret).is_valid_request(request.body, dict(request.headers))
    form = bot.heard()
    assert (form["command"], form["text"], form["user_id"]) == ("/rollback", "vercel because x", "U_ANA")
    assert (form["channel_name"], form["is_enterprise_install"]) == ("inc-2026", "false")


@pytest.mark.parametrize("falsified", [{"timestamp": 1_700_000_000}, {"signature": "v0=00"}, {"signature": ""}])
def test_a_signature_can_be_falsified(slack: Slack, bot: Listener, falsified: Any) -> None:
    slack.command("U_ANA", "C_INC", "/rollback", **falsified)
    request = bot.requests[-1]
    assert not SignatureVerifier(slack.signing_secret).is_valid_request(request.body, dict(request.headers))


def test_an_enterprise_is_named_when_there_is_one(slack: Slack, client: WebClient, bot: Listener) -> None:
    slack.team.enterprise_id = "E_ACME"
    slack.command("U_ANA", "C_INC", "/rollback")
    assert bot.heard()["enterprise_id"] == client.auth_test()["enterprise_id"] == "E_ACME"


@pytest.mark.parametrize("body", [b"plain words", {"text": "plain words"}])
def test_an_answer_to_a_command_is_shown_privately(slack: Slack, bot: Listener, body: Any) -> None:
    bot.says = Answer(200, body)
    slack.command("U_ANA", "C_QUIET", "/rollback", "help")
    assert [(message["text"], message["via"]) for message in slack.ephemeral_to("U_ANA")] == [("plain words", "ack")]


@pytest.mark.parametrize("body", [b"", {}])
def test_an_empty_answer_shows_nothing(slack: Slack, bot: Listener, body: Any) -> None:
    bot.says = Answer(200, body)
    slack.command("U_ANA", "C_INC", "/rollback")
    assert slack.ephemeral_to("U_ANA") == []


def test_a_bot_that_is_not_there_is_said(slack: Slack, bot: Listener) -> None:
    bot.lay(Fault(on("/slack/events"), drop=True))
    assert slack.command("U_ANA", "C_INC", "/rollback") == (0, "dispatch_failed")


def test_a_bot_that_is_too_slow_is_said(slack: Slack, bot: Listener) -> None:
    slack.patience = 0.05
    with bot.failing(Fault(on("/slack/events"), hold=True)):
        assert slack.command("U_ANA", "C_INC", "/rollback") == (0, "operation_timeout")


def test_a_click_carries_the_stored_button(slack: Slack, bot: Listener, card: Message) -> None:
    slack.click("U_BEN", card, "approve")
    payload = Answer(body=bot.heard()["payload"]).body
    for part in ('"action_id": "approve"', '"value": "R-1"', '"U_BEN"', '"T_MAIN"', f'"message_ts": "{card["ts"]}"'):
        assert part in payload


def test_a_button_that_is_gone_cannot_be_pressed(slack: Slack, client: WebClient, bot: Listener, card: Message) -> None:
    client.chat_update(channel="C_INC", ts=card["ts"], text="Expired")
    with pytest.raises(AssertionError, match="no approve to press"):
        slack.click("U_BEN", card, "approve")


def test_a_click_can_be_forged(slack: Slack, bot: Listener, card: Message) -> None:
    slack.forge_click("U_ANA", card, "approve", "R-9", channel="C_QUIET", team="T_OTHER")
    payload = bot.heard()["payload"]
    assert all(part in payload for part in ('"value": "R-9"', '"channel_id": "C_QUIET"', '"id": "T_OTHER"'))


def test_a_redelivery_has_the_same_body_and_a_new_proof(slack: Slack, bot: Listener) -> None:
    slack.command("U_ANA", "C_INC", "/rollback", timestamp=1_700_000_000)
    slack.redeliver()
    first, again = bot.requests
    assert (first.body, again.headers["x-slack-retry-num"]) == (again.body, "1")
    assert SignatureVerifier(slack.signing_secret).is_valid_request(again.body, dict(again.headers))


def test_a_replay_is_the_very_same_request(slack: Slack, bot: Listener) -> None:
    slack.command("U_ANA", "C_INC", "/rollback")
    slack.replay()
    first, again = bot.requests
    assert (first.body, first.headers) == (again.body, again.headers)


# Late answers and modals.


def test_a_response_url_answers_one_person_five_times(slack: Slack, bot: Listener) -> None:
    slack.command("U_ANA", "C_QUIET", "/rollback")
    hook = WebhookClient(bot.heard()["response_url"])
    assert [hook.send(text=f"{count}").status_code for count in range(6)] == [200] * 5 + [404]
    assert [message["text"] for message in slack.ephemeral_to("U_ANA")] == list("01234")


def test_a_response_url_dies_after_30_minutes(slack: Slack, bot: Listener) -> None:
    slack.command("U_ANA", "C_INC", "/rollback")
    for response in slack.state.responses.values():
        response.made_at -= RESPONSE_LIFE + 1
    late = WebhookClient(bot.heard()["response_url"]).send(text="late")
    assert (late.status_code, "expired_url" in late.body) == (404, True)


def test_a_trigger_opens_one_modal_for_its_person(slack: Slack, client: WebClient, bot: Listener) -> None:
    slack.command("U_ANA", "C_INC", "/rollback")
    trigger = bot.heard()["trigger_id"]
    client.views_open(trigger_id=trigger, view=MODAL)
    view = slack.view_of("U_ANA")
    assert view is not None
    assert view["callback_id"] == "deny"
    assert error_of(client.views_open, trigger_id=trigger, view=MODAL) == "exchanged_trigger_id"


def test_a_trigger_dies_after_3_seconds(slack: Slack, client: WebClient, bot: Listener) -> None:
    slack.command("U_ANA", "C_INC", "/rollback")
    trigger = bot.heard()["trigger_id"]
    slack.state.triggers[trigger].made_at -= TRIGGER_LIFE + 0.1
    assert error_of(client.views_open, trigger_id=trigger, view=MODAL) == "expired_trigger_id"
    assert error_of(client.views_open, trigger_id="made up", view=MODAL) == "invalid_trigger_id"


def opened(slack: Slack, client: WebClient, bot: Listener) -> dict[str, Any]:
    slack.command("U_ANA", "C_INC", "/rollback")
    client.views_open(trigger_id=bot.heard()["trigger_id"], view=MODAL)
    view = slack.view_of("U_ANA")
    assert view is not None
    return view


def test_a_modal_is_sent_off_with_what_was_filled_in(slack: Slack, client: WebClient, bot: Listener) -> None:
    view = opened(slack, client, bot)
    slack.submit("U_ANA", view, {"reason": "wrong target"})
    assert '"why": {"reason": {"type": "plain_text_input", "value": "wrong target"}}' in bot.heard()["payload"]
    assert slack.view_of("U_ANA") is None


def test_a_modal_with_errors_stays_open(slack: Slack, client: WebClient, bot: Listener) -> None:
    view = opened(slack, client, bot)
    bot.says = Answer(200, {"response_action": "errors", "errors": {"why": "Say more."}})
    assert "Say more." in slack.submit("U_ANA", view, {"reason": "x"}).text
    assert slack.view_of("U_ANA") == view


def test_a_required_input_must_be_filled_in(slack: Slack, client: WebClient, bot: Listener) -> None:
    view = opened(slack, client, bot)
    with pytest.raises(AssertionError, match="reason must be filled in"):
        slack.submit("U_ANA", view)


# What people see.


def test_a_text_is_read_as_people_see_it(slack: Slack, client: WebClient) -> None:
    text = (
        "<@U_ANA> asks <!subteam^S_APPROVERS> in <#C_INC>: a &lt; b, <https://example.com|log>, <!date^1^{time}|03:12>"
    )
    client.chat_postMessage(channel="C_INC", text=text)
    assert slack.text_of(slack.messages("C_INC")[0]) == "@ana asks @approvers in #inc-2026: a < b, log, 03:12"


def test_blocks_are_read_in_full(slack: Slack, client: WebClient) -> None:
    cell = {"type": "raw_text", "text": "site"}
    blocks = [mrkdwn("*Plan*"), {"type": "table", "rows": [[cell, cell]]}, {"type": "actions", "elements": [APPROVE]}]
    client.chat_postMessage(channel="C_INC", text="R-1", blocks=blocks)
    assert slack.text_of(slack.messages("C_INC")[0]) == "R-1\n*Plan*\nsite | site\nApprove"


def test_a_confirm_dialog_can_be_read(slack: Slack, card: Message) -> None:
    assert slack.buttons(card) == ["approve"]
    assert slack.confirm_of(card, "approve") == "Approve R-1?\nProduction goes to *a1b2c3d*.\nApprove\nCancel"


def test_mentions_are_found_in_text_and_mrkdwn_only(slack: Slack, client: WebClient) -> None:
    plain = {"type": "header", "text": {"type": "plain_text", "text": "<!channel>"}}
    blocks = [mrkdwn("<!here> <!subteam^S_APPROVERS|@approvers>"), plain]
    client.chat_postMessage(channel="C_INC", text="<@U_ANA> &lt;!everyone&gt;", blocks=blocks)
    assert slack.mentions(slack.messages("C_INC")[0]) == ["U_ANA", "here", "S_APPROVERS"]


def test_waiting_ends_with_the_change(slack: Slack, client: WebClient) -> None:
    later = threading.Thread(target=lambda: client.chat_postMessage(channel="C_INC", text="Verified"))
    later.start()
    assert slack.wait_for(lambda: slack.find("C_INC", text="Verified"))[0]["user"] == BOT_USER
    later.join()


def test_waiting_in_vain_shows_the_conversation(slack: Slack, card: Message) -> None:
    slack.say("U_BEN", "C_INC", "looking", card["ts"])
    with pytest.raises(AssertionError, match=r"(?s)#inc-2026.*rollback.*Approve.*ben.*looking"):
        slack.wait_for(lambda: False, seconds=0.01)


# The App Home.

HOME = {"type": "home", "blocks": [mrkdwn("R-1 waits for you")]}


def test_opening_the_home_arrives_signed_as_an_event(slack: Slack, bot: Listener) -> None:
    assert slack.open_home("U_ANA").status == 200
    request = bot.requests[-1]
    assert SignatureVerifier(slack.signing_secret).is_valid_request(request.body, dict(request.headers))
    told = json.loads(request.body)
    assert (told["type"], told["team_id"]) == ("event_callback", slack.team.id)
    assert (told["event"]["type"], told["event"]["user"], told["event"]["tab"]) == ("app_home_opened", "U_ANA", "home")


def test_what_is_published_is_seen_by_that_person_alone(slack: Slack, client: WebClient) -> None:
    client.views_publish(user_id="U_ANA", view=HOME)
    (home,) = slack.homes_of("U_ANA")
    assert slack.text_of(home) == "R-1 waits for you"
    assert slack.homes_of("U_BEN") == []


def test_a_home_for_nobody_or_beyond_its_size_is_refused(slack: Slack, client: WebClient) -> None:
    assert error_of(client.views_publish, user_id="U_NONE", view=HOME) == "invalid_arguments"
    large = {**HOME, "blocks": [mrkdwn("x" * 2900)] * 90}
    assert error_of(client.views_publish, user_id="U_ANA", view=large) == "view_too_large"
