"""Slack's Web API: who people are, which channels there are, and the messages that the bot draws."""

import http.client
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry import RetryHandler
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookClient

from bot.adapters.slack_bodies import channel_from, header, keys_of, person_from, was_never_sent
from bot.adapters.slack_files import send_bytes
from bot.core.errors import BotError, OutcomeUnknown, Refused, Revoked, Unavailable
from bot.core.people import Channel, Person, Workspace
from bot.core.secret import Secret

NEVER_HEAL = frozenset(
    {"invalid_auth", "account_inactive", "link_disabled", "not_authed", "token_revoked", "not_allowed_token_type"}
)
SCOPES = (  # of the bot's token: what its calls need, and what manifest.yml asks for
    *("commands", "chat:write", "users:read", "usergroups:read"),
    *("channels:read", "groups:read", "channels:history", "groups:history", "files:write"),
)
INVALID_BLOCKS = "invalid_blocks"  # also where a kind of block isn't rolled out yet
OPEN_SOCKET = "apps.connections.open"
METADATA_TYPE = "rollback_bot"
TIMEOUT_SECONDS = 5
CLOCKS_DIFFER = timedelta(hours=3)  # by less than this, ours and Slack's, though ours may have been set meanwhile
REMEMBERED_SECONDS = 5.0  # one reading serves the clicks of these seconds
LISTED = 200  # channels that are listed
_ERROR = re.compile(r"[a-z0-9_]+").fullmatch  # Slack's own; where a proxy answers, slack_sdk puts a sentence there
_NO_RETRIES: list[RetryHandler] = []  # the log decides what is tried again, and when

_T = TypeVar("_T")
_SDK_LOGGER = logging.getLogger("slack_sdk")  # kept at WARNING: below that it writes bodies


@dataclass(frozen=True)
class Content:
    """A message as Slack takes it: `key` is put into its metadata, so that it can be found again.

    `plain` are the blocks for where Slack refuses the others; () = none are in doubt.
    """

    text: str
    blocks: Sequence[dict[str, Any]]
    key: str
    plain: Sequence[dict[str, Any]] = ()


