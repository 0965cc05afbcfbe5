"""Traces, as a collector gets them: whose spans belong together, what they say, and that they say nothing secret."""

import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from asgiref.sync import sync_to_async
from pytest_django.fixtures import Settings

from accounts.models import Environment, IntegratedAccount, Role
from accounts.tokens import INVITATION_PREFIX, mint
from accounts.tracing import ids
from config.asgi import application
from config.monitoring import telemetry
from config.monitoring.logs import logging_settings
from mcpservers.models import MCPServer
from tests.collector import Collector, collecting
from tests.mcp_client import STATELESS, McpClient
from tests.rest import AsyncRest, token_of
from tests.stack import ROOT
from tests.vendors.scripted import ScriptedVendor

pytestmark = pytest.mark.django_db(transaction=True)

LIST, CREATE = "list_all_desk_tickets", "create_a_desk_ticket"
TRACE, PARENT, OTHER_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
ROUTE = "POST /mcp/{token}"


@pytest.fixture
def collector(settings: Settings) -> Iterator[Collector]:
    """A collector that spans are sent to, at the latest by `stop`."""
    with collecting() as made:
        settings.OTEL_EXPORTER_OTLP_ENDPOINT = made.site.address
        made.stop = telemetry.start()
        yield made
        made.stop()


def with_meta(tool: str, **meta: Any) -> dict[str, Any]:
    return {"name": tool, "arguments": {}, "_meta": meta}


async def test_a_write_is_a_chain_of_spans_from_the_request_to_the_vendor(
    desk: McpClient, scripted: ScriptedVendor, desk_account: IntegratedAccount, collector: Collector,
) -> None:  # fmt: skip
    await desk.value(CREATE, {"title": "A very private matter"})
    collector.stop()
    request, message, intent, vendor = collector.spans()
    assert [(each.name, each.kind) for each in (request, message, intent, vendor)] == [
        (ROUTE, "server"), (f"tools/call {CREATE}", "server"), ("commit intent", "internal"), ("POST", "client"),
    ]  # fmt: skip
    assert [each.parent_id for each in (request, message, intent, vendor)] == [
        "", request.span_id, message.span_id, message.span_id,
    ]  # fmt: skip
    assert len({each.trace_id for each in collector.spans()}) == 1
    server = await MCPServer.objects.aget()
    assert message.attributes == {
        "mcp.method.name": "tools/call",
        "mcp.protocol.version": "2025-11-25",
        "jsonrpc.request.id": "7",
        "network.protocol.name": "http",
        "network.transport": "tcp",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": CREATE,
        "patchbay.server.id": str(server.pk),
        "patchbay.account.id": str(desk_account.pk),
        "patchbay.vendor": "Desk",
        "patchbay.integration": "desk",
    }
    assert vendor.attributes.items() >= {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "patchbay.vendor": "Desk",
        "patchbay.account.id": str(desk_account.pk),
        "server.address": "127.0.0.1",
    }.items()  # fmt: skip
    assert request.attributes.items() >= {"http.route": "/mcp/{token}", "http.response.status_code": 200}.items()
    assert request.attributes["client.address"] == "127.0.0.0/24"
    assert collector.resource().items() >= {"service.name": "patchbay", "service.version": "0.1.0"}.items()
    for secret in (desk.token, desk.token[-12:], "desk-secret", "private matter"):
        assert secret.encode() not in collector.raw


@pytest.mark.parametrize("version", ["2025-11-25", STATELESS])
async def test_a_clients_trace_is_continued_from_the_message_before_the_request(
    desk: McpClient, scripted: ScriptedVendor, collector: Collector, version: str
) -> None:
    scripted.body = b'{"data": []}'
    header: dict[str, str | None] = {"traceparent": f"00-{OTHER_TRACE}-{PARENT}-01"}
    await desk.at(version).request("tools/call", with_meta(LIST, traceparent=TRACEPARENT), header)
    collector.stop()
    request, message = collector.one(ROUTE), collector.one(f"tools/call {LIST}")
    assert (request.trace_id, request.parent_id) == (OTHER_TRACE, PARENT)
    assert (message.trace_id, message.parent_id, message.links) == (TRACE, PARENT, (request.span_id,))
    assert collector.one("GET").parent_id == message.span_id


@pytest.mark.parametrize(
    "traceparent",
    ["", "nonsense", "00-" + "0" * 32 + f"-{PARENT}-01", f"{TRACEPARENT}{'x' * 600}", 7, None, [TRACEPARENT]],
)
async def test_what_is_no_trace_is_ignored(
    desk: McpClient, scripted: ScriptedVendor, collector: Collector, traceparent: Any
) -> None:
    scripted.body = b'{"data": []}'
    sent = traceparent if isinstance(traceparent, str) else "x"
    await desk.request("tools/call", with_meta(LIST, traceparent=traceparent), {"traceparent": sent})
    collector.stop()
    request, message = collector.one(ROUTE), collector.one(f"tools/call {LIST}")
    assert request.parent_id == ""
    assert (message.parent_id, message.links) == (request.span_id, ())


