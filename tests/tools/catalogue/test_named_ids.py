"""Arguments that take names where the vendor wants numbers: in the schema, at every depth, and nowhere else."""

from typing import Any

import pytest

from tools.catalogue.named_ids import taking_names

NUMBER = {"type": "integer", "minimum": 1}
BOTH = {"type": ["integer", "string"], "minimum": 1}


@pytest.mark.parametrize(
    ("declared", "path", "widened"),
    [
        (NUMBER, "a", BOTH),
        ({"type": ["integer", "null"]}, "a", {"type": ["integer", "null", "string"]}),
        ({"type": "array", "items": NUMBER}, "a", {"type": "array", "items": BOTH}),
        ({"type": "object", "properties": {"b": NUMBER}}, "a.b", {"type": "object", "properties": {"b": BOTH}}),
        (
            {"type": "array", "items": {"type": "object", "properties": {"b": NUMBER}}},
            "a.b",
            {"type": "array", "items": {"type": "object", "properties": {"b": BOTH}}},
        ),
    ],
)
def test_a_number_that_is_an_id_may_be_a_name(declared: Any, path: str, widened: Any) -> None:
    schema = {"type": "object", "properties": {"a": declared, "z": NUMBER}}
    made, numeric = taking_names(schema, [path])
    assert made == {"type": "object", "properties": {"a": widened, "z": NUMBER}}
    assert numeric == {path}


@pytest.mark.parametrize("declared", [{"type": "string"}, {"enum": [1, 2], "type": "integer"}, {}, True])
def test_anything_else_stays_as_it_is(declared: Any) -> None:
    schema = {"type": "object", "properties": {"a": declared}}
    assert taking_names(schema, ["a", "a.b", "nowhere"]) == (schema, frozenset())
