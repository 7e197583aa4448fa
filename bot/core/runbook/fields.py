"""The kinds of values that a runbook's keys take. Each rule refuses with a sentence that completes "<key>: …"."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, TypeAlias, TypeVar, cast, dataclass_transform

from pydantic import ConfigDict, Field, PlainValidator, ValidationInfo
from pydantic.dataclasses import dataclass as pydantic_dataclass

from bot.core.plan import Json
from bot.core.runbook.addresses import is_address
from bot.core.runbook.moments import Anchor, Moment, duration, moment
from bot.core.runbook.templates import PLACEHOLDERS, Template, placeholders_in, template, texts_in, unset_sentence

RISKS = ("low", "medium", "high", "critical")
_T = TypeVar("_T")
LONGEST_NAME, LONGEST_DRAFT = 100, 3000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ID = re.compile(r"[SUW][A-Z0-9_]+")  # of a user group or a person
_CHANNEL = re.compile(r"[^#\s]+")


@dataclass(frozen=True)
class Reading:
    """What one key's rule must know of the environment and of the rest of the runbook, whatever its mistakes."""

    env: Mapping[str, str]
    has: frozenset[str]  # the names of the tables at the top
    site: str
    scenarios: tuple[str, ...]
    tables: Mapping[str, bool]  # of [[database.tables]]: whether it lists added columns


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field,))
def table(cls: type[_T]) -> type[_T]:
    """Make the class a table of the runbook: frozen, each field a key, any other key a mistake."""
    return cast("type[_T]", pydantic_dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))(cls))


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """The end of a sentence that names the nearest known word; "" where none is near."""
    near = get_close_matches(str(word), list(known), n=1)
    return f'; did you mean "{near[0]}"?' if near else ""


def reading(info: ValidationInfo) -> Reading:
    """What the loader told every rule."""
    return cast("Reading", info.context)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text in quotes")  # noqa: TRY004  # pydantic collects ValueError only
    if "${" in value:
        raise ValueError("${NAME} may not stand here")
    return value


def _some_text(value: object) -> str:
    if not _text(value).strip():
        raise ValueError("may not be empty")
    return _text(value)


def _line(value: object) -> str:
    if _CONTROL.search(_some_text(value)):
        raise ValueError("must be one line")
    return _text(value)


def _name(value: object) -> str:
    if len(_line(value)) > LONGEST_NAME:
        raise ValueError(f"may have at most {LONGEST_NAME} characters")
    return _line(value)


