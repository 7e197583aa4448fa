"""Cases of the order: production moved since the plan, each status that Vercel documents, answers that are lost."""

from tests.simulator import vercel_cast as the
from tests.simulator.vercel_bodies import refusal
from tests.simulator.vercel_case import PROMOTE, ROLLBACK, Case, Move, Says, Trouble
from tests.simulator.vercel_cases_asked import HTML
from tests.simulator.wire import Answer

ELSEWHERE = Answer(307, headers={"location": "http://localhost:9/elsewhere"})


def drifted(name: str, live: str, *moves: Move) -> Case:
    """A case in which production moved between the plan and the run."""
    return Case(name, Says.DRIFT, live, 0, meanwhile=moves)


def ordered(name: str, says: Says, live: str, answer: Answer | None, *, applied: bool = False) -> Case:
    """A case in which every order gets this answer, or none at all."""
    repeats = answer is not None and answer.status in (204, 408, 503, 504)  # what 200 and 500 show of the client
    return Case(name, says, live, troubles=(Trouble("order", answer, applied),), cli=None if repeats else ROLLBACK)


MOVED = (
    drifted("a hotfix was promoted since the plan", the.OLDEST, ("promote", the.OLDEST)),
    drifted("a push went live since the plan", the.PUSHED, ("push", "Fix the session checks")),
    drifted("another order is running at the run", the.OLDER, ("slow rollback", the.OLDER)),
    drifted("moved away and back since the plan", the.BROKEN, ("rollback", the.OLDER), ("promote", the.BROKEN)),
    drifted("the target was deleted since the plan", the.BROKEN, ("delete", the.PREVIOUS)),
    drifted("the target is no longer eligible", the.BROKEN, ("stage", the.PREVIOUS)),
    drifted("a rolling release began since the plan", the.BROKEN, ("roll out", the.STAGED)),
    drifted("the same rollback was done since the plan", the.PREVIOUS, ("rollback", the.PREVIOUS)),
    Case(
        "the project can't be read at the run",
        Says.UNAVAILABLE,
        the.BROKEN,
        0,
        troubles=(Trouble("project", Answer(503), after_the_plan=True),),
        cli=None,  # it has no plan
    ),
    Case(
        "the project can't be read for 7 s at the run",
        Says.DONE,
        troubles=(Trouble("project", Answer(503), seconds=7, after_the_plan=True),),
        cli=None,
    ),
    Case("Vercel is gone at the order", Says.UNAVAILABLE, the.BROKEN, 0, gone=True, cli=None),
    Case("somebody rolls back the same way just before", Says.DONE, at_the_act=(("rollback", the.PREVIOUS),), cli=None),
    Case(
        "a hotfix is promoted just before the order",
        Says.DONE,
        at_the_act=(("promote", the.OLDEST),),
        names=the.OLDEST,
        cli=None,
    ),
    Case(
        "done by somebody just before, and nothing can be read after",
        Says.UNKNOWN,
        at_the_act=(("rollback", the.PREVIOUS),),
        troubles=(Trouble("look", Answer(500)),),
        cli=None,
    ),
    Case(
        "done by somebody just before, and nothing can be read for 5 s",
        Says.DONE,
        at_the_act=(("rollback", the.PREVIOUS),),
        troubles=(Trouble("look", Answer(500), seconds=5),),
        cli=None,
    ),
    Case(
        "409 because the same order is running",
        Says.DONE,
        at_the_act=(("slow rollback", the.PREVIOUS),),
        troubles=(Trouble("order", refusal(409, "conflict", "Another request is in progress.")),),
    ),
)

STATUSES = (
    *(
        ordered(f"the order answers {status}", Says.FAILED, the.BROKEN, refusal(status, "no", "Not like this"))
        for status in (400, 401, 402, 403, 404, 409, 410, 422)
    ),
    ordered("the order answers 429 always", Says.FAILED, the.BROKEN, refusal(429, "rate_limited", "Slow down")),
    *(
        ordered(f"the order answers {status} and is not carried out", Says.UNKNOWN, the.BROKEN, Answer(status))
        for status in (408, 500, 503, 504)
    ),
    ordered("the order answers HTML 502 and is not carried out", Says.UNKNOWN, the.BROKEN, HTML),
    *(
        ordered(f"the order answers {status} and is carried out", Says.DONE, the.PREVIOUS, Answer(status), applied=True)
        for status in (200, 202, 204, 500, 504)
    ),
    ordered("the order answers HTML 502 and is carried out", Says.DONE, the.PREVIOUS, HTML, applied=True),
    ordered("accepted, and nothing ever happens", Says.UNKNOWN, the.BROKEN, Answer(201)),
    ordered("redirected to another host", Says.UNKNOWN, the.BROKEN, ELSEWHERE),
    ordered("the answer is lost after acceptance", Says.DONE, the.PREVIOUS, None, applied=True),
    ordered("the order is lost on its way", Says.UNKNOWN, the.BROKEN, None),
    Case(
        "the answer never comes, and it is carried out",
        Says.DONE,
        troubles=(Trouble("order", applied=True, held=True),),
        patience=0.4,
        cli=None,  # it waits for ever
    ),
)


def undone(name: str, says: Says, live: str, answer: Answer | None = None, *, applied: bool = True) -> Case:
    """A case of the promote that undoes a rollback; with no answer given, the stand-in's own."""
    troubles = (Trouble("order", answer, applied),) if answer else ()
    repeats = answer is not None and answer.status in (400, 401, 410, 422)  # what 403 and 409 show of the client
    return Case(name, says, live, undo=True, troubles=troubles, cli=None if repeats else PROMOTE)


UNDO = (
    undone("the undo promotes what was live", Says.DONE, the.BROKEN),
    undone("the undo is queued behind a rolling release", Says.UNKNOWN, the.PREVIOUS, Answer(202), applied=False),
    undone("the undo answers 500 and is carried out", Says.DONE, the.BROKEN, Answer(500)),
    undone("the undo answers 500 and is not carried out", Says.UNKNOWN, the.PREVIOUS, Answer(500), applied=False),
    *(
        undone(f"the undo answers {status}", Says.FAILED, the.PREVIOUS, refusal(status, "no", "Not so"), applied=False)
        for status in (400, 401, 403, 409, 410, 422)
    ),
    Case(
        "the undo was done by somebody just before",
        Says.DONE,
        the.BROKEN,
        undo=True,
        at_the_act=(("promote", the.BROKEN),),
        cli=PROMOTE,
    ),
    Case(
        "the undo of what is no longer live",
        Says.REFUSED,
        the.OLDEST,
        0,
        "undo_moved_on",
        undo=True,
        cli=None,
        meanwhile=(("promote", the.OLDEST),),
    ),
    Case(
        "the undo starts a rolling release",
        Says.UNKNOWN,
        the.PREVIOUS,
        undo=True,
        knobs={"rolling_stages": [{"targetPercentage": 10}]},
        cli=PROMOTE,
    ),
)

ORDERED: tuple[Case, ...] = (*MOVED, *STATUSES, *UNDO)
