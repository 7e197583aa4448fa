"""Typical histories of dropped columns, of their way back, and of a quarantine that is removed; and odd ones."""

from datetime import timedelta
from typing import Any

from bot.core.checks import CheckResult, Verdict
from bot.core.columns import ColumnDefinition, DropFacts, Grant, ReturnFacts, TableDrop, TableReturn
from bot.core.plan import Step
from bot.core.quarantine import Kept, KeptTable, PurgeFacts
from bot.core.table import Name
from bot.messages.backups import backups
from bot.messages.picture import Picture
from bot.messages.quarantine import with_quarantine
from tests.histories import BEGIN, History

KEEP = timedelta(days=14)
CHECK = CheckResult("Columns dropped", Verdict.PASSED, required=True, expected="committed, and gone", seen="gone")


def column(**changes: Any) -> ColumnDefinition:
    """A column of the shop, with this otherwise."""
    known: dict[str, Any] = {
        "name": "subscription_tier",
        "type": "text",
        "collation": "",
        "default": "'free'::text",
        "is_required": True,
        "required_by": "user_profiles_subscription_tier_not_null",
        "comment": "",
        "storage": "",
        "compression": "",
        "statistics": None,
        "options": (),
        "grants": (),
        "sequences": (),
    }
    return ColumnDefinition(**{**known, **changes})


PLAIN = column(name="member_type", type="public.member_type", default="", is_required=False, required_by="")


def table(**changes: Any) -> TableDrop:
    """A table of the shop that loses columns."""
    known: dict[str, Any] = {
        "schema": "public",
        "name": "user_profiles",
        "key": ("id",),
        "rows": 12_341,
        "columns": (column(), PLAIN),
        "values": {"subscription_tier": 12_341, "member_type": 402},
        "missing": ("pre_assessment_completed",),
        "whole": (),
        "mentioning": (),
        "fingerprint": "0" * 64,
        "quarantine": "user_profiles_20261121_031200_ab12_1",
    }
    return TableDrop(**{**known, **changes})


def dropping(*tables: TableDrop, **changes: Any) -> DropFacts:
    """A drop of these."""
    known: dict[str, Any] = {"makes_schema": False, "publishes_copies": False, "quarantine_schema": "rollback_bot"}
    return DropFacts("shop", tables or (table(),), **{**known, **changes})


def returning(**changes: Any) -> ReturnFacts:
    """The way back."""
    known: dict[str, Any] = {
        "schema": "public",
        "name": "user_profiles",
        "key": ("id",),
        "columns": (column(), PLAIN),
        "copy": "user_profiles_20261121_031200_ab12_1",
        "copy_checksum": "12341:-81726354",
        "matching": 12_338,
        "gone": 3,
        "newer": 17,
        "fingerprint": "0" * 64,
    }
    return ReturnFacts("shop", (TableReturn(**{**known, **changes}),), "rollback_bot", 8.0)


def purging(*tables: KeptTable, request: str = "R-9") -> PurgeFacts:
    """A removal."""
    kept = tables or (KeptTable("user_profiles_20261101_031200_ab12_1", 12_341, 3_407_872, ()),)
    return PurgeFacts("shop", request, "2026-11-01T03:12:00+00:00", ("op-0",), kept, "rollback_bot")


def requested(step: Step) -> History:
    """A request that asks for it."""
    return History(step, reason="The old code trips over them", title="", risk="high").planned()


def done(step: Step, **facts: Any) -> History:
    """Carried out and verified."""
    history = requested(step).approved().started()
    return history.finished(**facts).verifying().verified([CHECK])


DROPPED = {"tables": {"user_profiles": {"quarantine": "q", "rows": 12_341, "dropped": []}}, "attempts": 1}
RETURNED = {"returned": {"user_profiles": {"filled": 12_338, "defaulted": 17, "left_nullable": ["subscription_tier"]}}}
GRANTED = column(grants=(Grant("anon", "SELECT", is_grantable=False),), comment="Plan", sequences=(Name("a", "s"),))
WARNED = dropping(
    table(
        columns=(GRANTED,),
        mentioning=("public.tier_of(uuid)",),
        whole=("view public.everything",),
    ),
    table(name="orders", columns=(PLAIN,), values={}, missing=(), quarantine="orders_2"),
    makes_schema=True,
    publishes_copies=True,
)
KEPT_RUNS: tuple[Kept, ...] = (
    Kept("op-2", BEGIN - timedelta(hours=2), (KeptTable("user_profiles_2", 12_341, 3_407_872, ()),), "R-16"),
    Kept("op-1", BEGIN - timedelta(days=20), (KeptTable("sessions_1", None, 812, ("anon", "authenticated")),), ""),
    Kept("op-0", BEGIN - timedelta(days=21), (KeptTable("sessions_0", 7, 812, ()),), "R-3"),
    Kept("op--", BEGIN - timedelta(days=22), (KeptTable("sessions_9", 7, 812, ()),), "R-2"),
)

KEPT: dict[str, History] = {
    "columns_waiting": requested(dropping().as_step()),
    "columns_warned_waiting": requested(WARNED.as_step()),
    "columns_verified": done(dropping().as_step(), **DROPPED),
    "columns_unknown": requested(dropping().as_step()).approved().started().lost("The database could not be reached."),
    "columns_back_waiting": requested(returning().as_step()),
    "columns_back_verified": done(returning(columns=(column(default=""),)).as_step(), **RETURNED),
    "purge_waiting": requested(purging().as_step()),
    "purge_verified": done(purging().as_step(), dropped=["user_profiles_20261101_031200_ab12_1"]),
    "purge_unknown": requested(purging().as_step()).approved().started().lost("The database could not be reached."),
}
LISTED: dict[str, Picture] = {
    "looked_quarantine": with_quarantine(backups([], BEGIN, KEEP), KEPT_RUNS, BEGIN, KEEP),
    "looked_quarantine_empty": with_quarantine(backups([], BEGIN, KEEP), (), BEGIN, KEEP),
}


def odd(text: str, tables: int = 2) -> tuple[Step, ...]:
    """The three steps with every name and text replaced."""
    names = tuple(f"{n}{text}" for n in range(3))
    one = column(
        name=text,
        type=text,
        collation=text,
        default=text,
        comment=text,
        grants=(Grant(text, "SELECT", is_grantable=True),),
        sequences=(Name(text, text),),
    )
    common: dict[str, Any] = {"schema": text, "key": names}
    readers: dict[str, Any] = {"missing": names, "whole": names, "mentioning": names}
    tops = [table(**common, **readers, name=f"{n}{text}", columns=(one,) * 3, values={text: 9}) for n in range(tables)]
    kept = tuple(KeptTable(f"{n}{text}", None, 10**15, names) for n in range(tables))
    return (
        dropping(*tops, quarantine_schema=text, makes_schema=True, publishes_copies=True).as_step(),
        returning(**common, name=text, columns=(one,) * 3, copy=text).as_step(),
        purging(*kept, request=text).as_step(),
    )
