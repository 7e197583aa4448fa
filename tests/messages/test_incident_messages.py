"""What people read of an incident, and what they can press."""

import json

import pytest

from bot.core.incident import Happened, Verb
from bot.messages.incident_status import incident_lines
from bot.messages.picture import Place
from tests.histories import ANA, BEN, CHANNEL
from tests.messages.incidents import (
    BOTH,
    DRAFT,
    INCIDENTS,
    INTERNAL,
    IncidentHistory,
    messages,
    noticed,
    opened,
    resolved,
)
from tests.messages.shown import elements, mentions, words

STAKEHOLDERS = "reminder/stakeholders/incident 30m/1"
# The whole table: history → message → what can be pressed on it, without "incident_". All others have no button.
PRESSED: dict[str, dict[str, set[str]]] = {
    "due": {STAKEHOLDERS: {"done", "snooze", "not_needed"}},
    "due_by_mail": {STAKEHOLDERS: {"send", "done", "snooze", "not_needed"}},
    "due_on_the_page": {"reminder/status page/downtime 15m/1": {"send", "done", "snooze", "not_needed"}},
    "due_by_hand_on_the_page": {"reminder/status page/downtime 15m/1": {"done", "snooze", "not_needed"}},
    "not_noticed": {"reminder/internal/incident/2": {"done", "snooze", "not_needed"}},
    "snoozed": {STAKEHOLDERS: {"done", "not_needed"}},
    "due_again": {"reminder/stakeholders/incident 30m/2": {"done", "snooze", "not_needed"}},
    "overdue": {STAKEHOLDERS: {"done", "snooze", "not_needed"}},
    "not_sent": {STAKEHOLDERS: {"send", "done", "snooze", "not_needed"}},
    "maybe_sent": {STAKEHOLDERS: {"send_again", "done", "not_needed"}},
    "all_clear_on_the_page": {"reminder/all clear/resolved/status page/1": {"send", "done", "snooze", "not_needed"}},
    "all_clear_by_hand": {"reminder/all clear/resolved/status page/1": {"done", "snooze", "not_needed"}},
    "all_clear_in_doubt": {"reminder/all clear/resolved/internal/1": {"done", "snooze", "not_needed"}},
    "still_pinned": {"reminder/still pinned/1/1": {"done", "snooze", "not_needed"}},
    "checklist": {"checklist/Immediate": {"tick_2"}},
    "checklist_ended": {"checklist/Immediate": {"tick_0", "tick_2"}},
    "resolved": {
        "checklist/Immediate": {"tick_1", "tick_2"},
        "reminder/all clear/resolved/stakeholders/1": {"done", "snooze", "not_needed"},
    },
}
DOWN = frozenset({"down", "down_corrected", "up_again"})


def buttons(history: IncidentHistory) -> dict[str, set[str]]:
    """What can be pressed, by message; the incident's own aside."""
    found = {name: _pressed(one.picture.blocks) for name, one in messages(history).items() if name != "incident"}
    return {name: ids for name, ids in found.items() if ids}


def _pressed(blocks: tuple[dict[str, object], ...]) -> set[str]:
    text = json.dumps(blocks)
    return {part.split('"')[0] for part in text.split('"action_id": "incident_')[1:]}


def shows(history: IncidentHistory, message: str = "incident") -> str:
    return words(messages(history)[message].picture)


@pytest.mark.parametrize("name", INCIDENTS)
def test_a_message_has_exactly_the_buttons_that_can_act(name: str) -> None:
    assert buttons(INCIDENTS[name]) == PRESSED.get(name, {})


@pytest.mark.parametrize("name", [name for name in INCIDENTS if name != "shut_out"])
def test_the_incidents_own_message_has_buttons_until_it_is_resolved(name: str) -> None:
    expected = {"phase_done", "resolve"} | ({"down_since"} if name in DOWN else set())
    history = INCIDENTS[name]
    found = _pressed(messages(history)["incident"].picture.blocks)
    assert found == (set() if history.incident.is_final else expected)


def test_a_button_says_which_incident_and_what_of_it_it_is_about() -> None:
    values = {e["action_id"]: json.loads(e["value"]) for e in elements(messages(opened().due())[STAKEHOLDERS].picture)}
    assert values[f"incident_{Verb.DONE}"] == {"incident": "I-3", "about": "stakeholders/incident 30m"}


