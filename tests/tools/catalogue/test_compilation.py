"""The catalogue: which records become tools, what a filter leaves of them, for listing and for calling."""

import threading
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from accounts.models import IntegratedAccount, Integration
from mcpservers.lifecycle import create_server
from tests.bundles import load_bundle
from tests.mcp_client import McpClient
from tests.vendors.desk import DESK, desk_tool
from tools.catalogue.compilation import Catalogue, build, catalogue_of
from tools.errors import FilterUnknown, UnknownTool
from tools.models import Documentation


@pytest.fixture
def desk_integration(db: None) -> Integration:
    return load_bundle(DESK).integration


def drafts(integration: Integration) -> dict[str, list[str]]:
    return {draft.key: draft.reasons for draft in build(integration).drafts}


def change(integration: Integration, key: str, **values: Any) -> None:
    resource, _, method = key.partition(".")
    row = Documentation.objects.get(integration=integration, resource=resource, method=method)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


class TestRecords:
    """No record, no tool; a record that is not good enough, a draft with reasons."""

    def test_every_good_record_is_a_tool_in_the_definitions_order(self, desk_integration: Integration) -> None:
        catalogue = build(desk_integration)
        assert catalogue.drafts == ()
        assert list(catalogue.tools) == [
            "list_all_desk_tickets", "get_single_desk_ticket_by_id", "create_a_desk_ticket",
            "update_a_desk_ticket_by_id", "delete_a_desk_ticket_by_id", "desk_tickets_link", "list_all_desk_queues",
            "desk_queues_count",            "desk_queues_names",
        ]  # fmt: skip

    def test_the_order_does_not_depend_on_when_records_were_written(self, desk_integration: Integration) -> None:
        before = list(build(desk_integration).tools)
        row = Documentation.objects.get(integration=desk_integration, resource="tickets", method="list")
        row.delete()
        row.save()
        assert list(build(desk_integration).tools) == before

    def test_a_method_without_a_record_is_no_tool(self, desk_integration: Integration) -> None:
        Documentation.objects.filter(integration=desk_integration, method="create").delete()
        assert "create_a_desk_ticket" not in build(desk_integration).tools
        assert drafts(desk_integration) == {}

    def test_a_record_that_fails_the_gate_is_a_draft_with_reasons(self, desk_integration: Integration) -> None:
        change(desk_integration, "tickets.create", description="Creates.")
        assert "create_a_desk_ticket" not in build(desk_integration).tools
        assert drafts(desk_integration)["tickets.create"][0].startswith("description: is too thin")

    def test_a_withdrawn_record_is_no_tool_and_says_that_first(self, desk_integration: Integration) -> None:
        change(desk_integration, "tickets.create", published=False, description="")
        reasons = drafts(desk_integration)["tickets.create"]
        assert reasons[0] == "This record is withdrawn."
        assert len(reasons) == 2

    def test_of_two_tools_with_one_name_the_first_in_order_has_it(self, desk_integration: Integration) -> None:
        change(desk_integration, "tickets.link", tool_name="create_a_desk_ticket")
        assert build(desk_integration).get("create_a_desk_ticket").method_name == "create"
        assert drafts(desk_integration) == {
            "tickets.link": ["tool_name: create_a_desk_ticket is the name of another tool already."]
        }

    def test_a_record_of_what_the_definition_lost_is_a_draft(self, desk_integration: Integration) -> None:
        del desk_integration.definition["resources"]["queues"]["methods"]["count"]
        desk_integration.save()
        assert "the definition has no queues.count" in drafts(desk_integration)["queues.count"][0]

    def test_a_definition_that_does_not_fit_makes_every_record_a_draft(self, desk_integration: Integration) -> None:
        desk_integration.definition = {"name": "desk"}
        catalogue = build(desk_integration)
        assert len(catalogue) == 0
        assert len(catalogue.drafts) == 9
        assert any("label: Field required" in reason for reason in catalogue.drafts[0].reasons)

    def test_a_schema_that_would_spoil_the_whole_listing_is_a_draft(self, desk_integration: Integration) -> None:
        change(desk_integration, "tickets.get", query_schema={"properties": {"id": {"maximum": 10**30}}})
        assert "64-bit" in drafts(desk_integration)["tickets.get"][0]


