"""The log as a document for people: one section a stream, one line an event. Nothing in it can act as Markdown."""

import json
from collections.abc import Iterable, Iterator

from bot.core.chain import Row
from bot.messages.events import told
from bot.messages.markdown import harmless, table
from bot.messages.plan import short
from bot.messages.wording import capital

_HEAD = ("position", "event", "at (UTC)", "who", "what", "hash")


def section(stream: str, rows: Iterable[Row]) -> Iterator[str]:
    """The lines of one stream's section."""
    yield from ("", f"## {harmless(stream)}")
    yield from table(_HEAD, map(_cells, rows))


def _cells(row: Row) -> list[str]:
    at = str(row.at)[:19].replace("T", " ")
    cells = [row.position, row.seq, at, row.actor, _sentence(str(row.kind), str(row.data)), short(str(row.hash))]
    return [harmless(str(cell)) for cell in cells]


def _sentence(kind: str, text: str) -> str:
    try:
        return told(kind, dict(json.loads(text)))
    except (ValueError, TypeError):  # a damaged log is shown as it stands
        return f"{capital(kind.replace('_', ' '))}: {text}"
