"""What else time brings in an incident: checklists, the phases of the recovery, what the bot ticks by itself;
and what a changed runbook makes of an incident that is open.
"""

import pytest

from bot.core.event import BOT, UnknownStreamError
from bot.core.incident import Happened, Incident, Tick
from bot.core.incident_replay import replay
from bot.core.runbook import load_runbook
from tests.histories import waiting
from tests.incident_histories import ANA, BEN, DAY, RUNBOOK_TEXT, STAKEHOLDERS, IncidentHistory, moment, opened

A_SECOND = 1 / 60


def ticked(history: IncidentHistory, name: str) -> dict[str, str]:
    """The items of a checklist that the bot ticked, and what it saw."""
    checklist = history.incident.checklists[name]
    return {checklist.items[number]: tick.evidence for number, tick in checklist.ticks.items() if tick.by == BOT}


class TestChecklists:
    """Each comes once, when its window opens; what is open is said once, when it closes."""

    def test_the_first_comes_with_the_first_request(self) -> None:
        assert opened().told(Happened.CHECKLIST_OPENED, "checklist") == ["Before"]
        assert IncidentHistory(by_request=False).passes(5 * DAY).incident.checklists == {}

    def test_the_others_come_after_the_first_run_that_was_carried_through(self) -> None:
        history = opened().at(10).ended().joined("R-2").at(50).ended("R-2").passes(50)
        assert history.told(Happened.CHECKLIST_OPENED, "checklist") == ["Before", "At once"]
        assert history.passes(70 - A_SECOND).told(Happened.CHECKLIST_ENDED, "checklist") == []
        assert history.passes(70).told(Happened.CHECKLIST_ENDED, "checklist") == ["At once"]
        assert history.passes(8 * DAY).told(Happened.CHECKLIST_ENDED, "checklist") == ["At once", "Within a day"]
        assert len(history.told(Happened.CHECKLIST_OPENED, "checklist")) == 3

    @pytest.mark.parametrize("state", ["Failed", "Denied", "Stopped", "Superseded"])
    def test_a_request_that_was_not_carried_through_opens_none(self, state: str) -> None:
        history = opened().at(10).ended(state=state).passes(8 * DAY)
        assert history.told(Happened.CHECKLIST_OPENED, "checklist") == ["Before"]

    def test_a_run_after_which_checks_fail_counts_as_carried_through(self) -> None:
        assert "At once" in opened().at(10).ended(state="Done, checks fail").passes(11).incident.checklists

    def test_they_go_on_after_the_end(self) -> None:
        history = opened().at(10).ended().resolved(11).passes(8 * DAY)
        assert history.told(Happened.CHECKLIST_OPENED, "checklist") == ["Before", "At once", "Within a day"]
        assert history.until is None

    def test_one_whose_whole_window_passed_while_nobody_looked_is_opened_and_ended(self) -> None:
        history = opened().at(10).ended().passes(8 * DAY)
        assert history.told(Happened.CHECKLIST_ENDED, "checklist") == ["At once", "Within a day"]

    def test_it_keeps_its_items_as_they_were(self) -> None:
        assert opened().incident.checklists["Before"].items[1] == "Verify backup files exist"


class TestTicks:
    """What the bot saw itself, it ticks, with what it saw."""

    def test_symptoms_that_were_given(self) -> None:
        assert ticked(opened(), "Before") == {"Identify specific failure symptoms": "Said with R-1."}

    def test_no_symptoms_given_and_no_backups_read_is_nothing_seen(self) -> None:
        assert ticked(IncidentHistory().joined(reason=False).passes(0), "Before") == {}

    def test_a_scenario_says_the_symptoms(self) -> None:
        history = IncidentHistory().joined(reason=False, scenario="data-corruption").passes(0)
        assert "Identify specific failure symptoms" in ticked(history, "Before")

    def test_backups_that_a_plan_read(self) -> None:
        history = opened().joined("R-2", backups=True).passes(1)
        told = "The plan of R-2 read a backup of every table that it restores."
        assert ticked(history, "Before")["Verify backup files exist"] == told

    def test_stakeholders_that_were_told(self) -> None:
        history = opened().passes(31)
        assert "Notify key stakeholders" not in ticked(history, "Before")
        history.at(33).done("stakeholders/incident 30m").passes(34)
        assert ticked(history, "Before")["Notify key stakeholders"] == "Told at 03:45 UTC."

    def test_checks_that_passed_after_a_run(self) -> None:
        history = opened().at(10).ended(passed={"Site": "status 200", "Error rate": "0 of 20 failed (0 %)"}).passes(11)
        assert ticked(history, "At once") == {
            "Verify all systems operational": "Every check that decides passed after R-1.",
            "Look at the site": "Site: status 200, after R-1.",
            "Monitor error logs": "Error rate: 0 of 20 failed (0 %), after R-1.",
        }

    def test_a_run_after_which_checks_fail_proves_nothing_of_the_whole(self) -> None:
        assert ticked(opened().at(10).ended(state="Done, checks fail").passes(11), "At once") == {}

    def test_a_check_is_not_found_inside_another_word(self) -> None:
        history = opened().at(10).ended(passed={"Cof": "status 200"}).passes(11)
        assert "Have a coffee" not in ticked(history, "At once")

    def test_what_a_person_ticked_stays_theirs(self) -> None:
        history = opened().then(Happened.ITEM_TICKED, {"checklist": "Before", "item": 1}, BEN)
        history.joined("R-2", backups=True).passes(1).then(Happened.ITEM_TICKED, {"checklist": "Before", "item": 1})
        assert history.incident.checklists["Before"].ticks[1] == Tick(BEN, moment(0))


