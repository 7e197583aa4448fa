"""What the log knows to be stopped: by which request, since when, and until whose resume."""

from datetime import datetime, timedelta

import pytest

from bot.core.change import Kind
from bot.core.next import Act, what_is_due
from bot.core.policy import refusal_to_undo
from bot.core.writes import RESUME, STOP, stopped_by, stopped_writes, untold_resumes, writes_facts
from tests.histories import BEGIN, DEE, History
from tests.messages.writes import (
    NAMES,
    WRITES,
    asked,
    of_three,
    resume,
    resumed_by,
    step_done,
    stopped,
    writes,
)

NOW = BEGIN + timedelta(hours=1)


def tables(history: History, *, at_its_end: bool = False) -> list[str]:
    found = stopped_by(history.request, at_its_end=at_its_end)
    return list(found.tables) if found else []


def since(history: History) -> datetime:
    found = stopped_by(history.request)
    assert found
    return found.since


@pytest.mark.parametrize("action", [STOP, RESUME])
def test_the_facts_of_a_step_are_read_back_as_they_were_written(action: str) -> None:
    facts = writes(action, makes_schema=True)
    assert writes_facts(facts.as_step()) == facts


class TestStopped:
    """What a request left stopped."""

    @pytest.mark.parametrize("name", ["stop_waiting", "stop_running", "stop_unknown", "resume_verified"])
    def test_nothing_before_it_is_known_to_be_done(self, name: str) -> None:
        assert tables(WRITES[name]) == []

    def test_the_tables_that_the_step_stopped_since_it_was_done(self) -> None:
        history = stopped()
        assert tables(history) == NAMES
        assert since(history) == history.request.runs[0].ended_at

    def test_not_those_that_were_stopped_before(self) -> None:
        assert tables(step_done(asked(writes(STOP)).approved(), stopped=NAMES[:1])) == NAMES[:1]

    def test_all_of_them_where_a_person_said_that_it_happened(self) -> None:
        assert tables(WRITES["stop_settled"]) == NAMES

    def test_none_after_a_later_step_of_the_same_plan_resumed_them(self) -> None:
        assert tables(WRITES["stop_then_resumed"]) == []

    def test_all_of_them_where_the_plan_failed_before_that_step(self) -> None:
        assert tables(WRITES["stop_then_failed"]) == NAMES

    def test_none_after_another_request_resumed_them_but_still_at_its_own_end(self) -> None:
        assert tables(WRITES["stop_resumed"]) == []
        assert tables(WRITES["stop_resumed"], at_its_end=True) == NAMES

    def test_the_rest_after_a_resume_of_some(self) -> None:
        assert tables(WRITES["stop_resumed_in_part"]) == NAMES[1:]

    def test_requests_are_named_the_longest_stopped_first(self) -> None:
        later = stopped()
        later.events = [event.__class__(**{**event.__dict__, "at": event.at + timedelta(1)}) for event in later.events]
        found = stopped_writes([later.request, WRITES["stop_waiting"].request, stopped().request])
        assert [one.since for one in found] == [since(stopped()), since(later)]


class TestRemembering:
    """A request whose writes are stopped is remembered, however long ago it was."""

    def test_it_stays_open_until_they_are_resumed(self) -> None:
        assert what_is_due(stopped().request, NOW).stays_open
        assert not what_is_due(WRITES["stop_resumed"].request, NOW).stays_open

    def test_the_stop_is_undone_by_the_request_that_resumed_all_of_it(self) -> None:
        assert WRITES["stop_resumed"].request.undone == {0: "R-18"}
        refusal = refusal_to_undo(WRITES["stop_resumed"].request)
        assert refusal
        assert "undone already, by R-18" in refusal.text

    @pytest.mark.parametrize("name", ["stop_resumed_in_part", "stop_seen_resumed"])
    def test_it_is_undone_by_no_request_where_none_resumed_all_of_it(self, name: str) -> None:
        assert WRITES[name].request.undone == {}

    def test_two_resumes_of_a_part_each_come_to_the_whole(self) -> None:
        both = resumed_by(resumed_by(stopped(), "R-18", NAMES[0]), "R-19", NAMES[1])
        assert both.request.undone == {0: "R-19"}


class TestTelling:
    """Whoever stopped writes learns of their resume."""

    def test_is_due_as_soon_as_the_resume_is_done_and_once(self) -> None:
        done = step_done(resume(), resumed=NAMES)
        assert what_is_due(resume().started().request, NOW).acts == (Act.LOOK,)
        assert what_is_due(done.request, NOW).acts[0] is Act.TELL_RESUMED
        assert [one.tables for one in untold_resumes(done.request)] == [tuple(NAMES)]
        assert Act.TELL_RESUMED not in what_is_due(done.then(Kind.RESUME_TOLD, {"steps": [0]}).request, NOW).acts

    def test_is_due_where_a_person_said_that_the_resume_happened(self) -> None:
        settled = resume().started().lost("").settled(DEE, as_done=True)
        assert what_is_due(settled.request, NOW).acts == (Act.TELL_RESUMED,)

    def test_is_due_for_nothing_that_is_not_done(self) -> None:
        assert untold_resumes(of_three().request) == ()
        assert untold_resumes(WRITES["stop_then_failed"].request) == ()
