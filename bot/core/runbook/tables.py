"""The tables of a runbook, key by key, beside their defaults: who, what, where, when. docs/runbook.md explains them."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Self, TypeAlias

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo, field_validator, model_validator

from bot.core.plan import Ask
from bot.core.runbook.addresses import is_mail_address
from bot.core.runbook.fields import (
    Approvers,
    Channels,
    Count,
    Draft,
    Duration,
    FilledText,
    Flag,
    Line,
    Lines,
    ListTemplate,
    Name,
    NotYet,
    Offset,
    Requesters,
    Risk,
    SomeLines,
    Subject,
    Text,
    WebAddress,
    When,
    known_scenario,
    reading,
    table,
)
from bot.core.runbook.moments import Anchor, Moment, moment_due
from bot.core.runbook.steps import NOTHING, READ_ONLY, Choice, Propose, Steps
from bot.core.runbook.templates import Template, unset_sentence

# The words of the commands: a scenario named like one could not be asked for.
RESERVED = frozenset(
    {
        *("vercel", "stop", "undo", "verify", "deployments", "status", "timeline", "contacts", "resolve", "help"),
        *("all", "backups", "backup", "stop-writes", "resume-writes", "purge", "columns"),
        *("from", "because", "exact", "long-block", "breakglass"),
    }
)
OWN_REMINDER = "still pinned"  # the bot's own, known by a key that begins so, as a reminder's does with its audience
_SCENARIO = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_GROUP = "S"  # a user group's id begins with it


@table
class Service:
    """What is rolled back, as people call it."""

    name: Line
    environment: Line = "Production"
    site: WebAddress = ""


@table
class Access:
    """Where and by whom commands are answered; "*" is any channel of the bot, any active full member."""

    channels: Channels = ("*",)
    requesters: Requesters = ("*",)


@table
class BreakGlass:
    """Who may go ahead with one approval, loudly."""

    may: NotYet[tuple[str, ...]] = ()
    oversight_channel: Text = ""


@table
class RiskApproval:
    """What one risk asks for."""

    required: Count


@table
class Approval:
    """How many other people must agree, and who they may be."""

    required: Count = 2
    risk: Mapping[Risk, RiskApproval] = Field(default_factory=dict)
    approvers: Approvers
    expires_after: Duration = timedelta(minutes=30)
    totp: NotYet[bool] = False
    slots: NotYet[tuple[tuple[str, ...], ...]] = ()
    breakglass: BreakGlass = BreakGlass()

    @field_validator("approvers", mode="after")
    @classmethod
    def _are_enough(cls, approvers: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        needs = [info.data.get("required", 1), *(risk.required for risk in info.data.get("risk", {}).values())]
        people = set(approvers)
        if len(people) < max(needs) and not any(person.startswith(_GROUP) for person in people):
            raise ValueError(f"{max(needs)} different people are required and {len(people)} may approve")
        return approvers


@table
class Verification:
    """How long a failing check is tried again after a run."""

    deadline: Duration = timedelta(minutes=2)


@table
class Vercel:
    """The project whose production is rolled back."""

    project: Line
    team: Text = ""
    risk: Risk = "medium"
    deadline: Duration = timedelta(minutes=3)


def _backup_pattern(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[^{}]*\{table\}[^{}]*\{date\}[^{}]*", value):
        raise ValueError("must hold {table} and after it {date}, each once, and no other braces")
    return value


@table
class DatabaseTable:
    """A table that may be restored."""

    name: Line
    added_columns: Lines = ()
    recent: Text = ""
    sticky: Lines = ()
    reinsert_deleted: Flag = True


@table
class Database:
    """The tables that may be restored, and how carefully."""

    risk: Risk = "high"
    schema: Line = "public"
    backup: Annotated[str, PlainValidator(_backup_pattern)] = "{table}_backup_{date}"
    max_backup_age: Duration = timedelta(days=30)
    write_block_limit: Duration = timedelta(seconds=8)
    quarantine_schema: Line = "rollback_bot"
    quarantine_keep: Duration = timedelta(days=14)
    tables: tuple[DatabaseTable, ...] = ()

    @field_validator("quarantine_schema", mode="after")
    @classmethod
    def _is_apart(cls, schema: str, info: ValidationInfo) -> str:
        if schema == info.data.get("schema"):
            raise ValueError("may not be the schema of the tables")
        return schema


def _scenario_name(value: object) -> str:
    if not isinstance(value, str) or not _SCENARIO.fullmatch(value):
        raise ValueError("must be one word of small letters and digits, with hyphens between them")
    if value in RESERVED:
        raise ValueError(f'"{value}" is a word of the commands')
    return value


@table
class Scenario:
    """A named recipe of steps."""

    name: Annotated[str, PlainValidator(_scenario_name)]
    title: Line
    symptoms: Lines = ()
    impact: Text = ""
    risk: Risk
    step_tables: Steps = Field(alias="steps")

    @property
    def steps(self) -> tuple[Ask | Choice | Propose, ...]:
        """What the scenario asks for, in order."""
        return tuple(step.ask() for step in self.step_tables)

    @property
    def choices(self) -> tuple[Ask, ...]:
        """What the requester chooses from, besides nothing."""
        offered = (step.asks for step in self.steps if isinstance(step, Choice))
        return tuple(ask for asks in offered for ask in asks if ask.action != NOTHING)

    def asks(self, choice: str) -> tuple[Ask, ...]:
        """What is asked for with the choice of this action; what is only proposed is not among it."""
        found: list[Ask] = []
        for step in self.steps:
            if isinstance(step, Ask):
                found.append(step)
            elif isinstance(step, Choice):
                found += [ask for ask in step.asks if ask.action == choice != NOTHING]
        return tuple(found)

    @property
    def proposes(self) -> tuple[Ask, ...]:
        """What a person may ask for with one button, once it was watched."""
        return tuple(step.ask for step in self.steps if isinstance(step, Propose))

    @property
    def is_read_only(self) -> bool:
        """Whether it only looks; then it needs no approval. What it proposes does."""
        done = [step for step in self.steps if not isinstance(step, Propose)]
        return all(isinstance(step, Ask) and step.action in READ_ONLY for step in done)


@table
class Contact:
    """Whom or what to turn to."""

    role: Line
    name: Line
    detail: Text = ""
    url: WebAddress = ""


def _due(value: object, info: ValidationInfo) -> Moment:
    when = info.data.get("when")
    due = moment_due(value, when if isinstance(when, Moment) else Moment(Anchor.INCIDENT))
    return known_scenario(due, reading(info))


Due: TypeAlias = Annotated[Moment, PlainValidator(_due)]


def _are_mail_addresses(to: Template) -> Template:
    if not to.unset and not all(is_mail_address(address) for address in to.filled_list()):
        raise ValueError("every item must be a mail address")
    return to


def _is_no_reminder_of_the_bots(audience: str) -> str:
    if audience.startswith(OWN_REMINDER):
        raise ValueError(f'may not begin with "{OWN_REMINDER}": that is a reminder of the bot\'s own')
    return audience


@table
class Reminder:
    """Something to tell somebody at a time; the bot drafts it, a person sends it."""

    audience: Annotated[Name, AfterValidator(_is_no_reminder_of_the_bots)]
    when: When
    due: Due | None = None
    to: Annotated[ListTemplate, AfterValidator(_are_mail_addresses)] = Template([], {})
    subject: Subject = ""
    draft: Draft

    @property
    def off(self) -> str:
        """Why the reminder is off: which names of the environment are not set; "" = it is on."""
        return unset_sentence(self.to.unset)

    @property
    def recipients(self) -> tuple[str, ...]:
        """The mail addresses; () where there are none, and where the reminder is off."""
        return () if self.off else self.to.filled_list()


@table
class Communications:
    """Who is told, when and in which words."""

    internal_channel: FilledText = ""
    check_every: Duration = timedelta(seconds=30)
    reminders: tuple[Reminder, ...] = ()


@table
class Checklist:
    """What people tick."""

    name: Name
    when: When
    due: Due | None = None
    items: SomeLines


@table
class Phase:
    """A stretch of the recovery timeline, counted from the incident's start."""

    begins: Offset = Field(alias="from")
    ends: Offset = Field(alias="to")
    what: Line
    owner: Text = ""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.ends <= self.begins:
            raise ValueError("`to` must be after `from`")
        return self
