"""What is wrong is said before anything starts: one clear line each, all together, exit status 2."""

import pytest

from tests.simulator.wire import Fault, on
from tests.world import Process, World


def refused(world: World, **env: str | None) -> list[str]:
    """What the bot says when it refuses to start with these variables (None = not set)."""
    settings = {name: value for name, value in {**world.env, **env}.items() if value is not None}
    process = Process(settings, "bot")
    assert process.wait() == 2
    assert not (world.folder / "log.db").exists()
    return [line.rstrip() for line in process.lines]


def test_every_problem_of_settings_runbook_and_token_is_said_at_once(quiet_world: World) -> None:
    world = quiet_world
    world.slack.refuse_with["*"] = "invalid_auth"
    text = world.runbook.read_text()
    for right, wrong in (
        ("required = 2 ", "requird = 2 "),
        ('expires_after = "30m"', 'expires_after = "soon"'),
        ("totp = false", "totp = true"),
        ('kind = "error_rate"', 'kind = "errors"'),
        ('risk = "critical"', 'risk = "huge"'),
    ):
        assert right in text, right
        text = text.replace(right, wrong, 1)
    world.runbook.write_text(text)
    said = "\n".join(refused(world, PORT="http", VERCEL_TOKEN=None))
    for piece in (
        "requird",
        "expires_after",
        "totp",
        "kind: must be",
        "risk: must be",
        "PORT",
        "VERCEL_TOKEN",
        "invalid_auth",
    ):
        assert piece in said


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SLACK_BOT_TOKEN", None, "SLACK_BOT_TOKEN"),
        ("SLACK_SIGNING_SECRET", None, "SLACK_SIGNING_SECRET"),
        ("SLACK_APP_TOKEN", "xapp-1-A-1-a", "not in this version"),
        ("APPROVER_GROUP", None, "APPROVER_GROUP"),
        ("VERCEL_TOKEN", "abc\ndef", "VERCEL_TOKEN"),
        ("STATE_URL", "postgresql://x/y", "not in this version"),
        ("RUNBOOK", "/nowhere.toml", "/nowhere.toml"),
    ],
)
def test_a_missing_or_wrong_setting_is_one_clear_line(
    quiet_world: World, name: str, value: str | None, said: str
) -> None:
    lines = refused(quiet_world, **{name: value})
    assert [line for line in lines if said in line], lines
    assert "Traceback" not in "".join(lines)


def test_a_second_process_on_the_same_log_is_refused_clearly(world: World) -> None:
    second = Process({**world.env, "PORT": "1"}, "bot")
    assert second.wait() == 2
    assert "another process writes this log" in "".join(second.lines)


def test_slack_being_unreachable_does_not_keep_the_bot_from_starting(quiet_world: World) -> None:
    gone = Fault(on("/auth.test"), times=1, apply=False, drop=True)
    quiet_world.slack.lay(gone)
    quiet_world.start()
    assert quiet_world.bot
    quiet_world.bot.wait_for_line("Slack can't be reached now")
    quiet_world.rollback("vercel")
    quiet_world.wait_for_state("Waiting for approval")
