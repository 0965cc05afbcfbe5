"""The definition of an integration: every problem is told with its place, and nothing unknown is let through."""

import copy
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from accounts.definition import Definition, definition_schema, parse_definition
from accounts.errors import DefinitionInvalid
from tests.fuse_desk import BUNDLE

DOCUMENT: dict[str, Any] = yaml.safe_load(BUNDLE.read_text())["integration"]
CASES = ("resources", "cases")
LIST = (*CASES, "methods", "list")
READ_FILE = (*LIST, "attachments_of")
SEARCHABLE = (*CASES, "searchable")


def changed(*path: str | int, to: object) -> dict[str, Any]:
    """Return the document with one place changed."""
    document = copy.deepcopy(DOCUMENT)
    target: Any = document
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = to
    return document


def problems(document: object) -> list[str]:
    with pytest.raises(DefinitionInvalid) as refused:
        parse_definition(document)
    return refused.value.problems


def keys(*values: str, header: str = "") -> dict[str, Any]:
    """Return several API keys, each in a header of its own unless one is named."""
    places = [header or f"X-{place}" for place in range(len(values))]
    return {
        "kind": "api_keys",
        "keys": [{"header": at, "value": value} for at, value in zip(places, values, strict=True)],
    }


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("name",), "Fuse Desk", "name: String should match pattern"),
        ((*LIST, "path_styles"), {"id": "label"}, "list: path_styles: the path has no placeholder {id}"),
        ((*LIST, "encoded_slashes"), ["id"], "list: encoded_slashes: the path has no placeholder {id}"),
        ((*LIST, "part_types"), {"a": "text/csv"}, "list: part_types: only a multipart body has parts"),
        ((*LIST, "accept"), "a\r\nX: b", "list.accept: String should match"),
        ((*LIST, "cookie_parameters"), {"a": "b; c"}, "list.cookie_parameters.a: String should match"),
        (("name",), "x" * 49, "name: String should have at most 48"),
        (("surprise",), 1, "surprise: is not a known key."),
        ((*CASES, "record_url"), "http://a.example/{id}", "cases.record_url: must begin with https://"),
        ((*CASES, "record_url"), "https:///{id}", "cases.record_url: has no plain host"),
        ((*CASES, "record_url"), "https://a@b.example/{id}", "cases.record_url: has no plain host"),
        ((*CASES, "record_url"), "https://a.example/{id}/../x", "cases.record_url: has a dot segment"),
        ((*CASES, "record_url"), "https://a.example/{id", "cases.record_url: has a brace outside a {placeholder}"),
        (
            (*CASES, "record_url"),
            'https://a.example/"{id}',
            "record_url: has a brace outside a {placeholder}, or",
        ),
        ((*CASES, "record_url"), "https://{id}.example/", "record_url: {id} stands in the host, and is not one of"),
        ((*CASES, "record_url"), "https://a.example/{api_key}", "record_url: {api_key} is secret, and would be shown"),
        (
            (*CASES, "record_url"),
            "https://{app_name}.example/",
            "record_url: needs exactly one {placeholder} that is",
        ),
        ((*CASES, "record_url"), "https://a.example/{a}/{b}", "record_url: needs exactly one {placeholder} that is"),
        (("app_url",), "https://a.example/{id}", "app_url: {id} is not one of the connection fields"),
        (("app_url",), None, "resources.cases.searchable: app_url is needed"),
        ((*CASES, "methods", "get", "records"), "tickets", "cases.methods.get.records: tickets is no resource"),
        ((*SEARCHABLE, "method"), "cases.find", "resources.cases.searchable: cases.find is not a resource and method"),
        (
            (*SEARCHABLE, "method"),
            "cases.reply",
            "searchable: cases.reply is no method that reads and",
        ),
        ((*SEARCHABLE, "read"), "cases.list", "searchable.read: the path of cases.list needs exactly one placeholder"),
        ((*SEARCHABLE, "matched"), [], "searchable: matched: is needed where no argument holds {text} or {word}"),
        ((*SEARCHABLE, "arguments"), {"a": "{text}"}, "searchable: matched: the vendor searches this list"),
        ((*SEARCHABLE, "arguments"), {"a": "{word}"}, "searchable: arguments: {word} stands in no item of a list"),
        (("base_url",), "ftp://x", "base_url: String should match"),
        (("base_url",), "https://{nobody}.example", "base_url: {nobody} is not one of the connection fields"),
        (("authentication", "value"), "{nobody}", "authentication.value: {nobody} is not one of the connection fields"),
        (("authentication", "value"), "schlüssel {api_key}", "authentication.value: String should match"),
        (("authentication", "value"), "a\r\nX: {api_key}", "authentication.value: String should match"),
        (("authentication", "header"), "X: y", "authentication.header: String should match"),
        (("authentication", "kind"), "oauth", "authentication: Input tag 'oauth'"),
        (("authentication",), keys("{api_key}"), "authentication.keys: List should have at least 2"),
        (
            ("authentication",),
            keys("{api_key}", "{x}"),
            "authentication.keys.1.value: {x} is not one of the connection",
        ),
        (("authentication",), keys("{api_key}", "{api_key}", header="K"), "authentication: two keys go into the same"),
        (("connection_fields", 0, "pattern"), "(", "pattern is not a regular expression"),
        (("connection_fields", 1, "name"), "app_name", "two fields have the same name"),
        (("connection_test", "scopes"), "a[", "connection_test.scopes: is not a JMESPath expression"),
        (("pagination", "kind"), "pages", "pagination: Input tag 'pages'"),
        (("pagination", "max_limit"), 0, "pagination.max_limit: Input should be greater"),
        (("rate_limit", "window_seconds"), 0, "rate_limit.window_seconds: Input should be greater"),
        (("resources",), {}, "resources: Dictionary should have at least 1 item"),
        (("resources", "cases", "methods"), {}, "resources.cases.methods: Dictionary should have at least 1 item"),
        ((*LIST, "http"), "TRACE", "resources.cases.methods.list.http: Input should be"),
        ((*LIST, "path"), "v1/cases", "resources.cases.methods.list.path: String should match"),
        ((*LIST, "path"), "/v1/cases?a=1", "resources.cases.methods.list.path: String should match"),
        ((*LIST, "path"), "/v1/ca ses", "resources.cases.methods.list.path: String should match"),
        ((*LIST, "path"), "/v1/{case-id}", "resources.cases.methods.list.path: has a brace outside a {placeholder}"),
        ((*LIST, "path"), "/v1/../admin", "resources.cases.methods.list.path: has a dot segment"),
        ((*LIST, "access"), "admin", "resources.cases.methods.list.access: Input should be 'read' or 'write'"),
        ((*LIST, "result"), "[", "resources.cases.methods.list.result: is not a JMESPath expression"),
        ((*LIST, "query_styles"), {"a": "semicolon"}, "resources.cases.methods.list.query_styles.a: Input should be"),
        (READ_FILE, ["cases.get"], "attachments_of: the definition has no `attachments`"),
        (READ_FILE, ["cases.all"], "methods.list.attachments_of: cases.all is not a resource and method"),
        ((*LIST[:3], "update", "attachments_of"), ["cases.get"], "update: attachments_of: only a GET that reads"),
        (("attachments",), {"members": []}, "attachments.members: List should have at least 1 item"),
        (
            ("attachments",),
            {"members": ["a"], "credentials_below": "a"},
            "attachments.credentials_below: String should",
        ),
        (("tool_tags",), {"cases.nothing": ["x"]}, "tool_tags: cases.nothing is not a resource and method"),
        (("tool_tags",), {"nothing.list": ["x"]}, "tool_tags: nothing.list is not a resource and method"),
        (("tool_tags",), {"cases.list": ["Not A Slug"]}, "tool_tags.cases.list.0: String should match"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(path: tuple[str | int, ...], value: object, problem: str) -> None:
    told = problems(changed(*path, to=value))
    assert any(problem in each for each in told), told


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("cases.update", "cases.update does not read records in JSON with a GET"),
        ("cases.list", "the path of cases.list has another number of placeholders"),
        ("cases.feedback", ""),
    ],
)
def test_a_download_is_of_records_that_its_own_path_names(key: str, problem: str) -> None:
    document = changed("attachments", to={"members": ["files"]})
    methods = document["resources"]["cases"]["methods"]
    methods["feedback"] = {"http": "GET", "path": "/v1/cases/{id}/feedback", "access": "read"}
    methods["file"] = {"http": "GET", "path": "/v1/cases/{case}", "access": "read", "attachments_of": [key]}
    if problem:
        assert problems(document) == [f"document: resources.cases.methods.file.attachments_of: {problem}"]
    else:
        assert parse_definition(document).resources["cases"].methods["file"].attachments_of == [key]


