"""Planning a rollback: which deployment is chosen, and what is refused."""

import json
from dataclasses import replace

import pytest

from bot.actions.rollback_deployment import RollbackDeployment
from bot.actions.rollback_target import lookup
from bot.core.deployment import RollbackFacts, rollback_facts
from bot.core.errors import Refused
from bot.core.plan import Step
from tests.simulator import vercel_cast as the
from tests.simulator.vercel import VercelStandIn
from tests.simulator.wire import Answer, Fault, on


def planned(rollback: RollbackDeployment, target: str = "previous") -> RollbackFacts:
    return rollback_facts(rollback.plan({"target": target}))


def refusal(rollback: RollbackDeployment, target: str = "previous") -> Refused:
    with pytest.raises(Refused) as refused:
        rollback.plan({"target": target})
    return refused.value


def test_the_lock_is_the_project_and_is_known_without_reading(
    rollback: RollbackDeployment, vercel: VercelStandIn
) -> None:
    assert rollback.targets({}) == (f"vercel:{the.PROJECT_NAME}",)
    assert vercel.requests == []


def test_the_plan_names_what_is_live_and_what_served_before_it(rollback: RollbackDeployment) -> None:
    facts = planned(rollback)
    assert (facts.deployment.id, facts.target.id, facts.how) == (the.BROKEN, the.PREVIOUS, "rollback")
    assert facts.live == dict.fromkeys(the.DOMAINS, the.BROKEN)
    assert facts.deployment.subject == "Move session checks into middleware"
    assert (facts.target.author, facts.target.branch) == ("Mia Chen", "main")
    assert (facts.auto_assign, facts.job, facts.rolled_back, facts.plan) == (True, None, False, "pro")


def test_redirects_and_the_domains_of_branches_are_no_production_domains(rollback: RollbackDeployment) -> None:
    assert set(planned(rollback).domains) == set(the.DOMAINS)


def test_a_step_survives_the_log(rollback: RollbackDeployment, vercel: VercelStandIn) -> None:
    vercel.move_by_someone(the.OLDER, "rollback")
    step = rollback.plan({})
    again = Step(**json.loads(json.dumps(step.__dict__)))
    assert again == step
    assert rollback_facts(again) == rollback_facts(step)


def test_planning_sends_nothing_but_reads_and_never_asks_who_the_token_is(
    rollback: RollbackDeployment, vercel: VercelStandIn
) -> None:
    rollback.plan({})
    assert {request.method for request in vercel.requests} == {"GET"}
    assert not [request for request in vercel.requests if "user" in request.path or "teams" in request.path]


def test_a_token_for_the_one_project_is_enough(rollback: RollbackDeployment, vercel: VercelStandIn) -> None:
    vercel.project_scoped = True
    assert planned(rollback).target.id == the.PREVIOUS


def test_after_a_rollback_previous_is_the_one_before_and_not_the_broken_newer_one(
    rollback: RollbackDeployment, vercel: VercelStandIn
) -> None:
    vercel.move_by_someone(the.PREVIOUS, "rollback")
    facts = planned(rollback)
    assert facts.rolled_back
    assert facts.target.id == the.OLDER


def test_after_a_promote_previous_is_what_it_came_from(rollback: RollbackDeployment, vercel: VercelStandIn) -> None:
    vercel.move_by_someone(the.OLDEST, "rollback")
    vercel.promote_by_someone(the.BROKEN)
    assert planned(rollback).target.id == the.OLDEST


def test_a_build_that_vercel_does_not_offer_is_passed_over(rollback: RollbackDeployment, vercel: VercelStandIn) -> None:
    vercel.builds[the.PREVIOUS].offered = False
    assert planned(rollback).target.id == the.OLDER


def test_a_deployment_is_named_by_its_id_or_by_its_address(rollback: RollbackDeployment, vercel: VercelStandIn) -> None:
    address = f"https://{vercel.builds[the.OLDER].url}/some/page?x=1"
    assert planned(rollback, the.OLDER).target.id == the.OLDER
    assert planned(rollback, address).target.id == the.OLDER


