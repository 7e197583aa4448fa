"""docs/plan-coverage.md walks through the plan that the bot carries out: nothing of it is left out, and all is shown.

The page quotes the plan; here stand the plan's headings, and the runbook is held to the words of the page.
"""

import ast
import re
from datetime import timedelta
from functools import cache
from pathlib import Path

from bot.core.evidence import evidence_for
from bot.core.runbook.checks import ErrorRateCheck, HttpCheck, SqlCheck
from bot.core.runbook.moments import Anchor, Moment
from tests.incident_histories import opened
from tests.incident_world import shipped

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "plan-coverage.md").read_text(encoding="utf-8")
PLAN = {  # its headings in their order, and how many things each of them says
    "PRODUCTION V3 ROLLBACK PLAN": 3,
    "QUICK ROLLBACK COMMANDS": 0,
    "Immediate Vercel Rollback": 2,
    "Emergency Database Restoration": 4,
    "ROLLBACK SCENARIOS": 0,
    "Scenario 1: Deployment Build Failure": 8,
    "Scenario 2: Database Schema Issues": 11,
    "Scenario 3: Data Corruption/Loss": 8,
    "Scenario 4: Performance Issues": 9,
    "ROLLBACK PROCEDURES": 0,
    "A. Pre-Rollback Checklist": 5,
    "B. Vercel Rollback Steps": 4,
    "C. Database Rollback Steps": 7,
    "EMERGENCY CONTACTS": 0,
    "Technical Escalation": 3,
    "Communication Plan": 3,
    "POST-ROLLBACK ACTIONS": 0,
    "Immediate (0-1 hour)": 4,
    "Short-term (1-24 hours)": 4,
    "Long-term (1-7 days)": 4,
    "VERIFICATION COMMANDS": 0,
    "Test User Access": 3,
    "Database Health Check": 2,
    "SUCCESS METRICS": 6,
    "RECOVERY TIMELINE": 5,
    "EMERGENCY HOTLINE": 7,
}
CHECKLISTS = {  # and until when each is to be done; None = the plan doesn't say
    "A. Pre-Rollback Checklist": None,
    "Immediate (0-1 hour)": timedelta(hours=1),
    "Short-term (1-24 hours)": timedelta(hours=24),
    "Long-term (1-7 days)": timedelta(days=7),
}
SHOWN = re.compile(r"(?m)^- (\w): `(tests/[\w/]+\.py)::(test_\w+)`$")
ROW = re.compile(r"(?m)^\| (?!the plan |---)([^|]*) \| ([^|]*) \| ([^|]*) \|$")


def section(heading: str) -> str:
    """What stands below a heading of the plan."""
    return re.split(rf"(?m)^##+ {re.escape(heading)}$", PAGE)[1].partition("\n##")[0]


def quoted(heading: str) -> list[str]:
    """What the plan says there, in its order."""
    return [found[1] for cell, _, _ in ROW.findall(section(heading)) if (found := re.match(r'"([^"]+)"', cell))]


@cache
def functions_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


# The page


def test_it_walks_through_every_heading_of_the_plan_in_its_order() -> None:
    assert re.findall(r"(?m)^##+ (.*)$", PAGE) == list(PLAN)


def test_everything_that_the_plan_says_has_its_row() -> None:
    assert {heading: len(quoted(heading)) for heading in PLAN} == PLAN


def test_every_row_names_what_shows_it_and_all_that_is_named_is_used() -> None:
    for heading in PLAN:
        shown = [letter for letter, _, _ in SHOWN.findall(section(heading))]
        used = [cell.split() for _, _, cell in ROW.findall(section(heading))]
        assert all(used), heading
        assert sorted(shown) == sorted({letter for letters in used for letter in letters}), heading


def test_every_test_that_it_names_exists() -> None:
    named = [(path, name) for _, path, name in SHOWN.findall(PAGE)]
    assert [f"{path}::{name}" for path, name in named if name not in functions_in(path)] == []
    assert len(named) == PAGE.count("::test_")


def test_the_readme_leads_to_it() -> None:
    assert "(docs/plan-coverage.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


