"""An application at work on a table and its child, as a process of its own: how long each statement of it waited.

`python -m benchmarks.load <address> <read> <write> <insert>` goes on until its input ends; then it prints, for each of
the three, the worst wait in ms, how many statements there were, and the SQLSTATEs of those that failed.
"""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

READERS, WRITERS, INSERTERS, THINK_SECONDS = 4, 2, 2, 0.01
KINDS = {"read": READERS, "write": WRITERS, "insert": INSERTERS}
Waits = dict[str, Any]


@contextmanager
def under_load(url: str, statements: Sequence[str]) -> Iterator[Waits]:
    """A block during which the application works; what it waited is in the mapping afterwards."""
    waits: Waits = {}
    command = (sys.executable, "-m", "benchmarks.load", url, *statements)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101  # it is a pipe
        process.stdout.readline()
        time.sleep(1)
        yield waits
        time.sleep(1)
        waits |= json.loads(process.communicate("")[0])


def work(url: str, statements: Mapping[str, str]) -> Waits:
    """Work until the input ends."""
    ended, took = threading.Event(), {kind: list[float]() for kind in statements}
    failed = {kind: Counter[str]() for kind in statements}

    def repeat(kind: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not ended.wait(THINK_SECONDS):
                began = time.perf_counter()
                try:
                    connection.execute(statements[kind].encode())
                except psycopg.Error as error:
                    failed[kind][error.sqlstate or ""] += 1
                took[kind].append((time.perf_counter() - began) * 1000)

    threads = [threading.Thread(target=repeat, args=[kind]) for kind in statements for _ in range(KINDS[kind])]
    for thread in threads:
        thread.start()
    print("working", flush=True)
    sys.stdin.read()
    ended.set()
    for thread in threads:
        thread.join()
    return {
        kind: {"worst": round(max(took[kind])), "statements": len(took[kind]), "failed": failed[kind]} for kind in took
    }


if __name__ == "__main__":
    print(json.dumps(work(sys.argv[1], dict(zip(KINDS, sys.argv[2:5], strict=True)))))
