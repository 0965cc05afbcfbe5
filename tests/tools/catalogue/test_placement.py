"""Arguments that have no place in the request, or one that is taken, are named."""

from typing import Any

import pytest

from accounts.definition import Definition, parse_definition
from tests.bundles import read_bundle
from tests.vendors.desk import DESK
from tools.catalogue.placement import placement_problems
from tools.models import Documentation

WORDS = {"title": "T", "description": "D"}


def definition(method: dict[str, Any], **changed: Any) -> Definition:
    """Return the small definition with one method in the place of `tickets.link`."""
    document, _ = read_bundle(DESK)
    access = "read" if method.get("paginated") else "write"
    document["resources"]["tickets"]["methods"]["link"] = {"http": "POST", "path": "/x", "access": access, **method}
    return parse_definition({**document, **changed})


def problems(method: dict[str, Any], query: Any = None, body: Any = None, **changed: Any) -> list[str]:
    record = Documentation(resource="tickets", method="link", **WORDS)
    record.query_schema = {"properties": query or {}}
    record.body_schema = {"properties": body or {}}
    return placement_problems(definition(method, **changed), record)


TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("header", "query", "problem"),
    [
        ("X-Locale", {}, "query_schema: locale, which goes into the header X-Locale, is not among the properties."),
        ("authorization", {"locale": TEXT}, "header_parameters: authorization is set by Patchbay itself"),
        ("Host", {"locale": TEXT}, "header_parameters: Host is set by Patchbay itself"),
        ("x-key", {"locale": TEXT}, "header_parameters: x-key is set by Patchbay itself"),
        ("X-Fixed", {"locale": TEXT}, "header_parameters: X-Fixed is set by Patchbay itself"),
    ],
)
def test_headers_take_plain_arguments_and_none_that_is_set_already(header: str, query: Any, problem: str) -> None:
    found = problems({"header_parameters": {"locale": header}}, query, headers={"X-Fixed": "1"})
    assert [each for each in found if problem in each], found


def test_no_argument_takes_the_header_of_one_of_several_keys() -> None:
    together = {"kind": "api_keys", "keys": [{"query": "k", "value": "{key}"}, {"header": "X-App", "value": "{key}"}]}
    found = problems({"header_parameters": {"locale": "x-app"}}, {"locale": TEXT}, authentication=together)
    assert found == ["header_parameters: x-app is set by Patchbay itself and takes no argument."]


def test_two_arguments_do_not_share_a_header() -> None:
    found = problems({"header_parameters": {"a": "X-A", "b": "x-a"}}, {"a": TEXT, "b": TEXT})
    assert found == ["header_parameters: b and a go into the same header, x-a."]


def test_a_good_header_has_no_problem() -> None:
    assert problems({"header_parameters": {"locale": "X-Locale"}}, {"locale": TEXT}) == []


RAW = {"body": "raw", "body_parameter": "text", "body_media_type": "text/plain"}


@pytest.mark.parametrize(
    ("method", "body", "problem"),
    [
        (
            {"body": "json", "body_parameter": "items"},
            {},
            "body_schema: items, which the definition takes as the whole",
        ),
        (RAW, {"text": {"type": "object", "properties": {}}}, "body_schema.text: is sent as it is"),
        (RAW, {"text": TEXT, "more": TEXT}, "body_schema: more has no place, since the whole body is text."),
        ({"body": "none"}, {"a": TEXT}, "body_schema: the definition says that this method takes no body."),
        ({"body": "json"}, {"a": {"type": "string", "format": "binary"}}, "body_schema.a: is a file"),
        (
            {"body": "form"},
            {"a": {"type": "array", "items": {"type": "string", "format": "binary"}}},
            "body_schema.a: is a file",
        ),
    ],
)
def test_a_body_holds_what_the_definition_says(method: dict[str, Any], body: Any, problem: str) -> None:
    found = problems(method, None, body)
    assert [each for each in found if problem in each], found


@pytest.mark.parametrize(
    ("method", "body"),
    [
        (RAW, {"text": TEXT}),
        ({"body": "json", "body_parameter": "items"}, {"items": {"type": "array", "items": TEXT}}),
        ({"body": "multipart"}, {"file": {"type": "string", "format": "binary"}}),
    ],
)
def test_good_bodies_have_no_problem(method: dict[str, Any], body: Any) -> None:
    assert problems(method, None, body) == []


def test_a_type_that_is_none_is_left_to_the_check_of_the_schema() -> None:
    assert problems(RAW, None, {"text": {"type": 5}}) == []


def test_what_is_fixed_is_no_argument_and_not_of_paging() -> None:
    paged = {"kind": "offset", "limit_parameter": "size", "offset_parameter": "start"}
    method = {"body": "json", "fixed_query": {"kind": "x", "size": "9"}, "fixed_body": {"mode": 1}}
    found = problems({**method, "paginated": True, "pagination": paged}, {"kind": TEXT}, {"mode": TEXT, "kind": TEXT})
    assert found == [
        "query_schema: kind is sent with every call (fixed_query of the definition); take it out.",
        "body_schema: mode is sent with every call (fixed_body of the definition); take it out.",
        "pagination: size is sent by fixed_query too; take it out there.",
    ]


