"""What one person alone reads."""

import json

from bot.messages.private import help_text, status, whom_to_call
from bot.messages.views import denial_view
from tests.histories import of_two_steps, runbook, running, verified, waiting
from tests.messages.shown import words

LINK = "https://acme.slack.com/archives/C0INC/p1795230720000100"


def test_help_shows_the_commands_that_work_and_no_other() -> None:
    text = words(help_text(runbook(), {"rollback_deployment"}))
    assert "/rollback vercel [previous | &lt;commit&gt; | dpl_… | https://…] [because …]" in text
    assert "/rollback stop &lt;request&gt;" in text
    assert "/rollback undo &lt;request&gt; [because …]" in text
    assert all(f"/rollback {word}" in text for word in ("verify", "timeline", "resolve"))
    assert "/rollback build-failure" not in text


def test_help_names_the_form_where_it_offers_something() -> None:
    assert "`/rollback` alone opens a form" in words(help_text(runbook(), {"rollback_deployment"}))
    assert "a form" not in words(help_text(runbook(), set()))


def test_help_says_which_scenarios_are_not_in_this_version() -> None:
    assert "not in this version: Database schema issues" in words(help_text(runbook(), set()))


def test_help_lists_a_scenario_by_its_symptoms() -> None:
    text = words(help_text(runbook(), {"rollback_deployment"}))
    assert "/rollback schema" in text
    assert "when: Users can't log in" in text


def test_status_links_open_requests_and_says_what_they_wait_for() -> None:
    text = words(status([waiting().request], lambda _: LINK, runbook()))
    assert f"⏳ *Waiting for approval (0 of 2)* · <{LINK}|R-17>: Roll back web-shop" in text


def test_status_says_which_target_a_run_holds() -> None:
    assert "it holds vercel:web-shop" in words(status([running().request], lambda _: LINK, runbook()))


def test_status_shows_the_last_rollback_as_far_as_it_is_known() -> None:
    text = words(status([verified().request], lambda _: LINK, runbook()))
    assert "No open requests." in text
    assert "Unless a deployment was promoted since, pushes do not go live." in text


def test_status_never_links_to_what_is_no_address() -> None:
    assert "<evil" not in words(status([of_two_steps().request], lambda _: "evil|x>", runbook()))


def test_contacts_are_those_of_the_runbook() -> None:
    assert "Hosting: *Vercel Support* (https://vercel.com/help)" in words(whom_to_call(runbook()))


def test_the_modal_behind_deny_knows_what_it_belongs_to() -> None:
    view = denial_view("R-17", "abc")
    assert json.loads(view["private_metadata"]) == {"request": "R-17", "digest": "abc"}
    assert view["blocks"][0]["element"]["max_length"] == 500
