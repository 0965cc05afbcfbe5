"""The comparison of records with words, where the vendor has no text search."""

import pytest

from tools.retrieval.matching import best, words_of


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("the refund of my order", ["refund", "order"]),
        ("all about it", ["all", "about", "it"]),  # none says more than the others
        ("Größe ÉTÉ", ["grosse", "ete"]),
        ("退款 订单", ["退款", "订单"]),
        ("order #4012", ["order", "4012"]),
        ("?!", []),
    ],
)
def test_the_words_of_a_query_are_those_that_say_something(query: str, words: list[str]) -> None:
    assert words_of(query) == words


def test_those_with_most_words_come_first_and_others_in_their_order() -> None:
    records = [
        {"id": 1, "subject": "Login"},
        {"id": 2, "subject": "Nothing of it"},
        {"id": 3, "subject": "Broken login page", "tags": ["urgent"]},
        {"id": 4, "subject": None, "tags": [{"name": "logins"}]},
        {"id": 5, "subject": "Dialogin is another word"},
        "no record",
    ]
    assert [record["id"] for record in best(records, ["login", "page"], ["subject", "tags"])] == [3, 1, 4]
    assert best(records, ["login", "x", "y"], ["subject"]) == []


def test_scripts_without_spaces_are_compared_anywhere_in_a_text() -> None:
    assert best([{"subject": "客户要求退款"}], ["退款"], ["subject"])
