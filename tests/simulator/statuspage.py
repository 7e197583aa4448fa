"""A stand-in for Statuspage's REST API: one page, its incidents with their updates, and who was told of them.

Statuses and limits are those of its reference: names up to 255 characters, bodies up to 25,000, the four statuses of
an incident that is under way. Answers that are refused, lost, late or broken are faults of `Wire`.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.simulator.wire import Answer, Request, Wire

KEY, PAGE = "5ta7-stand-in-key", "pg7stand1n"
STATUSES = ("investigating", "identified", "monitoring", "resolved")
NAME_LENGTH, BODY_LENGTH = 255, 25_000


@dataclass
class Incident:
    """One incident: each update is its status then and what was said."""

    id: str
    name: str
    updates: list[tuple[str, str]] = field(default_factory=list)
    told: int = 0  # how often the subscribers were told

    @property
    def status(self) -> str:
        return self.updates[-1][0]

    def as_statuspage(self) -> dict[str, Any]:
        updates = [{"status": status, "body": body} for status, body in reversed(self.updates)]
        return {
            "id": self.id,
            "page_id": PAGE,
            "name": self.name,
            "status": self.status,
            "incident_updates": updates,
        }


class StatuspageStandIn(Wire):
    """One page, for whoever has the key."""

    def __init__(self) -> None:
        super().__init__()
        self.key = KEY
        self.incidents: list[Incident] = []

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"OAuth {self.key}":
            return _error(401, "Could not authenticate")
        found = re.fullmatch(rf"/pages/{PAGE}(/incidents(?:/(\w+))?)?", request.path)
        if found is None:
            return _error(404, "Not found")
        if request.method == "GET" and not found[1]:
            return Answer(200, {"id": PAGE, "name": "IBAM Learn Platform", "subdomain": "ibam"})
        known = next((one for one in self.incidents if one.id == found[2]), None)
        if request.method == "POST" and found[1] and not found[2]:
            return self._update(Incident(f"inc{len(self.incidents) + 1:05d}", ""), request, created=True)
        if request.method == "PATCH" and known:
            return self._update(known, request, created=False)
        return _error(404, "Not found")

    def _update(self, incident: Incident, request: Request, *, created: bool) -> Answer:
        asked = json.loads(request.body)["incident"]
        name, body = asked.get("name", incident.name), asked.get("body", "")
        status = asked.get("status", "investigating" if created else incident.status)
        wrong = ["Name can't be blank"] * (not name) + ["Name is too long"] * (len(name) > NAME_LENGTH)
        wrong += ["Body is too long"] * (len(body) > BODY_LENGTH) + ["Status is not valid"] * (status not in STATUSES)
        if wrong:
            return _error(422, *wrong)
        incident.name = name
        incident.updates.append((status, body))
        incident.told += bool(asked.get("deliver_notifications", True))
        if created:
            self.incidents.append(incident)
        return Answer(201 if created else 200, incident.as_statuspage())


def _error(status: int, *said: str) -> Answer:
    return Answer(status, {"error": list(said) if status == 422 else said[0]})
