"""The checks of a runbook: an address, a SQL statement or a share of failures, each with the answer it expects."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, TypeAlias

from pydantic import BeforeValidator, Discriminator, PlainValidator, Tag, ValidationInfo

from bot.core.runbook.addresses import is_address
from bot.core.runbook.fields import (
    Flag,
    Headers,
    JsonObject,
    JsonTemplate,
    Line,
    Seconds,
    SomeText,
    did_you_mean,
    reading,
    table,
)
from bot.core.runbook.templates import Template, template, unset_sentence

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_STATUS = range(100, 600)
_SAMPLES = range(1, 51)
KINDS = ("http", "sql", "error_rate")
_RELATIONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EXPECTATION = re.compile(r"\s*(<=|>=|!=|=|<|>)?\s*(before|-?[0-9]+(?:\.[0-9]+)?)\s*")


@dataclass(frozen=True)
class Expectation:
    """A relation to a number, or to what the same check saw before the run (`number` is None)."""

    relation: str
    number: float | None

    def holds(self, seen: float, before: float | None = None) -> bool:
        """Whether `seen` is as expected; where the expectation is to an unknown `before`, it is not."""
        against = before if self.number is None else self.number
        return against is not None and _RELATIONS[self.relation](seen, against)

    def __str__(self) -> str:
        return f"{self.relation} {'before' if self.number is None else format(self.number, 'g')}"


@dataclass(frozen=True)
class HttpRequest:
    """What goes over the wire, the environment's values in it: no part of it is ever shown."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    json: object = field(repr=False)  # None = no body


def expectation(value: object) -> Expectation:
    """The expectation that "> 0", "5" or "<= before" means; ValueError shows the grammar."""
    text = str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    match = _EXPECTATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError('must be a number or `before`, after one of = != < <= > >=, as in "> 0"')
    return Expectation(match[1] or "=", None if match[2] == "before" else float(match[2]))


def _share(value: object) -> Expectation:
    expected = expectation(value)
    if expected.number is not None and not 0 <= expected.number <= 1:
        raise ValueError("must be `before` or a share from 0 to 1")
    return expected


def _method(value: object) -> str:
    if value not in METHODS:
        raise ValueError(f"must be one of {', '.join(METHODS)}")
    return str(value)


def _status(value: object) -> tuple[int, ...]:
    right = isinstance(value, list) and value and all(type(item) is int and item in _STATUS for item in value)
    if not isinstance(value, list) or not right:
        raise ValueError("must be a list of HTTP status codes")
    return tuple(value)


def _samples(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value not in _SAMPLES:
        raise ValueError("must be a whole number from 1 to 50")
    return value


def _address(value: object, info: ValidationInfo) -> Template:
    """The template of an absolute address; a path is one of [service] site."""
    if not isinstance(value, str):
        raise ValueError("must be a text in quotes")  # noqa: TRY004  # pydantic collects ValueError only
    told = reading(info)
    if value.startswith("/") and not told.site:
        raise ValueError("a path needs an address in [service] site")
    url = template(told.site.rstrip("/") + value if value.startswith("/") else value, told.env)
    if not url.unset and not is_address(str(url.filled())):
        raise ValueError("must begin with https:// or http://, or be a path of [service] site that begins with /")
    return url


Address: TypeAlias = Annotated[Template, PlainValidator(_address)]
Method: TypeAlias = Annotated[str, PlainValidator(_method)]
Status: TypeAlias = Annotated[tuple[int, ...], PlainValidator(_status)]
Samples: TypeAlias = Annotated[int, PlainValidator(_samples)]
Expected: TypeAlias = Annotated[Expectation, PlainValidator(expectation)]
Share: TypeAlias = Annotated[Expectation, PlainValidator(_share)]


@table
class HttpCheck:
    """One request, `samples` times: every answer has an expected status, the median is within `max_seconds`."""

    name: Line
    kind: Line
    url: Address
    method: Method = "GET"
    headers: Headers = Template({}, {})
    json: JsonTemplate = Template(None, {})
    status: Status = (200,)
    max_seconds: Seconds | None = None
    samples: Samples = 1
    contains: SomeText = ""
    answer: JsonObject | None = None
    required: Flag = True

    @property
    def off(self) -> str:
        """Why the check is off: which names of the environment are not set; "" = it is on."""
        names = (*self.url.unset, *self.headers.unset, *self.json.unset)
        return unset_sentence(tuple(dict.fromkeys(names)))

    def filled(self) -> HttpRequest:
        """The request with the environment's values in it; KeyError if the check is off."""
        headers = self.headers.filled()
        texts = {str(name): str(text) for name, text in headers.items()} if isinstance(headers, Mapping) else {}
        return HttpRequest(self.method, str(self.url.filled()), texts, self.json.filled())


@table
class SqlCheck:
    """One statement that reads one number; it needs [database]."""

    name: Line
    kind: Line
    sql: SomeText
    expect: Expected
    required: Flag = True
    off: ClassVar[str] = ""


@table
class ErrorRateCheck:
    """The share of failed samples, from 0 to 1."""

    name: Line
    kind: Line
    url: Address
    samples: Samples = 20
    expect: Share = Expectation("<=", None)
    required: Flag = True

    @property
    def off(self) -> str:
        """Why the check is off: which names of the environment are not set; "" = it is on."""
        return unset_sentence(self.url.unset)

    def filled(self) -> HttpRequest:
        """The request of one sample; KeyError if the check is off."""
        return HttpRequest("GET", str(self.url.filled()), {}, None)


def _known_kind(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, dict):
        raise ValueError("must be a table")  # noqa: TRY004  # pydantic collects ValueError only
    kind = value.get("kind")
    if kind not in KINDS:
        raise ValueError(f'kind: must be "http", "sql" or "error_rate"{did_you_mean(kind, KINDS)}')
    if kind == "sql" and "database" not in reading(info).has:
        raise ValueError('kind: "sql" needs a [database] table')
    return value


def _tag(value: object) -> str:
    return f"<{value['kind']}>" if isinstance(value, dict) else f"<{getattr(value, 'kind', '')}>"


Check: TypeAlias = HttpCheck | SqlCheck | ErrorRateCheck
AnyCheck: TypeAlias = Annotated[
    Annotated[HttpCheck, Tag("<http>")]
    | Annotated[SqlCheck, Tag("<sql>")]
    | Annotated[ErrorRateCheck, Tag("<error_rate>")],
    Discriminator(_tag),
    BeforeValidator(_known_kind),
]