# The runbook that is shipped: the plan's own words, as the page quotes them


def test_the_runbook_has_the_plans_symptoms_and_risks_word_for_word() -> None:
    headings = [heading for heading in PLAN if heading.startswith("Scenario ")]
    for heading, scenario in zip(headings, shipped().scenarios, strict=True):
        *said, risk = quoted(heading)
        assert said[: len(scenario.symptoms)] == list(scenario.symptoms)
        assert risk == f"Risk Level: {scenario.risk.upper()} - {scenario.impact}"


def test_the_checklists_are_the_plans_item_by_item() -> None:
    for checklist, (heading, window) in zip(shipped().checklists, CHECKLISTS.items(), strict=True):
        assert checklist.name.replace("\N{EN DASH}", "-").casefold() in heading.casefold()
        assert list(checklist.items) == quoted(heading)
        assert (checklist.due.after if checklist.due else None) == window


def test_the_contacts_and_last_resorts_are_the_plans() -> None:
    *contacts, last = shipped().contacts
    for contact, quote in zip(contacts, quoted("Technical Escalation"), strict=True):
        assert quote.startswith(f"{contact.role}: {contact.name} (")
    vercel, supabase, redirect, *_ = quoted("EMERGENCY HOTLINE")
    assert vercel.startswith(f"1. Contact {contacts[2].name}:")
    assert supabase.startswith(f"2. Contact {contacts[1].name}:")
    assert redirect == f"3. {last.name}: Point to static maintenance page"


def test_the_plans_communication_has_its_reminders_at_its_times() -> None:
    told = {one.audience: one for one in shipped().communications.reminders}
    assert told["internal"].when == Moment(Anchor.INCIDENT)
    assert told["status page"].when == Moment(Anchor.DOWNTIME, timedelta(minutes=15))
    assert told["stakeholders"].due == Moment(Anchor.INCIDENT, timedelta(hours=1))
    assert told["users"].when == Moment(Anchor.SCENARIO, scenario="data-corruption")
    assert told["users"].draft.startswith("{service} is temporarily unavailable")


def test_the_plans_verification_commands_are_checks_that_decide() -> None:
    checks = {check.name: check for check in shipped().checks}
    site, admin, api = (checks[name] for name in ("Site", "Admin dashboard", "API"))
    paths = [check.filled().url.removeprefix(shipped().service.site) for check in http(site, admin, api)]
    assert paths == ["/", "/admin", "/api/admin/stats"]
    assert [check.max_seconds for check in http(site)] == [3.0]
    counted = [check.sql for check in checks.values() if isinstance(check, SqlCheck)]
    assert counted[:2] == ["SELECT count(*) FROM user_profiles", "SELECT count(*) FROM user_progress"]
    assert isinstance(checks["Error rate"], ErrorRateCheck)
    assert [name for name, check in checks.items() if not check.required] == ["Recent activity"]


def http(*checks: object) -> list[HttpCheck]:
    return [check for check in checks if isinstance(check, HttpCheck)]


def test_the_recovery_timeline_is_the_plans_row_by_row() -> None:
    rows = [f"{span(one.begins, one.ends)}: {one.what}: {one.owner}" for one in shipped().timeline]
    assert [row.casefold() for row in rows] == [quote.casefold() for quote in quoted("RECOVERY TIMELINE")]


def span(begins: timedelta, ends: timedelta) -> str:
    """As the plan writes it."""
    hours = begins >= timedelta(hours=1)
    each = timedelta(hours=1) if hours else timedelta(minutes=1)
    return f"{begins // each}-{ends // each} {'hours' if hours else 'min'}"


def test_what_the_first_hour_asks_for_the_bot_can_see_by_itself() -> None:
    runbook = shipped()
    ended = opened().at(10).ended(passed={check.name: "as expected" for check in runbook.checks}).incident
    (first,) = [one for one in runbook.checklists if "1 hour" in one.name]
    seen = [evidence_for(item, ended, runbook).partition(":")[0] for item in first.items]
    assert seen == ["Every check that decides passed after R-1.", "Login", "Admin dashboard", "Error rate"]
