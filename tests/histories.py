"""Typical histories of a request, told as sentences: `waiting().approved_by(BEN)`; `.request` replays them."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from bot.core.change import Kind
from bot.core.checks import CheckResult, Verdict
from bot.core.event import BOT, Event
from bot.core.plan import Ask, Plan, Step
from bot.core.replay import replay
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook, load_runbook
from tests.shop import BROKEN, DOMAINS, GOOD, LIVE_BEFORE, RUNBOOK_TEXT, facts

ANA, BEN, CY, DEE = "U0ANA", "U0BEN", "U0CY", "U0DEE"  # ANA asks; the others may approve
GROUP, CHANNEL, TEAM = "S0APPROVERS", "C0INC", "T0ACME"
BEGIN = datetime(2026, 11, 21, 3, 12, 0, tzinfo=UTC)
LIFE = timedelta(minutes=30)

OTHER_STEP = Step(
    action="restore_tables",
    target="table:user_profiles",
    before={"rows": 120, "backup": {"name": "user_profiles_backup_20261120", "age": "1 d"}, "sticky": []},
    after={"rows": 118, "quarantine": True, "columns": ["id", "email"]},
)
_TIMED = "status 200; median at most 3.0 s"


def _check(name: str, verdict: Verdict, expected: str, seen: str, *, required: bool = True) -> CheckResult:
    return CheckResult(name, verdict, required, expected, seen)


_NOT_DECIDING = (
    _check("Login", Verdict.OFF, "status 200", "LOGIN_URL is not set"),
    _check("Error rate", Verdict.SKIPPED, "<= before", "error_rate checks come later"),
    _check("Search", Verdict.FAILED, "status 200", "503", required=False),
)
_DOMAINS_PASS = _check(
    "Production domains",
    Verdict.PASSED,
    f'every production domain serves {GOOD.id} (a1b2c3d "Fix login")',
    "; ".join(f"{domain} serves {GOOD.id}" for domain in DOMAINS),
)
_SITE = _check("Site", Verdict.PASSED, _TIMED, "200")
BEFORE = (
    replace(_SITE, verdict=Verdict.FAILED, seen="500", median_seconds=1.2, worst_seconds=4.03),
    *_NOT_DECIDING,
)
PASSING = (_DOMAINS_PASS, replace(_SITE, median_seconds=0.35, worst_seconds=0.61), *_NOT_DECIDING)
FAILING = (_DOMAINS_PASS, replace(BEFORE[0], median_seconds=0.9, worst_seconds=1.4), *_NOT_DECIDING)


@cache
def runbook() -> Runbook:
    """A small one, with a check of every fate."""
    return load_runbook(RUNBOOK_TEXT, {})


def rollback_step(**changes: Any) -> Step:
    """A rollback of the shop, with these facts otherwise."""
    return facts(**changes).as_step("vercel:web-shop")


class History:
    """A request's events so far; each further sentence happens ten seconds later."""

    def __init__(
        self,
        *steps: Step,
        reason: str = "Login is broken for everyone",
        title: str = "Roll back Vercel",
        risk: str = "medium",
        **more: str,
    ) -> None:
        self.steps = steps or (rollback_step(),)
        self.events: list[Event] = []
        asks = [Ask(step.action, {}) for step in self.steps]
        targets = [step.target for step in self.steps]
        data = {"title": title, "risk": risk, "reason": reason, "required": 2, "words": "vercel", "targets": targets}
        data |= more
        where = {"channel": CHANNEL, "team": TEAM}
        self.then(Kind.REQUEST_MADE, {**data, **where, "asks": [ask.__dict__ for ask in asks]}, ANA)

    @property
    def request(self) -> ChangeRequest:
        return replay(self.events)

    def then(self, kind: Kind, data: dict[str, Any] | None = None, actor: str = BOT) -> "History":
        """One more event."""
        seq = len(self.events) + 1
        at = BEGIN + timedelta(seconds=10 * (seq - 1))
        newest = hashlib.sha256(f"{seq} {kind} {data}".encode()).hexdigest()
        self.events.append(Event("R-17", seq, kind, actor, at, data or {}, newest))
        return self

    def _clicked(self, kind: Kind, actor: str, **data: Any) -> int:
        self.then(kind, {"team": TEAM, "channel": CHANNEL, **data}, actor)
        return len(self.events)

    def refused(self, text: str = "Guests can't ask. Ask a full member. Nothing was changed.") -> "History":
        return self.then(Kind.REQUEST_REFUSED, {"rule": "guest", "text": text})

    def planned(self, *, groups: Sequence[str] = (GROUP,), checks: dict[str, str] | None = None) -> "History":
        book = runbook()
        plan = Plan(self.steps, book.check_digests if checks is None else checks, book.digest, BEGIN)
        data = {
            "plan": plan.as_json(),
            "digest": plan.digest,
            "op_ids": [f"op-{index}" for index in range(len(self.steps))],
            "eligible": [BEN, CY, DEE],
            "groups": list(groups),
            "half_time_at": (BEGIN + LIFE / 2).isoformat(),
            "expires_at": (BEGIN + LIFE).isoformat(),
        }
        return self.then(Kind.PLAN_MADE, data)

    def baseline(self, results: Sequence[CheckResult] = BEFORE) -> "History":
        return self.then(Kind.BASELINE_TAKEN, {"results": [result.as_json() for result in results]})

    def half_time(self) -> "History":
        return self.then(Kind.HALF_TIME_PASSED)

    def approved_by(self, person: str) -> "History":
        click = self._clicked(Kind.APPROVAL_CLICKED, person)
        return self.then(Kind.APPROVAL_GIVEN, {"click": click}, person)

    def approved(self) -> "History":
        return self.approved_by(BEN).approved_by(CY).then(Kind.REQUEST_APPROVED)

    def approval_withdrawn_by(self, person: str) -> "History":
        click = self._clicked(Kind.WITHDRAWAL_CLICKED, person)
        return self.then(Kind.APPROVAL_WITHDRAWN, {"click": click}, person)

    def denied_by(self, person: str, reason: str) -> "History":
        click = self._clicked(Kind.DENIAL_SUBMITTED, person, reason=reason)
        return self.then(Kind.REQUEST_DENIED, {"click": click, "text": reason}, person)

    def withdrawn(self) -> "History":
        click = self._clicked(Kind.WITHDRAWAL_CLICKED, ANA)
        return self.then(Kind.REQUEST_WITHDRAWN, {"click": click}, ANA)

    def expired(self) -> "History":
        return self.then(Kind.REQUEST_EXPIRED)

    def drifted(self, text: str = "The runbook changed after the plan was made.") -> "History":
        return self.then(Kind.DRIFT_FOUND, {"step": len(self.request.runs), "text": text})

    def planned_again(self) -> "History":
        return self.then(Kind.PLANNED_AGAIN, {"request": "R-18"}, ANA)

    def joined(self) -> "History":
        return self.then(Kind.INCIDENT_JOINED, {"incident": "I-3"})

    def undone(self, *steps: int) -> "History":
        return self.then(Kind.UNDONE, {"request": "R-18", "steps": list(steps)})

    def promote_seen(self, deployment: str = f'{BROKEN.id} (9f8e7d6 "New checkout")') -> "History":
        return self.then(Kind.PROMOTE_SEEN, {"deployment": deployment})

    def started(self) -> "History":
        index = len(self.request.runs)
        return self.then(Kind.STEP_STARTED, {"step": index, "op_id": f"op-{index}"})

    def unproven(self, text: str = "") -> "History":
        told = text or f"Vercel is moving the domains to {GOOD.id} (in-progress): shop.example.com serves {GOOD.id}."
        return self.then(Kind.STEP_UNPROVEN, {"step": 0, "text": told})

    def finished(self, **found: Any) -> "History":
        known = {"deployment": GOOD.id, "auto_assign": False, "crons_deployment": "", **found}
        return self.then(Kind.STEP_FINISHED, {"step": len(self.request.runs) - 1, "facts": known})

    def failed(self, text: str = "", changed: str = "", way_out: str = "") -> "History":
        told = text or f"Vercel refused the rollback to {GOOD.id} (402: Not on your plan)."
        return self.then(Kind.STEP_FAILED, {"step": 0, "text": told, "changed": changed, "way_out": way_out})

    def lost(self, text: str = "") -> "History":
        told = text or "The rollback was sent. Vercel could not be reached."
        return self.then(Kind.STEP_LOST, {"step": 0, "text": told})

    def settled(self, person: str, *, as_done: bool) -> "History":
        clicked = Kind.IT_HAPPENED_CLICKED if as_done else Kind.IT_DID_NOT_CLICKED
        click = self._clicked(clicked, person)
        if as_done:
            until = (BEGIN + LIFE).isoformat()
            return self.then(Kind.SETTLED_AS_DONE, {"click": click, "until": until}, person)
        text = f"<@{person}> looked and says that step 1 did not happen."
        return self.then(Kind.SETTLED_AS_NOT_DONE, {"click": click, "text": text}, person)

    def stop_ordered_by(self, person: str) -> "History":
        return self.then(Kind.STOP_ORDERED, {"click": self._clicked(Kind.STOP_CLICKED, person)}, person)

    def stopped_by(self, person: str, text: str = "No step was begun.") -> "History":
        return self.then(Kind.REQUEST_STOPPED, {"text": text}, person)

    def verifying(self) -> "History":
        return self.then(Kind.VERIFICATION_BEGUN, {"until": (BEGIN + LIFE).isoformat()})

    def verified(self, results: Sequence[CheckResult] = PASSING) -> "History":
        return self.then(Kind.VERIFICATION_PASSED, {"results": [result.as_json() for result in results]})

    def checks_failed(self, results: Sequence[CheckResult] = FAILING) -> "History":
        return self.then(Kind.VERIFICATION_FAILED, {"results": [result.as_json() for result in results]})

    def click_refused(self, person: str, text: str) -> "History":
        click = self._clicked(Kind.APPROVAL_CLICKED, person)
        return self.then(Kind.CLICK_REFUSED, {"click": click, "rule": "rule", "text": text})

    def click_held(self, person: str) -> "History":
        return self.then(Kind.CLICK_HELD, {"click": self._clicked(Kind.APPROVAL_CLICKED, person)})

    def fault(self, reference: str = "ab12cd34") -> "History":
        return self.then(Kind.FAULT_NOTED, {"reference": reference})

    def posted(self, name: str, digest: str = "") -> "History":
        self.then(Kind.POSTING_BEGUN, {"key": name})
        return self.then(Kind.MESSAGE_POSTED, {"key": name, "ts": "1.2", "digest": digest})

    def file_refused(self, rule: str) -> "History":
        return self.then(Kind.FILE_REFUSED, {"key": "plan", "rule": rule})

    def closed(self) -> "History":
        return self.then(Kind.REQUEST_CLOSED)


