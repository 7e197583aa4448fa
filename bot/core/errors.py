"""The four errors, sorted by what we know of production.

BotError
├── Refused          a rule said no and nothing was tried
├── Unavailable      something could not be reached; nothing was tried
│   └── Revoked      it will never be reachable again with what the bot holds
├── StepFailed       the provider said no; what changed is known
│   └── Drifted      production was no longer as planned, so nothing was done
└── OutcomeUnknown   it may or may not have happened; only looking settles it
"""

from datetime import datetime


class BotError(Exception):
    """Something the bot has a word for."""

    def __init__(self, text: str = "") -> None:
        self.text = text or (type(self).__doc__ or "").splitlines()[0]
        super().__init__(self.text)


class Refused(BotError):
    """A rule said no and nothing was tried."""

    def __init__(self, rule: str, text: str) -> None:
        self.rule = rule
        super().__init__(text)


class Unavailable(BotError):
    """It could not be reached; nothing was changed."""

    def __init__(self, text: str = "", *, retry_at: datetime | None = None) -> None:
        self.retry_at = retry_at
        super().__init__(text)


class Revoked(Unavailable):
    """The bot's token is no longer accepted, and waiting will not heal that."""


class StepFailed(BotError):
    """The provider said no.

    `changed` says what is different in production now: "" = nothing. `way_out` says what to do next, as sentences.
    """

    def __init__(self, text: str, *, changed: str = "", way_out: str = "") -> None:
        self.changed, self.way_out = changed, way_out
        super().__init__(text)


class Drifted(StepFailed):
    """Production is no longer as the plan saw it, so nothing was done."""


class OutcomeUnknown(BotError):
    """It may or may not have happened; only looking settles it.

    `retry_at` is when the provider asked to be looked at again, if it did.
    """

    def __init__(self, text: str, *, retry_at: datetime | None = None) -> None:
        self.retry_at = retry_at
        super().__init__(text)
