"""The Slack stand-in answers the bot as Slack does, seen through slack_sdk's own client."""

from collections.abc import Iterator

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.metadata import Metadata

from tests.simulator.slack import Slack
from tests.simulator.slack_people import BOT_USER, Channel
from tests.simulator.slack_samples import APPROVE, error_of, mrkdwn
from tests.simulator.slack_server import rate_limited
from tests.simulator.slack_state import Message
from tests.simulator.wire import Fault, on


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as slack:
        yield slack


@pytest.fixture
def client(slack: Slack) -> WebClient:
    return WebClient(token=slack.token, base_url=f"{slack.url}/api/", retry_handlers=[])


@pytest.fixture
def card(slack: Slack, client: WebClient) -> Message:
    blocks = [mrkdwn("Roll back"), {"type": "actions", "elements": [APPROVE]}]
    client.chat_postMessage(channel="C_INC", text="R-1", blocks=blocks)
    return slack.messages("C_INC")[-1]


# Who may call.


def test_the_token_is_checked(slack: Slack) -> None:
    assert error_of(WebClient(token="xoxb-other", base_url=f"{slack.url}/api/").auth_test) == "invalid_auth"
    assert error_of(WebClient(base_url=f"{slack.url}/api/").auth_test) == "not_authed"


def test_auth_test_says_who_the_bot_is(slack: Slack, client: WebClient) -> None:
    answer = client.auth_test()
    assert (answer["user_id"], answer["team_id"], "enterprise_id" in answer.data) == (BOT_USER, "T_MAIN", False)
    assert "chat:write" in answer.headers["x-oauth-scopes"]


@pytest.mark.parametrize("pattern", ["*", "users.info", "users.*"])
def test_a_call_can_be_refused_with_any_error(slack: Slack, client: WebClient, pattern: str) -> None:
    slack.refuse_with[pattern] = "account_inactive"
    assert error_of(client.users_info, user="U_ANA") == "account_inactive"


def test_a_private_channel_needs_its_own_scope(slack: Slack, client: WebClient) -> None:
    slack.channels["C_PRIVATE"] = Channel("C_PRIVATE", "private", {BOT_USER}, is_private=True)
    slack.scopes.remove("groups:history")
    assert error_of(client.conversations_history, channel="C_PRIVATE") == "missing_scope"
    assert client.conversations_history(channel="C_INC")["messages"] == []


def test_an_unknown_method_is_said(client: WebClient) -> None:
    assert error_of(client.api_call, "chat.shout") == "unknown_method"


def test_a_missing_argument_is_said(client: WebClient) -> None:
    assert error_of(client.api_call, "users.info") == "invalid_arguments"


def test_calls_can_be_limited(slack: Slack, client: WebClient) -> None:
    fault = Fault(on("/api/auth.test"), apply=False, answer=rate_limited(7))
    with slack.failing(fault), pytest.raises(SlackApiError) as caught:
        client.auth_test()
    assert caught.value.response.headers["Retry-After"] == "7"


# People and places.


@pytest.mark.parametrize(
    ("user", "field"), [("U_GUEST", "is_restricted"), ("U_BOTTY", "is_bot"), ("U_GONE", "deleted")]
)
def test_people_are_what_they_are(client: WebClient, user: str, field: str) -> None:
    assert client.users_info(user=user)["user"][field] is True
    assert client.users_info(user="U_ANA")["user"][field] is False


def test_an_outsider_is_a_stranger_only_where_no_channel_is_shared(slack: Slack, client: WebClient) -> None:
    assert client.users_info(user="U_OUTSIDER")["user"]["is_stranger"] is False
    for channel in slack.channels.values():
        channel.members.discard("U_OUTSIDER")
    user = client.users_info(user="U_OUTSIDER")["user"]
    assert (user["team_id"], user["is_stranger"]) == ("T_OTHER", True)


def test_unknown_people_groups_and_channels_are_said(client: WebClient) -> None:
    assert error_of(client.users_info, user="U_NOBODY") == "user_not_found"
    assert error_of(client.usergroups_users_list, usergroup="S_NONE") == "no_such_subteam"
    assert error_of(client.conversations_info, channel="C_NONE") == "channel_not_found"


def test_a_group_lists_people_as_they_are_now(slack: Slack, client: WebClient) -> None:
    slack.groups["S_APPROVERS"].users.remove("U_BEN")
    assert "U_BEN" not in client.usergroups_users_list(usergroup="S_APPROVERS")["users"]
    assert client.usergroups_list(include_users=True)["usergroups"][0]["user_count"] == 6


