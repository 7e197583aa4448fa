"""Cases that are decided before an order is sent: which deployment, whether it may be, whether Vercel can be read."""

from tests.simulator import vercel_cast as the
from tests.simulator.vercel_bodies import refusal
from tests.simulator.vercel_case import ROLLBACK, Case, Says, Trouble
from tests.simulator.wire import Answer

HTML = Answer(502, b"<html><body>Bad Gateway</body></html>", {"content-type": "text/html"})
PAGE = Answer(200, b"<html><body>Sign in</body></html>", {"content-type": "text/html"})
DASHBOARD = f"https://vercel.com/{the.TEAM_SLUG}/{the.PROJECT_NAME}/{the.OLDER.removeprefix('dpl_')}"
ADDRESS = next(build.url for build in the.cast(0) if build.id == the.OLDER)
SPLIT = {the.SITE: the.OLDER, "learn.ibam.example": the.BROKEN, "app.ibam.example": the.BROKEN}
BASE = dict.fromkeys(the.DOMAINS, the.PREVIOUS)


def refused(name: str, rule: str, asked: str = "previous", **more: object) -> Case:
    """A case in which nothing is ordered, because a rule says no."""
    return Case(name, Says.REFUSED, **{"live": the.BROKEN, "posts": 0, "rule": rule, "asked": asked, **more})  # type: ignore[arg-type]


TARGETS = (
    Case("no target is given", Says.DONE, cli=("rollback", "--yes")),
    Case("the previous one is named by its id", Says.DONE, asked=the.PREVIOUS),
    Case("an older one is named by its id", Says.DONE, the.OLDER, asked=the.OLDER, goes_to=the.OLDER),
    Case(
        "an older one is named by its address", Says.DONE, the.OLDER, asked=f"https://{ADDRESS}/x?y", goes_to=the.OLDER
    ),
    Case("an older one is named by its dashboard link", Says.DONE, the.OLDER, asked=DASHBOARD, goes_to=the.OLDER),
    refused("the target is what is live", "already_live", the.BROKEN),
    refused("the target is a production domain", "production_domain", "learn.ibam.example"),
    refused("the target is a preview", "ineligible_target", the.PREVIEW),
    refused("the target's build failed", "ineligible_target", the.ERRORED),
    refused("the target never served production", "ineligible_target", the.STAGED),
    refused("the target is of another team's project", "ineligible_target", the.FOREIGN),
    refused("the target is deleted", "unknown_target", the.OLDER, builds={the.OLDER: {"deleted": True}}),
    refused(
        "the target is not offered", "ineligible_target", the.OLDER, builds={the.OLDER: {"offered": False}}, cli=None
    ),
    refused("the target is unknown", "unknown_target", "dpl_thereisnosuchdeployment00000"),
    refused("the target's host is unknown", "unknown_target", "nobody.ibam.example"),
    refused("the target's id is without dpl_", "unreadable_target", the.OLDER.removeprefix("dpl_")),
    refused("beyond the previous one on the Hobby plan", "hobby_plan", the.OLDER, knobs={"plan": "hobby"}),
    Case("the previous one on the Hobby plan", Says.DONE, knobs={"plan": "hobby"}),
    refused(
        "nothing is eligible", "nothing_eligible", builds={id_: {"offered": False} for id_ in the.SERVED}, cli=None
    ),
    refused(
        "another order is running", "job_running", live=the.OLDER, earlier=(("slow rollback", the.OLDER),), cli=None
    ),
    refused("the domains are split and none is named", "split_production", live="", knobs={"domains": SPLIT}, cli=None),
    Case("the domains are split and one is named", Says.DONE, asked=the.PREVIOUS, knobs={"domains": SPLIT}),
    Case(
        "rolled back already: not the newer, broken one",
        Says.DONE,
        the.OLDER,
        goes_to=the.OLDER,
        earlier=(("rollback", the.PREVIOUS),),
    ),
    Case(
        "promoted: back to where that came from",
        Says.DONE,
        the.OLDEST,
        goes_to=the.OLDEST,
        earlier=(("rollback", the.OLDEST), ("promote", the.BROKEN)),
    ),
    Case(
        "out of a rolling release to its base",
        Says.DONE,
        knobs={"domains": BASE, "rolling": {"base": the.PREVIOUS, "canary": the.BROKEN, "percent": 10}},
    ),
)

ACCESS = (
    Case("a token that covers only the project", Says.DONE, knobs={"project_scoped": True}),
    Case("a token of the project and no team named", Says.DONE, knobs={"project_scoped": True}, team=""),
    refused("the wrong team", "vercel_access", team="somebody-else"),
    refused("no team for a team's project", "vercel_access", team=""),
    refused("a token that was revoked", "vercel_access", token="vcp_revoked0000000000000"),
    Case("a token with a newline", Says.NOT_STARTED, the.BROKEN, 0, token=f"{the.TOKEN}\n"),
)

UNREADABLE = (
    *(
        refused(
            f"the project answers {status}",
            "vercel_access",
            troubles=(Trouble("project", refusal(status, "no", "Not like this")),),
            cli=ROLLBACK if status in (403, 404) else None,
        )
        for status in (400, 401, 403, 404, 410)
    ),
    *(
        refused(
            f"the list of deployments answers {status}",
            "vercel_access",
            troubles=(Trouble("list", refusal(status, "no", "Not like this")),),
            cli=None,  # it never asks which deployments may be gone to
        )
        for status in (400, 401, 403, 404, 410, 422)
    ),
    *(
        refused(
            f"the deployment answers {status}",
            "vercel_access",
            troubles=(Trouble("deployment", refusal(status, "no", "Not like this")),),
            cli=ROLLBACK if status in (403, 404) else None,
        )
        for status in (400, 403, 404, 410)
    ),
    *(
        Case(
            f"the rolling release answers {status}",
            Says.DONE,
            troubles=(Trouble("rolling release", refusal(status, "no", "Not like this")),),
            cli=None,  # it never asks
        )
        for status in (400, 401, 403, 404, 410)
    ),
    Case("the project answers 500 for 7 s", Says.DONE, troubles=(Trouble("project", Answer(500), seconds=7),)),
    Case(
        "the project answers 429 with Retry-After: 1, once",
        Says.DONE,
        troubles=(Trouble("project", Answer(429, headers={"retry-after": "1"}), times=1),),
    ),
    Case("the project's answer is HTML 502, twice", Says.DONE, troubles=(Trouble("project", HTML, times=2),)),
    Case(
        "the project answers 500 always", Says.UNAVAILABLE, the.BROKEN, 0, troubles=(Trouble("project", Answer(500)),)
    ),
    Case("the project's answer is a page", Says.UNAVAILABLE, the.BROKEN, 0, troubles=(Trouble("project", PAGE),)),
    Case(
        "the project's answer lacks its domains",
        Says.UNAVAILABLE,
        the.BROKEN,
        0,
        troubles=(Trouble("project", Answer(200, {"id": the.PROJECT, "accountId": the.TEAM})),),
        cli=None,  # it never looks at a domain
    ),
)

ASKED: tuple[Case, ...] = (*TARGETS, *ACCESS, *UNREADABLE)
