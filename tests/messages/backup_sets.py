"""Typical histories of a backup set, and one with odd names in it."""

from dataclasses import replace

from bot.core.backup_set import ACTION, BackupSet, TableBackup
from bot.core.change import Kind
from bot.core.checks import CheckResult, Verdict
from bot.core.plan import Ask
from tests.histories import ANA, History

TAKEN = BackupSet(
    database="shop",
    schema="rollback_bot",
    date="20261121_031200",
    tables=(
        TableBackup("public", "user_profiles", 12_341, 9_437_184, "user_profiles_backup_20261121_031200"),
        TableBackup("public", "sessions", 1, 8192, "sessions_backup_20261121_031200"),
    ),
    makes_schema=True,
    publishes_copies=True,
)
FOUND = {
    "taken_at": "2026-11-21T03:12:20+00:00",
    "backups": {"user_profiles_backup_20261121_031200": 12_345, "sessions_backup_20261121_031200": 1},
    "seconds": 0.8,
}
CHECKED = CheckResult("Backups whole", Verdict.PASSED, required=True, expected="every backup there", seen="2 of 2")


def requested(taken: BackupSet = TAKEN) -> History:
    """A request for it, which went ahead by itself."""
    history = History(taken.as_step(), reason="", title="", risk="low")
    data = {**history.events[0].data, "required": 0, "asks": [Ask(ACTION, {}).__dict__]}
    history.events = []
    return history.then(Kind.REQUEST_MADE, data, ANA).planned(checks={}).then(Kind.REQUEST_APPROVED)


def odd(text: str, tables: int = 2) -> BackupSet:
    """A set in which every name is `text`."""
    one = TableBackup(text, text, 10**12, 10**13, text)
    many = tuple(replace(one, name=f"{number}{text}") for number in range(tables))
    return replace(TAKEN, database=text, schema=text, tables=many)


def done(history: History) -> History:
    """The running step is done."""
    return history.then(Kind.STEP_FINISHED, {"step": 0, "facts": FOUND})


BACKUP_SETS: dict[str, History] = {
    "backup_approved": requested(),
    "backup_running": requested().started(),
    "backup_verified": done(requested().started()).verifying().verified([CHECKED]),
    "backup_failed": requested().started().failed("The database's disk is full. Everything was rolled back."),
    "backup_unknown": requested().started().lost("The connection broke while COMMIT was under way."),
    "backup_drifted": requested().drifted("The last backup set is of 03:10 UTC, and at most one an hour is taken."),
}
