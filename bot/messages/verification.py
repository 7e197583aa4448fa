"""All checks, as a person asked for them: what passes now, and whether that opened an incident."""

from collections.abc import Sequence

from bot.core.checks import CheckResult, Verdict
from bot.messages.blocks import sections
from bot.messages.picture import Picture, picture
from bot.messages.tables import check_table, summary
from bot.messages.wording import escape, listed, mention

_NAME, _SHOWN = 60, 5
ALONE = "An expectation to `before` compares a check with itself here: nothing was changed that there is a before to."


def verification(results: Sequence[CheckResult], person: str, opened: str) -> Picture:
    """The answers of the checks; `opened` is the incident that they opened, "" = none."""
    head = f"{_head(results)} {summary(results)}. {mention(person)} asked for all checks; they only look.".strip()
    lines = [head, *([_incident(opened)] if opened else [])]
    note = sections([ALONE]) if any("before" in result.expected for result in results) else []
    return picture(" ".join(lines), [*sections(lines), *check_table(results, alone="now"), *note])


def _head(results: Sequence[CheckResult]) -> str:
    deciding = [result for result in results if result.required and result.verdict in (Verdict.PASSED, Verdict.FAILED)]
    failing = [escape(result.name, _NAME) for result in deciding if result.verdict is Verdict.FAILED]
    more = [f"{len(failing) - _SHOWN} more"] if len(failing) > _SHOWN else []
    if failing:
        return f"❌ *Checks fail now*: {listed([*failing[:_SHOWN], *more])}."
    if deciding:
        return "✅ *Every check that decides passes now*."
    return "⚠️ *No check that decides is on*, so this proves nothing."


def _incident(opened: str) -> str:
    return f"With that, incident *{opened}* is open in this channel. `/rollback resolve` closes it."
