"""Every picture of the typical histories is a file that can be pasted into Block Kit Builder.

`SNAPSHOTS=write` in the environment writes them anew; read the difference before you keep it.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from bot.messages.picture import Block, Message
from tests.messages import incidents
from tests.messages.incidents import INCIDENTS
from tests.messages.kept import LISTED
from tests.messages.looked import LOOKED
from tests.messages.restores import ALL
from tests.messages.shown import messages
from tests.messages.views import VIEWS

FOLDER = Path(__file__).parent / "snapshots"
TEXTS = "texts.json"


def test_the_pictures_are_those_of_the_snapshot_files() -> None:
    files = dict(_files())
    if os.environ.get("SNAPSHOTS") == "write":
        _write(files)
    assert {path.name: path.read_text() for path in FOLDER.glob("*.json")} == files


def _files() -> Iterator[tuple[str, str]]:
    """One file for each picture that no earlier history shows; block ids, which change with everything, left out."""
    known: set[str] = set()
    told: dict[str, str] = {}
    for history, shown in _shown():
        for name, message in shown.items():
            if message.picture.digest in known:
                continue
            known.add(message.picture.digest)
            file = f"{history}.{name.replace('/', '_').replace(' ', '_')}.json"
            told[file] = message.picture.text
            yield file, _spelled({"blocks": [_unnamed(block) for block in message.picture.blocks]})
            if message.picture.plain:
                shown_plainly = [_unnamed(block) for block in message.picture.plain]
                yield f"{history}.{name}_plain.json", _spelled({"blocks": shown_plainly})
    for name, picture in {**LOOKED, **LISTED}.items():
        told[f"{name}.json"] = picture.text
        yield f"{name}.json", _spelled({"blocks": [_unnamed(block) for block in picture.blocks]})
    for name, view in VIEWS.items():
        yield f"{name}.json", _spelled(view)
    yield TEXTS, _spelled(told)


def _shown() -> Iterator[tuple[str, dict[str, Message]]]:
    yield from ((history, messages(events)) for history, events in ALL.items())
    yield from ((f"incident_{history}", incidents.messages(events)) for history, events in INCIDENTS.items())


def _unnamed(block: Block) -> Block:
    return {key: value for key, value in block.items() if key != "block_id"}


def _write(files: dict[str, str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for name, text in files.items():
        (FOLDER / name).write_text(text)


def _spelled(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
