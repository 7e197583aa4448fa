"""How long writes to the tables will wait, and which wait is refused."""

from datetime import timedelta

from bot.core.write_block import Work, estimate, refusal_of_block

LIMIT = timedelta(seconds=8)


def test_more_rows_and_more_tables_take_longer() -> None:
    few, many = Work(1.0, 10, is_whole=True), Work(1.0, 100_000, is_whole=True)
    slow = Work(2.0, 100_000, is_whole=True)
    assert estimate([few], 0.0) < estimate([many], 0.0) < estimate([many, few], 0.0) < estimate([many, slow], 0.0)


def test_a_table_of_which_only_a_part_is_looked_at_while_it_is_held_takes_less_of_what_comparing_it_took() -> None:
    assert estimate([Work(3.0, 10, is_whole=False)], 0.0) < estimate([Work(3.0, 10, is_whole=True)], 0.0)


def test_a_database_far_away_takes_longer() -> None:
    work = [Work(1.0, 10, is_whole=True)]
    assert estimate(work, 0.1) > estimate(work, 0.0) + 3


def test_a_block_within_the_limit_is_not_refused() -> None:
    assert refusal_of_block(8.0, LIMIT, is_accepted=False) is None


def test_a_longer_block_is_refused_with_the_word_that_accepts_it() -> None:
    refusal = refusal_of_block(8.1, LIMIT, is_accepted=False)
    assert refusal
    assert "wait for about 8.1 s (limit 8 s). Add `long-block`" in refusal.text


def test_a_longer_block_that_was_accepted_is_not_refused() -> None:
    assert refusal_of_block(60.0, LIMIT, is_accepted=True) is None
