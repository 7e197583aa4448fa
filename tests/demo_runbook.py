"""The shipped runbook for a laptop: other addresses and values, and nothing else."""

import re
from collections.abc import Mapping

from bot.settings import SHIPPED_RUNBOOK

ENVIRONMENT = {
    "APPROVER_GROUP": "S_APPROVERS",
    "INTERNAL_CHANNEL": "C_GENERAL",
    "STAKEHOLDER_EMAILS": "board@ibam.example",
    "SUPABASE_ANON_KEY": "anon-key",
    "LOGIN_EMAIL": "check@ibam.example",
    "LOGIN_PASSWORD": "correct horse",
}


def demo_runbook(site: str) -> str:
    """The shipped runbook's text with `site`, `max_backup_age` and the time of a watch replaced."""
    text = SHIPPED_RUNBOOK.read_text()
    text = re.sub(r'(?m)^site = ".*?"', f'site = "{site}"', text, count=1)
    text = text.replace('for = "15m", every = "30s"', 'for = "1m", every = "5s"')
    return re.sub(r'(?m)^max_backup_age = ".*?"', 'max_backup_age = "3650d"', text, count=1)


def with_durations(text: str, durations: Mapping[str, str]) -> str:
    """A runbook's text with other durations: {"[vercel] deadline": "3s"} by table and key."""
    for where, duration in durations.items():
        table, key = where.split()
        pattern = rf'(?ms)(^{re.escape(table)}$.*?^{key} = )".*?"'
        text, found = re.subn(pattern, rf'\g<1>"{duration}"', text, count=1)
        assert found, f"the runbook has no {where}"
    return text
