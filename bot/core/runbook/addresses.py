"""What counts as an address: of the web, of mail."""

import re
from urllib.parse import urlsplit

_SPACE = re.compile(r"[\s\x00-\x1f\x7f]")
_MAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")  # RFC 5322's atoms: no quoting, no comments


def is_address(text: str, schemes: frozenset[str] = frozenset({"http", "https"})) -> bool:
    """Whether the text is an absolute address of one of the schemes, with a host and no space."""
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0 and not _SPACE.search(text)
    except ValueError:  # a port or a bracket that is none
        return False


def is_mail_address(text: str) -> bool:
    """Whether the text is one bare mail address that a header can hold."""
    return _MAIL.fullmatch(text) is not None
