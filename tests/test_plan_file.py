"""A plan too long for messages is a file: whole, there before anyone can approve it, and looked for in doubt."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.log_sqlite import SqliteLog
from bot.adapters.slack import Slack
from bot.core.change import Kind
from bot.core.event import Draft
from bot.core.plan import Step
from bot.core.request import ChangeRequest
from bot.core.secret import Secret
from bot.drawing import Drawing, Pictures
from bot.journal import REQUESTS, Journal
from bot.messages.thread import card_of, messages_of
from tests.histories import History, runbook
from tests.simulator.hand import Hand
from tests.simulator.slack import Slack as Workspace
from tests.simulator.wire import Fault, on
from tests.world import INC

COMPLETE = on("files.completeUploadExternal")


class Desk:
    """A request with a long plan, drawn in a workspace until nothing is left to draw."""

    def __init__(self, folder: Path, workspace: Workspace) -> None:
        self.workspace, self.hand = workspace, Hand()
        self.log = SqliteLog(folder / "log.db", self.hand.now)
        self.journal = Journal(self.log, REQUESTS)
        rows = " ".join(f"<{number}>&" for number in range(2500))
        made, planned = History(Step("restore_tables", "table:sessions", {"rows": rows}, {})).planned().events
        data: dict[str, Any] = {**made.data, "channel": INC, "team": workspace.state.team.id}
        self.stream = self.journal.begin(Draft(made.kind, data, made.actor))
        self.journal.record(self.journal.read(self.stream), Draft(planned.kind, planned.data))
        self.start()

    def start(self) -> None:
        """A new process."""
        slack = Slack(Secret(self.workspace.token), f"{self.workspace.url}/api/", self.hand.now)
        shown: Pictures[ChangeRequest] = Pictures(lambda request: messages_of(request, runbook()), card_of)
        self.drawing = Drawing(slack=slack, journal=self.journal, pictures=shown, clock=self.hand.now)

    def draw(self, seconds: int = 10, *, every: int = 1) -> None:
        """Draw for so long, as often as something is to be drawn."""
        for _ in range(0, seconds, every):
            while self.drawing.draw(self.request) is True:
                pass
            self.hand.turn(every)

    @property
    def request(self) -> ChangeRequest:
        return self.journal.read(self.stream)

    @property
    def files(self) -> list[str]:
        return [file["name"] for message in self.workspace.messages(INC) for file in message.get("files") or ()]

    @property
    def refusals(self) -> list[str]:
        """What the log says that Slack refused the file with."""
        return [str(event.data["rule"]) for event in self.log.read(self.stream) if event.kind == Kind.FILE_REFUSED]

    def can_be_approved(self) -> bool:
        return any("approve" in self.workspace.buttons(message) for message in self.workspace.messages(INC))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Workspace() as workspace:
        desk = Desk(tmp_path, workspace)
        yield desk
        desk.log.close()


def test_without_the_scope_nobody_can_approve_it_and_the_thread_says_why_until_it_is_granted(desk: Desk) -> None:
    desk.workspace.scopes.remove("files:write")
    desk.draw(90, every=15)
    assert (desk.files, desk.can_be_approved()) == ([], False)
    (told,) = desk.workspace.find(INC, text="Nobody can approve this yet")
    assert "has no scope `files:write`. Add it to the Slack app and install" in desk.workspace.text_of(told)
    assert desk.refusals == ["missing_scope"]
    desk.workspace.scopes.add("files:write")
    desk.draw(45, every=15)
    assert desk.can_be_approved()
    assert desk.workspace.find(INC, text="Nobody can approve this yet") == []


def test_where_slack_refuses_it_for_another_reason_that_is_told_in_its_word(desk: Desk) -> None:
    desk.workspace.refuse_with["files.completeUploadExternal"] = "file_uploads_disabled"
    desk.draw(3)
    assert not desk.can_be_approved()
    assert len(desk.workspace.find(INC, text="does not take it as a file: `file_uploads_disabled`")) == 1


def test_the_reminder_at_half_time_does_not_speak_of_buttons_that_are_not_there(desk: Desk) -> None:
    desk.workspace.scopes.remove("files:write")
    desk.draw(3)
    desk.journal.note(desk.stream, Draft(Kind.HALF_TIME_PASSED, {}))
    desk.draw()
    (told,) = desk.workspace.find(INC, text="half the time is gone")
    assert "Nobody can approve this yet" in desk.workspace.text_of(told)


def test_once_the_request_has_ended_the_file_is_not_tried_any_more(desk: Desk) -> None:
    desk.workspace.scopes.remove("files:write")
    desk.draw(3)
    desk.journal.record(desk.request, Draft(Kind.REQUEST_EXPIRED, {}))
    desk.draw(60, every=20)
    assert desk.drawing.draw(desk.request) is None


def test_the_whole_plan_is_there_once_and_then_it_can_be_approved(desk: Desk) -> None:
    desk.draw()
    (name,) = desk.files
    plan = next(message.file for message in messages_of(desk.request, runbook()) if message.file)
    assert desk.workspace.file(name) == plan.text
    assert desk.can_be_approved()


@pytest.mark.parametrize("is_restarted", [False, True], ids=["goes on", "dies"])
@pytest.mark.parametrize("arrives", [True, False], ids=["arrived", "lost"])
def test_an_upload_in_doubt_is_looked_for_before_it_is_done_again(
    desk: Desk, *, arrives: bool, is_restarted: bool
) -> None:
    fault = desk.workspace.lay(Fault(COMPLETE, apply=arrives, drop=True))
    desk.draw(1)
    assert fault.arrived.is_set()
    if is_restarted:
        desk.start()
    desk.hand.turn(timedelta(minutes=1).total_seconds())
    desk.draw()
    assert len(desk.files) == 1
    assert desk.can_be_approved()
