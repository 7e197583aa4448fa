"""Who holds tables: other people's sessions that are in a transaction there, never what they asked."""

from collections.abc import Iterator, Sequence

from bot.core.restore import Holder
from bot.messages.wording import code, count, escape, moment_told

_SHOWN = 3


def in_a_transaction(sessions: Sequence[Holder]) -> Iterator[str]:
    """Those that a plan has seen, the oldest first, as lines of mrkdwn."""
    ordered = sorted(sessions, key=lambda one: one.since)
    yield f"• In a transaction there when this was planned: {count(len(ordered), 'session')}, the oldest first:"
    for one in ordered[:_SHOWN]:
        who = f"pid {one.pid}, role {code(one.role)}, application {code(one.application)}"
        yield f"    ◦ {who}, {escape(one.state)}, since {moment_told(one.since)}"
    if len(ordered) > _SHOWN:
        yield f"    ◦ and {len(ordered) - _SHOWN} more"
