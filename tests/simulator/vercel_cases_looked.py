"""Cases of the time after the order: what the project shows of it, and whether it can be read at all."""

from tests.simulator import vercel_cast as the
from tests.simulator.vercel_bodies import refusal
from tests.simulator.vercel_case import Case, Says, Trouble
from tests.simulator.vercel_cases_asked import HTML, PAGE
from tests.simulator.wire import Answer

PATIENT = Answer(429, headers={"retry-after": "1"})

RECORDED = (
    Case("no record of the job ever appears", Says.DONE, knobs={"records_jobs": False}),
    Case("the record of the job lags by 50 ms", Says.DONE, knobs={"record_lag": 0.05}),
    Case("the record of the job lags by an hour", Says.DONE, knobs={"record_lag": 3600.0}),
    Case("Vercel's clock is 4 minutes behind", Says.DONE, knobs={"clock_skew": -240.0}),
    Case("Vercel's clock is 4 minutes ahead", Says.DONE, knobs={"clock_skew": 240.0}),
    Case("somebody promotes another one meanwhile", Says.FAILED, the.OLDEST, knobs={"promote_after_post": the.OLDEST}),
    Case("somebody promotes the same one meanwhile", Says.DONE, knobs={"promote_after_post": the.PREVIOUS}),
    Case(
        "somebody promotes the broken one meanwhile", Says.FAILED, the.BROKEN, knobs={"promote_after_post": the.BROKEN}
    ),
    Case(
        "a domain is removed meanwhile",
        Says.DONE,
        afterwards=(("remove", the.SITE),),
        cli=None,
    ),
    Case(
        "a domain is added meanwhile, on the broken one",
        Says.FAILED,
        "",
        afterwards=(("add", "new.ibam.example"),),
        cli=None,
    ),
    Case(
        "an earlier rollback to it had failed, and the record lags",
        Says.DONE,
        earlier=(("failed rollback", the.PREVIOUS),),
        knobs={"record_lag": 2.0},
    ),
    Case("somebody rolls back further", Says.FAILED, the.OLDEST, afterwards=(("slow rollback", the.OLDEST),), cli=None),
    Case("the job is skipped", Says.FAILED, the.BROKEN, knobs={"job_result": "skipped"}),
    Case("the job failed and every domain moved", Says.DONE, knobs={"job_result": "failed"}),
    Case(
        "the job failed and one domain did not move",
        Says.FAILED,
        "",
        knobs={"job_result": "failed", "stuck_domains": {the.SITE}},
    ),
    Case(
        "the job failed and no domain moved",
        Says.FAILED,
        the.BROKEN,
        knobs={"job_result": "failed", "stuck_domains": {*the.DOMAINS}},
    ),
    Case(
        "the job failed and its domains can't be listed",
        Says.FAILED,
        "",
        knobs={"job_result": "failed", "stuck_domains": {the.SITE}},
        troubles=(Trouble("aliases", refusal(403, "forbidden", "Not authorized")),),
    ),
    Case("the job succeeded and one domain never moves", Says.FAILED, "", knobs={"stuck_domains": {the.SITE}}),
    Case(
        "the job takes longer than anybody waits",
        Says.UNKNOWN,
        knobs={"job_seconds": 1800.0, "domain_seconds": 600.0},
        cli=("rollback", "{target}", "--yes", "--timeout", "2s"),
    ),
    Case(
        "the order is lost and somebody promotes another one",
        Says.FAILED,
        the.OLDEST,
        troubles=(Trouble("order"),),
        afterwards=(("promote", the.OLDEST),),
        cli=None,
    ),
    Case(
        "a rolling release goes on all the same",
        Says.UNKNOWN,
        afterwards=(("roll out", the.OLDEST),),
        knobs={"rolling": {"base": the.BROKEN, "canary": the.STAGED, "percent": 10}},
        asked=the.PREVIOUS,
        cli=None,
    ),
)

UNSEEN = (
    Case("looks get 500 for 7 s", Says.DONE, troubles=(Trouble("look", Answer(500), seconds=7),)),
    Case("looks get 500 for 10 s", Says.DONE, troubles=(Trouble("look", Answer(500), seconds=10),)),
    Case("looks get 500 always", Says.UNKNOWN, troubles=(Trouble("look", Answer(500)),)),
    Case("looks get HTML 502 for 2 s", Says.DONE, troubles=(Trouble("look", HTML, seconds=2),), cli=None),
    Case("looks get HTML 502 always", Says.UNKNOWN, troubles=(Trouble("look", HTML),), cli=None),
    Case("looks get a page for 2 s", Says.DONE, troubles=(Trouble("look", PAGE, seconds=2),)),
    Case("looks get no answer for 3 s", Says.DONE, troubles=(Trouble("look", seconds=3),)),
    Case("looks get 503 for 2 s", Says.DONE, troubles=(Trouble("look", Answer(503), seconds=2),), cli=None),
    Case("one look gets 429 with Retry-After: 1", Says.DONE, troubles=(Trouble("look", PATIENT, times=1),)),
    Case("looks get 429 for 7 s", Says.DONE, troubles=(Trouble("look", PATIENT, seconds=7),), cli=None),
    Case(
        "looks get 429 without a time for 2 s", Says.DONE, troubles=(Trouble("look", Answer(429), seconds=2),), cli=None
    ),
    Case("looks get 429 always", Says.UNKNOWN, troubles=(Trouble("look", PATIENT),), cli=None),
    Case(
        "the token is revoked after the order",
        Says.UNKNOWN,
        troubles=(Trouble("look", refusal(403, "forbidden", "Not authorized", invalidToken=True)),),
    ),
    Case(
        "the project is gone after the order",
        Says.UNKNOWN,
        troubles=(Trouble("look", refusal(404, "not_found", "Project not found.")),),
    ),
    Case(
        "looks lack the domains for 2 s",
        Says.DONE,
        troubles=(Trouble("look", Answer(200, {"id": the.PROJECT, "accountId": the.TEAM}), seconds=2),),
    ),
)

LOOKED: tuple[Case, ...] = (*RECORDED, *UNSEEN)
