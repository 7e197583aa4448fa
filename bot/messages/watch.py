"""A watch in words: what it looks at, what it has seen, and what it proposes, with the figures as the reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.checks import NO_ANSWER_SECONDS
from bot.core.performance import reading_from_json
from bot.core.plan import Ask, Step
from bot.core.policy import is_proposing
from bot.core.request import ChangeRequest
from bot.core.watch import Figures, Summary, Watch, summary, under_way, watch_of
from bot.messages.blocks import actions, button, pages, sections
from bot.messages.chart import chart, in_characters
from bot.messages.performance import report
from bot.messages.picture import Block, Picture, picture
from bot.messages.wording import count, escape, listed, moment, plain

PROPOSE = "propose"
_NAME, _TARGET, _SHOWN = 60, 160, 10
_MINUTE, _FEW = 60, 2
_ROLL_BACK = "rollback_deployment"


@dataclass(frozen=True)
class WatchProduction:
    """What people read of such a step."""

    step: Step
    by_hand = caution = ""
    waits_for = proven_when = "its time is over"

    @property
    def what(self) -> str:
        """What happens to what, as a plain phrase that begins small."""
        return f"watch {self.step.target} for {_time(self._after['for'])}"

    @property
    def noun(self) -> str:
        """What it is called, as a plain phrase that can be asked for: "a rollback of …"."""
        return f"a watch on {self.step.target} for {_time(self._after['for'])}"

    @property
    def effect(self) -> str:
        """What it comes to, as a plain sentence."""
        return "Production is only looked at."

    @property
    def facts(self) -> tuple[str, ...]:
        """Before and after, as lines of mrkdwn, complete."""
        limits: Mapping[str, float | None] = self._before["checks"]
        looked = [f"• {escape(name)}{_limit(limit)}" for name, limit in limits.items()]
        every = f"*Every {_time(self._after['every'])} for {_time(self._after['for'])}*"
        database = "*At the begin and at the end*: what the database is busy with"
        return (
            "It only looks: nothing is changed in production.",
            *([f"{every}, one look at", *looked] if looked else [f"{every}: no check of the site only reads a page"]),
            *([database] if self._before["database"] else []),
        )

    def done(self, at: str, found: Mapping[str, Any]) -> str:
        """What was seen, as a sentence of mrkdwn."""
        told = summary_in(found)
        return f"Watched until {at} and changed nothing. {' '.join(_told(told))}"

    def look_at(self, op_id: str) -> tuple[str, ...]:  # noqa: ARG002  # it has no mark in production
        """Nothing: a watch is never in doubt."""
        return ()

    def afterwards(self, found: Mapping[str, object] | None, request: str) -> tuple[str, ...]:  # noqa: ARG002  # as above
        """Nothing is left behind."""
        return ()

    @property
    def _before(self) -> Mapping[str, Any]:
        return self.step.before

    @property
    def _after(self) -> Mapping[str, Any]:
        return self.step.after


def summary_in(facts: Mapping[str, Any]) -> Summary:
    """The summary that the log keeps with the step."""
    return Summary(**{**facts, "figures": tuple(Figures(**one) for one in facts["figures"])})


def reason_of(request: ChangeRequest, watch: Watch) -> str:
    """Why what a watch proposes is asked for, as plain text: its figures, then why it was asked for."""
    why = f" {request.id} was asked for because: {plain(request.reason)}" if plain(request.reason) else ""
    began = f"{watch.began_at:%Y-%m-%d %H:%M} UTC"  # it may be pressed long afterwards
    seen = summary(watch)
    return f"{request.id} watched for {_time(seen.seconds)} from {began}. {' '.join(_figures_told(seen))}{why}"


def watched(request: ChangeRequest, watch: Watch) -> Picture:
    """The chart and the figures, look by look."""
    goes_on = under_way(request) is not None
    seen = summary(watch)
    if goes_on:
        head = f"👀 *{request.id} watches production* until about {moment(watch.ends_at)}. Looking changes nothing."
    else:
        head = f"👀 *{request.id} watched production* for {_time(seen.seconds)}. Looking changed nothing."
    figures = list(_told(seen))
    early = [] if request.is_final else _button(request)
    how = [f"If it can't wait: {_proposed(request)}"] if early else []
    note = f"A look without an answer is drawn as {NO_ANSWER_SECONDS:g} s."
    notes = [note] if any(one.unanswered for one in seen.figures) else []
    above, below = sections([head, *figures]), [*sections([*notes, *how]), *actions(early)]
    return picture(
        " ".join([head, *figures, *how]),
        [*above, *chart(watch), *below],
        plain=[*above, *in_characters(watch), *below],
    )


def database(request: ChangeRequest) -> Picture:
    """What the database is busy with: at the begin of the watch, and what came of it until the end."""
    first, *later = (reading_from_json(facts) for facts in request.readings)
    head, *lines = report(first, later[-1] if later else None)
    head = f"🗄️ {head}, at the {'end' if later else 'begin'} of the watch"
    return picture(f"{head}: {' '.join(lines[:_FEW])}", pages(sections([head, *lines]))[0])


def proposal(request: ChangeRequest) -> Picture:
    """What an ended request proposes, with the button; without it once that was asked for, or done by another one."""
    if request.planned_again_as:
        told = f"What {request.id} proposed was asked for as {escape(request.planned_again_as)}."
        return picture(told, sections([told]))
    if request.overtaken_by:
        by = escape(request.overtaken_by)
        told = f"{by} has done such a step since {request.id} began to watch, so this proposes nothing more."
        return picture(told, sections([told]))
    told = f"{request.id} has ended. If it did not get better: {_proposed(request)}"
    return picture(told, [*sections([told]), *actions(_button(request))])


def proposed_phrase(asks: Sequence[Ask]) -> str:
    """What is proposed, as a phrase of mrkdwn."""
    return listed([_phrase(ask) for ask in asks])


def _phrase(ask: Ask) -> str:
    target = str(ask.params.get("target", ""))
    if ask.action == _ROLL_BACK:
        to = "the deployment before" if target == "previous" else f"`{escape(target, _TARGET)}`"
        return f"roll Vercel back to {to}"
    tables = ask.params.get("tables")
    of = f" of {escape(listed([str(name) for name in tables]), _TARGET)}" if isinstance(tables, list | tuple) else ""
    return f"{escape(ask.action.replace('_', ' '))}{of}"


def _proposed(request: ChangeRequest) -> str:
    reason = "with what was seen as the reason" if watch_of(request) else "for the same reason"
    return (
        f"*{_label(request)}* asks to {proposed_phrase(request.proposes)}, {reason}. That is a request of its own, "
        "which others have to approve. Anyone who may ask can press it."
    )


def _button(request: ChangeRequest) -> list[Block]:
    if request.planned_again_as or request.overtaken_by or not is_proposing(request):
        return []
    digest = request.plan.digest if request.plan else ""
    return [button(_label(request), PROPOSE, request=request.id, digest=digest)]


def _label(request: ChangeRequest) -> str:
    rolls_back = all(ask.action == _ROLL_BACK for ask in request.proposes)
    return "Propose the rollback" if rolls_back else "Propose it"


def _told(seen: Summary) -> Iterator[str]:
    """The figures, as sentences of mrkdwn."""
    yield from (escape(line) for line in _figures_told(seen))


def _figures_told(seen: Summary) -> Iterator[str]:
    """The figures, as plain sentences; what there is no figure of is said."""
    if not seen.figures:
        yield "No required check only reads a page, so there is no look at the site."
        return
    if not seen.looks:
        yield "No look at the site yet." if not seen.seconds else "The site was not looked at meanwhile."
        return
    newest = f"; in the last {_time(seen.newest_seconds)} at {seen.newest_failed} of {seen.newest}"
    yield f"Not as expected at {seen.failed} of {count(seen.looks, 'look')}{newest if seen.newest else ''}."
    worst_first = sorted(seen.figures, key=lambda one: -one.failed)
    yield from map(_of, worst_first[:_SHOWN])
    left = worst_first[_SHOWN:]
    if left:
        yield f"{count(len(left), 'more check')}, wrong at most {left[0].failed} times."


def _of(one: Figures) -> str:
    name = plain(one.name, _NAME)
    missing = f", {one.unanswered} without an answer" if one.unanswered else ""
    wrong = f"{one.failed} of {one.looks} wrong{missing}" if one.failed else "all as expected"
    if one.median is None or one.worst is None:
        return f"{name}: no answer at any look." if one.looks else f"{name}: not looked at."
    return f"{name}: median {one.median:.2f} s, worst {one.worst:.2f} s{_limit(one.limit)}; {wrong}."


def _limit(limit: float | None) -> str:
    return "" if limit is None else f" (limit {limit:g} s)"


def _time(seconds: float) -> str:
    return f"{seconds / _MINUTE:.0f} min" if seconds >= _FEW * _MINUTE else f"{seconds:.0f} s"
