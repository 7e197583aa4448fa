"""The steps of a scenario: which actions a runbook may name, with which parameters, and what each of them needs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    ValidationInfo,
    model_validator,
)

from bot.core.plan import Ask
from bot.core.runbook.addresses import is_address
from bot.core.runbook.fields import Duration, did_you_mean, reading, some_lines, table

ALL = "all"  # every table of [[database.tables]]
NOTHING = "none"  # among choices
_NEEDS: Mapping[str, str] = {
    "inspect_failed_deployment": "vercel",
    "rollback_deployment": "vercel",
    "drop_columns": "database",
    "restore_tables": "database",
    "stop_writes": "database",
    "resume_writes": "database",
    "watch": "",
}
READ_ONLY = frozenset({"inspect_failed_deployment", "watch"})  # of these, what only looks: nobody has to approve it
MOST_LOOKS = 240  # of one watch: each stays in the log
_ON_TABLES = ("restore_tables", "stop_writes", "resume_writes")
_DEPLOYMENT = re.compile(r"dpl_[A-Za-z0-9]+")


@dataclass(frozen=True)
class Choice:
    """One of these, as the requester says; nothing where none is named."""

    asks: tuple[Ask, ...]


@dataclass(frozen=True)
class Propose:
    """A button that asks for this, for a person to press."""

    ask: Ask


def _action(value: object, info: ValidationInfo) -> str:
    action = str(value)
    needed = _NEEDS.get(action, "")
    if needed and needed not in reading(info).has:
        raise ValueError(f"{action} needs a [{needed}] table")
    return action


def _target(value: object) -> str:
    if not isinstance(value, str) or not (value == "previous" or _DEPLOYMENT.fullmatch(value) or is_address(value)):
        raise ValueError('must be "previous", a deployment\'s id (dpl_…) or its address (https://…)')
    return value


def _tables(value: object, info: ValidationInfo) -> tuple[str, ...]:
    names, known = some_lines(value), reading(info).tables
    if ALL in names and len(names) > 1:
        raise ValueError('"all" stands alone')
    if len(set(names)) < len(names):
        raise ValueError("names a table twice")
    unknown = [name for name in names if name not in {ALL, *known}]
    if unknown and "database" in reading(info).has:
        sentences = (f'"{name}" is not in [[database.tables]]{did_you_mean(name, known)}' for name in unknown)
        raise ValueError("; ".join(sentences))
    return names


def _tables_with_added_columns(value: object, info: ValidationInfo) -> tuple[str, ...]:
    names, known = _tables(value, info), reading(info).tables
    if without := [name for name in names if known.get(name) is False]:
        raise ValueError(f"{', '.join(without)}: no added_columns in [[database.tables]]")
    return names


Action: TypeAlias = Annotated[str, PlainValidator(_action)]
Target: TypeAlias = Annotated[str, PlainValidator(_target)]
Tables: TypeAlias = Annotated[tuple[str, ...], PlainValidator(_tables)]
TablesWithAddedColumns: TypeAlias = Annotated[tuple[str, ...], PlainValidator(_tables_with_added_columns)]


@table
class OnDeployment:
    """Roll production back to a deployment."""

    action: Action
    target: Target = "previous"

    def ask(self) -> Ask:
        """What the action is asked."""
        return Ask(self.action, {"target": self.target})


@table
class OnTables:
    """Restore tables, or stop or resume writes to them."""

    action: Action
    tables: Tables

    def ask(self) -> Ask:
        """What the action is asked; "all" stays as it is written."""
        return Ask(self.action, {"tables": list(self.tables)})


@table
class OnColumns:
    """Drop the added columns of these tables."""

    action: Action
    tables: TablesWithAddedColumns

    def ask(self) -> Ask:
        """What the action is asked; "all" stays as it is written."""
        return Ask(self.action, {"tables": list(self.tables)})


@table
class Watch:
    """Look at production again and again."""

    action: Action
    period: Duration = Field(default=timedelta(minutes=15), alias="for")
    every: Duration = timedelta(seconds=30)

    @model_validator(mode="after")
    def _looks_at_least_once(self) -> Self:
        if self.every > self.period:
            raise ValueError("every: may not be longer than `for`")
        if self.period / self.every > MOST_LOOKS:
            raise ValueError(f"every: too short for `for`: a watch looks {MOST_LOOKS} times at most")
        return self

    def ask(self) -> Ask:
        """What the action is asked, in seconds."""
        seconds = {"for": self.period.total_seconds(), "every": self.every.total_seconds()}
        return Ask(self.action, seconds)


@table
class WithoutParameters:
    """Look at the deployment that failed; or, among choices, do nothing."""

    action: Action

    def ask(self) -> Ask:
        """What the action is asked."""
        return Ask(self.action, {})


def _known(value: object, known: tuple[str, ...]) -> object:
    if not isinstance(value, dict):
        raise ValueError("must be a table")  # noqa: TRY004  # pydantic collects ValueError only
    action = value.get("action")
    if action not in known:
        raise ValueError(f"action: must be one of {', '.join(known)}{did_you_mean(action, known)}")
    return value


def _known_action(value: object) -> object:
    return _known(value, tuple(_NEEDS))


def _known_proposal(value: object) -> object:
    return _known(value, tuple(action for action in _NEEDS if action not in READ_ONLY))


def _known_choice(value: object) -> object:
    return _known(value, (*_NEEDS, NOTHING))


def _tag(value: object) -> str:
    return f"<{value['action'] if isinstance(value, dict) else getattr(value, 'action', '')}>"


def _form(value: object) -> str:
    forms = [form for form in ("choose", "propose") if isinstance(value, dict) and form in value]
    return f"<{forms[0]}>" if forms else "<act>"


AnyAction: TypeAlias = (
    Annotated[WithoutParameters, Tag("<inspect_failed_deployment>")]
    | Annotated[OnDeployment, Tag("<rollback_deployment>")]
    | Annotated[OnColumns, Tag("<drop_columns>")]
    | Annotated[OnTables, Tag("<restore_tables>")]
    | Annotated[OnTables, Tag("<stop_writes>")]
    | Annotated[OnTables, Tag("<resume_writes>")]
    | Annotated[Watch, Tag("<watch>")]
    | Annotated[WithoutParameters, Tag("<none>")]
)
Act: TypeAlias = Annotated[AnyAction, Discriminator(_tag), BeforeValidator(_known_action)]
Proposable: TypeAlias = Annotated[AnyAction, Discriminator(_tag), BeforeValidator(_known_proposal)]
Choosable: TypeAlias = Annotated[AnyAction, Discriminator(_tag), BeforeValidator(_known_choice)]


def _several(choices: tuple[AnyAction, ...]) -> tuple[AnyAction, ...]:
    if len(choices) < 2 or len({choice.action for choice in choices}) < len(choices):  # noqa: PLR2004  # "or" needs two
        raise ValueError("must be two or more different actions")
    return choices


@table
class Choose:
    """A step that the requester chooses by its action's name."""

    choose: Annotated[tuple[Choosable, ...], AfterValidator(_several)]

    def ask(self) -> Choice:
        """What is offered."""
        return Choice(tuple(choice.ask() for choice in self.choose))


