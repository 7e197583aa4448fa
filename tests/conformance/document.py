"""docs/conformance.md: where Vercel's own client reports what isn't true, and what the bot reports of the same case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.conformance.by_bot import Said
from tests.conformance.by_client import CLIENTS, Heard
from tests.simulator import vercel_cast as the
from tests.simulator.vercel_case import Case, Says

NAMES = {
    the.BROKEN: "the broken one",
    the.PREVIOUS: "the target",
    the.OLDER: "an older one",
    the.OLDEST: "somebody's hotfix",
    the.STAGED: "one that never served",
    "": "different ones",
}
WORDS = 90  # of the client's last sentence

HEAD = """<!-- Written by `make conformance`; tests/conformance/document.py has the words. -->
# The bot and Vercel's own client, side by side

Both are put through the same {shared} cases against the same stand-in for Vercel's API: the bot's action
`rollback_deployment` over HTTP with the clock in hand, and `vercel rollback` (for an undo `vercel promote`) of
{versions} on Node {node} as a process of its own, one after the other. {alone} further cases are about what the client
has no word for (a plan, a list of what may be gone to, a wait that ends) or repeat one of these with another status;
the bot is put through all {cases}. That the stand-in answers like Vercel is held against the same client and against
the types of `@vercel/sdk` 1.28.35. Nothing here was tried against Vercel itself.

A report is **false** where success is claimed (exit status 0; *done*) and the production domains don't serve what was
asked for, or failure (another status; *failed*) and an hour later they do. Scripts go by the exit status; the client's
last sentence stands beside it, and is at times truer. *Unknown* is never false: it calls a person. Whoever looks gives
up in time: the bot after 20 s here, and the client after its 3 minutes, or after 2 s in the case of the slow job.
"""


@dataclass(frozen=True)
class Row:
    """One case, as it went; `heard` is empty where the client has no such thing."""

    case: Case
    said: Said
    heard: Mapping[str, Heard]

    @property
    def is_differently_told(self) -> bool:
        """Whether a client reported what isn't true."""
        return any(heard.fault for heard in self.heard.values())

    @property
    def is_overrun(self) -> bool:
        """Whether production had moved since the plan, and a client ordered all the same."""
        return self.case.says is Says.DRIFT and any(heard.orders for heard in self.heard.values())

    @property
    def is_beyond(self) -> bool:
        """Whether the bot did what no client could, all of them saying so."""
        done = self.said.says is Says.DONE
        return done and bool(self.heard) and all(h.ended.exit and not h.fault for h in self.heard.values())


def document(rows: Sequence[Row], node: str) -> str:
    """The whole page."""
    shared = [row for row in rows if row.heard]
    head = HEAD.format(
        shared=len(shared),
        alone=len(rows) - len(shared),
        cases=len(rows),
        versions=" and ".join(CLIENTS),
        node=node.removeprefix("v"),
    )
    false = [row for row in shared if row.is_differently_told]
    overrun = [row for row in shared if row.is_overrun and row not in false]
    beyond = [row for row in shared if row.is_beyond]
    waited = [row for row in shared if row.said.says is Says.UNKNOWN and row not in false]
    parts = (
        head,
        _figures(rows, shared),
        _table("The client's report is false", false),
        _table("Production had moved since the plan, and the client ordered all the same", overrun),
        _table("The client can't, and the bot can", beyond),
        _table("The bot does not know, and says so: cases not shown above", waited),
        _rest(rows, [*false, *overrun, *beyond, *waited]),
    )
    return "\n".join(parts)


def _figures(rows: Sequence[Row], shared: Sequence[Row]) -> str:
    heads = ["", *(f"`vercel` {version}" for version in CLIENTS), "the bot, same cases", f"the bot, all {len(rows)}"]
    lines = [
        [
            "false reports",
            *(_count_false(shared, version) for version in CLIENTS),
            _bot_false(shared),
            _bot_false(rows),
        ],
        [
            "the order received more than once",
            *(str(sum(row.heard[version].orders > 1 for row in shared)) for version in CLIENTS),
            _bot_twice(shared),
            _bot_twice(rows),
        ],
        [
            '"unknown", with a person called',
            *("-" for _ in CLIENTS),
            str(sum(row.said.says is Says.UNKNOWN for row in shared)),
            str(sum(row.said.says is Says.UNKNOWN for row in rows)),
        ],
    ]
    return "\n".join(["## Figures", *_lines(heads, lines)])


def _count_false(shared: Sequence[Row], version: str) -> str:
    return f"{sum(bool(row.heard[version].fault) for row in shared)} of {len(shared)}"


def _bot_false(rows: Sequence[Row]) -> str:
    return f"{sum(not is_true(row.said) for row in rows)} of {len(rows)}"


def _bot_twice(rows: Sequence[Row]) -> str:
    return str(sum(len(row.said.orders) > 1 for row in rows))


def is_true(said: Said) -> bool:
    """Whether the bot's report was true as it was made, and one of failure still is an hour later."""
    if said.says is Says.DONE:
        return said.live_then == said.target
    return said.says is not Says.FAILED or said.target not in (said.live_then, said.live_later)


def _table(title: str, rows: Sequence[Row]) -> str:
    heads = ["case", "true an hour later: live is", *(f"`vercel` {version}" for version in CLIENTS), "the bot"]
    lines = [
        [row.case.name, _live(row), *(_told(row.heard[version]) for version in CLIENTS), _said(row.said)]
        for row in rows
    ]
    return "\n".join(["", f"## {title} ({len(rows)})", *_lines(heads, lines)])


def _live(row: Row) -> str:
    by_client = {NAMES.get(heard.live_later, "a push") for heard in row.heard.values()}
    by_bot = NAMES.get(row.said.live_later, "a push")
    return by_bot if by_client == {by_bot} else f"{by_bot} (bot); {', '.join(sorted(by_client))} (client)"


def _told(heard: Heard) -> str:
    words = heard.ended.words.replace("|", "/").replace("\n", " ")
    short = f"{words[:WORDS]}…" if len(words) > WORDS else words
    orders = f"; {heard.orders} orders" if heard.orders > 1 else ""
    fault = f"**{heard.fault}**; " if heard.fault else ""
    return f"{fault}exit {heard.ended.exit} in {heard.ended.seconds:.0f} s{orders}: {short}"


def _said(said: Said) -> str:
    orders = f", {len(said.orders)} order{'' if len(said.orders) == 1 else 's'}"
    return f"{said.says.value}{f' ({said.rule})' if said.rule else ''}{orders}"


def _rest(rows: Sequence[Row], shown: Sequence[Row]) -> str:
    names = {row.case.name for row in shown}
    left = [f"- {row.case.name}: {_said(row.said)}" for row in rows if row.case.name not in names]
    return "\n".join(["", f"## The other cases, as the bot reports them ({len(left)})", *left, ""])


def _lines(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    return [_line(heads), _line(["---"] * len(heads)), *(_line(line) for line in lines)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
