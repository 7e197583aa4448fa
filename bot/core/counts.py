"""What comparing a table with its backup found, in rows, and which of it forbids a restore or asks for a new plan."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.core.errors import Refused
from bot.core.restore import Mode, TableRestore
from bot.core.table import Column, Name, Rule, Table, fills_itself

MOST_ORPHANS, MOST_ORPHANS_SHARE = 100, 0.01
MOST_DELETES_SHARE = 0.05
GROWTH, GROWTH_SHARE = 100, 0.10


@dataclass(frozen=True)
class Counts:
    """What a restore would write, in rows; `update` and `insert` without the orphans."""

    live_rows: int
    backup_rows: int
    update: int
    insert: int
    delete: int
    keep: int
    left_deleted: int
    orphans: Mapping[str, int]
    undone: int | None
    null_keys: int
    double_keys: int
    changed_identities: int  # rows that differ in a GENERATED ALWAYS identity column
    pulling: int  # rows that other tables' rows would change with


def refusal_of_rows(
    live: Table, backup: Name, counts: Counts, restored: Iterable[Column], *, mode: Mode = Mode.KEEP
) -> Refused | None:
    """Why these rows can't or mustn't be put back, if so."""
    rules = (*_rules_of_backup(live, backup, counts, mode), *_rules_of_table(live, counts, restored, mode))
    return next((Refused(rule, text) for is_so, rule, text in rules if is_so), None)


def _rules_of_backup(live: Table, backup: Name, counts: Counts, mode: Mode) -> Iterable[tuple[bool, str, str]]:
    key = ", ".join(live.key)
    orphans = sum(counts.orphans.values())
    # A change set may be of a few rows; what it is taken back from is the table.
    of = max(counts.backup_rows, counts.live_rows) if mode is Mode.UNDO else counts.backup_rows
    spelled = "; ".join(f"{number} by {fk}" for fk, number in counts.orphans.items())
    yield (
        counts.backup_rows == 0 and mode is not Mode.UNDO,
        "empty_backup",
        f"Backup {backup} is empty; {live.name} has {counts.live_rows} rows.",
    )
    yield counts.null_keys > 0, "null_key", f"Backup {backup} has {counts.null_keys} rows with a NULL key ({key})."
    yield counts.double_keys > 0, "double_key", f"Backup {backup} has {counts.double_keys} duplicate keys ({key})."
    yield (
        orphans > min(MOST_ORPHANS, MOST_ORPHANS_SHARE * of),
        "orphans",
        (
            f"{orphans} rows of the backup of {live.name} point to rows that no longer exist ({spelled}); at most "
            f"{MOST_ORPHANS_SHARE:.0%}, and no more than {MOST_ORPHANS}, may be left out. Restored together with "
            "the table they point to, its deleted rows can come back too."
        ),
    )


def _rules_of_table(
    live: Table, counts: Counts, restored: Iterable[Column], mode: Mode
) -> Iterable[tuple[bool, str, str]]:
    name, given = live.name, {column.name for column in restored}
    missing = [column.name for column in live.columns if column.name not in given and not fills_itself(column)]
    followers = ", ".join(dict.fromkeys(str(one.child) for one in live.followers))
    yield (
        counts.changed_identities > 0,
        "identity",
        f"{counts.changed_identities} rows of {name} differ in a GENERATED ALWAYS identity column: not updatable.",
    )
    yield (
        counts.pulling > 0,
        "followers",
        f"{counts.pulling} rows of {name} would change in columns that rows of {followers} follow (ON UPDATE).",
    )
    yield (
        counts.insert > 0 and bool(missing),
        "not_null",
        (
            f"{counts.insert} rows must be inserted into {name}, but {', '.join(missing)} may not be NULL, has no "
            "default and is missing from the backup."
        ),
    )
    yield (
        mode is Mode.EXACT and counts.delete > MOST_DELETES_SHARE * counts.live_rows,
        "too_many_deletes",
        (
            f"An exact restore would delete {counts.delete} of {counts.live_rows} rows of {name} (limit "
            f"{MOST_DELETES_SHARE:.0%}). Without `exact` they stay."
        ),
    )


def refusal_of_collateral(pointing: Mapping[str, int]) -> Refused | None:
    """Why rows mustn't be deleted: others, which stay, point to them. `pointing` is by table and foreign key."""
    found = "; ".join(f"{rows} rows of {which}" for which, rows in pointing.items() if rows)
    if not found:
        return None
    text = f"Rows that would be deleted are pointed to by rows that this restore does not delete or change: {found}."
    return Refused("collateral", f"{text} They would be lost or changed with them, or keep them from being deleted.")


def refusal_of_loss(live: Name, lost: Mapping[str, int | None], types: Mapping[str, tuple[str, str]]) -> Refused | None:
    """Why values can't be cast, if so. `lost` is by column how many would be others; None = PostgreSQL refuses one.

    `types` has of each column that of the backup and that of the table.
    """
    told = []
    for column, values in lost.items():
        source, target = types[column]
        if values is None:
            told.append(f"{live}.{column}: a value of the backup ({source}) can't be cast to {target}.")
        elif values:
            told.append(
                f"{live}.{column}: {values} values of the backup ({source}) do not survive the change to {target}."
            )
    return Refused("lossy", " ".join(told)) if told else None


def refusal_of_breaches(live: Name, breaches: Mapping[Rule, int]) -> Refused | None:
    """Why rows can't be written, if so: they would break these rules of the table."""
    clashes = "; ".join(f"{rows} by {rule.name}" for rule, rows in breaches.items() if rows and not rule.expression)
    if clashes:
        text = f"Restored rows of {live} clash with rows that stay ({clashes})."
        return Refused("unique", f"{text} Give one of the two another value first, or delete it.")
    broken = "; ".join(f"{rows} by {rule.name}" for rule, rows in breaches.items() if rows)
    return Refused("constraint", f"Rows of the backup break a rule of {live} ({broken}).") if broken else None


def grown(planned: TableRestore, now: Counts) -> str:
    """The drift where much more would be written than was approved, as a sentence; "" = it is as planned."""
    for verb, rows, then in (
        ("changed", now.update, planned.update),
        ("inserted", now.insert, planned.insert),
        ("deleted", now.delete, planned.delete),
    ):
        if rows - then > max(GROWTH, GROWTH_SHARE * then):
            text = f"{rows} rows of {planned.live} would be {verb}, and {then} were approved"
            return f"{text}: it changed since the plan."
    return ""
