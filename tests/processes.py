"""The bot as a process of its own: started as people start it, or forked from one that has imported everything.

A forked bot is a real process too, with its own memory and files, and dies of kill -9 like any other; it only doesn't
spend most of a story's time on reading the same modules again.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from multiprocessing.connection import Connection


class Process:
    """A running bot. Everything it writes is kept in `lines`."""

    def __init__(self, output: Iterable[str]) -> None:
        self.lines: list[str] = []
        self._output = output
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for_line(self, text: str, seconds: float = 30) -> None:
        """Wait until the process wrote a line with `text`; AssertionError when it ends or time is over."""
        with self._changed:
            found = self._changed.wait_for(lambda: self._has(text) or not self._reader.is_alive(), seconds)
        assert found, f"no {text!r} in time in:\n{''.join(self.lines)}"
        assert self._has(text), f"it ended without {text!r}:\n{''.join(self.lines)}"

    def kill(self) -> None:
        """kill -9."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def end(self) -> int:
        """SIGTERM, and the exit status."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait()

    def wait(self, seconds: float = 30) -> int:
        """Wait for the end; the exit status."""
        status = self._wait(seconds)
        self._reader.join(seconds)
        return status

    @property
    def pid(self) -> int:
        raise NotImplementedError

    @property
    def is_running(self) -> bool:
        raise NotImplementedError

    def _wait(self, seconds: float) -> int:
        raise NotImplementedError

    def _has(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def _read(self) -> None:
        for line in self._output:
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


class Started(Process):
    """`python -m module`, with arguments."""

    def __init__(self, env: Mapping[str, str], module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=dict(env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        super().__init__(self._process.stdout or ())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def _wait(self, seconds: float) -> int:
        status = self._process.wait(seconds)
        self._reader.join(seconds)
        if self._process.stdout:
            self._process.stdout.close()
        return status


FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.preloaded"])


class Forked(Process):
    """`main`, the launcher's where none is given, forked from a process that has imported it."""

    def __init__(self, env: Mapping[str, str], main: Callable[[], int] | None = None) -> None:
        reader, writer = FORKS.Pipe(duplex=False)
        self._process = FORKS.Process(target=launch, args=(dict(env), writer, main), daemon=True)
        self._process.start()
        writer.close()
        super().__init__(os.fdopen(os.dup(reader.fileno()), encoding="utf-8"))
        reader.close()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    @property
    def is_running(self) -> bool:
        return self._process.is_alive()

    def _wait(self, seconds: float) -> int:
        self._process.join(seconds)
        self._reader.join(seconds)
        self._output.close()  # type: ignore[attr-defined]  # it is the file that __init__ opened
        return self._process.exitcode if self._process.exitcode is not None else -1


def launch(env: Mapping[str, str], output: Connection, main: Callable[[], int] | None) -> None:
    """In the new process: write to `output`, take the environment, and be the bot."""
    for descriptor in (1, 2):
        os.dup2(output.fileno(), descriptor)
    output.close()
    os.environ.clear()
    os.environ.update(env)
    from tests import launcher  # noqa: PLC0415  # the bot is imported by its own process, not by who starts it

    sys.exit((main or launcher.main)())