def test_a_channel_tells_who_shares_it(client: WebClient) -> None:
    assert client.conversations_info(channel="C_SHARED")["channel"]["is_ext_shared"] is True
    assert client.conversations_info(channel="C_QUIET")["channel"]["is_member"] is False
    assert "U_ANA" in client.conversations_members(channel="C_INC")["members"]


@pytest.mark.parametrize(
    "call", ["chat_postMessage", "chat_update", "conversations_history", "conversations_replies", "chat_postEphemeral"]
)
def test_posting_and_reading_need_membership(client: WebClient, call: str) -> None:
    arguments = {"channel": "C_QUIET", "text": "x", "ts": "1.0", "user": "U_ANA"}
    assert error_of(getattr(client, call), **arguments) == "not_in_channel"


def test_a_private_channel_without_the_bot_does_not_exist(slack: Slack, client: WebClient) -> None:
    slack.channels["C_QUIET"].is_private = True
    assert error_of(client.chat_postMessage, channel="C_QUIET", text="x") == "channel_not_found"


def test_an_archived_channel_takes_nothing(slack: Slack, client: WebClient) -> None:
    slack.channels["C_INC"].is_archived = True
    assert error_of(client.chat_postMessage, channel="C_INC", text="x") == "is_archived"


# Messages.


def test_timestamps_are_unique_and_grow(slack: Slack, client: WebClient) -> None:
    stamps = [client.chat_postMessage(channel="C_INC", text="x")["ts"] for _ in range(5)]
    assert stamps == sorted(set(stamps))


