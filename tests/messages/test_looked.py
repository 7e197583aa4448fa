"""What people read when something was looked at: deployments to choose from, a failed build, whether a pin holds."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.build_failure import Inspection
from bot.core.checks import CheckResult, Verdict
from bot.core.deployment import Job, RollingRelease
from bot.core.pin import Pin, PinSeen
from bot.messages.build_failure import build_failure
from bot.messages.deployments import SHOWN, deployments
from bot.messages.picture import Picture
from bot.messages.pin import pin, unseen
from bot.messages.verification import verification
from tests.histories import ANA, FAILING, PASSING
from tests.messages.looked import (
    FAILED,
    OLDER,
    ROWS,
    failure,
    inspected,
    listed,
    project,
    rollback,
    rolled_back,
    row,
)
from tests.messages.shown import HOSTILE, deployment_of, mentions, words
from tests.shop import BROKEN, DOMAINS, GOOD
from tests.simulator.slack_rules import check_message

NOW = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
LONG = "&" * 6000
SOME_WHEN = 1_795_230_300.0


def list_of(*args: object, **kwargs: object) -> str:
    return words(deployments(listed(*args, **kwargs), NOW))  # type: ignore[arg-type]


def of_build(seen: Inspection) -> str:
    return words(build_failure(seen, ANA))


class TestDeployments:
    def test_each_is_told_with_its_commit_its_author_its_age_and_where_it_stands(self) -> None:
        text = list_of()
        assert '🟢 *Live* on every production domain: `9f8e7d6` "New checkout"\n   ben, 12 min old' in text
        assert '🚫 *Not eligible* (its build is ERROR): `d4e5f6a` "Charts"' in text
        assert (
            f'↩️ *The previous one*: `a1b2c3d` "Fix login"\n   ana, 1 day old\n   `/rollback vercel {GOOD.id}`' in text
        )
        assert '↩️ *Eligible*: `c3d4e5f` "Add a logo"' in text
        assert "2 can be rolled back to" in text

    def test_only_what_can_be_gone_to_has_a_line_to_type(self) -> None:
        text = list_of()
        assert f"/rollback vercel {OLDER.id}" in text
        assert f"/rollback vercel {BROKEN.id}" not in text
        assert f"/rollback vercel {FAILED.id}" not in text

    def test_after_a_rollback_it_says_so_and_warns_of_the_newer_build(self) -> None:
        rows = (row(BROKEN), row(GOOD, offered=False), row(OLDER))
        text = list_of(rolled_back(), rows)
        assert "📌 Production is rolled back." in text
        assert (
            f"Newer than what is live: make sure that it isn't the one that broke\n   `/rollback vercel {BROKEN.id}`"
            in text
        )

    def test_on_the_hobby_plan_only_the_previous_one_is_eligible(self) -> None:
        text = list_of(plan="hobby")
        assert f"/rollback vercel {GOOD.id}" in text
        assert f"/rollback vercel {OLDER.id}" not in text
        assert "the Hobby plan only goes back" in text

    @pytest.mark.parametrize(
        ("candidate", "why"),
        [
            (row(OLDER, substate="STAGED", offered=False), "it never served production (STAGED)"),
            (row(OLDER, deleted=True), "deleted"),
            (row(OLDER, offered=False), "Vercel does not offer it for a rollback"),
            (row(OLDER, offered=None), "Vercel does not offer it for a rollback"),
            (row(OLDER, substate="ROLLING", offered=False), "it is being rolled out (ROLLING)"),
        ],
    )
    def test_what_is_not_eligible_says_why(self, candidate: object, why: str) -> None:
        assert f"*Not eligible* ({why})" in list_of(None, (*ROWS[:3], candidate))

    def test_a_split_production_shows_who_serves_what_and_what_to_name(self) -> None:
        text = list_of(project(live={DOMAINS[0]: BROKEN.id, DOMAINS[1]: GOOD.id}))
        assert "⚠️ Production is split" in text
        assert f"*Live* on {DOMAINS[0]}" in text
        assert f"*Live* on {DOMAINS[1]}" in text
        assert f"/rollback vercel {GOOD.id}" in text

    def test_a_rolling_release_shows_its_share_and_its_base_as_the_previous_one(self) -> None:
        rolling = RollingRelease(GOOD, BROKEN, 10.0)
        text = list_of(project(live=dict.fromkeys(DOMAINS, GOOD.id)), ROWS, rolling)
        assert f"A rolling release to `{BROKEN.id}` is under way (10 % of traffic)" in text

    def test_while_domains_move_it_says_so(self) -> None:
        assert "Vercel is moving the domains" in list_of(project(job=Job("promote", "pending", "", GOOD.id, 1.0)))

    def test_nothing_eligible_is_said(self) -> None:
        assert "none can be rolled back to" in list_of(None, (row(BROKEN, offered=False),))

    def test_what_is_live_and_the_previous_one_are_shown_however_many_are_newer(self) -> None:
        staged = [
            row(replace(FAILED, id=f"dpl_{number}", created_at=2e9 + number), state="ERROR", offered=False)
            for number in range(40)
        ]
        text = list_of(None, (*staged, *ROWS))
        assert "🟢 *Live*" in text
        assert f"/rollback vercel {GOOD.id}" in text
        assert f"… and {43 + 1 - SHOWN} older deployments" in text


class TestBuildFailure:
    def test_it_says_what_vercel_says_and_what_the_log_ends_with(self) -> None:
        text = of_build(inspected())
        assert '*Vercel says*: Command "npm run build" exited with 1 (BUILD_FAILED)' in text
        assert "Module not found: Can't resolve '@/charts'" in text
        assert "<https://vercel.com/acme/web-shop/Failed44444444444444444|The whole log at Vercel>" in text

    def test_that_users_have_nothing_of_it_stands_beside_its_proof(self) -> None:
        text = of_build(inspected())
        assert "✅ *No database change, no user impact* from this deployment: 2 production domains checked" in text
        assert BROKEN.id in text
        assert "as a migration, can't be seen at Vercel" in text

    def test_without_proof_it_is_not_said(self) -> None:
        text = of_build(inspected(doubt="The production domains serve different deployments."))
        assert "⚠️ *Whether people notice anything is not proven*: The production domains serve" in text
        assert "impact" not in text

    def test_a_log_that_cannot_be_read_and_an_empty_one_are_said(self) -> None:
        assert "could not be read" in of_build(inspected(lines=None))
        assert "Nothing in the end of its log" in of_build(inspected(lines=()))

    def test_without_a_failed_build_it_says_what_is_live(self) -> None:
        text = of_build(Inspection(project(), None, BROKEN, ""))
        assert "No failed production build of web-shop" in text
        assert BROKEN.id in text

    def test_it_says_who_asked(self) -> None:
        assert f"<@{ANA}> asked to look. Looking changed nothing." in of_build(inspected())


class TestPin:
    @pytest.mark.parametrize(
        ("seen", "sentence"),
        [
            (PinSeen(Pin.HOLDS, GOOD.id, SOME_WHEN), "📌 Still pinned since"),
            (PinSeen(Pin.HOLDS, GOOD.id, None), "📌 Still pinned since"),
            (PinSeen(Pin.HOLDS, OLDER.id, SOME_WHEN), "somebody rolled back again after R-17"),
            (PinSeen(Pin.ENDED, BROKEN.id, SOME_WHEN), "✅ Not pinned any more: it was promoted"),
            (PinSeen(Pin.ENDED, BROKEN.id, None), "it is live, and automatic deployments are on"),
            (PinSeen(Pin.UNCLEAR, BROKEN.id, None), "Vercel doesn't show whether"),
        ],
    )
    def test_what_vercel_shows_is_told(self, seen: PinSeen, sentence: str) -> None:
        assert sentence in words(pin(rollback(), seen, "it"))

    def test_while_it_holds_the_undo_is_named(self) -> None:
        assert "`/rollback undo R-17`" in words(pin(rollback(), PinSeen(Pin.HOLDS, GOOD.id, None), "it"))

    def test_that_nobody_could_look_is_told_with_what_the_log_knows(self) -> None:
        text = words(unseen(rollback(), "Vercel could not be reached."))
        assert "Couldn't look whether R-17 still pins production. Vercel could not be reached." in text
        assert "Unless a deployment was promoted since" in text


class TestVerification:
    def test_it_says_what_fails_now_and_which_incident_that_opened(self) -> None:
        text = words(verification(FAILING, ANA, "I-3"))
        assert "❌ *Checks fail now*: Site. 1 of 2 that decide pass" in text
        assert "incident *I-3* is open in this channel" in text

    def test_without_an_incident_none_is_named(self) -> None:
        assert "incident" not in words(verification(PASSING, ANA, ""))

    def test_what_was_seen_stands_as_now_and_not_as_before(self) -> None:
        table = json.dumps(verification(PASSING, ANA, "").blocks)
        assert "   now      200; median 0.35 s" in table
        assert "   before" not in table

    def test_where_no_check_decides_it_proves_nothing(self) -> None:
        assert "so this proves nothing" in words(verification(PASSING[2:], ANA, ""))

    def test_an_expectation_to_before_is_said_to_compare_with_itself(self) -> None:
        answer = CheckResult("Rows", Verdict.PASSED, required=True, expected="= before (4)", seen="4")
        assert "compares a check with itself" in words(verification([answer], ANA, ""))
        assert "compares" not in words(verification(PASSING[:2], ANA, ""))

    @pytest.mark.parametrize("odd_text", [LONG, HOSTILE])
    def test_slack_takes_any_answer_of_a_check_and_nobody_is_mentioned_by_it(self, odd_text: str) -> None:
        results = [
            CheckResult(f"{n}{odd_text}", Verdict.FAILED, n % 2 == 0, odd_text, odd_text, 1.5, 2.5) for n in range(60)
        ]
        picture = verification(results, ANA, "I-3")
        check_message(picture.text, list(picture.blocks))
        assert mentions(picture) == {f"@{ANA}"}


def odd(text: str) -> list[Picture]:
    """Every picture with everything that others write replaced."""
    rows = tuple(row(deployment_of(one.deployment, text), offered=one.offered, state=one.state) for one in ROWS)
    many = tuple(replace(one, deployment=replace(one.deployment, id=f"{n}{text}")) for n, one in enumerate(rows * 9))
    live = {f"{number}{text}": many[number].deployment.id for number in range(20)}
    seen = Inspection(
        project(name=text),
        failure(deployment=deployment_of(FAILED, text), message=text, code=text, lines=(text,) * 5),
        deployment_of(BROKEN, text),
        text,
    )
    return [
        deployments(listed(project(name=text), rows), NOW),
        deployments(listed(project(name=text, live=live), many), NOW),
        build_failure(seen, ANA),
        build_failure(replace(seen, doubt=""), ANA),
        build_failure(replace(seen, failure=None), ANA),
        pin(rollback(), PinSeen(Pin.ENDED, BROKEN.id, None), text),
        unseen(rollback(), text),
    ]


@pytest.mark.parametrize("picture", [*odd(LONG), *odd(HOSTILE)])
def test_slack_takes_it_whatever_others_wrote(picture: Picture) -> None:
    check_message(picture.text, list(picture.blocks), max_text=4000)


@pytest.mark.parametrize("picture", odd(HOSTILE))
def test_nobody_is_mentioned_and_no_link_is_faked_by_what_others_wrote(picture: Picture) -> None:
    assert mentions(picture) <= {f"@{ANA}"}
    assert "<https://evil" not in words(picture).replace(HOSTILE.splitlines()[0], "")