def test_a_dashboard_link_names_the_deployment_in_its_last_part(rollback: RollbackDeployment) -> None:
    link = f"https://vercel.com/{the.TEAM_SLUG}/{the.PROJECT_NAME}/{the.OLDER.removeprefix('dpl_')}"
    assert planned(rollback, link).target.id == the.OLDER


@pytest.mark.parametrize(
    "text",
    ["yesterday", "dpl_", "dpl_../../x", "https://", "https://vercel.com/ibam", "http://[", "a..b", "é è.x"],
)
def test_what_is_neither_an_id_nor_an_address_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        lookup(text)
    assert refused.value.rule == "unreadable_target"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (the.PREVIEW, "it is a preview"),
        (the.FOREIGN, "it does not belong to this project"),
        (the.ERRORED, "its build is ERROR, not READY"),
        (the.STAGED, "it never served production (STAGED)"),
    ],
)
def test_an_ineligible_target_is_refused_with_what_is_eligible(
    rollback: RollbackDeployment, target: str, reason: str
) -> None:
    refused = refusal(rollback, target)
    assert refused.rule == "ineligible_target"
    assert reason in refused.text
    assert f"Eligible: {the.PREVIOUS}" in refused.text


def test_a_deleted_target_is_refused_with_what_is_eligible(rollback: RollbackDeployment, vercel: VercelStandIn) -> None:
    vercel.builds[the.OLDER].deleted = True
    refused = refusal(rollback, the.OLDER)
    assert refused.rule == "unknown_target"
    assert f"Eligible: {the.PREVIOUS}" in refused.text


def test_a_ready_target_that_vercel_does_not_offer_is_refused(
    rollback: RollbackDeployment, vercel: VercelStandIn
) -> None:
    vercel.builds[the.OLDER].offered = False
    assert "does not offer" in refusal(rollback, the.OLDER).text


def test_what_is_live_already_is_refused(rollback: RollbackDeployment) -> None:
    assert refusal(rollback, the.BROKEN).rule == "already_live"


def test_a_production_domain_is_refused_with_the_way_out(rollback: RollbackDeployment) -> None:
    refused = refusal(rollback, f"https://{the.SITE}")
    assert refused.rule == "production_domain"
    assert "leave the target out" in refused.text


def test_nothing_eligible_is_said_and_nothing_guessed(rollback: RollbackDeployment, vercel: VercelStandIn) -> None:
    for build in vercel.builds.values():
        build.offered = False
    refused = refusal(rollback)
    assert refused.rule == "nothing_eligible"
    assert "Nothing is eligible" in refused.text


def test_a_running_job_is_waited_for(rollback: RollbackDeployment, vercel: VercelStandIn) -> None:
    vercel.record_lag = 0
    vercel.move_by_someone(the.OLDER, "rollback", at_once=False)
    assert refusal(rollback).rule == "job_running"


def test_a_split_production_needs_a_named_target(rollback: RollbackDeployment, vercel: VercelStandIn) -> None:
    vercel.domains[the.SITE] = the.OLDER
    assert refusal(rollback).rule == "split_production"
    assert planned(rollback, the.PREVIOUS).live[the.SITE] == the.OLDER
    assert planned(rollback, the.OLDER).target.id == the.OLDER


def test_the_hobby_plan_goes_back_one_deployment_only(rollback: RollbackDeployment, vercel: VercelStandIn) -> None:
    vercel.plan = "hobby"
    assert planned(rollback).target.id == the.PREVIOUS
    assert planned(rollback, the.PREVIOUS).plan == "hobby"
    assert refusal(rollback, the.OLDER).rule == "hobby_plan"


def test_in_a_rolling_release_the_previous_is_its_base(rollback: RollbackDeployment, vercel: VercelStandIn) -> None:
    vercel.domains = dict.fromkeys(the.DOMAINS, the.PREVIOUS)
    vercel.rolling = {"base": the.PREVIOUS, "canary": the.BROKEN, "percent": 10}
    facts = planned(rollback)
    assert facts.rolling is not None
    assert (facts.rolling.base.id, facts.rolling.canary.id, facts.rolling.percent) == (the.PREVIOUS, the.BROKEN, 10)
    assert (facts.deployment.id, facts.target.id) == (the.BROKEN, the.PREVIOUS)


