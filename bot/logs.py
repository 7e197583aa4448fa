"""How the process logs: for machines and days. The settings' secrets never leave, whatever a library writes."""

import json
import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime

from bot.core.secret import Secret
from bot.settings import Settings

QUIET = ("slack_bolt", "slack_sdk", "httpx", "httpcore", "waitress", "websockets")  # at INFO: bodies, addresses

_logger = logging.getLogger(__name__)


class Redacting(logging.Formatter):
    """One line a record, text or JSON, with every known secret replaced."""

    def __init__(self, secrets: tuple[str, ...], *, as_json: bool) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self._secrets, self._as_json = secrets, as_json

    def format(self, record: logging.LogRecord) -> str:
        """The line for a record."""
        line = self._line(record) if self._as_json else super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, "[redacted]")
        return line

    def _line(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat()
        fields = {"at": at, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def set_up(settings: Settings) -> None:
    """Log to standard error as the settings say."""
    handler = logging.StreamHandler()
    handler.setFormatter(Redacting(secrets_of(settings), as_json=settings.log_format == "json"))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def log_fault(of: str, task: Future[None]) -> None:
    """Log what nobody foresaw in a task that ran beside the others; `of` says whose it was."""
    fault = None if task.cancelled() else task.exception()
    if fault:
        _logger.error("%s.fault", of, exc_info=fault)


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Every secret that the settings and the runbook hold, for what has to keep them out of sight."""
    return tuple(secret.reveal() for secret in _secrets_in(settings) if secret.reveal())


def _secrets_in(part: object) -> Iterator[Secret]:
    if isinstance(part, Secret):
        yield part
    elif is_dataclass(part):
        for each in fields(part):
            yield from _secrets_in(getattr(part, each.name))
    elif isinstance(part, Mapping | tuple):
        for one in part.values() if isinstance(part, Mapping) else part:
            yield from _secrets_in(one)
