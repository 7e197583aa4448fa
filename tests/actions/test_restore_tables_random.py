"""Random tables, damage and writers: whatever happens, a restore, its undo and the undo of that do what they promise.

RESTORE_EXAMPLES=1000 looks at more of them. What is refused or rolled back has changed nothing.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import psycopg
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.core.errors import Drifted, Refused, StepFailed
from bot.core.plan import Facts, Step
from bot.core.restore import WHOLE_ROWS, restore_facts
from tests.actions.random_tables import NAMES, Act, RandomTable, Tables, acts, tables
from tests.actions.restoring import Restores
from tests.database.inventory import changes, inventory
from tests.database.server import Database, server
from tests.database.wire import DatabaseWire, Fault

EXAMPLES = int(os.environ.get("RESTORE_EXAMPLES", "8"))
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)  # to shrink a story takes minutes, and it is short
PATIENCE = 30.0
HOLDING = b"IN EXCLUSIVE MODE"
Row = Mapping[str, str | None]
Rows = Mapping[tuple[str, ...], Row]
State = Mapping[str, Rows]  # by table


@dataclass(frozen=True)
class Story:
    """What there is and what happens: before the plan, in a transaction that is open over the comparison, after it."""

    made: tuple[RandomTable, ...]
    damage: Sequence[Act]
    still_open: Sequence[Act]
    meanwhile: Sequence[Act]
    since: Sequence[Act]
    is_exact: bool
    is_large: bool


stories = st.builds(Story, tables(), acts(9, 3), acts(3), acts(4), acts(4), st.booleans(), st.booleans())


@dataclass(frozen=True)
class Done:
    """An operation that was committed, and the tables when they were held, and afterwards."""

    step: Step
    op_id: str
    before: State
    after: State


class Trial:
    """A story in a database of its own."""

    def __init__(self, database: Database, wire: DatabaseWire, story: Story) -> None:
        self._database, self._wire, self._story = database, wire, story
        self._owner, self._watching = database.owner(), database.superuser()
        self.tables = Tables(self._owner, story.made)
        self.restores = Restores(database, *self.tables.words, url=wire.url)
        self._names = [NAMES[n] for n in range(len(story.made))]

    def prepare(self) -> None:
        """Tables, backup and damage."""
        self.tables.create()
        self.restores.back_up()
        self.tables.add_columns()
        self.tables.carry_out(self._story.damage)

    def carry_out(self, step: Step, still_open: Sequence[Act], meanwhile: Sequence[Act]) -> Done | None:
        """One operation, with writers up to the moment the tables are held; None where it was rolled back.

        Nothing but the rows of its tables may have changed.
        """
        op_id, step = str(uuid4()), _large(step) if self._story.is_large else step
        with (
            ThreadPoolExecutor() as threads,
            self._wire.failing(Fault(HOLDING, apply=False, hold=True)) as fault,
            self._database.owner() as writer,
        ):
            with suppress(psycopg.Error), writer.transaction():
                self.tables.carry_out(still_open, writer)
                running = threads.submit(self._execute, step, op_id, fault)
                assert fault.arrived.wait(PATIENCE)
            self.tables.carry_out(meanwhile)
            before, others, definitions = self.state(), self._others(), inventory(self._watching)
            fault.release()
            report = running.result(PATIENCE)
        after = self.state()
        assert self._others() == others
        assert set(changes(definitions, inventory(self._watching))) <= ({"sequence values"} if report else set())
        if report is None:
            assert after == before
            return None
        _assert_told(report, before, after)
        return Done(step, op_id, before, after)

    def state(self) -> State:
        """Every row of the random tables."""
        return {name: self._rows(name, place) for place, name in enumerate(self._names)}

    def backup(self) -> State:
        """Every row of the backups."""
        return {
            name: self._rows(f"{name}_backup_20261101", place)
            for place, name in enumerate(self._names)
            if self._story.made[place].is_restored
        }

    def parents(self, place: int, row: Row) -> Iterator[tuple[str, tuple[str, ...], int, bool]]:
        """What a row refers to: table, key, number of the reference, and whether it would be NULL without it."""
        for number, reference in enumerate(self._story.made[place].references):
            width = len(self.tables.key_of(reference.parent))
            key = [row[f"r{number}_{n}"] for n in range(width)]
            given = tuple(part for part in key if part is not None)
            if len(given) == width:
                sets_null = "SET NULL" in reference.rule and width == 1 and not reference.is_required
                yield self._names[reference.parent], given, number, sets_null

    def _execute(self, step: Step, op_id: str, fault: Fault) -> Facts | None:
        try:
            return self.restores.execute(step, op_id)
        except (Drifted, StepFailed):
            return None
        finally:
            fault.arrived.set()

    def _rows(self, table: str, place: int) -> Rows:
        columns = self._watching.execute(
            "SELECT attname FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid WHERE c.relname = %s"
            " AND relnamespace = 'public'::regnamespace AND attnum > 0 ORDER BY attnum",
            [table],
        ).fetchall()
        names = [str(name) for (name,) in columns]
        key, quoted = self.tables.key_of(place), table.replace('"', '""')
        query = f'SELECT {", ".join([*key, *(f"{name}::text" for name in names)])} FROM public."{quoted}"'
        width = len(key)
        found = self._watching.execute(query.encode()).fetchall()
        return {tuple(row[:width]): dict(zip(names, row[width:], strict=True)) for row in found}

    def _others(self) -> list[tuple[Any, ...]]:
        """A hash of every other table of the database, but what the bot keeps."""
        found = self._watching.execute(
            "SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname !~ '^pg_|^information_schema$|^rollback_bot$'"
            " AND NOT (n.nspname = 'public' AND c.relname = ANY (%s)) ORDER BY 1",
            [self._names],
        ).fetchall()
        each = [f"(SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} AS t)" for (name,) in found]
        return self._watching.execute(f"SELECT {', '.join(each)}".encode()).fetchall()


def _large(step: Step) -> Step:
    """The same of tables that are too large to be compared as a whole while they are held."""
    facts = restore_facts(step)
    tables_ = tuple(replace(table, live_rows=WHOLE_ROWS + 1, quarantine="") for table in facts.tables)
    return replace(facts, tables=tables_).as_step()


def _assert_told(report: Facts, before: State, after: State) -> None:
    """The report's numbers are what happened."""
    told: Mapping[str, Mapping[str, Any]] = dict(report)["tables"]  # type: ignore[assignment]
    for name, old in before.items():
        new = after[name]
        done = told.get(name, {"updated": 0, "inserted": 0, "deleted": 0, "rows": len(old)})
        both = old.keys() & new.keys()
        assert done["updated"] == sum(old[key] != new[key] for key in both), name
        assert (done["inserted"], done["deleted"]) == (len(new) - len(both), len(old) - len(both)), name
        assert done["rows"] == len(new), name


