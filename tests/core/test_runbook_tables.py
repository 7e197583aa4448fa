"""The tables of a runbook: each mistake, and the exact line that names it."""

import pytest

from tests.core.small_runbooks import DURATION, SERVICE, SMALL, problems

IDS = "every item must be the id of a user group (S…) or of a person (U… or W…)"
MOMENT = 'must be "request", "resolved", "scenario <name>", "incident 30m", "downtime 15m" or "run finished + 1h"'
REMINDER = SMALL + '[[communications.reminders]]\naudience = "users"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[service", "not TOML: Expected ']' at the end of a table declaration (at end of document)"),
        ("a = 1\nb = 2\nb = 3\n", "not TOML: Cannot overwrite a value (at line 3, column 6)"),
        ('[approval]\napprovers = ["S1"]\n', "[service]: is missing"),
        (SERVICE, "[approval]: is missing"),
        ('service = "Shop"\n[approval]\napprovers = ["S1"]\n', "[service]: must be a table"),
        (SMALL + "[aproval]\n", '[aproval]: unknown key; did you mean "approval"?'),
        (SMALL + "checks = 3\n", "[approval] checks: unknown key"),
        ("checks = 3\n" + SMALL, "[checks]: must be an array of tables"),
        ("checks = [3]\n" + SMALL, "checks[0]: must be a table"),
        (SMALL + "[zzz]\n", "[zzz]: unknown key"),
        (SERVICE + "[approval]\n", "[approval] approvers: is missing"),
    ],
)
def test_the_shape_of_a_runbook(text: str, sentence: str) -> None:
    assert problems(text) == (f"runbook: {sentence}",)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ("requird = 2", '[approval] requird: unknown key; did you mean "required"?'),
        ("required = 0", "[approval] required: must be a whole number, at least 1"),
        ("required = true", "[approval] required: must be a whole number, at least 1"),
        ('expires_after = "30"', f"[approval] expires_after: {DURATION}"),
        ('expires_after = "1w"', f"[approval] expires_after: {DURATION}"),
        ("expires_after = 30", f"[approval] expires_after: {DURATION}"),
        ('expires_after = "0m"', "[approval] expires_after: must be longer than 0"),
        ("totp = true", "[approval] totp: not in this version"),
        ('slots = [["S1"], ["S2"]]', "[approval] slots: not in this version"),
        ('[approval.breakglass]\nmay = ["U1"]', "[approval.breakglass] may: not in this version"),
        ("[approval.breakglass]\nmai = []", '[approval.breakglass] mai: unknown key; did you mean "may"?'),
        (
            "[approval.risk.critcal]\nrequired = 2",
            '[approval.risk] critcal: must be "low", "medium", "high" or "critical"; did you mean "critical"?',
        ),
        (
            "[approval.risk.critical]\nrequired = 0",
            "[approval.risk.critical] required: must be a whole number, at least 1",
        ),
        (
            "[approval.risk.critical]\nrequird = 2\nrequired = 2",
            '[approval.risk.critical] requird: unknown key; did you mean "required"?',
        ),
        ("[access]\nchannels = []", "[access] channels: may not be an empty list"),
        ('[access]\nchannels = "inc-*"', "[access] channels: must be a list of texts"),
        (
            '[access]\nchannels = ["#inc-*"]',
            "[access] channels: every item must be a channel's id, or a name or pattern without #",
        ),
        ("[access]\nrequesters = []", "[access] requesters: may not be an empty list"),
        (
            '[access]\nrequesters = ["ana"]',
            '[access] requesters: every item must be "*" or the id of a user group (S…) or of a person (U… or W…)',
        ),
        ('[verification]\ndeadline = "2 minutes"', f"[verification] deadline: {DURATION}"),
        ("[vercel]", "[vercel] project: is missing"),
        (
            '[vercel]\nproject = "shop"\nrisk = "hihg"',
            '[vercel] risk: must be "low", "medium", "high" or "critical"; did you mean "high"?',
        ),
        (
            '[database]\nbackup = "{table}_old"',
            "[database] backup: must hold {table} and after it {date}, each once, and no other braces",
        ),
        (
            '[database]\nquarantine_schema = "public"',
            "[database] quarantine_schema: may not be the schema of the tables",
        ),
        (
            '[[database.tables]]\nname = "users"\nstickey = ["used_at"]',
            'database.tables[0] "users": stickey: unknown key; did you mean "sticky"?',
        ),
        (
            '[[database.tables]]\nname = "users"\nsticky = "used_at"',
            'database.tables[0] "users": sticky: must be a list of texts',
        ),
        (
            '[[database.tables]]\nname = "users"\nreinsert_deleted = "no"',
            'database.tables[0] "users": reinsert_deleted: must be true or false',
        ),
        (
            '[[contacts]]\nrole = "Hosting"\nname = "Host"\nurl = "host.example"',
            'contacts[0] "Host": url: must be an address that begins with https:// or http://',
        ),
        ('[[timeline]]\nfrom = "5m"\nto = "5m"\nwhat = "Decide"', "timeline[0]: `to` must be after `from`"),
        (
            '[[checklists]]\nname = "Before"\nwhen = "request"\nitems = []',
            'checklists[0] "Before": items: may not be an empty list',
        ),
    ],
)
def test_the_tables(keys: str, sentence: str) -> None:
    assert problems(SMALL + keys) == (f"runbook: {sentence}",)


