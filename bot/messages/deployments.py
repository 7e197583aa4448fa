"""The last production deployments, for one person to choose from on a phone: live, eligible, or why not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.core.deployment import Deployment
from bot.core.deployments_seen import DeploymentSeen, DeploymentsSeen
from bot.messages.blocks import pages, sections
from bot.messages.picture import Picture, picture
from bot.messages.rollback import PINNED
from bot.messages.wording import count, escape, span

SHOWN = 8
_NAME, _SUBJECT, _AUTHOR, _DOMAIN = 80, 60, 40, 60


def deployments(seen: DeploymentsSeen, now: datetime) -> Picture:
    """What is live, and the newest others, each with the line to type where it can be rolled back to."""
    rows = _shown(seen)
    lines = [*_head(seen), *(line for row in rows for line in _row(row, seen, now))]
    left = len(seen.rows) - len(rows)
    lines += [f"… and {count(left, 'older deployment')}"] if left else []
    return picture("\n".join(lines), pages(sections(lines))[0])


def _shown(seen: DeploymentsSeen) -> list[DeploymentSeen]:
    """The first ones; what is live and where a plain rollback goes are never left out."""
    must = [row for row in seen.rows if row.domains or row.is_previous][:SHOWN]
    others = [row for row in seen.rows if row not in must][: SHOWN - len(must)]
    return [row for row in seen.rows if row in must or row in others]


def _head(seen: DeploymentsSeen) -> Iterator[str]:
    eligible = len(seen.eligible)
    found = f"{eligible} can be rolled back to" if eligible else "none can be rolled back to"
    yield f"*Production deployments* of {escape(seen.project.name, _NAME)}: {found}."
    if seen.project.job and seen.project.job.is_running:
        yield f"⏳ Vercel is moving the domains to `{escape(seen.project.job.to_id, _NAME)}` now."
    if seen.project.is_rolled_back_to(seen.project.most_live):
        yield f"📌 Production is rolled back. {PINNED}"
    if seen.rolling:
        share = "an unknown share" if seen.rolling.percent is None else f"{seen.rolling.percent:g} %"
        yield f"A rolling release to `{escape(seen.rolling.canary.id, _NAME)}` is under way ({share} of traffic)."
    if seen.project.is_split:
        yield "⚠️ Production is split: its domains serve different deployments. Name the one to go to."


def _row(row: DeploymentSeen, seen: DeploymentsSeen, now: datetime) -> Iterator[str]:
    yield f"{_standing(row, seen)}: {_commit(row.deployment)}"
    age = span(max(now - datetime.fromtimestamp(row.deployment.created_at, UTC), timedelta(0)))
    author = f"{escape(row.deployment.author, _AUTHOR)}, " if row.deployment.author else ""
    yield f"   {author}{age} old"
    if not row.unfit and (seen.project.is_split or not row.domains):
        if _is_newer(row, seen):
            yield "   ⚠️ Newer than what is live: make sure that it isn't the one that broke"
        yield f"   `/rollback vercel {escape(row.deployment.id, _NAME)}`"


def _standing(row: DeploymentSeen, seen: DeploymentsSeen) -> str:
    if row.domains:
        is_all = len(row.domains) == len(seen.project.live)
        few = f"{escape(row.domains[0], _DOMAIN)}{f' and {len(row.domains) - 1} more' if row.domains[1:] else ''}"
        return f"🟢 *Live* on {'every production domain' if is_all else few}"
    if row.unfit:
        return f"🚫 *Not eligible* ({escape(row.unfit, _NAME)})"
    return "↩️ *The previous one*" if row.is_previous else "↩️ *Eligible*"


def _commit(deployment: Deployment) -> str:
    """What people know it by; the id where no commit is known."""
    if not (deployment.sha or deployment.subject):
        return f"`{escape(deployment.id, _NAME)}`"
    sha = f"`{escape(deployment.sha[:7])}` " if deployment.sha else ""
    subject = f'"{escape(deployment.subject, _SUBJECT)}"' if deployment.subject else ""
    return f"{sha}{subject}".strip()


def _is_newer(row: DeploymentSeen, seen: DeploymentsSeen) -> bool:
    live = [one.deployment.created_at for one in seen.rows if one.domains]
    return not row.domains and bool(live) and row.deployment.created_at > max(live)