def test_phase_done_is_about_the_next_phase_and_names_it_before_it_counts() -> None:
    found = {e["action_id"]: e for e in elements(messages(opened().phase_done(0))["incident"].picture)}
    asking = found["incident_phase_done"]
    assert json.loads(asking["value"])["about"] == "1"
    assert "Execute Vercel rollback" in asking["confirm"]["text"]["text"]


def test_the_dialog_before_resolve_says_that_the_site_is_still_down() -> None:
    found = {e["action_id"]: e for e in elements(messages(opened().down())["incident"].picture)}
    assert "still see the site down" in found["incident_resolve"]["confirm"]["text"]["text"]


def test_no_downtime_is_said_as_what_the_checks_have_seen() -> None:
    assert "The checks have seen no downtime." in shows(opened())


def test_a_correction_says_by_whom_and_what_the_checks_measured() -> None:
    text = shows(INCIDENTS["down_corrected"])
    assert "*Down since <!date^1795230120^{time}|03:02 UTC>*" in text
    assert f"said by <@{BEN}>; the first failed check was at <!date^1795230840^{{time}}|03:14 UTC>" in text


def test_a_phase_is_late_only_where_the_log_says_so() -> None:
    assert "*late*" not in shows(opened())
    assert "rollback (Tech team): *late*" in shows(INCIDENTS["down"])


def test_a_phase_that_a_run_ended_names_the_request() -> None:
    assert "done late, by R-17" in shows(INCIDENTS["late_then_done"])


def test_the_draft_is_shown_word_for_word() -> None:
    quoted = next(b for b in messages(opened().due())[STAKEHOLDERS].picture.blocks if b["type"] == "rich_text")
    assert quoted["elements"][0]["elements"] == [{"type": "text", "text": DRAFT}]


def test_recipients_are_counted_and_never_shown() -> None:
    for history in (INCIDENTS["due"], INCIDENTS["due_by_mail"], INCIDENTS["maybe_sent"]):
        shown = "".join(str(message.picture) for message in messages(history).values())
        assert "2 recipients" in shown
        assert "shop.example.com" not in shown.replace("https://shop.example.com", "")


def test_sending_again_what_may_have_arrived_asks_in_danger_style() -> None:
    again = elements(messages(INCIDENTS["maybe_sent"])[STAKEHOLDERS].picture)[0]
    assert again["text"]["text"] == "Send it again"
    assert again["style"] == "danger"
    assert "may have arrived already" in again["confirm"]["text"]["text"]


def test_what_may_have_been_sent_says_what_to_look_for() -> None:
    assert "Message-ID `&lt;log.I-3.5.1@rollback-bot&gt;`" in shows(INCIDENTS["maybe_sent"], STAKEHOLDERS)


def test_what_was_marked_as_done_is_not_called_sent() -> None:
    looked = opened().due("status page/downtime 15m", reference="inc_1").posted("reminder/status page/downtime 15m/1")
    done = looked.reminder(Happened.REMINDER_DONE, "status page/downtime 15m").going_by(BOTH)
    assert "marked as done by" in shows(done, "reminder/status page/downtime 15m/1")


def test_an_all_clear_of_a_site_that_is_down_asks_to_make_sure_of_it() -> None:
    text = shows(INCIDENTS["all_clear_in_doubt"], "reminder/all clear/resolved/internal/1")
    assert "The checks still saw the site down when this was resolved" in text
    assert "could not see its notice arrive" not in text


def test_an_earlier_round_says_that_a_newer_message_asks() -> None:
    assert "A newer message in this thread asks again" in shows(INCIDENTS["due_again"], STAKEHOLDERS)


def test_the_notice_stands_in_the_internal_channel_and_says_where_to_follow() -> None:
    notice = messages(noticed())["notice/internal/incident"]
    assert (notice.place, notice.channel) == (Place.CHANNEL, INTERNAL)
    assert f"<#{CHANNEL}>" in words(notice.picture)


def test_the_thread_says_that_the_notice_was_posted_only_when_it_was() -> None:
    assert "reminder/internal/incident/1" not in messages(opened().due("internal/incident", is_own=True))
    assert f"posted in <#{INTERNAL}>" in shows(noticed(), "reminder/internal/incident/1")


