"""A build that failed, for the whole channel: what Vercel says of it, and what people have of it, as far as proven."""

from collections.abc import Iterator
from datetime import UTC, datetime

from bot.core.build_failure import BuildFailure, Inspection
from bot.core.deployment import Deployment
from bot.messages.blocks import context, preformatted, sections
from bot.messages.picture import Block, Picture, picture
from bot.messages.wording import count, escape, mention, moment, plain

_NAME, _MESSAGE, _LINE, _DOUBT = 80, 600, 200, 300
_NOT_SEEN = "What its build script did by itself, as a migration, can't be seen at Vercel."


def build_failure(seen: Inspection, asked_by: str) -> Picture:
    """What was seen, and who asked to look."""
    name = escape(seen.project.name, _NAME)
    small = context(f"{mention(asked_by)} asked to look. Looking changed nothing.")
    if seen.failure is None:
        told = f"✅ No failed production build of {name} is in Vercel's list. Live: {_brief(seen.live)}."
        return picture(told, [*sections([told]), small])
    head = [f"🔧 *The newest production build that failed* of {name}", *_facts(seen.failure)]
    tail = [*_link(seen.failure), *_impact(seen, seen.failure)]
    text = " ".join([*head, *_impact(seen, seen.failure)])
    return picture(text, [*sections(head), *_log(seen.failure), *sections(tail), small])


def _facts(failure: BuildFailure) -> Iterator[str]:
    of = failure.deployment
    who = f"by {escape(of.author, _NAME)}, " if of.author else ""
    where = f"branch {escape(of.branch, _NAME)}, " if of.branch else ""
    begun = moment(datetime.fromtimestamp(of.created_at, UTC), "{date_short_pretty} at {time}")
    yield f"{_brief(of)}, {who}{where}begun {begun}"
    code = f" ({escape(failure.code, _NAME)})" if failure.code else ""
    said = escape(failure.message, _MESSAGE)
    yield f"*Vercel says*: {said}{code}" if said else f"Vercel gives no reason{code}."


def _log(failure: BuildFailure) -> list[Block]:
    """The last lines that went to standard error."""
    if failure.lines is None:
        return sections(["The build's log could not be read."])
    if not failure.lines:
        return sections(["Nothing in the end of its log went to standard error."])
    told = f"The last {count(len(failure.lines), 'line')} of its log that went to standard error:"
    return [*sections([told]), preformatted("\n".join(plain(line, _LINE) for line in failure.lines))]


def _link(failure: BuildFailure) -> Iterator[str]:
    if failure.log_url:
        yield f"<{failure.log_url}|The whole log at Vercel>"


def _impact(seen: Inspection, failure: BuildFailure) -> Iterator[str]:
    """What is said of people and data is said with its proof, or not at all."""
    if seen.doubt:
        yield f"⚠️ *Whether people notice anything is not proven*: {escape(seen.doubt, _DOUBT)}"
        yield "`/rollback deployments` shows what is live, `/rollback vercel` rolls back."
        return
    domains = count(len(seen.project.live), "production domain")
    since = "newer, and" if seen.live.created_at > failure.deployment.created_at else "older, and"
    yield (
        f"✅ *No database change, no user impact* from this deployment: {domains} checked, and all serve another build "
        f"({since} READY): {_brief(seen.live)}. This one never went live. {_NOT_SEEN}"
    )
    yield "Next: mend the build and push again. There is nothing to roll back."


def _brief(deployment: Deployment) -> str:
    commit = f"`{escape(deployment.sha[:7])}` " if deployment.sha else ""
    subject = f'"{escape(deployment.subject, _NAME)}" ' if deployment.subject else ""
    return f"{commit}{subject}`{escape(deployment.id, _NAME)}`"
