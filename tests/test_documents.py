"""Documents that can lie are held to what they tell of; and the house to its sizes."""

import ast
import re
from collections.abc import Iterator
from difflib import ndiff
from functools import cache
from math import ceil
from pathlib import Path

import pytest

from bot.adapters.slack import SCOPES
from bot.core.runbook import load_runbook
from bot.messages.private import help_text, restore_help
from bot.settings import SHIPPED_RUNBOOK
from handlers import COMMANDS, EVENTS
from handlers.web import EVENTS_PATH
from tests.demo_runbook import ENVIRONMENT, demo_runbook
from tests.simulator.slack_server import METHODS
from tests.world import BEN, CHLOE, INC, World

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MANIFEST = (ROOT / "manifest.yml").read_text(encoding="utf-8")
INDEXES = [".".join(name) for name in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs"))]
PRODUCT = [*ROOT.glob("bot/**/*.py"), *ROOT.glob("handlers/**/*.py")]


# The manifest


IN_A_COMMENT = re.compile(r"# HTTP mode: (?=\w+: )")
AFTER_THE_VALUE = re.compile(r"\S+  # HTTP mode: ")
FOR_HTTP = AFTER_THE_VALUE.sub("", IN_A_COMMENT.sub("", MANIFEST))  # what somebody makes of it who follows its comments
BOTH_FORMS = pytest.mark.parametrize("form", [MANIFEST, FOR_HTTP], ids=["socket", "http"])


def manifest(key: str, form: str = MANIFEST) -> list[str]:
    """Every value of a key; for a key of a list, its items."""
    values = re.findall(rf"(?m)^[ -]*{key}: *(\S.*?)(?:  #.*)?$", form)
    listed = re.search(rf"(?m)^( *){key}:\n((?:\1  - \S+\n)+)", form)
    return values or (re.findall(r"- (\S+)", listed[2]) if listed else [])


@BOTH_FORMS
def test_the_manifest_has_exactly_the_commands_that_are_answered(form: str) -> None:
    assert manifest("command", form) == list(COMMANDS)
    assert manifest("should_escape", form) == ["false"] * len(COMMANDS)


@BOTH_FORMS
def test_the_manifest_turns_interactivity_on_and_asks_for_exactly_the_events_that_are_answered(form: str) -> None:
    assert manifest("is_enabled", form) == ["true"]
    assert manifest("bot_events", form) == list(EVENTS)


@BOTH_FORMS
def test_the_manifest_turns_the_home_on_and_the_tab_of_messages_off(form: str) -> None:
    assert manifest("home_tab_enabled", form) == ["true"]
    assert manifest("messages_tab_enabled", form) == ["false"]


def test_the_manifest_is_for_socket_mode_and_names_no_address() -> None:
    assert manifest("socket_mode_enabled") == ["true"]
    assert manifest("url") == manifest("request_url") == []


def test_the_manifest_with_its_lines_for_http_names_the_path_for_everything() -> None:
    assert manifest("socket_mode_enabled", FOR_HTTP) == ["false"]
    urls = (*manifest("url", FOR_HTTP), *manifest("request_url", FOR_HTTP))
    assert len(urls) == len(COMMANDS) + 2
    assert all(url.endswith(f"example.com{EVENTS_PATH}") for url in urls)


def test_the_manifest_asks_for_exactly_the_scopes_that_the_calls_need() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in PRODUCT)
    called = {scope for method, (_, scope) in METHODS.items() if f'"{method}"' in sources and scope}
    private = {scope.replace("channels:", "groups:") for scope in called}  # the same for private channels
    assert sorted(manifest("bot")) == sorted({"commands"} | called | private)


def test_the_manifest_asks_for_the_scopes_that_the_doctor_looks_for() -> None:
    assert manifest("bot") == list(SCOPES)


