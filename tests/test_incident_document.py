"""docs/incident.md is held to what the bot understands: the words of its ticks, the audiences that are special."""

import re
from pathlib import Path

import pytest

from bot.core.communication import INTERNAL, STATUS_PAGE
from bot.core.evidence import _UNDERSTOOD
from bot.core.incident_due import PINNED

DOC = (Path(__file__).parents[1] / "docs" / "incident.md").read_text(encoding="utf-8")


def first_cells(heading: str) -> list[str]:
    """What stands in backticks at the beginning of the rows below a heading."""
    return re.findall(r"(?m)^\| `([^`]+)` \|", DOC.partition(f"## {heading}\n")[2].partition("\n## ")[0])


def test_the_words_by_which_the_bot_ticks_are_those_that_it_understands() -> None:
    assert first_cells("Checklists") == list(_UNDERSTOOD)


@pytest.mark.parametrize("audience", [INTERNAL, STATUS_PAGE, PINNED])
def test_every_audience_that_is_special_is_told_of(audience: str) -> None:
    assert audience in first_cells("The communication plan")
