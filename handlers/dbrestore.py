"""/dbrestore: what may be typed after it, and what each word does. Only tables of the runbook get past it."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, Respond

from bot.changes import Changes, Delivery, Wish
from bot.core.backup_set import ACTION as BACK_UP
from bot.core.backups_seen import as_typed
from bot.core.errors import Refused
from bot.core.plan import Ask, Facts
from bot.core.restore import ACTION
from bot.core.runbook import Runbook
from bot.core.runbook.tables import RESERVED, Database
from bot.core.writes import RESUME, STOP
from bot.messages.picture import Picture
from bot.messages.private import RESTORE_WORDS, reading, restore_help
from handlers import columns
from handlers.commands import Answer, Commands, whisper
from handlers.deliveries import of_command, of_interaction
from handlers.words import Typed, Word, read, shown

_OPTIONS_LATER = ("breakglass",)
_FLAGS = ("long-block", "exact")
_OPTIONS = ("from", *_FLAGS)
_LONGEST_BACKUP = 200  # characters; PostgreSQL's names have at most 63 bytes
_UNCHANGED = "Nothing was changed."


def command(ack: Ack, body: dict[str, Any], *, commands: Commands) -> None:
    """Answer `/dbrestore …` privately; a request that it makes is in the log before that."""
    typed = read(body.get("text") or "")
    answer = _ANSWERS.get(typed.first.keyword) or restore
    whisper(ack, answer(commands, typed, of_command(body)))


def restore(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    """Ask for tables to be restored. Raises Refused with what is wrong with the words."""
    database = _database(commands.runbook)
    known = [table.name for table in database.tables]
    order = _order(typed.words, known)
    options: Facts = {"from": order.backup, "long_block": order.long_block, "exact": order.exact}
    wish = Wish(
        asks=(Ask(ACTION, {"tables": list(order.tables), **options}),),
        title="",  # the card's own sentence says it all
        risk="critical" if set(order.tables) == set(known) or order.exact else database.risk,
        reason=typed.reason,
        words=f"/dbrestore {typed.text}",
    )
    return reading(f"the backups and the tables for {commands.changes.ask(wish, delivery)}")


def _look(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    """`backups` and `backup`: both begin to read, and what is there is told later."""
    _database(commands.runbook)
    word = typed.first.keyword
    if typed.rest or typed.reason:
        rule = f'`/dbrestore {word}` stands alone. A table of that name is put in quotes: `/dbrestore "{word}"`.'
        raise Refused("words", f"{rule} {_UNCHANGED}")
    ask = commands.questions.get(word)
    if ask is None:
        return _later(commands, typed, delivery)
    ask(delivery)
    return reading("the backups and the tables")


def take_backup_clicked(ack: Ack, body: dict[str, Any], respond: Respond, *, changes: Changes) -> None:
    """Ask for the set that was proposed; who may take one, and whether one may be taken now, is decided afterwards."""
    wish = Wish(asks=(Ask(BACK_UP, {}),), title="", risk="low", reason="", words="/dbrestore backup")
    picture = reading(f"the tables for {changes.ask(wish, of_interaction(body))}")
    ack()
    respond(text=picture.text, blocks=list(picture.blocks), replace_original=True)  # with its button gone


def _columns(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    return columns.drop(commands, _database(commands.runbook), typed, delivery)


def _purge(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    return columns.purge(commands, _database(commands.runbook), typed, delivery)


def _stop_writes(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    database = _database(commands.runbook)
    known = [table.name for table in database.tables]
    tables = _tables(typed.words[1:], known)
    wish = _about_writes(STOP, tables, "critical" if set(tables) == set(known) else database.risk, typed)
    return reading(f"the tables for {commands.changes.ask(wish, delivery)}")


def _resume_writes(commands: Commands, typed: Typed, delivery: Delivery) -> Picture:
    database = _database(commands.runbook)
    if typed.rest:
        rule = "`/dbrestore resume-writes` stands alone: it resumes writes to every table where they are stopped."
        raise Refused("words", f"{rule} {_UNCHANGED}")
    wish = _about_writes(RESUME, (), database.risk, typed)
    return reading(f"which tables are stopped for {commands.changes.ask(wish, delivery)}")


def _about_writes(action: str, tables: Sequence[str], risk: str, typed: Typed) -> Wish:
    return Wish((Ask(action, {"tables": list(tables)}),), "", risk, typed.reason, f"/dbrestore {typed.text}")


def _help(commands: Commands, _: Typed, __: Delivery) -> Picture:
    words = [word for word in RESTORE_WORDS if word == "help" or word in commands.questions]
    return restore_help(commands.runbook, commands.actions, words)


def _later(_: Commands, typed: Typed, __: Delivery) -> Picture:
    word = typed.first.keyword
    raise Refused("not_in_this_version", f"`/dbrestore {word}` is not in this version. {_UNCHANGED}")


_ANSWERS: dict[str, Answer] = {
    "backups": _look,
    "backup": _look,
    "columns": _columns,
    "purge": _purge,
    "stop-writes": _stop_writes,
    "resume-writes": _resume_writes,
    "help": _help,
}


def _database(runbook: Runbook) -> Database:
    """The runbook's database. Raises Refused where it names no table that may be restored."""
    database = runbook.database
    if database is None:
        raise Refused("no_database", f"The runbook has no [database], so there is nothing to restore. {_UNCHANGED}")
    if not database.tables:
        rule = "The runbook lists no tables under [[database.tables]], and only those listed can be restored."
        raise Refused("no_tables", f"{rule} {_UNCHANGED}")
    return database


