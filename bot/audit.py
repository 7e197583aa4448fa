"""`audit verify` and `audit export`: what the log proves, and the log for other eyes. It is only read."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from bot.adapters.log_sqlite_reading import LogFile
from bot.core.chain import Proof, Row, prove
from bot.core.plan import Json, canonical
from bot.messages.plan import SHORT, short
from bot.messages.record import section
from bot.messages.wording import count, plain

USAGE = "usage: python -m bot audit verify [<hash seen in Slack>] | audit export [jsonl|markdown] [<request>]"
_HASH = re.compile(rf"[0-9a-f]{{{SHORT},64}}")
_STREAM = re.compile(r"[A-Z]+-[0-9]+")
_LONGEST = 200


class WrongWordsError(Exception):
    """What was typed can't be done; the text says why."""


def audit(words: Sequence[str], path: Path, say: Callable[[str], object]) -> bool:
    """Do what `words` ask with the log at `path`, told line by line through `say`; False where it isn't sound.

    Raises WrongWordsError, and UnreadableLogError where there is no log to be read.
    """
    match list(words):
        case ["verify", *seen] if len(seen) <= 1:
            looked_for = _hash(seen[0]) if seen else ""
            with closing(LogFile(path)) as log:
                return _verify(log, looked_for, say)
        case ["export", *options]:
            write, stream = _export_of(options)
            with closing(LogFile(path)) as log:
                for line in write(log, _known(log, stream)):
                    say(line)
            return True
        case _:
            raise WrongWordsError(USAGE)


def _hash(typed: str) -> str:
    looked_for = typed.strip("`").lower()
    if not _HASH.fullmatch(looked_for):
        raise WrongWordsError(f"A hash seen in Slack is {SHORT} to 64 of the characters 0-9 and a-f.")
    return looked_for


def _verify(log: LogFile, looked_for: str, say: Callable[[str], object]) -> bool:
    proof = prove(log.rows(), looked_for)
    faults = [*_damage(proof), *_fault(log), *_unseen(proof, looked_for)]
    for fault in faults:
        say(f"Not sound: {fault}")
    say(f"{'' if faults else 'Sound: '}{_how_far(proof)}")
    if proof.seen:
        say(_where(proof.seen, looked_for))
    elif not faults:
        say("A tail that was cut off is found only by a hash seen in Slack: audit verify <hash>.")
    return not faults


def _damage(proof: Proof) -> Iterator[str]:
    if proof.damage:
        here = f" ({_name(proof.damage.row)})" if proof.damage.row else ""
        yield f"the first bad position is {proof.damage.position}{here}: {proof.damage.reason}."


def _fault(log: LogFile) -> Iterator[str]:
    if fault := plain(log.fault(), _LONGEST):
        yield f"SQLite finds a fault in the file itself: {fault}."


def _unseen(proof: Proof, looked_for: str) -> Iterator[str]:
    if looked_for and not proof.seen:
        part = "the events before it" if proof.damage else "this log"
        yield (
            f"{looked_for} is no hash of {part}. The log was cut or written anew after this was shown, or it is"
            " another log, or this is another kind of hash (a plan's digest?)."
        )


def _how_far(proof: Proof) -> str:
    true = f"{count(proof.events, 'event')} from position 1 on follow from each other, each with its own hash."
    return f"{true} The newest of them: {_name(proof.newest)}." if proof.newest else true


def _where(seen: Sequence[Row], looked_for: str) -> str:
    places = " and ".join(f"position {row.position}, {_name(row)}" for row in seen)
    return f"{looked_for} is {places}. Everything up to there is as it was when this was shown."


def _name(row: Row) -> str:
    """Which event it is; what a damaged log says of itself is made harmless for a terminal."""
    at = str(row.at)[:19].replace("T", " ")
    return plain(f"event {row.seq} of {row.stream}, {row.kind}, {at} UTC, hash {short(str(row.hash))}", _LONGEST)


_Write = Callable[[LogFile, str], Iterator[str]]


def _export_of(options: Sequence[str]) -> tuple[_Write, str]:
    """How to write, and the stream ("" = all of them), from words in any order."""
    forms = [word for word in options if word in _FORMS]
    streams = [word.upper() for word in options if _STREAM.fullmatch(word.upper())]
    if len(forms) + len(streams) < len(options) or len(forms) > 1 or len(streams) > 1:
        raise WrongWordsError(USAGE)
    return _FORMS[forms[0] if forms else "jsonl"], streams[0] if streams else ""


def _known(log: LogFile, stream: str) -> str:
    if stream and next(log.stream(stream), None) is None:
        raise WrongWordsError(f"There is no {stream} in this log.")
    return stream


def _as_jsonl(log: LogFile, stream: str) -> Iterator[str]:
    for row in log.stream(stream) if stream else log.rows():
        line = canonical({name: _json(value) for name, value in row._asdict().items()} | {"data": _data(row.data)})
        yield line.encode(errors="backslashreplace").decode()  # bytes that are no UTF-8: JSON has the same escapes


def _json(value: object) -> Json:
    return value if isinstance(value, str | int | None) else str(value)


def _data(stored: object) -> Json:
    """As JSON where its canonical form is what was hashed, to the byte; else the stored text."""
    try:
        value: Json = json.loads(str(stored))
        return value if canonical(value) == stored and isinstance(value, dict) else str(stored)
    except ValueError:
        return str(stored)


def _as_markdown(log: LogFile, stream: str) -> Iterator[str]:
    yield from ("# The log of the rollback bot", "", "Every moment is UTC; a hash is shown as in Slack.")
    for each in (stream,) if stream else log.streams():
        yield from section(each, log.stream(each))


_FORMS: dict[str, _Write] = {"jsonl": _as_jsonl, "markdown": _as_markdown}
