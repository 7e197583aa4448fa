"""What may stand in a message: people's and providers' text made harmless, the bot's own with its mentions, moments.

Harmless means: it can't mention anyone, can't fake a link, can't turn the reading direction, can't begin a line.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta

_NAME, _NAMED = 100, 4  # characters of one among names that are counted; tables in a phrase
_TOKEN = re.compile(r"<[^<>]*>|&[a-z]+;")  # what means one thing as a whole
_LINK = re.compile(r"<(https://[^<>|]*)\|([^<>|]*)>")
_DATE = re.compile(r"<!date\^[^<>|]*\|([^<>|]*)>")
_ID = re.compile(r"[SUW][A-Z0-9_]+")
# Line breaks and other controls, and what turns the reading direction.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
# Of our own sentences, what stays a mention or a link after escaping; anything else stays text.
_OURS = re.compile(
    r"&lt;(@[UW][A-Z0-9_]+|#[CG][A-Z0-9_]+|https://[\w.-]+/archives/[\w/]+(?:\?[\w=.;&-]*)?\|[RI]-[0-9]+)&gt;"
)


def plain(text: str, most: int = 0) -> str:
    """One line of at most `most` characters (0 = any number) for a plain_text object; what can't be seen is a space."""
    line = _UNSEEN.sub(" ", text).strip()
    return line if not most or len(line) <= most else f"{line[: most - 1].rstrip()}…"


def escape(text: str, most: int = 0) -> str:
    """The same for mrkdwn, where `&`, `<` and `>` are Slack's own: docs.slack.dev/messaging/formatting-message-text."""
    return _escaped(plain(text, most))


def sentence(text: str, most: int = 0) -> str:
    """A sentence of the bot's own code for mrkdwn: its mentions of people and channels and its request links work."""
    cut = text if not most or len(text) <= most else f"{text[: most - 1].rstrip()}…"
    lines = (_escaped(plain(line)) for line in cut.splitlines())
    return _OURS.sub(r"<\1>", "\n".join(lines))


def visible(text: str) -> str:
    """The text with its lines as they are; what else can't be seen is a space."""
    return "\n".join(_UNSEEN.sub(" ", line) for line in text.splitlines())


def escape_lines(text: str, ours: Collection[str] = ()) -> str:
    """Several lines for mrkdwn in which nothing means anything to Slack but the mentions in `ours`, as "<@U0ANA>"."""
    escaped = "\n".join(escape(line) for line in text.splitlines())
    for mentioned in ours:
        escaped = escaped.replace(_escaped(mentioned), mentioned)
    return escaped


def fitting(text: str, most: int) -> Iterator[str]:
    """The mrkdwn in pieces of at most `most` characters, cut in no mention, link or escaped character."""
    begin = 0
    while len(text) - begin > most:
        end = _uncut(text, begin, begin + most)
        yield text[begin:end]
        if begin == end and (whole := _TOKEN.match(text, begin)):  # longer than a piece
            yield whole[0]
            end = whole.end()
        begin = end
    if begin < len(text):
        yield text[begin:]


def _uncut(text: str, begin: int, end: int) -> int:
    """Where a piece ends that may go on to `end`: before the mention, link or escaped character that would be cut."""
    for mark in "<&":
        opened = text.rfind(mark, begin, end)
        if opened >= 0 and (token := _TOKEN.match(text, opened)) and token.end() > end:
            return opened
    return end


def mention(person: str) -> str:
    """The person, notified when the message is new."""
    return f"<@{person}>" if _ID.fullmatch(person) else escape(person)


def mention_of_group(group: str) -> str:
    """The user group, notified when the message is new."""
    return f"<!subteam^{group}>" if _ID.fullmatch(group) else escape(group)


def linked(name: str, address: str) -> str:
    """The name as a link; where the address is none that the bot can have made, the name."""
    is_safe = address.startswith("https://") and not set(address) & set("<>|\\ ")
    return f"<{_escaped(address)}|{name}>" if is_safe else name


def moment(at: datetime, form: str = "{time}") -> str:
    """A moment that everyone reads in their own time zone; `form` is one of Slack's date formats."""
    fallback = f"{at:%Y-%m-%d %H:%M}" if "date" in form else f"{at:%H:%M}"
    return f"<!date^{int(at.timestamp())}^{form}|{fallback} UTC>"


def moment_in(at: str) -> datetime | None:
    """A moment in ISO 8601, in UTC where it says no zone; None of another text."""
    try:
        known = datetime.fromisoformat(at)
    except ValueError:
        return None
    return known if known.tzinfo else known.replace(tzinfo=UTC)


def moment_told(at: str) -> str:
    """A moment in ISO 8601 as everyone reads it; another text as it is."""
    known = moment_in(at)
    return moment(known, "{date_short_pretty} at {time}") if known else escape(at) or "an unknown time"


def count(number: int, noun: str) -> str:
    """The number with its noun: "1 approval", "2 approvals"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def span(of: timedelta) -> str:
    """How long, in its largest unit: "3 days", "2 h", "5 min"."""
    if of.days:
        return count(of.days, "day")
    minutes = int(of.total_seconds()) // 60
    return f"{minutes // 60} h" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004  # minutes of an hour


def at_most(mrkdwn: str, most: int) -> str:
    """The mrkdwn, or as much of its beginning as `most` characters hold and "…"; cut in no mention or link."""
    return mrkdwn if len(mrkdwn) <= most else f"{next(fitting(mrkdwn, most - 1))}…"


def listed(words: list[str]) -> str:
    """The words in a row, as in "a, b and c"; "nobody" of none."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part) or "nobody"


def code(name: str, most: int = 0) -> str:
    """A name in a fixed-width font. Slack can't show a backtick there, so one that looks alike stands for it."""
    text = escape(name, most).replace("`", "\N{MODIFIER LETTER GRAVE ACCENT}")
    return f"`{text}`" if text else "(none)"


def codes(names: Sequence[str], most: int = 0) -> str:
    """The names; of more than `most` (0 = any number) the rest is counted, and long ones are cut."""
    shown = [code(name, _NAME if most else 0) for name in (names[:most] if most else names)]
    return ", ".join([*shown, *([f"and {len(names) - most} more"] if most and len(names) > most else [])])


def tables_named(names: Sequence[str]) -> str:
    """Tables in a phrase, as plain text: the one, or how many they are and the first of them."""
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return names[0] if len(names) == 1 else f"{len(names)} tables ({listed([*names[:_NAMED], *more])})"


def spelled_out(mrkdwn: str) -> str:
    """The mrkdwn with moments and links as text, the moments in UTC; what is escaped stays so."""
    return _LINK.sub(r"\2", _DATE.sub(r"\1", mrkdwn))


def unescaped(mrkdwn: str) -> str:
    """The mrkdwn with what is escaped as it reads."""
    return mrkdwn.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def capital(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