@table
class Proposal:
    """A step that ends as a button; what only looks needs none to ask for it."""

    propose: Proposable

    def ask(self) -> Propose:
        """What is proposed."""
        return Propose(self.propose.ask())


AnyStep: TypeAlias = Annotated[
    Annotated[Act, Tag("<act>")] | Annotated[Choose, Tag("<choose>")] | Annotated[Proposal, Tag("<propose>")],
    Discriminator(_form),
]


def _some_steps(steps: tuple[AnyStep, ...]) -> tuple[AnyStep, ...]:
    if not steps:
        raise ValueError("may not be an empty list")
    if sum(isinstance(step, Choose) for step in steps) > 1:
        raise ValueError("a scenario has one `choose` at most")
    named = [one for step in steps for one in (step.choose if isinstance(step, Choose) else (step,))]
    if sum(isinstance(one, Watch) for one in named) > 1:  # also where one of them is to be chosen
        raise ValueError("a scenario has one `watch` at most")
    proposals = [index for index, step in enumerate(steps) if isinstance(step, Proposal)]
    if proposals and all(isinstance(step, WithoutParameters) for step in steps[: proposals[0]]):
        raise ValueError("`propose` comes after a step that is carried out, such as `watch`")
    return steps


Steps: TypeAlias = Annotated[tuple[AnyStep, ...], AfterValidator(_some_steps)]
