"""/dbrestore columns and purge: what may be typed after them. Only columns that the runbook lists get past it."""

import difflib
from collections.abc import Sequence

from bot.changes import Delivery, Wish
from bot.core.columns import DROP
from bot.core.errors import Refused
from bot.core.plan import Ask
from bot.core.quarantine import PURGE
from bot.core.runbook.tables import RESERVED, Database
from bot.messages.picture import Picture
from bot.messages.private import reading
from handlers.commands import Commands
from handlers.words import Typed, Word, shown

_UNCHANGED = "Nothing was changed."
Column = tuple[str, str]  # the table and the column, as the runbook lists them


def drop(commands: Commands, database: Database, typed: Typed, delivery: Delivery) -> Picture:
    """Ask for the listed columns to be dropped, or for those that are named."""
    listed = [(table.name, column) for table in database.tables for column in table.added_columns]
    if not listed:
        text = "The runbook lists no added_columns under [[database.tables]], and only those listed can be dropped."
        raise Refused("no_columns", f"{text} {_UNCHANGED}")
    named = [_column(word, listed) for word in typed.words[1:]]
    columns = list(dict.fromkeys(named or listed))
    wish = Wish(
        asks=(Ask(DROP, {"columns": [list(column) for column in columns]}),),
        title="",  # the card's own sentence says it all
        risk=database.risk,
        reason=typed.reason,
        words=f"/dbrestore {typed.text}",
    )
    return reading(f"the columns and what hangs on them for {commands.changes.ask(wish, delivery)}")


def purge(commands: Commands, database: Database, typed: Typed, delivery: Delivery) -> Picture:
    """Ask for what a finished request keeps in the quarantine to be removed."""
    if len(typed.rest) != 1:
        raise Refused(
            "words", f"Which request? Type `/dbrestore purge R-1`; `/dbrestore backups` lists them. {_UNCHANGED}"
        )
    request = commands.changes.request(typed.rest[0].upper())
    wish = Wish((Ask(PURGE, {"request": request.id}),), "", database.risk, typed.reason, f"/dbrestore {typed.text}")
    return reading(f"what {request.id} keeps, for {commands.changes.ask(wish, delivery)}")


def _column(word: Word, listed: Sequence[Column]) -> Column:
    """The listed column that a word names. Raises Refused where there is none, or more than one."""
    if word.keyword in RESERVED:
        text = f"`{word.keyword}` is a word of the commands, not a column here. A column of that name is put in quotes."
        raise Refused("reserved", f"{text} Without any name, it is all that the runbook lists. {_UNCHANGED}")
    exact = [column for column in listed if word.text in _forms(column)]
    folded = [column for column in listed if word.text.casefold() in map(str.casefold, _forms(column))]
    found = exact or ([] if word.is_quoted else folded)
    if not found:
        raise Refused("unknown_column", _unknown(word, listed))
    if len(found) > 1:
        names = " or ".join(f"`{_typed(column)}`" for column in found)
        raise Refused("ambiguous", f"Which one: {names}? {_UNCHANGED}")
    return found[0]


def _unknown(word: Word, listed: Sequence[Column]) -> str:
    known = {form.casefold(): column for column in listed for form in _forms(column)}
    near = difflib.get_close_matches(word.text.casefold(), known, 1, 0.5)
    names = ", ".join(f"`{_typed(column)}`" for column in listed[:5])
    hint = f"Did you mean `/dbrestore columns {_typed(known[near[0]])}`?" if near else f"It lists {names}."
    return f"The runbook lists no added column `{shown(word.text)}`. {hint} {_UNCHANGED}"


def _forms(column: Column) -> tuple[str, str]:
    """How a column is named: alone, and with its table."""
    return column[1], ".".join(column)


def _typed(column: Column) -> str:
    """How a column is typed: in double quotes where a plain word would be read otherwise."""
    name = ".".join(column)
    is_plain = name.replace(".", "").replace("_", "").isalnum() and name == name.casefold()
    doubled = name.replace('"', '""')
    return name if is_plain else f'"{doubled}"'
