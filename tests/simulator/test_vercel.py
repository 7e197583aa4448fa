"""The stand-in against what is known of the real API (and of its official client's expectations)."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bot.adapters.trust import roots
from tests.simulator import vercel_cast as the
from tests.simulator.hand import Hand
from tests.simulator.site import SiteStandIn
from tests.simulator.vercel import VercelStandIn
from tests.simulator.wire import Answer

PROJECT = f"/v9/projects/{the.PROJECT}"
ROLLBACK = f"/v1/projects/{the.PROJECT}/rollback"
PROMOTE = f"/v10/projects/{the.PROJECT}/promote"


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def vercel(hand: Hand) -> Iterator[VercelStandIn]:
    with VercelStandIn(hand) as server:
        yield server


@pytest.fixture
def http(vercel: VercelStandIn) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {the.TOKEN}"}
    with httpx.Client(base_url=vercel.url, headers=headers, params={"teamId": the.TEAM}, verify=roots()) as client:
        yield client


def read(http: httpx.Client, path: str, **query: str) -> Any:
    return http.get(path, params=query).json()


def test_the_broken_deployment_is_live_on_every_production_domain(http: httpx.Client, vercel: VercelStandIn) -> None:
    rows = read(http, PROJECT)["alias"]
    live = {row["domain"]: row["deployment"]["id"] for row in rows if row["domain"] in the.DOMAINS}
    assert live == vercel.live() == dict.fromkeys(the.DOMAINS, the.BROKEN)


def test_list_rows_have_a_uid_and_no_id(http: httpx.Client) -> None:
    for version in ("v6", "v7"):
        rows = read(http, f"/{version}/deployments", projectId=the.PROJECT)["deployments"]
        assert all("uid" in row and "id" not in row for row in rows)


def test_lists_are_filtered_and_paged(http: httpx.Client) -> None:
    query = {"projectId": the.PROJECT, "target": "production", "state": "READY", "rollbackCandidate": "true"}
    first = read(http, "/v7/deployments", limit="2", **query)
    second = read(http, "/v7/deployments", limit="2", until=str(first["pagination"]["next"]), **query)
    ids = [row["uid"] for row in (*first["deployments"], *second["deployments"])]
    assert ids == [the.PREVIOUS, the.OLDER, the.OLDEST]
    assert second["pagination"]["next"] is None


def test_a_deployment_is_found_by_its_id_and_by_every_host_that_shows_it(
    http: httpx.Client, vercel: VercelStandIn
) -> None:
    for name in (the.BROKEN, vercel.builds[the.BROKEN].url, the.SITE):
        body = read(http, f"/v13/deployments/{name}")
        assert (body["id"], body["projectId"], body["ownerId"]) == (the.BROKEN, the.PROJECT, the.TEAM)
        assert "isRollbackCandidate" not in body


def test_somebody_elses_deployment_is_shown_without_its_owner(http: httpx.Client) -> None:
    body = read(http, f"/v13/deployments/{the.FOREIGN}")
    assert "projectId" not in body
    assert "ownerId" not in body


def test_a_rollback_is_accepted_with_an_empty_201_and_moves_the_domains_one_by_one(
    http: httpx.Client, vercel: VercelStandIn, hand: Hand
) -> None:
    answer = http.post(f"{ROLLBACK}/{the.PREVIOUS}")
    assert (answer.status_code, answer.content) == (201, b"")
    assert list(vercel.live().values()) == [the.BROKEN] * 3
    hand.turn(vercel.domain_seconds)
    assert list(vercel.live().values()) == [the.PREVIOUS, the.BROKEN, the.BROKEN]
    hand.turn(vercel.job_seconds)
    assert list(vercel.live().values()) == [the.PREVIOUS] * 3


def test_the_job_is_shown_after_a_lag_and_only_when_asked_for(
    http: httpx.Client, vercel: VercelStandIn, hand: Hand
) -> None:
    vercel.record_lag = 0.05
    http.post(f"{ROLLBACK}/{the.PREVIOUS}", json={})
    assert read(http, PROJECT, rollbackInfo="true")["lastAliasRequest"] is None
    hand.turn(vercel.record_lag)
    assert read(http, PROJECT)["lastAliasRequest"] is None
    job = read(http, PROJECT, rollbackInfo="true")["lastAliasRequest"]
    assert (job["fromDeploymentId"], job["toDeploymentId"], job["type"]) == (the.BROKEN, the.PREVIOUS, "rollback")
    hand.turn(vercel.job_seconds)
    assert read(http, PROJECT, rollbackInfo="true")["lastAliasRequest"]["jobStatus"] == "succeeded"


def test_automatic_deployments_go_off_with_a_rollback_and_on_with_a_promote(
    http: httpx.Client, vercel: VercelStandIn, hand: Hand
) -> None:
    http.post(f"{ROLLBACK}/{the.PREVIOUS}")
    hand.turn(10)
    assert vercel.push("Fix it") not in vercel.live().values()
    assert read(http, PROJECT)["autoAssignCustomDomains"] is False
    http.post(f"{PROMOTE}/{the.BROKEN}")
    hand.turn(10)
    assert vercel.push("Fix it better") in vercel.live().values()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ROLLBACK}/{the.BROKEN}", 422),
        (f"{PROMOTE}/{the.BROKEN}", 409),
        (f"{ROLLBACK}/dpl_unknown", 404),
        (f"{ROLLBACK}/{the.FOREIGN}", 404),
        (f"{ROLLBACK}/{the.PREVIEW}", 422),
        (f"/v9/projects/{the.PROJECT_NAME}/rollback/{the.OLDER}", 201),
    ],
)
def test_orders_that_cannot_be_are_rejected(http: httpx.Client, vercel: VercelStandIn, path: str, status: int) -> None:
    assert http.post(path).status_code == status
    assert len(vercel.posts) == 1


def test_the_hobby_plan_goes_back_one_deployment_only(http: httpx.Client, vercel: VercelStandIn) -> None:
    vercel.plan = "hobby"
    assert http.post(f"{ROLLBACK}/{the.OLDER}").status_code == 402
    assert http.post(f"{ROLLBACK}/{the.PREVIOUS}").status_code == 201


def test_a_failed_job_lists_the_domains_that_did_not_move(
    http: httpx.Client, vercel: VercelStandIn, hand: Hand
) -> None:
    vercel.job_result, vercel.stuck_domains = "failed", {the.SITE}
    http.post(f"{ROLLBACK}/{the.PREVIOUS}")
    hand.turn(10)
    rows = read(http, f"{PROJECT}/rollback/aliases", failedOnly="true")["aliases"]
    assert [row["alias"]["alias"] for row in rows] == [the.SITE]


def test_a_domain_says_which_deployment_it_serves(http: httpx.Client) -> None:
    assert read(http, f"/v4/aliases/{the.SITE}")["deploymentId"] == the.BROKEN
    assert len(read(http, "/v4/aliases")["aliases"]) == 3


def test_a_wrong_token_or_team_is_forbidden(http: httpx.Client) -> None:
    assert http.get(PROJECT, headers={"authorization": "Bearer wrong"}).status_code == 403
    assert http.get(PROJECT, params={"teamId": "team_wrong"}).status_code == 403
    assert httpx.get(f"{http.base_url}{PROJECT}", headers=dict(http.headers), verify=roots()).status_code == 403


def test_a_token_for_one_project_has_no_user(http: httpx.Client, vercel: VercelStandIn) -> None:
    assert http.get("/v2/user").status_code == 200
    vercel.project_scoped = True
    assert read(http, "/v2/user")["error"]["message"] == "User not found."
    assert http.get("/teams/ibam-projects").status_code == 404


def test_a_promote_during_a_rolling_release_is_queued(http: httpx.Client, vercel: VercelStandIn) -> None:
    vercel.rolling = {"base": the.PREVIOUS, "canary": the.BROKEN, "percent": 10}
    assert http.post(f"{PROMOTE}/{the.OLDER}").status_code == 202
    release = read(http, f"/v1/projects/{the.PROJECT}/rolling-release")["rollingRelease"]
    assert release["canaryDeployment"]["id"] == the.BROKEN


def test_the_site_is_as_good_as_the_deployment_that_is_live(vercel: VercelStandIn) -> None:
    paths = ("/", "/admin", "/api/admin/stats")
    with SiteStandIn(vercel) as site:
        assert [httpx.get(site.url + path, verify=roots()).status_code for path in paths] == [500, 500, 500]
        vercel.promote_by_someone(the.PREVIOUS)
        assert [httpx.get(site.url + path, verify=roots()).status_code for path in paths] == [200, 200, 401]
        site.overrides["/admin"] = Answer(503)
        assert httpx.get(site.url + "/admin", verify=roots()).status_code == 503


def test_a_login_needs_the_key_and_the_right_password(vercel: VercelStandIn) -> None:
    with SiteStandIn(vercel) as site:
        url, key = f"{site.url}/auth/v1/token?grant_type=password", {"apikey": site.api_key}
        right = {"email": site.email, "password": site.password}
        assert "access_token" in httpx.post(url, json=right, headers=key).json()
        assert httpx.post(url, json={**right, "password": "wrong"}, headers=key).status_code == 400
        assert httpx.post(url, json=right).status_code == 401
