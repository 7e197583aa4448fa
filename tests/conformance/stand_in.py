"""Whether the stand-in is true: Vercel's own client and SDK take its answers for Vercel's. For `make conformance`."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.by_client import CLIENTS, MODULES, Ended, client, of
from tests.simulator import vercel_cast as the
from tests.simulator.vercel import VercelStandIn

READS = ("getProject", "getDeployments", "getDeployment", "getRollingRelease", "getAlias", "listAliases")
ORDERS = ("requestRollback", "requestPromote")
every_client = pytest.mark.parametrize("version", CLIENTS)


@pytest.fixture
def vercel() -> Iterator[VercelStandIn]:
    with VercelStandIn() as server:
        yield server


def run(vercel: VercelStandIn, version: str, *args: str) -> Ended:
    return client(version, *args, *of(vercel))


def asked(vercel: VercelStandIn, part: str) -> list[str]:
    return [f"{one.method} {one.path}" for one in vercel.requests if part in one.path]


@every_client
def test_the_client_is_the_one_that_is_named(version: str) -> None:
    assert client(version, "--version").words.endswith(version)


@every_client
def test_a_rollback_is_ordered_once_and_found_done(vercel: VercelStandIn, version: str) -> None:
    ended = run(vercel, version, "rollback", the.PREVIOUS, "--yes")
    assert ended.exit == 0
    assert f"was rolled back to {vercel.builds[the.PREVIOUS].url} ({the.PREVIOUS})" in ended.output
    assert set(vercel.live().values()) == {the.PREVIOUS}
    assert asked(vercel, "/rollback/") == [f"POST /v9/projects/{the.PROJECT}/rollback/{the.PREVIOUS}"]


@every_client
def test_the_status_of_a_rollback_is_found(vercel: VercelStandIn, version: str) -> None:
    vercel.move_by_someone(the.OLDER, "rollback")
    ended = run(vercel, version, "rollback", "status", the.PROJECT_NAME, "--yes")
    assert ended.exit == 0
    assert f"was rolled back to {vercel.builds[the.OLDER].url}" in ended.output


@every_client
def test_a_failed_rollback_lists_the_domains_that_did_not_move(vercel: VercelStandIn, version: str) -> None:
    vercel.job_result, vercel.stuck_domains = "failed", {the.SITE}
    ended = run(vercel, version, "rollback", the.PREVIOUS, "--yes")
    assert ended.exit == 1
    assert the.SITE in ended.output
    assert "app.ibam.example" not in ended.output


@every_client
def test_deployments_are_listed(vercel: VercelStandIn, version: str) -> None:
    ended = run(vercel, version, "ls", the.PROJECT_NAME, "--prod", "--status", "READY", "--format", "json")
    rows = json.loads(ended.output[ended.output.index("{") : ended.output.rindex("}") + 1])["deployments"]
    ready = (the.BROKEN, the.STAGED, the.PREVIOUS, the.OLDER, the.OLDEST)
    assert [row["url"] for row in rows] == [vercel.builds[id_].url for id_ in ready]


@every_client
def test_a_deployment_is_inspected(vercel: VercelStandIn, version: str) -> None:
    ended = run(vercel, version, "inspect", the.OLDER)
    assert ended.exit == 0
    assert the.OLDER in ended.output
    assert "Ready" in ended.output
    assert run(vercel, version, "inspect", the.ERRORED).exit == 1


@every_client
def test_a_promote_is_ordered_once_and_found_done(vercel: VercelStandIn, version: str) -> None:
    vercel.move_by_someone(the.PREVIOUS, "rollback")
    ended = run(vercel, version, "promote", the.BROKEN, "--yes")
    assert ended.exit == 0
    assert f"was promoted to {vercel.builds[the.BROKEN].url}" in ended.output
    assert set(vercel.live().values()) == {the.BROKEN}
    assert asked(vercel, "/promote/") == [f"POST /v10/projects/{the.PROJECT}/promote/{the.BROKEN}"]


@pytest.fixture(scope="module")
def answers() -> Any:
    with VercelStandIn() as vercel:
        vercel.domain_seconds = vercel.job_seconds = 0
        vercel.crons_deployment = the.OLDER
        vercel.move_by_someone(the.OLDER, "rollback")
        vercel.promote_by_someone(the.BROKEN)
        vercel.rolling = {"base": the.BROKEN, "canary": the.STAGED, "percent": 10}
        script = Path(__file__).with_name("sdk.mjs")
        args = (MODULES, vercel.url, the.TOKEN, the.TEAM, the.PROJECT_NAME, the.BROKEN, the.PREVIOUS, the.SITE)
        command = ["node", str(script), *map(str, args)]
        run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return json.loads(run.stdout)


@pytest.mark.parametrize("operation", [*READS, *ORDERS])
def test_the_official_types_accept_the_answer_and_miss_nothing(answers: Any, operation: str) -> None:
    found = answers[operation]
    assert found["problems"] == []
    assert found["absent"] == []


def test_the_project_is_read_with_its_last_job_and_its_cron_jobs(answers: Any) -> None:
    body = answers["getProject"]["body"]
    assert (body["lastAliasRequest"]["type"], body["crons"]["deploymentId"]) == ("promote", the.BROKEN)


def test_a_deployment_is_read_in_its_full_shape(answers: Any) -> None:
    assert {"projectId", "ownerId", "plan", "readySubstate"} <= set(answers["getDeployment"]["read"])


def test_orders_are_accepted_without_a_body(answers: Any) -> None:
    for operation in ORDERS:
        assert (answers[operation]["status"], answers[operation]["body"]) == (201, None)
