"""What the messages of a request say, and that they say it no earlier than it is true."""

import re

import pytest

from bot.core.change import State
from bot.messages.standing import asked_for
from tests.histories import (
    BEN,
    CY,
    TYPICAL,
    History,
    of_two_steps,
    rollback_step,
    runbook,
    running,
    undo,
    unknown,
    verified,
    waiting,
)
from tests.messages.restores import ALL
from tests.messages.shown import messages, words
from tests.shop import BROKEN, GOOD

BY_HAND = f"vercel rollback {GOOD.id} --yes --scope acme"


def told(history: History, message: str) -> str:
    return words(messages(history)[message].picture)


def first_block(history: History, message: str) -> str:
    text: str = messages(history)[message].picture.blocks[0]["text"]["text"]
    return text


@pytest.mark.parametrize("of", [lambda h: messages(h)["card"].picture.text, lambda h: first_block(h, "card")])
def test_text_and_first_block_of_the_card_say_who_what_and_to_what(of: "type[str]") -> None:
    assert "<@U0ANA> asks" in of(waiting())
    assert 'oll back web-shop to a1b2c3d "Fix login"' in of(waiting())


def test_the_text_of_the_card_says_what_is_needed_and_why() -> None:
    text = messages(waiting())["card"].picture.text
    assert "Needed: 2 approvals" in text
    assert "Why: Login is broken for everyone" in text


@pytest.mark.parametrize("of", [lambda h: messages(h)["approval"].picture.text, lambda h: first_block(h, "approval")])
def test_text_and_first_block_of_the_approval_say_who_is_needed_for_what(of: "type[str]") -> None:
    assert "<!subteam^S0APPROVERS>: R-17 needs 2 approvals. Roll back web-shop" in of(waiting())


@pytest.mark.parametrize("name", [name for name in ALL if name != "refused"])
def test_the_card_says_its_state_in_the_word_of_the_table(name: str) -> None:
    assert f"*{ALL[name].request.state}" in first_block(ALL[name], "card")


def test_the_card_counts_approvals() -> None:
    assert "*Waiting for approval (1 of 2)*" in first_block(waiting().approved_by(BEN), "card")


@pytest.mark.parametrize("name", [name for name in ALL if name != "refused"])
@pytest.mark.parametrize("done", ["Rolled back:", "Restored"])
def test_no_message_says_that_a_step_is_done_before_it_is_proven(name: str, done: str) -> None:
    if not ALL[name].request.finished:
        assert all(done not in words(message.picture) for message in messages(ALL[name]).values())


@pytest.mark.parametrize("name", [name for name in TYPICAL if name != "refused"])
def test_the_words_of_later_states_are_not_used_before(name: str) -> None:
    later = {State.VERIFIED, State.CHECKS_FAIL, State.UNKNOWN} - {TYPICAL[name].request.state}
    assert not [word for word in later if f"*{word}*" in first_block(TYPICAL[name], "card")]


def test_a_failure_that_changed_nothing_says_so() -> None:
    assert "*Failed: nothing changed*" in told(running().failed(), "card")


def test_a_failure_that_changed_something_says_what() -> None:
    text = told(TYPICAL["failed_partly_done"], "card")
    assert "*Failed: partly done*" in text
    assert f"Different in production: shop.example.com now serves {GOOD.id}" in text


def test_drift_after_a_first_step_is_partly_done() -> None:
    text = told(TYPICAL["two_steps_drift"], "outcome")
    assert "*Failed: partly done*" in text
    assert "Step 1: Rolled back" in text
    assert "Not begun: restore tables on table:user_profiles" in text


def test_whatever_a_plan_does_has_a_name_that_can_be_asked_for_in_a_draft() -> None:
    names = {asked_for(history.request, runbook()) for history in ALL.values() if history.request.plan}
    assert [name for name in names if not re.fullmatch(r"(\d+ steps: )?(a|an|the) .+", name)] == []
    assert "a restore of user_profiles from the backup of 2025-09-03" in names
    of_two = 'a rollback of web-shop to a1b2c3d "Fix login", then a restore of user_profiles from the backup of'
    assert f"2 steps: {of_two} 2025-09-03" in names


