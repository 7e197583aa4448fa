"""What people approve: steps frozen against what production looked like, under one digest."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
Facts: TypeAlias = Mapping[str, Json]


@dataclass(frozen=True)
class Ask:
    """What a person asked one action to do, before production was read."""

    action: str
    params: Facts


@dataclass(frozen=True)
class Step:
    """One action with its targets filled in.

    `before` is what production looked like, `after` what the step promises; both are JSON and both are
    executed from, so the sentence that people approve is made from them and from nothing else.
    """

    action: str
    target: str  # what it is about: "vercel:<project id or name>", or tables with commas between them
    before: Facts
    after: Facts


@dataclass(frozen=True)
class Plan:
    """The steps of one request; `checks` names each check with the digest of its text in the runbook."""

    steps: tuple[Step, ...]
    checks: Mapping[str, str]
    runbook: str  # the runbook's digest
    made_at: datetime

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical form, in hexadecimal: what an approval is an approval of."""
        return hashlib.sha256(canonical(self.as_json()).encode()).hexdigest()

    def as_json(self) -> Facts:
        """The plan as the log keeps it; `plan_from_json` reads it back to an equal plan."""
        return {
            "steps": [dict(vars(step)) for step in self.steps],
            "checks": dict(self.checks),
            "runbook": self.runbook,
            "made_at": self.made_at.isoformat(),
        }


def plan_from_json(facts: Mapping[str, object]) -> Plan:
    """The plan that `Plan.as_json` wrote."""
    steps, checks = facts["steps"], facts["checks"]
    if not isinstance(steps, list) or not isinstance(checks, dict):
        raise TypeError("not a plan")
    return Plan(
        steps=tuple(Step(**step) for step in steps),
        checks=checks,
        runbook=str(facts["runbook"]),
        made_at=datetime.fromisoformat(str(facts["made_at"])),
    )


def canonical(value: Json) -> str:
    """One text for one value: sorted keys, no spaces, every character as itself."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
