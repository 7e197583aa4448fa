"""What operations have kept of production's rows: how long it stays, and what people approve of when it goes.

Personal data is in it, so it must be possible to remove it; the way back is in it, so only people may.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.errors import Refused
from bot.core.plan import Facts, Step
from bot.core.restore import LEDGER

PURGE = "purge"  # what is asked for with a request's name; the step is the action's
ACTION = "purge_quarantine"
KEPT_RUNS = 3  # the newest that keep something stay, however old they are
KEEPERS = ("restore_tables", "drop_columns")  # the actions that keep copies of rows
_KEEPING = ("quarantine", "changes")  # keys of a ledger's report under which a table's name stands


@dataclass(frozen=True)
class KeptTable:
    """A table of kept rows; `others` are the roles besides its owner that can read or change it."""

    name: str
    rows: int | None  # None = not counted
    bytes: int
    others: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """What one operation keeps. `run` is the request that it belongs to; "" = this log doesn't know."""

    op_id: str
    at: datetime
    tables: tuple[KeptTable, ...]
    run: str = ""


@dataclass(frozen=True)
class PurgeFacts:
    """The removal of all that one request keeps."""

    database: str
    request: str
    kept_since: str  # when the newest of its operations was committed, ISO 8601
    op_ids: tuple[str, ...]
    tables: tuple[KeptTable, ...]
    quarantine_schema: str

    def as_step(self) -> Step:
        """The step that people approve; `purge_facts` reads it back."""
        tables = [{**asdict(table), "others": list(table.others)} for table in self.tables]
        before: Facts = {
            "database": self.database,
            "request": self.request,
            "kept_since": self.kept_since,
            "op_ids": list(self.op_ids),
            "tables": tables,
        }
        after: Facts = {
            "quarantine_schema": self.quarantine_schema,
            "dropped": [table.name for table in self.tables],
        }
        return Step(ACTION, f"the quarantine of {self.request}", before, after)


def purge_facts(step: Step) -> PurgeFacts:
    """The facts that `PurgeFacts.as_step` wrote; KeyError, TypeError or ValueError where another version did."""
    before: dict[str, Any] = dict(step.before)
    return PurgeFacts(
        database=before["database"],
        request=before["request"],
        kept_since=before["kept_since"],
        op_ids=tuple(before["op_ids"]),
        tables=tuple(KeptTable(**{**row, "others": tuple(row["others"])}) for row in before["tables"]),
        quarantine_schema=str(step.after["quarantine_schema"]),
    )


def kept_names(report: Mapping[str, Any]) -> tuple[str, ...]:
    """The tables that a report in the ledger says were made to keep rows; never the ledger itself."""
    tables = report.get("tables")
    rows = [row for row in tables.values() if isinstance(row, Mapping)] if isinstance(tables, Mapping) else []
    names = [name for row in rows for key in _KEEPING if isinstance(name := row.get(key), str) and name]
    return tuple(dict.fromkeys(name for name in names if name != LEDGER))


def refusal_to_purge(kept: Sequence[Kept], request: str, now: datetime, keep: timedelta) -> Refused | None:
    """Why the quarantine of a request stays, if so. `kept` is of all operations, the newest first."""
    mine = [one for one in kept if one.run == request]
    if not mine:
        return Refused("nothing_kept", f"Nothing of {request} is kept in the quarantine any more.")
    newest = list(dict.fromkeys(one.run or one.op_id for one in kept))[:KEPT_RUNS]
    if request in newest:
        text = f"{request} is among the last {KEPT_RUNS} runs that keep something, and those always stay:"
        return Refused("last_runs", f"{text} {', '.join(name for name in newest if name.startswith('R-')) or request}.")
    age = now - max(one.at for one in mine)
    if age < keep:
        free = (max(one.at for one in mine) + keep).astimezone(UTC)
        text = f"What {request} keeps is {age.days} days old, and it is kept for at least {keep.days} days"
        return Refused("young", f"{text} (the runbook's `quarantine_keep`): ask again after {free:%Y-%m-%d %H:%M} UTC.")
    return None
