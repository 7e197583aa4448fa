"""What Linux says of a process: its memory, and the time it was given on a core."""

import os
import re
import time
from pathlib import Path


def megabytes(pid: int) -> float:
    """The resident memory now, in millions of bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def core_seconds(pid: int) -> float:
    """The seconds on a core so far, its own and the kernel's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def core_percent(pid: int, seconds: float) -> float:
    """The share of one core that the process takes in the next `seconds`, in percent."""
    begun, before = time.perf_counter(), core_seconds(pid)
    time.sleep(seconds)
    return (core_seconds(pid) - before) / (time.perf_counter() - begun) * 100


def wait_until_quiet(pid: int, seconds: float = 0.5) -> float:
    """Wait until the process has used no core for `seconds`; when it used one last, by time.perf_counter()."""
    used, last = core_seconds(pid), time.perf_counter()
    while time.perf_counter() - last < seconds:
        time.sleep(0.02)
        now = core_seconds(pid)
        if now - used > 0.01:  # noqa: PLR2004  # one tick is the timer's own
            used, last = now, time.perf_counter()
    return last
