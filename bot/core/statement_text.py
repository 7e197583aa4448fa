"""What may be shown of somebody's SQL: names and keywords, and no value.

PostgreSQL has most statements without their values already, but not all, and none of those that are under way. What
can't be told apart for certain, as where a text was cut within a literal, is left out with all that follows.
"""

import re
from collections.abc import Iterator

from bot.core.build_failure import redacted

TEXT = 200  # bytes of a statement that are kept
_BEYOND = 300  # bytes more in which secrets are looked for: that takes long in a long text

_COUNTED = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"})
_NAMED = frozenset(
    {"ALTER", "ANALYZE", "BEGIN", "CALL", "CLUSTER", "COMMIT", "COPY", "CREATE", "DO", "DROP", "EXECUTE", "GRANT"}
    | {"LOCK", "MERGE", "REFRESH", "REINDEX", "REVOKE", "ROLLBACK", "SET", "START", "TRUNCATE", "VACUUM"}
)
# PostgreSQL's own tokens (src/backend/parser/scan.l), as far as what ends a literal or a comment depends on them. A
# literal may have no backslash before a quote unless it is E'…': whether that ends it is a setting of the session.
_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\n\r\f\v]+|--[^\n\r]*)
    |(?P<comment>/\*)
    |(?P<literal>[eE]'(?:[^'\\]|\\.)*'|(?:[uU]&|[bBxXnN])?'(?:[^'\\]|\\(?!'))*'
      |\$(?P<tag>(?:[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_\u0080-\U0010ffff]*)?)\$.*?\$(?P=tag)\$)
    |(?P<end>;|(?:[eEbBxXnN]|[uU]&)?'|\$(?:[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_\u0080-\U0010ffff]*)?\$)
    |(?P<quoted>"[^"]*")
    |(?P<parameter>\$[0-9]+)
    |(?P<word>[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]*)
    |(?P<number>(?:[0-9]\w*(?:\.(?!\.)\w*)?|\.[0-9]\w*)(?:(?<=[eE])[+-][0-9]+)?)
    |(?P<other>[^"])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_COMMENT_MARK = re.compile(r"/\*|\*/")
_PLAIN_NAME = re.compile(r'"[^\W\d]\w{0,62}"')  # one that begins with a digit may be a value
_FIRST_WORD = re.compile(r"[(\s]*([A-Za-z]+)")
_DOUBLED = re.compile(r"\?\?+")  # a quote in a literal is written as two
_SEVERAL = re.compile(r"(\?|\$[0-9]+)(?:\s*,\s*(?:\?|\$[0-9]+)){3,}")


def shown(text: str, most: int = TEXT) -> str:
    """A statement as it may be shown: one line without values and comments, at most `most` bytes of UTF-8.

    "" where it is none that reads or writes rows: what defines things can hold passwords. The first of several counts.
    """
    line = "".join(_pieces(text))
    if _first_word(line) not in _COUNTED:
        return ""
    line = " ".join(_SEVERAL.sub(r"\1, …", _DOUBLED.sub("?", line)).split())
    return clamped(redacted(clamped(line, most + _BEYOND), ()), most)


def command(text: str) -> str:
    """The first word of a statement that `shown` leaves out, such as "ALTER …"; "" where it is no known one."""
    word = _first_word("".join(_pieces(text)))
    return f"{word} …" if word in _NAMED else ""


def clamped(text: str, most: int) -> str:
    """As much of the text as `most` bytes of UTF-8 hold, with "…" where there was more."""
    whole = text.encode(errors="ignore")
    return text if len(whole) <= most else f"{whole[: most - 3].decode(errors='ignore')}…"


def _pieces(text: str) -> Iterator[str]:
    """What is left of a statement without values and comments; what can't be told apart ends it."""
    at = 0
    while token := _TOKEN.match(text, at):
        kind, piece, at = token.lastgroup, token[0], token.end()
        if kind == "end":
            yield "" if piece == ";" and not text[at:].strip() else " …"
            return
        if kind == "comment":
            at = _end_of_comment(text, at)
            yield " " if at else " …"
            if not at:
                return
        else:
            yield _as_shown(kind or "", piece)
    yield " …" if at < len(text) else ""


def _as_shown(kind: str, piece: str) -> str:
    if kind == "space":
        return " "
    hides = kind in ("literal", "tag", "number") or (kind == "word" and piece.count("$") > 1)
    return "?" if hides or (kind == "quoted" and not _PLAIN_NAME.fullmatch(piece)) else piece


def _end_of_comment(text: str, at: int) -> int:
    """Where a comment ends that may have others in it; 0 = nowhere."""
    depth = 1
    while depth and (mark := _COMMENT_MARK.search(text, at)):
        depth, at = depth + (1 if mark[0] == "/*" else -1), mark.end()
    return 0 if depth else at


def _first_word(line: str) -> str:
    word = _FIRST_WORD.match(line)
    return word[1].upper() if word else ""
