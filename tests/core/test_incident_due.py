"""When each reminder of the plan is due: its anchor, a snooze, the end. Time is written in minutes."""

import pytest

from bot.core.incident import Happened, Telling
from bot.core.incident_due import Act
from bot.core.runbook import load_runbook
from tests.incident_histories import (
    BEN,
    DAY,
    HOUR,
    NOTICE,
    RUNBOOK_TEXT,
    STAKEHOLDERS,
    STATUS,
    USERS,
    IncidentHistory,
    opened,
)

A_SECOND = 1 / 60


def reminders(history: IncidentHistory) -> dict[str, Telling]:
    return {key: reminder.state for key, reminder in history.incident.reminders.items()}


def test_nothing_is_due_before_its_time_and_the_next_moment_is_named() -> None:
    history = opened().passes(1)
    assert (history.due, history.acts, history.until) == ([NOTICE], (), 5)


def test_a_reminder_is_due_at_its_moment_and_never_again() -> None:
    history = opened().passes(30 - A_SECOND)
    assert STAKEHOLDERS not in history.due
    assert history.passes(30).passes(31).passes(8 * DAY).due.count(STAKEHOLDERS) == 1


def test_a_reminder_is_due_at_once_where_its_moment_passed_while_nobody_looked() -> None:
    assert STAKEHOLDERS in opened().passes(3 * HOUR).due


def test_a_reminder_without_a_recipient_in_the_environment_is_off() -> None:
    assert not [key for key in opened().passes(DAY).due if key.startswith("partners")]


def test_a_scenario_tells_its_audience_when_its_request_joins() -> None:
    history = opened().passes(7)
    assert USERS not in history.due
    assert USERS in history.joined("R-2", scenario="data-corruption").passes(7).due


def test_another_scenario_does_not() -> None:
    assert USERS not in opened().joined("R-2", scenario="performance").passes(DAY).due


def test_the_draft_is_filled_when_it_is_due_and_kept() -> None:
    history = opened().down(2).passes(31)
    text = "A problem since 03:14 UTC: a rollback. State: Waiting for approval. It is 03:43 UTC."
    reminder = history.passes(50).incident.reminders[STAKEHOLDERS]
    assert (reminder.text, reminder.subject) == (text, "Web shop: incident I-1")


def test_a_day_other_than_today_is_spelled_out() -> None:
    history = opened().down(1).passes(25 * HOUR)
    assert "since 2026-11-21 03:13 UTC" in history.incident.reminders[STAKEHOLDERS].text


def test_no_mail_address_is_in_an_event() -> None:
    assert "board@" not in str(opened().passes(DAY).resolved(2 * DAY).events)


class TestDowntime:
    """What is due when the site was down for 15 minutes in all."""

    @pytest.mark.parametrize(
        ("history", "minute"),
        [
            (opened().down(2), 17),
            (opened().down(2).up(17), 17),
            (opened().down(0).up(10).down(40), 45),
            (opened().down(0).up(10).down(40).up(44).down(60), 61),
            (opened().down(20).corrected(10), 25),
            (opened().down(0).up(10).down(40).corrected(-5), 10),
            (opened().down(0).up(10).down(40).corrected(8), 15),
        ],
        ids=["one", "to the second", "two", "three", "corrected", "corrected over another", "what overlaps"],
    )
    def test_the_status_page_is_due_when_all_outages_together_last_15_minutes(
        self, history: IncidentHistory, minute: float
    ) -> None:
        assert STATUS not in history.passes(minute - A_SECOND).due
        assert STATUS in history.passes(minute).due

    @pytest.mark.parametrize(
        "history",
        [opened(), opened().down(2).up(16.9), opened().down(2).up(10).down(20).up(26)],
        ids=["never down", "shortly", "twice shortly"],
    )
    def test_a_site_that_was_not_down_that_long_is_nothing_for_the_status_page(self, history: IncidentHistory) -> None:
        assert STATUS not in history.passes(8 * DAY).due

    def test_a_correction_that_makes_it_long_enough_is_due_at_once(self) -> None:
        assert STATUS in opened().down(14).corrected(-5).passes(14).due

    def test_an_outage_ends_no_earlier_than_it_began_though_the_clock_was_set_back(self) -> None:
        (outage,) = opened().down(2 * HOUR).up(1).incident.outages
        assert outage.until == outage.since


