"""Before and at the act: drift, and the one order."""

import pytest

from bot.actions.rollback_deployment import RollbackDeployment
from bot.adapters.vercel import Vercel
from bot.core.errors import StepFailed, Unavailable
from bot.core.plan import Step
from bot.core.secret import Secret
from tests.actions.ordering import OP, ORDER, PROJECT_READ, sent
from tests.simulator import vercel_cast as the
from tests.simulator.hand import Hand
from tests.simulator.vercel import VercelStandIn
from tests.simulator.wire import Answer, Fault


def test_production_as_planned_is_no_drift(rollback: RollbackDeployment, step: Step, vercel: VercelStandIn) -> None:
    assert rollback.recheck(step) == ""
    assert PROJECT_READ(vercel.requests[-1])


def test_another_deployment_gone_live_is_drift(rollback: RollbackDeployment, step: Step, vercel: VercelStandIn) -> None:
    pushed = vercel.push("Fix the session checks")
    assert f"all 3 domains on {pushed}" in rollback.recheck(step)


def test_a_running_job_is_drift(rollback: RollbackDeployment, step: Step, vercel: VercelStandIn) -> None:
    vercel.record_lag = 0
    vercel.move_by_someone(the.OLDER, "rollback", at_once=False)
    assert "is being moved by someone" in rollback.recheck(step)


def test_moved_away_and_back_is_drift(rollback: RollbackDeployment, step: Step, vercel: VercelStandIn) -> None:
    vercel.move_by_someone(the.OLDER, "rollback")
    vercel.promote_by_someone(the.BROKEN)
    assert vercel.live() == dict.fromkeys(the.DOMAINS, the.BROKEN)
    assert "was moved by someone" in rollback.recheck(step)


def test_a_target_deleted_since_the_plan_is_drift(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn
) -> None:
    vercel.builds[the.PREVIOUS].deleted = True
    assert the.PREVIOUS in rollback.recheck(step)


def test_a_target_that_became_ineligible_is_drift(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn
) -> None:
    vercel.builds[the.PREVIOUS].substate = "STAGED"
    assert "can no longer be gone to" in rollback.recheck(step)


def test_a_rolling_release_begun_since_the_plan_is_drift(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn
) -> None:
    vercel.rolling = {"base": the.BROKEN, "canary": the.STAGED, "percent": 5}
    assert "rolling release" in rollback.recheck(step)


def test_production_that_cannot_be_read_is_not_called_drift(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn
) -> None:
    vercel.lay(Fault(PROJECT_READ, answer=Answer(503)))
    with pytest.raises(Unavailable):
        rollback.recheck(step)


def test_the_order_is_sent_once_with_its_reason_and_the_operation(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn
) -> None:
    sent(rollback, step)
    (post,) = vercel.posts
    assert post.path == f"/v1/projects/{the.PROJECT}/rollback/{the.PREVIOUS}"
    assert post.query == {"slug": the.TEAM_SLUG, "description": f"users can't log in ({OP})"}
    assert post.body == b""


def test_a_long_reason_is_cut_to_what_vercel_keeps(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn
) -> None:
    vercel.job_seconds = vercel.domain_seconds = 0
    rollback.execute(step, OP, "x" * 1000)
    assert len(vercel.posts[0].query["description"]) == 250
    assert vercel.posts[0].query["description"].endswith(f"({OP})")


@pytest.mark.parametrize("answer", [Answer(500), Answer(502, b"<html>"), Answer(408), None])
@pytest.mark.parametrize("applied", [True, False])
def test_without_an_answer_the_outcome_is_unknown_and_nothing_is_sent_again(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, *, answer: Answer | None, applied: bool
) -> None:
    vercel.lay(Fault(ORDER, answer=answer, drop=answer is None, apply=applied))
    sent(rollback, step)
    assert len(vercel.asked("POST", the.PREVIOUS)) == 1


def test_an_answer_that_comes_too_late_is_unknown_and_nothing_is_sent_again(
    step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    client = Vercel(Secret(the.TOKEN), the.PROJECT, hand.now, team=the.TEAM, base_url=vercel.url, http_timeout=0.2)
    with vercel.failing(Fault(ORDER, hold=True)):
        sent(RollbackDeployment(client), step)
    client.close()
    assert len(vercel.posts) == 1


def test_when_nothing_was_sent_vercel_is_unavailable(step: Step, hand: Hand) -> None:
    with VercelStandIn() as gone:
        client = Vercel(Secret(the.TOKEN), the.PROJECT, hand.now, base_url=gone.url)
    with pytest.raises(Unavailable, match="nothing was changed"):
        RollbackDeployment(client).execute(step, OP, "")
    client.close()


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 410, 422, 429])
def test_what_vercel_rejects_has_failed_and_changed_nothing(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, status: int
) -> None:
    vercel.lay(Fault(ORDER, apply=False, answer=Answer(status, {"error": {"message": "Upgrade to pro"}})))
    with pytest.raises(StepFailed, match=f"{status}: Upgrade to pro") as failed:
        rollback.execute(step, OP, "")
    assert failed.value.changed == ""
    assert len(vercel.posts) == 1


def test_rejected_because_it_is_live_already_is_done(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn
) -> None:
    vercel.move_by_someone(the.PREVIOUS, "rollback")
    assert rollback.execute(step, OP, "")["already_live"] is True