def waiting() -> History:
    """Posted, and nobody has approved."""
    return History().planned()


def running() -> History:
    """Approved by two, and the only step is sent."""
    return waiting().baseline().approved().started()


def verified() -> History:
    """All the way."""
    return running().finished().verifying().verified()


def unknown() -> History:
    """The order may or may not have arrived."""
    return running().lost()


def of_two_steps() -> History:
    """The rollback, and a step of a kind that has no words of its own."""
    return History(rollback_step(), OTHER_STEP, title="Database schema issues", risk="high").planned()


def undo() -> History:
    """The promote of what was live before a rollback."""
    live, sides = dict.fromkeys(LIVE_BEFORE, GOOD.id), {"deployment": GOOD, "target": BROKEN}
    step = rollback_step(how="promote", live=live, auto_assign=False, auto_assign_once=True, rolled_back=True, **sides)
    return History(step, title="Undo of R-9", reason="The fix is out").planned()


TYPICAL: dict[str, History] = {
    "waiting": waiting(),
    "one_approval": waiting().baseline().approved_by(BEN),
    "half_time": waiting().approved_by(BEN).half_time(),
    "approved": waiting().approved(),
    "running": running(),
    "unproven": running().unproven(),
    "verifying": running().finished().verifying(),
    "verified": verified(),
    "checks_fail": running().finished().verifying().checks_failed(),
    "undone": verified().undone(0),
    "unpinned": verified().promote_seen(),
    "undo_waiting": undo(),
    "undo_verified": undo()
    .approved()
    .started()
    .finished(deployment=BROKEN.id, auto_assign=True)
    .verifying()
    .verified(PASSING[1:]),
    "failed_nothing_changed": running().failed(),
    "failed_partly_done": running().failed(
        text="Vercel says that the rollback failed.",
        changed=f"shop.example.com now serves {GOOD.id}; not moved: www.shop.example.com",
        way_out=f"`/rollback vercel {GOOD.id}` moves the domains that are left.",
    ),
    "unknown": unknown(),
    "settled_as_done": unknown().posted("unknown").settled(DEE, as_done=True),
    "settled_as_not_done": unknown().settled(DEE, as_done=False),
    "stopped_before": waiting().approved().stopped_by(BEN),
    "denied": waiting().denied_by(CY, "The database is the cause, not the code"),
    "expired": waiting().approved_by(BEN).expired(),
    "withdrawn": waiting().withdrawn(),
    "superseded": waiting().approved().drifted(),
    "planned_again": waiting().expired().planned_again(),
    "two_steps_waiting": of_two_steps(),
    "two_steps_running": of_two_steps().approved().started(),
    "two_steps_stopped": of_two_steps()
    .approved()
    .started()
    .stop_ordered_by(CY)
    .finished()
    .stopped_by(CY, "1 step of the plan was not begun."),
    "two_steps_drift": of_two_steps().approved().started().finished().drifted(),
    "two_steps_failed": of_two_steps().approved().started().failed(),
    "two_steps_settled": of_two_steps().approved().started().lost().settled(DEE, as_done=True).verified(),
    "two_steps_planned_on": of_two_steps().approved().started().finished().drifted().planned_again(),
    "goes_on": History(OTHER_STEP, again_of="R-16").planned(),
    "refused": History().refused(),
    "clicks": waiting().click_refused(ANA, "You asked for R-17, so somebody else has to approve.").click_held(BEN),
    "fault": waiting().fault(),
    "in_an_incident": waiting().joined(),
}