class TestOverdue:
    """The stakeholders are to be told by minute 60."""

    def test_it_is_said_once(self) -> None:
        history = opened().passes(60 - A_SECOND)
        assert history.told(Happened.REMINDER_OVERDUE) == []
        assert history.passes(60).passes(61).passes(DAY).told(Happened.REMINDER_OVERDUE) == [STAKEHOLDERS]

    @pytest.mark.parametrize("kind", [Happened.REMINDER_DONE, Happened.REMINDER_DROPPED])
    def test_what_is_settled_is_not_overdue(self, kind: Happened) -> None:
        history = opened().passes(30).moved(kind, STAKEHOLDERS, why="They know")
        assert history.passes(DAY).told(Happened.REMINDER_OVERDUE) == []

    def test_what_came_back_after_a_snooze_is_not_said_to_be_overdue_again(self) -> None:
        history = opened().passes(60).snoozed(STAKEHOLDERS, 70).passes(DAY)
        assert history.told(Happened.REMINDER_OVERDUE) == [STAKEHOLDERS]

    def test_what_may_have_been_sent_is_overdue_because_somebody_has_to_look(self) -> None:
        history = opened().passes(30).moved(Happened.SENDING_LOST, STAKEHOLDERS, text="No answer.")
        assert history.passes(60).told(Happened.REMINDER_OVERDUE) == [STAKEHOLDERS]


class TestSnooze:
    """It rests, and comes back once."""

    def test_it_comes_back_when_its_rest_is_over(self) -> None:
        history = opened().passes(30).snoozed(STAKEHOLDERS, 41)
        assert history.passes(41 - A_SECOND).due.count(STAKEHOLDERS) == 1
        assert history.passes(41).passes(50).due.count(STAKEHOLDERS) == 2
        assert history.incident.reminders[STAKEHOLDERS].round == 2

    def test_it_comes_back_with_what_is_known_then(self) -> None:
        history = opened().passes(30).snoozed(STAKEHOLDERS, 41).passes(41)
        assert history.incident.reminders[STAKEHOLDERS].text.endswith("It is 03:53 UTC.")

    def test_an_all_clear_that_rests_comes_back_after_the_end(self) -> None:
        history = opened().passes(30).done(STAKEHOLDERS).resolved(40)
        key = "all clear/resolved/stakeholders"
        assert history.snoozed(key, 50).passes(50).due.count(key) == 2
        assert "works again since 03:52 UTC" in history.incident.reminders[key].text


