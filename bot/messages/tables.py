"""Checks as a table narrow enough for a phone: a paragraph a check; before, after and expected below each other."""

from collections.abc import Mapping, Sequence
from textwrap import TextWrapper

from bot.core.checks import CheckResult, Verdict
from bot.messages.blocks import packed, preformatted
from bot.messages.picture import Block
from bot.messages.wording import count, plain

_WIDTH = 40
_TEXT = 200  # characters of one answer; a check's answer is a sentence
_BLOCK, TABLE = 2900, 7000
_WORDS = {
    Verdict.PASSED: ("✅", "pass"),
    Verdict.FAILED: ("❌", "fail"),
    Verdict.OFF: ("\N{HEAVY MINUS SIGN}", "off"),
    Verdict.SKIPPED: ("\N{HEAVY MINUS SIGN}", "not asked"),
}

_RAN = (Verdict.PASSED, Verdict.FAILED)


def check_table(
    results: Sequence[CheckResult],
    before: Mapping[str, CheckResult] | None = None,
    *,
    alone: str = "before",
    most: int = TABLE,
) -> list[Block]:
    """The results, those that decide against it first; with each what the same check saw `before`, where it ran.

    Results with nothing before them stand `alone`: that names when they were seen. What doesn't fit in `most`
    characters is counted.
    """
    ordered = sorted(results, key=lambda result: not (result.required and result.verdict is Verdict.FAILED))
    rows: list[str] = []
    for number, result in enumerate(ordered):
        row = _row(result, before, alone)
        if sum(map(len, rows)) + len(row) > most:
            rows.append(_rest(ordered[number:]))
            break
        rows.append(row)
    return [preformatted("\n".join(run)) for run in packed(rows, _BLOCK)]


def summary(results: Sequence[CheckResult]) -> str:
    """How many of the checks that decide pass, as a plain phrase."""
    deciding = [result.verdict for result in results if result.required and result.verdict in _RAN]
    shown = len(results) - len(deciding)
    phrase = f"{deciding.count(Verdict.PASSED)} of {len(deciding)} that decide pass"
    return f"{phrase}; {shown} more shown" if shown else phrase


def _row(result: CheckResult, before: Mapping[str, CheckResult] | None, alone: str) -> str:
    symbol, word = _WORDS[result.verdict]
    ran = result.verdict in _RAN
    weight = "" if ran and result.required else ", does not decide"
    lines = [f"{symbol} {plain(result.name, 60)}: {word}{weight}"]
    if not ran:
        return "\n".join([*lines, *_cell("why", result.seen)])
    if before is None:
        return "\n".join([*lines, *_cell(alone, seen_words(result)), *_cell("expected", result.expected)])
    was = seen_words(before[result.name]) if result.name in before else ""
    cells = (*_cell("before", was), *_cell("after", seen_words(result)), *_cell("expected", result.expected))
    return "\n".join([*lines, *cells])


def _cell(label: str, text: str) -> list[str]:
    if not plain(text):
        return []
    lines = TextWrapper(_WIDTH, f"   {label:<9}", " " * 5, break_on_hyphens=False, break_long_words=False)
    return lines.wrap(plain(text, _TEXT))


def seen_words(result: CheckResult) -> str:
    """What a check saw, with its times where it has any, as a plain phrase."""
    if result.median_seconds is None:
        return result.seen
    worst = result.worst_seconds
    more = f", worst {worst:.2f} s" if worst is not None and worst != result.median_seconds else ""
    return f"{result.seen}; {'median ' if more else ''}{result.median_seconds:.2f} s{more}"


def _rest(results: Sequence[CheckResult]) -> str:
    return f"… and {count(len(results), 'more check')}: {summary(results)}"