@pytest.mark.parametrize("is_private", [False, True])
def test_the_main_job_needs_no_scope_that_the_manifest_does_not_ask_for(world: World, *, is_private: bool) -> None:
    world.slack.scopes = set(manifest("bot"))
    world.slack.channels[INC].is_private = is_private
    world.rollback("vercel")
    world.approve(BEN, CHLOE)
    world.wait_for_end("Verified")


# README, decisions, changelog


def test_every_make_command_of_the_readme_is_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = set(re.findall(r"(?:`|^)make (\w+)", README, re.MULTILINE))
    assert {"demo", "test", "install"} <= told <= set(re.findall(r"(?m)^(\w+):", makefile))


def test_the_readme_lists_the_commands_that_help_lists() -> None:
    runbook = load_runbook(SHIPPED_RUNBOOK.read_text(encoding="utf-8"), ENVIRONMENT)
    actions = {"rollback_deployment", "inspect_failed_deployment", "restore_tables", "stop_writes", "resume_writes"}
    actions |= {"drop_columns", "purge_quarantine", "watch"}
    helped = re.findall(r"`(/rollback [^`]+)`:", help_text(runbook, actions).text)
    helped += re.findall(r"`(/dbrestore [^`]+)`:", restore_help(runbook, actions).text)
    told = [row.replace("\\|", "|") for row in re.findall(r"(?m)^\| `(/\w+ [^`]+)`", README)]
    assert told == [form.replace("&lt;", "<").replace("&gt;", ">") for form in helped]


def test_every_link_in_a_document_leads_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    links = [
        (document.name, link)
        for document in documents
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
        if not (document.parent / link).exists()
    ]
    assert links == []


def test_every_decision_has_its_number_and_a_title() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("*.md"))
    first_lines = [path.read_text(encoding="utf-8").partition("\n")[0] for path in decisions]
    assert decisions
    assert [
        path.name for path, first in zip(decisions, first_lines, strict=True) if not re.match(r"# \d+\. \S", first)
    ] == []
    assert [int(path.name[:4]) for path in decisions] == [int(re.sub(r"\D.*", "", line[2:])) for line in first_lines]


def test_the_changelog_has_a_section_for_what_is_to_come() -> None:
    assert "\n## Unreleased\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


# The demo's runbook, the whole tree


def test_the_demos_runbook_is_the_shipped_one_at_another_site() -> None:
    shipped = SHIPPED_RUNBOOK.read_text(encoding="utf-8").splitlines()
    changed = [line for line in ndiff(shipped, demo_runbook("http://127.0.0.1:1").splitlines()) if line[0] in "+-"]
    keys = [f"{line[0]} {line[2:].partition(' = ')[0]}" for line in changed]
    assert keys == ["- site", "+ site", "- max_backup_age", "+ max_backup_age", "-   { action", "+   { action"]


def test_no_file_names_a_package_index() -> None:
    assert [path.name for path in tree() if any(name.encode() in path.read_bytes() for name in INDEXES)] == []


def tree() -> Iterator[Path]:
    """Every file that belongs to the project."""
    ignored = {".git", *(line.rstrip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines())}
    for path in ROOT.rglob("*"):
        if path.is_file() and not ignored.intersection(path.relative_to(ROOT).parts):
            yield path


# The house's sizes


def test_files_and_functions_stay_small() -> None:
    long_files = [path.name for path in PRODUCT if len(path.read_text(encoding="utf-8").splitlines()) > 300]
    by_length = sorted(lengths_of_functions())
    assert long_files == []
    assert by_length[-1][0] <= 45, by_length[-1]
    assert by_length[ceil(len(by_length) * 0.95) - 1][0] <= 30, by_length[-5:]


@cache
def lengths_of_functions() -> tuple[tuple[int, str], ...]:
    """The lines of each function's body, without its docstring."""
    found = []
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body
                found.append(((body[-1].end_lineno or 0) - body[0].lineno + 1, f"{path.name}: {node.name}"))
    return tuple(found)
