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
