"""The plan of a table restore, fact by fact: what decides first, then who waits, what is kept, and the details.

Rows are counted, never shown.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.core.counts import GROWTH, GROWTH_SHARE
from bot.core.restore import WHOLE_ROWS, LiveDeployment, Mode, RestoreFacts, TableRestore
from bot.messages.holders import in_a_transaction
from bot.messages.wording import capital, code, codes, escape, listed, moment, moment_in, moment_told

ROLL_BACK = "`/rollback vercel`"


def lines(known: RestoreFacts, planned_at: datetime, effect: str, *, rolls_back: bool = False) -> tuple[str, ...]:
    """Before and after, as lines of mrkdwn, complete; ages are as of `planned_at`.

    `rolls_back` says that another step of the plan rolls production back.
    """
    several = len(known.tables) > 1
    return (
        *(f"⚠️ {line}" for line in _warnings(known, rolls_back=rolls_back)),
        f"Database {code(known.database)}, {_source(known, planned_at)}",
        *([f"*In all*: {effect}"] if several else []),
        *(line for table in known.tables for line in _counts(table, known.mode)),
        *_meanwhile(known),
        *_kept(known),
        "*In detail*",
        *(f"• {capital(line)}" for table in known.tables for line in _detail(table, known.mode, is_only=not several)),
        *(f"• {line}" for line in _rules(known)),
    )


def can_change(known: RestoreFacts) -> str:
    """What the roles that can change a backup can do, after their names."""
    tables, name = known.tables, "change set" if known.mode is Mode.UNDO else "backup"
    if len(tables) == 1:
        return f"can change this {name}: its rows may not be yours"
    are_all = all(set(table.backup_writers) == set(known.backup_writers) for table in tables)
    return f"can change {'these' if are_all else 'some of these'} {name}s: their rows may not be yours"


def newer(known: RestoreFacts) -> LiveDeployment | None:
    """The live deployment, where it is newer than the backup."""
    live = known.live_deployment if known.mode is not Mode.UNDO else None
    built_at = moment_in(live.built_at) if live else None
    return live if built_at and built_at > known.backup_made_at else None


def names_a_day(known: RestoreFacts) -> bool:
    """Whether the backups' names say no time of the day."""
    return len(known.tables[0].backup_date) == len("YYYYMMDD")


def deployment(live: LiveDeployment, most: int = 0) -> str:
    """A deployment with the moment it was built."""
    return f"{escape(live.label, most)}, built {moment_told(live.built_at)}"


def spell_seconds(seconds: float) -> str:
    """Seconds, to a tenth."""
    return f"{seconds:,.1f}".removesuffix(".0") + " s"


def _source(known: RestoreFacts, planned_at: datetime) -> str:
    at = known.backup_made_at
    days = (planned_at - at).days
    age = f"{days:,} day{'' if days == 1 else 's'} old" if days > 0 else "less than a day old"
    # A day is nobody's moment: in another time zone it would read as the day before.
    date = f"{at.day} {at:%B %Y}" if names_a_day(known) else moment(at, "{date_long} at {time}")
    if known.mode is Mode.UNDO:
        return f"back to the rows as they were before the restore of *{date}*"
    return f"backup{'' if len(known.tables) == 1 else 's'} of *{date} ({age})*"


def _warnings(known: RestoreFacts, *, rolls_back: bool) -> Iterator[str]:
    if known.backup_writers:
        roles = listed([code(role) for role in known.backup_writers])
        yield f"{roles} *{can_change(known)}*"
    if live := newer(known):
        yield f"Production serves {deployment(live)}: newer than the backup. {_beware(live, rolls_back=rolls_back)}"
    if known.estimate_seconds > known.limit_seconds:
        asked = "" if known.mode is Mode.UNDO else ": `long-block` was asked for"
        limit = f"more than the limit of {spell_seconds(known.limit_seconds)}{asked}"
        yield f"*Writes will wait for about {spell_seconds(known.estimate_seconds)}*, {limit}"


def _counts(table: TableRestore, mode: Mode) -> Iterator[str]:
    if mode is Mode.UNDO:
        yield from _counts_of_undo(table)
        return
    yield f"{code(str(table.live))} from {code(str(table.copy))}"
    yield f"• Rows that change: *{table.update:,}*"
    if table.update and table.undone is None:
        why = f"{code(table.recent)} isn't in both" if table.recent else "the runbook names no column that tells"
        yield f"• How many of these changed after the backup was made: not known ({why}). *Those changes are undone*"
    elif table.update:
        by = f"changed after the backup was made (by {code(table.recent)})"
        yield f"• Of these, {by}: *{table.undone:,}*{'. *Those changes are undone*' if table.undone else ''}"
    yield f"• Rows that come back (deleted since): *{table.insert:,}*"
    if mode is Mode.EXACT:
        yield f"• Newer rows that are *deleted* (`exact`): *{table.delete:,}*"
    else:
        yield f"• Newer rows that stay: *{table.keep:,}*"
    yield from _left(table)


