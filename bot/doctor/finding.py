"""One thing that the doctor found, and what all of them come to."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # it works, but not as well or as safely as it should
    PROBLEM = "problem"  # something that the bot is there for doesn't work, or is open to others


_STATUS = {Level.OK: 0, Level.WARNING: 1, Level.PROBLEM: 2}


@dataclass(frozen=True)
class Finding:
    """What was found about `subject`; `remedy` is what to do about it, "" only where all is well. No secret."""

    level: Level
    subject: str
    text: str
    remedy: str = ""


def ok(subject: str, text: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, subject, text)


def warning(subject: str, text: str, remedy: str) -> Finding:
    """Something works, but not as it should."""
    return Finding(Level.WARNING, subject, text, remedy)


def problem(subject: str, text: str, remedy: str) -> Finding:
    """Something doesn't work, or is open to others."""
    return Finding(Level.PROBLEM, subject, text, remedy)


def exit_status(findings: Iterable[Finding]) -> int:
    """0 = all is well, 1 = warnings only, 2 = problems."""
    return max((_STATUS[finding.level] for finding in findings), default=0)
