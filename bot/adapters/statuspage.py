"""Statuspage's REST API (v1): each order is sent once at most, and who calls decides what follows.

An answer from 400 to 499 says that nothing was published; a lost or broken answer, a redirect and a fault of the server
say nothing, and only a look at the page settles that. Whoever subscribed to the page is told of what is published.
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from bot.adapters.trust import roots
from bot.core.errors import OutcomeUnknown, Refused, Unavailable
from bot.core.secret import Secret

API = "https://api.statuspage.io/v1"
CONNECT_SECONDS, READ_SECONDS = 3.0, 10.0
NAME_LENGTH = 255  # Statuspage's limit
MESSAGE_LENGTH = 300
NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
ENHANCE_YOUR_CALM = 420  # Statuspage's older word for "too many requests"
TRY_LATER = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, ENHANCE_YOUR_CALM, HTTPStatus.TOO_MANY_REQUESTS)
UNPUBLISHED = "Nothing was published."


@dataclass
class Statuspage:
    """One page's client; no `base_url` = Statuspage's own, `http_timeout` is in seconds."""

    key: Secret
    page_id: str
    base_url: str | None = None
    http_timeout: float = READ_SECONDS
    _http: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._http = httpx.Client(
            base_url=self.base_url or API,
            verify=roots(),
            timeout=httpx.Timeout(self.http_timeout, connect=min(CONNECT_SECONDS, self.http_timeout)),
            follow_redirects=False,  # the key goes nowhere else
            headers={"authorization": f"OAuth {self.key.reveal()}", "user-agent": "rollback-bot"},
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def check(self) -> None:
        """Read the page. Raises Unavailable, or Refused with rule "statuspage": the key or the page is not right."""
        try:
            answer = self._http.get(self._path())
        except httpx.RequestError as error:
            raise Unavailable(f"Statuspage could not be reached ({type(error).__name__}).") from error
        self._refuse(answer)
        if not answer.is_success or _body(answer).get("id") != self.page_id:
            raise Unavailable(f"Statuspage answered with something else than the page ({answer.status_code}).")

    def publish(self, name: str, text: str) -> str:
        """Publish an incident under `name`, cut to 255 characters, and return its id; raises as `_order` does."""
        incident = {"name": name[:NAME_LENGTH], "status": "investigating", "body": text}
        published = self._order("POST", self._path("incidents"), incident)
        if not isinstance(published.get("id"), str) or not published["id"]:
            raise OutcomeUnknown("Statuspage took the incident, but its answer has no id; look at the page.")
        return str(published["id"])

    def update(self, incident: str, text: str) -> None:
        """Publish how an incident of this page goes on; raises as `_order` does."""
        self._move(incident, "investigating", text)

    def resolve(self, incident: str, text: str) -> None:
        """Publish that an incident of this page is over; raises as `_order` does."""
        self._move(incident, "resolved", text)

    def _move(self, incident: str, status: str, text: str) -> None:
        moved = self._order("PATCH", self._path("incidents", incident), {"status": status, "body": text})
        if moved.get("status") != status:
            raise OutcomeUnknown(f"Statuspage did not answer that the incident is {status}; look at the page.")

    def _path(self, *parts: str) -> str:
        return "/".join(("/pages", quote(self.page_id, safe=""), *(quote(part, safe="") for part in parts)))

    def _order(self, method: str, path: str, incident: dict[str, str]) -> dict[str, Any]:
        """Send it once. Unavailable, Refused: surely nothing was published. OutcomeUnknown: it may be on the page."""
        try:
            answer = self._http.request(method, path, json={"incident": {**incident, "deliver_notifications": True}})
        except NOTHING_SENT as error:
            raise Unavailable(f"Statuspage could not be reached. {UNPUBLISHED}") from error
        except httpx.RequestError as error:
            text = (
                f"Statuspage did not answer ({type(error).__name__}); it may or may not be published. Look at the page."
            )
            raise OutcomeUnknown(text) from error
        self._refuse(answer)
        if not answer.is_success:
            text = f"Statuspage answered with {answer.status_code}; it may or may not be published. Look at the page."
            raise OutcomeUnknown(text)
        return _body(answer)

    def _refuse(self, answer: httpx.Response) -> None:
        """Raise what an answer from 400 to 499 means."""
        status = answer.status_code
        if not answer.is_client_error:
            return
        if status in TRY_LATER:
            after = answer.headers.get("retry-after", "")
            wish = f"to wait {after} s" if after.isdecimal() else "for patience"
            raise Unavailable(f"Statuspage asks {wish} ({status}). {UNPUBLISHED}")
        said = self._message(answer)
        because = f"({status}: {said})" if said else f"({status})"
        raise Refused("statuspage", f"{_sentence(status)} {because}. {UNPUBLISHED}")

    def _message(self, answer: httpx.Response) -> str:
        """Statuspage's own words on one line, clamped, without the key should it be echoed."""
        told = _body(answer).get("error")
        said = "; ".join(map(str, told)) if isinstance(told, list) else str(told or "")
        return " ".join(said.split()).replace(self.key.reveal(), "[redacted]")[:MESSAGE_LENGTH].rstrip(".")


def _sentence(status: int) -> str:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return "Statuspage does not accept STATUSPAGE_API_KEY for this page"
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return "Statuspage finds no such page or incident; STATUSPAGE_PAGE_ID names the page"
    return "Statuspage does not accept it"


def _body(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
