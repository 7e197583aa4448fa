"""What the log keeps out of sight, whatever a library writes."""

import logging
from pathlib import Path

import pytest

from bot.logs import Redacting, secrets_of
from bot.settings import load_settings

SMALL = '[service]\nname = "Shop"\n[approval]\napprovers = ["S1"]\n'


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("secret", ["hunter/2 #1", "hunter%2F2", "5ta7-key"])
def test_no_line_shows_a_secret_of_the_integrations(tmp_path: Path, secret: str, *, as_json: bool) -> None:
    runbook = tmp_path / "runbook.toml"
    runbook.write_text(SMALL)
    env = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "RUNBOOK": str(runbook)}
    env |= {"STATUSPAGE_API_KEY": "5ta7-key", "STATUSPAGE_PAGE_ID": "p"}
    env |= {"SMTP_URL": "smtp://u:hunter%2F2%20%231@mail.x", "MAIL_FROM": "bot@mail.x"}
    written = env["SMTP_URL"] if secret in env["SMTP_URL"] else secret
    record = logging.LogRecord("smtplib", logging.ERROR, "", 0, "said %s", (written,), None)
    line = Redacting(secrets_of(load_settings(env)), as_json=as_json).format(record)
    assert (secret in line, "[redacted]" in line) == (False, True)