def test_a_message_is_refused_by_the_rules(client: WebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C_INC", text="x", blocks=[mrkdwn("")])
    assert caught.value.response["error"] == "invalid_blocks"
    assert "/blocks/0/text/text" in caught.value.response["response_metadata"]["messages"][0]


def test_an_edit_takes_a_shorter_text_than_a_post(client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C_INC", text="x" * 40_000)["ts"]
    assert error_of(client.chat_update, channel="C_INC", ts=ts, text="x" * 4_001) == "msg_too_long"


def test_an_edit_without_blocks_removes_them(slack: Slack, client: WebClient, card: Message) -> None:
    client.chat_update(channel="C_INC", ts=card["ts"], text="Expired")
    assert "blocks" not in slack.current(card)
    assert [version["text"] for version in slack.edits(card["ts"])] == ["R-1", "Expired"]


def test_an_edit_keeps_metadata_unless_it_brings_its_own(slack: Slack, client: WebClient) -> None:
    posted = client.chat_postMessage(channel="C_INC", text="x", metadata=Metadata("request", {"id": "R-1"}))
    client.chat_update(channel="C_INC", ts=posted["ts"], text="y")
    assert slack.messages("C_INC")[0]["metadata"]["event_payload"] == {"id": "R-1"}
    client.chat_update(channel="C_INC", ts=posted["ts"], text="y", metadata=Metadata("request", {"id": "R-2"}))
    assert slack.messages("C_INC")[0]["metadata"]["event_payload"] == {"id": "R-2"}


def test_only_own_messages_that_exist_are_edited(slack: Slack, client: WebClient) -> None:
    foreign = slack.say("U_ANA", "C_INC", "what is going on")
    assert error_of(client.chat_update, channel="C_INC", ts=foreign["ts"], text="x") == "cant_update_message"
    assert error_of(client.chat_update, channel="C_INC", ts="1.000000", text="x") == "message_not_found"


def test_metadata_is_read_only_when_asked_for(client: WebClient) -> None:
    client.chat_postMessage(channel="C_INC", text="x", metadata=Metadata("request", {"id": "R-1"}))
    assert "metadata" not in client.conversations_history(channel="C_INC")["messages"][0]
    found = client.conversations_history(channel="C_INC", include_all_metadata=True)["messages"][0]
    assert found["metadata"] == {"event_type": "request", "event_payload": {"id": "R-1"}}


def test_history_has_roots_and_broadcasts_newest_first(slack: Slack, client: WebClient, card: Message) -> None:
    client.chat_postMessage(channel="C_INC", text="plan", thread_ts=card["ts"])
    client.chat_postMessage(channel="C_INC", text="Verified", thread_ts=card["ts"], reply_broadcast=True)
    slack.say("U_ANA", "C_INC", "thanks")
    texts = [message["text"] for message in client.conversations_history(channel="C_INC")["messages"]]
    assert texts == ["thanks", "Verified", "R-1"]


def test_history_can_begin_at_a_message(slack: Slack, client: WebClient) -> None:
    first, second = (slack.say("U_ANA", "C_INC", text)["ts"] for text in "ab")
    after = client.conversations_history(channel="C_INC", oldest=first)["messages"]
    from_there = client.conversations_history(channel="C_INC", oldest=first, inclusive=True)["messages"]
    assert [[m["ts"] for m in found] for found in (after, from_there)] == [[second], [second, first]]


@pytest.mark.parametrize(("call", "expected"), [("conversations_history", "cba"), ("conversations_replies", "Rabc")])
def test_reading_goes_by_pages(slack: Slack, client: WebClient, call: str, expected: str) -> None:
    root = slack.say("U_ANA", "C_GENERAL", "R")["ts"] if call == "conversations_replies" else None
    for text in "abc":
        slack.say("U_ANA", "C_GENERAL", text, root)
    arguments = {"channel": "C_GENERAL", "limit": 2} | ({"ts": root} if root else {})
    pages = [page["messages"] for page in getattr(client, call)(**arguments)]
    assert len(pages) == 2
    assert "".join(message["text"] for page in pages for message in page) == expected


def test_a_thread_has_its_root_first(client: WebClient, card: Message) -> None:
    client.chat_postMessage(channel="C_INC", text="plan", thread_ts=card["ts"])
    thread = client.conversations_replies(channel="C_INC", ts=card["ts"])["messages"]
    assert [(message["text"], message["thread_ts"]) for message in thread] == [
        ("R-1", card["ts"]),
        ("plan", card["ts"]),
    ]
    assert thread[0]["reply_count"] == 1


def test_a_thread_needs_a_root(slack: Slack, client: WebClient, card: Message) -> None:
    reply = slack.say("U_ANA", "C_INC", "why", card["ts"])["ts"]
    assert error_of(client.conversations_replies, channel="C_INC", ts="1.000000") == "thread_not_found"
    assert error_of(client.chat_postMessage, channel="C_INC", text="x", thread_ts="1.000000") == "thread_not_found"
    assert error_of(client.chat_postMessage, channel="C_INC", text="x", thread_ts=reply) == "cannot_reply_to_message"


def test_a_permalink_leads_into_the_thread(slack: Slack, client: WebClient, card: Message) -> None:
    reply = slack.say("U_ANA", "C_INC", "why", card["ts"])["ts"]
    link = client.chat_getPermalink(channel="C_INC", message_ts=reply)["permalink"]
    assert link == f"https://acme.slack.com/archives/C_INC/p{reply.replace('.', '')}?thread_ts={card['ts']}&cid=C_INC"


def test_an_ephemeral_message_is_for_one_person_in_the_channel(slack: Slack, client: WebClient) -> None:
    client.chat_postEphemeral(channel="C_INC", user="U_ANA", text="only members")
    assert [message["text"] for message in slack.ephemeral_to("U_ANA")] == ["only members"]
    assert slack.ephemeral_to("U_BEN") == slack.messages("C_INC") == []
    slack.channels["C_INC"].members.remove("U_EVE")
    assert error_of(client.chat_postEphemeral, channel="C_INC", user="U_EVE", text="x") == "user_not_in_channel"


def test_a_file_is_shared_in_the_thread(slack: Slack, client: WebClient, card: Message) -> None:
    client.files_upload_v2(filename="plan.md", content="# Plan", channel="C_INC", thread_ts=card["ts"])
    assert slack.file("plan.md") == "# Plan"
    assert slack.thread("C_INC", card["ts"])[-1]["files"][0]["title"] == "plan.md"


def test_a_file_has_bytes_as_many_as_were_announced_and_is_shared_once(slack: Slack, client: WebClient) -> None:
    assert error_of(client.files_getUploadURLExternal, filename="a.md", length=0) == "invalid_arguments"
    place = client.files_getUploadURLExternal(filename="a.md", length=3)
    assert httpx.post(place["upload_url"], content=b"four").status_code == 400
    assert error_of(client.files_completeUploadExternal, files=[{"id": place["file_id"]}]) == "file_not_found"
    assert httpx.post(place["upload_url"], content=b"new").status_code == 200
    client.files_completeUploadExternal(files=[{"id": place["file_id"]}], channel_id="C_INC")
    again = error_of(client.files_completeUploadExternal, files=[{"id": place["file_id"]}], channel_id="C_INC")
    assert (again, slack.file("a.md")) == ("file_not_found", "new")
