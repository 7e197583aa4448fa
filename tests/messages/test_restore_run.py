"""What people read of a table restore once it runs: what was done, what is unknown, and what did nothing."""

import pytest

from bot.core.restore import restore_facts
from bot.core.runbook import load_runbook
from bot.messages.card import by_hand
from tests.histories import CY, DEE, History, of_two_steps
from tests.messages.restores import RESTORES, WARNED, done, found, requested, running
from tests.messages.shown import messages, texts, words


def told(history: History, message: str) -> str:
    return words(messages(history)[message].picture)


def test_the_running_restore_says_what_it_waits_for() -> None:
    assert "waiting for the database to commit it or to roll it back" in told(running(), "run")
    assert "Waiting until the database's own ledger says" in told(RESTORES["restore_unproven"], "run")


def test_a_restore_that_is_done_says_what_it_did() -> None:
    text = told(RESTORES["restore_verified"], "card")
    assert "Restored user_profiles at " in text
    assert "37 rows changed, 5 came back, 6 newer kept, 3 left as they were; writes waited 0.4 s." in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("restore_exact_verified", "37 rows changed, 5 came back, 6 newer deleted; writes waited 0.4 s."),
        ("restore_undo_verified", "37 rows went back, 1 came back, 5 deleted; writes waited 0.4 s."),
    ],
)
def test_what_was_deleted_is_said(name: str, said: str) -> None:
    assert said in told(RESTORES[name], "card")


def test_what_was_done_is_what_the_action_found_and_not_what_was_planned() -> None:
    text = told(done(running(), found(updated=1_038)).verifying(), "card")
    assert "1,038 rows changed" in text
    assert "37 rows" not in text


def test_several_tables_are_summed_up_when_they_are_done() -> None:
    text = told(RESTORES["restore_four_verified"], "card")
    assert "Restored 4 tables at" in text
    assert "1,242 rows changed, 5 came back, 450 newer kept; writes waited 1.9 s, after 3 attempts." in text


@pytest.mark.parametrize("facts", [{"old": 1}, {"tables": ["t"]}, {"tables": {"t": 3}, "held_seconds": "long"}])
def test_what_another_version_found_does_not_keep_the_card_from_being_drawn(facts: dict[str, object]) -> None:
    assert "Restored user_profiles at" in told(done(running(), facts).verifying(), "card")


@pytest.mark.parametrize(
    "line",
    [
        "Unless it was rolled back since, it may damage these rows again: `/rollback vercel`",
        "kept in `rollback_bot.user_profiles_20261121_031200_ab12`. What was done to each row is kept in",
        "To undo it: `/rollback undo R-17`. Rows created since then stay.",
        "To do: refresh the materialized views that show the old rows: `public.active_users`",
    ],
)
def test_the_outcome_says_what_comes_next(line: str) -> None:
    assert line in told(RESTORES["restore_verified"], "outcome")


def test_what_comes_next_is_the_same_when_a_person_said_that_it_happened() -> None:
    text = told(RESTORES["restore_settled_as_done"], "card")
    assert f"<@{DEE}> looked and says that it happened: restore user_profiles" in text
    assert "kept in `rollback_bot.user_profiles_20261121_031200_ab12`" in text


def test_a_stopped_plan_says_where_the_old_rows_are() -> None:
    text = told(RESTORES["restore_stopped"], "outcome")
    assert f"<@{CY}> stopped it" in text
    assert "Every row as it was before is kept in" in text


def test_an_unknown_outcome_says_where_the_operation_is_written_down() -> None:
    text = told(RESTORES["restore_unknown"], "unknown")
    assert "table `rollback_bot.ledger`: does a row have the `op_id` `op-0`? Then all of it happened." in text
    assert "is a session of the application `rollback-bot op-0` connected? Then it may still happen." in text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("restore_failed", "card"),
        ("restore_failed", "outcome"),
        ("restore_unknown", "card"),
        ("restore_unknown", "unknown"),
        ("restore_expired", "card"),
    ],
)
def test_by_hand_data_means_whom_to_call_said_once_and_never_sql(name: str, message: str) -> None:
    shown = texts(list(messages(RESTORES[name])[message].picture.blocks))
    text = "\n".join(shown)
    assert text.count("Whom to call:") == text.count("Primary: *Jo Doe* (System owner)") == 1
    assert not [word for word in ("UPDATE", "INSERT", "SELECT", "By hand", "by hand") if word in text]


def test_without_contacts_by_hand_data_means_whoever_runs_the_database() -> None:
    bare = load_runbook('[service]\nname = "Shop"\n[approval]\napprovers = ["S0APPROVERS"]\n', {})
    assert by_hand(RESTORES["restore_failed"].request, bare) == [
        "By hand: call whoever runs the database. The runbook names no contacts."
    ]


def test_a_restore_that_failed_changed_nothing_and_says_so() -> None:
    text = told(RESTORES["restore_failed"], "card")
    assert "*Failed: nothing changed*" in text
    assert "is kept in" not in text


# Drift that the step found itself


@pytest.mark.parametrize(
    ("name", "number"), [("restore_superseded", 1), ("restore_of_two_superseded", 1), ("restore_second_drifted", 2)]
)
def test_a_step_that_found_drift_is_shown_as_not_done_and_not_as_failed(name: str, number: int) -> None:
    lines = told(RESTORES[name], "run").splitlines()
    line = next(line for line in lines if f" {number}. Restore user_profiles" in line)
    assert line.startswith("♻️")
    assert line.endswith("not done: production had changed since the plan")


def test_drift_that_the_first_step_found_changed_nothing_and_can_be_planned_again() -> None:
    text = told(RESTORES["restore_superseded"], "card")
    assert "*Superseded*" in text
    assert "*Nothing changed* through this request. The rows of the backup" in text
    assert "Plan again" in text
    assert "Whom to call" not in text


def test_the_approval_of_a_step_that_did_nothing_is_dead() -> None:
    assert "♻️ *Superseded* at" in told(RESTORES["restore_superseded"], "approval")


def test_of_two_steps_it_says_which_found_drift_and_which_never_began() -> None:
    text = told(RESTORES["restore_of_two_superseded"], "outcome")
    assert "Step 1 was not done: production had changed since the plan." in text
    assert 'Not begun: roll back web-shop to a1b2c3d "Fix login".' in text
    assert "Not begun: restore" not in text


def test_drift_that_a_later_step_found_is_partly_done() -> None:
    text = told(RESTORES["restore_second_drifted"], "card")
    assert "*Failed: partly done*" in text
    assert "Step 1: Rolled back" in text
    assert "Step 2 was not done: production had changed since the plan." in text
    assert "Whom to call:" in text


def test_drift_found_before_a_step_began_is_told_as_before() -> None:
    text = told(of_two_steps().approved().started().finished().drifted(), "run")
    assert "▫️ 2. Restore tables on table:user_profiles: not begun" in text


def test_the_words_read_the_facts_that_are_executed() -> None:
    assert restore_facts(requested(WARNED).request.step(0)) == WARNED
