"""How the outcome of an order is known: by the domains, and by nothing else."""

import pytest

from bot.actions.rollback_deployment import RollbackDeployment
from bot.adapters.vercel import Vercel
from bot.core.errors import OutcomeUnknown, StepFailed
from bot.core.plan import Step
from bot.core.secret import Secret
from tests.actions.ordering import OP, ORDER, PROJECT_READ, failure, look, sent
from tests.simulator import vercel_cast as the
from tests.simulator.hand import Hand
from tests.simulator.vercel import VercelStandIn
from tests.simulator.wire import Answer, Fault


def test_it_is_done_when_every_production_domain_serves_the_target(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    sent(rollback, step)
    hand.turn(vercel.domain_seconds)
    with pytest.raises(OutcomeUnknown):
        look(rollback, step)
    hand.turn(vercel.job_seconds)
    facts = look(rollback, step)
    assert facts["live"] == vercel.live() == dict.fromkeys(the.DOMAINS, the.PREVIOUS)
    assert (facts["auto_assign"], facts["already_live"]) == (False, False)


def test_an_order_done_at_once_is_proven_by_the_first_look(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn
) -> None:
    vercel.job_seconds = vercel.domain_seconds = vercel.record_lag = 0
    assert rollback.execute(step, OP, "")["deployment"] == the.PREVIOUS


def test_a_lost_answer_is_settled_by_looking_in_a_new_process(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    vercel.lay(Fault(ORDER, drop=True))
    sent(rollback, step)
    hand.turn(10)
    client = Vercel(Secret(the.TOKEN), the.PROJECT_NAME, hand.now, team=the.TEAM, base_url=vercel.url)
    assert look(RollbackDeployment(client), step)["deployment"] == the.PREVIOUS
    client.close()
    assert len(vercel.posts) == 1


def test_an_order_that_never_arrived_stays_unknown(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn
) -> None:
    vercel.lay(Fault(ORDER, apply=False, drop=True))
    sent(rollback, step)
    with pytest.raises(OutcomeUnknown):
        look(rollback, step, at_deadline=True)


@pytest.mark.parametrize("knob", ["records_jobs", "clock_skew", "record_lag"])
def test_the_domains_decide_whatever_the_job_record_says(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand, knob: str
) -> None:
    setattr(vercel, knob, {"records_jobs": False, "clock_skew": -240.0, "record_lag": 3600.0}[knob])
    sent(rollback, step)
    hand.turn(10)
    assert look(rollback, step)["deployment"] == the.PREVIOUS


def test_a_job_called_failed_is_done_when_the_target_is_live_everywhere(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    vercel.job_result = "failed"
    sent(rollback, step)
    hand.turn(10)
    assert look(rollback, step)["deployment"] == the.PREVIOUS


def test_a_failed_job_names_what_moved_and_what_did_not(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    vercel.job_result, vercel.stuck_domains = "failed", {the.SITE}
    sent(rollback, step)
    hand.turn(10)
    changed = failure(rollback, step).changed
    assert f"learn.ibam.example now serves {the.PREVIOUS}" in changed
    assert f"not moved: {the.SITE}" in changed


def test_a_skipped_job_has_changed_nothing(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    vercel.job_result = "skipped"
    sent(rollback, step)
    hand.turn(10)
    assert failure(rollback, step).changed == ""


def test_a_domain_that_stays_behind_is_partly_done_only_at_the_deadline(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    vercel.stuck_domains = {the.SITE}
    sent(rollback, step)
    hand.turn(10)
    with pytest.raises(OutcomeUnknown):
        look(rollback, step)
    assert f"not moved: {the.SITE}" in failure(rollback, step, at_deadline=True).changed


def test_somebody_elses_promote_after_the_order_is_a_conflict_that_names_what_is_live(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn
) -> None:
    vercel.promote_after_post = the.OLDEST
    with pytest.raises(StepFailed, match=f"promote to {the.OLDEST}") as failed:
        rollback.execute(step, OP, "")
    assert f"{the.SITE} now serves {the.OLDEST}" in failed.value.changed


def test_a_push_that_went_live_instead_is_a_conflict(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn
) -> None:
    vercel.lay(Fault(ORDER, apply=False, drop=True))
    sent(rollback, step)
    pushed = vercel.push("Fix the session checks")
    assert f"went to {pushed}" in failure(rollback, step).text


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_a_look_that_sees_nothing_leaves_the_outcome_unknown(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand, status: int
) -> None:
    vercel.lay(Fault(PROJECT_READ, answer=Answer(status, headers={"retry-after": "7"})))
    unknown = sent(rollback, step)
    assert unknown.retry_at is None or unknown.retry_at.timestamp() == hand() + 7
    hand.turn(10)
    assert look(rollback, step)["deployment"] == the.PREVIOUS


def test_a_rolling_release_that_goes_on_is_not_success(
    rollback: RollbackDeployment, vercel: VercelStandIn, hand: Hand
) -> None:
    vercel.rolling = {"base": the.BROKEN, "canary": the.OLDEST, "percent": 10}
    step = rollback.plan({"target": the.PREVIOUS})
    sent(rollback, step)
    hand.turn(10)
    vercel.rolling = {"base": the.PREVIOUS, "canary": the.OLDEST, "percent": 10}
    with pytest.raises(OutcomeUnknown, match="rolling release"):
        look(rollback, step, at_deadline=True)
