"""/dbrestore columns and purge: what is typed, and the wish or the refusal that it comes to."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.core.errors import Refused
from bot.core.plan import Facts
from bot.core.quarantine import PURGE
from tests.handlers.test_dbrestore import Desk
from tests.small_world import Levers

TWO_TABLES = """[database]
[[database.tables]]
name = "users"
added_columns = ["tier", "Plan", "status", "odd.name"]
[[database.tables]]
name = "Order Items"
added_columns = ["tier", "total"]
"""
ALL = [
    ["users", "tier"],
    ["users", "Plan"],
    ["users", "status"],
    ["users", "odd.name"],
    ["Order Items", "tier"],
    ["Order Items", "total"],
]


class Dropping(Levers):
    """Takes the place of the actions: only what each is about is asked of it here."""

    def targets(self, params: Facts) -> tuple[str, ...]:
        return (str(params),)


@pytest.fixture
def desk_with(tmp_path: Path) -> Iterator[Callable[[str], Desk]]:
    """A desk with a [database], at which columns can be dropped and a quarantine purged."""
    desks: list[Desk] = []

    def build(database: str) -> Desk:
        desks.append(Desk(tmp_path, database))
        changes = desks[-1].commands.changes
        actions = {name: Dropping(desks[-1].log._clock) for name in ("drop_columns", PURGE)}
        changes._actions = actions
        return desks[-1]

    yield build
    for desk in desks:
        desk.log.close()


@pytest.fixture
def desk(desk_with: Callable[[str], Desk]) -> Desk:
    return desk_with(TWO_TABLES)


@pytest.mark.parametrize(
    ("typed", "columns"),
    [
        ("columns", ALL),
        ("COLUMNS because of 500s", ALL),
        ("columns total", [["Order Items", "total"]]),
        ("columns users.tier", [["users", "tier"]]),
        ("columns USERS.TIER total", [["users", "tier"], ["Order Items", "total"]]),
        ("columns plan Plan users.plan", [["users", "Plan"]]),
        ('columns "status"', [["users", "status"]]),
        ("columns odd.name", [["users", "odd.name"]]),
        ('columns "Order Items.tier"', [["Order Items", "tier"]]),
        ("columns \u201cOrder Items.total\u201d because it broke", [["Order Items", "total"]]),
    ],
)
def test_what_is_typed_becomes_one_wish(desk: Desk, typed: str, columns: list[list[str]]) -> None:
    assert "what hangs on them for R-1" in desk.type(typed)
    (ask,) = desk.request().asks
    assert (ask.action, ask.params) == ("drop_columns", {"columns": columns})
    assert desk.request().risk == "high"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("columns tier", 'Which one: `users.tier` or `"Order Items.tier"`?'),
        ("columns teir", "Did you mean `/dbrestore columns"),
        ("columns users.totl", "Did you mean `/dbrestore columns"),
        ("columns password", "lists no added column `password`"),
        ("columns tier; drop table users; --", "lists no added column `tier;`"),
        ('columns "TOTAL"', "Did you mean"),
        ("columns status", "is a word of the commands"),
        ("columns all", "Without any name, it is all that the runbook lists"),
        ("columns tier\u202e", "lists no added column"),
        ("columns " + "x" * 9000, "lists no added column"),
        ("purge", "Which request?"),
        ("purge R-1 R-2", "Which request?"),
        ("purge R-99", "There is no request R-99"),
    ],
)
def test_what_cannot_be_understood_is_refused_and_nothing_happens(desk: Desk, typed: str, answer: str) -> None:
    with pytest.raises(Refused) as refused:
        desk.type(typed)
    assert answer in refused.value.text
    assert len(refused.value.text) < 400
    assert not desk.has_asked()


def test_a_runbook_without_added_columns_says_so(desk_with: Callable[[str], Desk]) -> None:
    with pytest.raises(Refused, match=r"lists no added_columns under \[\[database\.tables\]\]"):
        desk_with('[database]\n[[database.tables]]\nname = "users"\n').type("columns")


def test_a_purge_is_asked_for_by_the_name_of_a_request(desk: Desk) -> None:
    desk.type("columns total")
    assert "what R-1 keeps, for R-2" in desk.type("purge r-1 because it is personal data")
    request = desk.journal.read("R-2")
    (ask,) = request.asks
    assert (ask.action, ask.params) == (PURGE, {"request": "R-1"})
    assert request.reason == "it is personal data"
