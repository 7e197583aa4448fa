"""The log as a document for people: one section a stream, one line an event. Nothing in it can act as Markdown."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.core.chain import Row
from bot.core.change import Kind
from bot.messages.plan import short
from bot.messages.wording import capital, plain

_ACTIVE = re.compile(r"([\\`*_\[\]<>|~&$#!])")
# What a line says of an event's data, beside its kind; all of it is in the other form of the export.
_TOLD = {
    "id": "the log {}",
    "words": "{}",
    "reason": "{}",
    "plan_digest": "plan digest {}",
    "step_number": "step {}",
    "key": "{}",
    "rule": "rule {}",
    "text": "{}",
    "changed": "changed: {}",
    "checks": "{}",
    "request": "as {}",
    "reference": "reference {}",
}


def section(stream: str, rows: Iterable[Row]) -> Iterator[str]:
    """The lines of one stream's section."""
    yield from ("", f"## {_harmless(stream)}", "")
    yield from ("| position | event | at (UTC) | who | what | hash |", "|---|---|---|---|---|---|")
    for row in rows:
        at = str(row.at)[:19].replace("T", " ")
        cells = [row.position, row.seq, at, row.actor, _sentence(str(row.kind), str(row.data)), short(str(row.hash))]
        yield f"| {' | '.join(_harmless(str(cell)) for cell in cells)} |"


def _sentence(kind: str, text: str) -> str:
    try:
        data = _in_words(kind, json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError):  # a damaged log is shown as it stands
        return f"{capital(kind.replace('_', ' '))}: {text}"
    told = "; ".join(form.format(data[key]) for key, form in _TOLD.items() if data.get(key))
    return f"{capital(kind.replace('_', ' '))}{f': {told}' if told else ''}"


def _in_words(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with what people know by another name: steps from 1 on, checks by name, a plan by its short digest."""
    words = dict(data)
    if kind == Kind.REQUEST_MADE:
        del words["reason"]  # it stands in the words that were typed
    if kind == Kind.PLAN_MADE:
        words["plan_digest"] = short(data["digest"])
    if "step" in data:
        words["step_number"] = data["step"] + 1
    if "results" in data:
        words["checks"] = ", ".join(f"{result['name']}: {result['verdict']}" for result in data["results"])
    return words


def _harmless(text: str) -> str:
    return _ACTIVE.sub(r"\\\1", plain(text))
