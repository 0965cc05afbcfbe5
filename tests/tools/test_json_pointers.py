from typing import Any

import pytest

from tools.json_pointers import target_of

DOCUMENT: dict[str, Any] = {
    "$defs": {"a/b": 1, "m~n": 2, "~1": 3, "a b": 4, "list": ["x", {"y": 5}]},
}


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("#/$defs/a~1b", 1),
        ("#/$defs/a%2Fb", 1),
        ("#/$defs/m~0n", 2),
        ("#/$defs/~01", 3),
        ("#/$defs/a%20b", 4),
        ("#/$defs/list/0", "x"),
        ("#/$defs/list/1/y", 5),
        ("#$defs/list/0", "x"),
        ("#/$defs/list/0/", "x"),
    ],
)
def test_a_reference_names_what_the_rfc_says(reference: str, found: object) -> None:
    assert target_of(reference, {"$defs": DOCUMENT["$defs"], "": {"$defs": 0}}) == found


@pytest.mark.parametrize("reference", ["#", "#/"])
def test_a_bare_reference_names_the_document(reference: str) -> None:
    assert target_of(reference, {"$defs": {}}) == {"$defs": {}}


@pytest.mark.parametrize(
    "reference",
    ["#/nowhere", "#anchor", "#/$defs/list/2", "#/$defs/list/-1", "#/$defs/list/x", "#/$defs/list/" + "9" * 50],
)
def test_a_reference_that_names_nothing_is_refused(reference: str) -> None:
    with pytest.raises(LookupError):
        target_of(reference, DOCUMENT)