@pytest.mark.parametrize(
    ("approval", "sentence"),
    [
        ("approvers = []", "may not be an empty list"),
        ('approvers = ["${GROUP}"]', "GROUP is not set"),
        ('approvers = ["${GROUP}", "${PEOPLE}"]', "GROUP, PEOPLE are not set"),
        ('approvers = ["${COMMAS}"]', "may not be an empty list"),
        ('approvers = ["ana"]', IDS),
        ('approvers = ["U1"]', "2 different people are required and 1 may approve"),
        ('approvers = ["U1", "U1"]', "2 different people are required and 1 may approve"),
        (
            'required = 1\napprovers = ["U1", "W2"]\n[approval.risk.high]\nrequired = 3',
            "3 different people are required and 2 may approve",
        ),
        ('approvers = ["${SLACK_BOT_TOKEN}"]', "SLACK_BOT_TOKEN: the bot's own setting may not stand in a runbook"),
        ('approvers = ["${no-name}"]', "a value of the environment is written ${NAME}"),
    ],
)
def test_the_approvers(approval: str, sentence: str) -> None:
    lines = problems(f"{SERVICE}[approval]\n{approval}\n", SLACK_BOT_TOKEN="xoxb-1", COMMAS=" , ")
    assert lines == (f"runbook: [approval] approvers: {sentence}",)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ('when = "sometimes"\ndraft = "x"', f"when: {MOMENT}"),
        ('when = "request + 1h"\ndraft = "x"', f"when: {MOMENT}"),
        ('when = "incident"\ndraft = "x"', f"when: {MOMENT}"),
        ('when = "30m"\ndraft = "x"', f"when: {MOMENT}"),
        ('when = "incident 30w"\ndraft = "x"', f"when: {DURATION}"),
        ('when = "scenario slow"\ndraft = "x"', 'when: no scenario "slow"'),
        ('when = "request"\ndue = "later"\ndraft = "x"', f"due: {MOMENT}"),
        ('when = "request"\ndraft = ""', "draft: may not be empty"),
        ('when = "request"\ndraft = "{servce} is down"', 'draft: {servce} is no placeholder; did you mean "service"?'),
        ('when = "request"\ndraft = "{0} {x.y}"', "draft: {0} is no placeholder; {x.y} is no placeholder"),
        ('when = "request"\ndraft = "${NAME}"', "draft: ${NAME} may not stand here"),
        ('when = "request"\nsubject = "a\\nb"\ndraft = "x"', "subject: must be one line"),
        ('when = "request"\nsubject = "{nobody}"\ndraft = "x"', "subject: {nobody} is no placeholder"),
        ('when = "request"\nto = ["ana"]\ndraft = "x"', "to: every item must be a mail address"),
        (
            'when = "request"\nto = ["${SMTP_URL}"]\ndraft = "x"',
            "to: SMTP_URL: the bot's own setting may not stand in a runbook",
        ),
    ],
)
def test_the_reminders(keys: str, sentence: str) -> None:
    assert problems(REMINDER + keys) == (f'runbook: communications.reminders[0] "users": {sentence}',)


def test_no_audience_is_called_like_the_reminder_that_is_the_bots_own() -> None:
    (line,) = problems(REMINDER.replace('"users"', '"still pinned"') + 'when = "request"\ndraft = "x"')
    assert 'audience: may not begin with "still pinned"' in line
