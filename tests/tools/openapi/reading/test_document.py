"""Reading descriptions: versions, forms, and files that are none."""

import json

import pytest

from tests.tools.openapi.documents import DESK_30, described, operation
from tools.documentation.document_text import MAX_NODES, read_text
from tools.openapi.errors import DocumentInvalid
from tools.openapi.reading.document import MAX_DEPTH, read

PATHS = "paths: {/a: {get: {}}}"


def problem(text: str) -> str:
    with pytest.raises(DocumentInvalid) as refused:
        read(text)
    return " ".join(refused.value.problems)


@pytest.mark.parametrize(
    ("said", "version"),
    [("openapi: 3.0.4", "3.0"), ("openapi: 3.1.1", "3.1"), ("swagger: 2.0", "2.0"), ("swagger: '2.0'", "2.0")],
)
def test_the_version_is_told_however_it_is_written(said: str, version: str) -> None:
    assert read(f"{said}\n{PATHS}").version == version


def test_json_and_yaml_of_a_description_are_the_same() -> None:
    root = read(DESK_30).root
    assert read(json.dumps(root)).root == root


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "does not hold an object"),
        ("[]", "does not hold an object"),
        ("just words", "does not hold an object"),
        ("a: 1", "neither `openapi: 3…` nor `swagger: 2.0`"),
        ("openapi: 4.0.0", "4.0.0 is not a known version"),
        ("swagger: 1.2", "1.2 is not a known version"),
        ("openapi: 3.0.0", "has no `paths`"),
        ("openapi: 3.0.0\npaths: []", "has no `paths`"),
        ("a: [", "neither YAML nor JSON"),
        ('{"openapi": "3.0.0", "paths": {', "neither YAML nor JSON"),
        ("a: 1\n---\nb: 2", "more than one document, line 2"),
        ("? {a: 1}\n: 2", "a key is not text"),
        ("a: *nothing", "names nothing, line 1"),
        ("a: !!python/object/apply:os.system [ls]", "of a kind that JSON does not have"),
        ("<<: 5", "merges something other than objects"),
        ("[" * 100_000, "nested too deep"),
        ("- " * 100_000, f"nested deeper than {MAX_DEPTH} levels"),
        ('{"a":' * 100_000, "nested too deep"),
        ('{"a": ' * 300 + "1" + "}" * 300, f"nested deeper than {MAX_DEPTH} levels"),
        ("a: 1" + "0" * 5000, "neither YAML nor JSON"),
    ],
)
def test_what_is_no_description_is_refused_in_words(text: str, words: str) -> None:
    assert words in problem(text)


def test_aliases_are_followed_but_not_where_they_multiply() -> None:
    shared = read("openapi: 3.0.0\nx-a: &a {b: 1}\nx-c: {<<: *a, d: *a}\npaths: {/a: *a}").root
    assert shared["x-c"] == {"b": 1, "d": {"b": 1}}
    bomb = "\n".join(["a0: &a0 [x,x,x,x,x,x,x,x,x,x]", *[
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)
    ]])  # fmt: skip
    assert f"more than {MAX_NODES} items" in problem(bomb)


def test_keys_and_words_stay_the_text_that_they_are_written_as() -> None:
    text = "openapi: 3.0.0\npaths:\n  /a:\n    get: {responses: {200: {on: no, yes: 1.50, 010: 2026-01-01, n: null}}}"
    responses = read(text).paths["/a"]["get"]["responses"]
    assert responses == {"200": {"on": "no", "yes": 1.5, "010": "2026-01-01", "n": None}}


def test_a_long_file_with_a_fault_at_its_end_is_refused_at_once() -> None:
    text = described({"/a": {"get": operation(description="x" * 100)}})
    broken = json.dumps(read_text(text, max_depth=50).value | {"x-long": ["word"] * 300_000})[:-2]
    assert "neither YAML nor JSON" in problem(broken)
