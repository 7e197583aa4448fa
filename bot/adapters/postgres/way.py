"""The way to the database, without an account on it: where an address leads, and how far one gets."""

import socket
from dataclasses import dataclass
from enum import Enum

from psycopg import pq

from bot.adapters.postgres.session import CONNECT_SECONDS, parameters
from bot.core.secret import Secret


class Reach(Enum):
    """How far one gets."""

    ANSWERS = "something answers"
    UNKNOWN_HOST = "no such host is known"
    REFUSED = "nothing listens"
    SILENT = "no answer"


@dataclass(frozen=True)
class Way:
    """Where an address leads; `hosts` are names, addresses or folders of sockets, each with its port."""

    hosts: tuple[tuple[str, int], ...]
    sslmode: str

    def __str__(self) -> str:
        return ", ".join(f"{host}:{port}" for host, port in self.hosts)


def way_to(url: Secret) -> Way:
    """What libpq makes of an address and of the environment. Raises Refused where it can't be read."""
    usual = {one.keyword.decode(): (one.val or b"").decode() for one in pq.Conninfo.get_defaults()}
    told = {**usual, **{name: str(value) for name, value in parameters(url).items()}}
    hosts = (told.get("hostaddr") or told.get("host") or "/tmp").split(",")  # noqa: S108  # libpq's own default
    ports = [int(port) if port.isdecimal() else 0 for port in str(told["port"]).split(",")]
    ports = ports if len(ports) == len(hosts) else ports[:1] * len(hosts)
    return Way(tuple(zip(hosts, ports, strict=True)), told["sslmode"])


def reach(way: Way) -> Reach:
    """How far one gets to the first host, where nothing is sent. At most 5 s an address."""
    host, port = way.hosts[0]
    try:
        if host.startswith(("/", "@")):
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(CONNECT_SECONDS)
                line.connect(f"{host}/.s.PGSQL.{port}")
        else:
            socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except socket.gaierror:
        return Reach.UNKNOWN_HOST
    except (ConnectionRefusedError, FileNotFoundError):
        return Reach.REFUSED
    except OSError:
        return Reach.SILENT
    return Reach.ANSWERS
