"""The checks of a runbook: each mistake, and the exact line that names it."""

import pytest

from tests.core.small_runbooks import DATABASE, SMALL, problems

HTTP = SMALL + '[[checks]]\nname = "Site"\nkind = "http"\nurl = "/"\n'
SQL = SMALL + DATABASE + '[[checks]]\nname = "Rows"\nkind = "sql"\nsql = "SELECT 1"\n'
EXPECT = 'must be a number or `before`, after one of = != < <= > >=, as in "> 0"'
URL = "must begin with https:// or http://, or be a path of [service] site that begins with /"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HTTP + "status = 200", "status: must be a list of HTTP status codes"),
        (HTTP + "status = []", "status: must be a list of HTTP status codes"),
        (HTTP + "status = [2000]", "status: must be a list of HTTP status codes"),
        (HTTP + 'method = "FETCH"', "method: must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        (HTTP + "samples = 51", "samples: must be a whole number from 1 to 50"),
        (HTTP + "samples = 0", "samples: must be a whole number from 1 to 50"),
        (HTTP + "max_seconds = 0", "max_seconds: must be a number of seconds above 0"),
        (HTTP + "max_seconds = nan", "max_seconds: must be a number of seconds above 0"),
        (HTTP + 'contains = ""', "contains: may not be empty"),
        (HTTP + 'answer = "ok"', "answer: must be a table"),
        (
            HTTP + "answer = { at = 2025-09-03 }",
            "answer: must be what JSON can hold: texts, numbers, true, false, lists and tables of them",
        ),
        (HTTP + 'answer = { user = "${LOGIN_EMAIL}" }', "answer: ${NAME} may not stand here"),
        (HTTP + "headers = { accept = 1 }", "headers: must be a table of texts"),
        (HTTP + 'headers = { key = "${WIDE}" }', "headers: must be ASCII, the values of the environment too"),
        (
            HTTP + 'headers = { key = "${VERCEL_TOKEN}" }',
            "headers: VERCEL_TOKEN: the bot's own setting may not stand in a runbook",
        ),
        (
            HTTP + 'headers = { key = "${BROKEN}" }',
            "headers: BROKEN: the value holds a line break or another control character",
        ),
        (
            HTTP + 'json = { key = "${DATABASE_URL}" }',
            "json: DATABASE_URL: the bot's own setting may not stand in a runbook",
        ),
        (HTTP + "requierd = true", 'requierd: unknown key; did you mean "required"?'),
        (HTTP + 'sql = "SELECT 1"', "sql: unknown key"),
        (HTTP.replace('"/"', '"shop.example"'), f"url: {URL}"),
        (HTTP.replace('"/"', '"ftp://shop.example"'), f"url: {URL}"),
        (HTTP.replace('"/"', '"/a b"'), f"url: {URL}"),
        (HTTP.replace('"/"', '"${BASE}/x"'), f"url: {URL}"),
        (HTTP.replace('site = "https://shop.example"\n', ""), "url: a path needs an address in [service] site"),
        (HTTP.replace('"http"', '"htpp"'), 'kind: must be "http", "sql" or "error_rate"; did you mean "http"?'),
        (HTTP.replace('kind = "http"\n', ""), 'kind: must be "http", "sql" or "error_rate"'),
        (HTTP.replace('"http"', '"error_rate"') + 'expect = "<= 5"', "expect: must be `before` or a share from 0 to 1"),
    ],
)
def test_the_checks_of_the_site(text: str, sentence: str) -> None:
    lines = problems(text, VERCEL_TOKEN="t", DATABASE_URL="d", BROKEN="a\nb", WIDE="clé", BASE="secret.example")
    assert lines == (f'runbook: checks[0] "Site": {sentence}',)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (SQL, "expect: is missing"),
        (SQL + 'expect = "=> 0"', f"expect: {EXPECT}"),
        (SQL + 'expect = "many"', f"expect: {EXPECT}"),
        (SQL + 'expect = "> after"', f"expect: {EXPECT}"),
        (SQL.replace("SELECT 1", "SELECT ${WHAT}") + 'expect = "1"', "sql: ${NAME} may not stand here"),
        (SQL.replace(DATABASE, "") + 'expect = "1"', 'kind: "sql" needs a [database] table'),
    ],
)
def test_the_checks_of_the_database(text: str, sentence: str) -> None:
    assert problems(text) == (f'runbook: checks[0] "Rows": {sentence}',)