def _lines(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of texts")
    return tuple(_line(item) for item in value)


def some_lines(value: object) -> tuple[str, ...]:
    """One or more texts of one line each."""
    lines = _lines(value)
    if not lines:
        raise ValueError("may not be an empty list")
    return lines


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004  # pydantic collects ValueError only
    return value


def _not_yet(value: object) -> object:
    if value:
        raise ValueError("not in this version")
    return () if value == [] else value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("must be a whole number, at least 1")
    return value


def _seconds(value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < math.inf:
        raise ValueError("must be a number of seconds above 0")
    return float(value)


def _duration(value: object) -> timedelta:
    if not duration(value):
        raise ValueError("must be longer than 0")
    return duration(value)


def _risk(value: object) -> str:
    if value not in RISKS:
        raise ValueError(f'must be "low", "medium", "high" or "critical"{did_you_mean(value, RISKS)}')
    return str(value)


def _web_address(value: object) -> str:
    if not is_address(_text(value)):
        raise ValueError("must be an address that begins with https:// or http://")
    return _text(value)


def _draft(value: object) -> str:
    if unknown := [word for word in placeholders_in(_some_text(value)) if word not in PLACEHOLDERS]:
        sentences = (f"{{{word}}} is no placeholder{did_you_mean(word, PLACEHOLDERS)}" for word in unknown)
        raise ValueError("; ".join(sentences))
    if len(_text(value)) > LONGEST_DRAFT:
        raise ValueError(f"may have at most {LONGEST_DRAFT} characters")
    return _text(value)


def _subject(value: object) -> str:
    return value if value == "" else _line(_draft(value))


def _moment(value: object, info: ValidationInfo) -> Moment:
    return known_scenario(moment(_text(value)), reading(info))


def known_scenario(when: Moment, told: Reading) -> Moment:
    """The moment, if the scenario that it names is one of the runbook's."""
    if when.anchor is Anchor.SCENARIO and when.scenario not in told.scenarios:
        raise ValueError(f'no scenario "{when.scenario}"{did_you_mean(when.scenario, told.scenarios)}')
    return when


def _line_with_names(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or _CONTROL.search(value):
        raise ValueError("must be one line of text in quotes")
    return value


def json_value(value: object) -> Json:
    """The value if JSON can hold it: TOML also has dates, and numbers that are none."""
    if isinstance(value, dict):
        return {_text(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [json_value(item) for item in value]
    if isinstance(value, (str, bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ValueError("must be what JSON can hold: texts, numbers, true, false, lists and tables of them")


def _json_object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError("must be a table")  # noqa: TRY004  # pydantic collects ValueError only
    for text in texts_in(json_value(value)):
        _text(text)
    return value


def _json_template(value: object, info: ValidationInfo) -> Template:
    return template(json_value(value), reading(info).env)


def _headers(value: object, info: ValidationInfo) -> Template:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ValueError("must be a table of texts")
    headers = template({_line(name): _line_with_names(text) for name, text in value.items()}, reading(info).env)
    if not all(text.isascii() for text in (*value, *texts_in(headers.source if headers.unset else headers.filled()))):
        raise ValueError("must be ASCII, the values of the environment too")
    return headers


def _list_with_names(value: object, info: ValidationInfo) -> Template:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of texts")
    return template(value, reading(info).env)


def _filled_text(value: object, info: ValidationInfo) -> str:
    if value == "":
        return ""
    filled = template(_line_with_names(value), reading(info).env)
    if filled.unset:
        raise ValueError(unset_sentence(filled.unset))
    return str(filled.filled())


def _filled_list(value: object, info: ValidationInfo) -> tuple[str, ...]:
    filled = _list_with_names(value, info)
    if filled.unset:
        raise ValueError(unset_sentence(filled.unset))
    if not filled.filled_list():
        raise ValueError("may not be an empty list")
    return filled.filled_list()


def _approvers(value: object, info: ValidationInfo) -> tuple[str, ...]:
    approvers = _filled_list(value, info)
    if not all(_ID.fullmatch(item) for item in approvers):
        raise ValueError("every item must be the id of a user group (S…) or of a person (U… or W…)")
    return approvers


def _requesters(value: object) -> tuple[str, ...]:
    requesters = some_lines(value)
    if not all(item == "*" or _ID.fullmatch(item) for item in requesters):
        raise ValueError('every item must be "*" or the id of a user group (S…) or of a person (U… or W…)')
    return requesters


def _channels(value: object, info: ValidationInfo) -> tuple[str, ...]:
    channels = _filled_list(value, info)
    if not all(_CHANNEL.fullmatch(item) for item in channels):
        raise ValueError("every item must be a channel's id, or a name or pattern without #")
    return channels


Text: TypeAlias = Annotated[str, PlainValidator(_text)]  # may be ""
SomeText: TypeAlias = Annotated[str, PlainValidator(_some_text)]
Line: TypeAlias = Annotated[str, PlainValidator(_line)]
Name: TypeAlias = Annotated[str, PlainValidator(_name)]  # of what buttons are about: their values have a limit
Lines: TypeAlias = Annotated[tuple[str, ...], PlainValidator(_lines)]
SomeLines: TypeAlias = Annotated[tuple[str, ...], PlainValidator(some_lines)]
Flag: TypeAlias = Annotated[bool, PlainValidator(_flag)]
NotYet: TypeAlias = Annotated[_T, PlainValidator(_not_yet)]  # a key of a version to come
Count: TypeAlias = Annotated[int, PlainValidator(_count)]
Seconds: TypeAlias = Annotated[float, PlainValidator(_seconds)]
Duration: TypeAlias = Annotated[timedelta, PlainValidator(_duration)]
Offset: TypeAlias = Annotated[timedelta, PlainValidator(duration)]  # may be 0
Risk: TypeAlias = Annotated[str, PlainValidator(_risk)]
WebAddress: TypeAlias = Annotated[str, PlainValidator(_web_address)]
Draft: TypeAlias = Annotated[str, PlainValidator(_draft)]
Subject: TypeAlias = Annotated[str, PlainValidator(_subject)]
When: TypeAlias = Annotated[Moment, PlainValidator(_moment)]
JsonObject: TypeAlias = Annotated[Mapping[str, object], PlainValidator(_json_object)]
JsonTemplate: TypeAlias = Annotated[Template, PlainValidator(_json_template)]
Headers: TypeAlias = Annotated[Template, PlainValidator(_headers)]
ListTemplate: TypeAlias = Annotated[Template, PlainValidator(_list_with_names)]
FilledText: TypeAlias = Annotated[str, PlainValidator(_filled_text)]
Approvers: TypeAlias = Annotated[tuple[str, ...], PlainValidator(_approvers)]
Requesters: TypeAlias = Annotated[tuple[str, ...], PlainValidator(_requesters)]
Channels: TypeAlias = Annotated[tuple[str, ...], PlainValidator(_channels)]