@pytest.mark.parametrize("told", [False, True])
async def test_vendors_are_told_of_the_trace_only_where_a_setting_says_so(
    desk: McpClient, scripted: ScriptedVendor, collector: Collector,
    settings: Settings, told: bool,
) -> None:  # fmt: skip
    settings.TRACEPARENT_TO_VENDORS = told
    scripted.body = b'{"data": []}'
    meta = {"traceparent": TRACEPARENT, "tracestate": "client=secret", "baggage": "user=jane"}
    await desk.request("tools/call", with_meta(LIST, **meta))
    collector.stop()
    vendor = collector.one("GET")
    assert scripted.last.header("traceparent") == ([f"00-{TRACE}-{vendor.span_id}-01"] if told else [])
    assert scripted.last.header("tracestate") == scripted.last.header("baggage") == []


async def test_failures_are_marked_by_kind_and_quote_nothing(
    desk: McpClient, scripted: ScriptedVendor, collector: Collector
) -> None:
    scripted.status, scripted.body = 500, b'{"error": {"text": "Jane Doe is broken"}}'
    await desk.failure(LIST)
    await desk.request("tools/call", {"name": "no_such_tool_of_jane_doe", "arguments": {}})
    collector.stop()
    failed = collector.one(f"tools/call {LIST}")
    assert (failed.failed, failed.attributes["error.type"]) == (True, "tool_error")
    vendor = collector.one("GET")
    assert (vendor.failed, vendor.attributes["error.type"]) == (True, "500")
    unknown = collector.one("tools/call")
    assert (unknown.failed, unknown.attributes["error.type"]) == (True, "-32602")
    assert unknown.attributes["rpc.response.status_code"] == "-32602"
    assert sum(each.events for each in collector.spans()) == 0
    assert b"jane" not in collector.raw.lower()


async def test_methods_that_clients_make_up_name_no_span(desk: McpClient, collector: Collector) -> None:
    await desk.post({"jsonrpc": "2.0", "id": 1, "method": "made/up"})
    collector.stop()
    assert {each.name for each in collector.spans()} == {ROUTE, "_OTHER"}
    assert b"made/up" not in collector.raw


async def test_a_call_over_rest_has_a_span_of_its_own(
    scripted: ScriptedVendor, desk_account: IntegratedAccount, environment: Environment, upstream: None,
    collector: Collector,
) -> None:  # fmt: skip
    scripted.body = b'{"data": []}'
    rest = AsyncRest(await sync_to_async(token_of)(environment, Role.VIEWER))
    assert (await rest.post(f"/integrated-account/{desk_account.pk}/tools/{LIST}", {})).status_code == 200
    collector.stop()
    call = collector.one(f"execute_tool {LIST}")
    assert (call.kind, call.attributes["gen_ai.tool.name"]) == ("internal", LIST)
    assert collector.one("GET").parent_id == call.span_id
    assert rest.token.encode() not in collector.raw


async def test_lines_that_are_logged_meanwhile_have_the_ids_of_their_span(
    desk: McpClient, settings: Settings, collector: Collector
) -> None:
    settings.ACCESS_LOG = True
    formatter = logging_settings(level="INFO", style="json")["formatters"]["line"]
    make, written = formatter.pop("()"), io.StringIO()
    handler, logger = logging.StreamHandler(written), logging.getLogger("patchbay.access")
    handler.setFormatter(make(**formatter))
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    await desk.request("ping", headers={"traceparent": TRACEPARENT})
    logger.removeHandler(handler)
    logger.setLevel(level)
    collector.stop()
    line = orjson.loads(written.getvalue())
    assert (line["trace_id"], line["span_id"]) == (TRACE, collector.one(ROUTE).span_id)
    assert ids() == {}


async def test_a_collector_that_takes_nothing_is_told_once_and_its_address_is_not(
    desk: McpClient, collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    collector.site.status = 400
    await desk.request("ping")
    collector.stop()
    (line,) = caplog.records
    assert (line.notice, line.count) == ("traces_lost", 2)  # type: ignore[attr-defined]
    assert collector.site.address not in caplog.text


async def test_the_token_of_an_invitation_is_in_no_span(collector: Collector) -> None:
    token = mint(INVITATION_PREFIX).value
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
        await browser.get(f"/invitations/{token}?next=private")
    collector.stop()
    assert collector.one("GET").attributes["url.path"] == "/invitations/…"
    assert token[-12:].encode() not in collector.raw
    assert b"private" not in collector.raw


def test_nothing_of_it_is_imported_where_no_collector_is_named(tmp_path: object) -> None:
    program = "import sys, config.asgi; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True,
        env={"DATA_DIR": str(tmp_path), "PATH": "", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert "accounts.tracing" in loaded
    assert (
        not {"config.monitoring.telemetry", "opentelemetry.exporter", "opentelemetry.sdk.trace", "opentelemetry.proto"}
        & loaded
    )
