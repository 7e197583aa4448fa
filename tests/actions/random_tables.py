"""Random tables that refer to each other in any way, and what people do to their rows; for tests of restores.

A row is known by its number: rows 0 to 209 are there from the beginning, those from 1000 on come later. The numbers of
acts are few, so that they meet. What breaks a rule of the tables doesn't happen.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from hypothesis import strategies as st

from bot.core.runbook.tables import DatabaseTable
from tests.database.server import Connection

ROWS = 210  # one in a hundred may stay away, and exact deletes one in twenty
NUMBERS = (0, 1, 2, 3, 4, 5, 1000, 1001, 1002)
VALUES = {  # literals that differ, some of them though they are equal
    "text": ("NULL", "''", "'a'"),
    "numeric": ("NULL", "1.0", "1.00"),
    "float8": ("'0'", "'-0'", "'NaN'"),
    "json": ("NULL", """'{"a":1}'""", """'{"a": 1}'"""),
    "interval": ("NULL", "'1 day'", "'24 hours'"),
    "timestamptz": ("NULL", "'infinity'", "'2025-09-03 03:14:15.926535+02'"),
    "integer[]": ("'{}'", "'{NULL}'", "'[2:2]={1}'"),
    "bytea": ("NULL", "''", "'\\x00'"),
    "regclass": ("NULL", "'public.payments'", "'pg_catalog.pg_class'"),
    "public.postal_address": ("NULL", "ROW(NULL, NULL)", "ROW('', NULL)"),
}
KEYS = {  # types of the key's columns, and the key of a row by an expression of its number
    "integer": (("integer",), ("{n}",)),
    "identity": (("bigint",), ("{n}",)),
    "text": (("text",), ("'k' || {n}",)),
    "numeric": (("numeric",), ("{n}::numeric",)),
    "composite": (("text", "integer"), ("'k' || {n}", "{n} % 3")),
}
NAMES = ("t", 'Order "Items" %s', "bestellungen_für_große_äpfel_und_birnen")


@dataclass(frozen=True)
class Reference:
    """A foreign key of a random table to a table by its place."""

    parent: int
    is_required: bool
    rule: str


@dataclass(frozen=True)
class RandomTable:
    """A table; `is_login` = a value that was set since stays, and a row that was deleted stays deleted."""

    key: str
    values: tuple[str, ...]
    references: tuple[Reference, ...]
    generated: str
    unique: str
    is_login: bool
    gets_column: bool
    is_restored: bool


@dataclass(frozen=True)
class Act:
    """What somebody does to the row `number` of a table; `other` is another row's number, `pick` chooses a value."""

    verb: str
    table: int
    number: int
    other: int
    pick: int


RULES = ("", "ON DELETE CASCADE", "ON DELETE CASCADE", "ON DELETE SET NULL", "ON DELETE RESTRICT", "ON UPDATE CASCADE")
_TIMINGS = ("", " DEFERRABLE INITIALLY DEFERRED")
_rules = st.builds(str.__add__, st.sampled_from(RULES), st.sampled_from(_TIMINGS))


def tables() -> st.SearchStrategy[tuple[RandomTable, ...]]:
    """One to three tables, at least one of which is restored."""
    return st.integers(1, 3).flatmap(lambda count: st.tuples(*[_table(count)] * count)).filter(_has_restored)


def acts(most: int, least: int = 0) -> st.SearchStrategy[list[Act]]:
    """So many acts."""
    verbs = st.sampled_from(("set", "set", "delete", "delete", "insert", "refer", "spell", "rekey", "unique", "use"))
    one = st.builds(
        Act, verbs, st.integers(0, 2), st.sampled_from(NUMBERS), st.sampled_from(NUMBERS), st.integers(0, 2)
    )
    return st.lists(one, min_size=least, max_size=most)


def _has_restored(made: Sequence[RandomTable]) -> bool:
    return any(table.is_restored for table in made)


