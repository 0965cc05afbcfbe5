"""What is proposed of a description: the definition, the records, and what is refused."""

import copy
import random
from typing import Any

import pytest
import yaml

from tests.tools.openapi.documents import (
    DESK_30,
    DESK_31,
    STORE_20,
    answering,
    described,
    method_of,
    operation,
    proposed,
    record_of,
)
from tools.catalogue.gate import name_of, problems_of
from tools.catalogue.naming import TOOL_NAME
from tools.models import Documentation
from tools.openapi.errors import DocumentInvalid
from tools.openapi.proposal import Proposal

DOCUMENTS = {"3.0": DESK_30, "3.1": DESK_31, "2.0": STORE_20}
PARAMETER = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def names(proposal: Proposal) -> list[str]:
    return [name_of(proposal.definition, Documentation(**record)) for record in proposal.records]


def reasons(proposal: Proposal) -> dict[str, str]:
    return {each.operation: each.reason for each in proposal.refused}


def listed(arguments: list[dict[str, Any]], schema: Any, **more: Any) -> dict[str, Any]:
    """Return the pagination that is proposed for one list."""
    get = {**answering(schema, operationId="list", parameters=arguments), **more}
    pagination: dict[str, Any] = proposed(described({"/things": {"get": get}})).document["pagination"]
    return pagination


def query(name: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "integer", **schema}}


class TestEveryVersion:
    """What holds of each version."""

    @pytest.mark.parametrize("version", DOCUMENTS)
    def test_every_record_passes_the_gate_as_a_draft(self, version: str) -> None:
        proposal = proposed(DOCUMENTS[version])
        rows = [Documentation(**record) for record in proposal.records]
        assert {row.key: problems_of(proposal.definition, row) for row in rows} == {row.key: [] for row in rows}
        assert not any(row.published for row in rows)
        assert proposal.operations == len(rows) + len(proposal.refused)

    def test_resources_and_methods_follow_from_paths(self) -> None:
        assert names(proposed(DESK_30)) == [
            "acme_me_retrieve", "list_all_acme_tickets", "create_a_acme_ticket", "get_single_acme_ticket_by_id",
            "update_a_acme_ticket_by_id", "delete_a_acme_ticket_by_id", "acme_tickets_close",
            "create_a_acme_ticket_attachment", "acme_tickets_transcript", "acme_tickets_pdf",
            "update_a_acme_label_by_id", "create_a_acme_note", "acme_notes_replace",
        ]  # fmt: skip
        assert names(proposed(STORE_20)) == [
            "list_all_acme_orders", "create_a_acme_order", "acme_order_invoice_retrieve", "acme_order_invoice_upload",
        ]  # fmt: skip

    def test_each_refusal_has_its_reason(self) -> None:
        assert reasons(proposed(DESK_30)) == {
            "HEAD /v2/session": "HEAD gives nothing that a tool could return.",
            "GET /v2/events": "it answers with a stream (text/event-stream), not with a result.",
            "GET /v2/archive": "it only answers with a redirect, which is not followed.",
            "POST /v2/outside": "the reference https://elsewhere.example/schema.json leaves the document, "
            "and nothing is fetched.",
            "GET /v2/files": "it is served from another address (files.acme.example), and a definition has one.",
            "GET /v2/session": "it needs the cookie sid, and no cookies are kept.",
        }


