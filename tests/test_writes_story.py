"""Stopping writes and resuming them, driven over signed HTTP with a real PostgreSQL, and what is said meanwhile."""

from tests.actions.stopping import STOPPED, Writes, refused, write_nothing
from tests.database.server import Database
from tests.simulator import vercel_cast as the
from tests.simulator.wire import Answer, Fault
from tests.world import ANA, BEN, CHLOE, World

SESSIONS = write_nothing("sessions")


def run(world: World, text: str, ends: str = "Verified") -> str:
    """Ask for something about the database, approve it by two, and wait for the end; the thread's text."""
    world.restore(text)
    world.approve(BEN, CHLOE)
    return world.wait_for_end(ends)


def test_writes_are_stopped_refused_shown_and_resumed(shop: World, damaged: Database) -> None:
    connection = damaged.superuser()
    assert "It ended with writes stopped" in run(shop, "stop-writes sessions because rows are overwritten")
    assert refused(connection, SESSIONS) == STOPPED
    shop.restart()  # what is stopped is remembered
    shop.rollback("status")
    assert "*Writes are stopped* to `public.sessions` since" in shop.told(ANA, "No open requests")
    shop.told(ANA, "The database shows it: writes to `public.sessions` are stopped.")
    assert "Writes are stopped" in shop.read()
    shop.restore("resume-writes because the fix is out")
    shop.slack.wait_for(lambda: len(shop.cards()) == 2)
    shop.approve(BEN, CHLOE)
    shop.wait_for_end("Verified")
    assert refused(connection, SESSIONS) == ""
    shop.slack.wait_for(lambda: "Undone by R-2." in shop.read(shop.cards()[0]))
    assert "Writes are stopped" not in shop.read(shop.cards()[0])
    shop.wait_until(lambda: shop.kinds("R-1")[-1] == "request_closed")
    Writes(damaged).stop("sessions")  # as another bot would, or a trigger that somebody switched on again
    shop.rollback("status")
    shop.told(ANA, "No request of this log left `public.sessions` so. To resume them: `/dbrestore resume-writes`")


def test_what_somebody_resumed_in_the_database_is_seen_by_the_status(shop: World, damaged: Database) -> None:
    run(shop, "stop-writes sessions")
    damaged.rows("DROP SCHEMA rollback_bot CASCADE")
    shop.rollback("status")
    shop.told(ANA, "Not stopped any more: `public.sessions`.")
    shop.slack.wait_for(lambda: "were seen resumed by somebody in the database" in shop.read())
    shop.restore("resume-writes")
    shop.told(ANA, "stopped writes to no table of this database. Nothing was changed.")


def test_the_plan_for_data_corruption_runs_from_end_to_end_and_so_does_its_undo(shop: World, damaged: Database) -> None:
    shop.vercel.promote_by_someone(the.BROKEN)
    shop.rollback("data-corruption because progress is lost")
    shop.approve(BEN, CHLOE)
    thread = shop.wait_for_end("Verified")
    assert "It ended with" not in thread
    assert refused(damaged.superuser(), SESSIONS) == ""
    assert shop.live() == {the.PREVIOUS}
    assert shop.kinds().count("step_finished") == 4
    shop.rollback("undo R-1")  # stop, promote, undo the restore, resume
    shop.slack.wait_for(lambda: len(shop.cards()) == 2)
    shop.approve(BEN, CHLOE)
    shop.wait_for_end("Done, checks fail")  # the broken site is live again
    assert shop.kinds("R-2").count("step_finished") == 4
    assert refused(damaged.superuser(), SESSIONS) == ""


def test_a_plan_that_fails_with_writes_stopped_says_so_loudly_and_they_can_be_resumed(
    shop: World, damaged: Database
) -> None:
    shop.vercel.promote_by_someone(the.BROKEN)
    refusal = Answer(403, {"error": {"code": "forbidden", "message": "Not on your plan"}})
    shop.vercel.lay(Fault(lambda r: "/rollback/" in r.path and r.method == "POST", apply=False, answer=refusal))
    shop.rollback("data-corruption")
    shop.approve(BEN, CHLOE)
    assert "It ended with writes stopped" in shop.wait_for_end("Failed: partly done")
    assert refused(damaged.superuser(), SESSIONS) == STOPPED
    shop.restore("resume-writes")
    shop.slack.wait_for(lambda: len(shop.cards()) == 2)
    shop.approve(BEN, CHLOE)
    shop.wait_for_end("Done, checks fail")  # the site is still the broken one
    assert refused(damaged.superuser(), SESSIONS) == ""
    shop.slack.wait_for(lambda: "Undone by R-2 (step 1 of it)." in shop.read(shop.cards()[0]))
