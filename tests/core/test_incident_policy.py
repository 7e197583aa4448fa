"""Who may press what in an incident, and when: one table of verb, where the thing stands, and the rule that says no."""

from datetime import timedelta

import pytest

from bot.core.change import FINAL, State
from bot.core.incident import Happened, Verb
from bot.core.incident_policy import BY_APPROVERS, is_requester, refusal_of_press, refusal_to_resolve
from tests.core.standings import standing
from tests.incident_histories import ANA, BEGIN, BEN, IncidentHistory, moment, opened, press
from tests.messages.writes import NAMES, stopped

KEY = "stakeholders/incident 30m"
ON_REMINDERS = (Verb.DONE, Verb.SNOOZE, Verb.NOT_NEEDED, Verb.SEND)


def due() -> IncidentHistory:
    """The stakeholders are to be told, the site is down, and the first checklist is open."""
    return opened().down(1).passes(31)


REMINDER = {
    "due": due(),
    "snoozed": due().snoozed(KEY, 41),
    "failed": due().moved(Happened.SENDING_FAILED, KEY, text="No."),
    "being sent": due().moved(Happened.SENDING_BEGUN, KEY, reference="<1@bot>"),
    "maybe sent": due().moved(Happened.SENDING_LOST, KEY, text="No answer."),
    "done": due().done(KEY),
    "not needed": due().moved(Happened.REMINDER_DROPPED, KEY, why="They know"),
    "resolved": due().resolved(32),
    "unknown": opened(),
}
SETTLED, SENDING = "This is settled already", "It is being sent at this moment"


@pytest.mark.parametrize("verb", ON_REMINDERS)
@pytest.mark.parametrize(
    ("stands", "sentence"),
    [
        ("due", ""),
        ("failed", ""),
        ("being sent", SENDING),
        ("done", SETTLED),
        ("not needed", SETTLED),
        ("resolved", SETTLED),
        ("unknown", "no reminder of that name"),
    ],
)
def test_what_may_be_pressed_on_a_reminder(verb: Verb, stands: str, sentence: str) -> None:
    assert_refused(REMINDER[stands], verb, KEY, sentence)


@pytest.mark.parametrize(
    ("verb", "sentence"),
    [
        (Verb.DONE, ""),
        (Verb.NOT_NEEDED, ""),
        (Verb.SEND_AGAIN, ""),
        (Verb.SEND, "may have been sent"),
        (Verb.SNOOZE, "may have been sent"),
    ],
)
def test_what_may_have_been_sent_is_sent_only_by_who_was_shown_that(verb: Verb, sentence: str) -> None:
    assert_refused(REMINDER["maybe sent"], verb, KEY, sentence)


@pytest.mark.parametrize(("stands", "sentence"), [("due", "not in doubt"), ("being sent", SENDING), ("done", SETTLED)])
def test_nothing_is_sent_again_that_was_not_lost(stands: str, sentence: str) -> None:
    assert_refused(REMINDER[stands], Verb.SEND_AGAIN, KEY, sentence)


@pytest.mark.parametrize(
    ("verb", "sentence"), [(Verb.DONE, ""), (Verb.NOT_NEEDED, ""), (Verb.SEND, ""), (Verb.SNOOZE, "It rests already")]
)
def test_what_may_be_pressed_while_it_rests(verb: Verb, sentence: str) -> None:
    assert_refused(REMINDER["snoozed"], verb, KEY, sentence)


CLOCK = [
    (Verb.RESOLVE, "", {}, ""),
    (Verb.PHASE_DONE, "0", {}, ""),
    (Verb.PHASE_DONE, "1", {}, "not the phase that I-1 is at"),
    (Verb.PHASE_DONE, "-1", {}, "not the phase that I-1 is at"),
    (Verb.PHASE_DONE, "", {}, "not the phase that I-1 is at"),
    (Verb.DOWN_SINCE, "1", {"at": moment(-9).isoformat()}, ""),
    (Verb.DOWN_SINCE, "1", {"at": "2026-11-21T04:10:00+01:00"}, ""),
    (Verb.DOWN_SINCE, "1", {"at": moment(40).isoformat()}, "in the future"),
    (Verb.DOWN_SINCE, "1", {"at": (BEGIN - timedelta(days=8)).isoformat()}, "over 7 days before"),
    (Verb.DOWN_SINCE, "1", {"at": "2026-11-21T03:00:00"}, "no moment"),
    (Verb.DOWN_SINCE, "1", {"at": "0001-01-01T00:00:00+14:00"}, "no moment"),
    (Verb.DOWN_SINCE, "1", {"at": "yesterday"}, "no moment"),
    (Verb.DOWN_SINCE, "1", {}, "no moment"),
]


@pytest.mark.parametrize(("verb", "about", "data", "sentence"), CLOCK)
def test_what_may_be_pressed_while_the_incident_is_open(
    verb: Verb, about: str, data: dict[str, str], sentence: str
) -> None:
    assert_refused(due(), verb, about, sentence, **data)


