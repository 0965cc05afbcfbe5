"""Which lists are proposed of a description, how they are paged, and what only reads."""

from typing import Any

import pytest

from tests.tools.openapi.documents import (
    answering,
    described,
    method_of,
    proposed,
    record_of,
)


def listed(arguments: list[dict[str, Any]], schema: Any, **more: Any) -> dict[str, Any]:
    """Return the pagination that is proposed for one list."""
    get = {**answering(schema, operationId="list", parameters=arguments), **more}
    pagination: dict[str, Any] = proposed(described({"/things": {"get": get}})).document["pagination"]
    return pagination


def query(name: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "integer", **schema}}


class TestPagination:
    """How lists are paged, by parameters and answers."""

    ROWS: Any = {
        "type": "object",
        "properties": {"data": {"type": "array", "items": {"type": "object", "properties": {"id": {}}}}},
    }

    def around(self, **properties: Any) -> Any:
        return {"type": "object", "properties": {**self.ROWS["properties"], **properties}}

    def test_offset(self) -> None:
        schema = self.around(total={"type": "integer"})
        assert listed([query("skip"), query("per_page", maximum=30)], schema) == {
            "kind": "offset", "offset_parameter": "skip", "limit_parameter": "per_page", "total": "total",
            "default_limit": 25, "max_limit": 30,
        }  # fmt: skip

    def test_pages(self) -> None:
        schema = self.around(meta={"type": "object", "properties": {"total_pages": {"type": "integer"}}})
        assert listed([query("page[number]"), query("page[size]")], schema) | {} == {
            "kind": "page", "page_parameter": "page[number]", "limit_parameter": "page[size]",
            "total_pages": "meta.total_pages", "default_limit": 25, "max_limit": 100,
        }  # fmt: skip

    def test_a_cursor_that_the_answer_names(self) -> None:
        schema = self.around(
            paging={
                "type": "object",
                "properties": {"next": {"type": "object", "properties": {"after": {"type": "string"}}}},
            }
        )
        assert listed([query("after", type="string")], schema) == {
            "kind": "cursor", "cursor_parameter": "after", "next_cursor": "paging.next.after",
        }  # fmt: skip

    def test_a_cursor_that_is_the_last_items_id(self) -> None:
        schema = self.around(has_more={"type": "boolean"})
        assert listed([query("starting_after", type="string"), query("limit")], schema) == {
            "kind": "cursor", "cursor_parameter": "starting_after", "next_cursor": "data[-1].id", "more": "has_more",
            "limit_parameter": "limit", "default_limit": 25, "max_limit": 100,
        }  # fmt: skip

    def test_a_link_header(self) -> None:
        answer = {"description": "OK", "headers": {"Link": {"schema": {"type": "string"}}},
                  "content": {"application/json": {"schema": {"type": "array", "items": {}}}}}  # fmt: skip
        pagination = listed([query("page"), query("per_page")], {}, responses={"200": answer})
        assert pagination == {"kind": "link", "limit_parameter": "per_page", "default_limit": 25, "max_limit": 100}

    def test_the_address_of_the_next_page(self) -> None:
        schema = self.around(next_page_url={"type": "string"})
        assert listed([], schema) == {"kind": "link", "next_url": "next_page_url"}

    def test_nothing(self) -> None:
        assert listed([], self.ROWS) == {"kind": "none"}

    @pytest.mark.parametrize(
        ("operation_id", "members", "is_list"),
        [
            ("getLogsIndex", {"name": {"type": "string"}}, False),
            ("listActions", {"id": {"type": "string"}, "name": {"type": "string"}}, False),
            ("listActions", {"name": {"type": "string"}}, True),
            ("actions.index", {"name": {"type": "string"}}, True),
        ],
    )
    def test_one_object_with_a_list_in_it_is_no_list(
        self, operation_id: str, members: dict[str, Any], is_list: bool
    ) -> None:
        filters = {"type": "array", "items": {"type": "object", "properties": {"q": {"type": "string"}}}}
        answer = {"type": "object", "properties": {**members, "filters": filters}}
        proposal = proposed(described({"/actions/{name}": {"get": answering(answer, operationId=operation_id)}}))
        [method] = [each for held in proposal.definition.resources.values() for each in held.methods.values()]
        assert (method.result == "filters") == is_list

    def test_a_limit_without_a_way_of_paging_stays_the_vendors(self) -> None:
        proposal = proposed(described({"/things": {"get": answering(self.ROWS, parameters=[query("limit")])}}))
        assert method_of(proposal, "things.list")["paginated"] is False
        assert "limit" in record_of(proposal, "things.list")["query_schema"]["properties"]

    def test_a_search_is_paged_in_its_body(self) -> None:
        body = {"content": {"application/json": {"schema": {"type": "object", "properties": {
            "words": {"type": "string"}, "offset": {"type": "integer"}, "limit": {"type": "integer"},
        }}}}}  # fmt: skip
        things = {"get": answering(self.ROWS)}
        proposal = proposed(
            described({"/things": things, "/things/search": {"post": answering(self.ROWS, requestBody=body)}})
        )
        method = method_of(proposal, "things.search")
        assert (method["access"], method["paginated"], method["pagination"]["send_in"]) == ("read", True, "body")
        assert [*record_of(proposal, "things.search")["body_schema"]["properties"]] == ["words"]

    def test_what_a_search_requires_for_its_paging_is_not_asked_of_a_model(self) -> None:
        text = {"type": "string"}
        members = {"after": text, "limit": {"type": "integer", "maximum": 50}, "words": text}
        body = {"content": {"application/json": {"schema": {
            "type": "object", "properties": members, "required": ["after", "limit", "words"],
        }}}}  # fmt: skip
        following = {"type": "object", "properties": {"after": text}}
        schema = self.around(paging={"type": "object", "properties": {"next": following}})
        proposal = proposed(described({"/things/search": {"post": answering(schema, requestBody=body)}}))
        assert method_of(proposal, "things.search")["pagination"] == {
            "kind": "cursor", "cursor_parameter": "after", "next_cursor": "paging.next.after", "send_in": "body",
            "limit_parameter": "limit", "default_limit": 25, "max_limit": 50,
        }  # fmt: skip
        assert record_of(proposal, "things.search")["body_schema"] == {
            "type": "object", "properties": {"words": text}, "required": ["words"],
        }  # fmt: skip

    def test_what_can_have_one_value_only_is_sent_with_every_call(self) -> None:
        members = {
            "kind": {"const": "note"}, "version": {"type": "integer", "enum": [2]}, "hidden": {"enum": ["yes"]},
            "text": {"type": "string"},
        }  # fmt: skip
        schema = {"type": "object", "properties": members, "required": ["kind", "version", "text"]}
        body = {"content": {"application/json": {"schema": schema}}}
        parameters = [
            {**query("action", type="string", enum=["add"]), "required": True},
            {**query("mode", type="string", enum=["a", "b"]), "required": True},
            query("shape", type="string", enum=["flat"]),
        ]
        post = answering({}, parameters=parameters, requestBody=body)
        proposal = proposed(described({"/things?source=api": {"post": post}}))
        method = method_of(proposal, "things.create")
        assert method["fixed_query"] == {"source": "api", "action": "add"}
        assert method["fixed_body"] == {"kind": "note", "version": 2}
        record = record_of(proposal, "things.create")
        assert [*record["query_schema"]["properties"]] == ["mode", "shape"]
        assert (record["query_schema"]["required"], record["body_schema"]["required"]) == (["mode"], ["text"])
        assert [*record["body_schema"]["properties"]] == ["hidden", "text"]

    @pytest.mark.parametrize(
        ("path", "operation_id", "access"),
        [
            ("/things/search", "", "read"),
            ("/things/query", "queryThings", "read"),
            ("/things/search", "search_things_by_words", "read"),
            ("/things/search_and_replace", "", "write"),
            ("/things/search-delete", "", "write"),
            ("/things/searchAndArchive", "", "write"),
            ("/things/search", "createSearch", "write"),
            ("/things/query", "runQueryAndDelete", "write"),
            ("/things/filter", "", "write"),
            ("/things/preview", "", "write"),
        ],
    )
    def test_a_post_only_reads_where_nothing_says_otherwise(self, path: str, operation_id: str, access: str) -> None:
        named = {"operationId": operation_id} if operation_id else {}
        things = {"get": answering(self.ROWS)}
        proposal = proposed(described({"/things": things, path: {"post": answering(self.ROWS, **named)}}))
        resources = proposal.document["resources"].values()
        methods = [method for resource in resources for method in resource["methods"].values()]
        assert [method["access"] for method in methods if method["http"] == "POST"] == [access]
