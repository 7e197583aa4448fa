"""What Slack showed, proven against the log: with the real bot, while it runs and after someone cut its log."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import partial

from bot.__main__ import main
from tests.processes import Forked
from tests.world import BEN, CHLOE, World


def audited(world: World, *words: str) -> tuple[int, str]:
    """The exit status and the output of the command `audit`, with no other setting than STATE_URL."""
    process = Forked({"STATE_URL": world.env["STATE_URL"]}, partial(main, ["audit", *words]))
    return process.wait(), "".join(process.lines)


def test_the_hash_in_the_thread_is_found_in_the_log_and_missed_in_a_cut_one(quiet_world: World) -> None:
    world = quiet_world
    world.module = "bot"
    world.start()
    world.rollback("vercel because checkout is broken")
    world.approve(BEN, CHLOE)
    shown = re.search(r"Log: (\d+) events, newest hash ([0-9a-f]{12})", world.wait_for_end("Verified"))
    assert shown
    status, text = audited(world, "verify", shown[2])
    assert (status, f"event {shown[1]} of R-1, verification_passed" in text) == (0, True), text

    world.kill()
    with closing(sqlite3.connect(world.folder / "log.db")) as file:
        file.execute("DROP TRIGGER events_refuse_delete")
        file.execute("DELETE FROM events WHERE stream = 'R-1' AND seq >= ?", [int(shown[1])])
        file.execute("DELETE FROM events WHERE position > (SELECT max(position) FROM events WHERE stream = 'R-1')")
        file.commit()
    assert audited(world, "verify", shown[2])[0] == 1


def test_a_log_that_cannot_be_read_is_one_line_and_status_2(quiet_world: World) -> None:
    env = {"STATE_URL": quiet_world.env["STATE_URL"], "PATH": quiet_world.env["PATH"]}
    command = [sys.executable, "-m", "bot", "audit", "verify"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    status, text = done.returncode, done.stdout + done.stderr
    assert (status, text.count("\n")) == (2, 1)
    assert "there is no file" in text


def test_the_export_of_a_running_bot_is_markdown_or_json_lines(world: World) -> None:
    world.rollback("vercel because checkout is broken")
    world.wait_for_state("Waiting for approval")
    assert "because checkout is broken" in audited(world, "export", "markdown", "R-1")[1]
    assert audited(world, "export")[1].startswith('{"actor":"bot"')