@dataclass(frozen=True)
class _Order:
    """What is to be restored, understood: tables of the runbook, each once."""

    tables: tuple[str, ...]
    backup: str
    long_block: bool
    exact: bool


def _order(words: Sequence[Word], known: Sequence[str]) -> _Order:
    """The order in `words`. Raises Refused with what is wrong, and how it is typed."""
    tables: list[str] = []
    backups: list[str] = []
    left = iter(words)
    keywords = [word.keyword for word in words]
    for word in left:
        if word.keyword in _OPTIONS_LATER:
            raise Refused("not_in_this_version", f"`{word.keyword}` is not in this version. {_UNCHANGED}")
        if word.keyword == "from":
            backups.append(_backup(left))
        elif word.keyword not in ("all", *_FLAGS):
            tables.append(_table(word, known, is_first=word is words[0]))
    _refuse_misfits(keywords, tables, backups)
    everything = known if "all" in keywords else tables
    long_block, exact = (flag in keywords for flag in _FLAGS)
    return _Order(tuple(dict.fromkeys(everything)), "".join(backups), long_block, exact)


def _tables(words: Sequence[Word], known: Sequence[str]) -> tuple[str, ...]:
    """The tables that words name, `all` or some. Raises Refused with what is wrong, and how it is typed."""
    if not words:
        rule = "Writes to which tables? Type `/dbrestore stop-writes <table>`, or `/dbrestore stop-writes all`."
        raise Refused("words", f"{rule} {_UNCHANGED}")
    if "all" not in [word.keyword for word in words]:
        return tuple(dict.fromkeys(_table(word, known, is_first=False) for word in words))
    if len(words) > 1:
        raise Refused("words", f"`all` stands alone: it is every table of the runbook. {_UNCHANGED}")
    return tuple(known)


def _refuse_misfits(keywords: Sequence[str], tables: Sequence[str], backups: Sequence[str]) -> None:
    if "all" in keywords and tables:
        rule = f"`all` stands alone: it is every table of the runbook, {as_typed(tables[0])} among them."
    elif "all" not in keywords and not tables:
        rule = "Which table? Type `/dbrestore <table>`, or `/dbrestore all`; `/dbrestore help` lists the tables."
    elif len(backups) > 1:
        rule = "One `from` at most: all tables are restored from one moment."
    else:
        return
    raise Refused("words", f"{rule} {_UNCHANGED}")


def _backup(left: Iterator[Word]) -> str:
    """The word after `from`, as it was typed."""
    word = next(left, None)
    if word is None or word.keyword in RESERVED:
        rule = "After `from` comes a backup's name or its date, as in `from 20250903`."
        raise Refused("words", f"{rule} {_UNCHANGED}")
    if len(word.text) > _LONGEST_BACKUP or not word.text.isprintable():
        rule = f"`{shown(word.text)}` is no name of a backup{_why_odd(word.text)}. `/dbrestore backups` lists them."
        raise Refused("words", f"{rule} {_UNCHANGED}")
    return word.text


def _table(word: Word, known: Sequence[str], *, is_first: bool) -> str:
    """The runbook's table that a word names. Raises Refused where there is none, or more than one."""
    alike = [name for name in known if name.casefold() == word.text.casefold()]
    if word.keyword in RESERVED:
        raise Refused("reserved", _reserved(word, alike))
    if word.text in known:
        return word.text
    if word.is_quoted or not alike:
        raise Refused("unknown_table", _unknown(word, known, is_first=is_first))
    if len(alike) > 1:
        names = " or ".join(f"`{as_typed(name)}`" for name in alike)
        raise Refused("ambiguous", f"Which one: {names}? Type it with its quotes. {_UNCHANGED}")
    return alike[0]


def _reserved(word: Word, alike: Sequence[str]) -> str:
    quoted = f" The table of that name is put in quotes: `{as_typed(alike[0])}`." if alike else ""
    listed = " `/dbrestore help` and `/rollback help` list the commands."
    return f"`{word.keyword}` is a word of the commands, not a table here.{quoted or listed} {_UNCHANGED}"


def _unknown(word: Word, known: Sequence[str], *, is_first: bool) -> str:
    candidates = {name.casefold(): as_typed(name) for name in known}
    if not word.is_quoted:
        candidates |= {other: other for other in (("all", *_ANSWERS) if is_first else _OPTIONS)}
    near = difflib.get_close_matches(word.text.casefold(), candidates, 1, 0.5)
    meant = [f"{'/dbrestore ' if is_first else ''}{candidates[one]}" for one in near]
    hint = f"Did you mean `{meant[0]}`?" if meant else "`/dbrestore help` lists the tables that can be restored."
    return f"The runbook has no table `{shown(word.text)}`{_why_odd(word.text)}. {hint} {_UNCHANGED}"


def _why_odd(text: str) -> str:
    """What the eye can't see of a word, to be said after it."""
    if len(text) > _LONGEST_BACKUP:
        return f" (… {len(text)} characters)"
    return "" if text.isprintable() else " (it has characters that can't be seen)"