def test_a_file_does_not_fit_into_the_query() -> None:
    found = problems({}, {"a": {"type": "string", "format": "binary"}})
    assert found == ["query_schema.a: is a file, which neither path nor query nor a header takes."]


@pytest.mark.parametrize(
    ("pagination", "taken"),
    [
        ({"kind": "offset", "limit_parameter": "size", "offset_parameter": "start"}, ["size", "start"]),
        ({"kind": "page", "page_parameter": "p", "limit_parameter": "per"}, ["p", "per"]),
        ({"kind": "cursor", "cursor_parameter": "after", "next_cursor": "meta.next"}, ["after"]),
        ({"kind": "link", "limit_parameter": "per_page"}, ["per_page"]),
        ({"kind": "range"}, []),
        ({"kind": "none"}, []),
    ],
)
def test_the_parameters_of_every_kind_of_pagination_are_taken(pagination: dict[str, Any], taken: list[str]) -> None:
    method = {"http": "GET", "paginated": True, "pagination": pagination}
    names = ["limit", "next_cursor", *taken]
    found = problems(method, dict.fromkeys([*names, "free"], TEXT))
    assert found == [f"query_schema: {name} is added to every list tool; take it out." for name in names]


def test_paging_in_the_body_takes_the_object_that_its_dots_lead_into() -> None:
    pagination = {"kind": "cursor", "cursor_parameter": "page.after", "next_cursor": "next", "send_in": "body"}
    method = {"paginated": True, "pagination": pagination, "body": "json"}
    found = problems(method, None, {"page": {"type": "object", "properties": {}}, "pages": TEXT})
    assert found == ["body_schema: page holds the paging of every list tool (page.after); take it out."]
    assert "pagination: its parameters go into a JSON body" in problems({**method, "body": "none"})[0]


@pytest.mark.parametrize(
    ("method", "query", "body", "problem"),
    [
        ({"cookie_parameters": {"theme": "t"}}, {}, {}, "theme, which goes into the cookie t, is not among"),
        ({"cookie_parameters": {"x": "t", "y": "t"}}, {"x": TEXT, "y": TEXT}, {}, "y and x go into the same cookie, t"),
        ({"cookie_parameters": {"id": "t"}, "path": "/x/{id}"}, {"id": TEXT}, {}, "id has another place"),
        ({"cookie_parameters": {"x": "sid"}}, {"x": TEXT}, {}, "sid carries the account's credentials"),
        ({"parameter_names": {"x": "y"}}, {}, {}, "parameter_names: x is not among the properties"),
        ({"parameter_names": {"x": "y"}}, {"x": TEXT, "y": TEXT}, {}, "y and x are the same parameter, y"),
        ({"parameter_names": {"x": "_method"}}, {"x": TEXT}, {}, "_method is sent, or would be read, otherwise"),
        ({"parameter_names": {"x": "y"}, "fixed_query": {"y": "1"}}, {"x": TEXT}, {}, "y is sent, or would be read"),
        (
            {"parameter_names": {"x": "start"}, "paginated": True, "http": "GET"},
            {"x": TEXT}, {}, "start is sent by the paging",
        ),
        ({"reserved_characters": ["x"]}, {}, {}, "reserved_characters: x is not among the properties"),
        ({"part_types": {"x": "text/csv"}, "body": "multipart"}, {}, {"y": TEXT}, "part_types: x is not among"),
    ],
)  # fmt: skip
def test_settings_by_property_name_one_and_no_two_share_a_place(
    method: dict[str, Any], query: Any, body: Any, problem: str
) -> None:
    key = {"kind": "api_key", "header": "Cookie", "value": "a=b; sid={key}"}
    found = problems(method, query, body, authentication=key)
    assert [each for each in found if problem in each], found


def test_a_parameter_may_have_the_name_that_another_place_takes() -> None:
    method = {"parameter_names": {"status_query": "status"}, "body": "json", "fixed_query": {"other": "1"}}
    assert problems(method, {"status_query": TEXT}, {"status": TEXT}) == []
    assert problems({"header_parameters": {"ids": "X-Ids"}}, {"ids": {"type": "array", "items": TEXT}}) == []


def test_an_address_names_arguments_and_all_that_a_call_needs() -> None:
    method = {"access": "read", "http": "GET", "uri": "desk://links/{kind}"}
    record = Documentation(resource="tickets", method="link", **WORDS)
    record.query_schema = {"properties": {"state": TEXT, "page": TEXT}, "required": ["state"]}
    assert placement_problems(definition(method), record) == [
        "query_schema: the uri's {kind} is not among the properties.",
        "uri: lacks {state}, which is required.",
    ]
    record.query_schema = {"properties": {"kind": TEXT}, "required": ["kind"]}
    assert placement_problems(definition(method), record) == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [("ask_first", {"kind": []}), ("already", {"state": "done", "when": {"kind": 1}, "since": "at"})],
)
def test_settings_by_argument_name_arguments(setting: str, value: Any) -> None:
    assert problems({setting: value}, {"state": TEXT}) == [f"{setting}: kind is not among the properties."]
    assert problems({setting: value, "body": "json"}, {}, {"kind": TEXT}) == []
