"""The bot's own log: where it is or will be, who else can get at it, who writes it, and whether its chain holds."""

import os
import shlex
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bot.adapters.log_sqlite_reading import LogFile, UnreadableLogError, is_in_use
from bot.core.chain import Proof, prove
from bot.doctor.finding import Finding, ok, problem, warning

OTHERS_READ, OTHERS_WRITE = 0o044, 0o022


def examine_log(path: Path) -> Iterator[Finding]:
    """What can be seen of the log without writing to it."""
    if not path.exists():
        yield place(path, nearest_folder(path))
        return
    parts = [one for ending in ("", "-wal", "-shm") if (one := path.with_name(path.name + ending)).exists()]
    yield permissions(path, {str(one): one.stat().st_mode & 0o777 for one in parts})
    is_running = is_in_use(path)
    yield ok("log", "a bot is running: it holds the log's lock" if is_running else "no bot is running on it")
    try:
        with closing(LogFile(path)) as log:
            yield chain(prove(log.rows()))
    except UnreadableLogError as error:
        remedy = "start the bot on another STATE_URL, and keep this file: nothing mends it"
        yield problem("log", f"it can't be read as a log: {error}", remedy)


def nearest_folder(path: Path) -> Path:
    """The folder that is there already, in which the others and the file would be made."""
    return next(folder for folder in path.absolute().parents if folder.is_dir())


def place(path: Path, folder: Path) -> Finding:
    """Whether a log that isn't there yet can be made."""
    if os.access(folder, os.W_OK | os.X_OK):
        return ok("state file", f"{path} is made at the first start")
    text = f"{path} can't be made: {folder} is not writable for this user"
    return problem("state file", text, "name another path in STATE_URL, or give this user the folder")


def permissions(path: Path, modes: dict[str, int]) -> Finding:
    """Whether others on this host can get at the files; `modes` has the permission bits of each."""
    for bits, what, weigh in (
        (OTHERS_WRITE, "others on this host can change it, and so forge approvals", problem),
        (OTHERS_READ, "others on this host can read it", warning),
    ):
        open_ones = [name for name, mode in modes.items() if mode & bits]
        if open_ones:
            seen = ", ".join(f"{name} is {modes[name]:04o}" for name in open_ones)
            return weigh("state file", f"{what}: {seen}", f"chmod 600 {shlex.join(open_ones)}")
    return ok("state file", f"{path}, for its owner alone")


def chain(proof: Proof) -> Finding:
    """Whether the hashes of the events follow from each other."""
    if proof.damage:
        text = f"its chain of hashes breaks at event {proof.damage.position}: somebody changed the file"
        return problem("log", text, "python -m bot audit verify says more; keep the file as evidence")
    newest = f", newest hash {str(proof.newest.hash)[:12]}" if proof.newest else ""
    return ok("log", f"{proof.events} event{'' if proof.events == 1 else 's'}, the chain of hashes holds{newest}")
