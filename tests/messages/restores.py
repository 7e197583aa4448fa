"""Typical histories of a request to restore tables; and one with odd names in it. No production has such tables."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.core.change import Kind
from bot.core.checks import CheckResult, Verdict
from bot.core.plan import Step
from bot.core.restore import Holder, LiveDeployment, Mode, RestoreFacts, TableRestore
from tests.histories import BEGIN, CY, DEE, TYPICAL, History, rollback_step
from tests.messages.backup_sets import BACKUP_SETS
from tests.messages.kept import KEPT
from tests.messages.watches import WATCHES
from tests.messages.writes import WRITES

DRIFT = "The rows of the backup public.user_profiles_backup_20250903 have changed since the plan."


def _live(id_: str, name: str, built_at: str) -> LiveDeployment:
    return LiveDeployment(id_, name, built_at, is_rolled_back=False)


def table(**changes: Any) -> TableRestore:
    """A table of the shop, damaged a little, with these facts otherwise."""
    name = changes.get("name", "user_profiles")
    known: dict[str, Any] = {
        "name": name,
        "schema": "public",
        "backup_schema": "public",
        "backup": f"{name}_backup_20250903",
        "backup_date": "20250903",
        "backup_rows": 12_340,
        "backup_checksum": "12340:-81726354",
        "backup_writers": (),
        "live_rows": 12_341,
        "fingerprint": "0" * 64,
        "columns": ("id", "email", "display_name", "updated_at"),
        "live_only": (),
        "sticky": (),
        "reinserts": True,
        "recent": "updated_at",
        "waiting": ("public.sessions", "public.user_progress"),
        "stale_views": (),
        "update": 37,
        "insert": 5,
        "keep": 6,
        "left_deleted": 0,
        "orphans": {},
        "undone": 0,
        "quarantine": f"{name}_20261121_031200_ab12",
        "delete": 0,
        "changes": f"{name}_20261121_031200_ab12_changes",
    }
    return TableRestore(**{**known, **changes})


def restore(*tables: TableRestore, **changes: Any) -> RestoreFacts:
    """A restore of these tables, with these facts otherwise."""
    known: dict[str, Any] = {
        "database": "shop",
        "tables": tables or (table(),),
        "sessions": (),
        "live_deployment": LiveDeployment(
            "dpl_Old1", 'dpl_Old1 (a1b2c3d "Fix login")', "2025-08-30T09:00:00+00:00", is_rolled_back=False
        ),
        "quarantine_schema": "rollback_bot",
        "makes_schema": False,
        "publishes_copies": False,
        "estimate_seconds": 0.4,
        "limit_seconds": 8.0,
    }
    return RestoreFacts(**{**known, **changes})


def holders(number: int) -> tuple[Holder, ...]:
    """Sessions in a transaction, the newest first."""
    moments = [(BEGIN - timedelta(minutes=minutes)).isoformat() for minutes in range(number)]
    return tuple(
        Holder(4711 + n, "authenticator", "PostgREST", "idle in transaction", at) for n, at in enumerate(moments)
    )


ONE = restore(table(undone=12))
FOUR = restore(
    table(undone=12),
    table(name="user_progress", update=1_204, insert=0, keep=31, undone=None, waiting=()),
    table(name="sessions", update=0, insert=0, keep=412, undone=0, reinserts=False, left_deleted=9, waiting=()),
    table(name="magic_tokens", update=1, insert=0, keep=1, undone=0, reinserts=False, sticky=("used_at",), waiting=()),
    estimate_seconds=1.7,
)
WARNED = restore(
    table(
        undone=12,
        backup_writers=("anon", "authenticated"),
        orphans={"user_profiles_id_fkey": 1, "user_profiles_team_fkey": 2},
        live_only=("subscription_tier",),
        sticky=("deleted_at",),
        stale_views=("public.active_users",),
    ),
    live_deployment=LiveDeployment(
        "dpl_New2", 'dpl_New2 (9f8e7d6 "New checkout")', "2026-11-21T03:00:00+00:00", is_rolled_back=False
    ),
    sessions=holders(5),
    makes_schema=True,
    publishes_copies=True,
    estimate_seconds=12.5,
)
EXACT = restore(table(undone=12, keep=0, delete=6), mode=Mode.EXACT)
UNDO = restore(
    table(
        backup_schema="rollback_bot",
        backup="user_profiles_20261120_225950_cd34_1_changes",
        backup_date="20261120_230000",
        backup_rows=43,
        update=37,
        insert=1,
        delete=5,
        keep=0,
        undone=2,
        recent="",
    ),
    mode=Mode.UNDO,
)


def requested(facts: RestoreFacts, *more: Step) -> History:
    """A request that asks for it."""
    why = "Profiles were overwritten by the new checkout"
    return History(facts.as_step(), *more, reason=why, title="Restore tables", risk="high").planned()


def found(**changes: Any) -> dict[str, Any]:
    """What a restore of one table found, with these numbers otherwise."""
    row = {"updated": 37, "inserted": 5, "deleted": 0, "left_out": 0, "kept": 6, "rows": 12_346, "quarantine": "q"}
    return {"tables": {"user_profiles": {**row, **changes}}, "held_seconds": 0.412, "attempts": 1}


def done(history: History, facts: dict[str, Any] | None = None) -> History:
    """The running step is done."""
    index = len(history.request.runs) - 1
    return history.then(Kind.STEP_FINISHED, {"step": index, "facts": facts or found()})


def drifted_at_first(history: History) -> History:
    """The first step found drift itself and did nothing."""
    return history.then(Kind.FIRST_STEP_DRIFTED, {"step": 0, "text": DRIFT})


def running(facts: RestoreFacts = ONE) -> History:
    """Approved by two, and the only step is begun."""
    return requested(facts).approved().started()


COMMITTED = CheckResult(
    "Restore committed", Verdict.PASSED, required=True, expected="in the ledger", seen="in the ledger"
)
_LOST = "The restore was sent. The database could not be reached."
_LOCKED = (
    "The tables could not be locked in 8 attempts. Held by pid 4711 (authenticator, PostgREST, idle, since 03:10)."
)

RESTORES: dict[str, History] = {
    "restore_waiting": requested(ONE),
    "restore_four_waiting": requested(FOUR),
    "restore_warned_waiting": requested(WARNED),
    "restore_exact_waiting": requested(EXACT),
    "restore_exact_verified": done(running(EXACT), found(deleted=6, kept=0)).verifying().verified([COMMITTED]),
    "restore_undo_waiting": requested(UNDO),
    "restore_undo_verified": done(running(UNDO), found(inserted=1, deleted=5, kept=0))
    .verifying()
    .verified([COMMITTED]),
    "restore_running": running(),
    "restore_unproven": running().unproven("The restore was sent. The database could not be reached."),
    "restore_verified": done(running(WARNED), found(left_out=3)).verifying().verified([COMMITTED]),
    "restore_four_verified": done(
        running(FOUR),
        {
            "tables": {
                one.name: {"updated": one.update, "inserted": one.insert, "kept": one.keep} for one in FOUR.tables
            },
            "held_seconds": 1.9,
            "attempts": 3,
        },
    )
    .verifying()
    .verified([COMMITTED]),
    "restore_failed": running().failed(_LOCKED),
    "restore_unknown": running(WARNED).lost(_LOST),
    "restore_settled_as_done": running(WARNED).lost(_LOST).posted("unknown").settled(DEE, as_done=True),
    "restore_expired": requested(ONE).expired(),
    "restore_superseded": drifted_at_first(running()),
    "restore_of_two_superseded": drifted_at_first(requested(ONE, rollback_step()).approved().started()),
    "restore_second_drifted": History(rollback_step(), ONE.as_step(), title="Data corruption", risk="critical")
    .planned()
    .approved()
    .started()
    .finished()
    .started()
    .drifted(DRIFT),
    "restore_stopped": done(requested(ONE, rollback_step()).approved().started().stop_ordered_by(CY)).stopped_by(
        CY, "1 step of the plan was not begun."
    ),
}
ALL: dict[str, History] = {**TYPICAL, **RESTORES, **BACKUP_SETS, **KEPT, **WRITES, **WATCHES}


def odd_restore(text: str, tables: int = 2) -> RestoreFacts:
    """A restore in which every name is `text`."""
    names = tuple(f"{text}{n}" for n in range(3))
    one = table(
        name=text,
        schema=text,
        backup_schema=text,
        backup=text,
        columns=names,
        live_only=names,
        sticky=names,
        recent=text,
        waiting=names,
        stale_views=names,
        backup_writers=names,
        orphans={text: 1_000_000},
        undone=1_234_567,
        update=1_234_567,
        insert=1_234_567,
        keep=1_234_567,
        quarantine=text,
    )
    sessions = tuple(Holder(n, text, text, text, text) for n in range(40))
    return restore(
        *(replace(one, name=f"{n}{text}") for n in range(tables)),
        database=text,
        sessions=sessions,
        live_deployment=_live(text, text, "2026-11-21T03:00:00+00:00"),
        quarantine_schema=text,
        makes_schema=True,
        publishes_copies=True,
        estimate_seconds=123_456.7,
    )
