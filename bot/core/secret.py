"""A text that may be used but never shown: its repr, its str and every format of it say "[redacted]"."""


class Secret:
    """A token or a password; `reveal` is the one way to its value, for the line that sends it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself; never put it into a message, an event, a log or an error."""
        return self._value

    def __repr__(self) -> str:
        return "[redacted]"
