"""What an incident's requests changed: each step before and after, as it was approved and proven, and the checks."""

from collections.abc import Iterator

from bot.core.change import State
from bot.core.checks import CheckResult
from bot.core.request import ChangeRequest, StepRun
from bot.messages.account import Account
from bot.messages.events import spelled
from bot.messages.markdown import harmless, table
from bot.messages.plan import short
from bot.messages.standing import state_words, step_words, what, what_is_true
from bot.messages.steps import StepWords
from bot.messages.tables import seen_words
from bot.messages.wording import capital

_HEAD = ("check", "decides", "before", "after", "expected")


def lines(account: Account) -> Iterator[str]:
    """A section for each request."""
    if not account.requests:
        yield from ("", "No change was asked for.")
    for request in account.requests:
        yield from _request(account, request)


def _request(account: Account, request: ChangeRequest) -> Iterator[str]:
    runbook = account.runbook
    yield from ("", f"### {request.id}: {harmless(capital(what(request, runbook)))}", "")
    yield f"- **State**: {harmless(state_words(request))}"
    yield f"- **Asked by**: {account.who(request.requester)} at {spelled(request.made_at)}"
    yield f"- **Why**: {account.said(request.reason) or 'no reason was given'}"
    yield f"- **Risk**: {harmless(request.risk)}"
    if request.plan:
        yield f"- **Plan**: digest `{short(request.plan.digest)}`"
    if request.is_final:
        yield from (f"- {account.shown(line)}" for line in what_is_true(request, runbook))
    yield from (f"- Step {index + 1} was taken back by {by}" for index, by in request.undone.items())
    for index, words in enumerate(step_words(request, runbook)):
        yield from _step(account, request, index, words)
    yield from _checks(request)


def _step(account: Account, request: ChangeRequest, index: int, words: StepWords) -> Iterator[str]:
    run = next((run for run in request.runs if run.index == index), None)
    yield from ("", f"**Step {index + 1}: {harmless(words.what)}**", "")
    yield f"- {_how_it_went(request, run)}"
    if run and run.facts is not None and run.ended_at:
        yield f"- **After**: {account.shown(words.done(spelled(run.ended_at), run.facts))}"
    yield "- **Before, and what was approved:**"
    yield from (f"  - {account.shown(fact)}" for fact in words.facts)


def _how_it_went(request: ChangeRequest, run: StepRun | None) -> str:
    if run is None:
        return "Not begun"
    began = f"Began {spelled(run.started_at)}"
    if run.ended_at is None:
        return f"{began}; whether it happened isn't known" if request.state is State.UNKNOWN else f"{began}; under way"
    if run.facts is None:
        settled = request.settled_by and run in request.done
        return (
            f"{began}, ended {spelled(run.ended_at)}{'; a person says that it happened' if settled else '; not done'}"
        )
    took = (run.ended_at - run.started_at).total_seconds()
    return f"{began}, proven done {spelled(run.ended_at)}, after {took:.1f} s"


def _checks(request: ChangeRequest) -> Iterator[str]:
    before = {result.name: result for result in request.baseline or ()}
    after = {result.name: result for result in request.results or ()}
    yield from ("", "**Checks**")
    if before or after:
        yield from table(_HEAD, (_check(before.get(name), after.get(name)) for name in {**before, **after}))
    else:
        yield from ("", "None ran.")


def _check(before: CheckResult | None, after: CheckResult | None) -> tuple[str, ...]:
    known = after or before
    if known is None:
        return ()
    cells = (
        known.name,
        "yes" if known.required else "no",
        f"{before.verdict.value}: {seen_words(before)}" if before else "not asked",
        f"{after.verdict.value}: {seen_words(after)}" if after else "not asked",
        known.expected,
    )
    return tuple(map(harmless, cells))
