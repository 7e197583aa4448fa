"""Small runbooks to make mistakes in, and the lines that name them."""

import pytest

from bot.core.runbook import load_runbook
from bot.core.runbook.problems import RunbookProblems

SERVICE = '[service]\nname = "Shop"\nsite = "https://shop.example"\n'
SMALL = SERVICE + '[approval]\napprovers = ["S1"]\n'  # what follows is a key of [approval], or begins a table
VERCEL = '[vercel]\nproject = "shop"\n'
DATABASE = """[database]
[[database.tables]]
name = "users"
added_columns = ["age"]
[[database.tables]]
name = "orders"
"""
DURATION = 'must be a duration like "90s", "15m", "1h" or "7d"'


def problems(text: str, **env: str) -> tuple[str, ...]:
    with pytest.raises(RunbookProblems) as caught:
        load_runbook(text, env)
    return caught.value.problems
