"""The shipped scenarios over signed HTTP, on a real PostgreSQL: one approval, several steps, every end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actions.stopping import STOPPED, refused, write_nothing
from tests.database.server import Database
from tests.simulator import vercel_cast as the
from tests.simulator.wire import Answer, Fault
from tests.test_columns_story import TIERS, clear
from tests.world import ANA, BEN, CHLOE, DAN, World

SESSIONS = write_nothing("sessions")
OPERATIONS = "SELECT count(*) FROM rollback_bot.ledger"


@pytest.fixture
def quiet_shop(tmp_path: Path, damaged: Database) -> Iterator[World]:
    """A world with a damaged database and a broken deployment, whose bot is not started yet."""
    world = World(tmp_path, database=damaged.url)
    try:
        yield world
    finally:
        world.close()


@pytest.fixture
def broken(quiet_shop: World) -> World:
    """The same, with the bot running."""
    return quiet_shop.start()


def change_backup(database: Database, name: str) -> None:
    """Somebody writes to a backup that a plan has seen."""
    database.rows(f"UPDATE public.{name} SET score = score + 1 WHERE member_no = 1")


def put_in_the_way(database: Database) -> None:
    """Somebody makes a table where the bot's ledger is to stand: whatever is to be written there fails."""
    database.rows("CREATE SCHEMA rollback_bot AUTHORIZATION app_owner")
    database.rows("CREATE TABLE rollback_bot.ledger ()")
    database.rows("ALTER TABLE rollback_bot.ledger OWNER TO app_owner")


def take_away(database: Database) -> None:
    """They remove it again."""
    database.rows("DROP SCHEMA rollback_bot CASCADE")


def planned(world: World, request: str) -> list[str]:
    """The actions of a request's plan, in their order."""
    (made,) = world.data("plan_made", request)
    return [step["action"] for step in made["plan"]["steps"]]


def wait_for_halt(world: World) -> None:
    """Wait until the bot has come to where it was told to hold."""
    assert world.bot
    world.bot.wait_for_line("holding")


def ends_partly_done(world: World, told: str) -> None:
    """Wait for the end, and until its outcome, which follows the run's own message, says so."""
    world.wait_for_state("Failed: partly done")
    world.slack.wait_for(lambda: told in world.thread())


def plan_the_rest(world: World, user: str) -> str:
    """Press the button in the ended card's thread; the plan of the new request, once it can be approved."""
    world.press(user, "plan_again")
    world.slack.wait_for(lambda: len(world.cards()) == 2)
    world.slack.wait_for(lambda: "Waiting for approval" in world.read() and world.with_button("approve"))
    world.wait_until_gone("plan_again")
    return world.thread()


def test_a_choice_that_is_none_is_refused_and_without_one_only_the_code_goes_back(
    broken: World, damaged: Database
) -> None:
    broken.rollback("schema drop_colums")
    assert "Did you mean `/rollback schema drop_columns`?" in broken.told(ANA, "is no choice of")
    broken.rollback("schema because people can't log in")
    broken.approve(BEN, CHLOE)
    assert "`/rollback schema restore_tables` also restores user_profiles" in broken.wait_for_end("Verified")
    assert broken.live() == {the.PREVIOUS}
    assert damaged.value("SELECT to_regnamespace('rollback_bot') IS NULL")
    (made,) = broken.data("request_made")
    assert (made["scenario"], made["choice"], made["risk"]) == ("schema", "none", "high")
    broken.wait_until(lambda: broken.data("request_joined", "I-1"))
    assert broken.data("request_joined", "I-1")[0]["scenario"] == "schema"


def test_the_code_goes_back_and_the_added_columns_go_in_one_plan(broken: World, damaged: Database) -> None:
    clear(damaged)
    broken.rollback("schema drop_columns")
    broken.approve(BEN, CHLOE)
    broken.wait_for_end("Verified")
    assert broken.live() == {the.PREVIOUS}
    assert damaged.value(TIERS) == 0


def test_where_vercel_refuses_the_first_step_nothing_changed_and_all_of_it_can_be_planned_again(
    broken: World, damaged: Database
) -> None:
    clear(damaged)
    refusal = Answer(403, {"error": {"code": "forbidden", "message": "Not on your plan"}})
    broken.vercel.lay(Fault(lambda r: "/rollback/" in r.path and r.method == "POST", apply=False, answer=refusal))
    broken.rollback("schema drop_columns")
    broken.approve(BEN, CHLOE)
    broken.wait_for_end("Failed: nothing changed")
    assert damaged.value(TIERS) == 1
    assert "*Step 2:" in plan_the_rest(broken, ANA)


def test_where_the_columns_cannot_be_dropped_the_rollback_stays_and_is_said_and_the_drop_is_offered(
    broken: World, damaged: Database
) -> None:
    clear(damaged)
    broken.rollback("schema drop_columns")
    broken.approve(BEN)
    broken.wait_for_state("(1 of 2)")
    put_in_the_way(damaged)
    broken.approve(CHLOE)
    ends_partly_done(broken, "Step 2 of R-1 is not done")
    assert 'Step 1: Rolled back: every production domain served 3667513 "Remind' in broken.thread()
    assert "Step 2 failed and changed nothing: PostgreSQL refused it" in broken.thread()
    assert broken.live() == {the.PREVIOUS}
    assert damaged.value(TIERS) == 1
    take_away(damaged)
    plan_the_rest(broken, DAN)
    assert planned(broken, "R-2") == ["drop_columns"]