class TestPhases:
    """The recovery timeline: 0 to 5 decide, 5 to 15 roll back, 15 to 30 restore."""

    def test_a_phase_whose_time_is_over_is_late_once(self) -> None:
        history = opened().passes(5 - A_SECOND)
        assert history.told(Happened.PHASE_LATE, "phase") == []
        assert history.passes(5).passes(6).told(Happened.PHASE_LATE, "phase") == [0]
        assert history.passes(DAY).told(Happened.PHASE_LATE, "phase") == [0, 1, 2]

    def test_a_person_ends_a_phase_and_those_before_it(self) -> None:
        history = opened().at(3).then(Happened.PHASE_DONE, {"phase": 1}, BEN).passes(DAY)
        assert history.told(Happened.PHASE_LATE, "phase") == [2]
        assert set(history.incident.phases_done) == {0, 1}

    def test_a_run_that_was_carried_through_ends_the_phase_that_was_going_on(self) -> None:
        history = opened().at(9).ended().passes(9)
        assert history.told(Happened.PHASE_DONE, "phase") == [0, 1]
        assert history.passes(DAY).told(Happened.PHASE_LATE, "phase") == [2]

    def test_a_late_phase_is_still_done_by_a_later_run(self) -> None:
        history = opened().passes(20).at(29).ended().passes(29)
        assert set(history.incident.phases_done) == {0, 1, 2}

    def test_after_the_end_nothing_is_late(self) -> None:
        assert opened().resolved(3).passes(DAY).told(Happened.PHASE_LATE, "phase") == []


class TestReplay:
    """An incident is what its events say."""

    def test_no_events_are_no_incident(self) -> None:
        with pytest.raises(UnknownStreamError):
            replay([])

    def test_the_events_of_a_request_are_no_incident(self) -> None:
        with pytest.raises(UnknownStreamError):
            replay(waiting().events)

    def test_any_event_is_kept_for_what_it_is_at_any_time(self) -> None:
        history = IncidentHistory()
        assert isinstance(history.incident, Incident)
        for kind in (Happened.INCIDENT_CLOSED, Happened.FAULT_NOTED):
            history.then(kind, {"reference": "ab12"})
        assert not history.incident.is_closed  # something happened after it was closed

    def test_a_press_waits_until_it_is_decided_and_holding_it_decides_nothing(self) -> None:
        history = opened().then(Happened.PRESSED, {"verb": "done", "about": "x", "team": "T"}, BEN)
        seq = len(history.events)
        history.then(Happened.PRESS_HELD, {"press": seq})
        assert [one.is_held for one in history.incident.pending] == [True]
        history.then(Happened.PRESS_REFUSED, {"press": seq, "rule": "late", "text": "No."})
        assert history.incident.pending == ()
        assert [(one.person, one.refusal) for one in history.incident.answered] == [(BEN, "No.")]

    def test_who_opened_it_and_where(self) -> None:
        incident = opened().incident
        assert (incident.opened_by, incident.channel, incident.request) == (ANA, "C0INC", "R-1")


class TestAnotherRunbook:
    """The runbook is changed while the incident is open, and the bot starts with it."""

    SOONER = """[[communications.reminders]]
audience = "stakeholders"
when = "incident 10m"
draft = "First news."
"""

    def with_one_more(self, history: IncidentHistory) -> IncidentHistory:
        """Before all others stands a reminder for an audience that has one already."""
        first = "[[communications.reminders]]"
        history.runbook = load_runbook(RUNBOOK_TEXT.replace(first, self.SOONER + first, 1), {})
        return history

    def test_a_reminder_that_is_put_before_another_is_not_taken_for_it(self) -> None:
        history = self.with_one_more(opened().passes(31).done(STAKEHOLDERS)).passes(32)
        assert history.due[-1] == "stakeholders/incident 10m"
        assert history.due.count(STAKEHOLDERS) == 1

    def test_a_moment_that_is_written_in_another_way_is_the_same(self) -> None:
        history = opened().passes(31)
        history.runbook = load_runbook(RUNBOOK_TEXT.replace('"incident 30m"', '"incident  1800s"'), {})
        assert history.passes(32).due.count(STAKEHOLDERS) == 1

    def test_who_was_told_at_a_moment_that_is_no_more_hears_that_it_is_over(self) -> None:
        history = opened().passes(31).done(STAKEHOLDERS)
        history.runbook = load_runbook(RUNBOOK_TEXT.replace('"incident 30m"', '"incident 45m"'), {})
        assert "all clear/resolved/stakeholders" in history.resolved(40).due

    def test_two_for_one_audience_at_one_moment_are_two(self) -> None:
        history = opened()
        history.runbook = load_runbook(RUNBOOK_TEXT + self.SOONER * 2, {})
        assert history.passes(10).due[-2:] == ["stakeholders/incident 10m", "stakeholders/incident 10m (2)"]
