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


def test_what_production_was_moved_from_is_told_where_the_plan_never_saw_it(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    vercel.promote_by_someone(the.OLDEST)
    sent(rollback, step)
    hand.turn(10)
    assert look(rollback, step)["moved_from"] == the.OLDEST
    (check,) = [check for check in rollback.verify(step, OP) if check.name == "Moved from"]
    assert (check.required, f"moved from {the.OLDEST}" in check.seen) == (False, True)


def test_what_was_moved_as_planned_says_nothing_of_it(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    sent(rollback, step)
    hand.turn(10)
    assert look(rollback, step)["moved_from"] == ""
    assert "Moved from" not in [check.name for check in rollback.verify(step, OP)]


def test_out_of_a_rolling_release_both_of_its_sides_are_as_planned(
    rollback: RollbackDeployment, vercel: VercelStandIn, hand: Hand
) -> None:
    vercel.rolling = {"base": the.BROKEN, "canary": the.OLDEST, "percent": 10}
    step = rollback.plan({"target": the.PREVIOUS})
    sent(rollback, step)
    hand.turn(10)
    assert look(rollback, step)["moved_from"] == ""


def test_a_part_that_moved_is_told_with_the_way_on_and_the_way_back(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    vercel.stuck_domains = {the.SITE}
    sent(rollback, step)
    hand.turn(10)
    way_out = failure(rollback, step, at_deadline=True).way_out
    assert f"`/rollback vercel {the.PREVIOUS}` moves the domains that are left" in way_out
    assert f"`/rollback vercel {the.BROKEN}` brings the others back" in way_out


def test_a_conflict_is_told_with_whom_to_talk_to_first(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn
) -> None:
    vercel.promote_after_post = the.OLDEST
    with pytest.raises(StepFailed) as failed:
        rollback.execute(step, OP, "")
    assert "Find out who did it" in failed.value.way_out


def test_a_job_that_was_skipped_is_told_with_what_else_can_be_gone_to(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    vercel.job_result = "skipped"
    sent(rollback, step)
    hand.turn(10)
    assert "`/rollback deployments`" in failure(rollback, step).way_out


@pytest.mark.parametrize(
    ("status", "way_out"),
    [
        (402, "only goes back to the previous"),
        (403, "VERCEL_TOKEN"),
        (404, "`/rollback deployments`"),
        (429, "ask again in a minute"),
    ],
)
def test_a_refusal_of_vercels_is_told_with_the_way_out(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, status: int, way_out: str
) -> None:
    vercel.lay(Fault(ORDER, apply=False, answer=Answer(status)))
    with pytest.raises(StepFailed) as failed:
        rollback.execute(step, OP, "")
    assert way_out in failed.value.way_out
