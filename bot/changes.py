"""What people can do to change requests: ask, click, plan again. Each is written down before anyone is told."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from bot.actions import Plans
from bot.actions.undo import asks_of_undo
from bot.core.change import Kind
from bot.core.errors import Refused
from bot.core.event import DeliveredBeforeError, Draft, UnknownStreamError
from bot.core.plan import Ask, Facts
from bot.core.policy import approvals_needed, overtaking, refusal_to_plan_again, refusal_to_propose, refusal_to_undo
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.core.watch import watch_of
from bot.drawing import Drawing
from bot.journal import Journal, runs_of
from bot.messages.watch import reason_of

LONGEST_REASON = 1000
RUNS_AMONG = 100  # requests among which runs are looked for


@dataclass(frozen=True)
class Delivery:
    """Something that Slack delivered: who did it, where, and the id that the log knows it by."""

    id: str
    person: str
    team: str
    channel: str
    response_url: str = ""


@dataclass(frozen=True)
class Wish:
    """What someone typed, understood: what shall be done, how it is called, how risky the runbook says it is."""

    asks: tuple[Ask, ...]
    title: str
    risk: str
    reason: str
    words: str
    scenario: str = ""  # the runbook's, by its name
    choice: str = ""  # what of it was chosen, by its action's name
    proposes: tuple[Ask, ...] = ()  # what may be asked for with one button, once it was watched


class Changes:
    """The verbs. `wake` is called with a stream after something was written to it, never before."""

    def __init__(
        self,
        *,
        journal: Journal[ChangeRequest],
        runbook: Runbook,
        actions: Mapping[str, Plans],
        drawing: Drawing[ChangeRequest],
        wake: Callable[[str], None],
    ) -> None:
        self._journal, self._runbook, self._actions = journal, runbook, actions
        self._drawing, self._wake = drawing, wake

    def ask(self, wish: Wish, delivery: Delivery, *, again_of: str = "") -> str:
        """Make a change request; its id. The same delivery again makes nothing and gives the same id.

        Raises Refused where this version can't do what was asked.
        """
        missing = sorted({ask.action for ask in (*wish.asks, *wish.proposes)} - set(self._actions))
        if missing or not wish.asks:
            text = f"This needs {', '.join(missing) or 'a step'}, which is not in this version. Nothing was changed."
            raise Refused("not_in_this_version", text)
        data: Facts = {
            "team": delivery.team,
            "channel": delivery.channel,
            "title": wish.title,
            "risk": wish.risk,
            "reason": wish.reason[:LONGEST_REASON],
            "required": approvals_needed([ask.action for ask in wish.asks], self._runbook.required_for(wish.risk)),
            "words": wish.words[:LONGEST_REASON],
            "asks": [asdict(ask) for ask in wish.asks],
            "again_of": again_of,
            "scenario": wish.scenario,
            "choice": wish.choice,
            "proposes": [asdict(ask) for ask in wish.proposes],
            "targets": list(self._targets(wish)),
        }
        try:
            stream = self._journal.begin(Draft(Kind.REQUEST_MADE, data, delivery.person, delivery.id))
        except DeliveredBeforeError as before:
            return before.stream
        if delivery.response_url:
            self._drawing.answer_through(stream, delivery.response_url)
        self._wake(stream)
        return stream

    def _targets(self, wish: Wish) -> tuple[str, ...]:
        """What the request is about, each once: two steps of one plan may have the same target."""
        targets = [target for ask in wish.asks for target in self._actions[ask.action].targets(ask.params)]
        return tuple(dict.fromkeys(targets))

    def click(self, kind: Kind, stream: str, delivery: Delivery, **more: Any) -> None:
        """Keep what someone pressed; it is decided afterwards. The same delivery again changes nothing.

        Raises Refused where there is no such request.
        """
        data = {"team": delivery.team, "channel": delivery.channel, **more}
        try:
            self._journal.note(stream, Draft(kind, data, delivery.person, delivery.id))
        except DeliveredBeforeError:
            pass
        except UnknownStreamError:
            raise _unknown(stream) from None
        self._wake(stream)

    def plan_again(self, stream: str, delivery: Delivery) -> str:
        """Ask anew for what an ended request asked for and didn't do, as production is now; the new request's id.

        Raises Refused where there is no such request, it hasn't ended, did all, or was planned again already.
        """
        old = self.request(stream)
        if refusal := refusal_to_plan_again(old):
            raise refusal
        asks = tuple(old.asks[index] for index in old.left)
        choice = old.choice if asks == old.asks else ""  # of the rest there is nothing to choose
        wish = Wish(asks, old.title, old.risk, old.reason, old.words, old.scenario, choice, old.proposes)
        return self.ask(wish, delivery, again_of=stream)  # noted on the old one once the new one has its plan

    def propose(self, stream: str, delivery: Delivery) -> str:
        """Ask for what a watch proposes, with what it has seen as the reason; the new request's id.

        Raises Refused where there is no such request, it proposes nothing, or that was asked for or done already.
        """
        watched = self.request(stream)
        by = "" if watched.planned_again_as else overtaking(watched, self._journal.newest(RUNS_AMONG))
        if by:
            overtaken = Draft(Kind.OVERTAKEN, {"request": by})
            watched = self._journal.record_while(stream, lambda request: not request.overtaken_by, overtaken)
            self._wake(stream)  # its button can't act any more
        if refusal := refusal_to_propose(watched):
            raise refusal
        watch = watch_of(watched)
        reason = reason_of(watched, watch) if watch else watched.reason
        wish = Wish(watched.proposes, watched.title, watched.risk, reason, watched.words, watched.scenario)
        return self.ask(wish, delivery, again_of=stream)

    def undo(self, stream: str, delivery: Delivery, *, reason: str, words: str) -> str:
        """Ask for everything that an ended request did to be taken back; the new request's id.

        Raises Refused where there is no such request, or nothing of it can be taken back.
        """
        earlier = self.request(stream)
        refusal = refusal_to_undo(earlier)
        if refusal:
            raise refusal
        wish = Wish(asks_of_undo(earlier), f"Undo of {stream}", earlier.risk, reason, words)
        return self.ask(wish, delivery)

    def note_promote(self, stream: str, deployment: str) -> None:
        """Keep that somebody ended what a rollback of this request pinned; `deployment` names what is live since."""
        draft = Draft(Kind.PROMOTE_SEEN, {"deployment": deployment})
        self._journal.record_while(stream, lambda request: not request.promote_seen, draft)
        self._wake(stream)

    def note_resumed(self, stream: str, tables: Sequence[str]) -> None:
        """Keep that writes to these tables, which this request stopped, were seen resumed by nobody's request."""
        self._journal.note(stream, Draft(Kind.WRITES_RESUMED, {"tables": list(tables), "request": ""}))
        self._wake(stream)

    def request(self, stream: str) -> ChangeRequest:
        """A request as it stands. Raises Refused where there is none."""
        try:
            return self._journal.read(stream)
        except UnknownStreamError:
            raise _unknown(stream) from None

    def runs_of(self, op_ids: Collection[str]) -> Mapping[str, str]:
        """By operation, the request that it belongs to, as far as the log knows."""
        return runs_of(self._journal, op_ids)

    def last_runs(self, most: int) -> tuple[ChangeRequest, ...]:
        """The newest of the ended requests that began a step, newest first."""
        ran = (request for request in self._journal.newest(RUNS_AMONG) if request.is_final and request.runs)
        return tuple(islice(ran, most))

    def open_and_newest(self) -> tuple[ChangeRequest, ...]:
        """Every request that is open, and the newest of those that aren't, oldest first."""
        return self._journal.open_and_newest()


def _unknown(stream: str) -> Refused:
    return Refused("unknown_request", f"There is no request {stream}. `/rollback status` lists them.")