def test_a_project_without_its_domains_is_not_decided_on(rollback: RollbackDeployment, vercel: VercelStandIn) -> None:
    vercel.domains = {}
    vercel.lay(Fault(on(the.PROJECT_NAME), apply=False, answer=project_without_production()))
    assert refusal(rollback).rule == "nothing_live"


def project_without_production() -> Answer:
    return Answer(200, {"id": the.PROJECT, "accountId": the.TEAM, "alias": []})


@pytest.mark.parametrize(("status", "rule"), [(401, "vercel_access"), (403, "vercel_access"), (404, "vercel_access")])
def test_a_project_that_cannot_be_read_is_refused_with_what_to_check(
    rollback: RollbackDeployment, vercel: VercelStandIn, status: int, rule: str
) -> None:
    vercel.lay(Fault(on(the.PROJECT_NAME), answer=Answer(status, {"error": {"message": "Not authorized"}})))
    refused = refusal(rollback)
    assert refused.rule == rule
    assert "Not authorized" in refused.text
    assert "Check" in refused.text


def sha(vercel: VercelStandIn, id_: str) -> str:
    found: str = vercel.builds[id_].as_json()["meta"]["githubCommitSha"]
    return found


@pytest.mark.parametrize("length", [7, 12, 40])
def test_a_deployment_is_named_by_the_beginning_of_its_commit(
    rollback: RollbackDeployment, vercel: VercelStandIn, length: int
) -> None:
    assert planned(rollback, sha(vercel, the.OLDER)[:length]).target.id == the.OLDER


def test_a_commit_that_cannot_be_gone_to_is_refused_with_the_reason(
    rollback: RollbackDeployment, vercel: VercelStandIn
) -> None:
    assert "its build is ERROR" in refusal(rollback, sha(vercel, the.ERRORED)).text
    assert refusal(rollback, sha(vercel, the.BROKEN)).rule == "already_live"


def test_a_commit_that_nothing_was_built_from_is_refused_with_what_is_eligible(rollback: RollbackDeployment) -> None:
    refused = refusal(rollback, "0000000")
    assert refused.rule == "unknown_target"
    assert f"Eligible: {the.PREVIOUS}" in refused.text


def test_of_two_builds_of_one_commit_the_one_that_can_be_gone_to_is_meant(
    rollback: RollbackDeployment, vercel: VercelStandIn
) -> None:
    rebuild_of(vercel, the.OLDER, offered=False)
    assert planned(rollback, sha(vercel, the.OLDER)[:10]).target.id == the.OLDER


def test_of_two_builds_of_one_commit_that_can_both_be_gone_to_one_is_named_by_its_id(
    rollback: RollbackDeployment, vercel: VercelStandIn
) -> None:
    again = rebuild_of(vercel, the.OLDER, offered=True)
    refused = refusal(rollback, sha(vercel, the.OLDER)[:10])
    assert refused.rule == "ambiguous_target"
    assert the.OLDER in refused.text
    assert again in refused.text


def rebuild_of(vercel: VercelStandIn, id_: str, *, offered: bool) -> str:
    """A second build of the same commit."""
    old = vercel.builds[id_]
    again = replace(old, id=f"{old.id[:-2]}ZZ", created=old.created + 60, offered=offered)
    vercel.builds[again.id] = again
    return again.id


@pytest.mark.parametrize(
    "target", ["previous", the.PREVIEW, the.BROKEN, f"https://{the.SITE}", "dpl_nothing", "yesterday", "0000000"]
)
def test_every_refusal_of_a_target_says_what_is_eligible_instead(
    rollback: RollbackDeployment, vercel: VercelStandIn, target: str
) -> None:
    if target == "previous":
        vercel.domains[the.SITE] = the.OLDER
    assert f"Eligible: {the.PREVIOUS}" in refusal(rollback, target).text


def test_the_hobby_plans_refusal_says_what_is_eligible_too(rollback: RollbackDeployment, vercel: VercelStandIn) -> None:
    vercel.plan = "hobby"
    told = refusal(rollback, the.OLDER).text
    assert f"Eligible: {the.PREVIOUS}" in told
    assert the.OLDEST not in told
