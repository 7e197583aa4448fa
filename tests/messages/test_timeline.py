"""The timeline of an incident: nothing is left out, everybody has a name, and nothing in it acts."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.core.change import Kind
from bot.core.event import Event
from bot.core.incident import Happened
from bot.messages.account import Account, in_order, named_in
from bot.messages.events import spelled, told
from bot.messages.markdown import harmless
from bot.messages.timeline import timeline
from bot.messages.wording import capital
from tests.histories import ANA, BEGIN, BEN, CHANNEL, CY, DEE, waiting
from tests.messages.rich_incident import account, incident_events, of_text, request_events, rich

ODD = (
    "x\n\n# Verified\n- [x] done | cell |\n```\n<script>alert(1)</script> <b>b</b> &amp; **b** _i_ ~~s~~ $m$ "
    "[a](https://evil.example) ![i](x) <https://evil.example> https://evil.example www.evil.example\n---\n1. one"
)
STARTS = ("# x", "- x", "+ x", "* x", "1. x", "12) x", "> x", "---", "===", "```", "| x |", "    x", "[x]: /y", "<b>")


@cache
def text() -> str:
    return timeline(rich())


def section(title: str, of: str = "") -> str:
    """What stands below a heading."""
    return (of or text()).partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    """The rows of the table below a heading; no cell of the rich incident holds a bar of its own."""
    lines = [line.strip("| ").split(" | ") for line in section(title).splitlines() if line.startswith("| ")]
    return lines[1:]


def small(*drop: str) -> Account:
    """The rich incident with one request, without the events of these kinds."""
    own = [event for event in incident_events() if event.kind not in drop]
    numbered = [replace(event, seq=number) for number, event in enumerate(own, 1)]
    return account(numbered, request_events([waiting()]))


# Every event


def test_the_rich_incident_has_every_kind_there_is() -> None:
    assert {event.kind for event in rich().events} == {*Kind, *Happened}


def test_every_event_of_the_incident_and_of_its_requests_has_one_row_in_order_of_time() -> None:
    expected = [[spelled(event.at), f"{event.stream}/{event.seq}"] for event in rich().events]
    assert [row[:2] for row in rows("What happened")] == expected


@pytest.mark.parametrize("event", {event.kind: event for event in rich().events}.values(), ids=lambda e: e.kind)
def test_every_kind_of_event_is_told_in_a_sentence(event: Event) -> None:
    said = told(event.kind, event.data)
    assert not said.startswith(capital(event.kind.replace("_", " ")) + ": {")
    assert re.match(r"[A-Z]\w+[ ,:]", said)


def test_what_this_version_does_not_know_is_told_as_it_stands() -> None:
    assert told("moon_rose", {"phase": "full"}) == 'Moon rose: {"phase":"full"}'
    assert told(Kind.STEP_FAILED, {"step": "first"}) == 'Step failed: {"step":"first"}'


def test_the_order_of_a_stream_holds_though_the_clock_was_set_back() -> None:
    early, late = replace(incident_events()[0], at=BEGIN), replace(incident_events()[1], at=BEGIN - timedelta(hours=1))
    other = replace(request_events()[0][0], at=BEGIN + timedelta(seconds=1))
    assert in_order([[early, late], [other]]) == (early, late, other)


def test_how_many_events_there_are_stands_with_the_newest_hash_of_each_stream() -> None:
    newest = incident_events()[-1]
    assert f"{len(rich().events)} events: all that the log has of I-1, R-1" in section("What happened")
    assert ["I-1", str(newest.seq), f"`{newest.hash[:12]}`"] in rows("The log")


# People


def test_people_have_their_names_and_their_ids_stand_once() -> None:
    assert [spelled(BEGIN + timedelta(seconds=180)), "I-1/9", "Cy Lund"] in [row[:3] for row in rows("What happened")]
    for person in (ANA, BEN, CY):
        assert text().count(person) == 1, person
    assert ["Ana Ruiz", ANA] in rows("People and channels")


def test_a_name_that_cannot_be_read_stays_an_id() -> None:
    assert ["I-1/24", DEE] in [row[1:3] for row in rows("What happened")]
    assert DEE not in section("People and channels")


def test_two_people_of_one_name_and_one_named_like_the_bot_stand_with_their_ids() -> None:
    named = replace(rich(), names={ANA: "Sam", BEN: "sam", CY: "The bot"})
    assert [named.who(one) for one in (ANA, BEN, CY, "bot")] == [
        f"Sam ({ANA})",
        f"sam ({BEN})",
        f"The bot ({CY})",
        "the bot",
    ]


def test_mentions_in_texts_are_names_too() -> None:
    assert r"Ana Ruiz asks for it in \#inc-checkout" in section("Communication")


def test_everybody_who_did_something_or_is_mentioned_is_asked_for() -> None:
    assert set(named_in(rich().events)) >= {("@", ANA), ("@", BEN), ("@", CY), ("@", DEE), ("#", CHANNEL)}


# What it says


def test_the_downtime_is_measured_with_its_corrections() -> None:
    assert "- **Downtime**: 15 min 20 s" in section("Summary")
    assert rows("Downtime") == [
        ["2026-11-21 03:07:00", "2026-11-21 03:22:20", "2026-11-21 03:13:00", "Cy Lund", "Site, Admin"]
    ]


def test_a_site_that_was_not_seen_up_again_is_not_called_up() -> None:
    down = timeline(small(Happened.SITE_PASSED))
    assert "until it was resolved; the site was not seen up again" in section("Summary", down)
    so_far = timeline(small(Happened.SITE_PASSED, Happened.INCIDENT_RESOLVED, Happened.INCIDENT_CLOSED))
    assert "2 h 5 min so far" in section("Summary", so_far)


def test_it_says_who_resolved_it_or_that_nobody_has() -> None:
    assert "- **Resolved**: 2026-11-21 03:25:20 by Ben Okoro, after 13 min" in section("Summary")
    assert "- **Resolved**: not yet" in timeline(small(Happened.INCIDENT_RESOLVED, Happened.INCIDENT_CLOSED))


@pytest.mark.parametrize(
    ("audience", "sentence"),
    [
        ("internal", "told at 2026-11-21 03:14:00, by the bot, in the internal channel"),
        ("status page", "by the bot, as Ben Okoro pressed, on the status page, as its incident inc00001"),
        ("stakeholders", "may have been sent at 2026-11-21 03:18:40, as Cy Lund pressed. The server gave no answer."),
        ("users", "not told: not needed, said Cy Lund at 2026-11-21 03:19:20. Nobody noticed"),
        ("partners", f"by {DEE}, who said so; how is not in the log"),
    ],
)
def test_what_was_told_says_to_whom_when_by_whom_and_how(audience: str, sentence: str) -> None:
    (line,) = [line for line in section("Communication").splitlines() if line.startswith(f"- **{audience}**")]
    assert sentence in line


def test_the_words_that_were_told_stand_below() -> None:
    assert section("Communication").count("> We are investigating.") == 4


def test_an_item_nobody_ticked_is_open_and_a_ticked_one_has_its_evidence() -> None:
    lines = section("Checklists").splitlines()
    assert "- [ ] Monitor logs" in lines
    assert "- [x] Test login (the bot, 2026-11-21 03:21:00: Login: status 200, after R-1.)" in lines
    assert "- **Open**: 1 checklist item" in section("Summary")


def test_each_step_stands_with_what_was_before_it_and_what_was_proven_after_it() -> None:
    told_of = section("Changes: before and after")
    assert 'Rolled back: every production domain served a1b2c3d "Fix login" at 2026-11-21' in told_of
    assert r"  - From \`9f8e7d6\` " in told_of
    assert "| Site | yes | failed: 500; median 1.20 s, worst 4.03 s | passed: 200; median 0.35 s" in told_of


def test_who_decided_is_told_and_what_is_only_bookkeeping_is_not() -> None:
    whats = [row[3] for row in rows("Who decided what")]
    assert "Resolved the incident." in whats
    assert "Denied the request: The database is the cause, not the code" in whats
    assert not [what for what in whats if what.startswith(("Posted", "Began", "Pressed", "Said that phase"))]


def test_cause_and_lessons_are_left_to_people() -> None:
    assert "\n## Cause\n\n## Lessons\n\n## People and channels\n" in text()


# Nothing acts


def structure(tokens: Iterable[Token]) -> list[str]:
    """What a reader of Markdown makes of it, however much text stands in it."""
    found: list[str] = []
    for token in tokens:
        kind = "text" if token.type in ("text", "text_special") else f"{token.type} {token.tag}"
        if found[-1:] != ["text"] or kind != "text":
            found.append(kind)
        found += structure(token.children or ())
    return found


def parsed(markdown: str) -> list[str]:
    return structure(MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown))


def test_whatever_people_and_providers_wrote_the_document_has_the_same_structure() -> None:
    assert parsed(timeline(of_text(ODD))) == parsed(timeline(of_text("x")))


@pytest.mark.parametrize("start", STARTS)
def test_no_text_begins_anything(start: str) -> None:
    for place in ("{}", "- {}", "- [ ] {}", "> {}"):
        assert parsed(place.format(harmless(start))) == parsed(place.format("x"))


def test_no_address_becomes_a_link_by_itself() -> None:
    assert harmless("https://a.example www.a.example") == r"https\://a.example www\.a.example"
    assert re.findall(r"https?://|www\.", timeline(of_text(ODD))) == []
