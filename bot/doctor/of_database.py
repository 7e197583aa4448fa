"""The production database: the way there, who the bot is in it, and what it may do."""

from collections.abc import Callable, Iterator
from datetime import datetime
from ipaddress import ip_address

from bot.adapters.postgres.catalog import Server, read_server
from bot.adapters.postgres.rights import Role, read_guests, read_role, read_version
from bot.adapters.postgres.session import (
    POOLER_PORT,
    ConnectionLostError,
    NotConnectedError,
    Session,
    SqlError,
    connected,
)
from bot.adapters.postgres.way import Reach, Way, reach, way_to
from bot.core.errors import Refused
from bot.core.runbook.tables import Database
from bot.core.secret import Secret
from bot.doctor.finding import Finding, ok, problem, warning
from bot.doctor.of_tables import examine_tables, quoted

APPLICATION = "rollback-bot doctor"
STATEMENT_SECONDS, ALL_SECONDS = 10.0, 18.0
OLDEST_VERSION = 14  # client_connection_check_interval is of 14
_OPEN_MODES = ("disable", "allow", "prefer")  # the last is libpq's own default
_SESSION_MODE = "use the direct connection, or the session pooler on port 5432, in DATABASE_URL"
_LOGIN = "correct user, password (percent-encoded) and database in DATABASE_URL"


def examine_database(url: Secret, database: Database, clock: Callable[[], datetime]) -> Iterator[Finding]:
    """The way to the database, then what is in it that restores need."""
    try:
        way = way_to(url)
    except Refused as error:
        yield problem("DATABASE_URL", error.text, "postgresql://user:password@host:5432/database")
        return
    yield encryption(way)
    if any(str(port) == POOLER_PORT for _, port in way.hosts):
        yield problem("database", f"port {POOLER_PORT} is the transaction pooler, which restores refuse", _SESSION_MODE)
        return
    try:
        with connected(url, APPLICATION) as session, session.within(ALL_SECONDS):
            yield from _inside(session, database, clock)
    except NotConnectedError as error:
        yield unreachable(way, reach(way), error.login)
    except ConnectionLostError as error:
        yield problem("database", f"the connection broke in the middle ({error})", "check again; look at its own log")
    except SqlError as error:
        yield problem("database", f"PostgreSQL refused a reading ({error})", "docs/database.md has what its role needs")


def _inside(session: Session, database: Database, clock: Callable[[], datetime]) -> Iterator[Finding]:
    version = read_version(session)
    if version < OLDEST_VERSION:
        yield problem("database", f"PostgreSQL {version} is too old", f"move to PostgreSQL {OLDEST_VERSION} or newer")
        return
    with session.reading(STATEMENT_SECONDS):
        server, role = read_server(session, database.quarantine_schema), read_role(session)
        yield from mode(server)
        yield rights(role)
        yield quarantine(server, database.quarantine_schema, read_guests(session, database.quarantine_schema))
        yield from examine_tables(session, database, server.role, clock)


def encryption(way: Way) -> Finding:
    """Whether what goes over a network is encrypted."""
    remote = [host for host, _ in way.hosts if not _is_here(host)]
    if remote and way.sslmode in _OPEN_MODES:
        text = f"sslmode={way.sslmode} lets passwords and rows go to {remote[0]} unencrypted"
        remedy = "add the parameter sslmode=require to DATABASE_URL (verify-full checks who answers, too)"
        return warning("TLS", text, remedy)
    return ok("TLS", f"sslmode={way.sslmode} to {remote[0]}" if remote else "not needed: the database is on this host")


def _is_here(host: str) -> bool:
    """Whether a host is this one; a folder of sockets is."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.startswith(("/", "@"))


def unreachable(way: Way, how_far: Reach, login: str) -> Finding:
    """Why there is no connection: the way, or the login."""
    pauses = "look whether the database is paused; Supabase's direct address needs IPv6, its session pooler doesn't"
    if how_far is Reach.UNKNOWN_HOST:
        return problem("database", f"no such host is known: {way}", "correct the host in DATABASE_URL")
    if how_far is Reach.REFUSED:
        return problem("database", f"nothing listens at {way}", f"correct host and port in DATABASE_URL; {pauses}")
    if how_far is Reach.SILENT:
        return problem("database", f"no answer from {way}", f"let this host through its firewall; {pauses}")
    if login:
        text = "it wants a password and there is none" if login == "no password given" else "it refuses the login"
        return problem("database", f"{way} answers, but {text}", _LOGIN)
    text = f"{way} answers, but takes no connection: user, database or TLS are not as it wants them"
    return problem("database", text, f"{_LOGIN}; its own log says which")


def mode(server: Server) -> Iterator[Finding]:
    """Whether it can be written to at all."""
    here = f"PostgreSQL {server.version}, database {server.database}, as {server.role}"
    if server.is_replica:
        text = f"{here}: a read-only replica (pg_is_in_recovery() is true)"
        yield problem("database", text, "name the primary in DATABASE_URL")
    elif server.is_read_only:
        text = (
            f"{here}: in read-only mode (default_transaction_read_only is on); Supabase does this when the disk is full"
        )
        remedy = f"free space, then ALTER DATABASE {quoted(server.database)} RESET default_transaction_read_only;"
        yield problem("database", text, remedy)
    elif server.skips_foreign_keys:
        text = f"{here}: session_replication_role is replica, so no foreign key is looked at, and restores refuse"
        remedy = f"take it out of DATABASE_URL, or ALTER ROLE {quoted(server.role)} RESET session_replication_role;"
        yield problem("database", text, remedy)
    else:
        yield ok("database", here)


def rights(role: Role) -> Finding:
    """Whether the role sees every row, and no more than it has to."""
    if role.is_superuser:
        text = f"{role.name} is a superuser, which is more than the bot needs"
        return warning("role", text, "make a role as in docs/database.md, and name it in DATABASE_URL")
    if not role.bypasses_rls:
        text = f"{role.name} has no BYPASSRLS: row-level security can hide rows from it"
        return warning("role", text, f"ALTER ROLE {quoted(role.name)} BYPASSRLS;")
    return ok("role", f"{role.name} sees every row (BYPASSRLS) and is no superuser")


def quarantine(server: Server, schema: str, guests: tuple[str, ...]) -> Finding:
    """Whether the copies of old rows can be kept, and for nobody else."""
    name, role = quoted(schema), quoted(server.role)
    if not server.has_schema and not server.may_make_schema:
        text = f"{server.role} may not make the schema {schema}, where old rows are copied"
        return problem("quarantine", text, f"CREATE SCHEMA {name} AUTHORIZATION {role};")
    if server.has_schema and not server.owns_schema:
        text = f"the schema {schema}, where old rows are copied, is not {server.role}'s"
        return problem("quarantine", text, f"ALTER SCHEMA {name} OWNER TO {role};")
    if guests:
        text = f"{', '.join(guests)} can get into the schema {schema}, where old rows are copied"
        return warning("quarantine", text, f"REVOKE ALL ON SCHEMA {name} FROM {', '.join(map(quoted, guests))};")
    return ok(
        "quarantine", f"schema {schema}{'' if server.has_schema else ' is made at the first restore'}, for nobody else"
    )
