"""Slack takes every message, also with the longest input; and what people approve is shown whole."""

from collections.abc import Callable
from functools import partial

import pytest
from slack_sdk.models.blocks import Block

from bot.core.checks import Verdict
from bot.core.plan import Step
from bot.core.writes import RESUME, STOP
from bot.messages.backup_set import proposal
from bot.messages.picture import Picture
from bot.messages.private import fault, help_text, reading, refusal, status, whom_to_call
from bot.messages.thread import messages_of
from bot.messages.views import denial_view
from bot.messages.writes import writes_seen, writes_unseen
from tests.histories import TYPICAL, History, runbook
from tests.messages import backup_sets
from tests.messages.kept import odd
from tests.messages.restores import ALL, done, odd_restore, requested
from tests.messages.shown import buttons, hostile, longest, many_results, many_steps, messages, texts, words
from tests.messages.watches import PROPOSED, ended, looks
from tests.messages.watches import asked as watched
from tests.messages.writes import asked, odd_writes, step_done
from tests.simulator.slack_rules import check_message, check_view

UPDATE_TEXT = 4000
LONG = "&" * 6000
NEWER_THAN_THE_SDK = {"data_visualization"}  # held by the simulator's own rules; elsewhere there is a plain form


def _alone(number: int) -> History:
    return History(odd("&" * 3000)[number]).planned().approved().started().lost(LONG)


LONGEST: dict[str, Callable[[], History]] = {
    "waiting": lambda: longest().planned(groups=[f"S{n}" for n in range(40)], checks={LONG: "0"}),
    "people": lambda: longest().planned(groups=[]).half_time(),
    "file_there": lambda: longest().planned(groups=[f"S{n}" for n in range(40)]).posted("plan", "shown"),
    "rest": lambda: many_steps().started().finished().stopped_by("U0CY", LONG),
    "baseline": lambda: longest().planned().baseline(many_results(Verdict.OFF)),
    "unproven": lambda: longest().planned().approved().started().unproven(LONG),
    "unknown": lambda: longest().planned().approved().started().lost(LONG),
    "failed": lambda: longest().planned().approved().started().failed(LONG, changed=LONG, way_out=LONG),
    "denied": lambda: longest().planned().denied_by("U0CY", LONG),
    "superseded": lambda: longest().planned().drifted(LONG),
    "refused": lambda: longest().refused(LONG),
    "click": lambda: longest().planned().click_refused("U0BEN", LONG),
    "verified": lambda: _run().verified(many_results(Verdict.PASSED)),
    "checks_fail": lambda: _run().checks_failed(many_results(Verdict.FAILED)),
    "steps": lambda: many_steps().started().finished().started(),
    "steps_stopped": lambda: _after(many_steps(), 20).stop_ordered_by("U0CY").stopped_by("U0CY", LONG),
    "hostile": lambda: hostile().planned(),
    "restore": lambda: requested(odd_restore("&" * 3000)),
    "restore_of_many": lambda: requested(odd_restore("&" * 63, tables=40)),
    "kept": lambda: History(*odd("&" * 3000)).planned(),
    "kept_many": lambda: History(*odd("&" * 63, tables=40)).planned(),
    "kept_done": lambda: _after(History(*odd("&" * 3000)).planned().approved(), 3).verifying(),
    **{f"kept_alone_{n}": partial(_alone, n) for n in range(3)},
    "restore_unknown": lambda: requested(odd_restore("&" * 3000)).approved().started().lost(LONG),
    "restore_failed": lambda: requested(odd_restore("&" * 3000)).approved().started().failed(LONG, changed=LONG),
    "backup": lambda: backup_sets.requested(backup_sets.odd("&" * 3000, tables=40)),
    "backup_unknown": lambda: backup_sets.requested(backup_sets.odd("&" * 3000)).started().lost(LONG),
    "backup_verified": lambda: _backed_up().verified(many_results(Verdict.PASSED)),
    "restore_verified": lambda: _restored().verified(many_results(Verdict.PASSED)),
    "stop": lambda: asked(odd_writes(STOP, "&" * 3000), odd_writes(RESUME, "&" * 3000)),
    "stop_of_many": lambda: asked(odd_writes(STOP, "&" * 63, tables=40)),
    "stop_unknown": lambda: asked(odd_writes(STOP, "&" * 3000)).approved().started().lost(LONG),
    "stop_failed": lambda: _stopped().started().failed(LONG, changed=LONG),
    "resume_verified": lambda: _resumed().verified(many_results(Verdict.PASSED)),
    "watch": lambda: _watched(looks_taken=2),
    "watch_ended": lambda: ended(_watched(looks_taken=240)).verifying().checks_failed(many_results(Verdict.FAILED)),
    "restore_checks_fail": lambda: _restored().checks_failed(many_results(Verdict.FAILED)),
}


def _run() -> History:
    return _after(longest().planned().baseline(many_results(Verdict.FAILED)).approved(), 7).verifying()


def _restored() -> History:
    return done(requested(odd_restore("&" * 3000, tables=40)).approved().started()).verifying()


def _backed_up() -> History:
    return backup_sets.done(backup_sets.requested(backup_sets.odd("&" * 3000, tables=40)).started()).verifying()


def _stopped() -> History:
    history = asked(*(odd_writes(action, "&" * 3000, tables=40) for action in (STOP, RESUME))).approved()
    return step_done(history, stopped=["&" * 3000] * 40)


