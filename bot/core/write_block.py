"""For how long writes to the tables of a restore will wait, estimated by the plan, and which wait is too long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.core.errors import Refused

# Each about half as long again as measured: docs/adr/0009. The time that the plan took tells how fast the server is.
WORK_OF_A_WHOLE = 2.0  # of the plan's comparison: a table that is copied and compared as a whole while it is held
WORK_OF_A_PART = 1.0  # one of which only what may differ is looked at then
SECONDS_A_TABLE = 0.1  # of reading its definition, and of making what is kept
STATEMENTS_A_TABLE = 35  # while it is held: each waits for the network
SECONDS_A_ROW = 0.00006  # of writing one row with seven indexes, and keeping the row before


@dataclass(frozen=True)
class Work:
    """One table of a restore: what the plan took to compare it, and what there is to write."""

    comparison_seconds: float
    rows_to_write: int
    is_whole: bool  # whether it is copied and compared as a whole


def estimate(tables: Sequence[Work], round_trip_seconds: float) -> float:
    """Seconds for which writes to the tables will wait."""
    seconds = (SECONDS_A_TABLE + STATEMENTS_A_TABLE * round_trip_seconds) * len(tables)
    for table in tables:
        seconds += table.comparison_seconds * (WORK_OF_A_WHOLE if table.is_whole else WORK_OF_A_PART)
        seconds += table.rows_to_write * SECONDS_A_ROW
    return round(seconds, 1)


def refusal_of_block(seconds: float, limit: timedelta, *, is_accepted: bool) -> Refused | None:
    """Whether writes would wait for too long; `is_accepted` = `long-block` was said."""
    most = limit.total_seconds()
    if seconds <= most or is_accepted:
        return None
    text = f"Writes to these tables would wait for about {seconds:g} s (limit {most:g} s)."
    more = "Add `long-block` to the command to accept that, or ask when there is less traffic."
    return Refused("write_block", f"{text} {more}")