def _assert_became(trial: Trial, place: int, done: Done, wanted: Mapping[tuple[str, ...], Row | None]) -> None:
    """Each row that is wanted is so, and no other one changed; a row whose parent is gone is left as it was."""
    name, table = NAMES[place], trial.tables.made[place]
    before, after = done.before[name], done.after[name]
    for key in before.keys() | after.keys() | wanted.keys():
        now, then = after.get(key), before.get(key)
        target = wanted.get(key, then)
        if target is None:
            assert now is None, (name, key)
            continue
        row = {**(then or {}), **target}
        if table.is_login and then and then["used"] is not None:
            row["used"] = then["used"]
        parents = [parent for parent in trial.parents(place, row) if parent[1] not in _spelled(done.after[parent[0]])]
        for _, _, number, sets_null in parents:
            if sets_null:
                row[f"r{number}_0"] = None
        if any(not sets_null for *_, sets_null in parents):
            assert now == then, (name, key)
        else:
            assert now is not None, (name, key)
            assert {column: now[column] for column in row} == row, (name, key)


def _spelled(rows: Rows) -> set[tuple[str, ...]]:
    """The keys, in every way that they are written."""
    return {tuple(str(row[f"k{n}"]) for n in range(len(key))) for key, row in rows.items()} | set(rows)


def _assert_restored(trial: Trial, done: Done, story: Story, backup: State) -> None:
    for place, table in enumerate(story.made):
        if not table.is_restored:
            assert done.after[NAMES[place]] == done.before[NAMES[place]]
            continue
        rows, before = backup[NAMES[place]], done.before[NAMES[place]]
        wanted: dict[tuple[str, ...], Row | None] = {
            key: row for key, row in rows.items() if key in before or not table.is_login
        }
        if story.is_exact:
            wanted |= dict.fromkeys(before.keys() - rows.keys())
        _assert_became(trial, place, done, wanted)


def _assert_undone(trial: Trial, first: Done, undo: Done, story: Story) -> None:
    for place, table in enumerate(story.made):
        before, after, now = first.before[NAMES[place]], first.after[NAMES[place]], undo.before[NAMES[place]]
        touched = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        wanted = {key: before.get(key) for key in touched}
        if table.is_login:  # what was deleted since stays deleted
            wanted = {key: row for key, row in wanted.items() if key in now or key not in after}
        _assert_became(trial, place, undo, wanted)


@settings(deadline=None, max_examples=EXAMPLES, phases=UNSHRUNK, suppress_health_check=[HealthCheck.too_slow])
@given(story=stories)
def test_rows_become_as_in_the_backup_and_as_before_and_nothing_else_ever_changes(story: Story) -> None:
    with server().database() as database, DatabaseWire(database) as wire:
        trial = Trial(database, wire, story)
        trial.prepare()
        try:
            step = trial.restores.plan(exact=story.is_exact)
            backup = trial.backup()
            if (restored := trial.carry_out(step, story.still_open, story.meanwhile)) is None:
                return
            _assert_restored(trial, restored, story, backup)
            trial.tables.carry_out(story.since)
            undo = trial.carry_out(trial.restores.action.undo(restored.step, restored.op_id), [], story.meanwhile[:1])
            if undo is None:
                return
            _assert_undone(trial, restored, undo, story)
            redo = trial.carry_out(trial.restores.action.undo(undo.step, undo.op_id), [], [])
        except Refused:
            return
        if redo:
            _assert_undone(trial, undo, redo, story)
