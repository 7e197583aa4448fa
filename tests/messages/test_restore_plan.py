"""What people read of a table restore before they approve it: every fact, and nothing that isn't true."""

from dataclasses import replace

import pytest

from bot.core.restore import LiveDeployment, RestoreFacts
from tests.histories import History, rollback_step
from tests.messages.restores import EXACT, FOUR, ONE, UNDO, WARNED, holders, odd_restore, requested, restore, table
from tests.messages.shown import elements, messages, texts, words

NAMES = "abcdefgh"


def told(history: History, message: str) -> str:
    return words(messages(history)[message].picture)


def plan(facts: RestoreFacts) -> str:
    """The plan as people read it: its blocks, or the file."""
    shown = [m for name, m in messages(requested(facts)).items() if name.startswith("plan")]
    return "\n".join(
        text for one in shown for text in ([one.file.text] if one.file else texts(list(one.picture.blocks)))
    )


def plan_of(**changes: object) -> str:
    return plan(restore(table(**changes)))


def dialog(history: History) -> str:
    text: str = elements(messages(history)["approval"].picture)[0]["confirm"]["text"]["text"]
    return text


@pytest.mark.parametrize(
    "fact",
    [
        "Rows that change: *37*",
        "Of these, changed after the backup was made (by `updated_at`): *12*. *Those changes are undone*",
        "Rows that come back (deleted since): *5*",
        "Newer rows that stay: *6*",
        "Left as they are, because what they point to is gone (foreign key `user_profiles_id_fkey`): *1*",
        "Columns restored: `id`, `email`, `display_name`, `updated_at`",
        "Columns that the backup doesn't have, which keep their values: `subscription_tier`",
        "Columns that are never unset, only set: `deleted_at`",
        "Rows now 12,341, in the backup 12,340",
        "Database `shop`, backup of *3 September 2025 (444 days old)*",
        "`public.user_profiles` from `public.user_profiles_backup_20250903`",
        "⚠️ `anon` and `authenticated` *can change this backup: its rows may not be yours*",
        "Writes wait: `public.user_profiles`",
        "Inserts and other writes that point there wait too: `public.sessions`, `public.user_progress`",
        "*Meanwhile* (about 12.5 s)",
        "Beyond 25 s the restore stops, and nothing changes",
        "Reading goes on",
        "*Writes will wait for about 12.5 s*, more than the limit of 8 s: `long-block` was asked for",
        "copied first, in the same transaction, to `rollback_bot.user_profiles_20261121_031200_ab12`",
        "*To undo it*: `/rollback undo` with this request's name",
        "kept as it was, in the same transaction, in `rollback_bot.user_profiles_20261121_031200_ab12_changes`",
        'Production serves dpl_New2 (9f8e7d6 "New checkout")',
        "*Roll it back first, or it may damage these rows again*: `/rollback vercel`",
        "materialized views that show the old rows until they are refreshed: `public.active_users`",
        "the bot makes its schema `rollback_bot`, closed to other roles",
        "*Nothing is deleted, dropped, renamed or truncated*; a backup stays as it is",
        "No trigger of these tables fires for these rows",
    ],
)
def test_the_plan_says_every_fact(fact: str) -> None:
    assert fact.lower() in plan(WARNED).lower()


def test_the_plan_says_how_many_newer_changes_are_undone_also_where_there_are_none() -> None:
    assert "changed after the backup was made (by `updated_at`): *0*" in plan_of(undone=0)
    assert "are undone" not in plan_of(undone=0)


@pytest.mark.parametrize(
    ("recent", "why"), [("", "the runbook names no column that tells"), ("updated_at", "`updated_at` isn't in both")]
)
def test_the_plan_says_when_it_is_not_known_which_changes_are_undone(recent: str, why: str) -> None:
    assert f"not known ({why}). *Those changes are undone*" in plan_of(recent=recent, undone=None)


def test_the_plan_says_that_deleted_rows_of_a_login_table_do_not_come_back() -> None:
    text = plan_of(reinserts=False, insert=0, left_deleted=9)
    assert "Deleted since, and not brought back (the runbook says so): *9*" in text


@pytest.mark.parametrize("quiet", ["⚠️", "session", "makes its schema", "SET NULL:", "never unset", "not brought back"])
def test_the_plan_of_a_plain_restore_does_not_speak_of_what_is_not_there(quiet: str) -> None:
    assert quiet not in plan_of(waiting=())


