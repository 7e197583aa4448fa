"""Typical histories of requests that stop writes and resume them."""

from collections.abc import Sequence
from typing import Any

from bot.core.change import Kind
from bot.core.checks import CheckResult, Verdict
from bot.core.restore import Holder
from bot.core.writes import RESUME, STOP, TableWrites, WritesFacts
from tests.histories import BEGIN, DEE, History, rollback_step

TABLES = ("user_profiles", "sessions")
NAMES = [f"public.{name}" for name in TABLES]
_REFUSING = CheckResult(
    "Writes stopped", Verdict.PASSED, required=True, expected="until they are resumed", seen="2 of 2 tables refuse them"
)


def writes(action: str, **changes: Any) -> WritesFacts:
    """A stop or a resume of the shop's tables, with these facts otherwise."""
    is_resume = action == RESUME
    known: dict[str, Any] = {
        "database": "shop",
        "tables": tuple(TableWrites("public", name, 4711 + n, is_resume) for n, name in enumerate(TABLES)),
        "sessions": (),
        "quarantine_schema": "rollback_bot",
        "makes_schema": False,
    }
    return WritesFacts(action, **{**known, **changes})


def odd_writes(action: str, text: str, tables: int = 2) -> WritesFacts:
    """A stop or a resume in which every name is `text`."""
    odd = tuple(TableWrites(text, f"{n}{text}", n, is_stopped=False) for n in range(tables))
    sessions = tuple(Holder(n, text, text, text, text) for n in range(40))
    return writes(
        action,
        database=text,
        tables=odd,
        sessions=sessions,
        quarantine_schema=text,
        makes_schema=True,
        subscriptions=(text,) * 40,
    )


def asked(*facts: WritesFacts) -> History:
    """A request that asks for these steps."""
    return History(*(one.as_step() for one in facts), title="", reason="Rows are overwritten").planned()


def step_done(history: History, **found: Any) -> History:
    """The next step, begun and done."""
    index = len(history.request.runs)
    history.started()
    return history.then(Kind.STEP_FINISHED, {"step": index, "facts": {"attempts": 1, **found}})


def stopped() -> History:
    """A stop, done and verified."""
    return step_done(asked(writes(STOP)).approved(), stopped=NAMES).verifying().verified([_REFUSING])


def resumed_by(history: History, request: str, *names: str) -> History:
    """Writes to these tables, to all where none is named, are resumed; "" = by nobody's request."""
    return history.then(Kind.WRITES_RESUMED, {"request": request, "tables": list(names) or NAMES})


def resume() -> History:
    """A resume, approved."""
    return asked(writes(RESUME)).approved()


def of_three(stopped: Sequence[str] = NAMES) -> History:
    """Stop, roll back, resume; approved, and the first is done, which stopped writes to these tables."""
    steps = [writes(STOP).as_step(), rollback_step(), writes(RESUME).as_step()]
    return step_done(History(*steps, title="Data corruption", risk="critical").planned().approved(), stopped=stopped)


def resumed_by_itself(stopped: Sequence[str] = NAMES) -> History:
    """The same to its last step."""
    return step_done(step_done(of_three(stopped)), resumed=NAMES, left=[]).verifying()


_SESSION = Holder(4711, "authenticator", "PostgREST", "idle in transaction", BEGIN.isoformat())
_PARTLY = tuple(TableWrites("public", name, 4711 + n, is_stopped=not n) for n, name in enumerate(TABLES))

WRITES: dict[str, History] = {
    "stop_waiting": asked(writes(STOP, sessions=(_SESSION,), makes_schema=True)),
    "stop_partly_waiting": asked(writes(STOP, tables=_PARTLY, subscriptions=("warehouse",))),
    "stop_running": asked(writes(STOP)).approved().started(),
    "stop_verified": stopped(),
    "stop_of_stopped": step_done(asked(writes(STOP)).approved(), stopped=[]).verifying(),
    "stop_unknown": asked(writes(STOP)).approved().started().lost("The database could not be reached."),
    "stop_settled": asked(writes(STOP)).approved().started().lost("").settled(DEE, as_done=True),
    "stop_resumed": resumed_by(stopped(), "R-18"),
    "stop_resumed_in_part": resumed_by(stopped(), "R-18", NAMES[0]),
    "stop_seen_resumed": resumed_by(stopped(), ""),
    "resume_waiting": asked(writes(RESUME)),
    "resume_verified": step_done(resume(), resumed=NAMES, left=[]).verifying().verified([]),
    "resume_left": step_done(resume(), resumed=NAMES, left=NAMES[:1]).verifying().verified([]),
    "resume_untold": step_done(resume(), resumed=NAMES, left=None).verifying(),
    "resume_of_nothing": step_done(resume(), resumed=[], left=[]).verifying(),
    "stop_then_failed": of_three().started().failed("Vercel refused the rollback."),
    "stop_then_resumed": resumed_by_itself(),
}