class TestTools:
    """What a tool tells of itself."""

    def test_hints_follow_from_the_definition_or_the_http_method(self) -> None:
        hints = {
            key: (tool.read_only, tool.destructive, tool.idempotent)
            for key in ("tickets.list", "tickets.create", "tickets.update", "tickets.delete")
            for tool in [desk_tool(key)]
        }
        assert hints == {
            "tickets.list": (True, False, True),
            "tickets.create": (False, False, False),
            "tickets.update": (False, False, True),
            "tickets.delete": (False, True, True),
        }

    def test_a_list_takes_limit_and_cursor_with_the_bounds_of_its_pagination(self) -> None:
        limit = desk_tool("queues.list").input_schema["properties"]["limit"]
        assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 20, 5)
        cursor = desk_tool("tickets.list").input_schema["properties"]["next_cursor"]
        assert "unchanged" in cursor["description"]

    def test_other_methods_do_not(self) -> None:
        assert desk_tool("tickets.get").input_schema["properties"].keys() == {"id"}

    def test_path_parameters_are_required_even_where_the_schema_does_not_say(self) -> None:
        assert desk_tool("tickets.link").input_schema["required"] == ["id", "other"]

    def test_nothing_beyond_the_arguments_is_taken(self) -> None:
        schema = {"properties": {"id": {}}, "additionalProperties": True}
        assert desk_tool("tickets.get", query_schema=schema).input_schema["additionalProperties"] is False

    def test_references_are_gone_from_the_schema(self) -> None:
        schema = {"properties": {"id": {"$ref": "#/$defs/id"}}, "$defs": {"id": {"type": "string"}}}
        assert desk_tool("tickets.get", query_schema=schema).input_schema["properties"] == {"id": {"type": "string"}}


class TestFilters:
    """Methods and tags; both must match."""

    @pytest.mark.parametrize(
        ("methods", "tags", "count"),
        [
            ([], [], 9),
            (["read"], [], 3),
            (["write"], [], 3),
            (["custom"], [], 3),
            (["read", "write"], [], 6),
            (["list"], [], 2),
            (["list", "count"], [], 3),
            (["link"], [], 1),
            ([], ["support"], 6),
            ([], ["admin"], 4),
            ([], ["support", "admin"], 9),
            (["read"], ["admin"], 1),
            (["delete"], ["admin"], 1),
            (["create"], ["admin"], 0),
        ],
    )
    def test_a_tool_must_match_a_method_and_a_tag(
        self, desk_integration: Integration, methods: list[str], tags: list[str], count: int
    ) -> None:
        catalogue = build(desk_integration)
        catalogue.check_filters(methods, tags)
        selected = catalogue.select(methods, tags)
        assert len(selected) == count
        assert [tool.name for tool in selected] == [tool.name for tool in catalogue if tool.name in selected.tools]

    @pytest.mark.parametrize(
        ("methods", "tags", "words"),
        [
            (["reads"], [], "'reads' is not one of this account's methods. It has: read, write, custom, list, get"),
            (["READ"], [], "'READ' is not one of"),
            ([], ["nothing"], "'nothing' is not one of this account's tags. It has: admin, support."),
        ],
    )
    def test_an_unknown_filter_is_refused_with_those_that_there_are(
        self, desk_integration: Integration, methods: list[str], tags: list[str], words: str
    ) -> None:
        with pytest.raises(FilterUnknown) as refused:
            build(desk_integration).check_filters(methods, tags)
        assert words in str(refused.value)

    def test_a_name_that_does_not_exist_is_answered_with_the_nearest(self, desk_integration: Integration) -> None:
        catalogue = build(desk_integration)
        for name, nearest in [
            ("list_desk_tickets", "list_all_desk_tickets"),
            ("zzz", ""),
            ("", ""),
            ("x" * 100_000, ""),
        ]:
            with pytest.raises(UnknownTool) as unknown:
                catalogue.get(name)
            assert (unknown.value.name, unknown.value.nearest) == (name[:64], nearest)

    async def test_what_a_filter_hides_can_neither_be_seen_nor_called(
        self, desk: McpClient, desk_account: IntegratedAccount
    ) -> None:
        made = await sync_to_async(create_server)(desk_account, "tests", name="R", methods=["read"], tags=["support"])
        narrow = McpClient(made[1])
        listed = (await narrow.request("tools/list")).json()["result"]["tools"]
        assert [tool["name"] for tool in listed] == ["list_all_desk_tickets", "get_single_desk_ticket_by_id"]
        answer = (
            await narrow.request("tools/call", {"name": "delete_a_desk_ticket_by_id", "arguments": {"id": 1}})
        ).json()
        assert answer["error"]["code"] == -32602
        assert "delete_a_desk_ticket_by_id" not in str(answer["error"].get("data"))


class TestHolding:
    """A catalogue is compiled once for each revision."""

    def test_it_is_compiled_once_until_something_changes(self, desk_integration: Integration) -> None:
        first = catalogue_of(desk_integration)
        assert catalogue_of(Integration.objects.get(pk=desk_integration.pk)) is first
        change(desk_integration, "tickets.get", title="Another title")
        second = catalogue_of(Integration.objects.get(pk=desk_integration.pk))
        assert second.get("get_single_desk_ticket_by_id").title == "Another title"
        assert first.get("get_single_desk_ticket_by_id").title == "Get a ticket"

    @pytest.mark.django_db(transaction=True)
    def test_threads_that_ask_at_once_get_the_same_tools(self, desk_integration: Integration) -> None:
        found: list[Catalogue] = []
        at_once = threading.Barrier(4)

        def ask() -> None:
            at_once.wait()
            found.append(catalogue_of(desk_integration))
            connection.close()

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [list(each.tools) for each in found] == [list(found[0].tools)] * 4