class TestTheEnd:
    """A person says that it is over."""

    def test_nobody_is_told_that_something_is_wrong_any_more(self) -> None:
        history = opened().down(1).resolved(12).passes(8 * DAY)
        assert history.due == [NOTICE, "all clear/resolved/internal"]
        assert history.told(Happened.REMINDER_OVERDUE) == []

    def test_what_nobody_did_is_not_asked_for_any_more(self) -> None:
        history = opened().down(1).passes(31).snoozed(STATUS, 41).resolved(35)
        assert history.told(Happened.REMINDER_DROPPED) == [STATUS, STAKEHOLDERS]
        assert history.passes(DAY).due.count(STATUS) == 1

    def test_that_holds_though_the_clock_was_set_back_before_the_end(self) -> None:
        history = opened().passes(31).at(10).then(Happened.INCIDENT_RESOLVED, {}, BEN).passes(10)
        assert history.told(Happened.REMINDER_DROPPED) == [STAKEHOLDERS]

    def test_what_may_have_been_sent_stays_because_somebody_has_to_look(self) -> None:
        history = opened().passes(30).moved(Happened.SENDING_LOST, STAKEHOLDERS, text="No answer.").resolved(40)
        assert reminders(history)[STAKEHOLDERS] is Telling.LOST

    def test_who_was_told_is_told_that_it_is_over_in_the_same_way(self) -> None:
        history = opened().down(1).passes(30).done(STATUS, "inc1").done(STAKEHOLDERS, "<1@bot>")
        clear = history.up(35).resolved(40).incident.reminders
        assert clear["all clear/resolved/status page"].reference == "inc1"
        assert clear["all clear/resolved/stakeholders"].subject == "Web shop: incident I-1"
        assert clear["all clear/resolved/internal"].is_own

    def test_the_bot_says_nowhere_by_itself_that_it_is_over_while_the_site_is_down(self) -> None:
        clear = opened().down(1).resolved(12).incident.reminders["all clear/resolved/internal"]
        assert (clear.state, clear.is_own) == (Telling.DUE, False)

    def test_who_was_not_told_is_not_told_that_it_is_over(self) -> None:
        history = opened().down(1).passes(30).moved(Happened.REMINDER_DROPPED, STATUS, why="Small").resolved(40)
        assert history.due[-1:] == ["all clear/resolved/internal"]

    def test_done_on_still_pinned_makes_nobody_an_audience(self) -> None:
        history = opened().passes(DAY).pinned().done("still pinned/1").resolved(DAY + 1)
        assert history.due[-1:] == ["all clear/resolved/internal"]

    def test_it_says_when_it_works_again_and_since_when_it_was_affected(self) -> None:
        text = opened().down(2).resolved(8).incident.reminders["all clear/resolved/internal"].text
        assert text == "Web shop works again since 03:20 UTC. It was affected since 03:14 UTC."


class TestReopened:
    """Nothing was left to do, and the incident was closed; then somebody presses something."""

    def test_what_a_later_runbook_wants_is_not_caught_up(self) -> None:
        history = opened().at(10).ended().resolved(11).passes(9 * DAY).then(Happened.INCIDENT_CLOSED)
        before = len(history.events)
        renamed = RUNBOOK_TEXT.replace('"all clear"', '"over"').replace('"At once"', '"First hour"')
        history.runbook = load_runbook(renamed, {})
        history.then(Happened.ITEM_TICKED, {"checklist": "Before", "item": 1}, BEN).passes(10 * DAY)
        assert [event.kind for event in history.events[before:]] == [Happened.ITEM_TICKED]

    def test_who_turns_out_to_have_been_told_hears_that_it_is_over(self) -> None:
        history = opened().passes(30).moved(Happened.SENDING_LOST, STAKEHOLDERS, text="No answer.").resolved(40)
        history.passes(DAY).then(Happened.INCIDENT_CLOSED).at(DAY + 5).done(STAKEHOLDERS).passes(DAY + 5)
        assert history.due[-1] == "all clear/resolved/stakeholders"

    def test_a_run_that_ends_afterwards_brings_its_checklists(self) -> None:
        history = opened().resolved(3).then(Happened.INCIDENT_CLOSED).at(9).ended().passes(9)
        assert "At once" in history.incident.checklists


class TestOwnNotice:
    """The bot posts it in the internal channel by itself."""

    def test_it_is_done_when_it_stands_there(self) -> None:
        history = IncidentHistory().joined().passes(0)
        assert reminders(history)[NOTICE] is Telling.DUE
        assert reminders(history.noticed().passes(0))[NOTICE] is Telling.DONE

    def test_people_are_asked_to_post_it_when_slack_has_not_taken_it_for_a_minute(self) -> None:
        history = IncidentHistory().joined().passes(0).tried().passes(1 - A_SECOND)
        assert (history.incident.reminders[NOTICE].is_own, history.until) == (True, 1)
        assert not history.passes(1).incident.reminders[NOTICE].is_own
        assert history.passes(DAY).due.count(NOTICE) == 2

    def test_one_that_was_never_tried_because_the_bot_was_down_is_still_its_own_to_post(self) -> None:
        assert IncidentHistory().joined().passes(0).passes(DAY).incident.reminders[NOTICE].is_own