def _resumed() -> History:
    history = asked(odd_writes(RESUME, "&" * 3000, tables=40)).approved()
    return step_done(history, resumed=["&" * 3000] * 40, left=["&" * 3000] * 40).verifying()


def _watched(*, looks_taken: int) -> History:
    """Of more checks than a chart has lines, all of names that begin alike, longer than a chart takes."""
    limits: dict[str, float | None] = {f"{LONG[:100]}{number}": 3.0 for number in range(40)}
    history = watched(PROPOSED, reason=LONG, checks=limits).started()
    took: list[float | None] = [0.4, None, 99.0]
    seconds: list[dict[str, float | None]] = [dict.fromkeys(limits, took[number % 3]) for number in range(looks_taken)]
    return looks(history, seconds, failed=list(limits))


def _after(approved: History, steps: int) -> History:
    for _ in range(steps):
        approved.started().finished(crons_deployment=LONG)
    return approved


def takes(picture: Picture) -> None:
    check_message(picture.text, list(picture.blocks), max_text=UPDATE_TEXT)
    check_message(picture.text, list(picture.plain), max_text=UPDATE_TEXT)
    assert picture.text
    assert NEWER_THAN_THE_SDK.isdisjoint(block["type"] for block in picture.plain)
    assert picture.plain or NEWER_THAN_THE_SDK.isdisjoint(block["type"] for block in picture.blocks)


@pytest.mark.parametrize("name", ALL)
def test_slack_takes_every_message_of_a_typical_history(name: str) -> None:
    for message in messages(ALL[name]).values():
        takes(message.picture)


@pytest.mark.parametrize("name", LONGEST)
def test_slack_takes_every_message_with_the_longest_input(name: str) -> None:
    for message in messages(LONGEST[name]()).values():
        takes(message.picture)


@pytest.mark.parametrize("name", ALL)
def test_the_sdk_reads_every_block_as_it_was_written(name: str) -> None:
    for message in messages(ALL[name]).values():
        for block in (*message.picture.blocks, *message.picture.plain):
            if block["type"] in NEWER_THAN_THE_SDK:
                continue
            parsed = Block.parse(block)
            assert parsed is not None
            assert parsed.to_dict() == block


def test_slack_takes_what_one_person_reads() -> None:
    book, requests = runbook(), [make().request for make in (LONGEST["restore"], _stopped) for _ in range(60)]
    pictures = [
        *(refusal(LONG), reading(LONG), fault(LONG), whom_to_call(book)),
        help_text(book, {"rollback_deployment"}),
        status(requests, lambda _: "https://acme.slack.com/archives/C0INC/p1", book),
        status([], lambda _: "", book),
        proposal(backup_sets.odd("&" * 3000, tables=60)),
        *(writes_seen([LONG] * 40, [LONG] * 40, [LONG] * 40), writes_unseen(LONG)),
    ]
    for picture in pictures:
        takes(picture)


def test_slack_takes_the_modal_behind_deny() -> None:
    check_view(denial_view("R-1234567890", "0" * 64))


def plan_of(rows: str) -> History:
    return History(Step("restore_tables", "table:sessions", {"rows": rows}, {"kept": rows})).planned()


def test_a_plan_too_long_for_one_message_goes_on_in_the_next_and_is_never_cut() -> None:
    rows = " ".join(str(number) for number in range(2500))
    plan = [message for name, message in messages(plan_of(rows)).items() if name.startswith("plan")]
    shown = "".join(text for message in plan for text in texts(list(message.picture.blocks))).replace("\n", "")
    assert [message.name for message in plan] == ["plan", "plan/2", "plan/3"]
    assert f"rows: {rows}*After*• kept: {rows}" in shown


def test_a_plan_that_takes_more_than_three_messages_is_one_file_and_is_never_cut() -> None:
    rows = " ".join(f"<{number}>&" for number in range(2500))
    (plan,) = [message for name, message in messages(plan_of(rows)).items() if name.startswith("plan")]
    assert plan.file
    assert f"rows: {rows}\n*After*\n• kept: {rows}\n" in plan.file.text
    takes(plan.picture)


def test_moments_and_links_are_text_in_a_file() -> None:
    plan = messages(requested(odd_restore("x" * 63, tables=40)))["plan"].file
    assert plan
    assert "<!date" not in plan.text
    assert " UTC" in plan.text


def test_a_plan_that_is_a_file_can_be_approved_once_it_is_there_and_the_approval_names_it() -> None:
    history = longest().planned()
    assert "approve" not in buttons(history)["approval"]
    assert "Approve comes when it is there" in words(messages(history)["approval"].picture)
    shown = history.posted("plan", "shown")
    plan = messages(shown)["plan"].file
    assert plan
    assert "approve" in buttons(shown)["approval"]
    assert f"*The whole plan is the file* `{plan.name}`" in words(messages(shown)["approval"].picture)


def test_the_step_that_runs_is_among_those_shown() -> None:
    assert "21. Restore tables on table:20" in words(messages(_after(many_steps(), 20).started())["run"].picture)


@pytest.mark.parametrize("history", [*ALL.values(), longest().planned()])
def test_two_messages_of_a_request_never_have_one_name(history: History) -> None:
    assert len(messages(history)) == len(messages_of(history.request, runbook()))


def test_an_edit_has_block_ids_of_its_own() -> None:
    before = messages(TYPICAL["waiting"])["card"].picture.blocks
    after = messages(TYPICAL["one_approval"])["card"].picture.blocks
    assert not {block["block_id"] for block in before} & {block["block_id"] for block in after}