@pytest.mark.parametrize(
    "fact",
    [
        "Newer rows that are *deleted* (`exact`): *6*",
        "*Rows that the backup doesn't have are deleted.* No table is dropped, renamed or truncated",
        "A row that others point to, which stay, is not deleted",
        "restore user_profiles exactly from the backup of 2025-09-03",
    ],
)
def test_the_plan_of_an_exact_restore_says_what_is_deleted(fact: str) -> None:
    assert fact in plan(EXACT)


@pytest.mark.parametrize(
    "fact",
    [
        "undo the restore of user_profiles of 2026-11-20 23:00 UTC",
        "back to the rows as they were before the restore of *<!date^1795215600^",
        "`public.user_profiles` by `rollback_bot.user_profiles_20261120_225950_cd34_1_changes`",
        "Rows that go back to what they were: *37*",
        "Rows that come back (deleted by the restore, or since): *1*",
        "Rows that are *deleted*, because the restore had inserted them: *5*",
        "Of those that go back or are deleted, changed since the restore: *2*. *Those changes are undone*",
        "*No row is touched that the restore did not write.*",
        "Rows now 12,341, in the change set 43",
    ],
)
def test_the_plan_of_an_undo_says_what_goes_back_and_what_is_undone_by_that(fact: str) -> None:
    assert fact in plan(UNDO)


@pytest.mark.parametrize("facts", [EXACT, UNDO])
def test_a_plan_that_deletes_rows_says_nowhere_that_nothing_is_deleted_or_that_newer_rows_stay(
    facts: RestoreFacts,
) -> None:
    text = plan(facts)
    assert "Nothing is deleted" not in text
    assert "that stay" not in text


def test_an_undo_speaks_of_no_deployment_and_of_no_backup() -> None:
    text = plan(UNDO)
    assert "Production serves" not in text
    assert "which deployment" not in text
    assert "long-block" not in plan(replace(UNDO, estimate_seconds=12.5))


def test_a_table_too_large_to_be_copied_is_said_to_be() -> None:
    text = plan_of(quarantine="", live_rows=200_001)
    assert "Over 200,000 rows, and so not copied as a whole: `public.user_profiles`" in text
    assert "is copied first" not in text


def test_the_oldest_sessions_in_a_transaction_are_shown_and_the_rest_counted() -> None:
    text = plan(WARNED)
    assert "5 sessions, the oldest first:\n    ◦ pid 4715, role `authenticator`, application `PostgREST`" in text
    assert "and 2 more" in text
    assert "pid 4711" not in text


def test_a_restore_that_waits_for_nobody_does_not_say_so() -> None:
    assert "In a transaction there" not in plan(restore(sessions=holders(0)))


def test_a_deployment_older_than_the_backup_is_no_warning() -> None:
    assert "⚠️" not in plan(ONE)
    assert "older than the backup" in plan(ONE)


def test_a_deployment_that_production_was_rolled_back_to_is_not_told_to_be_rolled_back() -> None:
    live = LiveDeployment("dpl_Good1", "dpl_Good1", "2026-11-21T03:00:00+00:00", is_rolled_back=True)
    text = plan(restore(live_deployment=live))
    assert "Make sure that it isn't what damaged these rows" in text
    assert "/rollback vercel" not in text


def test_a_deployment_that_could_not_be_read_is_said() -> None:
    assert "Not known: which deployment is live" in plan(restore(live_deployment=None))


def test_a_backup_that_names_its_time_is_shown_as_a_moment_and_one_of_a_day_as_that_day() -> None:
    text = plan_of(backup_date="20261120_2300")
    assert "<!date^1795215600^{date_long} at {time}|2026-11-20 23:00 UTC> (less than a day old)" in text
    assert "3 September 2025" in plan(ONE)


@pytest.mark.parametrize(
    ("date", "age"), [("20261120", "1 day old"), ("20261121", "less than"), ("20230101", "1,420 days")]
)
def test_the_age_of_the_backup_is_as_of_the_plan(date: str, age: str) -> None:
    assert age in plan_of(backup_date=date)


def test_several_tables_are_summed_up_before_each_is_shown() -> None:
    text = plan(FOUR)
    told = "1,242 rows change (undoing at least 12 newer changes), 5 come back, 450 newer rows stay."
    assert text.index(told) < text.index("`public.user_profiles` from")
    assert "`sessions`: columns restored" in text


