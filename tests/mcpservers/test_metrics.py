"""Figures rise with what they count."""

from prometheus_client import REGISTRY

from mcpservers.models import MCPServer
from tests.mcp_client import McpClient


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


async def test_a_call_is_counted_with_its_server_tool_and_outcome(
    mcp: McpClient, server: tuple[MCPServer, str]
) -> None:
    name = "list_all_fuse_desk_reps"

    def counted() -> float:
        # A process that has seen many servers, as one that runs a whole suite has, counts further ones together.
        labels = {"tool": name, "access": "read", "outcome": "ok"}
        return sum(value("patchbay_tool_calls_total", server=each, **labels) for each in (str(server[0].pk), "other"))

    before = counted()
    request = {"surface": "mcp", "method": "POST", "status": "2xx"}
    requests = value("patchbay_requests_total", **request)
    upstream = value("patchbay_upstream_seconds_count", integration="fuse_desk")
    hits = value("patchbay_cache_lookups_total", cache="server", outcome="hit")
    await mcp.call(name)
    await mcp.call(name)
    assert counted() == before + 2
    assert value("patchbay_requests_total", **request) == requests + 2
    assert value("patchbay_upstream_seconds_count", integration="fuse_desk") == upstream + 2
    assert value("patchbay_cache_lookups_total", cache="server", outcome="hit") > hits
