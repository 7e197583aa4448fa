"""Broken set-ups: what is done to a healthy one, the one line that has to name it, and the remedy."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple

from bot.doctor.finding import Level
from tests.database.server import PASSWORD
from tests.setups import SetUp, now
from tests.simulator import vercel_cast as the
from tests.world import BEN, NOWHERE

WARNING, PROBLEM = Level.WARNING, Level.PROBLEM
GROUP = "S_APPROVERS"
TODAY = f"{now():%Y%m%d}"


class Broken(NamedTuple):
    """One of them."""

    name: str
    how: Callable[[SetUp], object]
    level: Level
    says: str
    remedy: str


def nothing_there(s: SetUp) -> None:
    s.run_sql("DROP TABLE sessions_backup_20250903")
    s.run_sql(f"DROP TABLE sessions_backup_{TODAY}")


def too_old(s: SetUp) -> None:
    s.run_sql(f"DROP TABLE sessions_backup_{TODAY}")
    s.in_runbook('max_backup_age = "3650d"', 'max_backup_age = "30d"')


def another_date(s: SetUp) -> None:
    s.run_sql(f"ALTER TABLE sessions_backup_{TODAY} RENAME TO sessions_backup_20250904")
    s.run_sql("DROP TABLE sessions_backup_20250903")


def read_only(s: SetUp) -> None:
    s.run_sql(f"ALTER DATABASE {s.database.name} SET default_transaction_read_only = on")


def without_foreign_keys(s: SetUp) -> None:
    s.run_sql(f"ALTER DATABASE {s.database.name} SET session_replication_role = replica")


def left_open(s: SetUp) -> None:
    s.make_log().close()
    s.log.chmod(0o644)


def left_writable(s: SetUp) -> None:
    s.make_log().close()
    s.log.chmod(0o666)


def rewritten(s: SetUp) -> None:
    s.make_log().close()
    with closing(sqlite3.connect(s.log)) as log:
        log.execute("DROP TRIGGER events_refuse_update")
        log.execute("UPDATE events SET actor = 'U_EVE'")
        log.commit()


def two_groups(s: SetUp) -> None:
    s.in_runbook('"${APPROVER_GROUP}"]', '"${APPROVER_GROUP}", "S_GONE"]')


def another_teams(s: SetUp) -> None:
    s.in_runbook('team = "ibam-projects"', 'team = "somebody-else"')


CASES = (
    Broken(
        "wrong token",
        lambda s: s.set(SLACK_BOT_TOKEN="xoxb-of-somebody"),
        PROBLEM,
        "SLACK_BOT_TOKEN: Slack does not accept the bot's token: invalid_auth",
        "copy the Bot User OAuth Token anew",
    ),
    Broken(
        "token of another form",
        lambda s: s.set(SLACK_BOT_TOKEN="xoxp-1"),
        PROBLEM,
        "SLACK_BOT_TOKEN: must begin with xoxb-",
        "copy the Bot User OAuth Token",
    ),
    Broken(
        "wrong app token",
        lambda s: s.set(SLACK_APP_TOKEN="xapp-of-somebody"),
        PROBLEM,
        "SLACK_APP_TOKEN: Slack does not accept the app-level token: invalid_auth",
        "connections:write",
    ),
    Broken(
        "missing scope",
        lambda s: s.world.slack.scopes.discard("groups:history"),
        PROBLEM,
        "scopes: missing groups:history",
        "OAuth & Permissions, Bot Token Scopes: add them, then reinstall the app",
    ),
    Broken(
        "missing scope of groups",
        lambda s: s.world.slack.scopes.discard("usergroups:read"),
        PROBLEM,
        "approvers: S_APPROVERS can't be read, so nobody counts: the scope usergroups:read is missing",
        "add the scope in OAuth & Permissions",
    ),
    Broken(
        "superfluous scope",
        lambda s: s.world.slack.scopes.add("admin"),
        WARNING,
        "scopes: more than it needs: admin",
        "remove them",
    ),
    Broken(
        "group of one",
        lambda s: s.world.slack.groups[GROUP].users.__setitem__(slice(None), [BEN, "U_GUEST"]),
        PROBLEM,
        "approvers: 2 must approve and only 1 can: no request can pass; not counted: U_GUEST (a guest)",
        "put at least 3 active full members into the group",
    ),
    Broken(
        "just enough",
        lambda s: s.world.slack.groups[GROUP].users.remove("U_DAN"),
        WARNING,
        "approvers: 2 must approve and 2 can: as soon as one of them asks, nobody can approve it",
        "add one more active full member",
    ),
    Broken(
        "unknown group",
        two_groups,
        PROBLEM,
        "approvers: S_GONE can't be read, so nobody counts: this workspace has no such user group",
        "copy the id (S...) from the group's menu",
    ),
    Broken(
        "unknown channel",
        lambda s: s.set(INTERNAL_CHANNEL="C_NOWHERE"),
        WARNING,
        "internal channel: C_NOWHERE can't be seen",
        "/invite @rollback",
    ),
    Broken(
        "channel without the bot",
        lambda s: s.in_runbook('channels = ["inc-*"]', 'channels = ["C_QUIET"]'),
        WARNING,
        "channel: the bot is not in #quiet (C_QUIET)",
        "/invite @rollback",
    ),
    Broken(
        "Slack unreachable",
        lambda s: s.set(SLACK_API_URL="http://127.0.0.1:1/api/"),
        PROBLEM,
        "Slack: Slack can't be reached.",
        "let this host reach Slack over HTTPS",
    ),
    Broken(
        "clock 10 minutes off",
        lambda s: setattr(s.world.slack, "date_skew", 600.0),
        PROBLEM,
        "clock: this host's clock is 10 min behind Slack's",
        "timedatectl set-ntp true",
    ),
    Broken(
        "clock 4 minutes off",
        lambda s: setattr(s.world.slack, "date_skew", -240.0),
        WARNING,
        "clock: this host's clock is 4 min ahead of Slack's",
        "synchronize",
    ),
    Broken(
        "no signing secret",
        lambda s: s.set(SLACK_APP_TOKEN=None),
        PROBLEM,
        "SLACK_SIGNING_SECRET: is not set, and neither is SLACK_APP_TOKEN",
        "for Socket Mode set SLACK_APP_TOKEN; for HTTP copy the Signing Secret",
    ),
    Broken(
        "unset name of a check",
        lambda s: s.set(LOGIN_EMAIL=None),
        WARNING,
        'check "Login": off: LOGIN_EMAIL is not set',
        "set it in .env",
    ),
    Broken(
        "unset name of a reminder",
        lambda s: s.set(STAKEHOLDER_EMAILS=None),
        WARNING,
        'reminder "stakeholders": off: STAKEHOLDER_EMAILS is not set',
        "set it in .env",
    ),
    Broken(
        "mistake in the runbook",
        lambda s: s.in_runbook("required = 2 ", "requird = 2 "),
        PROBLEM,
        'runbook: [approval] requird: unknown key; did you mean "required"?',
        "correct it in",
    ),
    Broken(
        "no runbook",
        lambda s: s.set(RUNBOOK="/nowhere.toml"),
        PROBLEM,
        "RUNBOOK: /nowhere.toml can't be read",
        "name the runbook's file",
    ),
    Broken(
        "dead Vercel token",
        lambda s: s.set(VERCEL_TOKEN="vcp_revoked"),
        PROBLEM,
        "VERCEL_TOKEN: Vercel accepts it nowhere: it is wrong, expired or revoked",
        "make a token for ibam-learn-platform-v3 or its team",
    ),
    Broken(
        "another team's Vercel token",
        another_teams,
        PROBLEM,
        'VERCEL_TOKEN: it is not for team "somebody-else": it is another team\'s, or [vercel] team is wrong',
        "or correct [vercel] team in the runbook",
    ),
    Broken(
        "no such project",
        lambda s: s.in_runbook('project = "ibam-learn-platform-v3"', 'project = "ibam-v4"'),
        PROBLEM,
        'Vercel: no project "ibam-v4" in team "ibam-projects"',
        "correct [vercel] project and team in the runbook",
    ),
    Broken(
        "nothing to roll back to",
        lambda s: [s.world.vercel.builds.pop(one) for one in (the.PREVIOUS, the.OLDER, the.OLDEST)],
        WARNING,
        "Vercel: no earlier production deployment is there to roll back to",
        "deploy to production once more",
    ),
    Broken(
        "Vercel unreachable",
        lambda s: s.set(VERCEL_API_URL="http://127.0.0.1:1"),
        PROBLEM,
        "Vercel: Vercel could not be reached for project ibam-learn-platform-v3",
        "let this host reach Vercel over HTTPS",
    ),
    Broken(
        "database unreachable",
        lambda s: s.set(DATABASE_URL=NOWHERE),
        PROBLEM,
        "database: nothing listens at 127.0.0.1:1",
        "correct host and port in DATABASE_URL",
    ),
    Broken(
        "no such role",
        lambda s: s.set(DATABASE_URL=s.database.server.address(s.database.name, "nobody", PASSWORD)),
        PROBLEM,
        "answers, but takes no connection: user, database or TLS are not as it wants them",
        "correct user, password (percent-encoded) and database in DATABASE_URL",
    ),
    Broken(
        "transaction pooler",
        lambda s: s.set(DATABASE_URL="postgresql://bot:database-password@127.0.0.1:6543/production"),
        PROBLEM,
        "database: port 6543 is the transaction pooler, which restores refuse",
        "the session pooler on port 5432",
    ),
    Broken(
        "wrong Statuspage key",
        lambda s: s.set(STATUSPAGE_API_KEY="of-another-page"),
        PROBLEM,
        "Statuspage: Statuspage does not accept STATUSPAGE_API_KEY for this page (401: Could not authenticate)",
        "https://manage.statuspage.io",
    ),
    Broken(
        "wrong mail password",
        lambda s: s.set(SMTP_URL=s.mail.url.replace("%231", "%232")),
        PROBLEM,
        "mail: The mail server said no (login: 535)",
        "correct SMTP_URL",
    ),
    Broken(
        "addresses without mail",
        lambda s: s.set(SMTP_URL=None, MAIL_FROM=None),
        WARNING,
        'reminder "stakeholders": it has addresses, but mail is off: people send its draft by hand',
        "set SMTP_URL and MAIL_FROM",
    ),
    Broken(
        "state file that others can read", left_open, WARNING, "state file: others on this host can read", "chmod 600"
    ),
    Broken(
        "state file that others can change",
        left_writable,
        PROBLEM,
        "state file: others on this host can change it, and so forge approvals",
        "chmod 600",
    ),
    Broken(
        "state file on a dyno",
        lambda s: s.set(DYNO="web.1"),
        WARNING,
        "STATE_URL: the log's file won't outlive this dyno",
        "a path on a disk that outlives the process",
    ),
    Broken(
        "log that somebody rewrote",
        rewritten,
        PROBLEM,
        "log: its chain of hashes breaks at event 1: somebody changed the file",
        "keep the file as evidence",
    ),
    Broken(
        "log that is none",
        lambda s: s.log.write_text("hello, hello, hello"),
        PROBLEM,
        "file is not a database",
        "keep this file",
    ),
)

IN_THE_DATABASE = (
    Broken(
        "read-only database",
        read_only,
        PROBLEM,
        "in read-only mode (default_transaction_read_only is on)",
        "RESET default_transaction_read_only;",
    ),
    Broken(
        "sessions without foreign keys",
        without_foreign_keys,
        PROBLEM,
        "session_replication_role is replica",
        "RESET session_replication_role;",
    ),
    Broken(
        "role without BYPASSRLS",
        lambda s: s.as_role("NOBYPASSRLS", "app_owner"),
        WARNING,
        "has no BYPASSRLS: row-level security can hide rows from it",
        "BYPASSRLS;",
    ),
    Broken(
        "role that is a superuser",
        lambda s: s.set(DATABASE_URL=s.database.superuser_url),
        WARNING,
        "role: postgres is a superuser, which is more than the bot needs",
        "make a role as in docs/database.md",
    ),
    Broken(
        "role that is no member of the owner",
        lambda s: s.as_role("BYPASSRLS"),
        PROBLEM,
        "table sessions: The bot's role is no member of the owner of public.sessions",
        "GRANT app_owner TO doctor_",
    ),
    Broken(
        "no schema for the copies",
        lambda s: s.run_sql(f"REVOKE CREATE ON DATABASE {s.database.name} FROM app_owner"),
        PROBLEM,
        "quarantine: app_owner may not make the schema rollback_bot",
        "CREATE SCHEMA rollback_bot AUTHORIZATION app_owner;",
    ),
    Broken(
        "somebody else's schema for the copies",
        lambda s: s.run_sql("CREATE SCHEMA rollback_bot"),
        PROBLEM,
        "quarantine: the schema rollback_bot, where old rows are copied, is not app_owner's",
        "ALTER SCHEMA rollback_bot OWNER TO app_owner;",
    ),
    Broken(
        "open schema for the copies",
        lambda s: s.run_sql(
            "CREATE SCHEMA rollback_bot AUTHORIZATION app_owner; GRANT USAGE ON SCHEMA rollback_bot TO anon"
        ),
        WARNING,
        "quarantine: anon can get into the schema rollback_bot",
        "REVOKE ALL ON SCHEMA rollback_bot FROM anon;",
    ),
    Broken(
        "backup that anon can read",
        lambda s: s.run_sql("GRANT SELECT ON sessions_backup_20250903 TO anon"),
        PROBLEM,
        "backup of sessions: public.sessions_backup_20250903 can be read by anon: a leak",
        'REVOKE ALL ON TABLE "public"."sessions_backup_20250903" FROM "anon";',
    ),
    Broken(
        "backup that anyone can change",
        lambda s: s.run_sql("GRANT UPDATE ON sessions_backup_20250903 TO PUBLIC"),
        PROBLEM,
        "can be changed by PUBLIC: a leak, and rows that may not be yours",
        'REVOKE ALL ON TABLE "public"."sessions_backup_20250903" FROM PUBLIC;',
    ),
    Broken(
        "backup that is too old",
        too_old,
        WARNING,
        "table sessions: its newest backup public.sessions_backup_20250903 is",
        "/dbrestore sessions from 20250903",
    ),
    Broken(
        "no backup",
        nothing_there,
        PROBLEM,
        "table sessions: no backup sessions_backup_YYYYMMDD is there, so it can't be restored",
        f"CREATE TABLE public.sessions_backup_{TODAY} AS TABLE public.sessions;",
    ),
    Broken(
        "backups of different dates",
        another_date,
        WARNING,
        "/dbrestore all: The tables have no backup of the same date",
        "back all tables up at the same time",
    ),
    Broken(
        "missing table",
        lambda s: s.in_runbook('name = "sessions"', 'name = "sesions"'),
        PROBLEM,
        "table sesions: Table public.sesions does not exist",
        "correct its name or [database] schema in the runbook",
    ),
    Broken(
        "missing sticky column",
        lambda s: s.in_runbook('sticky = ["revoked_at"]', 'sticky = ["revoked_on"]'),
        PROBLEM,
        "table sessions: The runbook's sticky columns revoked_on are not in public.sessions",
        "correct sticky in the runbook",
    ),
    Broken(
        "missing recent column",
        lambda s: s.in_runbook('recent = "updated_at"', 'recent = "updated_on"'),
        WARNING,
        "table user_profiles: the runbook names columns that it doesn't have: updated_on",
        "correct added_columns and recent in the runbook",
    ),
    Broken(
        "table without a key",
        lambda s: s.run_sql("ALTER TABLE sessions DROP CONSTRAINT sessions_pkey CASCADE"),
        PROBLEM,
        "table sessions: public.sessions has no primary key",
        "ALTER TABLE public.sessions ADD PRIMARY KEY (...);",
    ),
)
