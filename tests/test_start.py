"""What is wrong is said before anything starts: one clear line each, all together, exit status 2."""

from functools import partial

import pytest

from bot.__main__ import main
from tests.processes import Forked
from tests.simulator.wire import Fault, on
from tests.world import World


def refused(world: World, **env: str | None) -> list[str]:
    """What the bot says when it refuses to start with these variables (None = not set)."""
    settings = {name: value for name, value in {**world.env, **env}.items() if value is not None}
    process = Forked(settings, partial(main, []))
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


def test_each_missing_or_wrong_setting_is_one_clear_line(quiet_world: World) -> None:
    unset = {"SLACK_SIGNING_SECRET": None, "APPROVER_GROUP": None, "SLACK_BOT_TOKEN": None}
    lines = refused(quiet_world, VERCEL_TOKEN="abc\ndef", STATE_URL="postgresql://x/y", **unset)
    for name in (*unset, "VERCEL_TOKEN", "STATE_URL"):
        assert len([line for line in lines if name in line]) == 1, (name, lines)
    assert "Traceback" not in "".join(lines)


@pytest.mark.parametrize("over_socket", [True], ids=["socket"])
@pytest.mark.parametrize("error", ["invalid_auth", "not_allowed_token_type", "link_disabled", "missing_scope"])
def test_an_app_level_token_that_slack_refuses_is_said_before_anything_starts(quiet_world: World, error: str) -> None:
    quiet_world.slack.refuse_with["apps.connections.open"] = error
    (line,) = refused(quiet_world)
    assert line.startswith("SLACK_APP_TOKEN: ")
    assert error in line


@pytest.mark.parametrize("over_socket", [True], ids=["socket"])
def test_both_tokens_being_refused_is_said_together(quiet_world: World) -> None:
    quiet_world.slack.refuse_with["*"] = "invalid_auth"
    assert [line.partition(":")[0] for line in refused(quiet_world)] == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"]


def test_a_runbook_that_is_not_there_is_named(quiet_world: World) -> None:
    assert "/nowhere.toml" in "".join(refused(quiet_world, RUNBOOK="/nowhere.toml"))


@pytest.mark.parametrize("words", [["web"], ["worker"]])
def test_what_this_version_cannot_do_is_said_with_status_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert "not in this version" in capsys.readouterr().err or words == ["frobnicate"]


def test_a_second_process_on_the_same_log_is_refused_clearly(world: World) -> None:
    second = Forked({**world.env, "PORT": "1"}, partial(main, []))
    assert second.wait() == 2
    assert "another process writes this log" in "".join(second.lines)


def test_a_port_that_is_taken_is_named(world: World) -> None:
    env = {**world.env, "STATE_URL": f"sqlite:///{world.folder / 'other.db'}"}
    taken = Forked(env, partial(main, []))
    assert taken.wait() == 2
    assert "PORT" in "".join(taken.lines)


def test_slack_being_unreachable_does_not_keep_the_bot_from_starting(quiet_world: World) -> None:
    gone = Fault(on("/auth.test"), times=1, apply=False, drop=True)
    quiet_world.slack.lay(gone)
    quiet_world.start()
    assert quiet_world.bot
    quiet_world.bot.wait_for_line("Slack can't be reached now")
    quiet_world.rollback("vercel")
    quiet_world.wait_for_state("Waiting for approval")
