"""docs/conformance.md is written by `make conformance`; here it is held to the cases, so that it can't lie for long."""

import re
from pathlib import Path

from tests.simulator.vercel_cases import CASES

PAGE = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text(encoding="utf-8")
ROWS = re.findall(r"(?m)^\| (?P<name>[^|]+) \| (?:[^|]+ \| )+(?P<says>[^|]+) \|$", PAGE.partition("## The client")[2])
ITEMS = re.findall(r"(?m)^- (.+): (\w[\w ]*)(?: \(|, )", PAGE)
SAYS = {case.name: case.says.value for case in CASES}


def test_the_page_tells_of_the_cases_and_of_nothing_else() -> None:
    names = {name for name, _ in (*ROWS, *ITEMS)} - {"case", "---"}
    assert names <= set(SAYS)
    assert len(names) >= 50


def test_the_page_says_what_the_bot_reports() -> None:
    told = {name: says for name, says in (*ROWS, *ITEMS) if name in SAYS}
    assert {name: says for name, says in told.items() if not says.startswith(SAYS[name])} == {}
