"""What a case of a Vercel rollback is made of: the world before it, what goes wrong, and what is true in the end.

A case is data. The bot's action and Vercel's own client are put through the same ones.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

from tests.simulator import vercel_cast as the
from tests.simulator.vercel import VercelStandIn
from tests.simulator.wire import Answer, Fault, Request

Move: TypeAlias = tuple[
    str, str
]  # what somebody else does: ("promote", id), ("rollback", id), ("slow rollback", id), …

ROLLBACK = ("rollback", "{target}", "--yes")
PROMOTE = ("promote", "{target}", "--yes")


class Says(Enum):
    """What is reported in the end."""

    DONE = "done"
    REFUSED = "refused"
    DRIFT = "drift"
    FAILED = "failed"
    UNKNOWN = "unknown"
    UNAVAILABLE = "unreachable"
    NOT_STARTED = "not started"


@dataclass(frozen=True)
class Trouble:
    """What happens to requests of one kind; by default to all of them, which then do nothing."""

    at: str  # a key of KINDS
    answer: Answer | None = None  # None: the connection is closed without one
    applied: bool = False
    times: int | None = None
    seconds: float = 0.0  # how long it goes on from the first such request; 0 = for ever
    held: bool = False  # the answer never comes
    after_the_plan: bool = False  # the reads of the plan go well


@dataclass(frozen=True)
class Case:
    """One situation; `says` and `posts` are the bot's, `live` is true an hour later of every production domain."""

    name: str
    says: Says
    live: str = the.PREVIOUS  # "" = the domains serve different deployments
    posts: int = 1
    rule: str = ""  # of a refusal
    asked: str = "previous"
    goes_to: str = the.PREVIOUS  # the deployment that `asked` means, where it means any
    undo: bool = False  # the order is the promote that undoes an earlier rollback
    knobs: Mapping[str, Any] = field(default_factory=dict)
    builds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    earlier: tuple[Move, ...] = ()  # before the plan
    meanwhile: tuple[Move, ...] = ()  # between the plan and the run
    at_the_act: tuple[Move, ...] = ()  # between the last read and the order
    afterwards: tuple[Move, ...] = ()  # between the order and the first look that may see it
    troubles: tuple[Trouble, ...] = ()
    token: str = the.TOKEN
    team: str = the.TEAM_SLUG
    patience: float = 5.0  # seconds that one request may take
    gone: bool = False  # Vercel is unreachable when the order is to be sent
    cli: tuple[str, ...] | None = ROLLBACK  # None: Vercel's client has no such thing, or shows nothing new in it
    names: str = ""  # what the checks after a success must say
    faulty: str = ""  # the product's fault that this shows, while it has it


def prepare(vercel: VercelStandIn, case: Case) -> None:
    """The world as it is before anything is asked."""
    for name, value in case.knobs.items():
        if not hasattr(vercel, name):
            raise AttributeError(name)
        setattr(vercel, name, deepcopy(value))
    for id_, changes in case.builds.items():
        for name, value in changes.items():
            setattr(vercel.builds[id_], name, value)
    play(vercel, case.earlier)


def play(vercel: VercelStandIn, moves: tuple[Move, ...]) -> None:
    """What somebody else does, one after the other."""
    for how, what in moves:
        MOVES[how](vercel, what)


def _delete(vercel: VercelStandIn, what: str) -> None:
    vercel.builds[what].deleted = True


def _stage(vercel: VercelStandIn, what: str) -> None:
    vercel.builds[what].substate = "STAGED"


def _roll_out(vercel: VercelStandIn, what: str) -> None:
    vercel.rolling = {"base": next(iter(vercel.live().values())), "canary": what, "percent": 10}


def _fail_to_roll_back(vercel: VercelStandIn, what: str) -> None:
    """An earlier order that Vercel gave up, with no domain moved."""
    kept = {name: getattr(vercel, name) for name in ("job_result", "stuck_domains", "record_lag", "job_seconds")}
    vercel.job_result, vercel.stuck_domains = "failed", {*vercel.live()}
    vercel.record_lag = vercel.job_seconds = 0.0
    vercel.move_by_someone(what, "rollback", at_once=False)
    vars(vercel).update(kept)


MOVES: Mapping[str, Callable[[VercelStandIn, str], object]] = {
    "promote": VercelStandIn.promote_by_someone,
    "rollback": lambda vercel, what: vercel.move_by_someone(what, "rollback"),
    "slow rollback": lambda vercel, what: vercel.move_by_someone(what, "rollback", at_once=False),
    "failed rollback": _fail_to_roll_back,
    "remove": lambda vercel, domain: vercel.domains.pop(domain),
    "add": lambda vercel, domain: vercel.domains.setdefault(domain, the.BROKEN),
    "push": VercelStandIn.push,
    "delete": _delete,
    "stage": _stage,
    "roll out": _roll_out,
}

KINDS: Mapping[str, Callable[[Request], bool]] = {
    "order": lambda asked: asked.method == "POST",
    "project": lambda asked: asked.method == "GET" and asked.path in {f"/v9/projects/{name}" for name in the.NAMES},
    "deployment": lambda asked: asked.path.startswith("/v13/deployments/"),
    "list": lambda asked: asked.path in ("/v6/deployments", "/v7/deployments"),
    "rolling release": lambda asked: asked.path.endswith("/rolling-release"),
    "aliases": lambda asked: asked.path.endswith("/aliases"),
}


def lay(vercel: VercelStandIn, trouble: Trouble) -> None:
    """Lay a trouble over the requests to come; that of a "look" over reads of the project after an order."""
    kind = KINDS["project" if trouble.at == "look" else trouble.at]
    ordered, began = len(vercel.posts), list[float]()

    def matches(request: Request) -> bool:
        if not kind(request) or (trouble.at == "look" and len(vercel.posts) == ordered):
            return False
        began.append(vercel.clock())
        return not trouble.seconds or began[-1] - began[0] < trouble.seconds

    vercel.lay(
        Fault(
            matches,
            times=trouble.times,
            apply=trouble.applied,
            answer=trouble.answer,
            drop=trouble.answer is None and not trouble.held,
            hold=trouble.held,
        )
    )


def served(vercel: VercelStandIn) -> str:
    """The one deployment on every production domain; "" where they differ."""
    live = set(vercel.live().values())
    return live.pop() if len(live) == 1 else ""
