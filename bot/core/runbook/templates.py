"""Values put into a runbook's text: ${NAME} from the environment, {placeholder} from an incident. Plain replacement."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from bot.core.secret import Secret

# The settings' own names (bot/settings.py). A runbook that could name one could send it to any address.
SETTINGS_NAMES = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_API_URL",
    "VERCEL_TOKEN",
    "VERCEL_API_URL",
    "DATABASE_URL",
    "STATE_URL",
    "RUNBOOK",
    "PORT",
    "STATUSPAGE_API_KEY",
    "STATUSPAGE_PAGE_ID",
    "STATUSPAGE_API_URL",
    "SMTP_URL",
    "MAIL_FROM",
    "TOTP_KEY",
    "LOG_LEVEL",
    "LOG_FORMAT",
)
PLACEHOLDERS = (
    "service",
    "environment",
    "site",
    "incident",
    "request",
    "requester",
    "channel",
    "what",
    "state",
    "since",
    "now",
)
_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Template:
    """A text, or JSON of texts, as it stands in the runbook; what its ${NAME}s mean is kept out of sight."""

    source: object
    values: Mapping[str, Secret] = field(repr=False, compare=False)

    @property
    def unset(self) -> tuple[str, ...]:
        """The names that have no value."""
        return tuple(name for name in names_in(self.source) if name not in self.values)

    def filled(self) -> object:
        """The source with the values put in; KeyError names one that is unset."""
        return _filled(self.source, self.values)

    def filled_list(self) -> tuple[str, ...]:
        """The items of a list; one that is just ${NAME} is split at commas. KeyError names one that is unset."""
        items = self.source if isinstance(self.source, list) else [self.source]
        filled = [(str(_filled(item, self.values)), _is_name(item)) for item in items]
        parts = [text.split(",") if is_name else [text] for text, is_name in filled]
        return tuple(part.strip() for several in parts for part in several if part.strip())


def template(source: object, env: Mapping[str, str]) -> Template:
    """The template of `source` with its values of `env`; an empty value is an unset one.

    ValueError: a name is the bot's own setting, a ${ begins no name, or a value holds a control character.
    """
    if any("${" in _NAME.sub("", text) for text in texts_in(source)):
        raise ValueError("a value of the environment is written ${NAME}")
    names = names_in(source)
    if own := [name for name in names if name in SETTINGS_NAMES]:
        raise ValueError(f"{', '.join(own)}: the bot's own setting may not stand in a runbook")
    values = {name: env[name] for name in names if env.get(name)}
    if broken := [name for name, value in values.items() if _CONTROL.search(value)]:
        raise ValueError(f"{', '.join(broken)}: the value holds a line break or another control character")
    return Template(source, {name: Secret(value) for name, value in values.items()})


def names_in(source: object) -> tuple[str, ...]:
    """The ${NAME}s of a text or of the values of JSON, each once, in order."""
    return tuple(dict.fromkeys(name for text in texts_in(source) for name in _NAME.findall(text)))


def texts_in(source: object) -> Iterator[str]:
    """Every text that JSON holds as a value."""
    if isinstance(source, str):
        yield source
    elif isinstance(source, Mapping):
        for value in source.values():
            yield from texts_in(value)
    elif isinstance(source, list):
        for value in source:
            yield from texts_in(value)


def placeholders_in(draft: str) -> tuple[str, ...]:
    """The words in braces of a draft, known or not."""
    return tuple(_PLACEHOLDER.findall(draft))


def fill_draft(draft: str, facts: Mapping[str, str]) -> str:
    """The draft with its placeholders replaced, in one pass: what a fact holds is never read as a placeholder."""
    return _PLACEHOLDER.sub(lambda match: facts.get(match[1], match[0]), draft)


def unset_sentence(names: tuple[str, ...]) -> str:
    """The sentence "A, B are not set"; "" where there are none."""
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} not set" if names else ""


def _is_name(item: object) -> bool:
    return isinstance(item, str) and _NAME.fullmatch(item.strip()) is not None


def _filled(source: object, values: Mapping[str, Secret]) -> object:
    if isinstance(source, str):
        return _NAME.sub(partial(_value, values), source)
    if isinstance(source, Mapping):
        return {key: _filled(value, values) for key, value in source.items()}
    if isinstance(source, list):
        return [_filled(value, values) for value in source]
    return source


def _value(values: Mapping[str, Secret], match: re.Match[str]) -> str:
    return values[match[1]].reveal()