@pytest.mark.parametrize("name", ["expired", "failed_nothing_changed", "failed_partly_done", "unknown"])
def test_the_card_ends_with_how_to_go_on_by_hand(name: str) -> None:
    assert f"`{BY_HAND}`" in told(TYPICAL[name], "card")


def test_an_unknown_outcome_is_looked_at_before_anything_is_done_by_hand() -> None:
    assert "Look first. If it did not happen, by hand:" in told(unknown(), "card")


def test_for_data_it_says_whom_to_call() -> None:
    text = told(of_two_steps().expired(), "card")
    assert "Whom to call:" in text
    assert "Primary: *Jo Doe* (System owner)" in text


def test_a_step_that_is_done_is_not_offered_by_hand() -> None:
    assert BY_HAND not in told(TYPICAL["two_steps_drift"], "card")


@pytest.mark.parametrize("name", ["verified", "verifying", "two_steps_stopped", "two_steps_drift"])
def test_the_card_of_a_pinned_rollback_says_that_pushes_will_not_go_live(name: str) -> None:
    assert "📌 Pushes will not go live until a deployment is promoted." in told(TYPICAL[name], "card")


def test_automatic_deployments_that_stayed_on_are_said() -> None:
    left_on = running().finished(auto_assign=True).verifying()
    assert "the next push goes live" in told(left_on, "card")
    assert "will not go live" not in told(left_on, "card")


def test_the_card_says_that_it_was_planned_again() -> None:
    assert "Planned again as R-18." in told(waiting().expired().planned_again(), "card")


def test_the_plan_says_from_which_build_to_which() -> None:
    text = told(waiting(), "plan")
    assert '*From* `9f8e7d6` "New checkout" by ben' in text
    assert '*To* `a1b2c3d` "Fix login" by ana' in text
    assert BROKEN.id in text
    assert GOOD.id in text


@pytest.mark.parametrize("left", ["the database", "environment variables", "cron jobs", "Pushes will not go live"])
def test_the_plan_says_what_is_not_restored(left: str) -> None:
    assert left in told(waiting(), "plan")


def test_the_plan_names_the_checks_by_what_they_decide() -> None:
    text = told(waiting(), "plan")
    assert "*Checks that decide*: Site and Error rate." in text
    assert "Checks shown, not deciding: Search." in text
    assert "Checks that are off, not deciding: Login." in text


def test_the_plan_of_a_promote_does_not_speak_of_a_rollback() -> None:
    text = told(History(rollback_step(how="promote", rolling_configured=True)).planned(), "plan")
    assert 'promote a1b2c3d "Fix login" in web-shop' in text
    assert "Not restored" not in text
    assert "traffic moves in stages" in text


def test_the_plan_says_that_production_is_split() -> None:
    split = rollback_step(live={"a.example.com": BROKEN.id, "b.example.com": GOOD.id}, rolled_back=True)
    text = told(History(split).planned(), "plan")
    assert "Production is split" in text
    assert "rolled back already" in text


def test_a_step_without_words_of_its_own_is_shown_fact_by_fact() -> None:
    text = told(of_two_steps(), "plan")
    for fact in ("rows: 120", "backup.name: user_profiles_backup_20261120", "columns[2]: email", "quarantine: yes"):
        assert f"• {fact}" in text


def test_facts_written_by_another_version_are_still_shown() -> None:
    step = rollback_step()
    known = {key: value for key, value in step.before.items() if key != "rolled_back"}
    other = type(step)(step.action, step.target, known, step.after)
    assert f"• deployment.id: {GOOD.id}" in told(History(other).planned(), "plan")


def test_the_running_step_says_what_it_waits_for() -> None:
    assert "waiting for Vercel's answer" in told(running(), "run")
    assert "Waiting until every production domain serves it. Vercel is moving" in told(running().unproven(), "run")


def test_a_stop_while_a_step_runs_is_said_with_its_name() -> None:
    ordered = of_two_steps().approved().started().stop_ordered_by(CY)
    assert f"<@{CY}> ordered a stop" in told(ordered, "run")


