"""The scenarios of a runbook and their steps: each mistake, and the exact line that names it."""

import pytest

from tests.core.small_runbooks import DATABASE, DURATION, SMALL, VERCEL, problems

STEPS = SMALL + VERCEL + DATABASE + '[[scenarios]]\nname = "bad"\ntitle = "Bad"\nrisk = "low"\nsteps = [%s]\n'
SCENARIO = SMALL + '[[scenarios]]\nname = "%s"\ntitle = "Bad"\nrisk = "%s"\nsteps = [{ action = "watch" }]\n'
PROPOSE = '{ propose = { action = "rollback_deployment" } }'
TOO_EARLY = "`propose` comes after a step that is carried out, such as `watch`"
CHOICE = '{ choose = [{ action = "watch" }, { action = "none" }] }'
ACTIONS = (
    "inspect_failed_deployment, rollback_deployment, drop_columns, restore_tables, stop_writes, resume_writes, watch"
)

CHANGES = "rollback_deployment, drop_columns, restore_tables, stop_writes, resume_writes"


@pytest.mark.parametrize(
    "name",
    [
        "vercel",
        "stop",
        "undo",
        "verify",
        "deployments",
        "status",
        "timeline",
        "contacts",
        "resolve",
        "help",
        "all",
        "backups",
        "backup",
        "stop-writes",
        "resume-writes",
        "purge",
        "columns",
        "from",
        "because",
        "exact",
        "long-block",
        "breakglass",
    ],
)
def test_a_scenario_is_not_named_like_a_word_of_the_commands(name: str) -> None:
    assert problems(SCENARIO % (name, "low")) == (
        f'runbook: scenarios[0] "{name}": name: "{name}" is a word of the commands',
    )


@pytest.mark.parametrize("name", ["Schema", "two words", "-x", "a--b", ""])
def test_a_scenario_is_named_with_one_plain_word(name: str) -> None:
    rule = "must be one word of small letters and digits, with hyphens between them"
    assert problems(SCENARIO % (name, "low")) == (f'runbook: scenarios[0] "{name}": name: {rule}',)


def test_a_scenario_has_a_known_risk() -> None:
    sentence = 'risk: must be "low", "medium", "high" or "critical"; did you mean "high"?'
    assert problems(SCENARIO % ("slow", "hgih")) == (f'runbook: scenarios[0] "slow": {sentence}',)


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ("", "steps: may not be an empty list"),
        ("3", "steps[0]: must be a table"),
        ('{ acton = "watch" }', f"steps[0]: action: must be one of {ACTIONS}"),
        ('{ action = "restore_table" }', f'steps[0]: action: must be one of {ACTIONS}; did you mean "restore_tables"?'),
        ('{ action = "none" }', f"steps[0]: action: must be one of {ACTIONS}"),
        ('{ propose = { action = "none" } }', f"steps[0].propose: action: must be one of {CHANGES}"),
        (
            '{ action = "rollback_deployment", target = "last" }',
            'steps[0].target: must be "previous", a deployment\'s id (dpl_…) or its address (https://…)',
        ),
        (
            '{ action = "rollback_deployment", traget = "previous" }',
            'steps[0].traget: unknown key; did you mean "target"?',
        ),
        ('{ action = "restore_tables" }', "steps[0].tables: is missing"),
        ('{ action = "restore_tables", tables = [] }', "steps[0].tables: may not be an empty list"),
        (
            '{ action = "restore_tables", tables = ["user"] }',
            'steps[0].tables: "user" is not in [[database.tables]]; did you mean "users"?',
        ),
        ('{ action = "stop_writes", tables = ["all", "users"] }', 'steps[0].tables: "all" stands alone'),
        ('{ action = "stop_writes", tables = ["users", "users"] }', "steps[0].tables: names a table twice"),
        (
            '{ action = "drop_columns", tables = ["orders"] }',
            "steps[0].tables: orders: no added_columns in [[database.tables]]",
        ),
        ('{ action = "watch", for = "soon" }', f"steps[0].for: {DURATION}"),
        ('{ action = "watch", for = "1m", every = "2m" }', "steps[0]: every: may not be longer than `for`"),
        ('{ choose = [{ action = "watch" }] }', "steps[0].choose: must be two or more different actions"),
        (
            '{ choose = [{ action = "watch" }, { action = "watch" }] }',
            "steps[0].choose: must be two or more different actions",
        ),
        (
            '{ choose = [{ action = "none" }, { action = "drop_columns", tabels = ["users"], tables = ["users"] }] }',
            'steps[0].choose[1].tabels: unknown key; did you mean "tables"?',
        ),
        ('{ choose = [{ action = "watch" }, { action = "none" }], every = "1m" }', "steps[0].every: unknown key"),
        (
            '{ action = "watch", for = "1h", every = "10s" }',
            "steps[0]: every: too short for `for`: a watch looks 240 times at most",
        ),
        ('{ action = "watch" }, { action = "watch" }', "steps: a scenario has one `watch` at most"),
        (f'{{ action = "watch" }}, {CHOICE}', "steps: a scenario has one `watch` at most"),
        (
            '{ action = "watch" }, { propose = { action = "watch" } }',
            f"steps[1].propose: action: must be one of {CHANGES}",
        ),
        (PROPOSE, f"steps: {TOO_EARLY}"),
        (f'{{ action = "inspect_failed_deployment" }}, {PROPOSE}', f"steps: {TOO_EARLY}"),
        (
            f"{CHOICE}, {CHOICE}",
            "steps: a scenario has one `choose` at most",
        ),
    ],
)
def test_the_steps(steps: str, sentence: str) -> None:
    assert problems(STEPS % steps) == (f'runbook: scenarios[0] "bad": {sentence}',)


@pytest.mark.parametrize(
    ("step", "missing", "sentence"),
    [
        ('{ action = "inspect_failed_deployment" }', VERCEL, "inspect_failed_deployment needs a [vercel] table"),
        ('{ action = "rollback_deployment" }', VERCEL, "rollback_deployment needs a [vercel] table"),
        ('{ action = "drop_columns", tables = ["users"] }', DATABASE, "drop_columns needs a [database] table"),
        ('{ action = "restore_tables", tables = ["users"] }', DATABASE, "restore_tables needs a [database] table"),
        ('{ action = "stop_writes", tables = ["all"] }', DATABASE, "stop_writes needs a [database] table"),
        ('{ action = "resume_writes", tables = ["all"] }', DATABASE, "resume_writes needs a [database] table"),
    ],
)
def test_a_step_needs_its_table(step: str, missing: str, sentence: str) -> None:
    assert problems((STEPS % step).replace(missing, "")) == (
        f'runbook: scenarios[0] "bad": steps[0].action: {sentence}',
    )
