"""A runbook of another organization works as it is: its tables, checks, scenarios, phases, words; a small one, too.

What needs a database and a bot of its own is told once, and read by several tests.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.core.incident import Verb
from bot.doctor.examination import examine
from tests.database.server import Database, server
from tests.incident_world import ANA, BEN, CHLOE, EVE, INC, IncidentWorld
from tests.pharmacy import SCENARIO, furnish, pharmacy, pharmacy_world, world_of
from tests.setups import bad
from tests.simulator import vercel_cast as the
from tests.simulator.slack_reading import text_of
from tests.world import World

DOC = (Path(__file__).parents[1] / "docs" / "runbook.md").read_text(encoding="utf-8")
SMALLEST = DOC.partition("## Smallest runbook\n\n```toml\n")[2].partition("```")[0]
TWO = SMALLEST.replace('"S0123456789"', '"U_BEN", "U_CHLOE"').replace(
    'project = "shop"', 'project = "apotheke-versand"'
)
DATA_ALONE = f"""{TWO.partition("[vercel]")[0]}
[database]
[[database.tables]]
name = "user_profiles"
"""
BEGIN = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)


class Carried(NamedTuple):
    """The pharmacy after its scenario was carried out; only looked at from then on."""

    world: World
    database: Database


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carried]:
    """Asked for by one person, approved by one other, run and verified; the lists after it are there."""
    with server().database() as database:
        furnish(database)
        with pharmacy_world(tmp_path_factory.mktemp("pharmacy"), database) as world:
            world.rollback(f"{SCENARIO} because Beträge sind 0 €")
            world.approve(BEN)
            world.wait_for_end("Verified")
            world.slack.wait_for(lambda: "of 5 items ticked" in world.slack.transcript(INC))
            yield Carried(world, database)


def test_its_tables_are_restored_and_its_code_rolled_back_with_one_approval(carried: Carried) -> None:
    database = carried.database
    assert database.value('SELECT sum("Betrag")::text FROM "Verkauf"."Bestellungen"') == "51.45"
    assert database.value('SELECT count(*) FROM "Verkauf"."Bestell-Positionen"') == 4
    assert database.value('SELECT "storniert am" IS NOT NULL FROM "Verkauf"."Bestellungen" WHERE "Nr" = 2')
    assert carried.world.live() == {the.PREVIOUS}
    assert "(1 of 1)" in carried.world.thread()


def test_it_is_verified_by_its_own_checks(carried: Carried) -> None:
    (passed,) = carried.world.data("verification_passed")
    deciding = {one["name"] for one in passed["results"] if one["required"]}
    assert {check.name for check in pharmacy().checks} <= deciding


def test_everybody_is_told_in_its_words(carried: Carried) -> None:
    slack = carried.world.slack
    notice = f"{pharmacy().service.name} (Produktion): @ana bittet in #inc-2026 um:"
    assert notice in slack.transcript("C_GENERAL")
    assert "Message for Filialen/Botendienst*: due now" in slack.transcript(INC)
    assert "Bitte nehmt bis auf Weiteres keine Online-Bestellungen an. Betroffen seit " in slack.transcript(INC)


def test_its_items_are_ticked_by_its_checks_alone(carried: Carried) -> None:
    ticked = {(tick["checklist"], tick["item"]) for tick in carried.world.data("item_ticked", "I-1")}
    assert ticked == {("Danach: sofort", number) for number in (0, 1, 2, 3)}


def test_help_form_home_and_contacts_show_it(carried: Carried) -> None:
    world = carried.world
    for command in ("help", "contacts", ""):
        world.rollback(command)
    world.restore("help")
    assert "Bestellungen sind verfälscht (risk critical)" in world.told(ANA, f"/rollback {SCENARIO}")
    assert "Leiterin Technik, auch nachts" in world.told(ANA, "Zoë Müller-Lüdenscheidt")
    assert '`"Bestellungen"`, `"Bestell-Positionen"`' in world.told(ANA, "Tables that can be restored")
    view = world.slack.wait_for(lambda: world.slack.view_of(ANA))
    assert "Beträge stehen auf 0 €" in world.slack.text_of(view)
    world.slack.open_home(BEN)
    (home,) = world.slack.wait_for(lambda: world.slack.homes_of(BEN))
    assert "Bestell-Positionen" in world.slack.text_of(home)


def test_the_doctor_finds_nothing_wrong_with_it(carried: Carried) -> None:
    found = list(examine(carried.world.env, lambda: datetime.now(UTC)))
    assert bad(found) == []
    assert "5 checks, 2 tables, 2 scenarios" in str(found)


@pytest.fixture
def night(tmp_path: Path) -> Iterator[IncidentWorld]:
    """An incident of the pharmacy's, whose site is down from the first minute on."""
    world = IncidentWorld(tmp_path / "log.db", BEGIN)
    world.runbook = pharmacy()
    world.restart()
    world.site.is_up = False
    world.ask(ANA)
    yield world
    world.close()


