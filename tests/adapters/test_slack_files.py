"""A text as a file in Slack: before the last of the three calls nobody sees anything, after it nobody may know."""

import traceback
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.adapters.slack import Slack
from bot.core.errors import BotError, OutcomeUnknown, Refused, Revoked, Unavailable
from bot.core.secret import Secret
from tests.simulator.slack import Slack as Workspace
from tests.simulator.slack_people import BOT_USER
from tests.simulator.slack_server import rate_limited
from tests.simulator.wire import Answer, Fault, on
from tests.world import INC

TIMELINE = "# I-1\n\n- 03:12 Zoë Müller: “down” …\n"
PLACE, COMPLETE = "files.getUploadURLExternal", "files.completeUploadExternal"


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with Workspace() as one:
        yield one


@pytest.fixture
def slack(workspace: Workspace) -> Slack:
    return Slack(Secret(workspace.token), f"{workspace.url}/api/", lambda: datetime.now(UTC))


def upload(slack: Slack, channel: str = INC, thread: str = "") -> None:
    slack.upload(channel, name="I-1.md", title="Timeline of I-1", text=TIMELINE, thread=thread)


def test_a_text_is_shared_as_a_file_in_the_thread(workspace: Workspace, slack: Slack) -> None:
    root = workspace.say("U_ANA", INC, "/rollback timeline")
    upload(slack, thread=root["ts"])
    (_, shared) = workspace.thread(INC, root["ts"])
    assert (shared["user"], workspace.file("I-1.md")) == (BOT_USER, TIMELINE)
    assert workspace.text_of(shared) == "Timeline of I-1\nI-1.md"
    assert "I-1.md" in workspace.transcript(INC)


def test_without_a_thread_it_is_shared_in_the_channel(workspace: Workspace, slack: Slack) -> None:
    upload(slack)
    (shared,) = workspace.messages(INC)
    assert "thread_ts" not in shared


@pytest.mark.parametrize("path", [PLACE, "F00000001"], ids=["announced", "sent"])
@pytest.mark.parametrize(
    "fault",
    [{"answer": Answer(500)}, {"answer": Answer(302, headers={"location": "http://127.0.0.1:1"})}, {"drop": True}],
    ids=["500", "302", "dropped"],
)
def test_what_fails_before_the_last_call_posted_nothing(
    workspace: Workspace, slack: Slack, path: str, fault: dict[str, object]
) -> None:
    workspace.lay(Fault(on(path), **fault))  # type: ignore[arg-type]  # one of the fields above
    with pytest.raises(Unavailable):
        upload(slack)
    assert workspace.messages(INC) == []
    assert workspace.asked("POST", COMPLETE) == []


@pytest.mark.parametrize(
    "fault", [{"answer": Answer(500)}, {"answer": Answer(200, b"<html>")}, {"drop": True}], ids=["500", "html", "drop"]
)
def test_no_clear_answer_to_the_last_call_is_an_unknown_outcome(
    workspace: Workspace, slack: Slack, fault: dict[str, object]
) -> None:
    workspace.lay(Fault(on(COMPLETE), **fault))  # type: ignore[arg-type]  # one of the fields above
    with pytest.raises(OutcomeUnknown):
        upload(slack)
    assert len(workspace.messages(INC)) == 1


@pytest.mark.parametrize(
    ("method", "error", "kind"),
    [
        (PLACE, "file_uploads_disabled", Refused),
        (PLACE, "missing_scope", Refused),
        (PLACE, "token_revoked", Revoked),
        (COMPLETE, "not_in_channel", Refused),
    ],
)
def test_what_slack_refuses_is_refused(
    workspace: Workspace, slack: Slack, method: str, error: str, kind: type[BotError]
) -> None:
    workspace.refuse_with[method] = error
    with pytest.raises(kind, match=error):
        upload(slack)
    assert workspace.messages(INC) == []


def test_slacks_wish_for_patience_is_kept(workspace: Workspace, slack: Slack) -> None:
    workspace.lay(Fault(on(COMPLETE), apply=False, answer=rate_limited(7)))
    with pytest.raises(Unavailable) as raised:
        upload(slack)
    assert raised.value.retry_at is not None


def test_an_empty_text_is_no_file(workspace: Workspace, slack: Slack) -> None:
    with pytest.raises(Refused, match="invalid_arguments"):
        slack.upload(INC, name="I-1.md", title="Timeline", text="")


def test_the_address_of_the_upload_is_in_no_error(workspace: Workspace, slack: Slack) -> None:
    workspace.lay(Fault(on("F00000001"), drop=True))
    with pytest.raises(Unavailable) as raised:
        upload(slack)
    assert "/upload/" not in "".join(traceback.format_exception(raised.value))
