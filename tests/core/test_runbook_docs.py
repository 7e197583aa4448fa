"""docs/runbook.md tells every key of the runbook beside its default, and no key that there isn't."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import pytest
from pydantic.fields import FieldInfo

from bot.core.communication import INTERNAL, STATUS_PAGE
from bot.core.runbook import RunbookTables
from bot.core.runbook.fields import RISKS
from bot.core.runbook.moments import Anchor
from bot.core.runbook.problems import keys_of, tables_in
from bot.core.runbook.templates import PLACEHOLDERS, Template

DOC = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text(encoding="utf-8")
Table: TypeAlias = tuple[str, str]  # where it stands, and which kind of entry it is


def described() -> dict[Table, dict[str, str]]:
    """The keys of each table of the model with their defaults; a choice's steps are described as steps."""
    tables: dict[Table, dict[str, str]] = {}
    for path, model in tables_in(RunbookTables):
        tags = [part.strip("<>") for part in path if part.startswith("<")]
        where = ".".join(part for part in path if not part.startswith("<"))
        if path and not where.endswith((".choose", ".propose")):
            tables[where, tags[-1] if tags else ""] = {key: default(field) for key, field in keys_of(model).items()}
    return tables


def documented() -> dict[Table, dict[str, str]]:
    """The same of the document: a heading's words say where, and after "of" which kinds."""
    tables: dict[Table, dict[str, str]] = {}
    for section in re.split(r"^#+ (?=`\[)", DOC, flags=re.MULTILINE)[1:]:
        where, _, kinds = section.splitlines()[0].partition(" of ")
        rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \| .+ \|$", section, flags=re.MULTILINE))
        for kind in (re.findall(r"`(\w+)`", kinds) or [""]) if rows else []:
            tables[".".join(re.findall(r"`\[*(.*?)\]*`", where)), kind] = rows
    return tables


def default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    text = shown(field.get_default(call_default_factory=True))
    return f"`{text}`" if text else "none"


def shown(value: object) -> str:
    if isinstance(value, timedelta):
        units = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
        return next(f"{value // length}{unit}" for unit, length in units.items() if not value % length)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Template):
        return str(value.source or "")
    if value is None or isinstance(value, Mapping) or hasattr(value, "__pydantic_fields__"):
        return ", ".join(value or ()) if isinstance(value, Mapping) else ""  # a table's own keys stand in its section
    return str(value)


@pytest.mark.parametrize("table", described())
def test_the_document_has_every_key_and_its_default(table: Table) -> None:
    assert documented().get(table) == described()[table]


def test_the_document_has_no_table_that_is_none() -> None:
    assert documented().keys() == described().keys()


@pytest.mark.parametrize("audience", [INTERNAL, STATUS_PAGE])
def test_the_document_says_which_audiences_the_bot_has_a_way_to(audience: str) -> None:
    described_by = DOC.partition("### `[[communications.reminders]]`")[2].partition("\n|")[0]
    assert f"`{audience}`" in described_by


@pytest.mark.parametrize("word", PLACEHOLDERS)
def test_the_document_has_every_placeholder(word: str) -> None:
    assert f"`{{{word}}}`" in DOC


@pytest.mark.parametrize("word", [*(f'"{risk}"' for risk in RISKS), *(anchor.value for anchor in Anchor)])
def test_the_document_has_every_risk_and_every_anchor_of_a_moment(word: str) -> None:
    assert re.search(rf"`{word}[` ]", DOC.partition("## Values\n")[2].partition("\n## ")[0])
