"""What stands around an incident in memory: a log and wake-ups in the test's hand, the site, Vercel, the ways out."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.adapters.log_sqlite import SqliteLog
from bot.adapters.vercel import Vercel
from bot.adapters.wakeups import Wakeups
from bot.checking import Checking
from bot.core.checks import CheckResult, Verdict
from bot.core.deployment import Candidate, Job, Project
from bot.core.errors import Unavailable
from bot.core.event import Draft, Event
from bot.core.plan import Facts, Step
from tests.messages.restores import ONE, found
from tests.shop import BROKEN, GOOD, facts
from tests.small_world import CrashError, Levers


class DyingLog(SqliteLog):
    """A log whose process dies at an append: `dies` is asked before it is written and right after."""

    dies: Callable[[str, Sequence[Draft]], bool] = staticmethod(lambda _, __: False)
    is_dead = False

    def append(self, stream: str, after: int, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        return self._die(drafts, lambda: super(DyingLog, self).append(stream, after, drafts))

    def open_stream(self, prefix: str, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        return self._die(drafts, lambda: super(DyingLog, self).open_stream(prefix, drafts))

    def _die(self, drafts: Sequence[Draft], write: Callable[[], tuple[Event, ...]]) -> tuple[Event, ...]:
        self.is_dead = self.is_dead or self.dies("before", drafts)
        if self.is_dead:
            raise CrashError
        events = write()
        self.is_dead = self.dies("after", drafts)
        if self.is_dead:
            raise CrashError
        return events


class ByHand(Wakeups):
    """The product's wake-ups without their threads: what is due is run when that is said."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.woken = threading.Event()

    def wake_at(self, stream: str, moment: datetime) -> None:
        super().wake_at(stream, moment)
        self.woken.set()

    def run(self, advance: Callable[[str], datetime | None]) -> bool:
        """Run what is due now; whether anything was."""
        self._advance = advance
        ready = self._take_due()
        for stream in ready:
            self._run(stream)
        return bool(ready)

    def forget(self, stream: str) -> None:
        """Don't run what a thread of the test's own has."""
        self._moment.pop(stream, None)

    @property
    def next_at(self) -> datetime | None:
        """When something is due next."""
        return min(self._moment.values(), default=None)


class Site(Checking):
    """One check, which passes while the site is up."""

    def __init__(self) -> None:
        self.is_up, self.looks = True, 0
        self.meanwhile: Callable[[], object] = lambda: None

    def site(self) -> tuple[CheckResult, ...]:
        self.looks += 1
        self.meanwhile()
        verdict = Verdict.PASSED if self.is_up else Verdict.FAILED
        return (CheckResult("Site", verdict, required=True, expected="status 200", seen=""),)


class PinnedVercel(Vercel):
    """Production, pinned by a rollback until somebody promotes."""

    is_pinned, is_down = True, False
    rolled_back_to = GOOD.id

    def read_project(self, project_id: str = "") -> Project:
        if self.is_down:
            raise Unavailable("Vercel can't be reached.")
        how, live = ("rollback", self.rolled_back_to) if self.is_pinned else ("promote", BROKEN.id)
        job = Job(how, "succeeded", BROKEN.id, live, 0.0)
        return Project(
            id="prj_shop",
            name="web-shop",
            account_id="",
            live={"shop.example.com": live},
            target_production=live,
            job=job,
            auto_assign=not self.is_pinned,
            crons_deployment="",
            rolling_configured=False,
        )

    def read_deployment(self, id_or_host: str) -> Candidate:
        deployment = GOOD if id_or_host == GOOD.id else BROKEN
        return Candidate(
            deployment=deployment,
            project_id="prj_shop",
            owner_id="",
            target="production",
            state="READY",
            substate="PROMOTED",
            deleted=False,
            offered=True,
            plan="pro",
        )


class RollBack(Levers):
    """A rollback that always works, and pins production."""

    name = "rollback_deployment"

    def targets(self, params: Facts) -> tuple[str, ...]:
        return ("vercel:web-shop",)

    def plan(self, params: Facts) -> Step:
        return facts().as_step("vercel:web-shop")

    def execute(self, step: Step, op_id: str, reason: str) -> Facts:
        return {**super().execute(step, op_id, reason), "deployment": GOOD.id, "auto_assign": False}


class Restore(Levers):
    """A restore of one table that always works."""

    name = "restore_tables"

    def targets(self, params: Facts) -> tuple[str, ...]:
        return ("table:user_profiles",)

    def plan(self, params: Facts) -> Step:
        return ONE.as_step()

    def execute(self, step: Step, op_id: str, reason: str) -> Facts:
        return {**super().execute(step, op_id, reason), **found()}


class Sent:
    """The status page and the mail: what arrived; `fails` is raised after the next thing arrived, or before."""

    def __init__(self) -> None:
        self.published: list[str] = []
        self.updated: list[str] = []
        self.resolved: list[str] = []
        self.mails: list[str] = []
        self.fails: Exception | None = None
        self.meanwhile: Callable[[], object] = lambda: None

    def publish(self, name: str, text: str) -> str:
        self.published.append(text)
        self._fail()
        return f"inc{len(self.published)}"

    def update(self, incident: str, text: str) -> None:
        self.updated.append(incident)
        self._fail()

    def resolve(self, incident: str, text: str) -> None:
        self.resolved.append(incident)
        self._fail()

    def send(self, to: Sequence[str], subject: str, *, text: str, message_id: str) -> None:
        self.mails.append(message_id)
        self._fail()

    def _fail(self) -> None:
        self.meanwhile()
        fails, self.fails = self.fails, None
        if fails:
            raise fails
