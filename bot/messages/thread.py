"""Every message that a request shows now. One that was posted and isn't named any more stays as it is."""

from collections.abc import Iterator

from bot.core.change import State
from bot.core.policy import is_proposing
from bot.core.request import CARD, ChangeRequest
from bot.core.runbook import Runbook
from bot.core.watch import watch_of
from bot.messages import approval, card, outcome, plan, private, rest, run, watch
from bot.messages.picture import Message, Place


def card_of(request: ChangeRequest) -> str:
    """The `ts` of the request's card; "" while it isn't there."""
    card = request.posted.get(CARD)
    return card.ts if card else ""


def messages_of(request: ChangeRequest, runbook: Runbook) -> tuple[Message, ...]:
    """The messages, in the order in which they are to be posted: the card first, then what people wait for."""
    return tuple(_messages(request, runbook))


def _messages(request: ChangeRequest, runbook: Runbook) -> Iterator[Message]:
    if request.plan:
        yield Message(CARD, Place.CHANNEL, card.card(request, runbook))
    yield from _answers(request)
    if request.plan:
        yield from _in_the_thread(request, runbook)
    yield from _faults(request)


def _in_the_thread(request: ChangeRequest, runbook: Runbook) -> Iterator[Message]:
    parts, file = plan.plan(request, runbook)
    for number, part in enumerate(parts, 1):
        yield Message("plan" if number == 1 else f"plan/{number}", Place.THREAD, part, file=file)
    if request.required:
        yield Message("approval", Place.THREAD, approval.approval(request, runbook, file))
    if request.half_time_passed and request.state is State.WAITING:
        yield Message("half_time", Place.THREAD, approval.half_time(request, runbook, file))
    if request.baseline and request.results is None:
        yield Message("baseline", Place.THREAD, outcome.baseline(request))
    if _shows_run(request):
        yield Message("run", Place.THREAD, run.run(request, runbook))
    yield from _of_its_watch(request)
    if request.state is State.UNKNOWN or _is_begun(request, "unknown"):
        yield Message("unknown", Place.THREAD, run.unknown(request, runbook))
    if request.is_final:
        yield Message("outcome", Place.BROADCAST, outcome.outcome(request, runbook))
    if rest.is_offered(request):
        yield Message("rest", Place.THREAD, rest.rest(request))
    if request.is_final and is_proposing(request):
        yield Message("proposal", Place.THREAD, watch.proposal(request))


def _of_its_watch(request: ChangeRequest) -> Iterator[Message]:
    """The chart with its figures, and what the database is busy with."""
    seen = watch_of(request)
    if seen:
        yield Message("watch", Place.THREAD, watch.watched(request, seen))
    if request.readings:
        yield Message("database", Place.THREAD, watch.database(request))


def _shows_run(request: ChangeRequest) -> bool:
    return request.state is State.APPROVED or bool(request.runs) or _is_begun(request, "run")


def _is_begun(request: ChangeRequest, name: str) -> bool:
    """Whether the message is there, or may be: then its buttons have to go when they can't act any more."""
    return name in request.begun or name in request.posted


def _answers(request: ChangeRequest) -> Iterator[Message]:
    if request.state is State.REFUSED and request.ending:
        yield Message("refusal", Place.PRIVATE, private.refusal(request.ending.text), request.requester)
    for click in request.answered:
        yield Message(f"answer/{click.seq}", Place.PRIVATE, private.refusal(click.refusal), click.person)
    for click in request.pending:
        if click.is_held:
            yield Message(f"answer-held/{click.seq}", Place.PRIVATE, private.held(), click.person)


def _faults(request: ChangeRequest) -> Iterator[Message]:
    """In the thread; before there is one, to the requester alone."""
    place, person = (Place.THREAD, "") if request.plan else (Place.PRIVATE, request.requester)
    for reference in request.faults:
        yield Message(f"fault/{reference}", place, private.fault_of_request(request.id, reference), person)