class Slack:
    """One workspace, by one bot token.

    Reads raise Unavailable (try again later) or Refused (Slack said no). Writes raise OutcomeUnknown as well:
    the message may be there. A token that will never work again is Revoked.
    """

    def __init__(self, token: Secret, api_url: str | None, clock: Callable[[], datetime]) -> None:
        self.client = WebClient(
            token=token.reveal(),
            base_url=api_url.rstrip("/") + "/" if api_url else WebClient.BASE_URL,
            timeout=TIMEOUT_SECONDS,
            retry_handlers=_NO_RETRIES,
            logger=_SDK_LOGGER,
        )
        self._clock = clock
        self._workspace: Workspace | None = None
        self._is_plain = False  # it refused blocks that are not rolled out everywhere
        self._memory: dict[str, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def workspace(self) -> Workspace:
        """Where the bot lives; read once."""
        if self._workspace is None:
            data = self._call("auth.test")
            self._workspace = Workspace(
                team=str(data["team_id"]),
                enterprise=str(data.get("enterprise_id") or ""),
                bot_user=str(data["user_id"]),
                url=str(data["url"]),
            )
        return self._workspace

    def scopes(self) -> frozenset[str] | None:
        """What the bot's token may do, as Slack says it now; None where it doesn't say."""
        try:
            listed = header(self._exchange("auth.test", params={}), "x-oauth-scopes")
        except OutcomeUnknown as error:
            raise Unavailable(error.text) from error
        return frozenset(listed.replace(",", " ").split()) or None

    def now(self) -> datetime:
        """Slack's clock, to the second; whatever it thinks of the token. Raises Unavailable."""
        try:
            response = self.client.api_call("api.test")
        except SlackApiError as error:
            response = error.response
        except (OSError, http.client.HTTPException, SlackClientError, ValueError) as error:
            raise Unavailable("Slack can't be reached.") from error
        try:
            return parsedate_to_datetime(header(response, "date")).astimezone(UTC)
        except ValueError:
            raise Unavailable("Slack's answer has no date.") from None

    def socket_address(self, app_token: Secret) -> Secret:
        """A new address for one WebSocket, good for a short while. What it raises is about the app-level token."""
        return Secret(str(self._call(OPEN_SOCKET, token=app_token.reveal())["url"]))

    def is_reachable(self) -> bool:
        """Whether Slack answers the bot now."""
        try:
            self._remembered("auth.test", lambda: self._call("auth.test"))
        except BotError:
            return False
        return True

    def person(self, user: str) -> Person:
        """Who a user id is, as of at most 5 s ago."""
        return self._remembered(f"user {user}", lambda: person_from(self._call("users.info", user=user)["user"]))

    def name_of(self, sort: str, id: str) -> str:  # noqa: A002  # Slack's word
        """What a person (`sort` "@") or a channel ("#") is called; "" where Slack doesn't say."""
        try:
            if sort == "#":
                return f"#{self.channel(id).name}"
            user = self._call("users.info", user=id)["user"]
            return str((user.get("profile") or {}).get("real_name") or user.get("real_name") or "")
        except BotError:
            return ""

    def group(self, group: str) -> tuple[str, ...]:
        """The user ids in a user group, as of at most 5 s ago."""
        return self._remembered(
            f"group {group}", lambda: tuple(self._call("usergroups.users.list", usergroup=group)["users"])
        )

    def channel(self, channel: str) -> Channel:
        """A channel as the bot sees it. Raises Refused where the bot can't see it at all."""
        return channel_from(self._call("conversations.info", channel=channel)["channel"])

    def own_channels(self) -> tuple[Channel, ...]:
        """The channels that the bot is in and that are not archived; the first 200."""
        types = "public_channel,private_channel"
        rows = self._call("users.conversations", types=types, exclude_archived=True, limit=LISTED)["channels"]
        return tuple(channel_from({**row, "is_member": True}) for row in rows)  # so by its nature, and not said

    def post(self, channel: str, content: Content, *, thread: str = "", broadcast: bool = False) -> str:
        """Post a message, in a thread if one is given, and return its `ts`."""
        where = {"thread_ts": thread, "reply_broadcast": broadcast} if thread else {}
        return str(self._show("chat.postMessage", content, channel=channel, **where)["ts"])

    def edit(self, channel: str, ts: str, content: Content) -> None:
        """Make a message show `content`."""
        self._show("chat.update", content, channel=channel, ts=ts)

    def whisper(self, channel: str, user: str, content: Content, *, thread: str = "") -> None:
        """Show something to one person alone."""
        where = {"thread_ts": thread} if thread else {}
        body = {"text": content.text, "blocks": list(content.blocks)}
        self._write("chat.postEphemeral", channel=channel, user=user, **body, **where)

    def answer(self, response_url: str, content: Content) -> None:
        """Answer a command privately, also where the bot isn't a member."""
        webhook = WebhookClient(response_url, timeout=TIMEOUT_SECONDS, retry_handlers=_NO_RETRIES, logger=_SDK_LOGGER)
        try:
            response = webhook.send(
                text=content.text, blocks=list(content.blocks), response_type="ephemeral", replace_original=False
            )
        except (OSError, SlackClientError, http.client.HTTPException) as error:
            raise OutcomeUnknown("Slack did not say whether it took the answer.") from error
        if response.status_code == http.client.TOO_MANY_REQUESTS:
            raise Unavailable("Slack asks for patience.")
        if response.status_code != http.client.OK:
            raise Refused("slack", f"Slack did not take the answer: status {response.status_code}.")

    def open_view(self, trigger_id: str, view: dict[str, Any]) -> None:
        """Show a modal to whoever caused the trigger, which lives for three seconds."""
        self._write("views.open", trigger_id=trigger_id, view=view)

    def publish_home(self, user: str, view: dict[str, Any]) -> None:
        """Make a person's App Home show `view`."""
        self._write("views.publish", user_id=user, view=view)

    def upload(self, channel: str, *, name: str, title: str, text: str, thread: str = "") -> None:
        """Share a text as a file, in a thread if one is given.

        Nobody sees anything of it before the last of the three calls: only that one can be OutcomeUnknown. `find` knows
        a file by its name.
        """
        content = text.encode()
        place = self._call("files.getUploadURLExternal", filename=name, length=len(content))
        send_bytes(str(place["upload_url"]), content, TIMEOUT_SECONDS)
        where = {"thread_ts": thread} if thread else {}
        files = [{"id": place["file_id"], "title": title}]
        self._write("files.completeUploadExternal", files=files, channel_id=channel, **where)

    def find(self, channel: str, key: str, *, thread: str = "", since: datetime) -> str:
        """The `ts` of the bot's own message with this key, or with a file of this name; "" where none is since then."""
        oldest = str((since - CLOCKS_DIFFER).timestamp())
        ask: dict[str, Any] = {"channel": channel, "oldest": oldest, "include_all_metadata": True, "limit": 200}
        method = "conversations.replies" if thread else "conversations.history"
        ask |= {"ts": thread} if thread else {}
        while True:
            page = self._call(method, **ask)
            for message in page["messages"]:
                if message.get("user") == self.workspace().bot_user and key in keys_of(message):
                    return str(message["ts"])
            ask["cursor"] = (page.get("response_metadata") or {}).get("next_cursor")
            if not ask["cursor"]:
                return ""

    def link(self, channel: str, ts: str) -> str:
        """The address of a message; no call."""
        return f"{self.workspace().url}archives/{channel}/p{ts.replace('.', '')}"

    def _remembered(self, key: str, read: Callable[[], _T]) -> _T:
        with self._lock:
            at, value = self._memory.get(key, (float("-inf"), None))
        if time.monotonic() - at < REMEMBERED_SECONDS:
            return cast("_T", value)  # a key is always read by the same function
        fresh = read()
        with self._lock:
            self._memory[key] = (time.monotonic(), fresh)
        return fresh

    def _call(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """One read, as a form: Slack's reading methods take no JSON. No answer and nonsense are both "not now"."""
        try:
            return self._ask(method, params=arguments)
        except OutcomeUnknown as error:
            raise Unavailable(error.text) from error

    def _show(self, method: str, content: Content, **where: Any) -> Mapping[str, Any]:
        """Write a message; plainly where this workspace's Slack doesn't take such blocks yet, and from then on."""
        if content.plain and self._is_plain:
            content = replace(content, blocks=content.plain)
        try:
            return self._write(method, **_body(content), **where)
        except Refused as refusal:
            if refusal.rule != INVALID_BLOCKS or not content.plain or self._is_plain:
                raise
        self._is_plain = True
        return self._show(method, content, **where)

    def _write(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        return self._ask(method, json=arguments)

    def _ask(self, method: str, **how: Any) -> Mapping[str, Any]:
        data = self._exchange(method, **how).data
        return data if isinstance(data, dict) else {}

    def _exchange(self, method: str, **how: Any) -> SlackResponse:
        try:
            return self.client.api_call(method, **how)
        except SlackApiError as error:
            raise self._translated(method, error) from None  # the original holds the whole response
        except (OSError, http.client.HTTPException, SlackClientError, ValueError) as error:
            if was_never_sent(error):
                raise Unavailable("Slack can't be reached.") from error
            raise OutcomeUnknown(f"Slack gave no answer to {method}.") from error

    def _translated(self, method: str, error: SlackApiError) -> BotError:
        status = error.response.status_code
        if status == http.client.TOO_MANY_REQUESTS:
            wait = header(error.response, "retry-after")
            seconds = float(wait) if re.fullmatch(r"\d+(\.\d+)?", wait) else 1.0
            return Unavailable("Slack asks for patience.", retry_at=self._clock() + timedelta(seconds=seconds))
        data = error.response.data
        reason = str(data.get("error", "")) if isinstance(data, dict) else ""
        if status >= http.client.INTERNAL_SERVER_ERROR or not _ERROR(reason):
            return OutcomeUnknown(f"Slack answered {method} with status {status}.")
        if reason in NEVER_HEAL:
            token = "app-level" if method == OPEN_SOCKET else "bot's"
            return Revoked(f"Slack does not accept the {token} token: {reason}.")
        if reason in ("internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"):
            return OutcomeUnknown(f"Slack answered {method} with {reason}.")
        return Refused(reason, f"Slack refused {method}: {reason}.")


def _body(content: Content) -> dict[str, Any]:
    metadata = {"event_type": METADATA_TYPE, "event_payload": {"key": content.key}}
    return {
        "text": content.text,
        "blocks": list(content.blocks),
        "metadata": metadata,
        "unfurl_links": False,
        "unfurl_media": False,
    }
