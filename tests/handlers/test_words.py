"""How a command's words are read: quotes make names, `because` ends them."""

import pytest

from bot.core.errors import Refused
from handlers.words import Word, read, shown


def names(*texts: str) -> tuple[Word, ...]:
    return tuple(Word(text, is_quoted=True) for text in texts)


def words(*texts: str) -> tuple[Word, ...]:
    return tuple(Word(text) for text in texts)


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("", ()),
        ("  vercel\tprevious\n", words("vercel", "previous")),
        ('"Order Items" sessions', names("Order Items") + words("sessions")),
        ("\u201cOrder Items\u201d", names("Order Items")),
        ("\u201eOrder Items\u201c", names("Order Items")),
        ('"say ""hi"""', names('say "hi"')),
        ('"because" it', names("because") + words("it")),
        ('https://shop.example/?q="x"', words('https://shop.example/?q="x"')),
        ("<https://shop.example|shop.example>", words("https://shop.example")),
    ],
)
def test_words_are_split_at_spaces_and_names_at_their_quotes(typed: str, read_as: tuple[Word, ...]) -> None:
    assert read(typed).words == read_as


@pytest.mark.parametrize("typed", ['"users', 'users "', '"public"."users"', '"users"because it broke', '""', '"  "'])
def test_quotes_that_do_not_add_up_are_refused_with_how_a_name_is_typed(typed: str) -> None:
    with pytest.raises(Refused, match="A name in double quotes ends with one too") as refused:
        read(typed)
    assert refused.value.text.endswith("Nothing was changed.")


def test_because_takes_the_rest_of_the_line_with_its_quotes() -> None:
    typed = read('users Because  login says "no')
    assert typed.words == words("users")
    assert typed.reason == 'login says "no'


def test_a_word_in_quotes_is_never_a_keyword() -> None:
    assert [word.keyword for word in read('ALL "all"').words] == ["all", ""]


def test_where_nothing_is_typed_help_is_meant() -> None:
    assert read("").first == read("because").first == Word("help")


def test_a_very_long_text_of_quotes_is_read_in_no_time() -> None:
    with pytest.raises(Refused):
        read('"' * 20_001)


def test_what_was_typed_is_shown_cut_and_without_what_slack_would_act_on() -> None:
    assert shown("`<@U0BOSS>`") == "'[@U0BOSS]'"
    assert len(shown("x" * 9000)) == 50
    assert "\u202e" not in shown("users\u202etxt")
