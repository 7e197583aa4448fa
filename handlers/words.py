"""The grammar of the slash commands: words, names in double quotes, and what comes after `because`."""

import re
from dataclasses import dataclass

from bot.core.errors import Refused
from bot.messages import wording
from handlers.deliveries import plain

_MOST_SHOWN = 50
_WORD = re.compile(r'\s*(?:"(?P<name>(?:[^"]|"")*)"(?!\S)|(?P<word>(?!")\S+))')
_QUOTES = 'A name in double quotes ends with one too, and a space follows it, as in `/dbrestore "Order Items"`.'
_HARMLESS = str.maketrans("`<>", "'[]")


@dataclass(frozen=True)
class Word:
    """One word. In double quotes it is always a name: there `""` stands for one `"`, as in SQL."""

    text: str
    is_quoted: bool = False

    @property
    def keyword(self) -> str:
        """The word in small letters, to be compared with the commands' own; "" for a name in quotes."""
        return "" if self.is_quoted else self.text.lower()


@dataclass(frozen=True)
class Typed:
    """A command's words, what came after `because`, and the whole text."""

    words: tuple[Word, ...]
    reason: str
    text: str

    @property
    def first(self) -> Word:
        """The first word; `help` where there is none."""
        return self.words[0] if self.words else Word("help")

    @property
    def rest(self) -> tuple[str, ...]:
        """The texts of the further words."""
        return tuple(word.text for word in self.words[1:])


def read(text: str) -> Typed:
    """The words of what was typed. `because` takes the rest of the line, whatever quotes are in it.

    Raises Refused where quotes don't add up, or hold nothing.
    """
    text, words, at = plain(text), list[Word](), 0
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            raise Refused("quotes", f"{_QUOTES} Nothing was changed.")
        at = match.end()
        word = _word(match)
        if word.keyword == "because":
            return Typed(tuple(words), " ".join(text[at:].split()), text)
        words.append(word)
    return Typed(tuple(words), "", text)


def _word(match: re.Match[str]) -> Word:
    if match["word"] is not None:
        return Word(match["word"])
    if not match["name"].strip():
        raise Refused("quotes", f"There is no name between the quotes. {_QUOTES} Nothing was changed.")
    return Word(match["name"].replace('""', '"'), is_quoted=True)


def shown(text: str, most: int = _MOST_SHOWN) -> str:
    """What was typed as it may stand between backticks in an answer: on one line, cut, and meaning nothing."""
    return wording.plain(text, most).translate(_HARMLESS) or " "