def _table(count: int) -> st.SearchStrategy[RandomTable]:
    reference = st.builds(Reference, st.integers(0, count - 1), st.booleans(), _rules)
    return st.builds(
        RandomTable,
        key=st.sampled_from(sorted(KEYS)),
        values=st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3).map(tuple),
        references=st.lists(reference, max_size=2).map(tuple),
        generated=st.sampled_from(("", "STORED")),
        unique=st.sampled_from(("", "UNIQUE", "UNIQUE DEFERRABLE")),
        is_login=st.booleans(),
        gets_column=st.booleans(),
        is_restored=st.sampled_from((True, True, False)),
    )


class Tables:
    """The tables in a database; `connection` is their owner's."""

    def __init__(self, connection: Connection, made: Sequence[RandomTable]) -> None:
        self.made, self._connection = made, connection

    @property
    def words(self) -> tuple[DatabaseTable, ...]:
        """What the runbook says of those that are restored."""
        words: dict[str, Any] = {"sticky": ["used"], "reinsert_deleted": False}
        restored = [(NAMES[n], table.is_login) for n, table in enumerate(self.made) if table.is_restored]
        return tuple(DatabaseTable(name=name, **(words if is_login else {})) for name, is_login in restored)

    def create(self) -> None:
        """Make and fill them, with a trigger that notes every change."""
        run = self._connection.execute
        run("CREATE TABLE noted (at bigserial, verb text)")
        run(
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " INSERT INTO public.noted (verb) VALUES (TG_OP); RETURN NULL; END $$"
        )
        for place in range(len(self.made)):
            run(f"CREATE TABLE {_quoted(place)} ({', '.join(self._columns(place))})".encode())
            self._insert(self._connection, place, f"generate_series(0, {ROWS - 1}) AS g (n)", self._filling(place))
        for place, table in enumerate(self.made):
            for number, reference in enumerate(table.references):
                run(self._foreign_key(place, number, reference).encode())
            changes = f"AFTER INSERT OR UPDATE OR DELETE ON {_quoted(place)} FOR EACH ROW EXECUTE FUNCTION note()"
            run(f"CREATE TRIGGER noted {changes}".encode())

    def add_columns(self) -> None:
        """Columns that came after the backup."""
        for place, table in enumerate(self.made):
            if table.gets_column:
                self._connection.execute(f"ALTER TABLE {_quoted(place)} ADD late text DEFAULT 'late'".encode())

    def carry_out(self, acts_: Sequence[Act], connection: Connection | None = None) -> None:
        """Do what can be done, each by itself; in the transaction of `connection`, where it is in one."""
        connection = connection or self._connection
        for act in acts_:
            with suppress(psycopg.Error), connection.transaction():
                self._act(replace(act, table=act.table % len(self.made)), connection)

    def key_of(self, place: int) -> list[str]:
        """What tells rows of a table apart, as text: equal keys are written alike."""
        table = self.made[place]
        return ["trim_scale(k0)::text" if table.key == "numeric" else f"k{n}::text" for n in range(_width(table))]

    def _act(self, act: Act, connection: Connection) -> None:
        table = self.made[act.table]
        kind = act.pick % len(table.values)
        if act.verb == "insert":
            given = [f"{VALUES[each][(act.pick + n) % 3]}::{each}" for n, each in enumerate(table.values)]
            references = [part for one in table.references for part in self._key_values(one.parent, str(act.other))]
            unique = [str(act.number)] if table.unique else []
            self._insert(connection, act.table, f"(VALUES ({act.number})) AS g (n)", [*given, *references, *unique])
            return
        if act.verb == "delete":
            connection.execute(f"DELETE FROM {_quoted(act.table)} WHERE {self._is(act.table, act.number)}".encode())
            return
        referring = table.references[act.pick % len(table.references) :][:1] if table.references else ()
        sets = {
            "set": [f"v{kind} = {VALUES[table.values[kind]][act.other % 3]}"],
            "use": [f"used = {('NULL', 1, 2)[act.pick]}"],
            "spell": [f"k0 = '{act.number}.00'"],
            "rekey": [f"k{n} = {each}" for n, each in enumerate(self._key_values(act.table, str(act.other)))],
            "unique": [f"u = {act.other}"],
            "refer": [
                f"r{act.pick % len(table.references)}_{n} = {'NULL' if act.pick == 2 else each}"
                for reference in referring
                for n, each in enumerate(self._key_values(reference.parent, str(act.other)))
            ],
        }[act.verb]
        where = self._is(act.table, act.number)
        connection.execute(f"UPDATE {_quoted(act.table)} SET {', '.join(sets)} WHERE {where}".encode())

    def _columns(self, place: int) -> list[str]:
        table = self.made[place]
        identity = " GENERATED ALWAYS AS IDENTITY" if table.key == "identity" else ""
        keys = [f"k{n} {kind}{identity}" for n, kind in enumerate(KEYS[table.key][0])]
        generated = [f"w boolean GENERATED ALWAYS AS (v0 IS NULL) {table.generated}"] if table.generated else []
        references = [
            f"r{number}_{n} {kind}{' NOT NULL' if one.is_required else ''}"
            for number, one in enumerate(table.references)
            for n, kind in enumerate(KEYS[self.made[one.parent].key][0])
        ]
        unique = [f"u integer {table.unique}"] if table.unique else []
        values = [f"v{n} {kind}" for n, kind in enumerate(table.values)]
        key = ", ".join(f"k{n}" for n in range(_width(table)))
        return [*keys, *generated, *values, *references, *unique, "used integer", f"PRIMARY KEY ({key})"]

    def _filling(self, place: int) -> list[str]:
        """Each of the first rows refers to the row of its own number, so that few others hang on it."""
        table = self.made[place]
        picked = [
            f"CASE n % 3 {' '.join(f'WHEN {m} THEN {each}::{kind}' for m, each in enumerate(VALUES[kind]))} END"
            for kind in table.values
        ]
        other = f"(CASE WHEN n < 6 THEN n ELSE 6 + n % {ROWS - 10} END)"
        references = [part for one in table.references for part in self._key_values(one.parent, other)]
        return [*picked, *references, *(["n"] if table.unique else [])]

    def _insert(self, connection: Connection, place: int, rows: str, values: Sequence[str]) -> None:
        table = self.made[place]
        names = [*(f"k{n}" for n in range(_width(table))), *(f"v{n}" for n in range(len(table.values)))]
        names += [f"r{r}_{n}" for r, one in enumerate(table.references) for n in range(_width(self.made[one.parent]))]
        names += ["u"] if table.unique else []
        what = ", ".join([*self._key_values(place, "n"), *values])
        statement = (
            f"INSERT INTO {_quoted(place)} ({', '.join(names)}) OVERRIDING SYSTEM VALUE SELECT {what} FROM {rows}"
        )
        connection.execute(statement.encode())

    def _foreign_key(self, place: int, number: int, reference: Reference) -> str:
        width = _width(self.made[reference.parent])
        columns = ", ".join(f"r{number}_{n}" for n in range(width))
        parent = f"{_quoted(reference.parent)} {reference.rule}"
        return f"ALTER TABLE {_quoted(place)} ADD FOREIGN KEY ({columns}) REFERENCES {parent}"

    def _key_values(self, place: int, number: str) -> list[str]:
        return [each.format(n=number) for each in KEYS[self.made[place].key][1]]

    def _is(self, place: int, number: int) -> str:
        return " AND ".join(f"k{n} = {each}" for n, each in enumerate(self._key_values(place, str(number))))


def _quoted(place: int) -> str:
    return '"{}"'.format(NAMES[place].replace('"', '""'))


def _width(table: RandomTable) -> int:
    return len(KEYS[table.key][0])
