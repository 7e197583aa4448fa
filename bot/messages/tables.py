"""Checks as a table narrow enough for a phone: a paragraph a check; before, after and expected below each other."""

from collections.abc import Mapping, Sequence
from textwrap import wrap

from bot.core.checks import CheckResult, Verdict
from bot.messages.blocks import packed, preformatted
from bot.messages.picture import Block
from bot.messages.wording import count, plain

_WIDTH = 40
_TEXT = 200  # characters of one answer; a check's answer is a sentence
_BLOCK, _TABLE = 2900, 7000
_WORDS = {
    Verdict.PASSED: ("✅", "pass"),
    Verdict.FAILED: ("❌", "fail"),
    Verdict.OFF: ("\N{HEAVY MINUS SIGN}", "off"),
    Verdict.SKIPPED: ("\N{HEAVY MINUS SIGN}", "not in this version"),
}


def check_table(results: Sequence[CheckResult], before: Mapping[str, CheckResult] | None = None) -> list[Block]:
    """The results, failing ones first; beside each what the same check saw `before`, where it ran before."""
    ordered = sorted(results, key=lambda result: result.verdict is not Verdict.FAILED)
    rows: list[str] = []
    for number, result in enumerate(ordered):
        row = _row(result, before)
        if sum(map(len, rows)) + len(row) > _TABLE:
            rows.append(_rest(ordered[number:]))
            break
        rows.append(row)
    return [preformatted("\n".join(run)) for run in packed(rows, _BLOCK)]


def summary(results: Sequence[CheckResult]) -> str:
    """How many checks passed, failed and did not run, as a plain phrase."""
    numbers = {verdict: sum(result.verdict is verdict for result in results) for verdict in Verdict}
    not_run = numbers[Verdict.OFF] + numbers[Verdict.SKIPPED]
    phrase = f"{numbers[Verdict.PASSED]} pass, {numbers[Verdict.FAILED]} fail"
    return f"{phrase}, {not_run} off or not in this version" if not_run else phrase


def _row(result: CheckResult, before: Mapping[str, CheckResult] | None) -> str:
    symbol, word = _WORDS[result.verdict]
    ran = result.verdict in (Verdict.PASSED, Verdict.FAILED)
    weight = "" if ran and result.required else ", does not decide"
    lines = [f"{symbol} {plain(result.name, 60)}: {word}{weight}"]
    if not ran:
        return "\n".join([*lines, *_cell("why", result.seen)])
    if before is None:
        return "\n".join([*lines, *_cell("before", _seen(result)), *_cell("expected", result.expected)])
    was = _seen(before[result.name]) if result.name in before else ""
    cells = (*_cell("before", was), *_cell("after", _seen(result)), *_cell("expected", result.expected))
    return "\n".join([*lines, *cells])


def _cell(label: str, text: str) -> list[str]:
    if not plain(text):
        return []
    return wrap(plain(text, _TEXT), _WIDTH, initial_indent=f"   {label:<9}", subsequent_indent=" " * 12)


def _seen(result: CheckResult) -> str:
    if result.median_seconds is None:
        return result.seen
    worst = result.worst_seconds
    more = f", worst {worst:.2f} s" if worst is not None and worst != result.median_seconds else ""
    return f"{result.seen}; {'median ' if more else ''}{result.median_seconds:.2f} s{more}"


def _rest(results: Sequence[CheckResult]) -> str:
    return f"… and {count(len(results), 'more check')}: {summary(results)}"
