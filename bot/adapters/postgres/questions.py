"""The runbook's SQL checks: each its own connection, one statement, READ ONLY and rolled back, one number as answer.

What a question may take: 5 s to connect (each address of the host), then 15 s for all of it, after which the connection
is ended whatever the server does; the statement itself 10 s, waiting for a lock 2 s of them.
"""

import math
import time
from decimal import Decimal
from typing import LiteralString

from bot.adapters.postgres.session import ConnectionLostError, Row, SqlError, connected
from bot.core.checks import CheckResult, Verdict, figure
from bot.core.errors import BotError
from bot.core.runbook.checks import SqlCheck
from bot.core.secret import Secret

APPLICATION = "rollback-bot check"
STATEMENT_SECONDS = 10.0
QUESTION_SECONDS = 15.0

# What a check writes without a schema is looked for in the runbook's first, then where the role itself would look.
_LOOK_IN: LiteralString = (
    "SELECT set_config('search_path', concat_ws(', ', quote_ident(%s), nullif(reset_val, '')), true)"
    " FROM pg_catalog.pg_settings WHERE name = 'search_path'"
)
_SAID = {"57014": f"no answer in {STATEMENT_SECONDS:g} s", "": "no number"}  # by SQLSTATE; "" = it is no query


class Questions:
    """Asks the database at `url`; names without a schema are of `schema` first."""

    def __init__(self, url: Secret, schema: str) -> None:
        self._url, self._schema = url, schema

    def ask(self, check: SqlCheck) -> CheckResult:
        """The number that the check's statement answers, not compared with anything yet; without one, it failed.

        Seconds are of the statement. A database that can't be reached is an answer too.
        """
        try:
            rows, seconds = self._rows(check.sql)
        except BotError as error:
            return _failed(check, error.text)
        except ConnectionLostError as error:
            return _failed(check, f"the connection was lost ({error})")
        except SqlError as error:
            return _failed(check, _SAID.get(error.state, str(error)))
        wrong, number = _number(rows)
        if wrong:
            return _failed(check, f"{wrong} instead of one number")
        return CheckResult(check.name, Verdict.PASSED, check.required, "", figure(number), seconds, seconds, number)

    def _rows(self, statement: str) -> tuple[list[Row], float]:
        """At most two rows, and the seconds they took."""
        with (
            connected(self._url, APPLICATION) as session,
            session.within(QUESTION_SECONDS),
            session.reading(STATEMENT_SECONDS),
        ):
            session.rows(_LOOK_IN, self._schema)
            began = time.perf_counter()
            rows = session.ask(statement)
            return rows, time.perf_counter() - began


def _failed(check: SqlCheck, seen: str) -> CheckResult:
    return CheckResult(check.name, Verdict.FAILED, check.required, "", seen)


def _number(rows: list[Row]) -> tuple[str, float]:
    """The one number of the answer, or what it is instead; no value is told."""
    if len(rows) != 1 or len(rows[0]) != 1:
        return ("no rows" if not rows else "more than one row" if len(rows) > 1 else f"{len(rows[0])} columns"), 0.0
    value = rows[0][0]
    if value is None or isinstance(value, str):
        return "nothing (NULL)" if value is None else "a text", 0.0
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return "a value of another kind", 0.0
    number = float(value)
    return ("", number) if math.isfinite(number) else ("an infinite or undefined one", 0.0)
