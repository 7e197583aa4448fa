"""What the bot's role is and who owns what: what a restore needs, and what PostgreSQL says of it beforehand."""

from dataclasses import dataclass

from bot.adapters.postgres.session import Session
from bot.core.table import Name

_VERSION = "SELECT current_setting('server_version_num')::int / 10000"
_ROLE = "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
_OWNER = """
SELECT pg_get_userbyid(c.relowner)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s
"""
_GUESTS = """
SELECT DISTINCT coalesce(r.rolname, 'PUBLIC')
FROM pg_namespace n
CROSS JOIN aclexplode(n.nspacl) AS g
LEFT JOIN pg_roles r ON r.oid = g.grantee
WHERE n.nspname = %s AND g.grantee <> n.nspowner AND coalesce(NOT r.rolsuper AND r.rolname <> current_user, true)
ORDER BY 1
"""


@dataclass(frozen=True)
class Role:
    """The role that one is connected as."""

    name: str
    is_superuser: bool
    bypasses_rls: bool


def read_version(session: Session) -> int:
    """The server's major version, such as 17; outside a transaction. Raises SqlError."""
    return int(session.row(_VERSION)[0])


def read_role(session: Session) -> Role:
    """Who the bot is in the database. Raises SqlError."""
    return Role(*session.row(_ROLE))


def read_owner(session: Session, name: Name) -> str:
    """The role that owns a relation; "" where there is none. Raises SqlError."""
    return "".join(str(owner) for (owner,) in session.rows(_OWNER, *name))


def read_guests(session: Session, schema: str) -> tuple[str, ...]:
    """The roles besides its owner and superusers that have a right on a schema. Raises SqlError."""
    return tuple(str(role) for (role,) in session.rows(_GUESTS, schema))
