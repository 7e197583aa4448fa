"""Put every case through the bot and through Vercel's own client, one after the other, and write docs/conformance.md.

Ends with status 1 where the bot reports something else than its case says, or something that isn't true.
"""

import subprocess
import sys
from pathlib import Path

from tests.conformance.by_bot import through_bot
from tests.conformance.by_client import CLIENTS, through_client
from tests.conformance.document import Row, document
from tests.simulator.vercel_case import Case
from tests.simulator.vercel_cases import CASES

DOCUMENT = Path(__file__).parents[2] / "docs" / "conformance.md"


def main() -> int:
    """Every case, then the document."""
    rows = [_row(case) for case in CASES]
    DOCUMENT.write_text(document(rows, _node()))
    wrong = [row.case.name for row in rows if (row.said.says, row.said.rule) != (row.case.says, row.case.rule)]
    for name in wrong:
        print(f"the bot is wrong about: {name}")
    return 1 if wrong else 0


def _row(case: Case) -> Row:
    heard = {} if case.cli is None else {version: through_client(case, version) for version in CLIENTS}
    row = Row(case, through_bot(case), heard)
    print(_line(row), flush=True)
    return row


def _line(row: Row) -> str:
    told = [
        f"{version}: exit {heard.ended.exit}{' FALSE' if heard.fault else ''}" for version, heard in row.heard.items()
    ]
    return " | ".join([row.case.name, f"bot: {row.said.says.value}", *told])


def _node() -> str:
    """The version of Node that runs the client."""
    return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S607


if __name__ == "__main__":
    sys.exit(main())
