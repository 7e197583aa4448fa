"""The doctor's report as plain text for a terminal of 80 columns: a finding a paragraph, its level in front."""

from collections.abc import Sequence
from textwrap import TextWrapper

from bot.doctor.finding import Finding, Level

WIDTH = 80
_LEVEL = 9  # columns, with the space after it
_TEXT = TextWrapper(WIDTH, "", " " * _LEVEL, break_on_hyphens=False, break_long_words=False)
_REMEDY = TextWrapper(WIDTH, "", " " * (_LEVEL + 3), break_on_hyphens=False, break_long_words=False)


def lines_of(finding: Finding) -> list[str]:
    """The finding, and below it the remedy after an arrow; a word longer than a line is not cut."""
    lines = _TEXT.wrap(f"{finding.level:<{_LEVEL}}{_printable(f'{finding.subject}: {finding.text}')}")
    if finding.remedy:
        lines += _REMEDY.wrap(f"{'':<{_LEVEL}}-> {_printable(finding.remedy)}")
    return lines


def summary(findings: Sequence[Finding]) -> str:
    """How many there are of each level, the worst first."""
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    parts = [_counted(counts[level], level) for level in (Level.PROBLEM, Level.WARNING) if counts[level]]
    parts.append(f"{counts[Level.OK]} ok")
    return f"{', '.join(parts)}. Nothing was changed."


def _printable(text: str) -> str:
    """Names come from outside: none of them may steer the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def _counted(number: int, level: Level) -> str:
    return f"{number} {level}{'' if number == 1 else 's'}"
