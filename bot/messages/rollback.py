"""A Vercel rollback (or the promote that undoes one) in words: from which build to which, and what it leaves as it is.

What a rollback does and doesn't do: vercel.com/docs/instant-rollback.
"""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.deployment import Deployment, RollbackFacts
from bot.messages.wording import count, escape, moment

PINNED = "Pushes will not go live until a deployment is promoted."
UNPINNED = "Afterwards pushes to production go live by themselves again."
_NAME, _LOOKED_AT = 100, 5  # characters of a name, domains; the plan shows all
_SUBJECT = 60  # characters of a commit's subject in a phrase


@dataclass(frozen=True)
class Rollback:
    """What people read of one such step; `team` is Vercel's, "" for a personal account."""

    known: RollbackFacts
    team: str
    caution = ""
    waits_for = "Vercel's answer"
    proven_when = "every production domain serves it"

    @property
    def is_rollback(self) -> bool:
        """Whether it pins production to an older build; a promote does not."""
        return self.known.how == "rollback"

    @property
    def what(self) -> str:
        """What happens to what, as a plain phrase that begins small."""
        target = _named(self.known.target)
        if self.is_rollback:
            return f"roll back {self.known.project_name} to {target}"
        return f"promote {target} in {self.known.project_name}"

    @property
    def noun(self) -> str:
        """What it is called, as a plain phrase that can be asked for: "a rollback of …"."""
        target = _named(self.known.target)
        if self.is_rollback:
            return f"a rollback of {self.known.project_name} to {target}"
        return f"the promotion of {target} in {self.known.project_name}"

    @property
    def effect(self) -> str:
        """What it comes to, as a plain sentence."""
        domains = count(len(self.known.domains), "production domain")
        return f"{domains} will serve it. {PINNED if self.is_rollback else self._pushes}"

    @property
    def by_hand(self) -> str:
        """The command that does the same without the bot."""
        return _command(self.known.how, self.known.target, self.team)

    @property
    def facts(self) -> tuple[str, ...]:
        """Before and after, as lines of mrkdwn, complete."""
        known = self.known
        return (
            f"Vercel project *{escape(known.project_name)}* (`{escape(known.project_id)}`)",
            f"*From* {_described(known.deployment)}",
            f"*To* {_described(known.target)}",
            *self._domains(),
            *(f"• {line}" for line in self._left_as_it_is()),
            *(f"• {line}" for line in (*self._warning(), *self._noteworthy())),
        )

    def done(self, at: str, found: Mapping[str, object]) -> str:
        """What was proven `at` a moment, as a sentence of mrkdwn."""
        verb = "Rolled back" if self.is_rollback else "Promoted"
        if found.get("already_live") is True:
            verb = f"Already live: Vercel did not take the {self.known.how}, because somebody was faster"
        return f"{verb}: every production domain served {escape(_named(self.known.target))} at {at}."

    def look_at(self, op_id: str) -> tuple[str, ...]:  # noqa: ARG002  # Vercel keeps none
        """What a person looks at to know whether it happened."""
        name, target = escape(self.known.project_name, _NAME), escape(self.known.target.id, _NAME)
        domains = [f"`{escape(domain, _NAME)}`" for domain in self.known.domains]
        more = [f"{len(domains) - _LOOKED_AT} more, as in the plan"] if len(domains) > _LOOKED_AT else []
        return (
            f"1. In Vercel, project *{name}*: is `{target}` the current production deployment?",
            f"2. Does each production domain serve it? {', '.join([*domains[:_LOOKED_AT], *more])}",
            f"It happened only if every one does; before, `{escape(self.known.deployment.id, _NAME)}` was live.",
        )

    def afterwards(self, found: Mapping[str, object] | None, request: str) -> tuple[str, ...]:
        """What comes next, by what was `found` when it was done; None where a person said so."""
        found = found or {}
        crons = found.get("crons_deployment") or self.known.target.id
        behind = f"Cron jobs ran from `{escape(str(crons), _NAME)}` when the step ended, not from the live deployment."
        return (
            *self._origin(found),
            *self._next_push(found, request),
            *([behind] if crons != self.known.target.id else []),
        )

    def _origin(self, found: Mapping[str, object]) -> tuple[str, ...]:
        origin = found.get("moved_from")
        if not origin:
            return ()
        what = f"⚠️ Somebody changed production just before the order: it was moved from `{escape(str(origin), _NAME)}`"
        return (f"{what}, which the plan never saw. Find out whether that was the fix.",)

    def _next_push(self, found: Mapping[str, object], request: str) -> tuple[str, ...]:
        if not self.is_rollback:
            is_off = found.get("auto_assign") is False
            return ("Automatic deployments are off all the same: pushes do not go live.",) if is_off else ()
        if found.get("auto_assign") is True:
            return ("📌 Automatic deployments are still on: the next push goes live and ends this rollback.",)
        promote = escape(_command("promote", self.known.deployment, self.team))
        undo = f"`/rollback undo {escape(request)}` promotes what was live before."
        return (f"📌 {PINNED} {undo} By hand: `{promote}`",)

    @property
    def _pushes(self) -> str:
        """Of a promote: it is not published whether it turns on what was off before any rollback."""
        staged = "Pushes did not go live by themselves before the rollback either; a promote may not change that."
        return staged if self.known.auto_assign_once is False else UNPINNED

    def _domains(self) -> Iterator[str]:
        yield "*Production domains* and what they serve now"
        for domain, id_ in self.known.live.items():
            yield f"• {escape(domain)}: `{escape(id_) or 'nothing'}`"
        for domain in self.known.domains:
            if domain not in self.known.live:
                yield f"• {escape(domain)}"

    def _left_as_it_is(self) -> Iterator[str]:
        if not self.is_rollback:
            yield "*Not changed*: the database. That build keeps the environment variables that it was built with"
            yield self._pushes
            return
        yield (
            "*Not restored*: the database (not touched); environment variables (that build keeps those it was built "
            "with, whatever was changed since); cron jobs (they become those of that build)"
        )
        yield PINNED

    def _warning(self) -> Iterator[str]:
        if self.is_rollback and self.known.target.created_at > self.known.deployment.created_at:
            yield "⚠️ This build is *newer* than the one that is live: make sure that it isn't the one that broke"

    def _noteworthy(self) -> Iterator[str]:
        known = self.known
        if known.rolled_back:
            ends = "" if self.is_rollback else "; this ends it"
            yield f"Production was rolled back already when this plan was made{ends}"
        if len(set(known.live.values())) > 1:
            yield "Production is split: the domains serve different deployments now"
        if known.rolling:
            share = "an unknown share" if known.rolling.percent is None else f"{known.rolling.percent:g} %"
            yield f"A rolling release is under way ({share} of traffic). It ends: all traffic goes to the target"
            yield f"Its base: {_described(known.rolling.base)}"
            yield f"Its new deployment: {_described(known.rolling.canary)}"
        if known.rolling_configured and not self.is_rollback:
            yield "Rolling releases are on: the promote begins one, so traffic moves in stages"
        if known.job:
            job = known.job
            yield f"Vercel's last order: {escape(job.type)} to `{escape(job.to_id)}`, {escape(job.status)}"
        if known.auto_assign is not None:
            yield f"Automatic deployments are {'on' if known.auto_assign else 'off'} now"
        if known.crons_deployment and known.crons_deployment != known.deployment.id:
            yield f"Cron jobs run from `{escape(known.crons_deployment)}` now, not from the live deployment"
        if known.target_production and known.target_production != known.deployment.id:
            yield f"Vercel names `{escape(known.target_production)}` as the production target, not the live deployment"
        if known.plan == "hobby":
            yield "On the Hobby plan only the previous production deployment can be gone to"


def _named(deployment: Deployment) -> str:
    """A deployment in a phrase: the short commit and its subject, or the id."""
    subject = deployment.subject if len(deployment.subject) <= _SUBJECT else f"{deployment.subject[: _SUBJECT - 1]}…"
    return " ".join([deployment.sha[:7] or deployment.id, *([f'"{subject}"'] if subject else [])])


def _described(deployment: Deployment) -> str:
    """Everything that is known of a deployment, as mrkdwn."""
    commit = f"`{escape(deployment.sha[:7])}` " if deployment.sha else ""
    subject = f'"{escape(deployment.subject)}" ' if deployment.subject else ""
    author = f"by {escape(deployment.author)}, " if deployment.author else ""
    branch = f"branch {escape(deployment.branch)}, " if deployment.branch else ""
    built = moment(datetime.fromtimestamp(deployment.created_at, UTC), "{date_short_pretty} at {time}")
    return f"{commit}{subject}{author}{branch}built {built}, `{escape(deployment.id)}`, {escape(deployment.url)}"


def _command(how: str, deployment: Deployment, team: str) -> str:
    words = ["vercel", how, deployment.id, "--yes", *(["--scope", team] if team else [])]
    return shlex.join(words)
