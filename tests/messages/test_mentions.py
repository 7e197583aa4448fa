"""Who is mentioned, and that nothing a person or a provider writes can mention anyone."""

import pytest

from bot.messages.picture import Place
from bot.messages.private import refusal
from bot.messages.wording import escape, mention, mention_of_group, sentence
from tests.histories import ANA, BEN, CY, GROUP, TYPICAL, History, runbook, unknown, verified, waiting
from tests.messages.restores import ALL, done, drifted_at_first, odd_restore, requested
from tests.messages.shown import HOSTILE, hostile, mentions, messages, words

OURS = {f"@{ANA}", f"@{BEN}", f"@{CY}", f"!subteam^{GROUP}"}
HOSTILE_HISTORIES: dict[str, History] = {
    "waiting": hostile().planned().half_time(),
    "running": hostile().planned().approved().started(),
    "stopped": hostile().planned().approved().started().finished(crons_deployment=HOSTILE).stopped_by(BEN),
    "expired": hostile().planned().expired(),
    "denied": hostile().planned().denied_by(CY, HOSTILE),
    "unknown": hostile().planned().approved().started().lost("The rollback was sent."),
    "restore_waiting": requested(odd_restore(HOSTILE)),
    "restore_unknown": requested(odd_restore(HOSTILE)).approved().started().lost(HOSTILE),
    "restore_failed": requested(odd_restore(HOSTILE)).approved().started().failed(HOSTILE, changed=HOSTILE),
    "restore_unproven": requested(odd_restore(HOSTILE)).approved().started().unproven(HOSTILE),
    "restore_superseded": drifted_at_first(requested(odd_restore(HOSTILE)).approved().started()),
    "restore_verified": done(requested(odd_restore(HOSTILE)).approved().started()).verifying().verified(),
}


def mentioned(history: History, message: str) -> set[str]:
    return mentions(messages(history)[message].picture)


@pytest.mark.parametrize("name", HOSTILE_HISTORIES)
def test_nothing_a_person_writes_can_mention_anyone(name: str) -> None:
    for message in messages(HOSTILE_HISTORIES[name]).values():
        assert mentions(message.picture) <= OURS


@pytest.mark.parametrize("name", HOSTILE_HISTORIES)
def test_nothing_a_person_writes_can_turn_the_reading_direction(name: str) -> None:
    for message in messages(HOSTILE_HISTORIES[name]).values():
        assert "\u202e" not in words(message.picture)


def test_no_text_is_read_by_slack_for_mentions_and_links_of_its_own() -> None:
    for history in ALL.values():
        for message in messages(history).values():
            texts = [block["text"] for block in message.picture.blocks if block["type"] == "section"]
            assert all(text["type"] == "plain_text" or text["verbatim"] for text in texts)


def test_a_link_that_a_person_wrote_stays_text() -> None:
    assert escape("<https://evil.example|R-17>") == "&lt;https://evil.example|R-17&gt;"


def test_what_a_person_wrote_stays_one_line() -> None:
    assert escape("a\r\n> *Verified*\u2028b") == "a &gt; *Verified* b"


def test_a_cut_never_halves_an_escaped_character() -> None:
    assert escape("&&&&", 3) == "&amp;&amp;…"


@pytest.mark.parametrize(
    "ours", ["<@U0ANA>", "<#C0INC>", "<https://acme.slack.com/archives/C0INC/p1795230720000100|R-17>"]
)
def test_a_sentence_of_the_bot_mentions_people_channels_and_requests(ours: str) -> None:
    assert sentence(f"See {ours} & go") == f"See {ours} &amp; go"


@pytest.mark.parametrize(
    "other",
    ["<!here>", "<!subteam^S0ALL>", "<https://evil.example|R-17>", "<https://x.slack.com/archives/C1|Verified>"],
)
def test_a_sentence_of_the_bot_does_nothing_else(other: str) -> None:
    assert "<" not in sentence(other)


def test_what_is_no_id_is_no_mention() -> None:
    assert mention("U1> <!here") == "U1&gt; &lt;!here"
    assert mention_of_group("here") == "here"


def test_the_approvers_are_mentioned_where_approval_is_wanted() -> None:
    assert mentioned(waiting(), "approval") == {f"!subteam^{GROUP}"}


def test_approvers_without_a_group_are_mentioned_themselves() -> None:
    assert mentioned(History().planned(groups=[]), "approval") == {"@U0BEN", "@U0CY", "@U0DEE"}


def test_the_approvers_are_mentioned_once_more_at_half_time() -> None:
    late = waiting().approved_by(BEN).half_time()
    assert mentioned(late, "half_time") == {f"!subteam^{GROUP}", f"@{BEN}"}


def test_there_is_no_half_time_once_it_is_approved() -> None:
    assert "half_time" not in messages(waiting().half_time().approved())


def test_the_requester_is_mentioned_at_the_end() -> None:
    assert mentioned(verified(), "outcome") == {f"@{ANA}"}


def test_the_requester_and_the_approvers_are_called_to_an_unknown_outcome() -> None:
    assert mentioned(unknown(), "unknown") == {f"@{ANA}", f"@{BEN}", f"@{CY}"}


def test_who_was_called_to_an_unknown_outcome_is_not_mentioned_again_at_the_end() -> None:
    settled = unknown().settled("U0DEE", as_done=False)
    assert f"@{ANA}" not in mentioned(settled, "outcome")


@pytest.mark.parametrize("name", ALL)
def test_the_requester_is_mentioned_on_the_card_and_at_the_end_only(name: str) -> None:
    where = {m for m, message in messages(ALL[name]).items() if f"@{ANA}" in mentions(message.picture)}
    said = {"approval"} if name == "withdrawn" else set()
    assert where <= {"card", "outcome", "unknown"} | said


@pytest.mark.parametrize("name", ALL)
def test_only_the_end_of_a_request_is_broadcast(name: str) -> None:
    shown = messages(ALL[name]).values()
    broadcast = [message.name for message in shown if message.place is Place.BROADCAST]
    assert broadcast == (["outcome"] if ALL[name].request.is_final and ALL[name].request.plan else [])


def test_an_answer_goes_to_the_person_who_clicked_alone() -> None:
    shown = messages(TYPICAL["clicks"])
    assert (shown["answer/3"].place, shown["answer/3"].person) == (Place.PRIVATE, ANA)
    assert (shown["answer-held/5"].place, shown["answer-held/5"].person) == (Place.PRIVATE, BEN)


def test_a_request_that_was_refused_shows_nothing_in_the_channel() -> None:
    shown = messages(TYPICAL["refused"])
    assert [(message.place, message.person) for message in shown.values()] == [(Place.PRIVATE, ANA)]


def test_a_fault_before_there_is_a_thread_is_told_to_the_requester() -> None:
    fault = messages(History().fault())["fault/ab12cd34"]
    assert (fault.place, fault.person) == (Place.PRIVATE, ANA)


def test_a_refusal_keeps_the_way_out_it_names() -> None:
    assert "`/invite @rollback`" in refusal("Type `/invite @rollback` here.").text


def test_the_runbook_can_not_mention_anyone_either() -> None:
    assert runbook().contacts
    assert mentions(messages(TYPICAL["failed_nothing_changed"])["outcome"].picture) == {f"@{ANA}"}