@pytest.mark.parametrize(("verb", "about", "data", "_"), CLOCK)
def test_nothing_of_that_after_its_end(verb: Verb, about: str, data: dict[str, str], _: str) -> None:
    assert_refused(due().resolved(32), verb, about, "is resolved already, by <@U0BEN> at 03:44 UTC", **data)


def test_a_phase_is_done_once() -> None:
    history = due().then(Happened.PHASE_DONE, {"phase": 1}, BEN)
    assert_refused(history, Verb.PHASE_DONE, "0", "done already, by <@U0BEN> at 03:43 UTC")
    assert_refused(history, Verb.PHASE_DONE, "2", "")


def test_a_downtime_that_ended_cannot_begin_after_its_end() -> None:
    assert_refused(opened().down(1).up(9), Verb.DOWN_SINCE, "1", "after it ended", at=moment(10).isoformat())


@pytest.mark.parametrize(("about", "sentence"), [("1", "Press *Down since…* again"), ("", "again"), ("2", "")])
def test_a_correction_is_of_the_outage_in_which_its_form_was_opened(about: str, sentence: str) -> None:
    at = moment(19).isoformat()
    assert_refused(opened().down(1).up(9).down(20), Verb.DOWN_SINCE, about, sentence, at=at)


def test_where_the_checks_saw_no_downtime_there_is_no_beginning_to_correct() -> None:
    assert_refused(opened(), Verb.DOWN_SINCE, "", "have seen no downtime", at=moment(0).isoformat())


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        ("Before/2", ""),
        ("Before/0", "ticked already by the bot at 03:12 UTC"),
        ("Before/1", "ticked already by <@U0BEN> at 03:43 UTC"),
        ("Before/3", "no such item"),
        ("Before/x", "no such item"),
        ("Later/0", "no such item"),
        ("", "no such item"),
    ],
)
@pytest.mark.parametrize("is_over", [False, True])
def test_an_item_is_ticked_once_also_after_the_end(about: str, sentence: str, *, is_over: bool) -> None:
    history = due().then(Happened.ITEM_TICKED, {"checklist": "Before", "item": 1}, BEN)
    assert_refused(history.resolved(32) if is_over else history, Verb.TICK, about, sentence)


@pytest.mark.parametrize("verb", Verb)
def test_nothing_from_another_workspace(verb: Verb) -> None:
    assert_refused(due(), verb, KEY, "belongs to another workspace", team="T0OTHER")


def test_the_status_page_that_a_person_told_is_not_told_by_the_bot_that_it_is_over() -> None:
    by_hand, by_bot = (
        due().done("status page/downtime 15m").resolved(32),
        due().done("status page/downtime 15m", "inc1").resolved(32),
    )
    clear = "all clear/resolved/status page"
    assert_refused(by_hand, Verb.SEND, clear, "end it there by hand, then press Done")
    assert_refused(by_bot, Verb.SEND, clear, "")


def test_what_may_be_on_the_status_page_is_not_published_again_after_the_end() -> None:
    history = due().moved(Happened.SENDING_LOST, "status page/downtime 15m", text="No answer.").resolved(32)
    assert_refused(history, Verb.SEND_AGAIN, "status page/downtime 15m", "end it there by hand")


@pytest.mark.parametrize("state", State)
def test_an_incident_is_not_resolved_while_one_of_its_requests_is_open(state: State) -> None:
    refusal = refusal_to_resolve(opened().incident, [standing(State.DENIED).request, standing(state).request], [])
    told = f"I-1 can't be resolved before its requests have ended. R-17 ({state}): "
    assert (refusal.text.startswith(told) if refusal else False) is (state not in FINAL)


def test_who_may_not_resolve_yet_reads_how_a_waiting_request_ends() -> None:
    refusal = refusal_to_resolve(opened().incident, [standing(State.WAITING).request], [])
    assert refusal
    way = "R-17 (Waiting for approval): withdraw or deny it in its thread; it expires by itself at 03:42 UTC."
    assert refusal.text.endswith(f"{way} Nothing was changed.")


def test_an_incident_is_not_resolved_while_writes_are_stopped_by_whomever() -> None:
    refusal = refusal_to_resolve(opened().incident, [], [stopped().request])
    assert refusal
    assert refusal.text == (
        f"I-1 can't be resolved while writes to {', '.join(sorted(NAMES))} are stopped: `/dbrestore resume-writes`. "
        "Nothing was changed."
    )


def test_sending_is_for_approvers_and_who_asked_for_a_change() -> None:
    assert set(BY_APPROVERS) == {Verb.SEND, Verb.SEND_AGAIN}
    assert is_requester(opened().incident, ANA)
    assert not is_requester(opened().incident, BEN)


def assert_refused(history: IncidentHistory, verb: Verb, about: str, sentence: str, **data: str) -> None:
    """The press is refused with this in its sentence; "" = it is not refused."""
    refusal = refusal_of_press(history.incident, press(verb, about, 33, **data))
    told = refusal.text if refusal else ""
    assert sentence in told
    assert bool(sentence) is bool(told)