@pytest.mark.parametrize(
    ("writers", "said"),
    [
        ((("anon",), ("anon",)), "`anon` *can change these backups: their rows may not be yours*"),
        ((("anon",), ()), "`anon` *can change some of these backups: their rows may not be yours*"),
        (((), ()), ""),
    ],
)
def test_of_several_backups_it_says_which_can_be_changed(writers: tuple[tuple[str, ...], ...], said: str) -> None:
    tables = [table(name=name, backup_writers=roles) for name, roles in zip("ab", writers, strict=True)]
    text = plan(restore(*tables))
    assert said in text
    assert ("roles that can change this backup: `anon`" in text) is bool(said)


def test_what_decides_stands_first() -> None:
    text = plan(WARNED)
    assert text.index("can change this backup") < text.index("Rows that change") < text.index("Columns restored")


def test_a_plan_too_long_for_messages_shows_every_table_and_column() -> None:
    many = [table(name=f"t{n}", columns=tuple(f"column_{n}_{c}" for c in range(40))) for n in range(60)]
    text = plan(restore(*many))
    assert all(f"`public.t{n}`" in text and f"`column_{n}_39`" in text for n in range(60))


def test_names_can_not_leave_their_fixed_width() -> None:
    text = plan(restore(table(backup_writers=("a`b *c*",))))
    assert "`a\N{MODIFIER LETTER GRAVE ACCENT}b *c*` *can change this backup" in text


def test_facts_written_by_another_version_are_still_shown() -> None:
    step = ONE.as_step()
    other = replace(step, before={key: value for key, value in step.before.items() if key != "sessions"})
    assert "• database: shop" in told(History(other).planned(), "plan")


def test_facts_that_do_not_fit_together_are_still_shown() -> None:
    step = ONE.as_step()
    assert "• database: shop" in told(History(replace(step, after={**step.after, "tables": []})).planned(), "plan")


# The dialog, the card and the fallback texts


def test_the_dialog_before_approve_names_target_effect_and_who_can_change_the_backup() -> None:
    assert dialog(requested(WARNED)) == (
        "Restore user_profiles from the backup of 2025-09-03. 37 rows change (undoing 12 newer changes), 5 come back, "
        "6 newer rows stay. anon and authenticated can change this backup: its rows may not be yours. With the last "
        "approval it begins."
    )


def test_the_dialog_of_a_plan_of_several_steps_says_who_can_change_the_backup() -> None:
    text = dialog(requested(WARNED, rollback_step()))
    assert "anon and authenticated can change this backup: its rows may not be yours." in text


@pytest.mark.parametrize("facts", [odd_restore("x" * 63, tables=40), odd_restore("<@U0BOSS>")])
def test_the_dialog_keeps_its_warning_whatever_the_names(facts: RestoreFacts) -> None:
    text = dialog(requested(facts).posted("plan", "shown"))
    assert len(text) <= 300
    assert "8 newer" not in text
    assert "backups: their rows may not be yours. With the last approval it begins." in text


@pytest.mark.parametrize(
    ("facts", "effect"),
    [
        (EXACT, "37 rows change (undoing 12 newer changes), 5 come back, 6 newer rows are deleted."),
        (UNDO, "37 rows go back (undoing 2 newer changes), 1 comes back, 5 are deleted."),
    ],
)
def test_the_dialog_says_what_is_deleted(facts: RestoreFacts, effect: str) -> None:
    assert effect in dialog(requested(facts))


def test_one_row_is_spoken_of_as_one() -> None:
    assert "1 row changes (undoing 1 newer change), 1 comes back, 1 newer row stays." in dialog(
        requested(restore(table(update=1, insert=1, keep=1, undone=1)))
    )


def test_changes_that_are_undone_unseen_are_said_in_the_dialog() -> None:
    assert "37 rows change (undoing any newer change)" in dialog(requested(restore(table(undone=None))))


def test_the_text_of_the_card_says_who_what_and_what_is_needed() -> None:
    text = messages(requested(FOUR))["card"].picture.text
    assert "<@U0ANA> asks: restore 4 tables (user_profiles, user_progress, sessions and magic_tokens)" in text
    assert "Needed: 2 approvals" in text


def test_more_tables_than_a_phrase_holds_are_counted() -> None:
    text = messages(requested(restore(*(table(name=name) for name in NAMES))))["card"].picture.text
    assert "restore 8 tables (a, b, c, d and 4 more) from the backups of 2025-09-03" in text
