"""What a request's messages hold, for tests to look at: texts, buttons, mentions; and requests with odd input."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bot.core.checks import CheckResult, Verdict
from bot.core.deployment import Deployment
from bot.core.plan import Step
from bot.messages.picture import Message, Picture
from bot.messages.thread import messages_of
from tests.histories import History, rollback_step, runbook
from tests.shop import BROKEN, DOMAINS, GOOD

HOSTILE = (
    "<!here> <!channel> <@U0BOSS> <!subteam^S0ALL> @here #general <https://evil.example|R-17>\n*Verified*\u202e & ```"
)


def messages(history: History) -> dict[str, Message]:
    """The messages of a history, by name."""
    return {message.name: message for message in messages_of(history.request, runbook())}


def words(picture: Picture) -> str:
    """Every text of a picture, the fallback first."""
    return "\n".join([picture.text, *texts(list(picture.blocks))])


def texts(node: Any) -> Iterator[str]:
    """Every text in blocks."""
    for inner in node if isinstance(node, list) else node.values():
        if isinstance(inner, (dict, list)):
            yield from texts(inner)
    if isinstance(node, dict) and isinstance(node.get("text"), str):
        yield node["text"]


def buttons(history: History) -> dict[str, set[str]]:
    """The action ids on each message that has buttons."""
    found = {name: {element["action_id"] for element in elements(m.picture)} for name, m in messages(history).items()}
    return {name: ids for name, ids in found.items() if ids}


def elements(picture: Picture) -> list[dict[str, Any]]:
    """The buttons of a picture."""
    return [element for block in picture.blocks if block["type"] == "actions" for element in block["elements"]]


def mentions(picture: Picture) -> set[str]:
    """Everyone whom the picture mentions, read as Slack reads mrkdwn: plain and preformatted texts mention nobody."""
    found = re.findall(r"<([@!#][^>|]*)", "\n".join([picture.text, *_mrkdwn(list(picture.blocks))]))
    return {one for one in [*found, *_named(list(picture.blocks))] if not one.startswith("!date")}


def _named(node: Any) -> Iterator[str]:
    """Whom rich text mentions: there a person is an element, and no text."""
    for inner in node if isinstance(node, list) else node.values():
        if isinstance(inner, (dict, list)):
            yield from _named(inner)
    if isinstance(node, dict) and "user_id" in node:
        yield f"@{node['user_id']}"


def _mrkdwn(node: Any) -> Iterator[str]:
    for inner in node if isinstance(node, list) else node.values():
        if isinstance(inner, (dict, list)):
            yield from _mrkdwn(inner)
    if isinstance(node, dict) and node.get("type") == "mrkdwn":
        yield node["text"]


def deployment_of(known: Deployment, text: str) -> Deployment:
    """The deployment with all that people wrote about it replaced."""
    return replace(known, subject=text, author=text, branch=text)


def hostile(text: str = HOSTILE) -> History:
    """A request in which everything that people or providers write is `text`."""
    step = rollback_step(deployment=deployment_of(BROKEN, text), target=deployment_of(GOOD, text), project_name=text)
    other = Step("restore_tables", f"table:{text}", {"rows": text, text: [text, {text: text}]}, {"after": text})
    return History(step, other, reason=text, title=text, risk=text)


def longest() -> History:
    """A plan beyond any limit of one message, wanted by a person with much to say."""
    text = "&" * 9000
    many = {f"{number}.{domain}": BROKEN.id for number in range(60) for domain in DOMAINS}
    sides = {"deployment": deployment_of(BROKEN, text), "target": deployment_of(GOOD, text)}
    step = rollback_step(live=many, domains=tuple(many), project_name=text, **sides)
    others = [Step("restore_tables", f"table:{text}", {"rows": text}, {"columns": [text] * 2}) for _ in range(6)]
    return History(step, *others, reason=text, title=text, risk=text)


def many_steps() -> History:
    """More steps than a person reads on one screen."""
    return History(*(Step("restore_tables", f"table:{n}{'&' * 300}", {}, {}) for n in range(25))).planned().approved()


def many_results(verdict: Verdict) -> list[CheckResult]:
    """More checks than a message holds, each with a long answer."""
    text = "&<> " * 300
    return [CheckResult(f"{n} {text}", verdict, n % 2 == 0, text, text, 1.5, 2.5) for n in range(80)]