def test_every_problem_is_told_at_once() -> None:
    document = changed("name", to="Not a slug")
    document["pagination"] = None
    document["resources"]["cases"]["methods"]["list"]["http"] = "TRACE"
    assert len(problems(document)) == 3


@pytest.mark.parametrize("document", [None, [], "text", 1, {}, {"name": "x"}])
def test_what_is_no_definition_is_refused(document: object) -> None:
    assert problems(document)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_a_document_holds_it_is_a_definition_or_refused(document: object) -> None:
    with pytest.raises(DefinitionInvalid):
        parse_definition(document)


@pytest.mark.parametrize("resource", ["cases", "case_tags", "departments", "reps"])
def test_the_singular_follows_from_the_plural(resource: str) -> None:
    assert parse_definition(DOCUMENT).singular(resource) == resource.removesuffix("s")


def test_a_declared_singular_counts() -> None:
    assert parse_definition(changed("resources", "cases", "singular", to="ticket")).singular("cases") == "ticket"


def test_a_methods_tags_are_its_resources_then_its_own_each_once() -> None:
    document = changed("resources", "cases", "tool_tags", to=["support", "desk"])
    document["tool_tags"]["cases.list"] = ["triage", "support"]
    assert parse_definition(document).tags("cases", "list") == ("support", "desk", "triage")


def test_path_parameters_are_named_in_order() -> None:
    methods = parse_definition(DOCUMENT).resources["cases"].methods
    assert (methods["tag"].path_parameters, methods["list"].path_parameters) == (["id", "tag_id"], [])


def test_a_definition_does_not_change() -> None:
    definition = parse_definition(DOCUMENT)
    with pytest.raises(ValueError, match="frozen"):
        definition.name = "other"


def test_the_secret_fields_are_known() -> None:
    assert parse_definition(DOCUMENT).secret_fields == {"api_key"}


@pytest.mark.parametrize("change", [lambda document: document, lambda document: {**document, "name": 1}])
def test_the_published_schema_agrees_with_the_parser(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    document = change(DOCUMENT)
    valid = jsonschema_rs.Draft202012Validator(definition_schema()).is_valid(document)
    try:
        assert isinstance(parse_definition(document), Definition) is valid
    except DefinitionInvalid:
        assert not valid