class TestDefinition:
    """Address, authentication, connection test, methods, tags."""

    def test_variables_of_the_server_become_connection_fields(self) -> None:
        document = proposed(DESK_30).document
        assert document["base_url"] == "https://{subdomain}.acme.example/api"
        assert [field["name"] for field in document["connection_fields"]] == ["subdomain", "api_key"]
        assert proposed(STORE_20).document["base_url"] == "https://store.example/api"

    def test_a_description_without_an_address_needs_one(self) -> None:
        text = described({"/a": {"get": operation()}}, servers=[{"url": "/v1"}])
        with pytest.raises(DocumentInvalid, match="--base-url"):
            proposed(text)
        assert proposed(text, base_url="https://a.example/v1/").document["base_url"] == "https://a.example/v1"
        with pytest.raises(DocumentInvalid, match="is not an address"):
            proposed(text, base_url="ftp://a.example")

    @pytest.mark.parametrize(
        ("schemes", "security", "expected"),
        [
            (
                {"a": {"type": "apiKey", "in": "query", "name": "k"}},
                None,
                {"kind": "api_key", "query": "k", "value": "{api_key}"},
            ),
            ({"a": {"type": "http", "scheme": "Bearer"}}, None, {"kind": "bearer", "token": "{token}"}),
            (
                {"a": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Token token=KEY`"}},
                None,
                {"kind": "api_key", "header": "Authorization", "value": "Token token={api_key}"},
            ),
            (
                {"a": {"type": "http", "scheme": "basic"}, "b": {"type": "http", "scheme": "bearer"}},
                [{"a": []}],
                {"kind": "basic", "username": "{username}", "password": "{password}"},
            ),
            (
                {"a": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/t", "scopes": {"x": ""}}}}},
                [{"a": ["y"]}],
                {
                    "kind": "oauth2_client_credentials", "token_url": "https://v.example/t", "client_id": "{client_id}",
                    "client_secret": "{client_secret}", "client_authentication": "post", "scopes": ["y"],
                },
            ),
            ({"a": {"type": "mutualTLS"}}, None, {"kind": "bearer", "token": "{token}"}),
            ({}, None, {"kind": "bearer", "token": "{token}"}),
        ],
    )  # fmt: skip
    def test_the_most_usable_scheme_is_chosen(self, schemes: Any, security: Any, expected: Any) -> None:
        text = described({"/a": {"get": operation()}}, components={"securitySchemes": schemes}, security=security or [])
        assert proposed(text).document["authentication"] == expected

    def test_the_authorization_code_flow_comes_with_its_addresses_and_scopes(self) -> None:
        assert proposed(DESK_31).document["authentication"] | {} == {
            "kind": "oauth2_authorization_code",
            "token_url": "https://board.example/token",
            "authorization_url": "https://board.example/authorize",
            "client_id": "{client_id}",
            "client_secret": "{client_secret}",
            "client_authentication": "post",
            "scopes": ["cards:read", "cards:write"],
        }

    def test_keys_that_go_together_are_asked_for_together(self) -> None:
        schemes = {
            "apiKeyAuth": {"type": "apiKey", "in": "header", "name": "DD-API-KEY"},
            "app": {"type": "apiKey", "in": "query", "name": "application_key"},
            "login": {"type": "http", "scheme": "bearer"},
        }
        text = described(
            {"/a": {"get": operation()}},
            components={"securitySchemes": schemes},
            security=[{name: [] for name in schemes}],
        )
        proposal = proposed(text)
        assert proposal.document["authentication"] == {
            "kind": "api_keys",
            "keys": [
                {"header": "DD-API-KEY", "value": "{api_key_auth_key}"},
                {"query": "application_key", "value": "{app_key}"},
                {"header": "Authorization", "value": "Bearer {login_key}"},
            ],
        }
        fields = {each["name"]: each["label"] for each in proposal.document["connection_fields"]}
        assert fields == {
            "api_key_auth_key": "DD-API-KEY",
            "app_key": "application_key",
            "login_key": "Access token",
        }
        assert not any("also asks for" in note for note in proposal.notes)

    def test_one_that_does_alone_is_preferred_to_a_pair(self) -> None:
        keys = {name: {"type": "apiKey", "in": "header", "name": f"X-{name}"} for name in ("one", "two", "three")}
        text = described(
            {"/a": {"get": operation()}},
            components={"securitySchemes": keys},
            security=[{"one": [], "two": []}, {"three": []}],
        )
        assert proposed(text).document["authentication"]["header"] == "X-three"

    @pytest.mark.parametrize("second", [{"type": "mutualTLS"}, {"type": "apiKey", "in": "header", "name": "x-ONE"}])
    def test_a_second_scheme_that_has_no_place_is_noted(self, second: dict[str, str]) -> None:
        schemes = {"one": {"type": "apiKey", "in": "header", "name": "X-One"}, "two": second}
        text = described(
            {"/a": {"get": operation()}}, components={"securitySchemes": schemes}, security=[{"one": [], "two": []}]
        )
        proposal = proposed(text)
        assert proposal.document["authentication"]["header"].lower() == "x-one"
        assert any("also asks for two" in note for note in proposal.notes)

    def test_the_connection_test_asks_who_one_is_or_for_the_first_list(self) -> None:
        assert proposed(DESK_30).document["connection_test"] == {"path": "/me"}
        assert proposed(STORE_20).document["connection_test"] == {"path": "/orders"}

    def test_methods_say_how_arguments_and_answers_go(self) -> None:
        proposal = proposed(DESK_30)
        assert method_of(proposal, "tickets.list") == {
            "http": "GET",
            "path": "/v2/tickets",
            "access": "read",
            "query_styles": {"labels": "comma", "window": "brackets"},
            "header_parameters": {"X-Version": "X-Version", "X-Request-Tag": "X-Request-Tag"},
            "result": "tickets",
        }
        assert method_of(proposal, "tickets.get")["result"] == "ticket"
        assert method_of(proposal, "tickets.update") | {} == {
            "http": "PATCH", "path": "/v2/tickets/{ticket_id}", "access": "write", "body": "json",
            "body_media_type": "application/merge-patch+json", "body_root": "ticket",
            "optional_body": True,
        }  # fmt: skip
        assert method_of(proposal, "tickets.transcript")["answer"] == "html"
        assert method_of(proposal, "tickets.pdf")["answer"] == "file"
        assert method_of(proposal, "ticket_attachments.create")["part_types"] == {"about": "application/json"}
        assert method_of(proposal, "notes.replace")["body_parameter"] == "body"
        assert method_of(proposal, "notes.create")["body_media_type"] == "text/csv"
        assert method_of(proposed(STORE_20), "orders.list")["query_styles"] == {"ids": "pipe"}

    def test_a_name_in_path_and_body_that_may_differ_is_two_arguments(self) -> None:
        proposal = proposed(DESK_30)
        assert method_of(proposal, "labels.update")["path"] == "/v2/labels/{current_name}"
        assert [*record_of(proposal, "labels.update")["query_schema"]["properties"]] == ["current_name"]

    def test_a_header_that_every_operation_sends_belongs_to_the_definition(self) -> None:
        header = {
            "name": "X-Api-Version",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "default": "7"},
        }
        proposal = proposed(described({"/a": {"get": operation(parameters=[header])}}))
        assert proposal.document["headers"] == {"X-Api-Version": "7"}
        assert "query_schema" not in proposal.records[0]

    def test_tags_shared_by_a_resource_are_its_own(self) -> None:
        text = described({"/things": {
            "get": answering({"type": "array"}, tags=["Main Things", "Reading"]),
            "post": operation(tags=["Main Things"]),
        }})  # fmt: skip
        document = proposed(text).document
        assert document["resources"]["things"]["tool_tags"] == ["main_things"]
        assert document["tool_tags"] == {"things.list": ["reading"]}


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


class TestNames:
    """Names are unique, fit, and stay."""

    def test_names_too_long_are_shortened_and_stay_unique(self) -> None:
        long = "/organisations/{a}/departments/{b}/responsibilities/{c}/assignments/{d}/justifications"
        text = described({
            long: {"get": answering({"type": "array"}), "post": operation()},
            long + "/{e}": {"get": operation(), "put": operation(), "delete": operation()},
            "/v2" + long: {"get": answering({"type": "array"}), "post": operation()},
        })  # fmt: skip
        made = names(proposed(text, name="a_vendor_with_a_long_name"))
        assert len(made) == len({*made}) == 7
        assert all(TOOL_NAME.fullmatch(name) for name in made)

    def test_remote_procedures_are_named_by_what_stands_before_the_dot(self) -> None:
        rows = {"type": "object", "properties": {"channels": {"type": "array"}, "ok": {"type": "boolean"}}}
        text = described({"/chat.postMessage": {"post": operation()}, "/channels.list": {"get": answering(rows)}})
        assert names(proposed(text)) == ["acme_chat_post_message", "list_all_acme_channels"]

    def test_what_nearly_all_paths_begin_with_is_left_out(self) -> None:
        paths = {
            f"/api/v1/accounts/{{account}}/{noun}": {"get": answering({"type": "array"})}
            for noun in ("cats", "dogs", "cows")
        }
        assert names(proposed(described(paths))) == ["list_all_acme_cats", "list_all_acme_dogs", "list_all_acme_cows"]

    def test_a_thousand_operations_of_one_long_name_are_numbered(self) -> None:
        name = "reconcileInternationalisationsRepresentativesResponsibilities"
        paths = {f"/{{p{place}}}": {"get": operation(operationId=name)} for place in range(1_100)}
        proposal = proposed(described(paths))
        assert len({(each["resource"], each["method"]) for each in proposal.records}) == len(paths)

    def test_operations_that_share_method_and_path_are_told_apart(self) -> None:
        text = described(
            {"/token#issue": {"post": operation()}, "/token#renew": {"post": operation(operationId="renewToken")}}
        )
        assert len({*names(proposed(text))}) == 2

    @pytest.mark.parametrize("path", ["/a/{x}/../b", "/a b", "/a/{x", "/a//b", "/a?x={y}"])
    def test_a_path_that_no_definition_takes_is_refused(self, path: str) -> None:
        proposal = proposed(described({path: {"get": operation()}, "/ok": {"get": operation()}}))
        assert reasons(proposal)[f"GET {path}"].startswith("its path has")

    def test_placeholders_that_nobody_declared_are_arguments_all_the_same(self) -> None:
        proposal = proposed(described({"/things/{thing-id}": {"get": operation()}}))
        assert record_of(proposal, "things.get")["query_schema"] == {
            "type": "object", "properties": {"thing_id": {"type": "string"}}, "required": ["thing_id"],
        }  # fmt: skip


class TestWords:
    """Titles and descriptions are plain, bounded and say enough."""

    def test_markup_and_hidden_characters_are_gone(self) -> None:
        text = described({"/a": {"get": operation(
            summary="**List** <i>all</i> things",
            description="# Title\n\nSee [docs](https://x.example).<script>alert(1)</script>\n\n```\ncode\n```\n"
            "Hidden\u200b \u202ewords\U000e0041 &lt;b&gt; &#8203;end.\n\n| a | b |\n",
        )}})  # fmt: skip
        record = proposed(text).records[0]
        assert record["title"] == "List all things"
        for sign in ("\u200b", "\u202e", "\U000e0041", "](", "```", "**", "<script", "| a"):
            assert sign not in record["description"]
        assert "See docs." in record["description"]

    def test_a_long_description_ends_with_a_sentence(self) -> None:
        text = described({"/a": {"get": operation(summary="Read it", description="It does this and that. " * 500)}})
        description = proposed(text).records[0]["description"]
        assert len(description) <= 1200
        assert description.endswith("that.")

    def test_a_deprecated_operation_says_so(self) -> None:
        assert record_of(proposed(DESK_30), "tickets.delete")["description"].startswith("Deprecated by the vendor.")


WRONG: list[Any] = [
    None, True, -1, 1e308, "", [], {}, [[]], {"$ref": "#"}, {"$ref": 5}, {"$ref": "other.yaml"}, {"": ""}, "\u202e",
    ["object", "null", 5], {"type": "object", "properties": []}, {"type": ["string", {}]}, {"oneOf": 5}, "x" * 5000,
    {"allOf": [{"$ref": "#/components/schemas/NewTicket"}]},
]  # fmt: skip


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        found += places(child, (*path, key))
    return found


@pytest.mark.parametrize("version", DOCUMENTS)
def test_wrong_types_anywhere_are_refused_in_words_or_passed_over(version: str) -> None:
    original = yaml.safe_load(DOCUMENTS[version])
    everywhere = places(original)
    chance = random.Random(version)
    made = 0
    for _ in range(40):
        document, path = copy.deepcopy(original), chance.choice(everywhere)
        node = document
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = copy.deepcopy(chance.choice(WRONG))
        try:
            proposal = proposed(yaml.safe_dump(document))
        except DocumentInvalid:
            continue
        made += 1
        assert [problems_of(proposal.definition, Documentation(**record)) for record in proposal.records] == [
            [] for _ in proposal.records
        ]
    assert made > 20
