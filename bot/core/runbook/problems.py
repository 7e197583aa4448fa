"""Every mistake of a runbook as one line: where it stands, what must be there, the nearest known word."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, TypeAlias, get_args, get_origin

from pydantic import Tag, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bot.core.runbook.fields import did_you_mean

Path: TypeAlias = tuple[str, ...]
_NAMED: tuple[Path, ...] = (("checks",), ("database", "tables"), ("scenarios",), ("checklists",))
_LABELS = ("name", "role", "audience")  # what people call an entry of an array by


class RunbookProblems(Exception):
    """The runbook has mistakes: `problems` holds one line each, `has` the names of the tables at its top."""

    def __init__(self, problems: tuple[str, ...], has: frozenset[str] = frozenset()) -> None:
        self.problems = problems
        self.has = has
        super().__init__("\n".join(problems))


def problem_lines(error: ValidationError, raw: Mapping[str, object], model: type) -> tuple[str, ...]:
    """A line for each mistake that pydantic found when it read `raw` as `model`; no line shows a value."""
    details = error.errors(include_url=False, include_input=False)
    return tuple(f"runbook: {_place(detail['loc'], raw)}: {_sentence(detail, model)}" for detail in details)


def repeated_names(raw: Mapping[str, object]) -> Iterator[str]:
    """A line for each name that several entries of one array have."""
    for path in _NAMED:
        names = Counter(name for entry in entries(raw, path) if isinstance(name := entry.get("name"), str))
        for name in (name for name, times in names.items() if times > 1):
            yield f'runbook: {".".join(path)}: "{name}" is the name of {names[name]} entries'


def entries(raw: object, path: Path) -> list[Mapping[str, object]]:
    """The tables of the array at `path`, leaving out whatever is none."""
    for key in path:
        raw = raw.get(key) if isinstance(raw, dict) else None
    return [entry for entry in raw if isinstance(entry, dict)] if isinstance(raw, list) else []


def tables_in(hint: object, path: Path = ()) -> Iterator[tuple[Path, type]]:
    """Every table of a model with its path, in which a union's entry has its tag and a mapping's values are "*"."""
    if isinstance(hint, type) and hasattr(hint, "__pydantic_fields__"):
        yield path, hint
        for key, field in keys_of(hint).items():
            yield from tables_in(field.annotation, (*path, key))
        return
    tags = tuple(arg.tag for arg in get_args(hint) if isinstance(arg, Tag))
    inside = ("*",) if get_origin(hint) is Mapping else tags
    inner = get_args(hint)[:1] if get_origin(hint) is Annotated else get_args(hint)
    for argument in inner:
        yield from tables_in(argument, (*path, *inside))


def keys_of(model: type) -> dict[str, FieldInfo]:
    """The keys of one table as they are written in TOML."""
    known: dict[str, FieldInfo] = vars(model)["__pydantic_fields__"]
    return {field.alias or name: field for name, field in known.items()}


def _place(loc: Sequence[int | str], raw: object) -> str:
    parts = [part for part in loc if not _is_tag(part)]
    first = next((at for at, part in enumerate(parts) if isinstance(part, int)), None)
    if first is None:
        *path, key = parts
        return f"[{_dotted(path)}] {key}" if path else f"[{key}]"
    head, rest = parts[: first + 1], parts[first + 1 :]
    return _dotted(head) + _label(head, raw) + (f": {_dotted(rest)}" if rest else "")


def _is_tag(part: int | str) -> bool:
    return isinstance(part, str) and (part.startswith("<") or part == "[key]")


def _dotted(parts: Sequence[int | str]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")


def _label(head: Sequence[int | str], raw: object) -> str:
    entry = raw
    for part in head:
        entry = entry[part]  # type: ignore[index]  # pydantic walked the same way
    labels = [entry[key] for key in _LABELS if isinstance(entry.get(key), str)] if isinstance(entry, dict) else []
    return f' "{labels[0]}"' if labels else ""


def _sentence(detail: ErrorDetails, model: type) -> str:
    match detail["type"]:
        case "value_error":
            return str(detail["ctx"]["error"])
        case "missing":
            return "is missing"
        case "unexpected_keyword_argument":
            return f"unknown key{did_you_mean(detail['loc'][-1], _known_keys(detail['loc'][:-1], model))}"
        case "tuple_type":
            return "must be an array of tables"
        case _:
            return "must be a table"


def _known_keys(loc: Sequence[int | str], model: type) -> list[str]:
    names = [part for part in loc if isinstance(part, str)]
    return [key for path, table in tables_in(model) if _fits(path, names) for key in keys_of(table)]


def _fits(path: Path, names: Sequence[str]) -> bool:
    return len(path) == len(names) and all(part in {"*", name} for part, name in zip(path, names, strict=True))
