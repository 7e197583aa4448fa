"""A set-up that the doctor finds nothing wrong with, and the hands to break it."""

import re
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString

from psycopg import sql

from bot.adapters.log_sqlite import SqliteLog
from bot.adapters.slack import SCOPES
from bot.doctor.examination import SECONDS, examine
from bot.doctor.finding import Finding, Level
from bot.doctor.report import lines_of
from tests.database.server import PASSWORD, Database
from tests.simulator import statuspage
from tests.simulator.mail import SENDER, MailStandIn
from tests.simulator.statuspage import StatuspageStandIn
from tests.world import World

TABLES = ("user_profiles", "user_progress", "sessions", "magic_tokens")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class SetUp:
    """A world that nobody has started a bot in; `env` = what it is given in place of the world's (None = not set)."""

    world: World
    database: Database
    statuspage: StatuspageStandIn
    mail: MailStandIn
    changed: dict[str, str | None] = field(default_factory=dict)
    roles: list[str] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        told = {**self.world.env, **self.changed}
        return {name: value for name, value in told.items() if value is not None}

    @property
    def log(self) -> Path:
        return self.world.folder / "log.db"

    def set(self, **env: str | None) -> None:
        self.changed.update(env)

    def examined(self, seconds: float = SECONDS) -> list[Finding]:
        return list(examine(self.env, now, seconds))

    def report(self) -> str:
        return "\n".join(line for finding in self.examined() for line in lines_of(finding))

    def in_runbook(self, right: str, wrong: str) -> None:
        text = self.world.runbook.read_text()
        assert right in text, right
        self.world.runbook.write_text(text.replace(right, wrong, 1))

    def keep_one_table(self) -> None:
        """Take all tables but the profiles out of the runbook: each costs PostgreSQL 50 ms of CPU to look at."""
        text = self.world.runbook.read_text()
        others = r'(?ms)^\[\[database\.tables\]\]\nname = "(?!user_profiles").*?\n\n'
        left, found = re.subn(others, "", text)
        assert found == len(TABLES) - 1
        self.world.runbook.write_text(left)

    def run_sql(self, statement: str) -> None:
        self.database.rows(statement)

    def as_role(self, attributes: LiteralString, *member_of: str) -> None:
        """Let the bot be another role; roles are the whole server's, so its name is made from this database's."""
        role = self.database.name.replace("rollback_test", "doctor")
        name = sql.Identifier(role)
        with self.database.superuser() as connection:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN " + attributes).format(name))
            self.roles.append(role)
            for group in member_of:
                connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), name))
            database = sql.Identifier(self.database.name)
            connection.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(database, name))
        self.set(DATABASE_URL=self.database.server.address(self.database.name, role, PASSWORD))

    def make_log(self) -> SqliteLog:
        """The log of a bot that runs until this is closed."""
        return SqliteLog(self.log, now)

    def close(self) -> None:
        self.world.close()
        self.statuspage.stop()
        self.mail.stop()
        if not self.roles:
            return
        with self.database.superuser() as connection:
            for role in map(sql.Identifier, self.roles):
                connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
                connection.execute(sql.SQL("DROP ROLE {}").format(role))


def with_backups(database: Database) -> Database:
    """The database with a backup of today for every table, and all backups nobody's but their owner's."""
    database.back_up(f"{now():%Y%m%d}", *TABLES)
    with database.owner() as owner:
        backups = [row[0] for row in owner.execute("SELECT relname FROM pg_class WHERE relname ~ '_backup_[0-9]+$'")]
        names = sql.SQL(", ").join(sql.Identifier(name) for name in backups)
        owner.execute(sql.SQL("REVOKE ALL ON {} FROM anon, authenticated, service_role").format(names))
    return database


def healthy(folder: Path, database: Database, *, over_socket: bool = True) -> SetUp:
    """Everything as the documents say: the manifest's scopes, a database with backups, a status page and mail."""
    page, mail = StatuspageStandIn().start(), MailStandIn().start()
    env = {"STATUSPAGE_API_KEY": statuspage.KEY, "STATUSPAGE_PAGE_ID": statuspage.PAGE, "STATUSPAGE_API_URL": page.url}
    env |= {"SMTP_URL": mail.url, "MAIL_FROM": SENDER}
    world = World(folder, env=env, database=database.url, over_socket=over_socket)
    world.slack.scopes = set(SCOPES)
    return SetUp(world, database, page, mail)


def bad(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level is not Level.OK]


@contextmanager
def refusing_login() -> Iterator[str]:
    """The address of a PostgreSQL that asks for a password and then refuses it, as with SQLSTATE 28P01."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_refuse_logins, args=(listening,), daemon=True).start()
        yield f"postgresql://bot:{PASSWORD}@127.0.0.1:{listening.getsockname()[1]}/shop?sslmode=disable&gssencmode=disable"
        listening.shutdown(socket.SHUT_RDWR)


def _refuse_logins(listening: socket.socket) -> None:
    refusal = b'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "bot"\0\0'
    while True:
        try:
            line, _ = listening.accept()
        except OSError:
            return
        with line, suppress(OSError):  # not everybody who calls wants to log in
            line.recv(4096)  # the user and the database
            line.sendall(b"R" + (8).to_bytes(4, "big") + (3).to_bytes(4, "big"))  # AuthenticationCleartextPassword
            line.recv(4096)
            line.sendall(b"E" + (len(refusal) + 4).to_bytes(4, "big") + refusal)