def test_an_unknown_outcome_says_what_to_look_at() -> None:
    text = told(unknown(), "unknown")
    assert f"is `{GOOD.id}` the current production deployment" in text
    assert "`shop.example.com`, `www.shop.example.com`" in text


def test_the_checks_before_the_run_go_when_there_are_results() -> None:
    assert "baseline" in messages(running())
    assert "baseline" not in messages(verified())


def test_the_outcome_shows_before_beside_after() -> None:
    text = told(verified(), "outcome")
    assert "✅ Site: pass\n   before   500; median 1.20 s, worst\n     4.03 s\n   after    200; median 0.35 s" in text


def test_a_check_that_did_not_run_is_shown_and_does_not_decide() -> None:
    assert "Login: off, does not decide" in told(verified(), "outcome")


def test_the_outcome_names_the_promote_that_undoes_it() -> None:
    assert f"`vercel promote {BROKEN.id} --yes --scope acme`" in told(verified(), "outcome")


def test_the_card_of_a_rollback_is_pinned_until_it_is_undone_or_a_promote_is_seen() -> None:
    pinned = "Pushes will not go live until a deployment is promoted."
    assert pinned in told(verified(), "card")
    assert pinned not in told(verified().undone(0), "card")
    assert "Undone by R-18." in told(verified().undone(0), "card")
    assert pinned not in told(verified().promote_seen(), "card")
    assert "Not pinned any more: dpl_New" in told(verified().promote_seen(), "card")


def test_the_card_says_which_step_of_several_was_undone() -> None:
    stopped = TYPICAL["two_steps_stopped"]
    assert "Undone by R-18." in told(_copy(stopped).undone(0), "card")
    both = of_two_steps().approved().started().finished().started().finished().verifying().verified()
    assert "Undone by R-18 (step 2 of it)." in told(both.undone(1), "card")


def test_the_plan_of_an_undo_says_that_pushes_go_live_again() -> None:
    assert "Afterwards pushes to production go live by themselves again." in told(undo(), "plan")


def test_where_pushes_did_not_go_live_before_the_rollback_the_undo_promises_nothing() -> None:
    step = rollback_step(how="promote", auto_assign=False, auto_assign_once=False)
    plan = told(History(step).planned(), "plan")
    assert "a promote may not change that" in plan
    assert "go live by themselves again" not in plan


def test_what_somebody_else_made_live_first_is_not_called_rolled_back() -> None:
    history = running().finished(already_live=True)
    assert "Already live: Vercel did not take the rollback, because somebody was faster" in told(history, "card")


def test_what_the_plan_never_saw_is_said_with_the_outcome() -> None:
    history = running().finished(moved_from="dpl_Hotfix").verifying().verified()
    assert "moved from `dpl_Hotfix`, which the plan never saw" in told(history, "outcome")


def test_a_failure_ends_with_the_way_out() -> None:
    assert f"Next: `/rollback vercel {GOOD.id}` moves" in told(TYPICAL["failed_partly_done"], "outcome")


def _copy(history: History) -> History:
    copied = History(*history.steps)
    copied.events = list(history.events)
    return copied


def test_the_outcome_shows_the_newest_hash_of_the_log() -> None:
    ending = verified().request.ending
    assert ending
    assert f"Log: {ending.seq} events, newest hash {ending.hash[:12]}" in told(verified(), "outcome")


def test_a_denial_says_who_and_why() -> None:
    text = told(TYPICAL["denied"], "outcome")
    assert f"<@{CY}> denied it: “The database is the cause, not the code”" in text


@pytest.mark.parametrize("name", [n for n, history in ALL.items() if history.request.is_final and n != "refused"])
def test_the_outcome_does_not_change_with_what_is_recorded_later(name: str) -> None:
    history = _copy(ALL[name])
    before = messages(history)["outcome"].picture.digest
    history.posted("card").posted("unknown").click_refused(BEN, "Too late.").click_held(CY).fault().half_time().closed()
    history.undone(0).promote_seen()
    assert messages(history)["outcome"].picture.digest == before


@pytest.mark.parametrize("name", ALL)
def test_no_message_shouts(name: str) -> None:
    for message in messages(ALL[name]).values():
        assert "!" not in words(message.picture).replace("<!", "")
