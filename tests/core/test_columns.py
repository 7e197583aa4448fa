"""Which columns the bot doesn't drop whatever hangs on them, and how a copy is named."""

import pytest

from bot.core.columns import MOST_ROWS, Dependent, copy_name, refusal_of_dependents, refusal_of_drop
from bot.core.table import Name
from tests.messages.kept import table

MARK = "20261121_031200_ab12_1"


def test_a_table_whose_values_could_not_be_put_back_in_time_keeps_its_columns() -> None:
    refusal = refusal_of_drop(table(rows=MOST_ROWS + 1), ())
    assert refusal is not None
    assert refusal.rule == "many_rows"
    assert refusal_of_drop(table(rows=MOST_ROWS), ()) is None


@pytest.mark.parametrize("name", ["t", "x" * 63, "\u00fc" * 31])
def test_a_copys_name_fits_into_what_postgresql_takes(name: str) -> None:
    made = copy_name(name, MARK)
    assert len(made.encode()) <= 63
    assert made.endswith(f"_{MARK}")


def test_of_many_dependents_the_rest_is_counted() -> None:
    many = [Dependent("view", f"public.v{n}" * 100, ("tier",)) for n in range(50)]
    refusal = refusal_of_dependents(Name("public", "t"), many)
    assert refusal is not None
    assert "and 38 more" in refusal.text
    assert len(refusal.text) < 2500