def test_the_incident_each_reminder_and_the_summary_are_broadcast_and_nothing_else() -> None:
    shown = [one for history in INCIDENTS.values() for one in messages(history).values()]
    kinds = {one.name.partition("/")[0] for one in shown if one.place is Place.BROADCAST}
    assert kinds == {"incident", "reminder", "resolved", "checklist-end"}


def test_without_a_request_the_incidents_own_message_roots_its_thread() -> None:
    assert messages(INCIDENTS["opened_by_verify"])["incident"].place is Place.CHANNEL


def test_the_bots_ticks_say_what_it_saw() -> None:
    assert "Ticked by the bot" in shows(INCIDENTS["checklist"], "checklist/Immediate")
    assert "Every check that decides passed after R-17." in shows(INCIDENTS["checklist"], "checklist/Immediate")


def test_the_end_of_a_checklist_lists_what_is_open() -> None:
    text = shows(INCIDENTS["checklist_ended"], "checklist-end/Immediate")
    assert "Still open (2):" in text
    assert "Test user login" not in text


def test_the_end_of_a_checklist_that_is_all_ticked_is_not_said() -> None:
    ended = (
        opened().checklist().ticked(0).ticked(1).ticked(2).then(Happened.CHECKLIST_ENDED, {"checklist": "Immediate"})
    )
    assert "checklist-end/Immediate" not in messages(ended)


def test_a_long_checklist_keeps_every_item_in_its_message_when_others_are_ticked() -> None:
    def parts(history: IncidentHistory) -> list[set[str]]:
        found = [one for name, one in messages(history).items() if name.startswith("checklist")]
        return [{item for item in items if item in words(one.picture)} for one in found]

    items = [f"{number:03} check" + " the long way" * 30 for number in range(90)]
    listed = opened().checklist(items=items)
    before = parts(listed)
    assert len(before) > 1
    assert set.union(*before) == set(items)
    assert parts(listed.ticked(0, evidence="Seen. " * 50).ticked(1)) == before


def test_the_summary_says_who_was_told_and_what_is_open() -> None:
    text = shows(resolved(), "resolved")
    assert f"Message for stakeholders: marked as done by <@{BEN}>" in text
    assert "All clear for stakeholders: due now, in the thread" in text
    assert "Immediate: 2 items not ticked" in text


def test_the_summary_follows_what_is_done_afterwards() -> None:
    done = resolved().ticked(1).ticked(2).reminder(Happened.REMINDER_DONE, "all clear/resolved/stakeholders")
    assert "Nothing is open." in shows(done, "resolved")


def test_a_refused_press_is_answered_to_the_person_alone() -> None:
    answer = messages(INCIDENTS["answers"])["answer/3"]
    assert (answer.place, answer.person) == (Place.PRIVATE, BEN)


def test_a_draft_mentions_the_incidents_people_and_channel_and_nobody_else() -> None:
    text = f"<@{ANA}> asks for <!here> <@U0BOSS> <https://evil.example|R-17> in <#{CHANNEL}>"
    for history in (
        opened().due("internal/incident", text, is_own=True),
        opened().due("users/scenario data-corruption", text),
    ):
        for message in messages(history).values():
            assert mentions(message.picture) <= {f"@{ANA}", f"#{CHANNEL}"}


def test_status_lists_open_incidents_with_what_waits_to_be_told() -> None:
    address = "https://acme.slack.com/archives/C0INC/p1"
    lines = incident_lines([opened().down().due().incident], lambda _, name: f"{address}?{name[:8]}")
    assert "*down since <!date^1795230840^{time}|03:14 UTC>*" in lines[1]
    assert lines[2] == f"   📣 <{address}?reminder|Message for stakeholders>: due now"


def test_status_says_nothing_of_incidents_that_are_over() -> None:
    assert incident_lines([opened().resolved().incident], lambda _, __: "") == []


def test_the_status_says_how_to_close_an_incident_whose_channel_takes_nothing() -> None:
    shut = opened().then(Happened.CHANNEL_SHUT, {"rule": "is_archived"})
    assert "(`is_archived`): `/rollback resolve I-3` closes it" in incident_lines([shut.incident], lambda _, __: "")[2]
