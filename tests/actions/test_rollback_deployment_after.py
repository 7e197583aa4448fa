"""After a rollback: what verification says, and the undo."""

import pytest

from bot.actions.rollback_deployment import RollbackDeployment
from bot.core.checks import CheckResult, Verdict
from bot.core.deployment import rollback_facts
from bot.core.errors import OutcomeUnknown, Refused
from bot.core.plan import Step
from tests.actions.ordering import OP, PROJECT_READ, finish, look, sent
from tests.simulator import vercel_cast as the
from tests.simulator.hand import Hand
from tests.simulator.vercel import VercelStandIn
from tests.simulator.wire import Answer, Fault


def checks(rollback: RollbackDeployment, step: Step) -> dict[str, CheckResult]:
    return {result.name: result for result in rollback.verify(step, OP)}


def test_verification_reads_the_domains_again_and_says_that_pushes_stay_back(
    rollback: RollbackDeployment, step: Step, hand: Hand
) -> None:
    finish(rollback, step, hand)
    results = checks(rollback, step)
    assert (results["Production domains"].required, results["Production domains"].verdict) == (True, Verdict.PASSED)
    assert "pushes will not go live" in results["Automatic deployments"].seen
    assert not results["Automatic deployments"].required


def test_verification_fails_when_production_has_moved_on(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    finish(rollback, step, hand)
    vercel.promote_by_someone(the.BROKEN)
    assert checks(rollback, step)["Production domains"].verdict is Verdict.FAILED


def test_cron_jobs_left_on_the_other_deployment_are_said(
    rollback: RollbackDeployment, vercel: VercelStandIn, hand: Hand
) -> None:
    vercel.crons_deployment, vercel.crons_follow = the.BROKEN, False
    step = rollback.plan({})
    finish(rollback, step, hand)
    crons = checks(rollback, step)["Cron jobs"]
    assert (crons.verdict, crons.required, the.BROKEN in crons.seen) == (Verdict.FAILED, False, True)


def test_an_unreachable_vercel_fails_the_check_and_raises_nothing(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn
) -> None:
    vercel.lay(Fault(PROJECT_READ, answer=Answer(502)))
    (result,) = rollback.verify(step, OP)
    assert (result.verdict, result.required) == (Verdict.FAILED, True)


def test_the_undo_promotes_what_was_live_and_pushes_go_live_again(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    finish(rollback, step, hand)
    undo = rollback.undo(step, OP)
    assert (undo.after["how"], undo.target) == ("promote", step.target)
    assert rollback.recheck(undo) == ""
    finish(rollback, undo, hand)
    assert vercel.posts[-1].path == f"/v10/projects/{the.PROJECT}/promote/{the.BROKEN}"
    assert checks(rollback, undo)["Automatic deployments"].verdict is Verdict.PASSED
    assert rollback.undo(undo, OP).after["how"] == "rollback"


def test_a_promote_queued_behind_a_rolling_release_is_not_success(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    finish(rollback, step, hand)
    undo = rollback.undo(step, OP)
    vercel.rolling = {"base": the.PREVIOUS, "canary": the.OLDER, "percent": 10}
    with pytest.raises(OutcomeUnknown, match="queued"):
        rollback.execute(undo, OP, "")


def test_a_promote_that_starts_a_rolling_release_is_not_success_yet(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    finish(rollback, step, hand)
    vercel.rolling_stages = [{"targetPercentage": 10}]
    undo = rollback.undo(step, OP)
    assert "accepted the promote" in sent(rollback, undo).text
    with pytest.raises(OutcomeUnknown, match="10 %"):
        look(rollback, undo)


def test_there_is_nothing_to_undo_once_production_moved_on(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    finish(rollback, step, hand)
    vercel.promote_by_someone(the.OLDEST)
    with pytest.raises(Refused) as refused:
        rollback.undo(step, OP)
    assert refused.value.rule == "undo_moved_on"


def test_while_a_rolling_release_is_under_way_no_promote_is_planned(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    finish(rollback, step, hand)
    vercel.rolling = {"base": the.PREVIOUS, "canary": the.OLDER, "percent": 10}
    with pytest.raises(Refused, match="Vercel would queue a promote behind it") as refused:
        rollback.undo(step, OP)
    assert refused.value.rule == "rolling_release"


def test_after_a_split_the_undo_does_not_guess_what_to_go_back_to(
    rollback: RollbackDeployment, vercel: VercelStandIn, hand: Hand
) -> None:
    vercel.domains[the.SITE] = the.OLDER
    step = rollback.plan({"target": the.PREVIOUS})
    finish(rollback, step, hand)
    with pytest.raises(Refused) as refused:
        rollback.undo(step, OP)
    assert refused.value.rule == "undo_split"


def test_what_was_live_before_may_be_gone(
    rollback: RollbackDeployment, step: Step, vercel: VercelStandIn, hand: Hand
) -> None:
    finish(rollback, step, hand)
    vercel.builds[the.BROKEN].deleted = True
    with pytest.raises(Refused, match=f"finds no deployment {the.BROKEN}"):
        rollback.undo(step, OP)


@pytest.mark.parametrize("once", [True, False])
def test_the_undo_knows_whether_pushes_went_live_before_the_rollback(
    rollback: RollbackDeployment, vercel: VercelStandIn, hand: Hand, *, once: bool
) -> None:
    vercel.auto_assign = once
    step = rollback.plan({})
    finish(rollback, step, hand)
    assert rollback_facts(rollback.undo(step, OP)).auto_assign_once is once
