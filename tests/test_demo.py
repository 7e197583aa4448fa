"""The demo: it plays itself where there is no terminal, and takes a person's typing where there is one."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.database.server import server

DEMO = [sys.executable, "-m", "tests.demo"]
ROOT = Path(__file__).parents[1]
SECONDS = 60


class Terminal:
    """The demo in a terminal of its own; its temporary files are in `folder`, its PostgreSQL's too if it begins one."""

    def __init__(self, folder: Path, **told: str) -> None:
        self._hand, screen = pty.openpty()
        env = {**os.environ, "TMPDIR": str(folder), "TERM": "xterm", "COLUMNS": "100", **told}
        self.process = subprocess.Popen(
            DEMO, cwd=ROOT, env=env, stdin=screen, stdout=screen, stderr=screen, start_new_session=True
        )
        os.close(screen)
        self._shown = b""

    def type(self, line: str) -> None:
        os.write(self._hand, f"{line}\n".encode())

    def wait_for(self, text: str) -> None:
        """Wait until the screen shows `text`, after what was waited for before."""
        while text.encode() not in self._shown:
            assert self._read(), f"it ended without {text!r}:\n{self._shown.decode(errors='replace')}"
        self._shown = self._shown.partition(text.encode())[2]

    def end(self) -> tuple[int, str]:
        """Wait until no process has the terminal open any more; the exit status, and what was shown last."""
        while self._read():
            pass
        return self.process.wait(SECONDS), self._shown.decode()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, again after a silence: one that comes just as Python begins to wait for a line is late."""
        self.process.send_signal(number)
        while not select.select([self._hand], [], [], 3)[0]:
            self.process.send_signal(number)

    def close(self) -> None:
        self.process.terminate()  # not kill: it ends the bot before it goes
        self.process.wait(SECONDS)
        os.close(self._hand)

    def _read(self) -> bool:
        assert select.select([self._hand], [], [], SECONDS)[0], f"nothing came after:\n{self._shown.decode()}"
        try:
            more = os.read(self._hand, 65536)
        except OSError:  # how Linux says that the other end is closed
            more = b""
        self._shown += more
        return bool(more)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """On the server of this run: to begin another takes longer than what is shown here."""
    with closing(Terminal(tmp_path, TEST_DATABASE_URL=server().url)) as terminal:
        yield terminal


def test_without_a_terminal_the_main_job_is_played_until_it_is_verified(tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path), "COLUMNS": "100"}
    played = subprocess.run(
        DEMO, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert (played.returncode, played.stderr) == (0, "")
    assert "You asked for R-1, so somebody else has to approve." in played.stdout
    assert "✅ Verified · R-1" in played.stdout
    assert "The site answers 200." in played.stdout
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", played.stdout), "control codes"
    assert max(map(columns, played.stdout.splitlines())) <= 100
    assert list(tmp_path.iterdir()) == []


def test_a_person_types_the_main_job_and_quits(terminal: Terminal, tmp_path: Path) -> None:
    terminal.wait_for("ana in #inc-2026> ")
    terminal.type("/rollback vercel because checkout is broken")
    terminal.wait_for("[Approve]")
    for name, then in (("ben", "(1 of 2)"), ("as chloe", "✅ Verified")):
        terminal.type(name)
        terminal.wait_for(f"{name.removeprefix('as ')} in #inc-2026> ")
        terminal.type("approve")
        terminal.wait_for("[y/N]")
        terminal.type("y")
        terminal.wait_for(then)
    terminal.type("quit")
    assert terminal.end()[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_the_form_is_filled_in_question_by_question_and_a_denial_without_a_reason_is_asked_for_one(
    terminal: Terminal,
) -> None:
    terminal.wait_for("ana in #inc-2026> ")
    terminal.type("/rollback")
    terminal.wait_for("What (as it stands after its name): ")
    for typed, then in (("/rollback vercel", "Target: "), ("", "Reason: "), ("checkout is broken", "[Deny]")):
        terminal.type(typed)
        terminal.wait_for(then)
    terminal.type("deny")
    terminal.wait_for("Reason")
    terminal.type("too risky")
    terminal.wait_for("“too risky”")
    terminal.type("exit")
    assert terminal.end()[0] == 0


def test_an_interrupt_ends_it_like_quit(terminal: Terminal, tmp_path: Path) -> None:
    terminal.wait_for("ana in #inc-2026> ")
    terminal.signal(signal.SIGINT)
    status, last = terminal.end()
    assert status == 0
    assert "Traceback" not in last
    assert list(tmp_path.iterdir()) == []


def test_being_told_to_end_leaves_no_process_behind(tmp_path: Path) -> None:
    with closing(Terminal(tmp_path)) as terminal:
        terminal.wait_for("ana in #inc-2026> ")
        terminal.signal(signal.SIGTERM)
        assert terminal.end()[0] == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def columns(line: str) -> int:
    """How wide a terminal shows a line."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in line)
