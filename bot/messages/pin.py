"""Whether production is still pinned to what the last rollback went to, as Vercel shows it, for who asked."""

from datetime import UTC, datetime

from bot.core.pin import LastRollback, Pin, PinSeen
from bot.messages.blocks import sections
from bot.messages.picture import Picture, picture
from bot.messages.rollback import PINNED
from bot.messages.wording import escape, moment

_NAME = 160


def pin(last: LastRollback, seen: PinSeen, live: str) -> Picture:
    """What was seen; `live` names the deployment that is live now."""
    named = escape(live, _NAME)
    since = _when(seen.at)
    match seen.pin:
        case Pin.HOLDS if seen.deployment == last.facts.target.id:
            undo = f"`/rollback undo {last.request.id}` promotes what was live before."
            told = f"📌 Still pinned{since or _since(last.at)} by {last.request.id}, to {named}. {PINNED} {undo}"
        case Pin.HOLDS:
            told = f"📌 Pinned{since}, to {named}: somebody rolled back again after {last.request.id}. {PINNED}"
        case Pin.ENDED:
            how = f"was promoted{_at(seen.at)}" if seen.at else "is live, and automatic deployments are on"
            told = f"✅ Not pinned any more: {named} {how}."
        case _:
            told = f"❔ Vercel doesn't show whether it is still pinned. Live now: {named}."
    return picture(told, sections([told]))


def unseen(last: LastRollback, why: str) -> Picture:
    """Vercel could not be looked at."""
    told = f"❔ Couldn't look whether {last.request.id} still pins production. {escape(why, _NAME)} {last_known()}"
    return picture(told, sections([told]))


def last_known() -> str:
    """What is true of a rollback for all that the log knows."""
    return "Unless a deployment was promoted since, pushes do not go live."


def _when(at: float | None) -> str:
    return _since(datetime.fromtimestamp(at, UTC)) if at else ""


def _since(at: datetime) -> str:
    return f" since {moment(at, '{date_short_pretty} at {time}')}"


def _at(at: float | None) -> str:
    return f" {moment(datetime.fromtimestamp(at, UTC), '{date_short_pretty} at {time}')}" if at else ""
