"""Counts in words."""

import pytest

from accounts.texts.counting import counted


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 tools"), (1, "1 tool"), (2, "2 tools"), (1200, "1,200 tools"), (-1, "-1 tools")]
)
def test_a_noun_takes_an_s_unless_there_is_exactly_one(number: int, words: str) -> None:
    assert counted(number, "tool") == words