def _counts_of_undo(table: TableRestore) -> Iterator[str]:
    yield f"{code(str(table.live))} by {code(str(table.copy))}"
    yield f"• Rows that go back to what they were: *{table.update:,}*"
    yield f"• Rows that come back (deleted by the restore, or since): *{table.insert:,}*"
    yield f"• Rows that are *deleted*, because the restore had inserted them: *{table.delete:,}*"
    if table.update + table.delete:
        undone = ". *Those changes are undone*" if table.undone else ""
        yield f"• Of those that go back or are deleted, changed since the restore: *{table.undone or 0:,}*{undone}"
    yield from _left(table)


def _left(table: TableRestore) -> Iterator[str]:
    if table.left_deleted or not table.reinserts:
        yield f"• Deleted since, and not brought back (the runbook says so): *{table.left_deleted:,}*"
    for key, rows in table.orphans.items():
        yield f"• Left as they are, because what they point to is gone (foreign key {code(key)}): *{rows:,}*"


def _meanwhile(known: RestoreFacts) -> Iterator[str]:
    restored = [str(table.live) for table in known.tables]
    yield f"*Meanwhile* (about {spell_seconds(known.estimate_seconds)})"
    yield f"• Writes wait: {codes(restored)}"
    if also := [name for name in known.waiting if name not in restored]:
        yield f"• Inserts and other writes that point there wait too: {codes(also)}"
    yield "• Reading goes on, except `SELECT … FOR UPDATE`"
    yield f"• Beyond {spell_seconds(known.longest_seconds)} the restore stops, and nothing changes"
    yield from _others(known)


def _others(known: RestoreFacts) -> Iterator[str]:
    if known.sessions:
        yield from in_a_transaction(known.sessions)
        yield "• If one that writes there doesn't end, the restore gives up and nothing changes"


def _kept(known: RestoreFacts) -> Iterator[str]:
    def apart(names: Sequence[str]) -> str:
        return codes([f"{known.quarantine_schema}.{name}" for name in names])

    yield {
        Mode.KEEP: "*Nothing is deleted, dropped, renamed or truncated*; a backup stays as it is",
        Mode.EXACT: "*Rows that the backup doesn't have are deleted.* No table is dropped, renamed or truncated; a "
        "backup stays as it is",
        Mode.UNDO: "*No row is touched that the restore did not write.* No table is dropped, renamed or truncated",
    }[known.mode]
    if copies := [table.quarantine for table in known.tables if table.quarantine]:
        yield f"• Every row as it is now is copied first, in the same transaction, to {apart(copies)}"
    if large := [str(table.live) for table in known.tables if not table.quarantine]:
        yield f"• Over {WHOLE_ROWS:,} rows, and so not copied as a whole: {codes(large)}"
    changes = apart([table.changes for table in known.tables if table.changes])
    yield f"• Each row that is changed or deleted is kept as it was, in the same transaction, in {changes}"
    if known.makes_schema:
        yield f"• For that, the bot makes its schema {code(known.quarantine_schema)}, closed to other roles"
    if known.publishes_copies:
        yield "• ⚠️ A publication FOR ALL TABLES sends this copy, too, to whoever subscribes to it"
    yield "• *To undo it*: `/rollback undo` with this request's name"


def _detail(table: TableRestore, mode: Mode, *, is_only: bool) -> Iterator[str]:
    of, backup = "" if is_only else f"{code(table.name)}: ", "change set" if mode is Mode.UNDO else "backup"
    yield f"{of}rows now {table.live_rows:,}, in the {backup} {table.backup_rows:,}"
    yield f"{of}columns restored: {codes(table.columns)}"
    if table.live_only:
        yield f"{of}columns that the {backup} doesn't have, which keep their values: {codes(table.live_only)}"
    if table.casts:
        yield f"{of}columns whose type has changed; every value survives it: {codes(table.casts)}"
    if table.sticky:
        yield f"{of}columns that are never unset, only set: {codes(table.sticky)}"
    if table.backup_writers and not is_only:
        yield f"{of}roles that can change this {backup}: {codes(table.backup_writers)}"
    if table.stale_views:
        yield f"{of}materialized views that show the old rows until they are refreshed: {codes(table.stale_views)}"


def _rules(known: RestoreFacts) -> Iterator[str]:
    yield "No trigger of these tables fires for these rows. A publication (Supabase Realtime) still sends them"
    yield "Foreign keys stay on. One with ON DELETE SET NULL is set to NULL where its row is gone"
    if known.mode is not Mode.KEEP:
        yield "A row that others point to, which stay, is not deleted: then it stops and nothing changes"
    yield "Sequences only move forward"
    yield (
        "All is read again once the tables are held. If a definition or a backup changed, or over "
        f"{GROWTH} and over {GROWTH_SHARE:.0%} more rows would be written, it stops and nothing changes"
    )
    if known.mode is Mode.UNDO:
        return
    if known.live_deployment is None:
        yield "Not known: which deployment is live, and whether it is newer than the backup"
    elif newer(known) is None:
        yield f"Production serves {deployment(known.live_deployment)}: older than the backup"


def _beware(live: LiveDeployment, *, rolls_back: bool) -> str:
    if rolls_back:
        return "Another step of this plan rolls production back"
    """What to do about code that is newer than the rows; after a rollback another one is not the first thought."""
    if live.is_rolled_back:
        return "Production was rolled back to it. *Make sure that it isn't what damaged these rows*"
    return f"*Roll it back first, or it may damage these rows again*: {ROLL_BACK}"