class TestPin:
    """Production stays pinned after a rollback; somebody looks once a day."""

    def test_it_is_looked_at_a_day_after_the_run_and_a_day_after_each_look(self) -> None:
        history = opened().at(10).ended(pins=True).resolved(11)
        assert history.passes(DAY + 10 - A_SECOND).acts == ()
        assert history.passes(DAY + 10).acts == (Act.LOOK_AT_PIN,)
        assert history.pinned().acts == ()
        assert history.passes(2 * DAY + 10).acts == (Act.LOOK_AT_PIN,)

    def test_a_run_that_pins_nothing_is_not_looked_at(self) -> None:
        history = opened().at(10).ended(pins=False).resolved(11).passes(3 * DAY)
        assert history.acts == ()

    def test_when_the_pin_has_ended_nobody_looks_and_nothing_about_it_is_asked_for(self) -> None:
        history = (
            opened().at(10).ended(pins=True).passes(2 * DAY).pinned().then(Happened.PIN_ENDED, {"deployment": "x"})
        )
        assert reminders(history.passes(9 * DAY))["still pinned/1"] is Telling.DROPPED
        assert history.acts == ()

    def test_not_needed_ends_the_looking(self) -> None:
        history = opened().at(10).ended(pins=True).passes(2 * DAY).pinned()
        assert history.moved(Happened.REMINDER_DROPPED, "still pinned/1", why="On purpose").passes(9 * DAY).acts == ()

    def test_a_newer_one_takes_the_place_of_those_before_it_and_the_looking_goes_on(self) -> None:
        history = opened().at(10).ended(pins=True).resolved(11).passes(2 * DAY).pinned().passes(3 * DAY).pinned(2)
        history.passes(3 * DAY)
        states = [reminders(history)[f"still pinned/{number}"] for number in (1, 2)]
        assert states == [Telling.DROPPED, Telling.DUE]
        assert history.passes(4 * DAY).acts == (Act.LOOK_AT_PIN,)

    def test_done_does_not(self) -> None:
        history = opened().at(10).ended(pins=True).passes(2 * DAY).pinned().done("still pinned/1")
        assert history.passes(3 * DAY).acts == (Act.LOOK_AT_PIN,)

    def test_after_a_snooze_it_is_looked_at_again_before_anything_is_said(self) -> None:
        history = opened().at(10).ended(pins=True).passes(2 * DAY).pinned().snoozed("still pinned/1", 2 * DAY + 10)
        assert history.passes(2 * DAY + 10).acts == (Act.LOOK_AT_PIN,)
        assert history.due.count("still pinned/1") == 1

    def test_a_later_rollback_is_looked_at_anew(self) -> None:
        history = opened().at(10).ended(pins=True).passes(2 * DAY).then(Happened.PIN_ENDED, {"deployment": "x"})
        history.joined("R-2").ended("R-2", pins=True)
        assert history.passes(3 * DAY).acts == (Act.LOOK_AT_PIN,)


def test_what_was_being_sent_is_to_be_settled() -> None:
    history = opened().passes(30).moved(Happened.SENDING_BEGUN, STAKEHOLDERS, reference="<1@bot>")
    assert history.acts == (Act.SETTLE,)


def test_a_press_is_decided_wherever_the_incident_stands() -> None:
    said = {"verb": "resolve", "about": "", "team": "T0ACME"}
    assert opened().then(Happened.PRESSED, said, "U0BEN").acts == (Act.DECIDE,)
    assert opened().resolved(3).then(Happened.PRESSED, said, "U0BEN").acts == (Act.DECIDE,)
