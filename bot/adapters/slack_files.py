"""The bytes of a file on their way to Slack: one POST to an address that Slack gave for them.

The address lets anybody send there, so it is in no message and no log line.
"""

import httpx

from bot.core.errors import Unavailable


def send_bytes(address: str, content: bytes, seconds: float) -> None:
    """Send them once. Raises Unavailable: until the upload is completed, nobody sees anything of it."""
    try:
        answer = httpx.post(address, content=content, timeout=seconds, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL):
        raise Unavailable("Slack did not take the file; nothing was posted.") from None  # the error names the address
    if answer.status_code != httpx.codes.OK:
        raise Unavailable(f"Slack did not take the file ({answer.status_code}); nothing was posted.")
