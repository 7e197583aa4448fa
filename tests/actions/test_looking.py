"""What is only looked at, over the wire: the deployments to choose from, and the build that failed."""

import pytest

from bot.actions.deployment_listing import list_deployments
from bot.actions.inspect_failed_deployment import inspect_failed_deployment
from bot.adapters.vercel import Vercel
from bot.core.errors import Refused, Unavailable
from tests.simulator import vercel_cast as the
from tests.simulator.vercel import VercelStandIn
from tests.simulator.vercel_cast import Build
from tests.simulator.wire import Answer, Fault, Request, on


def log_read(request: Request) -> bool:
    return request.path.endswith("/events")


def test_the_production_deployments_are_listed_newest_first_and_no_preview(client: Vercel) -> None:
    rows = list_deployments(client).rows
    ids = [row.deployment.id for row in rows]
    assert ids == [the.BROKEN, the.ERRORED, the.STAGED, the.PREVIOUS, the.OLDER, the.OLDEST]


def test_what_can_be_gone_to_and_where_a_plain_rollback_goes_is_marked(client: Vercel) -> None:
    seen = list_deployments(client)
    assert [row.deployment.id for row in seen.eligible] == [the.PREVIOUS, the.OLDER, the.OLDEST]
    assert [row.deployment.id for row in seen.rows if row.is_previous] == [the.PREVIOUS]


def test_what_is_live_is_listed_however_old_it_is(client: Vercel, vercel: VercelStandIn) -> None:
    vercel.move_by_someone(the.OLDEST, "rollback")
    for number in range(30):
        build = Build(f"dpl_failed{number}", vercel.clock() - number, "Try", state="ERROR", substate=None)
        vercel.builds[build.id] = build
    rows = list_deployments(client).rows
    assert [row.deployment.id for row in rows if row.domains] == [the.OLDEST]
    assert the.PREVIOUS in [row.deployment.id for row in rows]


def test_on_the_hobby_plan_only_the_previous_one_can_be_gone_to(client: Vercel, vercel: VercelStandIn) -> None:
    vercel.plan = "hobby"
    assert [row.deployment.id for row in list_deployments(client).eligible] == [the.PREVIOUS]


def test_in_a_rolling_release_its_base_is_the_previous_one(client: Vercel, vercel: VercelStandIn) -> None:
    vercel.domains = dict.fromkeys(the.DOMAINS, the.PREVIOUS)
    vercel.rolling = {"base": the.PREVIOUS, "canary": the.BROKEN, "percent": 10}
    seen = list_deployments(client)
    assert seen.rolling is not None
    assert [row.deployment.id for row in seen.rows if row.is_previous] == [the.PREVIOUS]


def test_a_list_that_cannot_be_had_is_unavailable(client: Vercel, vercel: VercelStandIn) -> None:
    vercel.lay(
        Fault(lambda request: request.path == "/v7/deployments", answer=Answer(429, headers={"retry-after": "3"}))
    )
    with pytest.raises(Unavailable):
        list_deployments(client)


def test_the_newest_failed_production_build_is_shown_with_its_reason_and_its_errors(
    client: Vercel, vercel: VercelStandIn
) -> None:
    vercel.builds["dpl_old"] = Build("dpl_old", 1.0, "An older failure", state="ERROR", substate=None)
    failure = inspect_failed_deployment(client, ()).failure
    assert failure is not None
    assert (failure.deployment.id, failure.code) == (the.ERRORED, "BUILD_UTILS_SPAWN_1")
    assert failure.message == 'Command "npm run build" exited with 1'
    assert failure.lines == (
        "npm warn deprecated glob@7.2.3",
        "Failed to compile.",
        "./src/pages/progress.tsx",
        "Module not found: Can't resolve '@/charts/progress'",
        "> Build failed because of webpack errors",
    )
    assert failure.log_url.startswith(f"https://vercel.com/{the.TEAM_SLUG}/")


def test_lines_in_the_older_form_are_read_as_well(client: Vercel, vercel: VercelStandIn) -> None:
    vercel.lines_in_payload = True
    failure = inspect_failed_deployment(client, ()).failure
    assert failure is not None
    assert failure.lines is not None
    assert "Failed to compile." in failure.lines


@pytest.mark.parametrize("answer", [Answer(403), Answer(500), Answer(200, b"<html>"), Answer(200, {"events": []})])
def test_a_log_that_cannot_be_read_leaves_the_reason(client: Vercel, vercel: VercelStandIn, answer: Answer) -> None:
    vercel.lay(Fault(log_read, answer=answer))
    failure = inspect_failed_deployment(client, ()).failure
    assert failure is not None
    assert failure.lines is None
    assert failure.message


def test_known_secrets_are_not_in_what_is_shown(client: Vercel, vercel: VercelStandIn) -> None:
    vercel.log = (("stderr", "the word is swordfish"),)
    vercel.reason = {"errorMessage": "swordfish was refused"}
    failure = inspect_failed_deployment(client, ("swordfish",)).failure
    assert failure is not None
    assert (failure.lines, failure.message) == (("the word is [redacted]",), "[redacted] was refused")


def test_that_production_goes_on_is_proven_after_the_failure_was_read(client: Vercel, vercel: VercelStandIn) -> None:
    seen = inspect_failed_deployment(client, ())
    assert (seen.doubt, seen.live.id) == ("", the.BROKEN)
    paths = [request.path for request in vercel.requests]
    assert paths.index(f"/v9/projects/{the.PROJECT_NAME}", 1) > paths.index(f"/v13/deployments/{the.ERRORED}")


def test_a_split_production_is_a_doubt(client: Vercel, vercel: VercelStandIn) -> None:
    vercel.domains[the.SITE] = the.OLDER
    assert "different deployments" in inspect_failed_deployment(client, ()).doubt


def test_without_a_failed_build_there_is_none(client: Vercel, vercel: VercelStandIn) -> None:
    del vercel.builds[the.ERRORED]
    assert inspect_failed_deployment(client, ()).failure is None


def test_a_project_that_may_not_be_read_is_refused(client: Vercel, vercel: VercelStandIn) -> None:
    vercel.lay(Fault(on(the.PROJECT_NAME), answer=Answer(403)))
    with pytest.raises(Refused):
        inspect_failed_deployment(client, ())
