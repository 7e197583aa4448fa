"""What arrives from an incident's buttons and modals: kept as it is, or not at all."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import Ack

from bot.adapters.log_sqlite import SqliteLog
from bot.changes import Delivery
from bot.core.checks import CheckResult, Verdict
from bot.core.errors import Refused
from bot.core.incident import Press, Verb
from bot.incidents import Incidents
from bot.journal import INCIDENTS, REQUESTS, Journal
from handlers import incident
from tests.histories import ANA, BEN, CHANNEL, TEAM, runbook
from tests.simulator.hand import Hand

FAILING = CheckResult("Site", Verdict.FAILED, required=True, expected="status 200", seen="500")


@pytest.fixture
def incidents(tmp_path: Path) -> Iterator[Incidents]:
    """With I-1, which a person's look opened."""
    log = SqliteLog(tmp_path / "log.db", Hand().now)
    journal, requests = Journal(log, INCIDENTS), Journal(log, REQUESTS)
    verbs = Incidents(journal=journal, requests=requests, runbook=runbook(), wake=lambda _: None)
    verbs.note_verification(Delivery("look", ANA, TEAM, CHANNEL), [FAILING])
    yield verbs
    log.close()


def clicked(value: str) -> dict[str, Any]:
    who = {"user": {"id": BEN}, "team": {"id": TEAM}, "channel": {"id": CHANNEL}, "trigger_id": "click"}
    return {"type": "block_actions", **who, "actions": [{"value": value}]}


def submitted(about: str, **values: Any) -> dict[str, Any]:
    told = {"private_metadata": json.dumps({"incident": "I-1", "about": about}), "state": {"values": values}}
    return {"user": {"id": BEN}, "team": {"id": TEAM}, "trigger_id": "form", "view": told}


def presses(incidents: Incidents) -> tuple[Press, ...]:
    return incidents.incident("I-1").pending


def test_a_press_is_kept_with_what_it_is_about_and_who_pressed(incidents: Incidents) -> None:
    value = json.dumps({"incident": "I-1", "about": "stakeholders/incident 30m"})
    incident.pressed(Ack(), clicked(value), incidents=incidents, verb=Verb.DONE)  # type: ignore[no-untyped-call]
    (press,) = presses(incidents)
    assert (press.verb, press.about, press.person) == (Verb.DONE, "stakeholders/incident 30m", BEN)


@pytest.mark.parametrize(
    "value", ["", "{}", "[]", '{"incident": "R-1", "about": ""}', '{"incident": "I-9", "about": ""}']
)
def test_a_press_on_no_incident_is_refused(incidents: Incidents, value: str) -> None:
    with pytest.raises(Refused, match="There is no incident"):
        incident.pressed(Ack(), clicked(value), incidents=incidents, verb=Verb.RESOLVE)  # type: ignore[no-untyped-call]


def test_not_needed_without_a_reason_leaves_the_modal_open(incidents: Incidents) -> None:
    ack = Ack()  # type: ignore[no-untyped-call]  # Bolt's own
    form = submitted("stakeholders/incident 30m", reason={"reason": {"value": "  "}})
    incident.not_needed_submitted(ack, form, incidents=incidents)
    assert ack.response
    assert "Say why" in json.loads(ack.response.body)["errors"]["reason"]
    assert presses(incidents) == ()


def test_down_since_without_a_moment_leaves_the_modal_open(incidents: Incidents) -> None:
    ack = Ack()  # type: ignore[no-untyped-call]  # Bolt's own
    incident.down_since_submitted(ack, submitted("", at={"at": {"selected_date_time": None}}), incidents=incidents)
    assert ack.response
    assert "Choose a day" in json.loads(ack.response.body)["errors"]["at"]
    assert presses(incidents) == ()


def test_down_since_is_kept_as_a_moment_in_utc(incidents: Incidents) -> None:
    form = submitted("", at={"at": {"selected_date_time": 1_795_230_720}})
    incident.down_since_submitted(Ack(), form, incidents=incidents)  # type: ignore[no-untyped-call]
    assert presses(incidents)[0].data["at"] == "2026-11-21T03:12:00+00:00"
