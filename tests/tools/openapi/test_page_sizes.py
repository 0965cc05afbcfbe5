"""Page sizes, read from schemas and from words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.definition import NoPagination
from tools.openapi.page_sizes import LARGEST_LIMIT, sizes_of, stated_size


@pytest.mark.parametrize(
    ("schema", "words", "default", "most"),
    [
        ({}, "", 25, 100),
        ({"maximum": 50, "default": 20}, "", 20, 50),
        ({"maximum": 10_000}, "", 25, 10_000),
        ({"maximum": 50_000}, "", 25, LARGEST_LIMIT),
        ({"maximum": 2**31 - 1}, "", 25, 100),
        ({"exclusiveMaximum": 201}, "", 25, 200),
        ({"maximum": 5}, "", 5, 5),
        ({"default": 500}, "", 25, 500),
        ({}, "Between 1 and 200.", 25, 200),
        ({}, "Number of items (1-1000).", 25, 1000),
        ({}, "1 to 250, default 10", 10, 250),
        ({}, "Max: 1,000", 25, 1000),
        ({}, "The maximum page size is `300`", 25, 300),
        ({}, "How many. Defaults to 20. Must not exceed 40.", 20, 40),
        ({}, "Up to 2,500 per call", 25, 2500),
        ({}, "The maximum share is 12.5 of all", 25, 100),
        ({}, "Available since 2019", 25, 100),
    ],
)
def test_the_most_and_the_usual_are_read(schema: dict[str, Any], words: str, default: int, most: int) -> None:
    assert sizes_of(schema, words) == {"default_limit": default, "max_limit": most}


def test_a_least_size_and_a_list_of_sizes_are_read() -> None:
    assert sizes_of({"minimum": 10, "maximum": 50}, "") == {"default_limit": 25, "max_limit": 50, "min_limit": 10}
    assert sizes_of({"minimum": 40}, "") == {"default_limit": 40, "max_limit": 100, "min_limit": 40}
    assert sizes_of({"enum": [100, 10, 20]}, "") == {"default_limit": 20, "max_limit": 100, "page_sizes": [10, 20, 100]}
    assert sizes_of({"enum": ["50", "all", "100"]}, "")["page_sizes"] == [50, 100]


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ("Returns 50 items per page.", 50),
        ("page=1 - Up to 100 line items will be returned in a single API call", 100),
        ("Each page has 20 entries", 0),
        ("1,000 events per request", 1000),
        ("Version 2 of the page", 0),
    ],
)
def test_the_size_of_every_page_is_read_from_words(words: str, size: int) -> None:
    assert stated_size("", words) == size


WHOLE = st.integers(-(10**9), 10**9) | st.sampled_from([True, None, "5", 2.5, 1e400])


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("minimum", "maximum", "default", "exclusiveMaximum"), WHOLE)),
    st.lists(WHOLE, max_size=60),
    st.from_regex(r"(max|default|up to|between 1 and|1-| |[0-9]{1,6}|,|per page){0,12}", fullmatch=True),
)
def test_whatever_a_description_says_a_definition_takes(schema: dict[str, Any], sizes: list[Any], words: str) -> None:
    made = sizes_of({**schema, **({"enum": sizes} if sizes else {})}, words)
    pagination = NoPagination(kind="none", **made)
    assert pagination.min_limit <= pagination.default_limit <= pagination.max_limit
