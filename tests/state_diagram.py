"""docs/states.md, drawn from the table of transitions. Drawn anew with `.venv/bin/python -m tests.state_diagram`."""

from pathlib import Path

from bot.core.change import FINAL, TRANSITIONS, State

PAGE = Path(__file__).parent.parent / "docs" / "states.md"

_BEGIN = """# The states of a change request

Drawn from `TRANSITIONS` in `bot/core/change.py`; a test holds the two equal. After a change of the table:
`.venv/bin/python -m tests.state_diagram`.

An arrow is an event in the log. Events that move nothing (a click that arrived, a message that was posted) are not
shown. From *Waiting for approval* on, the names are the words on the card.

```mermaid
stateDiagram-v2
"""


def states_page() -> str:
    """The page's text."""
    names = [f'    state "{state}" as {state.name}' for state in State]
    arrows = [f"    {arrow}" for state in TRANSITIONS for arrow in _arrows(state)]
    ends = [f"    {state.name} --> [*]" for state in State if state in FINAL]
    return _BEGIN + "\n".join([*names, "    [*] --> PLANNING: request made", *arrows, *ends, "```", ""])


def _arrows(state: State) -> list[str]:
    ends: dict[State, list[str]] = {}
    for kind, end in TRANSITIONS[state].items():
        ends.setdefault(end, []).append(kind.replace("_", " "))
    return [f"{state.name} --> {end.name}: {', '.join(kinds)}" for end, kinds in ends.items()]


if __name__ == "__main__":
    PAGE.write_text(states_page())