def read(world: IncidentWorld, key: str) -> str:
    """The newest message of that name."""
    posted = [m for m in world.slack.state.messages[INC] if m["metadata"]["event_payload"]["key"].endswith(key)]
    return text_of(posted[-1], {}) if posted else ""


def test_its_phases_of_days_are_told_with_their_dates_and_counted_by_its_times(night: IncidentWorld) -> None:
    night.until(BEGIN + timedelta(minutes=11))
    shown = read(night, "incident")
    assert "20:00 UTC-20:10 UTC Lage klären und entscheiden (Bereitschaft): *late*" in shown
    assert "20:10 UTC-23:00 UTC Zurücksetzen: due next" in shown
    assert "2026-11-21 23:00 UTC-2026-11-24 20:00 UTC Ursache finden" in shown
    night.until(BEGIN + timedelta(days=3, minutes=1))
    assert sorted(night.incident().phases_late) == [0, 1, 2]


def test_its_reminders_come_at_its_times_and_whoever_was_told_hears_that_it_is_over(night: IncidentWorld) -> None:
    night.until(BEGIN + timedelta(minutes=26))
    assert "Message for Geschäftsführung" in read(night, "overdue/Geschäftsführung/downtime 10m")
    assert "ist seit 20:00 UTC gestört (Vorgang I-1). Stand 20:10 UTC." in read(
        night, "reminder/Geschäftsführung/downtime 10m/1"
    )
    night.press(CHLOE, Verb.DONE, "Geschäftsführung/downtime 10m")
    night.site.is_up = True
    night.until(BEGIN + timedelta(hours=5))
    night.press(BEN, Verb.RESOLVE)
    clear = read(night, "reminder/Ende/Entwarnung/resolved/Geschäftsführung/1")
    assert "Ende/Entwarnung for Geschäftsführung" in clear
    assert "Die Störung dauerte von 2026-11-21 20:00 UTC bis 01:00 UTC." in clear


def test_an_item_of_a_list_whose_name_has_a_slash_is_ticked_by_a_person(night: IncidentWorld) -> None:
    name = "Vor dem Eingriff / Freigabe"
    night.press(EVE, Verb.TICK, f"{name}/2")
    assert night.incident().checklists[name].ticks[2].by == EVE


def test_the_smallest_runbook_of_the_document_rolls_code_back_and_says_what_it_lacks(tmp_path: Path) -> None:
    with world_of(tmp_path, TWO) as world:
        world.restore("user_profiles")
        world.rollback("verify")
        world.rollback("vercel")
        world.approve(BEN, CHLOE)
        world.wait_for_end("Verified")
        assert world.live() == {the.PREVIOUS}
        assert "Nothing was changed." in world.told(ANA, "The runbook has no [database]")
        assert "Nothing was changed." in world.told(ANA, "The runbook has no [[checks]]")


def test_a_runbook_with_a_database_alone_restores_and_says_what_it_lacks(tmp_path: Path, damaged: Database) -> None:
    with world_of(tmp_path, DATA_ALONE, database=damaged.url) as world:
        world.rollback("vercel")
        world.rollback("deployments")
        world.restore("user_profiles")
        world.approve(BEN, CHLOE)
        world.wait_for_end("Verified")
        for lacking in ("no deployment to roll back", "no deployments to list"):
            assert "Nothing was changed." in world.told(ANA, lacking)
        assert world.vercel.requests == []