def test_where_writes_cannot_be_stopped_nothing_changed_and_all_four_steps_are_offered(
    broken: World, damaged: Database
) -> None:
    broken.rollback("data-corruption because progress is lost")
    broken.approve(BEN)
    broken.wait_for_state("(1 of 2)")
    put_in_the_way(damaged)
    broken.approve(CHLOE)
    told = broken.wait_for_end("Failed: nothing changed")
    assert "ended with writes stopped" not in told
    assert refused(damaged.superuser(), SESSIONS) == ""
    assert broken.live() == {the.BROKEN}
    take_away(damaged)
    assert "Steps 1, 2, 3 and 4 of R-1 are not done" in broken.thread()
    plan_the_rest(broken, DAN)
    assert planned(broken, "R-2") == ["stop_writes", "restore_tables", "rollback_deployment", "resume_writes"]


def test_a_restore_that_fails_after_the_rollback_is_said_and_is_all_that_is_left(
    broken: World, damaged: Database
) -> None:
    broken.rollback("schema restore_tables because profiles are wrong")
    broken.approve(BEN)
    broken.wait_for_state("(1 of 2)")
    assert "Another step of this plan rolls production back" in broken.thread()
    change_backup(damaged, "user_profiles_backup_20261101")
    broken.approve(CHLOE)
    ends_partly_done(broken, "Not begun: restore user_profiles")
    assert broken.live() == {the.PREVIOUS}
    assert "*Step" not in plan_the_rest(broken, DAN)
    assert "asks: *Restore user_profiles" in broken.read()
    broken.approve(BEN, CHLOE)
    broken.wait_for_end("Verified")
    assert len(broken.vercel.posts) == 1


def test_a_restore_that_fails_leaves_writes_stopped_loudly_until_the_rest_is_approved_and_done(
    broken: World, damaged: Database
) -> None:
    connection = damaged.superuser()
    broken.rollback("data-corruption because progress is lost")
    broken.approve(BEN)
    broken.wait_for_state("(1 of 2)")
    change_backup(damaged, "user_profiles_backup_20250903")
    broken.approve(CHLOE)
    ends_partly_done(broken, "🛑 *It ended with writes stopped.*")
    assert refused(connection, SESSIONS) == STOPPED
    assert broken.live() == {the.BROKEN}
    assert "/dbrestore resume-writes" in broken.read()
    plan_the_rest(broken, DAN)
    assert refused(connection, SESSIONS) == STOPPED
    broken.approve(BEN, CHLOE)
    broken.wait_for_end("Verified")
    assert refused(connection, SESSIONS) == ""
    assert broken.live() == {the.PREVIOUS}
    assert planned(broken, "R-2") == ["restore_tables", "rollback_deployment", "resume_writes"]
    broken.slack.wait_for(lambda: "Writes are stopped" not in broken.read(broken.cards()[0]))


def test_writes_that_cannot_be_resumed_stay_stopped_and_to_resume_them_is_all_that_is_left(
    broken: World, damaged: Database
) -> None:
    connection = damaged.superuser()
    broken.vercel.job_seconds = broken.vercel.domain_seconds = 0.8
    broken.rollback("data-corruption")
    broken.approve(BEN, CHLOE)
    broken.wait_until(lambda: broken.kinds().count("step_started") == 3)
    damaged.rows("ALTER TABLE public.sessions OWNER TO CURRENT_USER")
    ends_partly_done(broken, "🛑 *It ended with writes stopped.*")
    assert refused(connection, SESSIONS) == STOPPED
    damaged.rows("ALTER TABLE public.sessions OWNER TO app_owner")
    plan_the_rest(broken, ANA)
    broken.approve(BEN, CHLOE)
    broken.wait_for_end("Verified")
    assert refused(connection, SESSIONS) == ""
    assert broken.kinds("R-2").count("step_finished") == 1


def test_killed_between_any_two_steps_writes_stay_stopped_visibly_and_nothing_runs_twice(
    quiet_shop: World, damaged: Database
) -> None:
    world, connection = quiet_shop.start(HOLD="after:step_finished"), damaged.superuser()
    world.rollback("data-corruption because progress is lost")
    world.approve(BEN, CHLOE)
    for step in range(1, 4):
        wait_for_halt(world)
        world.kill()
        assert refused(connection, SESSIONS) == STOPPED
        assert world.kinds().count("step_finished") == step
        world.start(HOLD="after:step_finished")
        world.slack.wait_for(lambda: "*Writes are stopped*" in world.read())
    wait_for_halt(world)
    world.restart()
    world.wait_for_end("Verified")
    assert refused(connection, SESSIONS) == ""
    assert world.kinds().count("step_started") == 4
    assert damaged.value(OPERATIONS) == 3
    assert len(world.vercel.posts) == 1


def test_killed_before_the_restore_acts_it_is_known_to_have_done_nothing_and_writes_stay_stopped(
    quiet_shop: World, damaged: Database
) -> None:
    world = quiet_shop.start(HOLD="after:step_finished")
    world.rollback("data-corruption")
    world.approve(BEN, CHLOE)
    for where in ("after:step_started", ""):
        wait_for_halt(world)
        world.restart(HOLD=where)
    ends_partly_done(world, "🛑 *It ended with writes stopped.*")
    assert refused(damaged.superuser(), SESSIONS) == STOPPED
    assert damaged.value(OPERATIONS) == 1
    world.slack.wait_for(lambda: world.with_button("plan_again"))
