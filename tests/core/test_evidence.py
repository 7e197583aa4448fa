"""What the bot ticks by itself: what it saw, and nothing that only sounds like it; in any language."""

import pytest

from bot.core.evidence import evidence_for
from tests.incident_histories import RUNBOOK, IncidentHistory
from tests.pharmacy import pharmacy

PASSED = {"Startseite": "status 200", "Fehlerquote": "0 of 4 failed (0 %)", "Kunden-Anmeldung": "status 200"}
ENDED = IncidentHistory().joined(scenario="bestellungen-kaputt", backups=True).ended(passed=PASSED).incident


@pytest.mark.parametrize(
    ("item", "evidence"),
    [
        ("Kunden-Anmeldung ausprobieren", "Kunden-Anmeldung: status 200, after R-1."),
        ("KUNDEN-ANMELDUNG?", "Kunden-Anmeldung: status 200, after R-1."),
        (
            "Fehlerquote und Startseite ansehen",
            "Fehlerquote: 0 of 4 failed (0 %), after R-1. Startseite: status 200, after R-1.",
        ),
        ("Startseite (mobil) ansehen", ""),  # another check's name, of which the shorter one is a part
        ("Startseite und Bestellungen mit Betrag prüfen", ""),  # one of the two didn't pass
        ("Startseiten-Texte lesen", ""),
        ("Anmeldung ausprobieren", ""),
        ("Neues Backup anlegen", ""),
        ("Symptome notieren", ""),
    ],
)
def test_an_item_in_any_language_is_ticked_by_every_check_that_it_names_and_by_no_other(
    item: str, evidence: str
) -> None:
    assert evidence_for(item, ENDED, pharmacy()) == evidence


@pytest.mark.parametrize(
    "item", ["Take a fresh backup", "Make sure the symptoms are gone", "Thank the stakeholders", "Archive error logs"]
)
def test_a_word_alone_ticks_nothing(item: str) -> None:
    assert evidence_for(item, ENDED, RUNBOOK) == ""


@pytest.mark.parametrize("item", ["Verify all systems operational", "Monitor error logs", "Error rate seen?"])
def test_what_was_well_after_a_watch_says_nothing_about_the_rollback_that_followed(item: str) -> None:
    watched = IncidentHistory().joined().ended(passed={"Error rate": "0 of 4 failed (0 %)"}, ran=False)
    assert evidence_for(item, watched.joined("R-2").ended("R-2", "Done, checks fail").incident, RUNBOOK) == ""


def test_a_check_whose_name_ends_with_a_bracket_is_recognized() -> None:
    passed = IncidentHistory().joined().ended(passed={"Startseite (mobil)": "status 200"}).incident
    assert (
        evidence_for("Startseite (mobil) ansehen", passed, pharmacy()) == "Startseite (mobil): status 200, after R-1."
    )
