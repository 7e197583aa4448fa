"""Markdown: rows, tables, and texts that mean nothing there.

What people and providers wrote can't format, link, begin a list or end a cell: CommonMark, with GitHub's tables.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from bot.messages.wording import plain

_ACTIVE = re.compile(r"([\\`*_\[\]<>|~&$#!]|:(?=//)|(?<=[wW]{3})\.)")
_BEGINNING = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=[-+=]))")


def harmless(text: str) -> str:
    """The text on one line, shown as it is wherever it stands."""
    return _BEGINNING.sub(r"\1\\", _ACTIVE.sub(r"\\\1", plain(text)))


def row(cells: Iterable[str]) -> str:
    """A row of a table; the cells are Markdown already."""
    return f"| {' | '.join(cells)} |"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table, with an empty one before it."""
    yield from ("", row(head), f"|{'---|' * len(head)}")
    yield from map(row, rows)
