"""/dbrestore: what is typed, and the wish or the refusal that it comes to."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import Ack

from bot.adapters.log_sqlite import SqliteLog
from bot.changes import Changes, Delivery
from bot.core.errors import Refused
from bot.core.plan import Facts
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook, load_runbook
from bot.forms import Forms
from bot.incidents import Incidents
from bot.journal import INCIDENTS, REQUESTS, Journal
from bot.messages.private import help_text, restore_help
from handlers import dbrestore
from handlers.commands import Commands
from tests.core.small_runbooks import SMALL
from tests.histories import ANA, CHANNEL, TEAM
from tests.messages.shown import words
from tests.simulator.hand import Hand
from tests.simulator.slack_rules import check_message
from tests.small_world import Levers, Undrawn
from tests.workspace import Members

TABLES = ("user_profiles", "sessions", "Order Items", "status", "Users", "USERS")
DATABASE = "[database]\n" + "".join(f'[[database.tables]]\nname = "{name}"\n' for name in TABLES)


class Tables(Levers):
    """Takes the place of the action: only what it is about is asked of it here."""

    def __init__(self, name: str, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.name = name

    def targets(self, params: Facts) -> tuple[str, ...]:
        return (f"table:{params['tables']}",)


class Desk:
    """Where /dbrestore is typed: the real verbs on a real log, with this much of a runbook."""

    def __init__(self, folder: Path, database: str = DATABASE) -> None:
        hand = Hand()
        self.log = SqliteLog(folder / "log.db", hand.now)
        self.journal = Journal(self.log, REQUESTS)
        self.runbook: Runbook = load_runbook(SMALL + database, {})
        self.asked: list[Delivery] = []
        actions = {name: Tables(name, hand.now) for name in ("restore_tables", "stop_writes", "resume_writes")}
        self.commands = Commands(
            Changes(
                journal=self.journal,
                runbook=self.runbook,
                actions=actions,
                drawing=Undrawn(),
                wake=lambda _: None,
            ),
            Incidents(
                journal=Journal(self.log, INCIDENTS), requests=self.journal, runbook=self.runbook, wake=lambda _: None
            ),
            Forms(slack=Members(), runbook=self.runbook),
            self.runbook,
            lambda _: "",
            actions,
            questions={"backups": self.asked.append, "backup": self.asked.append},
        )

    def type(self, text: str) -> str:
        """What the person alone reads."""
        body = {"text": text, "trigger_id": text, "user_id": ANA, "team_id": TEAM, "channel_id": CHANNEL}
        ack = Ack()  # type: ignore[no-untyped-call]  # Bolt's own
        dbrestore.command(ack, body, commands=self.commands)
        answer: dict[str, Any] = json.loads(ack.response.body) if ack.response else {}
        assert answer["response_type"] == "ephemeral"
        return str(answer["text"])

    def request(self) -> ChangeRequest:
        """The one that was made."""
        (request,) = self.journal.open_and_newest()
        return request

    def has_asked(self) -> bool:
        return bool(self.journal.open_ids())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.log.close()


@pytest.fixture
def desk_with(tmp_path: Path) -> Iterator[Callable[[str], Desk]]:
    """A desk with another [database]."""
    desks: list[Desk] = []

    def build(database: str) -> Desk:
        desks.append(Desk(tmp_path, database))
        return desks[-1]

    yield build
    for desk in desks:
        desk.log.close()


PROFILES = ["user_profiles"]
BOTH = ["user_profiles", "sessions"]


@pytest.mark.parametrize(
    ("typed", "tables", "options"),
    [
        ("user_profiles", PROFILES, {}),
        ("User_Profiles", PROFILES, {}),
        ("user_profiles user_profiles USER_PROFILES", PROFILES, {}),
        ("user_profiles sessions", BOTH, {}),
        ("user_profiles because 500s since 3", PROFILES, {}),
        ("user_profiles from 20250903", PROFILES, {"from": "20250903"}),
        ("user_profiles FROM 2025-09-03 Long-Block", PROFILES, {"from": "2025-09-03", "long_block": True}),
        (
            "user_profiles long-block from users_of_20250903",
            PROFILES,
            {"from": "users_of_20250903", "long_block": True},
        ),
        ('user_profiles from "Backup of 3"', PROFILES, {"from": "Backup of 3"}),
        ("user_profiles long-block sessions", BOTH, {"long_block": True}),
        ("exact user_profiles", PROFILES, {"exact": True}),
        ('"Order Items"', ["Order Items"], {}),
        ("\u201cOrder Items\u201d", ["Order Items"], {}),
        ('"status"', ["status"], {}),
        ("Users", ["Users"], {}),
        ('"USERS" Users', ["USERS", "Users"], {}),
        ("all", list(TABLES), {}),
        ("ALL from 20250903 long-block because of it", list(TABLES), {"from": "20250903", "long_block": True}),
    ],
)
def test_what_is_typed_becomes_one_wish(desk: Desk, typed: str, tables: list[str], options: dict[str, object]) -> None:
    assert "Reading the backups and the tables for R-1" in desk.type(typed)
    (ask,) = desk.request().asks
    assert ask.action == "restore_tables"
    assert ask.params == {"tables": tables, "from": "", "long_block": False, "exact": False, **options}


def test_the_request_keeps_what_was_typed_and_why(desk: Desk) -> None:
    desk.type("sessions because people are logged out")
    request = desk.request()
    assert request.words == "/dbrestore sessions because people are logged out"
    assert request.reason == "people are logged out"
    assert request.title == ""


@pytest.mark.parametrize(
    ("typed", "risk"),
    [
        ("sessions", "high"),
        ("all", "critical"),
        (" ".join(f'"{name}"' for name in reversed(TABLES)), "critical"),
        (" ".join(f'"{name}"' for name in TABLES[1:]), "high"),
        ("sessions exact", "critical"),
    ],
)
def test_all_tables_of_the_runbook_are_critical_however_they_are_named_and_so_is_exact(
    desk: Desk, typed: str, risk: str
) -> None:
    desk.type(typed)
    assert desk.request().risk == risk


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("user_profils", "Did you mean `/dbrestore user_profiles`?"),
        ("public.user_profiles", "Did you mean `/dbrestore user_profiles`?"),
        ("order items", 'Did you mean `/dbrestore "Order Items"`?'),
        ('"User_Profiles"', "Did you mean `/dbrestore user_profiles`?"),
        (
            "user_profiles; drop table sessions; --",
            "no table `user_profiles;`. Did you mean `/dbrestore user_profiles`?",
        ),
        ('"sessions\'; drop table sessions"', "no table `sessions'; drop table sessions`"),
        ("backps", "Did you mean `/dbrestore backups`?"),
        ("user_profiles longblock", "Did you mean `long-block`?"),
        ("user_profiles form 20250903", "Did you mean `from`?"),
        ("\u0645\u0633\u062a\u062e\u062f\u0645", "`/dbrestore help` lists the tables"),
        ("sessions\u202e", "no table `sessions` (it has characters that can't be seen)"),
        ("\u200b", "characters that can't be seen"),
        ("x" * 9000, "9000 characters"),
        ("users", 'Which one: `"Users"` or `"USERS"`?'),
        ("status", 'The table of that name is put in quotes: `"status"`'),
        ("vercel", "`vercel` is a word of the commands"),
        ("user_profiles backups", "`backups` is a word of the commands"),
        ("all user_profiles", "`all` stands alone"),
        ("user_profiles all", "`all` stands alone"),
        ("from 20250903", "Which table?"),
        ("long-block because it hurts", "Which table?"),
        ("user_profiles from", "After `from` comes a backup's name or its date"),
        ("user_profiles from long-block", "After `from` comes a backup's name or its date"),
        ("user_profiles from because it broke", "After `from` comes a backup's name or its date"),
        ("user_profiles from 20250903 from 20250904", "One `from` at most"),
        ("user_profiles from " + "x" * 9000, "no name of a backup (… 9000 characters)"),
        ("user_profiles from \u202e20250903", "no name of a backup (it has characters"),
        ("user_profiles breakglass because I must", "`breakglass` is not in this version"),
        ('"user_profiles', "A name in double quotes ends with one too"),
        ("backups user_profiles", "`/dbrestore backups` stands alone"),
        ("backup user_profiles", "`/dbrestore backup` stands alone"),
        ("backup because we deploy", "`/dbrestore backup` stands alone"),
        ("stop-write user_profiles", "Did you mean `/dbrestore stop-writes`?"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_the_way_out_and_nothing_happens(
    desk: Desk, typed: str, answer: str
) -> None:
    with pytest.raises(Refused) as refused:
        desk.type(typed)
    assert answer in refused.value.text
    assert refused.value.text.endswith("Nothing was changed.")
    assert len(refused.value.text) < 400
    assert not desk.has_asked()


@pytest.mark.parametrize(
    ("database", "answer"), [("", "no [database]"), ("[database]\n", "lists no tables under [[database.tables]]")]
)
@pytest.mark.parametrize("typed", ["user_profiles", "all", "backups"])
def test_without_tables_in_the_runbook_everything_is_refused(
    desk_with: Callable[[str], Desk], database: str, answer: str, typed: str
) -> None:
    with pytest.raises(Refused) as refused:
        desk_with(database).type(typed)
    assert answer in refused.value.text


@pytest.mark.parametrize("typed", ["", "  ", "help", "HELP", "because"])
def test_help_names_the_commands_and_the_tables_and_asks_for_nothing(desk: Desk, typed: str) -> None:
    text = desk.type(typed)
    assert "`/dbrestore all [from &lt;backup or date&gt;] [long-block] [exact] [because …]`" in text
    assert '`user_profiles`, `sessions`, `"Order Items"`, `"status"`' in text
    assert not desk.has_asked()


def test_help_answers_without_a_database_too(desk_with: Callable[[str], Desk]) -> None:
    assert "nothing to restore" in desk_with("").type("help")


def test_slack_takes_help_however_many_tables_there_are(desk_with: Callable[[str], Desk]) -> None:
    names = [f"{number}{'&' * 300}" for number in range(60)]
    desk = desk_with("[database]\n" + "".join(f'[[database.tables]]\nname = "{name}"\n' for name in names))
    picture = restore_help(desk.runbook, {"restore_tables"})
    check_message(picture.text, list(picture.blocks), max_text=4000)
    assert "40 more, as in the runbook" in words(picture)


def test_help_leaves_out_what_this_version_cannot_do(desk: Desk) -> None:
    text = words(restore_help(desk.runbook, set(), ("help",)))
    assert "/dbrestore all" not in text
    assert "/dbrestore backups" not in text


def test_the_help_of_rollback_leads_to_that_of_dbrestore(desk: Desk) -> None:
    assert "`/dbrestore help`" in words(help_text(desk.runbook, set()))


@pytest.mark.parametrize("word", ["backups", "backup"])
def test_backups_are_asked_for_by_whoever_typed_it_and_told_later(desk: Desk, word: str) -> None:
    assert "Reading the backups" in desk.type(word)
    assert [delivery.person for delivery in desk.asked] == [ANA]
    assert not desk.has_asked()


class TestWrites:
    """Stopping and resuming them."""

    @pytest.mark.parametrize(
        ("typed", "action", "tables"),
        [
            ("stop-writes user_profiles", "stop_writes", PROFILES),
            ("STOP-WRITES user_profiles sessions because of it", "stop_writes", BOTH),
            ('stop-writes "status" "Order Items"', "stop_writes", ["status", "Order Items"]),
            ("stop-writes all", "stop_writes", list(TABLES)),
            ("resume-writes", "resume_writes", []),
            ("resume-writes because the fix is out", "resume_writes", []),
        ],
    )
    def test_what_is_typed_becomes_one_wish(self, desk: Desk, typed: str, action: str, tables: list[str]) -> None:
        assert "R-1" in desk.type(typed)
        (ask,) = desk.request().asks
        assert (ask.action, ask.params) == (action, {"tables": tables})

    @pytest.mark.parametrize(
        ("typed", "risk"),
        [("stop-writes sessions", "high"), ("stop-writes all", "critical"), ("resume-writes", "high")],
    )
    def test_to_stop_writes_to_all_tables_is_critical(self, desk: Desk, typed: str, risk: str) -> None:
        desk.type(typed)
        assert desk.request().risk == risk

    @pytest.mark.parametrize(
        ("typed", "answer"),
        [
            ("stop-writes", "Writes to which tables? Type `/dbrestore stop-writes <table>`"),
            ("stop-writes because it hurts", "Writes to which tables?"),
            ("stop-writes all sessions", "`all` stands alone"),
            ("stop-writes user_profils", "Did you mean `user_profiles`?"),
            ("stop-writes sessions from 20250903", "`from` is a word of the commands"),
            ("stop-writes sessions long-block", "`long-block` is a word of the commands"),
            ("resume-writes sessions", "`/dbrestore resume-writes` stands alone"),
        ],
    )
    def test_what_cannot_be_understood_is_refused_and_never_answered_with_a_restore(
        self, desk: Desk, typed: str, answer: str
    ) -> None:
        with pytest.raises(Refused) as refused:
            desk.type(typed)
        assert answer in refused.value.text
        assert refused.value.text.endswith("Nothing was changed.")
        assert "`/dbrestore user_profiles" not in refused.value.text
        assert not desk.has_asked()

    def test_help_names_both_commands(self, desk: Desk) -> None:
        text = desk.type("help")
        assert "`/dbrestore stop-writes &lt;table…|all&gt; [because …]`" in text
        assert "`/dbrestore resume-writes [because …]`" in text
