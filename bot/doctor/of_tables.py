"""The runbook's tables and their backups: whether each can be restored, from what, and who else can get at that."""

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.actions.restore_reading import UNCHANGED, RestoreReading
from bot.adapters.postgres.casting import with_casts
from bot.adapters.postgres.catalog import read_table
from bot.adapters.postgres.pair import Pair
from bot.adapters.postgres.rights import read_owner
from bot.adapters.postgres.session import Session
from bot.core.backup import Backup, choose
from bot.core.backups_seen import as_typed, closing
from bot.core.errors import Refused
from bot.core.runbook.tables import Database
from bot.core.secret import Secret
from bot.core.table import Name, Table, refusal_of_backup
from bot.doctor.finding import Finding, ok, problem, warning

EVERYBODY = frozenset({"PUBLIC", "anon", "authenticated"})  # whoever has the site's public key is one of these
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def examine_tables(session: Session, database: Database, role: str, clock: Callable[[], datetime]) -> Iterator[Finding]:
    """Each table of the runbook, then all of them together."""
    reading = RestoreReading(Secret(""), database, clock=clock, live=lambda: None)
    found = {table.name: reading.find(session, table.name) for table in database.tables}
    for name, backups in found.items():
        live = yield from _structure(session, reading, Name(database.schema, name), role)
        copies = {one: copy for one in backups if (copy := read_table(session, one.name))}
        if live:
            yield _newest(session, live, copies, _Words(name, role, database, clock()))
        yield from leaks(name, list(copies.values()))
    if all(found.values()) and len(found) > 1:
        yield from together(found, clock())


@dataclass(frozen=True)
class _Words:
    """What a table's findings are worded with."""

    table: str
    role: str
    database: Database
    now: datetime

    @property
    def subject(self) -> str:
        return f"table {self.table}"

    @property
    def make_backup(self) -> str:
        name = self.database.backup.format(table=self.table, date=f"{self.now:%Y%m%d}")
        schema = self.database.schema
        return f"CREATE TABLE {_sql(Name(schema, name))} AS TABLE {_sql(Name(schema, self.table))};"


def _structure(
    session: Session, reading: RestoreReading, where: Name, role: str
) -> Generator[Finding, None, Table | None]:
    """The table, where its rows can be restored in place."""
    table = reading.tables[where.name]
    try:
        live = reading.restorable(session, where.name)
    except Refused as refusal:
        remedy = mended(refusal, where, role, read_owner(session, where)) or "take it out of the runbook"
        yield problem(f"table {where.name}", _sentence(refusal), remedy)
        return None
    named = [*table.added_columns, *([table.recent] if table.recent else [])]
    if missing := [column for column in named if not live.column(column)]:
        text = f"the runbook names columns that it doesn't have: {', '.join(missing)}"
        yield warning(f"table {where.name}", text, "correct added_columns and recent in the runbook")
    return live


def _newest(session: Session, live: Table, copies: Mapping[Backup, Table], words: _Words) -> Finding:
    """What a restore would be made from if it were asked for now."""
    newest = next(iter(copies), None)
    if newest is None:
        like = words.database.backup.format(table=words.table, date="YYYYMMDD")
        return problem(words.subject, f"no backup {like} is there, so it can't be restored", words.make_backup)
    pair = with_casts(session, Pair(live, copies[newest], (), reinserts=True, recent=""))
    if refusal := refusal_of_backup(live, copies[newest], {cast.column for cast in pair.casts}):
        remedy = mended(refusal, newest.name, words.role, read_owner(session, newest.name)) or words.make_backup
        return problem(words.subject, _sentence(refusal), remedy)
    return age(newest, len(copies), words)


def age(newest: Backup, count: int, words: _Words) -> Finding:
    """Whether the newest backup is young enough to be taken without being named."""
    old, limit = words.now - newest.made_at, words.database.max_backup_age
    if old > limit:
        text = f"its newest backup {newest.name} is {_span(old)} old, limit {_span(limit)}"
        remedy = f"{words.make_backup} Or name it: /dbrestore {as_typed(words.table)} from {newest.date}"
        return warning(words.subject, text, remedy)
    backups = f"{count} backup{'' if count == 1 else 's'}"
    return ok(words.subject, f"can be restored; {backups}, the newest {_span(old)} old: {newest.name}")


def mended(refusal: Refused, where: Name, role: str, owner: str) -> str:
    """What takes a refusal of a table or a backup away; "" = nothing that is known."""
    remedies = {
        "no_table": "correct its name or [database] schema in the runbook",
        "sticky": "correct sticky in the runbook: the column's name has to be the table's",
        "privilege": f"GRANT {quoted(owner)} TO {quoted(role)};",
        "row_security": f"ALTER ROLE {quoted(role)} BYPASSRLS;",
        "no_key": f"ALTER TABLE {_sql(where)} ADD PRIMARY KEY (...);",
    }
    return remedies.get(refusal.rule, "")


def leaks(table: str, copies: Sequence[Table]) -> Iterator[Finding]:
    """Who else can read or change backups: a leak of what is in them, and rows that may not be the table's."""
    for is_changed, can, means in (
        (True, "can be changed", "a leak, and rows that may not be yours"),
        (False, "can be read", "a leak"),
    ):
        open_ones = [copy for copy in copies if (copy.writers if is_changed else copy.readers and not copy.writers)]
        if not open_ones:
            continue
        roles = sorted({role for copy in open_ones for role in (*copy.readers, *copy.writers)})
        names, subject = (
            [str(copy.name) for copy in open_ones],
            f"backup{'' if len(open_ones) == 1 else 's'} of {table}",
        )
        weigh = problem if EVERYBODY.intersection(roles) else warning
        remedy = closing([copy.name for copy in open_ones], roles)
        yield weigh(subject, f"{', '.join(names)} {can} by {', '.join(roles)}: {means}", remedy)


def together(found: Mapping[str, Sequence[Backup]], now: datetime) -> Iterator[Finding]:
    """Whether the tables have backups of one moment, which `/dbrestore all` needs."""
    try:
        choose(found, named="", now=now, oldest=timedelta.max)
    except Refused as refusal:
        yield warning("/dbrestore all", _sentence(refusal), "back all tables up at the same time")


def quoted(name: str) -> str:
    """A name as SQL takes it."""
    doubled = name.replace('"', '""')
    return name if _PLAIN.fullmatch(name) or name == "PUBLIC" else f'"{doubled}"'


def _sql(name: Name) -> str:
    return f"{quoted(name.schema)}.{quoted(name.name)}"


def _sentence(refusal: Refused) -> str:
    return refusal.text.removesuffix(f" {UNCHANGED}").rstrip(".")


def _span(age: timedelta) -> str:
    """An age in whole days: most backups' names say no more than a day."""
    return "less than a day" if age.days < 1 else f"{age.days} day{'' if age.days == 1 else 's'}"
