"""The runbook: the organization's plan as reviewed data. One with a mistake is none, and every mistake is named."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from bot.core.plan import canonical
from bot.core.runbook.addresses import is_address
from bot.core.runbook.checks import AnyCheck, HttpCheck
from bot.core.runbook.fields import Reading, json_value, table
from bot.core.runbook.problems import RunbookProblems, entries, problem_lines, repeated_names
from bot.core.runbook.tables import (
    Access,
    Approval,
    Checklist,
    Communications,
    Contact,
    Database,
    Phase,
    Scenario,
    Service,
    Vercel,
    Verification,
)


@table
class RunbookTables:
    """What stands at the top of a runbook's TOML."""

    service: Service
    access: Access = Access()
    approval: Approval
    verification: Verification = Verification()
    vercel: Vercel | None = None
    database: Database | None = None
    checks: tuple[AnyCheck, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    contacts: tuple[Contact, ...] = ()
    communications: Communications = Communications()
    checklists: tuple[Checklist, ...] = ()
    timeline: tuple[Phase, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Runbook(RunbookTables):
    """A runbook without a mistake.

    `digest` is SHA-256 of its text, and `check_digests` of each check's, by name, in hexadecimal: both of what was
    reviewed, before any value of the environment is put in.
    """

    digest: str
    check_digests: Mapping[str, str]

    @property
    def watched(self) -> tuple[HttpCheck, ...]:
        """The required checks that only read a page: what downtime is measured by."""
        pages = [check for check in self.checks if isinstance(check, HttpCheck) and check.method == "GET"]
        return tuple(check for check in pages if check.required and not check.off)

    def required_for(self, risk: str) -> int:
        """How many different people must approve a request of this risk."""
        of_risk = self.approval.risk.get(risk)
        return max(self.approval.required, of_risk.required if of_risk else 0)

    def scenario(self, name: str) -> Scenario | None:
        """The scenario of that name."""
        return next((scenario for scenario in self.scenarios if scenario.name == name), None)


def load_runbook(text: str, env: Mapping[str, str]) -> Runbook:
    """The runbook that `text` is, with the values of `env`; RunbookProblems names every mistake at once."""
    raw = _toml(text)
    repeated = tuple(repeated_names(raw))
    try:
        tables = TypeAdapter(RunbookTables).validate_python(raw, context=_reading(raw, env))
    except ValidationError as error:
        raise RunbookProblems((*problem_lines(error, raw, RunbookTables), *repeated), frozenset(raw)) from None
    if repeated:
        raise RunbookProblems(repeated, frozenset(raw))
    digests = {str(check["name"]): _digest(canonical(json_value(check))) for check in entries(raw, ("checks",))}
    return Runbook(**vars(tables), digest=_digest(text), check_digests=digests)


def _toml(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RunbookProblems((f"runbook: not TOML: {error}",)) from error


def _reading(raw: Mapping[str, object], env: Mapping[str, str]) -> Reading:
    service = raw.get("service")
    site = service.get("site") if isinstance(service, dict) else None
    tables = entries(raw, ("database", "tables"))
    return Reading(
        env=env,
        has=frozenset(raw),
        site=site if isinstance(site, str) and is_address(site) else "",
        scenarios=tuple(str(scenario.get("name")) for scenario in entries(raw, ("scenarios",))),
        tables={str(entry.get("name")): bool(entry.get("added_columns")) for entry in tables},
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
