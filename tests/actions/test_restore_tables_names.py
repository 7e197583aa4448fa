"""Hostile names, from what is typed to the rows that are written: the right table or a refusal, never another one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import Refused
from bot.core.restore import restore_facts
from bot.core.runbook.tables import DatabaseTable
from tests.actions.restoring import Restores
from tests.database.server import server
from tests.handlers.test_dbrestore import Desk

LONGEST = "l" * 46  # with a backup's ending, PostgreSQL's 63 bytes
FULL = "f" * 63  # no backup of it can have its name
NAMES = (
    "users",
    "Users",
    "user's; DROP TABLE users; --",
    "public.users",
    "%s {} %(name)s",
    "\u00fcsers",  # as one character
    "us\u0435rs",  # a Cyrillic letter among the Latin ones
    LONGEST,
    FULL,
)
DECOYS = (  # tables that no runbook names, and no backups of those that it does
    "u\u0308sers",  # as two characters
    "users ",
    "usersXbackup_20261101",
    "users_backup_20261101 ",
    "users_b\u0430ckup_20261107",
    "us\u0435rs_backup_20261106x",
)
RUNBOOK = "[database]\n" + "".join(f'[[database.tables]]\nname = """{name}"""\n' for name in NAMES)


def quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


class Shelf:
    """All of these, in two schemas; each has a row that was damaged and, where its name allows one, a backup."""

    def __init__(self, restores: Restores) -> None:
        self.restores = restores
        with restores.database.owner() as owner:
            owner.execute("CREATE SCHEMA evil")
            for schema in ("public", "evil"):
                for name in (*NAMES, *DECOYS):
                    table = f"{schema}.{quoted(name)}"
                    owner.execute(f"CREATE TABLE {table} (id integer PRIMARY KEY, v text)".encode())
                    owner.execute(f"INSERT INTO {table} VALUES (1, 'right')".encode())
                    if name in NAMES and name != FULL:
                        copy = f"{schema}.{quoted(f'{name}_backup_20261101')}"
                        owner.execute(f"CREATE TABLE {copy} AS SELECT * FROM {table}".encode())
                    owner.execute(f"UPDATE {table} SET v = 'damaged'".encode())
            owner.execute("CREATE TABLE evil.users_backup_20261109 AS SELECT 1 AS id, 'evil' AS v")

    def mended(self) -> set[str]:
        """The tables of either schema whose row is right again, and not damaged."""
        with self.restores.database.owner() as owner:
            each = [
                f"SELECT '{schema}', {n} FROM {schema}.{quoted(name)} WHERE v <> 'damaged'"
                for schema in ("public", "evil")
                for n, name in enumerate((*NAMES, *DECOYS))
            ]
            found = owner.execute(" UNION ALL ".join(each).encode()).fetchall()
        return {(*NAMES, *DECOYS)[n] if schema == "public" else f"evil {n}" for schema, n in found}

    def damage(self, name: str) -> None:
        """Damage its row anew."""
        self.restores.make(f"UPDATE public.{quoted(name)} SET v = 'damaged'")


@pytest.fixture(scope="module")
def shelf() -> Iterator[Shelf]:
    with server().database() as database:
        yield Shelf(Restores(database, *(DatabaseTable(name=name) for name in NAMES)))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path, RUNBOOK)
    yield desk
    desk.log.close()


def asked(desk: Desk, typed: str) -> dict[str, Any]:
    """What the typed words come to."""
    desk.type(typed)
    (ask,) = desk.request().asks
    return dict(ask.params)


@pytest.mark.parametrize("name", [name for name in NAMES if name != FULL])
def test_a_table_is_restored_by_its_exact_name_and_no_other_one_is_touched(shelf: Shelf, desk: Desk, name: str) -> None:
    step = shelf.restores.action.plan(asked(desk, f'"{name}" because it is damaged'))
    (table,) = restore_facts(step).tables
    assert (table.live, table.copy) == (("public", name), ("public", f"{name}_backup_20261101"))
    shelf.restores.execute(step)
    assert shelf.mended() == {name}
    shelf.damage(name)


@pytest.mark.parametrize(
    "typed",
    [
        *(f'"{decoy}"' for decoy in DECOYS),
        '"USERS"',
        '"evil.users"',
        "evil.users",
        '"users; DROP TABLE users"',
        '"users""; DROP TABLE users; --"',
        "us\u0435rs\u200b",
        "u\u0455ers",
        f"{FULL}f",  # PostgreSQL would cut it to one that there is
        f"{LONGEST}l",
        f'"{FULL}"',
        "users from usersXbackup_20261101",
        'users from "users_backup_20261101 "',
        "users from users_b\u0430ckup_20261107",
        "users from us\u0435rs_backup_20261101",
        "users from Users_backup_20261101",
        "users from users_backup_20261109",
        "users from evil.users_backup_20261109",
        "users from 20261109",
        'users from "users_backup_20261101\'; DROP TABLE users; --"',
        "users from users_backup_20261101\u200b",
    ],
)
def test_any_other_name_of_a_table_or_of_a_backup_is_refused_and_nothing_is_touched(
    shelf: Shelf, desk: Desk, typed: str
) -> None:
    with pytest.raises(Refused, match=r"Nothing was changed|no table was touched"):
        shelf.restores.action.plan(asked(desk, typed))
    assert shelf.mended() == set()
